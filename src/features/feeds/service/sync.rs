//! What a fetch changes: a feed is a snapshot (I6), and a failure changes no night (I8).

use super::World;
use super::letters::{self, Matter};
use crate::features::calendar;
use crate::features::feeds::rules::entries::Stay;
use crate::features::feeds::rules::snapshot::{self, Clash};
use crate::features::feeds::rules::{Class, Reading, Unreadable, polling};
use crate::features::feeds::store::feeds::{self, Feed, Health, Home};
use crate::features::feeds::store::log::{self, Went};
use crate::features::feeds::store::{conflicts, exports, nights};
use crate::features::listings;
use crate::platform::db::{DbResult, Tx};
use crate::platform::events::{self, Kind};
use crate::values::{BookingId, Instant, Night, NightRange};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Days that nights of a feed, and stays that may clash with them, are looked back for.
const BACK: i32 = 400;

/// Why a fetch came to nothing: all that its host is told (S-SSRF 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Address,
    Unreachable,
    Slow,
    TooLarge,
    Status,
    Unreadable(Unreadable),
    Empty,
}

impl Trouble {
    /// The public word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Address => "address_refused",
            Self::Unreachable => "unreachable",
            Self::Slow => "too_slow",
            Self::TooLarge => "too_large",
            Self::Status => "not_found_there",
            Self::Unreadable(Unreadable::NotACalendar | Unreadable::NoDates | Unreadable::TooDeep) => "not_a_calendar",
            Self::Unreadable(_) => "too_many_events",
            Self::Empty => "empty",
        }
    }
}

/// What a fetch brought.
#[derive(Debug, Clone)]
pub(crate) enum Fetched {
    /// The same as last time, says the other site.
    Unchanged,
    Read(Box<Whole>),
    Failed(Trouble),
}

/// A calendar that was read whole.
#[derive(Debug, Clone)]
pub(crate) struct Whole {
    pub reading: Reading,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// Today, where the listing is.
    pub on: Night,
}

/// Writes down what a fetch of feed `id` brought. `version`: of the feed as it was fetched; when its host has changed it meanwhile, another fetch
/// is on its way and this one counts for nothing. `chance`: any number, for the next time.
pub(crate) fn settle(tx: &mut Tx<'_>, now: Instant, world: &World, (id, version): (Uuid, i64), fetched: &Fetched, chance: u64) -> DbResult<()> {
    feeds::hold(tx, id)?;
    let Some(feed) = feeds::by_id(tx, id)?.filter(|feed| feed.version == version) else { return Ok(()) };
    let Some(home) = feeds::home(tx, feed.listing)? else { return Ok(()) };
    let mut health = Health { last_try_at: Some(now), ..feed.health.clone() };
    let went = match fetched {
        Fetched::Failed(trouble) => {
            fail(&mut health, *trouble);
            Went::of(trouble.name(), &health, now)
        }
        Fetched::Unchanged => {
            succeed(&mut health, now);
            Went::of("unchanged", &health, now)
        }
        // Once may be an accident of the other site: the second time in a row it counts.
        Fetched::Read(whole) if whole.reading.events.is_empty() && health.events > 0 && health.empty_seen == 0 => {
            fail(&mut health, Trouble::Empty);
            (health.empty_seen, health.etag, health.last_modified) = (1, None, None);
            Went::of(Trouble::Empty.name(), &health, now)
        }
        Fetched::Read(whole) => take_over(tx, now, world, (&feed, &home), &mut health, whole)?,
    };
    let last_good = health.last_good_at.unwrap_or(feed.created_at);
    if health.trouble.is_some() && health.stale_since.is_none() {
        health.stale_since = polling::stale_since(last_good, now);
    }
    health.next_at = now.plus_seconds(polling::pause_seconds(feed.chosen.every_minutes, health.failures, chance));
    match (feed.health.stale_since, health.stale_since) {
        (None, Some(since)) => letters::post(tx, now, world, &home, Matter::Failed { feed: &feed, since })?,
        (Some(_), None) => letters::post(tx, now, world, &home, Matter::Recovered { feed: &feed })?,
        _ => {}
    }
    feeds::settle(tx, id, &health)?;
    log::note(tx, id, &went)
}

fn succeed(health: &mut Health, now: Instant) {
    (health.trouble, health.failures, health.empty_seen) = (None, 0, 0);
    (health.last_good_at, health.stale_since) = (Some(now), None);
}

fn fail(health: &mut Health, trouble: Trouble) {
    health.trouble = Some(trouble.name().to_owned());
    health.failures = health.failures.saturating_add(1);
    if trouble != Trouble::Empty {
        health.empty_seen = 0;
    }
}

