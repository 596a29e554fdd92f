//! SQL of lists of bookings: of a guest, of a host, of everybody; newest first.

use super::bookings::{read, select};
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::State;
use crate::platform::db::{Conn, DbResult, Value};
use crate::values::{BookingId, ListingId, Night, UserId};

// A filter that was not asked for is NULL. What a host sees is what is theirs, and where they help with guests.
const OF_GUEST: &str = select!(
    "WHERE guest_id = $1 AND id < $2 AND ($3 = '' OR state = $3) AND (listing_id = $4 OR $4 IS NULL) AND check_out > $5 AND check_in < $6 ORDER BY id DESC LIMIT $7"
);
const OF_HOST: &str = select!(
    "WHERE (host_id = $1 OR listing_id IN (SELECT listing_id FROM co_hosts WHERE user_id = $1 AND level IN ('messages', 'full')))
    AND id < $2 AND ($3 = '' OR state = $3) AND (listing_id = $4 OR $4 IS NULL) AND check_out > $5 AND check_in < $6 ORDER BY id DESC LIMIT $7"
);
const OF_ALL: &str =
    select!("WHERE id < $1 AND ($2 = '' OR state = $2) AND (listing_id = $3 OR $3 IS NULL) AND check_out > $4 AND check_in < $5 ORDER BY id DESC LIMIT $6");
const MADE_BY_PERSON: &str = select!("WHERE guest_id = $1 ORDER BY id");

const GUEST_OF: &str = "SELECT 1 FROM bookings b WHERE b.guest_id = $1 AND b.state IN ('pending_payment', 'requested', 'confirmed', 'in_stay', 'completed')
    AND (b.host_id = $2 OR EXISTS (SELECT 1 FROM listings l WHERE l.id = b.listing_id AND l.host_id = $2)
        OR EXISTS (SELECT 1 FROM co_hosts c WHERE c.listing_id = b.listing_id AND c.user_id = $2)) LIMIT 1";

pub(super) const STATEMENTS: [(&str, &str); 3] = [(OF_GUEST, "uutuddn"), (MADE_BY_PERSON, "u"), (GUEST_OF, "uu")];

/// Which bookings are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter {
    pub state: Option<State>,
    pub listing: Option<ListingId>,
    /// Stays that touch the nights from `from` to before `to`.
    pub from: Night,
    pub to: Night,
    /// Older than this one.
    pub before: BookingId,
    pub limit: i64,
}

impl Filter {
    fn values(&self) -> [Value; 6] {
        [self.before.into(), self.state.map_or("", State::name).into(), self.listing.into(), self.from.into(), self.to.into(), self.limit.into()]
    }
}

/// Whose bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Guest(UserId),
    Host(UserId),
    Everybody,
}

pub(in super::super) fn list(conn: &mut Conn<'_>, whose: Whose, filter: &Filter) -> DbResult<Vec<Booking>> {
    let with = |user: UserId| [&[user.into()][..], &filter.values()].concat();
    match whose {
        Whose::Guest(user) => conn.query(OF_GUEST, &with(user), read),
        Whose::Host(user) => conn.query(OF_HOST, &with(user), read),
        Whose::Everybody => conn.query(OF_ALL, &filter.values(), read),
    }
}

/// Whether `guest` stays, has stayed or asks to stay in a home of `person`'s, or one that they help with.
pub(in super::super) fn is_guest_of(conn: &mut Conn<'_>, guest: UserId, person: UserId) -> DbResult<bool> {
    Ok(conn.first(GUEST_OF, &[guest.into(), person.into()], |row| row.get::<i64>(0))?.is_some())
}

/// Everything a guest ever booked.
pub(in super::super) fn of_person(conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Booking>> {
    conn.query(MADE_BY_PERSON, &[user.into()], read)
}
