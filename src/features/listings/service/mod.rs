//! Use cases of listings. Here the public reading; `standing.rs` is what somebody is to a listing, `world.rs` how one is taken for a
//! change, `change.rs` the writing, `life.rs` publishing and archiving, `staff.rs` what staff decide, `texts.rs` further languages,
//! `custom.rs` the operator's own fields, `private.rs` what only confirmed guests are told, `guards.rs` who else is asked, `cover.rs` what is shown
//! first.

pub(super) mod change;
pub(super) mod co_hosts;
pub(super) mod cover;
pub(super) mod custom;
pub(super) mod figures;
pub(super) mod guards;
pub(super) mod life;
pub(super) mod private;
pub(super) mod staff;
pub(super) mod standing;
pub(super) mod texts;
pub(super) mod world;

use super::{property_types, store};
use crate::platform::db::{Conn, DbResult};
use crate::values::{ListingId, UserId};

pub use super::store::{PublicHost, PublicListing, StayLimits};

/// What everybody may know of a listing; `None` unless it is published.
pub fn public_listing(conn: &mut Conn<'_>, id: ListingId) -> DbResult<Option<PublicListing>> {
    store::published(conn, id)
}

/// Whether everybody may see the listing.
pub fn is_public(conn: &mut Conn<'_>, id: ListingId) -> DbResult<bool> {
    store::is_published(conn, id)
}

/// All listings of a host, in any state.
pub fn listings_of(conn: &mut Conn<'_>, host: UserId) -> DbResult<Vec<ListingId>> {
    store::of_host(conn, host)
}

/// A property type that some published listing has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyType {
    pub slug: String,
    /// What an English reader sees.
    pub name: String,
}

/// The property types of all published listings, in the order of their slugs.
pub fn property_types_in_use(conn: &mut Conn<'_>) -> DbResult<Vec<PropertyType>> {
    let slugs = store::property_types(conn)?;
    Ok(slugs.into_iter().map(|slug| PropertyType { name: property_types::name(&slug), slug }).collect())
}
