//! Rendered pages, so that a listing many people look at costs neither the database nor the rendering.

use crate::features::listings::views::Views;
use crate::platform::cache::{self, Cache, Sizes};
use crate::platform::db::DbError;
use crate::platform::events::{Event, Follower, Kind};
use crate::platform::http::{Cached, Prepared, etag};
use crate::values::{ListingId, language};
use bytes::Bytes;
use poem_openapi::types::{ToJSON, Type};
use std::sync::Arc;

/// Most bytes of pages that are kept: some six thousand listings.
const MOST_BYTES: u64 = 32 << 20;
/// A page in one language, and one with all photos and texts in twenty.
const SIZES: Sizes = Sizes { usual: 5_000, largest: 2 << 20 };
/// What an entry takes besides its text.
const OVERHEAD: usize = 200;

/// The rendered pages of listings, and how often they are read; cheap to clone, all clones are the same.
#[derive(Clone)]
pub struct ListingPages(Arc<Cache<ListingId, Arc<Page>>>, Views);

/// Drops the pages of listings that changed.
struct Forgetter(ListingPages);

impl Follower for Forgetter {
    fn follow(&mut self, events: &[Event]) -> Result<(), DbError> {
        for event in events {
            match Kind::parse(&event.kind) {
                Some(Kind::ListingChanged) => self.0.forget(ListingId(event.subject)),
                Some(Kind::ListingsReplaced) => self.0.forget_all(),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The page of one listing in every language it has.
#[derive(Debug)]
pub(super) struct Page {
    /// What the host wrote in; `None`: not said.
    pub(super) language: Option<String>,
    pub(super) original: Rendered,
    pub(super) translated: Vec<(String, Rendered)>,
}

impl Page {
    /// What suits somebody who wants to read `wanted` (as in `Accept-Language`); else what the host wrote.
    pub(super) fn in_language(&self, wanted: &str) -> &Rendered {
        let offered: Vec<&str> = self.language.as_deref().into_iter().chain(self.translated.iter().map(|(tag, _)| tag.as_str())).collect();
        let picked = language::pick(wanted, &offered);
        self.translated.iter().find(|(tag, _)| Some(tag.as_str()) == picked).map_or(&self.original, |(_, page)| page)
    }

    fn bytes(&self) -> usize {
        let others: usize = self.translated.iter().map(|(_, page)| page.json.len() + OVERHEAD).sum();
        self.original.json.len() + OVERHEAD + others
    }
}

/// JSON and its entity tag.
#[derive(Debug, Clone)]
pub(super) struct Rendered {
    json: Bytes,
    tag: Arc<str>,
}

impl Rendered {
    pub(super) fn of(value: &impl ToJSON) -> Self {
        // Without the room that was left to write more.
        let json = Bytes::from(value.to_json_string().into_boxed_str().into_boxed_bytes());
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
    /// Keeps them in step with the event log.
    #[must_use]
    pub fn follower(&self) -> Box<dyn Follower> {
        Box::new(Forgetter(self.clone()))
    }

    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Cache::of_bytes(MOST_BYTES, SIZES, |_, page: &Arc<Page>| page.bytes())), Views::default())
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

    pub(super) fn find(&self, id: ListingId) -> Option<Arc<Page>> {
        self.0.get(&id)
    }

    pub(super) fn begin(&self) -> cache::Page {
        self.0.begin()
    }

    pub(super) fn keep(&self, begun: cache::Page, id: ListingId, page: Arc<Page>) {
        self.0.keep(begun, id, page);
    }
}

impl Default for ListingPages {
    fn default() -> Self {
        Self::new()
    }
}
