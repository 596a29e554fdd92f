//! Reviews: what guests wrote about a listing, newest first. Writing them comes with bookings.

mod api;
mod service;
mod store;

pub use api::{DOORS, ReviewsApi};
pub use service::{Ask, Page, Place, Review, page};
pub use store::STATEMENTS;
