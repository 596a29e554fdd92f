//! The table `calendar_exports`.

use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{Instant, ListingId, UserId};
use uuid::Uuid;

pub(crate) const OF_LISTING: &str = "SELECT id, listing_id, slot, name, source_feed, last_fetched_at, version, created_at FROM calendar_exports
    WHERE listing_id = $1 ORDER BY id LIMIT 100";
pub(crate) const BY_TOKEN: &str =
    "SELECT e.id, e.listing_id, e.slot, e.name, e.source_feed, e.last_fetched_at, e.version, e.created_at, l.title, l.calendar_version
    FROM calendar_exports e JOIN listings l ON l.id = e.listing_id WHERE e.token_digest = $1 AND l.state <> 'archived'";
pub(crate) const KNOWS_US: &str = "SELECT 1 FROM calendar_exports WHERE source_feed = $1 AND last_fetched_at IS NOT NULL LIMIT 1";
pub(crate) const OF_HELPER: &str = "SELECT id, listing_id, slot, name, source_feed, last_fetched_at, version, created_at FROM calendar_exports
    WHERE listing_id = $1 AND helper_id = $2 ORDER BY id LIMIT 100";
pub(crate) const HELPED: &str = "SELECT DISTINCT listing_id FROM calendar_exports WHERE helper_id = $1";

/// An address at which somebody fetches a calendar; without its token, which nobody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Export {
    pub id: Uuid,
    pub listing: ListingId,
    /// `None`: the whole listing.
    pub slot: Option<i64>,
    pub name: String,
    pub source_feed: Option<Uuid>,
    pub last_fetched_at: Option<Instant>,
    pub version: i64,
    pub created_at: Instant,
}

/// An export with what its calendar is called.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub export: Export,
    pub title: String,
    pub calendar_version: i64,
}

fn export(row: &Row<'_>) -> DbResult<Export> {
    Ok(Export {
        id: row.get(0)?,
        listing: row.get(1)?,
        slot: row.get(2)?,
        name: row.get(3)?,
        source_feed: row.get(4)?,
        last_fetched_at: row.get(5)?,
        version: row.get(6)?,
        created_at: row.get(7)?,
    })
}

/// All exports of a listing, oldest first.
pub(crate) fn of_listing(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Vec<Export>> {
    conn.query(OF_LISTING, &[listing.into()], export)
}

/// The export of a token; `None` when it was revoked, or its listing archived.
pub(crate) fn by_token(conn: &mut Conn<'_>, digest: &str) -> DbResult<Option<Opened>> {
    conn.first(BY_TOKEN, &[digest.into()], |row| Ok(Opened { export: export(row)?, title: row.get(8)?, calendar_version: row.get(9)? }))
}

/// `helper`: the co-host who is told the address.
pub(crate) fn insert(tx: &mut Tx<'_>, new: &Export, digest: &str, helper: Option<UserId>) -> DbResult<()> {
    const INSERT: &str = "INSERT INTO calendar_exports (id, listing_id, slot, name, token_digest, source_feed, version, created_at, updated_at, helper_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)";
    let (name, source, version) = ((&new.name).into(), new.source_feed.into(), new.version.into());
    let (id, listing, slot, at) = (new.id.into(), new.listing.into(), new.slot.into(), new.created_at.into());
    tx.execute(INSERT, &[id, listing, slot, name, digest.into(), source, version, at, helper.into()])?;
    Ok(())
}

/// The address is another one from now on, and told to another.
pub(crate) fn rotate(tx: &mut Tx<'_>, id: Uuid, digest: &str, helper: Option<UserId>, now: Instant) -> DbResult<()> {
    const ROTATE: &str = "UPDATE calendar_exports SET token_digest = $2, helper_id = $3, last_fetched_at = NULL, version = version + 1, updated_at = $4
        WHERE id = $1";
    tx.execute(ROTATE, &[id.into(), digest.into(), helper.into(), now.into()])?;
    Ok(())
}

/// The exports of a listing whose addresses a co-host was told.
pub(crate) fn of_helper(conn: &mut Conn<'_>, listing: ListingId, helper: UserId) -> DbResult<Vec<Export>> {
    conn.query(OF_HELPER, &[listing.into(), helper.into()], export)
}

/// The listings of others of which somebody was told addresses.
pub(crate) fn listings_of_helper(conn: &mut Conn<'_>, helper: UserId) -> DbResult<Vec<ListingId>> {
    conn.query(HELPED, &[helper.into()], |row| row.get(0))
}

pub(crate) fn delete(tx: &mut Tx<'_>, id: Uuid) -> DbResult<()> {
    tx.execute("DELETE FROM calendar_exports WHERE id = $1", &[id.into()])?;
    Ok(())
}

pub(crate) fn fetched(tx: &mut Tx<'_>, id: Uuid, now: Instant) -> DbResult<()> {
    tx.execute("UPDATE calendar_exports SET last_fetched_at = $2 WHERE id = $1", &[id.into(), now.into()])?;
    Ok(())
}

/// Whether the site behind a feed has fetched our calendar: an export names the feed as its source and was fetched.
pub(crate) fn knows_us(conn: &mut Conn<'_>, feed: Uuid) -> DbResult<bool> {
    Ok(conn.first(KNOWS_US, &[feed.into()], |_| Ok(()))?.is_some())
}
