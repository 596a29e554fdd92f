//! SQL of changes that one side proposes.

use crate::features::bookings::rules::state::Side;
use crate::features::quotes::{Asked, Promise};
use crate::platform::db::{Conn, DbResult, Json, Row, Tx};
use crate::values::{BookingId, Instant, UserId};
use uuid::Uuid;

/// The columns of an alteration, in the order in which [`read`] takes them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, booking_id, state, side, made_by, asked, promise, delta_minor, message, expires_at, created_at, ended_at FROM booking_alterations ",
            $rest
        )
    };
}

const INSERT: &str = "INSERT INTO booking_alterations (id, booking_id, state, side, made_by, asked, promise, delta_minor, message, expires_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
const ONE: &str = select!("WHERE id = $1");
const OPEN: &str = select!("WHERE booking_id = $1 AND state IN ('proposed', 'paying')");
const ALL: &str = select!("WHERE booking_id = $1 ORDER BY id DESC LIMIT 100");
const UPDATE: &str = "UPDATE booking_alterations SET state = $2, ended_at = $3, expires_at = $4 WHERE id = $1";
const OVERDUE: &str = "SELECT booking_id FROM booking_alterations WHERE state IN ('proposed', 'paying') AND expires_at <= $1 ORDER BY expires_at LIMIT $2";

pub(super) const STATEMENTS: [(&str, &str); 4] = [(ONE, "u"), (OPEN, "u"), (ALL, "u"), (OVERDUE, "in")];

/// How a proposal stands; the names are stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AlterState {
    Proposed,
    /// The other side agreed; the guest's money is asked for.
    Paying,
    Applied,
    Declined,
    Withdrawn,
    Expired,
}

impl AlterState {
    const ALL: [Self; 6] = [Self::Proposed, Self::Paying, Self::Applied, Self::Declined, Self::Withdrawn, Self::Expired];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Paying => "paying",
            Self::Applied => "applied",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A change of a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alteration {
    pub id: Uuid,
    pub booking: BookingId,
    pub state: AlterState,
    /// Who proposed it.
    pub side: Side,
    pub made_by: UserId,
    pub asked: Asked,
    pub promise: Promise,
    /// Minor units that the guest pays more; below zero: gets back, or owes less.
    pub delta: i64,
    pub message: String,
    pub expires_at: Instant,
    pub created_at: Instant,
    pub ended_at: Option<Instant>,
}

/// `false` where the booking has an open one already.
pub(in super::super) fn insert(tx: &mut Tx<'_>, of: &Alteration) -> DbResult<bool> {
    let params = [
        of.id.into(),
        of.booking.into(),
        of.state.name().into(),
        of.side.name().into(),
        of.made_by.into(),
        Json::of(&of.asked)?.into(),
        Json::of(&of.promise)?.into(),
        of.delta.into(),
        (&of.message).into(),
        of.expires_at.into(),
        of.created_at.into(),
    ];
    Ok(tx.execute(INSERT, &params)? == 1)
}

pub(in super::super) fn one(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<Alteration>> {
    conn.first(ONE, &[id.into()], read)
}

/// The one that waits for an answer, or for money.
pub(in super::super) fn open(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Option<Alteration>> {
    conn.first(OPEN, &[booking.into()], read)
}

/// The newest hundred, newest first.
pub(in super::super) fn all(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<Alteration>> {
    conn.query(ALL, &[booking.into()], read)
}

/// Writes how a proposal stands.
pub(in super::super) fn update(tx: &mut Tx<'_>, of: &Alteration) -> DbResult<()> {
    tx.execute(UPDATE, &[of.id.into(), of.state.name().into(), of.ended_at.into(), of.expires_at.into()])?;
    Ok(())
}

/// Up to `limit` bookings with a proposal that nobody answered in time.
pub(in super::super) fn overdue(conn: &mut Conn<'_>, now: Instant, limit: i64) -> DbResult<Vec<BookingId>> {
    conn.query(OVERDUE, &[now.into(), limit.into()], |row| row.get(0))
}

fn read(row: &Row<'_>) -> DbResult<Alteration> {
    Ok(Alteration {
        id: row.get(0)?,
        booking: row.get(1)?,
        state: row.known(2, AlterState::parse)?,
        side: row.known(3, Side::parse)?,
        made_by: row.get(4)?,
        asked: row.json(5)?,
        promise: row.json(6)?,
        delta: row.get(7)?,
        message: row.get(8)?,
        expires_at: row.get(9)?,
        created_at: row.get(10)?,
        ended_at: row.get(11)?,
    })
}
