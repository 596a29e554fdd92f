//! SQL of payments.

use crate::features::payments::rules::spread::Left;
use crate::features::payments::rules::terms::{Capture, Purpose, State};
use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{BookingId, Currency, Instant, PaymentId, UserId};

/// One try to be paid, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    pub booking: BookingId,
    pub guest: UserId,
    pub purpose: Purpose,
    pub provider: String,
    /// Minor units.
    pub amount: i64,
    pub currency: Currency,
    pub capture: Capture,
    pub off_session: bool,
    pub keep: bool,
    pub state: State,
    pub captured: i64,
    pub refunded: i64,
    /// What the provider took; `None`: not known.
    pub fee: Option<i64>,
    pub reference: Option<String>,
    pub(in super::super) action_sealed: Option<String>,
    pub(in super::super) method_sealed: Option<String>,
    pub failure: Option<String>,
    /// What the provider says does not fit: this word says what.
    pub held: Option<String>,
    pub void_asked: bool,
    pub version: i64,
    pub created_at: Instant,
    pub authorized_at: Option<Instant>,
    pub captured_at: Option<Instant>,
}

/// The columns of a payment, in the order in which [`read`] takes them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, booking_id, guest_id, purpose, provider, amount_minor, currency, capture, off_session, keep, state, captured_minor,
            refunded_minor, fee_minor, provider_ref, action_sealed, method_sealed, failure, held, void_asked, version, created_at, authorized_at,
            captured_at FROM payments ",
            $rest
        )
    };
}
pub(in super::super) use select;

const ONE: &str = select!("WHERE id = $1");
const BY_REFERENCE: &str = "SELECT booking_id, id FROM payments WHERE provider = $1 AND provider_ref = $2";
const HOLD_ALL: &str = "UPDATE payments SET version = version WHERE booking_id = $1";
const OF_BOOKING: &str = select!("WHERE booking_id = $1 ORDER BY id");
const OF_GUEST: &str = select!("WHERE guest_id = $1 ORDER BY id");
const HELD: &str = "SELECT COUNT(*) FROM payments WHERE held IS NOT NULL AND id >= $1";
const FORGET_METHODS: &str = "UPDATE payments SET method_sealed = NULL, action_sealed = NULL WHERE guest_id = $1";
const INSERT: &str = "INSERT INTO payments (id, booking_id, guest_id, purpose, provider, amount_minor, currency, capture, off_session, keep, living, state,
    captured_minor, refunded_minor, method_sealed, void_asked, version, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, TRUE, 'created', 0, 0, $11, FALSE, 1, $12, $12) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE payments SET state = $2, captured_minor = $3, refunded_minor = $4, fee_minor = $5, provider_ref = $6, action_sealed = $7,
    method_sealed = $8, failure = $9, held = $10, void_asked = $11, authorized_at = $12, captured_at = $13, updated_at = $14, version = version + 1,
    living = (CASE WHEN $2 IN ('failed', 'voided') THEN FALSE ELSE living END) WHERE id = $1";

pub(super) const STATEMENTS: [(&str, &str); 7] =
    [(ONE, "u"), (BY_REFERENCE, "tt"), (HOLD_ALL, "u"), (OF_BOOKING, "u"), (OF_GUEST, "u"), (HELD, "u"), (FORGET_METHODS, "u")];

pub(in super::super) fn one(conn: &mut Conn<'_>, id: PaymentId) -> DbResult<Option<Payment>> {
    conn.first(ONE, &[id.into()], read)
}

/// The payment, held until the transaction ends: what is read of it stays true.
pub(in super::super) fn held(tx: &mut Tx<'_>, id: PaymentId) -> DbResult<Option<Payment>> {
    tx.first_held(ONE, &[id.into()], read)
}

