//! What strangers read: listings, calendars, reviews, profiles. Each story speaks HTTP to the public door.

mod calendar;
mod listings;
mod reviews;
pub(crate) mod street;
