//! SQL of the import: hosts, homes with their calendars, reviews (`bulk.rs` for many rows at once), and its own runs.

mod bulk;
mod homes;
mod hosts;
mod runs;

pub(super) use homes::{HOME_OWNED, Known, booked_nights, known_homes, replace_home, write_piece_rows, write_reviews};
pub(super) use hosts::{HOST_OWNED, insert_hosts, known_hosts, listings_of_host, update_host};
pub use runs::unfinished;
pub(super) use runs::{Start, begin, finish, is_booked, last_shift};
