//! SQL of what guests leave against damage.

use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{BookingId, Instant, PaymentId};

const INSERT: &str = "INSERT INTO booking_deposits (booking_id, is_hold, amount_minor, state, tries, payment_id, taken_minor, claimed, next_at)
    VALUES ($1, $2, $3, $4, 0, NULL, 0, FALSE, $5)";
const ONE: &str = "SELECT is_hold, amount_minor, state, tries, payment_id, taken_minor, claimed, next_at FROM booking_deposits WHERE booking_id = $1";
const UPDATE: &str = "UPDATE booking_deposits SET is_hold = $2, state = $3, tries = $4, payment_id = $5, taken_minor = $6, claimed = $7, next_at = $8
    WHERE booking_id = $1";
const DUE: &str = "SELECT booking_id FROM booking_deposits WHERE next_at <= $1 ORDER BY next_at, booking_id LIMIT $2";

pub(super) const STATEMENTS: [(&str, &str); 2] = [(ONE, "u"), (DUE, "in")];

/// How a deposit stands; the names are stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LeftState {
    Planned,
    /// The provider is asked for it, or the guest has to act.
    Asked,
    /// It was refused; it is asked for again, or the guest leaves it by themselves.
    Failed,
    /// Promised on a card, and not taken.
    Authorized,
    /// We have it.
    Held,
    /// Given back or let go, less what was taken for damage.
    Returned,
    /// It was never left, and is not asked for any more.
    Cancelled,
}

impl LeftState {
    const ALL: [Self; 7] = [Self::Planned, Self::Asked, Self::Failed, Self::Authorized, Self::Held, Self::Returned, Self::Cancelled];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Asked => "asked",
            Self::Failed => "failed",
            Self::Authorized => "authorized",
            Self::Held => "held",
            Self::Returned => "returned",
            Self::Cancelled => "cancelled",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Nothing of it is with us or promised, and nothing will be.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Returned | Self::Cancelled)
    }
}

/// What is left, or to be left, against damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LeftDeposit {
    /// Promised on a card, not charged.
    pub is_hold: bool,
    pub amount: i64,
    pub state: LeftState,
    /// How often it was refused.
    pub tries: u16,
    /// The payment that it is asked for with, or was left with.
    pub payment: Option<PaymentId>,
    /// What damage claims took of it.
    pub taken: i64,
    /// A damage claim is open: nothing goes back.
    pub claimed: bool,
    /// When it is asked for, given up waiting for, or given back; `None`: nothing happens by itself.
    pub next_at: Option<Instant>,
}

pub(in super::super) fn insert(tx: &mut Tx<'_>, booking: BookingId, deposit: &LeftDeposit) -> DbResult<()> {
    let params = [booking.into(), deposit.is_hold.into(), deposit.amount.into(), deposit.state.name().into(), deposit.next_at.into()];
    tx.execute(INSERT, &params)?;
    Ok(())
}

pub(in super::super) fn one(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Option<LeftDeposit>> {
    conn.first(ONE, &[booking.into()], read)
}

/// Keeps others from changing it until the transaction ends, and reads it as it is then.
pub(in super::super) fn locked(tx: &mut Tx<'_>, booking: BookingId) -> DbResult<Option<LeftDeposit>> {
    tx.first_held(ONE, &[booking.into()], read)
}

pub(in super::super) fn update(tx: &mut Tx<'_>, booking: BookingId, deposit: &LeftDeposit) -> DbResult<()> {
    let params = [
        booking.into(),
        deposit.is_hold.into(),
        deposit.state.name().into(),
        deposit.tries.into(),
        deposit.payment.into(),
        deposit.taken.into(),
        deposit.claimed.into(),
        deposit.next_at.into(),
    ];
    tx.execute(UPDATE, &params)?;
    Ok(())
}

/// Up to `limit` bookings whose deposit has something due by `now`, the longest overdue first.
pub(in super::super) fn due(conn: &mut Conn<'_>, now: Instant, limit: i64) -> DbResult<Vec<BookingId>> {
    conn.query(DUE, &[now.into(), limit.into()], |row| row.get(0))
}

fn read(row: &Row<'_>) -> DbResult<LeftDeposit> {
    Ok(LeftDeposit {
        is_hold: row.get(0)?,
        amount: row.get(1)?,
        state: row.known(2, LeftState::parse)?,
        tries: row.small(3)?,
        payment: row.get(4)?,
        taken: row.get(5)?,
        claimed: row.get(6)?,
        next_at: row.get(7)?,
    })
}
