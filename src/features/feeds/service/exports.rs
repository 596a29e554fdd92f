//! Addresses at which other sites fetch a calendar, and what they find there.

use super::letters::{self, Matter};
use super::{By, World, note};
use crate::features::calendar;
use crate::features::feeds::rules::entries::{self, Destination, entries};
use crate::features::feeds::rules::writing::{self, Frame};
use crate::features::feeds::service::feeds::{check_unit, standing};
use crate::features::feeds::store::exports::{self as rows, Export, Opened};
use crate::features::feeds::store::{feeds, nights};
use crate::features::listings::{Guard, Left, Standing};
use crate::platform::access::Relation;
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::keys::{digest, fresh_secret};
use crate::platform::tools::Tools;
use crate::values::{Instant, ListingId, Origin, UserId};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// Exports of one listing.
const MOST: usize = 20;
/// Days before today that are looked at; longer stays than this are not booked.
const BACK: i32 = 400;
/// How exactly the last fetch is remembered.
const NOTED_SECONDS: i64 = 3_600;

/// The export that is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub name: String,
    pub slot: Option<i64>,
    pub source_feed: Option<Uuid>,
}

pub(crate) fn of_listing(conn: &mut Conn<'_>, by: By<'_>) -> Result<Vec<Export>> {
    standing(conn, by)?;
    Ok(rows::of_listing(conn, by.listing)?)
}

/// Makes an export; answers it with its address, which is told once.
pub(crate) fn make(tx: &mut Tx<'_>, now: Instant, world: &World, by: By<'_>, wish: &Wish) -> Result<(Export, String)> {
    let standing = standing(tx, by)?;
    standing.must_live()?;
    wish.slot.map_or(Ok(()), |slot| check_unit(standing.units, slot))?;
    if let Some(feed) = wish.source_feed {
        feeds::by_id(tx, feed)?.filter(|feed| feed.listing == by.listing).ok_or_else(|| {
            let message = "the listing has no such feed";
            Error::refused(Kind::Unacceptable, "unknown_feed", format!("source_feed: {message}.")).with_error(FieldError::new(
                "/body/source_feed",
                "unknown_feed",
                message,
            ))
        })?;
    }
    if rows::of_listing(tx, by.listing)?.len() >= MOST {
        return Err(Error::refused(Kind::Conflict, "too_many_exports", format!("A listing has at most {MOST} export addresses; revoke one first.")));
    }
    let (id, token) = (Uuid::now_v7(), fresh_secret());
    let export = Export {
        id,
        listing: by.listing,
        slot: wish.slot,
        name: wish.name.clone(),
        source_feed: wish.source_feed,
        last_fetched_at: None,
        version: 1,
        created_at: now,
    };
    rows::insert(tx, &export, &digest(&token), helper(&standing, by))?;
    note(tx, now, world, "calendar_export.made", by, json!({"export": [null, id]}))?;
    Ok((export, address(world, &token)))
}

/// An export of the listing the caller may see to.
pub(crate) fn found(conn: &mut Conn<'_>, by: By<'_>, id: Uuid) -> Result<Export> {
    let found = of_listing(conn, by)?.into_iter().find(|export| export.id == id);
    found.ok_or_else(|| Error::not_found("The listing has no such export."))
}

/// Gives an export another address; the old one finds nothing any more.
pub(crate) fn rotate(tx: &mut Tx<'_>, now: Instant, world: &World, by: By<'_>, id: Uuid) -> Result<(Export, String)> {
    let (token, standing) = (fresh_secret(), standing(tx, by)?);
    rows::rotate(tx, id, &digest(&token), helper(&standing, by), now)?;
    note(tx, now, world, "calendar_export.rotated", by, json!({"export": [id, id]}))?;
    Ok((found(tx, by, id)?, address(world, &token)))
}

/// Ends an export: its address finds nothing any more.
pub(crate) fn revoke(tx: &mut Tx<'_>, now: Instant, world: &World, by: By<'_>, id: Uuid) -> DbResult<()> {
    rows::delete(tx, id)?;
    note(tx, now, world, "calendar_export.revoked", by, json!({"export": [id, null]}))
}

