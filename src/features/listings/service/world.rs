//! What the use cases of hosts need besides their transaction, and what several of them do: looking a home up for somebody who may
//! act on it, and writing down that they did.

use super::super::place::PlaceKey;
use super::super::rules::{checklist, custom::Field};
use super::super::store::{custom, homes, homes::Held};
use super::guards::Guards;
use super::standing::{self, Standing, State};
use crate::platform::access::{Action, Principal};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::config::Config;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, FieldError, Kind, Refused, Result};
use crate::platform::events;
use crate::platform::keys::Keys;
use crate::values::{Instant, ListingId, Night, Origin, Zone};
use serde_json::{Value, json};
use std::sync::Arc;

/// Cheap to clone into a closure that may run twice.
#[derive(Clone)]
pub(crate) struct World {
    pub keys: Arc<Keys>,
    pub config: Arc<Config>,
    pub place: PlaceKey,
    pub guards: Guards,
    pub origin: Origin,
}

/// Passes when the version that is there now is the one that the caller has read, or they do not mind.
pub(crate) type Fresh<'a> = &'a (dyn Fn(i64) -> Result<()> + Sync);

/// Whoever asks, and which home they ask about.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub caller: &'a Principal,
    pub listing: ListingId,
    pub fresh: Fresh<'a>,
}

/// A home for somebody who may do all of `action` to it. A part of it, such as hiding, is not enough here.
pub(crate) fn look(conn: &mut Conn<'_>, world: &World, caller: &Principal, listing: ListingId, action: Action) -> Result<Held> {
    let standing = standing::allowed(conn, Some(caller), listing, action)?;
    if standing.limited.is_some() {
        return Err(foreign(&standing));
    }
    homes::find(conn, &world.keys, listing)?.ok_or_else(no_such_listing)
}

/// The same for a change: held until the transaction ends, and still what the caller has read.
pub(crate) fn take(tx: &mut Tx<'_>, world: &World, request: Request<'_>, action: Action) -> Result<Held> {
    homes::hold(tx, request.listing)?;
    let held = look(tx, world, request.caller, request.listing, action)?;
    (request.fresh)(held.version)?;
    if matches!(held.state, State::Archived | State::Importing) {
        return Err(wrong_state(&held, "An archived home, or one whose import has not ended, stays as it is."));
    }
    Ok(held)
}

fn foreign(standing: &Standing) -> Error {
    if standing.state == State::Published {
        return Error::refused(Kind::Forbidden, "forbidden", "You are known, but this is not yours to do.");
    }
    no_such_listing()
}

pub(crate) fn no_such_listing() -> Error {
    Error::not_found("There is no such listing, or it is not yours.")
}

/// 409: the home's state is against it.
pub(crate) fn wrong_state(held: &Held, why: &str) -> Error {
    Error::refused(Kind::Conflict, "listing_state", format!("This listing is {}. {why}", held.state.name())).with_data("state", held.state.name().into())
}

/// Everything a home lacks before guests may see it.
pub(crate) fn missing(conn: &mut Conn<'_>, world: &World, held: &Held) -> DbResult<Vec<FieldError>> {
    let fields = custom::all(conn)?;
    let mut list = lacks(world, held, &held.home, &fields);
    list.extend(world.guards.missing(conn, held.id)?);
    Ok(list)
}

/// What of that the description itself lacks.
pub(super) fn lacks(world: &World, held: &Held, home: &super::super::rules::home::Home, fields: &[Field]) -> Vec<FieldError> {
    checklist::missing(home, held.photo, fields, &world.config.listings)
}

/// 422 with the checklist, unless nothing is missing.
pub(super) fn complete(missing: Vec<FieldError>) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let mut refused = Refused::new(Kind::Unacceptable, "listing_incomplete", "The home lacks something before guests can see it; `errors` lists it all.");
    refused.errors = missing;
    Err(refused.into())
}

/// Today's date at the home (D9).
pub(super) fn today(held: &Held, now: Instant) -> Night {
    today_in(&held.home.zone, now)
}

/// Today's date in a zone.
pub(super) fn today_in(zone: &str, now: Instant) -> Night {
    Zone::parse(zone).map_or_else(|| Night::in_utc(now), |zone| zone.local(now).today)
}

/// 409: nights that are taken stand against it.
pub(super) fn nights_taken(code: &'static str, why: &str, nights: &[Night]) -> Error {
    let nights: Vec<String> = nights.iter().map(ToString::to_string).collect();
    Error::refused(Kind::Conflict, code, why).with_data("nights", json!(nights))
}

/// Tells every node, and the search, that a home is not what it was.
pub(super) fn announce(tx: &mut Tx<'_>, now: Instant, listing: ListingId) -> DbResult<()> {
    events::append(tx, events::Kind::ListingChanged, listing.0, &json!({}), now)
}

/// An entry of the audit trail about a home.
pub(super) fn note(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    action: &'static str,
    (by, reason): (&Principal, Option<&str>),
    listing: ListingId,
    diff: Value,
) -> DbResult<()> {
    let (actor, object) = (Actor::User(by.user), Some(("listing", listing.0)));
    audit::append(tx, now, &Entry { action, actor, on_behalf_of: None, object, reason, diff, origin: &world.origin })
}
