//! Adding, changing and removing feeds, and asking for a fetch now.

use super::{By, World, note, place};
use crate::features::feeds::rules::polling;
use crate::features::feeds::store::feeds::{self as rows, Chosen, Feed, Health};
use crate::features::feeds::store::nights;
use crate::features::listings::{self, Standing};
use crate::platform::access::Action;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, FieldError, Kind, Refused, Result};
use crate::platform::events;
use crate::platform::jobs::{self, Job};
use crate::values::{Instant, ListingId};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// The kind of jobs that fetch a feed.
pub(crate) const FETCH: &str = "feeds.fetch";
/// Feeds of one listing.
const MOST: i64 = 20;

/// An address that was looked at, and its host.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub text: String,
    pub host: String,
}

/// What to change; `None` stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes {
    pub name: Option<String>,
    pub address: Option<Address>,
    pub slot: Option<i64>,
    pub every_minutes: Option<i64>,
    pub block_same_day: Option<bool>,
    pub ignore_window_blocks: Option<bool>,
    pub paused: Option<bool>,
}

/// Whether the caller may see to the feeds of a listing.
pub(crate) fn standing(conn: &mut Conn<'_>, by: By<'_>) -> Result<Standing> {
    listings::allowed(conn, Some(by.caller), by.listing, Action::EditCalendar)
}

/// [`found`], and nobody else changes the feed until the end of the transaction.
pub(crate) fn held(tx: &mut Tx<'_>, by: By<'_>, feed: Uuid) -> Result<(Feed, Standing)> {
    standing(tx, by)?;
    rows::hold(tx, feed)?;
    found(tx, by, feed)
}

/// A feed of the listing the caller may see to.
pub(crate) fn found(conn: &mut Conn<'_>, by: By<'_>, feed: Uuid) -> Result<(Feed, Standing)> {
    let standing = standing(conn, by)?;
    let found = rows::by_id(conn, feed)?.filter(|found| found.listing == by.listing);
    Ok((found.ok_or_else(|| Error::not_found("The listing has no such feed."))?, standing))
}

/// Adds a feed, and asks for its first fetch.
pub(crate) fn add(tx: &mut Tx<'_>, now: Instant, world: &World, by: By<'_>, chosen: &Chosen, address: &Address) -> Result<Feed> {
    let standing = standing(tx, by)?;
    standing.must_live()?;
    check_slot(&standing, chosen.slot)?;
    listings::lock_calendar(tx, by.listing)?;
    if rows::count(tx, by.listing)? >= MOST {
        return Err(Error::refused(Kind::Conflict, "too_many_feeds", format!("A listing has at most {MOST} feeds; remove one first.")));
    }
    let id = Uuid::now_v7();
    let feed = Feed {
        id,
        listing: by.listing,
        chosen: chosen.clone(),
        address_sealed: world.keys.seal(&place(id), address.text.as_bytes()),
        host: address.host.clone(),
        health: Health::new(now),
        asked_at: Some(now),
        version: 1,
        created_at: now,
    };
    rows::insert(tx, now, &feed)?;
    ask(tx, now, id)?;
    note(tx, now, world, "feed.added", by, json!({"feed": [null, id], "host": [null, feed.host]}))?;
    Ok(feed)
}

impl Health {
    /// Of a feed that was never fetched, and is due.
    fn new(now: Instant) -> Self {
        Self {
            site: None,
            etag: None,
            last_modified: None,
            read_on: None,
            trouble: None,
            failures: 0,
            empty_seen: 0,
            events: 0,
            last_try_at: None,
            last_good_at: None,
            changed_at: None,
            stale_since: None,
            next_at: now,
        }
    }
}

