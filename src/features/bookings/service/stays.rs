//! What payouts and documents ask of bookings: which stays to look at, one of them as it is now, and what it earns whom.

use super::books::{self, Given};
use super::{World, steps};
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::store::{bookings as rows, papers, place, releases};
use crate::features::{ledger, pricing};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::Result;
use crate::platform::tools::Tools;
use crate::values::{BookingId, Instant, Origin};

/// Bookings, to payouts; cheap to clone.
#[derive(Clone)]
pub struct Stays {
    world: World,
}

/// What a stay earns, in minor units: all of it, what is still held, and what was released before.
#[derive(Debug, Clone)]
pub struct Earned {
    /// The host's fee of all that is kept.
    pub host_fee: i64,
    /// The base of all that is kept.
    pub base: i64,
    /// What nobody has been given yet.
    pub held: ledger::Split,
    /// Releases so far, the base in them, and the host's fee that was taken of it and not given back since.
    pub times: u32,
    pub given_base: i64,
    pub given_fee: i64,
}

impl Stays {
    #[must_use]
    pub fn new(tools: &Tools) -> Self {
        Self { world: World::of(tools, Origin::inside("payouts")) }
    }

    /// Up to `limit` stays to look at by `now`, the longest overdue first.
    pub fn due(&self, conn: &mut Conn<'_>, now: Instant, limit: i64) -> DbResult<Vec<BookingId>> {
        releases::due(conn, now, limit)
    }

    /// The booking, locked with its listing, after everything that was due by `now`.
    pub fn open(&self, tx: &mut Tx<'_>, now: Instant, id: BookingId) -> Result<Booking> {
        steps::open(tx, now, &self.world, id)
    }

    /// When to look again; `None`: nothing of it is to be released. Whatever changes the stay sets it anew.
    pub fn look_again(&self, tx: &mut Tx<'_>, id: BookingId, at: Option<Instant>) -> DbResult<()> {
        releases::set(tx, id, at)
    }
}

/// What a stay earns: of one that was called off, what is kept of it.
pub fn earned(conn: &mut Conn<'_>, booking: &Booking) -> Result<Earned> {
    let price = &booking.promise.price;
    let (all, host_fee) = match booking.called_off()? {
        None => (pricing::Split::of(price), price.host_fee),
        Some(outcome) => (outcome.kept, outcome.host_fee),
    };
    let all = books::split(&all);
    let given: Given = books::given(conn, booking)?;
    let held = books::held(conn, booking, &given, &all)?;
    Ok(Earned { host_fee, base: all.base, held, times: given.times, given_base: given.base, given_fee: given.host_fee })
}

/// Nothing follows for a booking, and nothing of it is to be released any more.
pub fn is_over(conn: &mut Conn<'_>, id: BookingId) -> DbResult<bool> {
    releases::is_over(conn, id)
}

/// The eight letters by which people know a booking.
pub fn code_of(conn: &mut Conn<'_>, id: BookingId) -> DbResult<Option<String>> {
    rows::code(conn, id)
}

/// Up to `limit` bookings whose documents are to be written by `now`, the longest overdue first.
pub fn papers_due(conn: &mut Conn<'_>, now: Instant, limit: i64) -> DbResult<Vec<BookingId>> {
    papers::due(conn, now, limit)
}

/// One of them, held until the transaction ends.
pub fn held_for_papers(tx: &mut Tx<'_>, id: BookingId) -> DbResult<Option<Booking>> {
    rows::locked(tx, id)
}

/// When to look again; `None`: all of its documents are written.
pub fn papers_again(tx: &mut Tx<'_>, id: BookingId, at: Option<Instant>) -> DbResult<()> {
    papers::set(tx, id, at)
}

/// What the home of a booking is called now.
pub fn home_of(conn: &mut Conn<'_>, booking: &Booking) -> DbResult<String> {
    Ok(place::place(conn, booking.listing)?.map_or_else(String::new, |place| place.title))
}
