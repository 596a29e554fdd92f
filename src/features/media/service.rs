//! Use cases of photos, as functions of a transaction.

use super::rules::FileName;
use super::store::{self, Photo};
use crate::features::listings::gallery::{self, Gallery};
use crate::features::listings::{self, Guard, Publisher, Standing, State};
use crate::platform::access::{Action, Principal};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::config::Config;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, FieldError, Kind, Refused, Result};
use crate::platform::http::{IfMatch, etag};
use crate::platform::tools::Tools;
use crate::values::{Instant, ListingId, Origin};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Cards show the photo in this width, or the next narrower that there is.
const COVER_WIDTH: u32 = 1_024;

/// A developed picture whose files are on the shelf, with the words that came with it.
#[derive(Debug, Clone)]
pub(super) struct Shot {
    pub hash: String,
    pub width: u32,
    pub height: u32,
    pub blurhash: String,
    pub alt: String,
    pub file_name: String,
}

/// Who does something to the photos of a listing, from where.
#[derive(Clone)]
pub(super) struct Deed {
    pub by: Principal,
    pub origin: Origin,
    pub listing: ListingId,
    pub tools: Tools,
}

/// The photos of published listings, and of others to those who may edit them.
pub(super) fn read(conn: &mut Conn<'_>, caller: Option<&Principal>, listing: ListingId) -> Result<Vec<Photo>> {
    if !listings::is_public(conn, listing)? {
        listings::allowed(conn, caller, listing, Action::EditListing)?;
    }
    Ok(store::in_order(conn, listing)?)
}

/// Whether the caller may change the photos; what part staff may hide of a listing is not among it.
pub(super) fn may_edit(conn: &mut Conn<'_>, caller: &Principal, listing: ListingId) -> Result<Standing> {
    let standing = listings::allowed(conn, Some(caller), listing, Action::EditListing)?;
    if standing.limited.is_some() {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "You are known, but this is not yours to do."));
    }
    standing.must_live()?;
    Ok(standing)
}

/// Whether so many more fit in.
pub(super) fn room_for(conn: &mut Conn<'_>, listing: ListingId, more: usize, most: usize) -> Result<()> {
    if store::in_order(conn, listing)?.len() + more > most {
        return Err(Error::refused(Kind::Conflict, "too_many_photos", format!("A listing has {most} photos at most.")));
    }
    Ok(())
}

/// Before the files of a picture are put onto the shelf, so that they are found if nobody ever shows them.
pub(super) fn announce(tx: &mut Tx<'_>, now: Instant, hash: &str, width: u32, bytes: u64) -> Result<()> {
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    if store::announce(tx, now, hash, width, bytes)? { Ok(()) } else { Err(being_removed()) }
}

/// Adds photos behind those that are there, in one go; answers them.
pub(super) fn add(tx: &mut Tx<'_>, now: Instant, deed: &Deed, shots: &[Shot], most: usize) -> Result<Vec<Photo>> {
    store::hold(tx, deed.listing)?;
    may_edit(tx, &deed.by, deed.listing)?;
    room_for(tx, deed.listing, shots.len(), most)?;
    let first = store::next_place(tx, deed.listing)?;
    let mut added = Vec::new();
    for (place, shot) in (first..).zip(shots) {
        if !store::use_file(tx, &shot.hash)? {
            return Err(being_removed());
        }
        let photo = Photo {
            id: Uuid::now_v7(),
            hash: shot.hash.clone(),
            alt: shot.alt.clone(),
            width: shot.width.into(),
            height: shot.height.into(),
            blurhash: shot.blurhash.clone(),
            version: 1,
            file_name: shot.file_name.clone(),
            created_at: now,
        };
        store::insert(tx, now, deed.listing, place, &photo)?;
        added.push(photo);
    }
    let ids: Vec<Uuid> = added.iter().map(|photo| photo.id).collect();
    note(tx, now, deed, "photo.added", json!({"photos": [null, ids]}))?;
    show(tx, now, deed)?;
    Ok(added)
}

/// Says anew what is to be seen on a photo.
pub(super) fn describe(tx: &mut Tx<'_>, now: Instant, deed: &Deed, id: Uuid, if_match: &IfMatch, alt: &str) -> Result<Photo> {
    let old = editable(tx, deed, id, if_match)?;
    if old.alt == alt {
        return Ok(old);
    }
    if alt.is_empty() && deed.tools.config.media.alt_text_required && is_seen(tx, deed)? {
        let why = "Guests see this home, and each of its photos needs words for those who cannot see it.";
        return Err(Error::refused(Kind::Unacceptable, "listing_incomplete", why).with_error(FieldError::new("/body/alt", "required", "cannot be taken away")));
    }
    store::set_alt(tx, now, id, alt)?;
    note(tx, now, deed, "photo.changed", json!({"photo": [id, id]}))?;
    show(tx, now, deed)?;
    store::one(tx, deed.listing, id)?.ok_or_else(no_photo)
}

/// Whether guests see the home, or will when staff have looked at it: what it must have then, it keeps.
fn is_seen(tx: &mut Tx<'_>, deed: &Deed) -> Result<bool> {
    Ok(matches!(may_edit(tx, &deed.by, deed.listing)?.state, State::Published | State::Submitted))
}

