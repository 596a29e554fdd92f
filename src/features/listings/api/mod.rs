//! `GET /listings/{id}`: the public page of a listing. `view.rs` says what is on it, `pages.rs` keeps it rendered,
//! `reference.rs` serves the lists guests filter by. `homes.rs` is the edge of hosts, `texts.rs` of their translations, `staff.rs` of
//! staff, `fields.rs` of the operator's own fields.

mod co_hosts;
mod fields;
mod home_ask;
mod home_view;
mod home_wire;
mod homes;
mod hosting;
mod pages;
mod pen;
mod photos;
mod reference;
mod staff;
mod texts;
mod view;

pub use co_hosts::{CO_HOST_DOORS, CoHostsApi};
pub use fields::FieldsApi;
pub use homes::{Homes, HomesApi};
pub use hosting::{HOSTING_DOORS, HostingApi};
pub use pages::ListingPages;
pub use photos::PhotoView;
pub use reference::ReferenceApi;
pub use staff::ListingStaffApi;
pub use texts::TextsApi;

use crate::features::listings::gallery::{Gallery, NoGallery};
use crate::features::listings::service;
use crate::platform::access::{Action, Door};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::http::Cached;
use crate::platform::tools::Tools;
use crate::values::{ListingId, language};
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use std::sync::Arc;
use uuid::Uuid;
use view::ListingView;

/// Who may come in.
pub const DOORS: &[Door] = &[
    Door::to("readListing", Action::Search),
    Door::to("listAmenities", Action::LookAround),
    Door::to("listPropertyTypes", Action::LookAround),
    Door::to("listListingChoices", Action::LookAround),
    Door::to("createListing", Action::CreateListing),
    Door::to("readOwnListing", Action::EditListing),
    Door::to("changeListing", Action::EditListing),
    Door::to("putListingTexts", Action::EditListing),
    Door::to("dropListingTexts", Action::EditListing),
    Door::to("submitListing", Action::EditListing),
    Door::to("publishListing", Action::EditListing),
    Door::to("pauseListing", Action::EditListing),
    Door::to("archiveListing", Action::DeleteListing),
    Door::to("listListings", Action::Moderate),
    Door::to("readAnyListing", Action::Moderate),
    Door::to("approveListing", Action::Moderate),
    Door::to("rejectListing", Action::Moderate),
    Door::to("withholdListing", Action::Moderate),
    Door::to("releaseListing", Action::Moderate),
    Door::to("listCustomFields", Action::Moderate),
    Door::to("addCustomField", Action::Administer),
    Door::to("changeCustomField", Action::Administer),
    Door::to("removeCustomField", Action::Administer),
];

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
    /// `location` is near the home, not at it. Listings that are not published answer 404; their own people read them under
    /// `/me/listings/{id}`. The texts are in the language that suits `lang`, else `Accept-Language`, else as the host wrote them.
    #[oai(path = "/listings/:id", method = "get", operation_id = "readListing")]
    async fn read(
        &self,
        id: Path<Uuid>,
        /// The language to read, BCP 47.
        #[oai(validator(max_length = 100))]
        lang: Query<Option<String>>,
        /// Languages in the order in which they are liked.
        #[oai(name = "Accept-Language")]
        accept_language: Header<Option<String>>,
    ) -> Result<Cached<ListingView>> {
        let id = ListingId(id.0);
        let wanted = match lang.0 {
            Some(text) => language::tag(&text).ok_or_else(|| Error::of_parameter(Kind::Unacceptable, "invalid_language", "lang", "must be a language tag"))?,
            None => accept_language.0.unwrap_or_default(),
        };
        if let Some(page) = self.pages.find(id) {
            self.pages.views().count(id);
            return Ok(page.in_language(&wanted).answer());
        }
        let begun = self.pages.begin();
        let gallery = Arc::clone(&self.gallery);
        let found = self.tools.db.read_cut(move |conn| {
            let Some(listing) = service::public_listing(conn, id)? else { return Ok::<_, Error>(None) };
            Ok(Some((listing, gallery.photos(conn, id)?)))
        });
        let (listing, photos) = found.await?.ok_or_else(|| Error::not_found("There is no such listing, or it is not published."))?;
        let page = Arc::new(ListingView::page(listing, &photos));
        self.pages.keep(begun, id, Arc::clone(&page));
        self.pages.views().count(id);
        Ok(page.in_language(&wanted).answer())
    }
}
