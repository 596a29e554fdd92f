//! `/listings/{id}/photos`: the photos of a listing. `upload.rs` is the body of an upload and how it is received, `file.rs` serves the
//! files themselves.

mod file;
mod incoming;
mod upload;

pub use file::PhotoFilesApi;

use super::house::Media;
use super::rules::words;
use super::service::{self, Deed, Shot};
use super::store::Photo;
use crate::features::listings::PhotoView;
use crate::platform::access::{Action, Door, Meter};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Cached, Caller, Created, Done, IfMatch, Known, Nothing, PREFIX, Prepared, Visitor, etag};
use crate::platform::idempotency::Once;
use crate::values::ListingId;
use incoming::Incoming;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use std::sync::Arc;
use uuid::Uuid;

/// Who may come in.
pub const DOORS: &[Door] = &[
    Door::to("listPhotos", Action::Search),
    Door::to("addPhotos", Action::EditListing).with_streamed_body(),
    Door::to("changePhoto", Action::EditListing),
    Door::to("removePhoto", Action::EditListing),
    Door::to("orderPhotos", Action::EditListing),
    Door::to("readPhotoFile", Action::LookAround).counted_as(Meter::Picture),
];

/// The photos of a listing in its host's order.
#[derive(Object)]
struct PhotosView {
    data: Vec<PhotoView>,
}

/// What to change of a photo.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PhotoPatch {
    /// What is to be seen, for those who cannot see it: one line of at most 500 characters.
    #[oai(validator(max_length = 2_000))]
    alt: String,
}

/// The new order.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PhotoOrder {
    /// The ids of all photos of the listing, each once. The first is shown on cards.
    #[oai(validator(max_items = 500))]
    photos: Vec<Uuid>,
}

impl PhotosView {
    fn of(photos: Vec<Photo>) -> Self {
        Self { data: photos.into_iter().map(|photo| PhotoView::of(service::shown(photo))).collect() }
    }
}

fn view(photo: Photo) -> PhotoView {
    PhotoView::of(service::shown(photo))
}

/// Photos of listings.
pub struct PhotosApi {
    media: Media,
}

impl PhotosApi {
    #[must_use]
    pub fn new(media: Media) -> Self {
        Self { media }
    }
}

fn deed(media: &Media, caller: &Caller, visitor: &Visitor, listing: Uuid) -> Deed {
    Deed { by: (**caller).clone(), origin: visitor.origin(), listing: ListingId(listing), tools: media.tools.clone() }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl PhotosApi {
    /// The photos of a listing. Those of an unpublished one are for who may edit it.
    #[oai(path = "/listings/:id/photos", method = "get", operation_id = "listPhotos")]
    async fn list(&self, caller: Known, id: Path<Uuid>) -> Result<Cached<PhotosView>> {
        let listing = ListingId(id.0);
        let photos = self.media.tools.db.read(move |conn| service::read(conn, caller.0.as_deref(), listing)).await?;
        Ok(Cached::fresh(Prepared::of(&PhotosView::of(photos))))
    }

    /// Add photos: JPEG, PNG or WebP, whatever their names say.
    ///
    /// Each is decoded, turned upright and written anew as JPEG in up to three widths; nothing of its metadata is kept. Either all
    /// files of a request are added, behind the photos that are there, or none.
    #[oai(path = "/listings/:id/photos", method = "post", operation_id = "addPhotos")]
    async fn add(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, incoming: Incoming) -> Result<Created<PhotosView>> {
        let deed = deed(&self.media, &caller, &visitor, id.0);
        let received = upload::receive(&self.media, &deed, &incoming).await;
        if received.is_err() {
            incoming.linger().await;
        }
        let (shots, most): (Arc<[Shot]>, usize) = (received?.into(), self.media.tools.config.media.photos_per_listing);
        let location = format!("{PREFIX}/listings/{}/photos", id.0);
        let added = self.media.tools.db.write_once(&once, move |tx, now| {
            let photos = service::add(tx, now, &deed, &shots, most)?;
            Ok(Created::at(location.clone(), PhotosView::of(photos)))
        });
        added.await
    }

    /// Say what is to be seen on a photo.
    #[oai(path = "/listings/:id/photos/:pid", method = "patch", operation_id = "changePhoto")]
    async fn change(
        &self,
        caller: Caller,
        visitor: Visitor,
        id: Path<Uuid>,
        pid: Path<Uuid>,
        if_match: IfMatch,
        patch: Json<PhotoPatch>,
    ) -> Result<Done<PhotoView>> {
        let (deed, photo, alt) = (deed(&self.media, &caller, &visitor, id.0), pid.0, words::alt(&patch.0.alt)?);
        let changed = self.media.tools.db.write(move |tx, now| {
            let photo = service::describe(tx, now, &deed, photo, &if_match, &alt)?;
            let tag = etag::of_version(photo.version);
            Ok::<_, Error>(Done::now(view(photo)).with_etag(tag))
        });
        changed.await
    }

    /// Take a photo off the listing. Its address answers for a day more.
    #[oai(path = "/listings/:id/photos/:pid", method = "delete", operation_id = "removePhoto")]
    async fn remove(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>, pid: Path<Uuid>, if_match: IfMatch) -> Result<Nothing> {
        let (deed, photo) = (deed(&self.media, &caller, &visitor, id.0), pid.0);
        let removed = self.media.tools.db.write(move |tx, now| {
            service::remove(tx, now, &deed, photo, &if_match)?;
            Ok::<_, Error>(Nothing::more())
        });
        removed.await
    }

    /// Put the photos into another order. `If-Match` takes the tag of the list.
    #[oai(path = "/listings/:id/photos/order", method = "put", operation_id = "orderPhotos")]
    async fn order(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>, if_match: IfMatch, wanted: Json<PhotoOrder>) -> Result<Done<PhotosView>> {
        let (deed, wanted) = (deed(&self.media, &caller, &visitor, id.0), wanted.0.photos);
        let ordered = self.media.tools.db.write(move |tx, now| {
            let there = service::held(tx, &deed)?;
            if_match.check(&Prepared::of(&PhotosView::of(there)).etag())?;
            service::order(tx, now, &deed, &wanted)?;
            let view = PhotosView::of(service::held(tx, &deed)?);
            Ok::<_, Error>(Done::now(view).with_own_etag())
        });
        ordered.await
    }
}
