//! The rules of bookings, pure: which state follows which, who may bring it about, and what a booking is (docs/RULES.md, "Bookings").

pub mod booking;
pub mod code;
pub mod state;
