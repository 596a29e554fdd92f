//! `/bookings`: booking a stay, and what both sides do with it. What is shown is drawn in `views.rs`.

mod acts;
mod bookings;
mod views;

pub use bookings::BookingsApi;

use crate::platform::access::{Action, Door};

/// Who may come in; on which side of a booking somebody is, is for the use case.
pub const DOORS: &[Door] = &[
    Door::to("makeBooking", Action::Book),
    Door::to("listBookings", Action::SeeGuestContact),
    Door::to("readBooking", Action::SeeGuestContact),
    Door::to("acceptBooking", Action::AnswerBooking),
    Door::to("declineBooking", Action::AnswerBooking),
    Door::to("withdrawBooking", Action::CancelBooking),
    Door::to("checkInBooking", Action::AnswerBooking),
    Door::to("checkOutBooking", Action::AnswerBooking),
    Door::to("markNoShow", Action::AnswerBooking),
];