/// Whose reference this is, and which booking that pays for.
pub(in super::super) fn by_reference(conn: &mut Conn<'_>, provider: &str, reference: &str) -> DbResult<Option<(BookingId, PaymentId)>> {
    conn.first(BY_REFERENCE, &[provider.into(), reference.into()], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// All payments of a booking, oldest first.
pub(in super::super) fn of_booking(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<Payment>> {
    conn.query(OF_BOOKING, &[booking.into()], read)
}

/// The same, held until the transaction ends. Read after they were waited for, with those that were added meanwhile.
pub(in super::super) fn of_booking_held(tx: &mut Tx<'_>, booking: BookingId) -> DbResult<Vec<Payment>> {
    tx.hold(HOLD_ALL, &[booking.into()])?;
    of_booking(tx, booking)
}

pub(in super::super) fn of_guest(conn: &mut Conn<'_>, guest: UserId) -> DbResult<Vec<Payment>> {
    conn.query(OF_GUEST, &[guest.into()], read)
}

/// How many wait for staff to look.
pub(in super::super) fn count_held(conn: &mut Conn<'_>) -> DbResult<i64> {
    Ok(conn.first(HELD, &[uuid::Uuid::nil().into()], |row| row.get(0))?.unwrap_or(0))
}

/// Lets go of the means of payment of somebody who was erased.
pub(in super::super) fn forget_methods(tx: &mut Tx<'_>, guest: UserId) -> DbResult<()> {
    tx.execute(FORGET_METHODS, &[guest.into()])?;
    Ok(())
}

/// `false` where the booking has a living payment of this purpose.
pub(in super::super) fn insert(tx: &mut Tx<'_>, payment: &Payment) -> DbResult<bool> {
    let params = [
        payment.id.into(),
        payment.booking.into(),
        payment.guest.into(),
        payment.purpose.name().into(),
        (&payment.provider).into(),
        payment.amount.into(),
        payment.currency.code().into(),
        payment.capture.name().into(),
        payment.off_session.into(),
        payment.keep.into(),
        payment.method_sealed.clone().into(),
        payment.created_at.into(),
    ];
    Ok(tx.execute(INSERT, &params)? == 1)
}

/// Writes what can change of a payment that is held.
pub(in super::super) fn update(tx: &mut Tx<'_>, now: Instant, payment: &Payment) -> DbResult<()> {
    let params = [
        payment.id.into(),
        payment.state.name().into(),
        payment.captured.into(),
        payment.refunded.into(),
        payment.fee.into(),
        payment.reference.clone().into(),
        payment.action_sealed.clone().into(),
        payment.method_sealed.clone().into(),
        payment.failure.clone().into(),
        payment.held.clone().into(),
        payment.void_asked.into(),
        payment.authorized_at.into(),
        payment.captured_at.into(),
        now.into(),
    ];
    tx.execute(UPDATE, &params)?;
    Ok(())
}

/// What of each payment of a stay can still go back, newest first.
pub(in super::super) fn left(payments: &[Payment], going: impl Fn(PaymentId) -> i64) -> Vec<Left> {
    let mut left: Vec<Left> =
        payments.iter().map(|payment| Left { payment: payment.id, amount: payment.captured - payment.refunded - going(payment.id) }).collect();
    left.reverse();
    left
}

pub(super) fn read(row: &Row<'_>) -> DbResult<Payment> {
    Ok(Payment {
        id: row.get(0)?,
        booking: row.get(1)?,
        guest: row.get(2)?,
        purpose: row.known(3, Purpose::parse)?,
        provider: row.get(4)?,
        amount: row.get(5)?,
        currency: row.known(6, Currency::parse)?,
        capture: row.known(7, Capture::parse)?,
        off_session: row.get(8)?,
        keep: row.get(9)?,
        state: row.known(10, State::parse)?,
        captured: row.get(11)?,
        refunded: row.get(12)?,
        fee: row.get(13)?,
        reference: row.get(14)?,
        action_sealed: row.get(15)?,
        method_sealed: row.get(16)?,
        failure: row.get(17)?,
        held: row.get(18)?,
        void_asked: row.get(19)?,
        version: row.get(20)?,
        created_at: row.get(21)?,
        authorized_at: row.get(22)?,
        captured_at: row.get(23)?,
    })
}
