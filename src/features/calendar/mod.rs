//! What can be booked when: the calendar of a listing and the rules of docs/RULES.md, "Availability".
//!
//! [`rules`] holds the one function that decides; search, the public calendar, `why`, quotes and bookings all ask it. `store` reads
//! the causes: booked nights, blocks, feed nights, day overrides, seasons; [`calendar_of`] puts them together for one listing.
//! [`claim`] takes nights and [`release`] gives them back, in the transaction of whoever books; hosts edit through `api`.

mod api;
mod personal;
pub mod rules;
mod service;
mod store;

pub use api::{CalendarApi, DOORS};
pub use personal::CalendarData;
pub use rules::{Causes, DayOverride, Days, Held, Numbers, Party, Rule, Terms, Verdict, explain, nearest, overlay, permits};
pub use service::claim::{Claim, Claimed, Lifetime, TakenNights, Unavailable, claim, confirm, extend, pin, release, release_from};
pub use service::edit::block;
pub use service::log::{LogEntry, LogKind, note};
pub use service::units::{CalendarUnits, set_unit_count};
pub use service::{Calendar, calendar_in_any_state, calendar_of, calendar_without};
pub use store::causes::{Causes as ToldCauses, NightOfStay, causes_told};
pub use store::{LOOK_BACK, Listed, Notice, causes, elsewhere, held_in, override_in, overrides, seasons_in, statements, terms, terms_in};
