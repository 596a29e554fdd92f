//! Listings: the homes, what they offer and how they are described.
//!
//! [`amenities`] and [`property_types`] are what guests filter by; `rules` holds the arithmetic of ratings. The
//! public page of a listing is [`public_listing`], rendered once and kept until the event log says otherwise
//! ([`ListingPages`]). Hosts write their homes at [`HomesApi`]; other features are asked as [`Guard`]s. What is free and what it costs is told by `calendar` and `pricing`.

pub mod amenities;
mod api;
pub mod gallery;
mod jobs;
mod personal;
mod place;
pub mod property_types;
mod rules;
mod service;
mod store;
mod views;

pub use api::{
    CO_HOST_DOORS, CoHostsApi, DOORS, FieldsApi, HOSTING_DOORS, Homes, HomesApi, HostingApi, ListingPages, ListingStaffApi, ListingsApi, PhotoView,
    ReferenceApi, TextsApi,
};
pub use jobs::jobs;
pub use personal::HostData;
pub use place::PlaceKey;
pub use rules::custom::{FieldValue, FieldValues, SearchableFields};
pub use rules::mean_centi;
pub use rules::words::{line, prose};
pub use service::change::may_become;
pub use service::cover::{Publisher, set_cover};
pub use service::custom::searchable_fields;
pub use service::guards::{Guard, Guards, Left, PolicyChoice, UnitKeeper};
pub use service::life::pause_silent;
pub use service::private::{private_part, set_private_part};
pub use service::standing::{Standing, State, allowed, lock_calendar, relation_of, standing_of};
pub use service::{PropertyType, PublicHost, PublicListing, StayLimits, is_public, listings_of, property_types_in_use, public_listing};
pub use store::{HOME, HOST_APPROVED, STANDING, STATEMENTS, TAKEN, TRANSLATIONS, hosting_statements, list_statements};
pub use views::Views;
