//! SQL of what of a booking is paid when.

use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{BookingId, Instant};

const INSERT: &str = "INSERT INTO booking_instalments (booking_id, number, due_at, amount_minor, state, tries, next_at)
    VALUES ($1, $2, $3, $4, $5, 0, $6)";
const ALL: &str = "SELECT number, due_at, amount_minor, state, tries, next_at FROM booking_instalments WHERE booking_id = $1 ORDER BY number";
const UPDATE: &str = "UPDATE booking_instalments SET state = $3, tries = $4, next_at = $5 WHERE booking_id = $1 AND number = $2";
const LOWER: &str = "UPDATE booking_instalments SET amount_minor = $3 WHERE booking_id = $1 AND number = $2";
const DROP: &str = "DELETE FROM booking_instalments WHERE booking_id = $1 AND number = $2";
const CANCEL: &str = "UPDATE booking_instalments SET state = 'cancelled', next_at = NULL WHERE booking_id = $1 AND state IN ('planned', 'asked', 'failed')";
const DUE: &str = "SELECT booking_id FROM booking_instalments WHERE next_at <= $1 ORDER BY next_at, booking_id LIMIT $2";

pub(super) const STATEMENTS: [(&str, &str); 4] = [(ALL, "u"), (CANCEL, "u"), (DROP, "un"), (DUE, "in")];

/// How an instalment stands; the names are stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartState {
    Planned,
    /// The provider is asked for it.
    Asked,
    /// It was refused; it is asked for again, or the guest pays by themselves.
    Failed,
    Paid,
    /// The stay was called off before it was due.
    Cancelled,
}

impl PartState {
    const ALL: [Self; 5] = [Self::Planned, Self::Asked, Self::Failed, Self::Paid, Self::Cancelled];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Asked => "asked",
            Self::Failed => "failed",
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// An instalment of a booking; the first is number 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instalment {
    pub number: u16,
    pub due_at: Instant,
    pub amount: i64,
    pub state: PartState,
    /// How often it was refused.
    pub tries: u16,
    /// When it is asked for next; `None`: nothing happens by itself.
    pub next_at: Option<Instant>,
}

impl Instalment {
    /// The means of payment was refused.
    pub(crate) fn is_refused(&self) -> bool {
        self.state == PartState::Failed
    }
}

pub(in super::super) fn insert(tx: &mut Tx<'_>, booking: BookingId, part: &Instalment) -> DbResult<()> {
    let params = [booking.into(), part.number.into(), part.due_at.into(), part.amount.into(), part.state.name().into(), part.next_at.into()];
    tx.execute(INSERT, &params)?;
    Ok(())
}

/// All instalments of a booking, in their order.
pub(in super::super) fn all(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<Instalment>> {
    conn.query(ALL, &[booking.into()], read)
}

pub(in super::super) fn update(tx: &mut Tx<'_>, booking: BookingId, part: &Instalment) -> DbResult<()> {
    tx.execute(UPDATE, &[booking.into(), part.number.into(), part.state.name().into(), part.tries.into(), part.next_at.into()])?;
    Ok(())
}

/// What has not been paid is not owed any more.
pub(in super::super) fn cancel(tx: &mut Tx<'_>, booking: BookingId) -> DbResult<()> {
    tx.execute(CANCEL, &[booking.into()])?;
    Ok(())
}

/// Less is owed than was planned; of nothing no instalment is left.
pub(in super::super) fn lower(tx: &mut Tx<'_>, booking: BookingId, part: &Instalment, amount: i64) -> DbResult<()> {
    if amount > 0 {
        tx.execute(LOWER, &[booking.into(), part.number.into(), amount.into()])?;
    } else {
        tx.execute(DROP, &[booking.into(), part.number.into()])?;
    }
    Ok(())
}

/// Up to `limit` bookings with something to ask for by `now`, the longest overdue first.
pub(in super::super) fn due(conn: &mut Conn<'_>, now: Instant, limit: i64) -> DbResult<Vec<BookingId>> {
    conn.query(DUE, &[now.into(), limit.into()], |row| row.get(0))
}

fn read(row: &Row<'_>) -> DbResult<Instalment> {
    Ok(Instalment {
        number: row.small(0)?,
        due_at: row.get(1)?,
        amount: row.get(2)?,
        state: row.known(3, PartState::parse)?,
        tries: row.small(4)?,
        next_at: row.get(5)?,
    })
}