/// Changes a feed. What it says is read anew afterwards; nights it has taken move with its unit at once.
pub(crate) fn change(tx: &mut Tx<'_>, now: Instant, world: &World, by: By<'_>, feed: &Feed, changes: &Changes) -> Result<Feed> {
    let mut new = feed.clone();
    let chosen = &mut new.chosen;
    chosen.name = changes.name.clone().unwrap_or_else(|| chosen.name.clone());
    chosen.slot = changes.slot.unwrap_or(chosen.slot);
    chosen.every_minutes = changes.every_minutes.unwrap_or(chosen.every_minutes);
    chosen.block_same_day = changes.block_same_day.unwrap_or(chosen.block_same_day);
    chosen.ignore_window_blocks = changes.ignore_window_blocks.unwrap_or(chosen.ignore_window_blocks);
    chosen.paused = changes.paused.unwrap_or(chosen.paused);
    if let Some(address) = &changes.address {
        new.address_sealed = world.keys.seal(&place(feed.id), address.text.as_bytes());
        new.host.clone_from(&address.host);
    }
    if new == *feed {
        return Ok(new);
    }
    if new.chosen.slot != feed.chosen.slot {
        check_slot(&standing(tx, by)?, new.chosen.slot)?;
        listings::lock_calendar(tx, by.listing)?;
        if nights::move_to(tx, by.listing, feed.id, new.chosen.slot)? > 0 {
            events::append(tx, events::Kind::CalendarChanged, by.listing.0, &json!({}), now)?;
        }
    }
    new.health.next_at = now;
    rows::change(tx, now, &new)?;
    if !new.chosen.paused {
        ask(tx, now, feed.id)?;
    }
    let diff = json!({"feed": [feed.id, feed.id], "host": [feed.host, new.host], "paused": [feed.chosen.paused, new.chosen.paused]});
    note(tx, now, world, "feed.changed", by, diff)?;
    rows::by_id(tx, feed.id)?.ok_or_else(|| Error::not_found("The listing has no such feed."))
}

/// Removes a feed; the nights it took are free again, as far as it goes.
pub(crate) fn remove(tx: &mut Tx<'_>, now: Instant, world: &World, by: By<'_>, feed: &Feed) -> DbResult<()> {
    listings::lock_calendar(tx, by.listing)?;
    rows::delete(tx, by.listing, feed.id)?;
    jobs::cancel(tx, FETCH, &feed.id.to_string())?;
    events::append(tx, events::Kind::CalendarChanged, by.listing.0, &json!({}), now)?;
    note(tx, now, world, "feed.removed", by, json!({"feed": [feed.id, null], "host": [feed.host, null]}))
}

/// Asks for a fetch now; at most once a minute.
pub(crate) fn fetch_now(tx: &mut Tx<'_>, now: Instant, feed: &Feed) -> Result<()> {
    let again = feed.asked_at.map_or(Instant(i64::MIN), |asked| asked.plus_seconds(polling::ON_DEMAND_SECONDS));
    if now < again {
        let mut refused = Refused::new(Kind::TooMany, "asked_too_soon", "The feed was asked for less than a minute ago.");
        let left = (again.0 - now.0 + Instant::SECOND - 1) / Instant::SECOND;
        refused.retry_after_seconds = u32::try_from(left).ok();
        return Err(refused.into());
    }
    rows::asked(tx, feed.id, now)?;
    ask(tx, now, feed.id)?;
    Ok(())
}

/// Puts the fetch of a feed into the queue, where it waits or runs once at most.
pub(crate) fn ask(tx: &mut Tx<'_>, now: Instant, feed: Uuid) -> DbResult<bool> {
    jobs::enqueue(tx, now, &Job { kind: FETCH, key: Some(feed.to_string()), payload: json!({"feed": feed}), run_at: now })
}

fn check_slot(standing: &Standing, slot: i64) -> Result<()> {
    check_unit(standing.units, slot)
}

/// Refuses a unit that the listing does not have.
pub(crate) fn check_unit(units: i64, slot: i64) -> Result<()> {
    if (0..units.max(1)).contains(&slot) {
        return Ok(());
    }
    let message = format!("the listing has the units 0 to {}", units.max(1) - 1);
    let refused = Error::refused(Kind::Unacceptable, "out_of_range", format!("slot: {message}."));
    Err(refused.with_error(FieldError::new("/body/slot", "out_of_range", message)))
}

/// What the host calls the feeds of a listing, by what the nights they take bear.
pub fn names(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<HashMap<String, String>> {
    Ok(rows::of_listing(conn, listing)?.into_iter().map(|feed| (feed.id.to_string(), feed.chosen.name)).collect())
}

/// All feeds of a listing, whoever looks.
pub(crate) fn of_listing(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Vec<Feed>> {
    rows::of_listing(conn, listing)
}
