//! A home's texts in further languages.

use super::super::store::homes::{self, Held};
use super::super::store::texts::{self, Translation};
use super::change::reconsider;
use super::world::{Request, World, announce, no_such_listing, note, take};
use crate::platform::access::Action;
use crate::platform::db::Tx;
use crate::platform::error::{Error, Kind, Result};
use crate::values::Instant;
use serde_json::json;

/// Most languages besides the host's own.
const MOST: usize = 20;

/// Puts the texts of one language in the place of those that were there.
pub(crate) fn translate(tx: &mut Tx<'_>, now: Instant, world: &World, request: Request<'_>, translation: &Translation) -> Result<Held> {
    let held = take(tx, world, request, Action::EditListing)?;
    let known = texts::of(tx, held.id)?;
    let old = known.iter().find(|one| one.language == translation.language);
    if old == Some(translation) {
        return Ok(held);
    }
    if old.is_none() && known.len() >= MOST {
        return Err(Error::refused(Kind::Conflict, "too_many_languages", format!("A home can be described in {MOST} further languages; drop one first.")));
    }
    texts::put(tx, held.id, translation)?;
    let renamed = old.map_or("", |old| &old.title) != translation.title;
    finish(tx, now, world, request, &held, (&[if renamed { "title" } else { "texts" }], &translation.language))
}

/// Drops the texts of one language.
pub(crate) fn drop(tx: &mut Tx<'_>, now: Instant, world: &World, request: Request<'_>, language: &str) -> Result<Held> {
    let held = take(tx, world, request, Action::EditListing)?;
    if !texts::drop(tx, held.id, language)? {
        return Err(Error::not_found("This home has no texts in that language."));
    }
    finish(tx, now, world, request, &held, (&["texts"], language))
}

fn finish(tx: &mut Tx<'_>, now: Instant, world: &World, request: Request<'_>, held: &Held, (changed, language): (&[&str], &str)) -> Result<Held> {
    homes::touch(tx, now, held.id)?;
    reconsider(tx, now, &world.config, held, changed)?;
    note(tx, now, world, "listing.changed", (request.caller, None), held.id, json!({"texts": [null, language]}))?;
    announce(tx, now, held.id)?;
    homes::find(tx, &world.keys, held.id)?.ok_or_else(no_such_listing)
}
