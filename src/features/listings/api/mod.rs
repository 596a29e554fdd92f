//! `GET /listings/{id}`: the public page of a listing. `view.rs` says what is on it, `pages.rs` keeps it rendered,
//! `reference.rs` serves the lists guests filter by.

mod pages;
mod photos;
mod reference;
mod view;

pub use pages::ListingPages;
pub use photos::PhotoView;
pub use reference::ReferenceApi;

use crate::features::listings::gallery::{Gallery, NoGallery};
use crate::features::listings::service;
use crate::platform::access::{Action, Door};
use crate::platform::error::{Error, Result};
use crate::platform::http::Cached;
use crate::platform::tools::Tools;
use crate::values::ListingId;
use pages::Rendered;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use std::sync::Arc;
use uuid::Uuid;
use view::ListingView;

/// Who may come in.
pub const DOORS: &[Door] =
    &[Door::to("readListing", Action::Search), Door::to("listAmenities", Action::LookAround), Door::to("listPropertyTypes", Action::LookAround)];

/// Reading listings.
pub struct ListingsApi {
    tools: Tools,
    pages: ListingPages,
    gallery: Arc<dyn Gallery>,
}

impl ListingsApi {
    /// `pages` is shared with the reader of the event log, which calls [`ListingPages::forget`].
    #[must_use]
    pub fn new(tools: Tools, pages: ListingPages) -> Self {
        Self { tools, pages, gallery: Arc::new(NoGallery) }
    }

    /// With what knows the photos.
    #[must_use]
    pub fn with_gallery(mut self, gallery: Arc<dyn Gallery>) -> Self {
        self.gallery = gallery;
        self
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl ListingsApi {
    /// Everything the public may know of a listing.
    ///
    /// `location` is near the home, not at it. Listings that are not published answer 404.
    #[oai(path = "/listings/:id", method = "get", operation_id = "readListing")]
    async fn read(&self, id: Path<Uuid>) -> Result<Cached<ListingView>> {
        let id = ListingId(id.0);
        if let Some(page) = self.pages.find(id) {
            return Ok(page.answer());
        }
        let begun = self.pages.begin();
        let gallery = Arc::clone(&self.gallery);
        let found = self.tools.db.read(move |conn| {
            let Some(listing) = service::public_listing(conn, id)? else { return Ok::<_, Error>(None) };
            Ok(Some((listing, gallery.photos(conn, id)?)))
        });
        let (listing, photos) = found.await?.ok_or_else(|| Error::not_found("There is no such listing, or it is not published."))?;
        let page = Rendered::of(&ListingView::of(listing, photos));
        self.pages.keep(begun, id, page.clone());
        Ok(page.answer())
    }
}
