//! SQL of photos and of the files that they show.

use super::rules::FileName;
use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{Instant, ListingId, UserId};
use uuid::Uuid;

const IN_ORDER: &str = "SELECT id, hash, alt, width, height, blurhash, version, file_name, created_at FROM listing_photos
    WHERE listing_id = $1 ORDER BY place, id LIMIT 500";
const ONE: &str = "SELECT id, hash, alt, width, height, blurhash, version, file_name, created_at FROM listing_photos WHERE id = $1 AND listing_id = $2";
const SHOWN: &str = "SELECT 1 FROM listing_photos WHERE hash = $1 LIMIT 1";
const UNUSED: &str = "SELECT hash, width FROM media_files WHERE unused_since IS NOT NULL AND unused_since <= $1 ORDER BY unused_since LIMIT 100";
const LAST: &str = "SELECT place FROM listing_photos WHERE listing_id = $1 ORDER BY place DESC LIMIT 1";
const OF_HOST: &str = "SELECT p.listing_id, p.id, p.alt, p.file_name, p.width, p.height, p.created_at, p.hash
    FROM listings l JOIN listing_photos p ON p.listing_id = l.id WHERE l.host_id = $1 ORDER BY p.listing_id, p.place, p.id";

/// The statements that must find their rows by an index, and what they take: `u` an id, `t` text, `i` an instant.
pub const STATEMENTS: [(&str, &str); 6] = [(IN_ORDER, "u"), (ONE, "uu"), (SHOWN, "t"), (UNUSED, "i"), (OF_HOST, "u"), (LAST, "u")];

/// A photo as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Photo {
    pub id: Uuid,
    pub hash: String,
    pub alt: String,
    pub width: i64,
    pub height: i64,
    pub blurhash: String,
    pub version: i64,
    pub file_name: String,
    pub created_at: Instant,
}

/// A photo of somebody, for their export.
#[derive(Debug, Clone)]
pub(super) struct Owned {
    pub listing: ListingId,
    pub id: Uuid,
    pub alt: String,
    pub file_name: String,
    pub width: i64,
    pub height: i64,
    pub created_at: Instant,
    /// The addresses of its files.
    pub files: Vec<String>,
}

