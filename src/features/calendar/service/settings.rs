//! The availability rules of a listing.

use super::super::rules::settings::Settings;
use super::super::store::settings;
use super::log::{LogEntry, LogKind, tell};
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::events;
use crate::values::{Instant, ListingId, UserId};
use serde_json::{Map, Value};

/// The rules of a listing; 404 where there is none.
pub(crate) fn availability_rules(conn: &mut Conn<'_>, listing: ListingId) -> Result<Settings> {
    read(conn, listing).map(|(settings, _)| settings)
}

/// Sets all rules. Stays that are there keep what they were booked with. The caller holds the listing lock.
pub(crate) fn set_availability_rules(tx: &mut Tx<'_>, now: Instant, by: UserId, listing: ListingId, to: &Settings) -> Result<()> {
    let (from, mut edited) = read(tx, listing)?;
    let (was, became) = differences(&from, to);
    if was.is_empty() {
        return Ok(());
    }
    edited.extend(became.keys().cloned());
    edited.sort();
    edited.dedup();
    settings::write(tx, listing, to, &edited, now)?;
    let entry = LogEntry { actor: Some(by), kind: LogKind::Rules, ranges: Vec::new(), was: Value::Object(was), became: Value::Object(became) };
    Ok(tell(tx, now, listing, events::Kind::ListingChanged, &entry)?)
}

fn read(conn: &mut Conn<'_>, listing: ListingId) -> Result<(Settings, Vec<String>)> {
    settings::read(conn, listing)?.ok_or_else(|| Error::not_found("There is no such listing, or it is not yours."))
}

/// The fields in which both differ, as they were and as they are.
fn differences(from: &Settings, to: &Settings) -> (Map<String, Value>, Map<String, Value>) {
    let fields = |settings: &Settings| match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let (was, became) = (fields(from), fields(to));
    let differs = |name: &String| was.get(name) != became.get(name);
    let only = |fields: &Map<String, Value>| fields.iter().filter(|(name, _)| differs(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
    (only(&was), only(&became))
}