/// The caller, where they are a co-host: what they are told is worth nothing once they help no longer.
fn helper(standing: &Standing, by: By<'_>) -> Option<UserId> {
    matches!(standing.relation, Relation::CoHostCalendar | Relation::CoHostMessages | Relation::CoHostFull).then_some(by.caller.user)
}

/// Ends the exports whose addresses a co-host was told, who helps no longer, and tells the host which other sites need a new one.
pub(crate) fn end_for(tx: &mut Tx<'_>, now: Instant, world: &World, actor: Actor, listing: ListingId, helper: UserId) -> DbResult<()> {
    let ended = rows::of_helper(tx, listing, helper)?;
    if ended.is_empty() {
        return Ok(());
    }
    for export in &ended {
        rows::delete(tx, export.id)?;
        let (object, diff) = (Some(("listing", listing.0)), json!({"export": [export.id, null]}));
        let entry = Entry { action: "calendar_export.revoked", actor, on_behalf_of: None, object, reason: None, diff, origin: &world.origin };
        audit::append(tx, now, &entry)?;
    }
    let Some(home) = feeds::home(tx, listing)? else { return Ok(()) };
    letters::post(tx, now, world, &home, Matter::Ended { listing, exports: &ended })
}

/// Hears who helps no longer.
pub struct FeedGuard {
    world: World,
}

impl FeedGuard {
    #[must_use]
    pub fn new(tools: &Tools) -> Self {
        Self { world: World::of(tools, Origin::inside("feeds")) }
    }
}

impl Guard for FeedGuard {
    fn helper_left(&self, tx: &mut Tx<'_>, now: Instant, left: &Left<'_>) -> DbResult<()> {
        let world = World { origin: left.origin.clone(), ..self.world.clone() };
        end_for(tx, now, &world, Actor::User(left.by), left.listing, left.helper)
    }
}

fn address(world: &World, token: &str) -> String {
    format!("{}/ical/{token}.ics", world.config.base_url())
}

/// A calendar as it is told, and whether the fetch is worth being noted.
pub(crate) struct Told {
    pub calendar: String,
    pub export: Uuid,
    pub to_be_noted: bool,
}

/// The calendar behind a token; `None` for one that nobody has, or not any more. Reads several tables: give it one cut.
pub(crate) fn tell(conn: &mut Conn<'_>, now: Instant, world: &World, token: &str) -> DbResult<Option<Told>> {
    let Some(Opened { export, title, calendar_version }) = rows::by_token(conn, &digest(token))? else { return Ok(None) };
    let Some(all) = entries_of(conn, now, world, &export)? else { return Ok(None) };
    let base = world.config.base_url();
    let host = url::Url::parse(&base).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "localhost".to_owned());
    let calendar = writing::calendar(&Frame { host: &host, name: &title, sequence: calendar_version }, &all);
    let to_be_noted = export.last_fetched_at.is_none_or(|last| now >= last.plus_seconds(NOTED_SECONDS));
    Ok(Some(Told { calendar, export: export.id, to_be_noted }))
}

fn entries_of(conn: &mut Conn<'_>, now: Instant, world: &World, export: &Export) -> DbResult<Option<Vec<entries::Entry>>> {
    let Some(listed) = calendar::terms(conn, export.listing)? else { return Ok(None) };
    let today = listed.times.zone.local(now).today;
    let changed: HashMap<String, Instant> =
        feeds::of_listing(conn, export.listing)?.into_iter().map(|feed| (feed.id.to_string(), feed.health.changed_at.unwrap_or(feed.created_at))).collect();
    // What came with an import has no date of its own.
    let since = |feed: &str| changed.get(feed).copied().unwrap_or(export.created_at);
    let taken = nights::taken(conn, export.listing, today.plus(-BACK), now, since)?;
    let to = Destination { slot: export.slot, source: export.source_feed.map(|feed| feed.to_string()) };
    Ok(Some(entries(&listed.terms, &taken, &to, &world.ids(export.listing), today)))
}

/// Notes that somebody has fetched an export.
pub(crate) fn fetched(tx: &mut Tx<'_>, now: Instant, export: Uuid) -> DbResult<()> {
    rows::fetched(tx, export, now)
}
