//! SQL of reviews.

use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{ListingId, Night, ReviewId, UserId};

const FIRST: &str = "SELECT id, author_id, author_name, written_on, overall, body FROM reviews
                     WHERE listing_id = $1 ORDER BY written_on DESC, id DESC LIMIT $2";
const BEFORE: &str = "SELECT id, author_id, author_name, written_on, overall, body FROM reviews
                      WHERE listing_id = $1 AND (written_on, id) < ($3, $4) ORDER BY written_on DESC, id DESC LIMIT $2";
const COUNT: &str = "SELECT COUNT(*) FROM reviews WHERE listing_id = $1";

/// Statements that must find their rows by an index: listing, limit, date and id of the last review seen.
pub const STATEMENTS: [&str; 3] = [FIRST, BEFORE, COUNT];

const WRITTEN_BY: &str = "SELECT id, author_id, author_name, written_on, overall, body, listing_id FROM reviews WHERE author_id = $1 ORDER BY id";
const FORGET: &str = "UPDATE reviews SET author_id = NULL, author_name = $2 WHERE author_id = $1";

/// The same, of an author.
pub const OF_AUTHOR: [&str; 1] = [WRITTEN_BY];

/// A review as everybody may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub id: ReviewId,
    /// `None` for somebody who came with an import.
    pub author_id: Option<UserId>,
    pub author_name: String,
    pub written_on: Night,
    /// 1 to 5; imported reviews have none.
    pub overall: Option<i64>,
    pub body: String,
}

/// The place of a review in the list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub written_on: Night,
    pub id: ReviewId,
}

/// At most `limit` reviews of the listing, newest first, after the place `last` where one is given.
pub(super) fn list(conn: &mut Conn<'_>, listing: ListingId, last: Option<Place>, limit: i64) -> DbResult<Vec<Review>> {
    match last {
        None => conn.query(FIRST, &[listing.into(), limit.into()], review_of),
        Some(last) => conn.query(BEFORE, &[listing.into(), limit.into(), last.written_on.into(), last.id.into()], review_of),
    }
}

/// How many reviews the listing has.
pub(super) fn count(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<i64> {
    Ok(conn.first(COUNT, &[listing.into()], |row| row.get(0))?.unwrap_or(0))
}

/// Every review that somebody wrote, with its listing.
pub(super) fn written_by(conn: &mut Conn<'_>, author: UserId, mut take: impl FnMut(ListingId, Review) -> DbResult<()>) -> DbResult<()> {
    conn.each(WRITTEN_BY, &[author.into()], |row| take(row.get(6)?, review_of(row)?))
}

/// Takes an author's name off what they wrote.
pub(super) fn forget_author(tx: &mut Tx<'_>, author: UserId, name: &str) -> DbResult<()> {
    tx.execute(FORGET, &[author.into(), name.into()])?;
    Ok(())
}

fn review_of(row: &Row<'_>) -> DbResult<Review> {
    Ok(Review { id: row.get(0)?, author_id: row.get(1)?, author_name: row.get(2)?, written_on: row.get(3)?, overall: row.get(4)?, body: row.get(5)? })
}
