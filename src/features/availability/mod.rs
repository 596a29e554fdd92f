//! Availability as a guest reads it: the public calendar of a listing, and why a stay can or cannot be booked.
//!
//! A leaf above `calendar` (what is free), `pricing` (what it costs) and `listings`: `pricing` knows the calendar's
//! days, so the answers that need both are put together here. Strangers never learn why a night is taken; the people of the listing do.

mod api;
mod rules;
mod service;

pub use api::{AvailabilityApi, DOORS};
pub use rules::{DayOutlook, DayTold, RangeRefusal, Status, outlook};
pub use service::{CalendarPage, Why, calendar_page, other_dates, told_calendar_page, why};
