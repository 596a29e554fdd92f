//! Writing a home: creating one, changing it.

use super::super::place::after_move;
use super::super::rules::approval;
use super::super::rules::complaints::Complaints;
use super::super::rules::custom::Field;
use super::super::rules::home::Home;
use super::super::store::custom;
use super::super::store::homes::{self, Changed, Held, Turn};
use super::guards::PolicyChoice;
use super::standing::{Standing, State};
use super::world::{Request, World, announce, complete, lacks, nights_taken, no_such_listing, note, take, today_in};
use crate::platform::access::{Action, Cell, Principal, Relation, Role, allows};
use crate::platform::audit;
use crate::platform::config::Config;
use crate::platform::db::{DbResult, Tx, Value};
use crate::platform::error::{Error, Kind, Result};
use crate::values::{Currency, Instant, ListingId, UserId, Zone};
use serde_json::{Map, json};

/// What somebody wrote: how it changes a home, and what of it the house must know beforehand.
pub(crate) struct Edit<'a> {
    /// Writes on the home, and complains about what cannot be kept.
    pub write: &'a dyn Fn(&mut Home, &mut Complaints, &Own),
    /// The zone at the place that was given, unless a zone was named too.
    pub zone_of_place: Option<&'a Zone>,
}

/// What the operator added to what hosts can say.
pub(crate) struct Own {
    pub fields: Vec<Field>,
    pub policies: Vec<PolicyChoice>,
}

impl Own {
    fn of(tx: &mut Tx<'_>, world: &World) -> DbResult<Self> {
        Ok(Self { fields: custom::all(tx)?, policies: world.guards.policies(tx)? })
    }
}

/// A new home of the caller, as a draft.
pub(crate) fn create(tx: &mut Tx<'_>, now: Instant, world: &World, caller: &Principal, edit: &Edit<'_>) -> Result<Held> {
    if allows(Action::CreateListing, Some(caller), Relation::Stranger) != Cell::Yes {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "You are known, but this is not yours to do."));
    }
    let (own, mut complaints) = (Own::of(tx, world)?, Complaints::default());
    let currency = Currency::parse("EUR").ok_or_else(|| anyhow::anyhow!("there is no euro"))?;
    let mut home = Home::blank(currency);
    (edit.write)(&mut home, &mut complaints, &own);
    let id = ListingId::new();
    settle_place(world, id, None, &mut home, edit.zone_of_place);
    if complaints.is_empty() && home.zone.is_empty() {
        complaints.add("zone", "required", "cannot be told from the location: name it");
    }
    complaints.settle()?;
    homes::insert(tx, now, &world.keys, id, caller.user, &home)?;
    note(tx, now, world, "listing.created", (caller, None), id, json!({"state": [null, "draft"]}))?;
    announce(tx, now, id)?;
    homes::find(tx, &world.keys, id)?.ok_or_else(no_such_listing)
}

/// Changes a home. What is published stays fit to be seen.
pub(crate) fn change(tx: &mut Tx<'_>, now: Instant, world: &World, request: Request<'_>, edit: &Edit<'_>) -> Result<Held> {
    let held = take(tx, world, request, Action::EditListing)?;
    let (own, mut complaints) = (Own::of(tx, world)?, Complaints::default());
    let mut home = held.home.clone();
    (edit.write)(&mut home, &mut complaints, &own);
    complaints.settle()?;
    settle_place(world, held.id, Some(&held.home), &mut home, edit.zone_of_place);
    let changed = homes::changed(&held.home, &home);
    if changed.is_empty() {
        return Ok(held);
    }
    if matches!(held.state, State::Published | State::Submitted) {
        let before = lacks(world, &held, &held.home, &own.fields);
        complete(lacks(world, &held, &home, &own.fields).into_iter().filter(|one| !before.contains(one)).collect())?;
    }
    let was = Terms { listing: held.id, state: held.state, zone: &held.home.zone, currency: held.home.currency };
    stays_allow(tx, now, request.caller.roles.has(Role::Operator), &was, (&home.zone, home.currency))?;
    if home.units != held.home.units {
        world.guards.set_units(tx, now, request.caller.user, held.id, u16::try_from(home.units).unwrap_or(u16::MAX))?;
    }
    homes::update(tx, now, &world.keys, &held, &home, &changed)?;
    let names: Vec<&str> = changed.iter().map(|one| one.field).collect();
    let written = homes::find(tx, &world.keys, held.id)?.ok_or_else(no_such_listing)?;
    reconsider(tx, now, &world.config, &written, &names)?;
    note(tx, now, world, "listing.changed", (request.caller, None), held.id, diff(world, &changed))?;
    announce(tx, now, held.id)?;
    homes::find(tx, &world.keys, held.id)?.ok_or_else(no_such_listing)
}

