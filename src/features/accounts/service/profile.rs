//! Changing one's own profile.

use super::{World, note};
use crate::features::accounts::store::profile::{self, OwnProfile};
use crate::platform::audit::{self, Actor};
use crate::platform::db::{DbResult, Tx};
use crate::platform::events::{self, Kind};
use crate::values::{Instant, UserId};
use serde_json::{Map, Value, json};

/// What is to be changed; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes {
    pub name: Option<String>,
    pub about: Option<String>,
    pub location: Option<String>,
    pub languages: Option<Vec<String>>,
    pub locale: Option<Option<String>>,
    pub currency: Option<Option<String>>,
}

/// Changes the profile `old`, which was read in this transaction after `accounts::hold`.
pub(crate) fn change(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, old: &OwnProfile, changes: &Changes) -> DbResult<()> {
    let mut new = old.clone();
    let Changes { name, about, location, languages, locale, currency } = changes.clone();
    new.name = name.unwrap_or(new.name);
    new.about = about.unwrap_or(new.about);
    new.location = location.unwrap_or(new.location);
    new.languages = languages.unwrap_or(new.languages);
    new.locale = locale.unwrap_or(new.locale);
    new.currency = currency.unwrap_or(new.currency);
    let diff = diff(world, old, &new);
    if diff.is_empty() {
        return Ok(());
    }
    profile::store(tx, now, user, &new)?;
    note(tx, now, world, "profile.changed", Actor::User(user), Some(user), Value::Object(diff))?;
    // The pages of their homes, and the search index, name the host.
    for listing in profile::published_by(tx, user)? {
        events::append(tx, Kind::ListingChanged, listing.0, &json!({}), now)?;
    }
    Ok(())
}

/// What changed. The trail outlives the person: what tells who they are is in it as a hash only.
fn diff(world: &World, old: &OwnProfile, new: &OwnProfile) -> Map<String, Value> {
    let hashed = |text: &str| audit::hashed(&world.keys, text);
    let mut diff = Map::new();
    for (field, old, new) in [("name", &old.name, &new.name), ("about", &old.about, &new.about), ("location", &old.location, &new.location)] {
        if old != new {
            diff.insert(field.into(), json!([hashed(old), hashed(new)]));
        }
    }
    if old.languages != new.languages {
        diff.insert("languages".into(), json!([hashed(&old.languages.join(" ")), hashed(&new.languages.join(" "))]));
    }
    for (field, old, new) in [("locale", &old.locale, &new.locale), ("currency", &old.currency, &new.currency)] {
        if old != new {
            diff.insert(field.into(), json!([old, new]));
        }
    }
    diff
}