impl Went {
    fn of(outcome: &str, health: &Health, now: Instant) -> Self {
        let events = health.events;
        Self { id: Uuid::nil(), outcome: outcome.to_owned(), times: 1, events, added: 0, removed: 0, warnings: 0, first_at: now, last_at: now }
    }
}

/// Makes the feed's nights what it says: marked and swept in this transaction, under the listing's lock, and only where something changed.
fn take_over(tx: &mut Tx<'_>, now: Instant, world: &World, of: (&Feed, &Home), health: &mut Health, whole: &Whole) -> DbResult<Went> {
    let (feed, _) = of;
    succeed(health, now);
    health.site = Some(whole.reading.site.to_owned());
    health.events = i64::try_from(whole.reading.events.len()).unwrap_or(i64::MAX);
    (health.etag, health.last_modified, health.read_on) = (whole.etag.clone(), whole.last_modified.clone(), Some(whole.on));
    let taken: Vec<(NightRange, Class)> = whole.reading.taken().into_iter().filter(|(range, _)| range.to > whole.on).collect();
    let said = snapshot::ahead(&taken, whole.on);
    let differs = !snapshot::difference(&nights::of_feed(tx, feed.listing, feed.id, whole.on)?, &said).is_empty();
    let mut went = Went::of("read", health, now);
    went.warnings = i64::try_from(whole.reading.warnings()).unwrap_or(i64::MAX);
    if differs {
        listings::lock_calendar(tx, feed.listing)?;
        let change = snapshot::difference(&nights::of_feed(tx, feed.listing, feed.id, whole.on)?, &said);
        (went.added, went.removed) = (snapshot::nights(&change.new).into(), snapshot::nights(&change.gone).into());
        change.gone.iter().try_for_each(|range| nights::remove(tx, feed.listing, feed.id, *range))?;
        change.new.iter().try_for_each(|range| nights::add(tx, feed.listing, feed.id, feed.chosen.slot, *range))?;
        nights::forget(tx, feed.listing, feed.id, whole.on.plus(-BACK))?;
        events::append(tx, Kind::CalendarChanged, feed.listing.0, &json!({}), now)?;
        health.changed_at = Some(now);
    }
    compare(tx, now, world, of, &taken, whole.on)?;
    Ok(went)
}

/// Stays that the other site repeats as nights of this unit keep it: moved away they would take two units, the nights that are repeated and
/// their own.
fn keep_in_place(tx: &mut Tx<'_>, now: Instant, stays: &[Stay], echoes: &BTreeSet<BookingId>) -> DbResult<()> {
    let movable: BTreeSet<BookingId> = stays.iter().filter(|stay| stay.firm && !stay.pinned).map(|stay| stay.booking).collect();
    movable.intersection(echoes).try_for_each(|booking| calendar::pin(tx, now, None, *booking, true).map(drop))
}

/// Looks where the feed meets stays of ours (I9): new clashes are written down and told, those that are gone are ended.
fn compare(tx: &mut Tx<'_>, now: Instant, world: &World, (feed, home): (&Feed, &Home), taken: &[(NightRange, Class)], today: Night) -> DbResult<()> {
    let known = conflicts::of_feed(tx, feed.id)?;
    let stays = nights::stays(tx, feed.listing, today.plus(-BACK), now)?.into_iter().filter(|stay| stay.slot == feed.chosen.slot);
    let stays: Vec<Stay> = stays.collect();
    let nights: Vec<_> = stays.iter().map(|stay| (stay.booking, stay.nights)).collect();
    let met = snapshot::meetings(taken, &nights, exports::knows_us(tx, feed.id)?);
    keep_in_place(tx, now, &stays, &met.echoes)?;
    let clashes: BTreeSet<Clash> = met.clashes.into_iter().filter(|clash| clash.nights.to > today).collect();
    let clash_of = |conflict: &conflicts::Conflict| Clash { booking: conflict.booking, nights: conflict.nights };
    for gone in known.iter().filter(|conflict| conflict.resolved_at.is_none() && !clashes.contains(&clash_of(conflict))) {
        conflicts::resolve(tx, now, feed.listing, gone.id, "gone")?;
    }
    // What the host has seen to is not told again.
    let told: BTreeSet<Clash> = known.iter().filter(|conflict| conflict.how.as_deref() != Some("gone")).map(clash_of).collect();
    let new: Vec<Clash> = clashes.difference(&told).copied().collect();
    for clash in &new {
        conflicts::insert(tx, now, feed.listing, feed.id, feed.chosen.slot, *clash)?;
    }
    if new.is_empty() { Ok(()) } else { letters::post(tx, now, world, home, Matter::Conflict { feed, clashes: &new }) }
}