/// The public point and the zone of a home whose place is new.
fn settle_place(world: &World, id: ListingId, old: Option<&Home>, home: &mut Home, zone: Option<&Zone>) {
    let place = &mut home.place;
    let now = (place.lat, place.lng);
    let moved = old.is_none_or(|old| (old.place.lat, old.place.lng) != now);
    if moved {
        let fresh = world.place.public_point(&id.to_string(), place.lat, place.lng);
        let public = old.map_or(fresh, |old| after_move((old.place.lat, old.place.lng), (old.place.public_lat, old.place.public_lng), now, fresh));
        (place.public_lat, place.public_lng) = public;
    }
    if let (true, Some(zone)) = (moved, zone) {
        home.zone = zone.name().to_owned();
    }
}

/// A home's zone and currency, as stays and prices are meant in them.
struct Terms<'a> {
    listing: ListingId,
    state: State,
    zone: &'a str,
    currency: Currency,
}

/// Whether a home may get another zone or currency by other means than its host's own edits, such as a file. Refuses as those do.
pub fn may_become(tx: &mut Tx<'_>, now: Instant, standing: &Standing, zone: &str, currency: Currency) -> Result<()> {
    let was = Terms { listing: standing.listing, state: standing.state, zone: &standing.zone, currency: standing.currency };
    stays_allow(tx, now, false, &was, (zone, currency))
}

/// Whether stays to come, and prices that were named, are compatible with the change.
fn stays_allow(tx: &mut Tx<'_>, now: Instant, is_operator: bool, was: &Terms<'_>, (zone, currency): (&str, Currency)) -> Result<()> {
    if zone != was.zone && !is_operator {
        let nights = homes::taken(tx, was.listing, today_in(was.zone, now), now)?;
        if !nights.is_empty() {
            return Err(nights_taken(
                "zone_fixed",
                "Guests who are to come were told times of the zone as it is; only an operator can change it now.",
                &nights,
            ));
        }
    }
    if currency != was.currency && (was.state != State::Draft || homes::has_amounts(tx, was.listing)?) {
        let why = "The currency of a home can be changed while it is a draft without stays, prices of days and a price plan: all of them are meant in it.";
        return Err(Error::refused(Kind::Conflict, "currency_fixed", why));
    }
    Ok(())
}

/// Takes an approval back when what changed asks for another look: what is published waits for staff again (V2).
pub(super) fn reconsider(tx: &mut Tx<'_>, now: Instant, config: &Config, held: &Held, changed: &[&str]) -> DbResult<()> {
    let waits = matches!(held.state, State::Published | State::Paused) || held.approved_at.is_some();
    if !waits || !approval::is_void_after(config.listings.approval, changed) {
        return Ok(());
    }
    let state = if held.state == State::Published { State::Submitted } else { held.state };
    homes::turn(tx, now, held, Turn { state, note: None, withheld: held.withheld, approved_at: None })
}

/// What the trail keeps of a change: it outlives the host, so that their own words are in it as hashes only.
fn diff(world: &World, changed: &[Changed]) -> serde_json::Value {
    const PLAIN: [&str; 7] = ["room_type", "property_type", "country", "zone", "short_policy", "long_policy", "currency"];
    let shown = |field: &str, value: &Value| match value {
        Value::Null => json!(null),
        Value::Int(n) => json!(n),
        Value::Bool(yes) => json!(yes),
        Value::Text(text) if PLAIN.contains(&field) => json!(text),
        other => audit::hashed(&world.keys, &format!("{other:?}")),
    };
    let members = changed.iter().map(|one| (one.field.to_owned(), json!([shown(one.field, &one.old), shown(one.field, &one.new)])));
    serde_json::Value::Object(members.collect::<Map<_, _>>())
}

/// Whether guests saw a home of this host before: what `first` asks.
pub(super) fn host_is_approved(tx: &mut Tx<'_>, host: UserId) -> DbResult<bool> {
    homes::host_is_approved(tx, host)
}
