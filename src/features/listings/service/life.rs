//! The life of a home in the hands of its host: submitted, published, paused, archived.

use super::super::rules::approval;
use super::super::store::homes::{self, Held, Turn};
use super::change::host_is_approved;
use super::standing::State;
use super::world::{Request, World, announce, complete, missing, nights_taken, no_such_listing, note, take, today, wrong_state};
use crate::platform::access::{Action, Principal};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::config::Approval;
use crate::platform::db::Tx;
use crate::platform::error::{Error, Kind, Result};
use crate::platform::keys::Keys;
use crate::values::{Instant, ListingId, Origin};
use serde_json::json;

/// Its host is done: it waits for staff where the house asks for that, and is published at once where not.
pub(crate) fn submit(tx: &mut Tx<'_>, now: Instant, world: &World, request: Request<'_>) -> Result<Held> {
    let held = ready(tx, world, request)?;
    if waits_for_staff(tx, world, &held)? {
        return go(tx, now, world, request.caller, &held, State::Submitted, "listing.submitted");
    }
    go(tx, now, world, request.caller, &held, State::Published, "listing.published")
}

/// Guests see it from now on. Refused where staff have to look first.
pub(crate) fn publish(tx: &mut Tx<'_>, now: Instant, world: &World, request: Request<'_>) -> Result<Held> {
    let held = ready(tx, world, request)?;
    if waits_for_staff(tx, world, &held)? {
        return Err(Error::refused(Kind::Conflict, "approval_needed", "Staff look at a home first on this site: submit it."));
    }
    go(tx, now, world, request.caller, &held, State::Published, "listing.published")
}

/// Guests do not see it for a while; stays that are booked stand.
pub(crate) fn pause(tx: &mut Tx<'_>, now: Instant, world: &World, request: Request<'_>) -> Result<Held> {
    let held = take(tx, world, request, Action::EditListing)?;
    match held.state {
        State::Published => go(tx, now, world, request.caller, &held, State::Paused, "listing.paused"),
        // What waits for staff is taken back.
        State::Submitted => go(tx, now, world, request.caller, &held, State::Draft, "listing.paused"),
        _ => Err(wrong_state(&held, "Only what is published or submitted can be paused.")),
    }
}

/// Takes a published home out of sight whose host does not answer guests (S5), until the host publishes it again. Others stay as they are.
pub fn pause_silent(tx: &mut Tx<'_>, now: Instant, keys: &Keys, origin: &Origin, listing: ListingId) -> Result<()> {
    homes::hold(tx, listing)?;
    let Some(held) = homes::find(tx, keys, listing)?.filter(|held| held.state == State::Published) else { return Ok(()) };
    homes::turn(tx, now, &held, Turn { state: State::Paused, note: None, withheld: held.withheld, approved_at: held.approved_at })?;
    let diff = json!({"state": [held.state.name(), State::Paused.name()]});
    let object = Some(("listing", listing.0));
    audit::append(tx, now, &Entry { action: "listing.silenced", actor: Actor::System, on_behalf_of: None, object, reason: None, diff, origin })?;
    Ok(announce(tx, now, listing)?)
}

/// The end of a home. Refused while guests are to come.
pub(crate) fn archive(tx: &mut Tx<'_>, now: Instant, world: &World, request: Request<'_>) -> Result<()> {
    let held = take(tx, world, request, Action::DeleteListing)?;
    let nights = homes::taken(tx, held.id, today(&held, now), now)?;
    if !nights.is_empty() {
        return Err(nights_taken("has_stays", "Guests are to come on these nights: a home is archived after its last stay.", &nights));
    }
    let blockers = world.guards.blocks_archive(tx, held.id, now)?;
    if !blockers.is_empty() {
        let reasons: Vec<_> = blockers.iter().map(|one| json!({"reason": one.reason, "message": one.message})).collect();
        return Err(
            Error::refused(Kind::Conflict, "listing_blocked", "Something has to end before this home is archived.").with_data("reasons", json!(reasons))
        );
    }
    go(tx, now, world, request.caller, &held, State::Archived, "listing.archived").map(|_held| ())
}

/// A home of the caller's that could be seen if nobody had to look at it first.
fn ready(tx: &mut Tx<'_>, world: &World, request: Request<'_>) -> Result<Held> {
    let held = take(tx, world, request, Action::EditListing)?;
    if !matches!(held.state, State::Draft | State::Paused) {
        return Err(wrong_state(&held, "Only a draft, or what was paused, can be published or submitted."));
    }
    if held.withheld {
        let why = held.state_note.clone().unwrap_or_default();
        return Err(Error::refused(Kind::Conflict, "listing_withheld", format!("Staff took this home out of sight: {why}")));
    }
    complete(missing(tx, world, &held)?)?;
    Ok(held)
}

fn waits_for_staff(tx: &mut Tx<'_>, world: &World, held: &Held) -> Result<bool> {
    let mode = world.config.listings.approval;
    let host_approved = mode == Approval::First && host_is_approved(tx, held.host)?;
    Ok(approval::is_needed(mode, held.approved_at.is_some(), host_approved))
}

fn go(tx: &mut Tx<'_>, now: Instant, world: &World, by: &Principal, held: &Held, state: State, action: &'static str) -> Result<Held> {
    homes::turn(tx, now, held, Turn { state, note: None, withheld: held.withheld, approved_at: held.approved_at })?;
    note(tx, now, world, action, (by, None), held.id, json!({"state": [held.state.name(), state.name()]}))?;
    announce(tx, now, held.id)?;
    homes::find(tx, &world.keys, held.id)?.ok_or_else(no_such_listing)
}