/// Takes a photo off the listing. Its files go a day later, when nobody else shows them.
pub(super) fn remove(tx: &mut Tx<'_>, now: Instant, deed: &Deed, id: Uuid, if_match: &IfMatch) -> Result<()> {
    let photo = editable(tx, deed, id, if_match)?;
    if is_seen(tx, deed)? && deed.tools.config.listings.photo_required && store::in_order(tx, deed.listing)?.len() == 1 {
        let why = "Guests see this home, and it needs a photo: add another one first, or pause it.";
        return Err(Error::refused(Kind::Unacceptable, "listing_incomplete", why).with_error(FieldError::new("/photos", "required", "is the last one")));
    }
    store::delete(tx, id)?;
    store::release(tx, &photo.hash, now)?;
    note(tx, now, deed, "photo.removed", json!({"photo": [id, null]}))?;
    Ok(show(tx, now, deed)?)
}

/// Puts the photos into another order: all of them, each once.
pub(super) fn order(tx: &mut Tx<'_>, now: Instant, deed: &Deed, wanted: &[Uuid]) -> Result<()> {
    let there: Vec<Uuid> = store::in_order(tx, deed.listing)?.iter().map(|photo| photo.id).collect();
    let sorted = |ids: &[Uuid]| {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids
    };
    if sorted(wanted) != sorted(&there) {
        let message = "must name each photo of the listing once";
        let refused = Error::refused(Kind::Unacceptable, "photo_order", format!("photos: {message}."));
        return Err(refused.with_error(FieldError::new("/body/photos", "photo_order", message)));
    }
    if wanted == there {
        return Ok(());
    }
    for (place, id) in (0_i64..).zip(wanted) {
        store::set_place(tx, *id, place)?;
    }
    note(tx, now, deed, "photo.ordered", json!({"photos": [there, wanted]}))?;
    Ok(show(tx, now, deed)?)
}

/// Holds the photos of the listing, and answers one of them, when it is the caller's to change and still as they have read it.
fn editable(tx: &mut Tx<'_>, deed: &Deed, id: Uuid, if_match: &IfMatch) -> Result<Photo> {
    store::hold(tx, deed.listing)?;
    may_edit(tx, &deed.by, deed.listing)?;
    let photo = store::one(tx, deed.listing, id)?.ok_or_else(no_photo)?;
    if_match.check(&etag::of_version(photo.version))?;
    Ok(photo)
}

/// Before [`order`]: what is there now, for its entity tag.
pub(super) fn held(tx: &mut Tx<'_>, deed: &Deed) -> Result<Vec<Photo>> {
    store::hold(tx, deed.listing)?;
    may_edit(tx, &deed.by, deed.listing)?;
    Ok(store::in_order(tx, deed.listing)?)
}

/// The first photo is the one on the card.
fn show(tx: &mut Tx<'_>, now: Instant, deed: &Deed) -> DbResult<()> {
    let first = store::in_order(tx, deed.listing)?.into_iter().next();
    // Where there is none so narrow, the narrowest is the largest.
    let cover = first.and_then(|photo| {
        let files = files(&photo);
        files.iter().rev().find(|(width, _)| *width <= COVER_WIDTH).or(files.first()).cloned()
    });
    let publisher = Publisher { config: &deed.tools.config, keys: &deed.tools.keys };
    listings::set_cover(tx, now, publisher, deed.listing, cover.map(|(_, file)| file.address()).as_deref())
}

fn note(tx: &mut Tx<'_>, now: Instant, deed: &Deed, action: &'static str, diff: Value) -> DbResult<()> {
    let object = Some(("listing", deed.listing.0));
    let entry = Entry { action, actor: Actor::User(deed.by.user), on_behalf_of: None, object, reason: None, diff, origin: &deed.origin };
    audit::append(tx, now, &entry)
}

fn no_photo() -> Error {
    Error::not_found("There is no such photo.")
}

fn being_removed() -> Error {
    let mut refused = Refused::new(Kind::Busy, "photo_busy", "The same picture is being removed from storage right now; try again shortly.");
    refused.retry_after_seconds = Some(30);
    refused.into()
}

/// Asks for words on every photo before a home is published, unless `media.alt_text_required` is off.
pub struct PhotoGuard {
    config: Arc<Config>,
}

impl PhotoGuard {
    #[must_use]
    pub fn new(config: Arc<Config>) -> Self {
        Self { config }
    }
}

impl Guard for PhotoGuard {
    fn missing(&self, conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Vec<FieldError>> {
        if !self.config.media.alt_text_required {
            return Ok(Vec::new());
        }
        let unspoken = |(place, photo): (usize, Photo)| {
            photo.alt.is_empty().then(|| FieldError::new(format!("/photos/{place}/alt"), "required", "says what is to be seen, for those who cannot see it"))
        };
        Ok(store::in_order(conn, listing)?.into_iter().enumerate().filter_map(unspoken).collect())
    }
}

/// The photos for the pages of listings.
pub struct HouseGallery;

impl Gallery for HouseGallery {
    fn photos(&self, conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Vec<gallery::Photo>> {
        Ok(store::in_order(conn, listing)?.into_iter().map(shown).collect())
    }
}

/// As everybody may see it.
pub(super) fn shown(photo: Photo) -> gallery::Photo {
    let files = files(&photo).into_iter().map(|(width, file)| (width, file.address())).collect();
    gallery::Photo { id: photo.id, alt: photo.alt, blurhash: photo.blurhash, width: photo.width, height: photo.height, files, version: photo.version }
}

/// The files of a photo, narrowest first.
fn files(photo: &Photo) -> Vec<(u32, FileName)> {
    store::files(&photo.hash, u32::try_from(photo.width).unwrap_or_default())
}
