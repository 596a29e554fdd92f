//! What can be booked when: the calendar of a listing and the rules of docs/RULES.md, "Availability".
//!
//! [`rules`] holds the one function that decides; search, the public calendar, `why` and (later) quotes and
//! bookings all ask it. `store` reads the causes: booked nights, blocks, feed nights, day overrides;
//! [`calendar_of`] puts them together for one listing.

pub mod rules;
mod service;
mod store;

pub use rules::{Causes, DayOverride, Days, Numbers, Party, Rule, Terms, Verdict, explain, in_units, nearest, overlay, permits};
pub use service::{Calendar, calendar_of};
pub use store::{LOOK_BACK, Listed, STATEMENTS, causes, override_in, overrides, terms, terms_in};
