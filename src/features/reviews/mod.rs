//! Reviews: what guests wrote about a listing, newest first. Writing them comes with bookings.

mod api;
mod personal;
mod service;
mod store;

pub use api::{DOORS, ReviewsApi};
pub use personal::AuthorData;
pub use service::{Ask, Page, Place, Review, page};
pub use store::{OF_AUTHOR, STATEMENTS};
