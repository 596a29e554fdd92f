//! Use cases of feeds, as functions of a transaction: what hosts do to feeds and exports, what a fetch changes, what another site is told.

pub(super) mod conflicts;
pub(super) mod exports;
pub(super) mod feeds;
pub(super) mod letters;
pub(super) mod sync;

use super::rules::entries::Ids;
use super::store::feeds::Feed;
use crate::platform::access::Principal;
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::config::Config;
use crate::platform::db::{DbResult, Tx};
use crate::platform::keys::{Keys, Unopened};
use crate::platform::tools::Tools;
use crate::values::{Instant, ListingId, Origin, UserId};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// What a use case needs of the world besides its transaction: cheap to clone into a closure that may run twice.
#[derive(Clone)]
pub(crate) struct World {
    pub keys: Arc<Keys>,
    pub config: Arc<Config>,
    pub origin: Origin,
}

impl World {
    pub(crate) fn of(tools: &Tools, origin: Origin) -> Self {
        Self { keys: Arc::clone(&tools.keys), config: Arc::clone(&tools.config), origin }
    }

    /// The address of a feed.
    pub(crate) fn address(&self, feed: &Feed) -> Result<String, Unopened> {
        let plain = self.keys.unseal(&place(feed.id), &feed.address_sealed)?;
        String::from_utf8(plain).map_err(|_not_text| Unopened)
    }

    /// The ids of a listing's entries.
    pub(crate) fn ids(&self, listing: ListingId) -> Ids {
        Ids::new(self.keys.derive("calendar entries"), listing)
    }
}

/// Who acts on which listing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct By<'a> {
    pub caller: &'a Principal,
    pub listing: ListingId,
}

impl By<'_> {
    fn user(&self) -> UserId {
        self.caller.user
    }
}

/// An entry of the audit trail about a listing.
fn note(tx: &mut Tx<'_>, now: Instant, world: &World, action: &'static str, by: By<'_>, diff: Value) -> DbResult<()> {
    let object = Some(("listing", by.listing.0));
    audit::append(tx, now, &Entry { action, actor: Actor::User(by.user()), on_behalf_of: None, object, reason: None, diff, origin: &world.origin })
}

/// What the address of a feed is sealed for.
fn place(feed: Uuid) -> String {
    format!("calendar_feeds.address {feed}")
}
