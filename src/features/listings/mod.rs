//! Listings: the homes, what they offer and how they are described.

pub mod amenities;
pub mod property_types;
