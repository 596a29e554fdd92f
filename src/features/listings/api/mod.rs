//! `GET /listings/{id}`: the public page of a listing. `view.rs` says what is on it, `pages.rs` keeps it rendered,
//! `reference.rs` serves the lists guests filter by.

mod co_hosts;
mod hosting;
mod pages;
mod reference;
mod view;

pub use co_hosts::{CO_HOST_DOORS, CoHostsApi};
pub use hosting::{HOSTING_DOORS, HostingApi};
pub use pages::ListingPages;
pub use reference::ReferenceApi;

use crate::features::listings::service;
use crate::platform::access::{Action, Door};
use crate::platform::error::{Error, Result};
use crate::platform::http::Cached;
use crate::platform::tools::Tools;
use crate::values::ListingId;
use pages::Rendered;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use uuid::Uuid;
use view::ListingView;

/// Who may come in.
pub const DOORS: &[Door] =
    &[Door::to("readListing", Action::Search), Door::to("listAmenities", Action::LookAround), Door::to("listPropertyTypes", Action::LookAround)];

/// Reading listings.
pub struct ListingsApi {
    tools: Tools,
    pages: ListingPages,
}

impl ListingsApi {
    /// `pages` is shared with the reader of the event log, which calls [`ListingPages::forget`].
    #[must_use]
    pub fn new(tools: Tools, pages: ListingPages) -> Self {
        Self { tools, pages }
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
            self.pages.views().count(id);
            return Ok(page.answer());
        }
        let begun = self.pages.begin();
        let listing = self.tools.db.read(move |conn| service::public_listing(conn, id).map_err(Error::from)).await?;
        let listing = listing.ok_or_else(|| Error::not_found("There is no such listing, or it is not published."))?;
        let page = Rendered::of(&ListingView::of(listing));
        self.pages.keep(begun, id, page.clone());
        self.pages.views().count(id);
        Ok(page.answer())
    }
}
