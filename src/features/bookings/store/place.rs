//! SQL of what a booking must know of a listing besides its calendar and its prices.

use crate::features::calendar::Notice;
use crate::platform::db::{Conn, DbResult};
use crate::values::{ListingId, UserId};

const PLACE: &str = "SELECT l.host_id, l.title, l.instant_book, l.notice_days, l.cutoff_minute, l.notice_as_request, t.house_rules
    FROM listings l LEFT JOIN listing_texts t ON t.listing_id = l.id AND t.language = '' WHERE l.id = $1";

pub(super) const STATEMENTS: [(&str, &str); 1] = [(PLACE, "u")];

/// A home, to somebody who books it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Place {
    pub host: UserId,
    pub title: String,
    /// Nobody has to agree first.
    pub instant_book: bool,
    /// How soon guests may come without being asked back (A9).
    pub notice: Notice,
    pub house_rules: String,
}

pub(in super::super) fn place(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Option<Place>> {
    conn.first(PLACE, &[listing.into()], |row| {
        Ok(Place {
            host: row.get(0)?,
            title: row.get(1)?,
            instant_book: row.get(2)?,
            notice: Notice { days: row.small(3)?, cutoff_minute: row.small_or_null(4)?, as_request: row.get(5)? },
            house_rules: row.get::<Option<String>>(6)?.unwrap_or_default(),
        })
    })
}
