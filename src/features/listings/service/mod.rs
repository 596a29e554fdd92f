//! Use cases of the public reading of listings; what somebody is to a listing is in `standing.rs`.

pub(super) mod co_hosts;
pub(super) mod figures;
pub(super) mod standing;

use super::{property_types, store};
use crate::platform::db::{Conn, DbResult};
use crate::values::ListingId;

pub use super::store::{PublicHost, PublicListing, StayLimits};

/// What everybody may know of a listing; `None` unless it is published.
pub fn public_listing(conn: &mut Conn<'_>, id: ListingId) -> DbResult<Option<PublicListing>> {
    store::published(conn, id)
}

/// Whether everybody may see the listing.
pub fn is_public(conn: &mut Conn<'_>, id: ListingId) -> DbResult<bool> {
    store::is_published(conn, id)
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
