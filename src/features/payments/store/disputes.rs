//! SQL of disputes.

use crate::features::payments::rules::terms::DisputeState;
use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{BookingId, Currency, Instant, PaymentId};
use uuid::Uuid;

/// A dispute as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    pub id: Uuid,
    pub payment: PaymentId,
    pub booking: BookingId,
    pub provider: String,
    pub reference: String,
    /// Minor units.
    pub amount: i64,
    pub fee: i64,
    pub currency: Currency,
    pub reason: Option<String>,
    pub state: DisputeState,
    pub version: i64,
    pub opened_at: Instant,
    pub closed_at: Option<Instant>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, payment_id, booking_id, provider, provider_ref, amount_minor, fee_minor, currency, reason, state, version, opened_at, closed_at
            FROM disputes ",
            $rest
        )
    };
}
pub(in super::super) use select;

const BY_REFERENCE: &str = select!("WHERE provider = $1 AND provider_ref = $2");
const OF_PAYMENT: &str = select!("WHERE payment_id = $1 ORDER BY id");
const INSERT: &str = "INSERT INTO disputes (id, payment_id, booking_id, provider, provider_ref, amount_minor, fee_minor, currency, reason, state, version,
    opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'opened', 1, $10)";
const CLOSE: &str = "UPDATE disputes SET state = $2, closed_at = $3, version = version + 1 WHERE id = $1";

pub(super) const STATEMENTS: [(&str, &str); 2] = [(BY_REFERENCE, "tt"), (OF_PAYMENT, "u")];

pub(in super::super) fn by_reference(conn: &mut Conn<'_>, provider: &str, reference: &str) -> DbResult<Option<Dispute>> {
    conn.first(BY_REFERENCE, &[provider.into(), reference.into()], read)
}

/// Oldest first.
pub(in super::super) fn of_payment(conn: &mut Conn<'_>, payment: PaymentId) -> DbResult<Vec<Dispute>> {
    conn.query(OF_PAYMENT, &[payment.into()], read)
}

/// A new one, opened.
pub(in super::super) fn insert(tx: &mut Tx<'_>, dispute: &Dispute) -> DbResult<()> {
    let params = [
        dispute.id.into(),
        dispute.payment.into(),
        dispute.booking.into(),
        (&dispute.provider).into(),
        (&dispute.reference).into(),
        dispute.amount.into(),
        dispute.fee.into(),
        dispute.currency.code().into(),
        dispute.reason.clone().into(),
        dispute.opened_at.into(),
    ];
    tx.execute(INSERT, &params)?;
    Ok(())
}

pub(in super::super) fn close(tx: &mut Tx<'_>, now: Instant, id: Uuid, state: DisputeState) -> DbResult<()> {
    tx.execute(CLOSE, &[id.into(), state.name().into(), now.into()])?;
    Ok(())
}

pub(super) fn read(row: &Row<'_>) -> DbResult<Dispute> {
    Ok(Dispute {
        id: row.get(0)?,
        payment: row.get(1)?,
        booking: row.get(2)?,
        provider: row.get(3)?,
        reference: row.get(4)?,
        amount: row.get(5)?,
        fee: row.get(6)?,
        currency: row.known(7, Currency::parse)?,
        reason: row.get(8)?,
        state: row.known(9, DisputeState::parse)?,
        version: row.get(10)?,
        opened_at: row.get(11)?,
        closed_at: row.get(12)?,
    })
}