pub(super) fn in_order(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Vec<Photo>> {
    conn.query(IN_ORDER, &[listing.into()], photo)
}

pub(super) fn one(conn: &mut Conn<'_>, listing: ListingId, id: Uuid) -> DbResult<Option<Photo>> {
    conn.first(ONE, &[id.into(), listing.into()], photo)
}

fn photo(row: &Row<'_>) -> DbResult<Photo> {
    Ok(Photo {
        id: row.get(0)?,
        hash: row.get(1)?,
        alt: row.get(2)?,
        width: row.get(3)?,
        height: row.get(4)?,
        blurhash: row.get(5)?,
        version: row.get(6)?,
        file_name: row.get(7)?,
        created_at: row.get(8)?,
    })
}

/// Adds a photo at `place`.
pub(super) fn insert(tx: &mut Tx<'_>, now: Instant, listing: ListingId, place: i64, photo: &Photo) -> DbResult<()> {
    const INSERT: &str = "INSERT INTO listing_photos (id, listing_id, hash, place, alt, file_name, width, height, blurhash, version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)";
    let params = [
        photo.id.into(),
        listing.into(),
        (&photo.hash).into(),
        place.into(),
        (&photo.alt).into(),
        (&photo.file_name).into(),
        photo.width.into(),
        photo.height.into(),
        (&photo.blurhash).into(),
        photo.version.into(),
        now.into(),
    ];
    tx.execute(INSERT, &params)?;
    Ok(())
}

/// Where the next photo of a listing goes.
pub(super) fn next_place(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<i64> {
    Ok(conn.first(LAST, &[listing.into()], |row| row.get::<i64>(0))?.map_or(0, |last| last + 1))
}

pub(super) fn set_alt(tx: &mut Tx<'_>, now: Instant, id: Uuid, alt: &str) -> DbResult<()> {
    const SET: &str = "UPDATE listing_photos SET alt = $2, version = version + 1, updated_at = $3 WHERE id = $1";
    tx.execute(SET, &[id.into(), alt.into(), now.into()])?;
    Ok(())
}

pub(super) fn set_place(tx: &mut Tx<'_>, id: Uuid, place: i64) -> DbResult<()> {
    tx.execute("UPDATE listing_photos SET place = $2 WHERE id = $1", &[id.into(), place.into()])?;
    Ok(())
}

pub(super) fn delete(tx: &mut Tx<'_>, id: Uuid) -> DbResult<()> {
    tx.execute("DELETE FROM listing_photos WHERE id = $1", &[id.into()])?;
    Ok(())
}

/// Waits for whoever else changes the photos of this listing, until the end of the transaction.
pub(super) fn hold(tx: &mut Tx<'_>, listing: ListingId) -> DbResult<()> {
    tx.hold("UPDATE listings SET version = version WHERE id = $1", &[listing.into()])
}

/// A picture is about to be put into storage. `false`: the same one is being removed just now.
pub(super) fn announce(tx: &mut Tx<'_>, now: Instant, hash: &str, width: u32, bytes: i64) -> DbResult<bool> {
    const ANNOUNCE: &str = "INSERT INTO media_files (hash, width, bytes, unused_since, doomed, created_at) VALUES ($1, $2, $3, $4, $5, $4)
        ON CONFLICT (hash) DO UPDATE SET unused_since = CASE WHEN media_files.unused_since IS NULL THEN NULL ELSE excluded.unused_since END
        WHERE media_files.doomed = $5";
    Ok(tx.execute(ANNOUNCE, &[hash.into(), width.into(), bytes.into(), now.into(), false.into()])? == 1)
}

/// A photo shows the picture. `false`: it is not there, or being removed.
pub(super) fn use_file(tx: &mut Tx<'_>, hash: &str) -> DbResult<bool> {
    Ok(tx.execute("UPDATE media_files SET unused_since = NULL WHERE hash = $1 AND doomed = $2", &[hash.into(), false.into()])? == 1)
}

/// One photo less shows the picture; `since` stands where it was the last.
pub(super) fn release(tx: &mut Tx<'_>, hash: &str, since: Instant) -> DbResult<()> {
    const RELEASE: &str = "UPDATE media_files SET unused_since = $2 WHERE hash = $1 AND NOT EXISTS (SELECT 1 FROM listing_photos p WHERE p.hash = $1)";
    tx.execute(RELEASE, &[hash.into(), since.into()])?;
    Ok(())
}

/// Pictures that nobody has shown since `before`, with their largest width.
pub(super) fn unused(conn: &mut Conn<'_>, before: Instant) -> DbResult<Vec<(String, u32)>> {
    conn.query(UNUSED, &[before.into()], |row| Ok((row.get(0)?, row.small(1)?)))
}

/// Nobody may use the picture any more: its files are about to be removed. `false`: somebody shows it after all, which is noted.
pub(super) fn doom(tx: &mut Tx<'_>, hash: &str, before: Instant) -> DbResult<bool> {
    const DOOM: &str = "UPDATE media_files SET doomed = $3 WHERE hash = $1 AND unused_since <= $2";
    if tx.execute(DOOM, &[hash.into(), before.into(), true.into()])? == 0 {
        return Ok(false);
    }
    // Looked at behind the lock of that row, which `use_file` takes too.
    if tx.first(SHOWN, &[hash.into()], |row| row.get::<i64>(0))?.is_none() {
        return Ok(true);
    }
    tx.execute("UPDATE media_files SET doomed = $2, unused_since = NULL WHERE hash = $1", &[hash.into(), false.into()])?;
    Ok(false)
}

/// The files are gone.
pub(super) fn forget(tx: &mut Tx<'_>, hash: &str) -> DbResult<()> {
    tx.execute("DELETE FROM media_files WHERE hash = $1 AND doomed = $2", &[hash.into(), true.into()])?;
    Ok(())
}

/// Some pictures that are shown, from `after` on, for who looks whether their files are there.
pub(super) fn shown_after(conn: &mut Conn<'_>, after: &str) -> DbResult<Vec<(String, u32)>> {
    const SOME: &str = "SELECT hash, width FROM media_files WHERE hash > $1 AND unused_since IS NULL ORDER BY hash LIMIT 1000";
    conn.query(SOME, &[after.into()], |row| Ok((row.get(0)?, row.small(1)?)))
}

/// Hands every photo of a host's listings to `take`.
pub(super) fn of_host(conn: &mut Conn<'_>, host: UserId, mut take: impl FnMut(&Owned) -> DbResult<()>) -> DbResult<()> {
    conn.each(OF_HOST, &[host.into()], |row| {
        take(&Owned {
            listing: row.get(0)?,
            id: row.get(1)?,
            alt: row.get(2)?,
            file_name: row.get(3)?,
            width: row.get(4)?,
            height: row.get(5)?,
            created_at: row.get(6)?,
            files: files(&row.get::<String>(7)?, row.small(4)?).into_iter().map(|(_, file)| file.address()).collect(),
        })
    })
}

/// Takes all photos off a host's listings; answers the hashes of what they showed.
pub(super) fn delete_of_host(tx: &mut Tx<'_>, host: UserId) -> DbResult<Vec<String>> {
    const HASHES: &str = "SELECT DISTINCT p.hash FROM listings l JOIN listing_photos p ON p.listing_id = l.id WHERE l.host_id = $1 ORDER BY p.hash";
    const DELETE: &str = "DELETE FROM listing_photos WHERE listing_id IN (SELECT id FROM listings WHERE host_id = $1)";
    let hashes = tx.query(HASHES, &[host.into()], |row| row.get(0))?;
    tx.execute(DELETE, &[host.into()])?;
    Ok(hashes)
}

/// The files of a picture whose largest is `width` wide, narrowest first.
pub(super) fn files(hash: &str, width: u32) -> Vec<(u32, FileName)> {
    super::rules::widths(width).into_iter().map(|width| (width, FileName::new(hash, width))).collect()
}
