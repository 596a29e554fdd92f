//! SQL of a listing's units: how many there are, and what they are called.

use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::{Instant, ListingId, UserId};
use serde_json::{Value, json};

const NAMES: &str = "SELECT slot, name FROM listing_units WHERE listing_id = $1 ORDER BY slot";
const COUNT: &str = "UPDATE listings SET unit_count = $2, version = version + 1, updated_at = $3 WHERE id = $1";
const RAISE: &str = "UPDATE listings SET version = version + 1, updated_at = $2 WHERE id = $1";
const DROP: &str = "DELETE FROM listing_units WHERE listing_id = $1";
const PUT: &str = "INSERT INTO listing_units (listing_id, slot, name) VALUES ($1, $2, $3)";
const OF_HOST: &str = "SELECT u.listing_id, u.slot, u.name FROM listings l JOIN listing_units u ON u.listing_id = l.id WHERE l.host_id = $1
    ORDER BY u.listing_id, u.slot";
const FORGET: &str = "DELETE FROM listing_units WHERE listing_id IN (SELECT id FROM listings WHERE host_id = $1)";

pub(in super::super) const STATEMENTS: [(&str, &str); 6] = [(NAMES, "U"), (COUNT, "UNI"), (RAISE, "UI"), (DROP, "U"), (OF_HOST, "U"), (FORGET, "U")];

/// The names that were given; a unit may have none.
pub(in super::super) fn names(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Vec<(u16, String)>> {
    conn.query(NAMES, &[listing.into()], |row| Ok((row.small(0)?, row.get(1)?)))
}

pub(in super::super) fn set_count(tx: &mut Tx<'_>, listing: ListingId, count: u16, now: Instant) -> DbResult<()> {
    tx.execute(COUNT, &[listing.into(), count.into(), now.into()])?;
    Ok(())
}

/// Gives the units these names, the first one's first; empty ones are none.
pub(in super::super) fn set_names(tx: &mut Tx<'_>, listing: ListingId, names: &[String], now: Instant) -> DbResult<()> {
    tx.execute(DROP, &[listing.into()])?;
    for (slot, name) in (0_i64..).zip(names).filter(|(_, name)| !name.is_empty()) {
        tx.execute(PUT, &[listing.into(), slot.into(), name.into()])?;
    }
    tx.execute(RAISE, &[listing.into(), now.into()])?;
    Ok(())
}

/// What a host calls the units of their listings.
pub(in super::super) fn of_host(conn: &mut Conn<'_>, host: UserId, mut take: impl FnMut(&Value) -> DbResult<()>) -> DbResult<()> {
    conn.each(OF_HOST, &[host.into()], |row| {
        take(&json!({"listing_id": row.get::<ListingId>(0)?.0, "unit": row.get::<i64>(1)?, "name": row.get::<String>(2)?}))
    })
}

/// Takes away the names that a host gave.
pub(in super::super) fn forget_names(tx: &mut Tx<'_>, host: UserId) -> DbResult<()> {
    tx.execute(FORGET, &[host.into()])?;
    Ok(())
}
