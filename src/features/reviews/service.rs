//! Use cases of reviews; so far reading them.

use super::store;
use crate::features::listings;
use crate::platform::db::{Conn, DbResult};
use crate::values::ListingId;

pub use super::store::{Place, Review};

/// One page of a listing's reviews, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub reviews: Vec<Review>,
    /// Where the next page goes on, if there is one.
    pub next: Option<Place>,
    /// How many there are in all, where that was asked.
    pub total: Option<i64>,
}

/// What to read: `limit` reviews (1 to 100) after the place `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    pub listing: ListingId,
    pub last: Option<Place>,
    pub limit: u8,
    pub count: bool,
}

/// A page of the reviews of a published listing; `None` when the public does not see the listing.
pub fn page(conn: &mut Conn<'_>, ask: &Ask) -> DbResult<Option<Page>> {
    if !listings::is_public(conn, ask.listing)? {
        return Ok(None);
    }
    let limit = usize::from(ask.limit);
    // One more than asked for tells whether anything follows.
    let mut reviews = store::list(conn, ask.listing, ask.last, i64::from(ask.limit) + 1)?;
    let more = reviews.len() > limit;
    reviews.truncate(limit);
    let next = reviews.last().filter(|_| more).map(|last| Place { written_on: last.written_on, id: last.id });
    let total = if ask.count { Some(store::count(conn, ask.listing)?) } else { None };
    Ok(Some(Page { reviews, next, total }))
}
