//! Rendered pages, so that a listing many people look at costs neither the database nor the rendering.

use crate::features::listings::views::Views;
use crate::platform::cache::{Cache, Page};
use crate::platform::http::{Cached, Prepared, etag};
use crate::values::ListingId;
use bytes::Bytes;
use poem_openapi::types::{ToJSON, Type};
use std::sync::Arc;

/// Most bytes of pages that are kept: some ten thousand listings.
const MOST_BYTES: u64 = 32 << 20;
/// What an entry takes besides its text.
const OVERHEAD: usize = 200;

/// The rendered pages of listings, and how often they are read; cheap to clone, all clones are the same.
#[derive(Clone)]
pub struct ListingPages(Arc<Cache<ListingId, Rendered>>, Views);

/// JSON and its entity tag.
#[derive(Debug, Clone)]
pub(super) struct Rendered {
    json: Bytes,
    tag: Arc<str>,
}

impl Rendered {
    pub(super) fn of(value: &impl ToJSON) -> Self {
        let json = Bytes::from(value.to_json_string());
        Self { tag: etag::of(&json).into(), json }
    }

    /// To be asked for again each time, answered with 304 where nothing changed.
    pub(super) fn answer<T: Type>(&self) -> Cached<T> {
        Cached::Fresh(Prepared::new(self.json.clone()), self.tag.to_string(), "no-cache".to_owned())
    }

    /// Good for a day.
    pub(super) fn answer_for_a_day<T: Type>(&self) -> Cached<T> {
        Cached::Fresh(Prepared::new(self.json.clone()), self.tag.to_string(), "public, max-age=86400".to_owned())
    }
}

impl ListingPages {
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Cache::new(MOST_BYTES, |_, page: &Rendered| u32::try_from(page.json.len() + OVERHEAD).unwrap_or(u32::MAX))), Views::default())
    }

    /// How often they are read; its task writes that down.
    #[must_use]
    pub fn views(&self) -> &Views {
        &self.1
    }

    /// Drops the page of a listing that changed; for the event log's `ListingChanged`.
    pub fn forget(&self, id: ListingId) {
        self.0.forget(&id);
    }

    /// Drops all pages; for the event log's `ListingsReplaced`.
    pub fn forget_all(&self) {
        self.0.forget_all();
    }

    pub(super) fn find(&self, id: ListingId) -> Option<Rendered> {
        self.0.get(&id)
    }

    pub(super) fn begin(&self) -> Page {
        self.0.begin()
    }

    pub(super) fn keep(&self, begun: Page, id: ListingId, page: Rendered) {
        self.0.keep(begun, id, page);
    }
}

impl Default for ListingPages {
    fn default() -> Self {
        Self::new()
    }
}
