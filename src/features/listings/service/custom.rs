//! The operator's own fields: adding, changing, taking away.

use super::super::rules::custom::{Field, MOST_FIELDS, SearchableFields};
use super::super::store::custom;
use super::world::{Fresh, World};
use crate::platform::access::Principal;
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::events;
use crate::values::{Instant, ListingId};
use serde_json::{Value, json};

/// Who changes a field, and why.
#[derive(Clone, Copy)]
pub(crate) struct Deed<'a> {
    pub by: &'a Principal,
    pub reason: &'a str,
}

/// All fields, by key.
pub(crate) fn all(conn: &mut Conn<'_>) -> DbResult<Vec<Field>> {
    custom::all(conn)
}

/// The fields whose words are searched.
pub fn searchable_fields(conn: &mut Conn<'_>) -> DbResult<SearchableFields> {
    custom::all(conn).map(SearchableFields::of)
}

/// Adds a field.
pub(crate) fn add(tx: &mut Tx<'_>, now: Instant, world: &World, deed: Deed<'_>, field: &Field) -> Result<Field> {
    if custom::all(tx)?.len() >= MOST_FIELDS {
        return Err(Error::refused(Kind::Conflict, "too_many_fields", format!("There can be {MOST_FIELDS} fields; take one away first.")));
    }
    if !custom::insert(tx, now, field)? {
        return Err(Error::refused(Kind::Conflict, "field_exists", "There is a field with this key already."));
    }
    note(tx, now, world, "field.added", deed, json!({"key": [null, field.key], "kind": [null, field.kind.name()]}))?;
    // Values of a field that was there before under this key come to light again.
    replaced(tx, now)?;
    find(tx, &field.key)
}

/// Changes a field as `edit` says; its key and kind stay.
pub(crate) fn change(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    deed: Deed<'_>,
    (key, fresh): (&str, Fresh<'_>),
    edit: impl Fn(&mut Field) -> Result<()>,
) -> Result<Field> {
    let old = find(tx, key)?;
    fresh(old.version)?;
    let mut new = old.clone();
    edit(&mut new)?;
    if new == old {
        return Ok(old);
    }
    custom::update(tx, now, &new)?;
    let diff = json!({"key": [key, key], "required": [old.required, new.required], "searchable": [old.searchable, new.searchable]});
    note(tx, now, world, "field.changed", deed, diff)?;
    replaced(tx, now)?;
    find(tx, key)
}

/// Takes a field away. What homes say in it is no longer shown, and comes back with the field.
pub(crate) fn remove(tx: &mut Tx<'_>, now: Instant, world: &World, deed: Deed<'_>, key: &str) -> Result<()> {
    if !custom::delete(tx, key)? {
        return Err(no_such_field());
    }
    note(tx, now, world, "field.removed", deed, json!({"key": [key, null]}))?;
    Ok(replaced(tx, now)?)
}

fn find(conn: &mut Conn<'_>, key: &str) -> Result<Field> {
    custom::all(conn)?.into_iter().find(|field| field.key == key).ok_or_else(no_such_field)
}

fn no_such_field() -> Error {
    Error::not_found("There is no field with this key.")
}

/// Fields stand on the pages and in the texts of all homes.
fn replaced(tx: &mut Tx<'_>, now: Instant) -> DbResult<()> {
    events::append(tx, events::Kind::ListingsReplaced, ListingId::new().0, &json!({}), now)
}

fn note(tx: &mut Tx<'_>, now: Instant, world: &World, action: &'static str, deed: Deed<'_>, diff: Value) -> DbResult<()> {
    let actor = Actor::User(deed.by.user);
    audit::append(tx, now, &Entry { action, actor, on_behalf_of: None, object: None, reason: Some(deed.reason), diff, origin: &world.origin })
}
