//! SQL of refunds.

use super::payments::Payment;
use crate::features::payments::rules::terms::RefundState;
use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{BookingId, Currency, Instant, PaymentId, RefundId};

/// Money on its way back, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub id: RefundId,
    pub payment: PaymentId,
    pub booking: BookingId,
    /// Minor units.
    pub amount: i64,
    pub currency: Currency,
    /// What it follows from.
    pub key: String,
    /// `false`: somebody made it at the provider itself.
    pub asked: bool,
    pub state: RefundState,
    pub reference: Option<String>,
    pub failure: Option<String>,
    pub version: i64,
    pub created_at: Instant,
}

impl Refund {
    /// One that begins now: `asked` by us, or made at the provider itself.
    pub(in super::super) fn begun(now: Instant, of: &Payment, amount: i64, key: String, asked: bool) -> Self {
        Self {
            id: RefundId::new(),
            payment: of.id,
            booking: of.booking,
            amount,
            currency: of.currency,
            key,
            asked,
            state: RefundState::Created,
            reference: None,
            failure: None,
            version: 1,
            created_at: now,
        }
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, payment_id, booking_id, amount_minor, currency, source_key, asked, state, provider_ref, failure, version, created_at FROM refunds ",
            $rest
        )
    };
}

const ONE: &str = select!("WHERE id = $1");
const OF_PAYMENT: &str = select!("WHERE payment_id = $1 ORDER BY id");
const OF_BOOKING: &str = select!("WHERE booking_id = $1 ORDER BY id");
const BY_KEY: &str = select!("WHERE booking_id = $1 AND source_key = $2 ORDER BY id");
const INSERT: &str = "INSERT INTO refunds (id, payment_id, booking_id, amount_minor, currency, source_key, asked, state, provider_ref, failure, version,
    created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $11)";
const UPDATE: &str = "UPDATE refunds SET state = $2, provider_ref = $3, failure = $4, updated_at = $5, version = version + 1 WHERE id = $1";

pub(super) const STATEMENTS: [(&str, &str); 4] = [(ONE, "u"), (OF_PAYMENT, "u"), (OF_BOOKING, "u"), (BY_KEY, "ut")];

pub(in super::super) fn one(conn: &mut Conn<'_>, id: RefundId) -> DbResult<Option<Refund>> {
    conn.first(ONE, &[id.into()], read)
}

/// Oldest first.
pub(in super::super) fn of_payment(conn: &mut Conn<'_>, payment: PaymentId) -> DbResult<Vec<Refund>> {
    conn.query(OF_PAYMENT, &[payment.into()], read)
}

/// Oldest first.
pub(in super::super) fn of_booking(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<Refund>> {
    conn.query(OF_BOOKING, &[booking.into()], read)
}

/// What was asked for under a key.
pub(in super::super) fn by_key(conn: &mut Conn<'_>, booking: BookingId, key: &str) -> DbResult<Vec<Refund>> {
    conn.query(BY_KEY, &[booking.into(), key.into()], read)
}

pub(in super::super) fn insert(tx: &mut Tx<'_>, refund: &Refund) -> DbResult<()> {
    let params = [
        refund.id.into(),
        refund.payment.into(),
        refund.booking.into(),
        refund.amount.into(),
        refund.currency.code().into(),
        (&refund.key).into(),
        refund.asked.into(),
        refund.state.name().into(),
        refund.reference.clone().into(),
        refund.failure.clone().into(),
        refund.created_at.into(),
    ];
    tx.execute(INSERT, &params)?;
    Ok(())
}

/// Writes what can change of a refund whose payment is held.
pub(in super::super) fn update(tx: &mut Tx<'_>, now: Instant, refund: &Refund) -> DbResult<()> {
    tx.execute(UPDATE, &[refund.id.into(), refund.state.name().into(), refund.reference.clone().into(), refund.failure.clone().into(), now.into()])?;
    Ok(())
}

fn read(row: &Row<'_>) -> DbResult<Refund> {
    Ok(Refund {
        id: row.get(0)?,
        payment: row.get(1)?,
        booking: row.get(2)?,
        amount: row.get(3)?,
        currency: row.known(4, Currency::parse)?,
        key: row.get(5)?,
        asked: row.get(6)?,
        state: row.known(7, RefundState::parse)?,
        reference: row.get(8)?,
        failure: row.get(9)?,
        version: row.get(10)?,
        created_at: row.get(11)?,
    })
}
