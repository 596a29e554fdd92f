//! Listings: the homes, what they offer and how they are described.
//!
//! [`amenities`] and [`property_types`] are what guests filter by; `rules` holds the arithmetic of ratings. The
//! public page of a listing is [`public_listing`], rendered once and kept until the event log says otherwise
//! ([`ListingPages`]). What is free and what it costs is told by `calendar` and `pricing`.

pub mod amenities;
mod api;
mod jobs;
mod personal;
mod place;
pub mod property_types;
mod rules;
mod service;
mod store;
mod views;

pub use api::{CO_HOST_DOORS, CoHostsApi, DOORS, HOSTING_DOORS, HostingApi, ListingPages, ListingsApi, ReferenceApi};
pub use jobs::jobs;
pub use personal::HostData;
pub use place::PlaceKey;
pub use rules::mean_centi;
pub use service::standing::{Standing, State, allowed, lock_calendar};
pub use service::{PropertyType, PublicHost, PublicListing, StayLimits, is_public, property_types_in_use, public_listing};
pub use store::{STANDING, STATEMENTS, hosting_statements};
pub use views::Views;
