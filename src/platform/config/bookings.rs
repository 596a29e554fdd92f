//! `[bookings]`: how long nights are held for guests who have not paid yet.

use super::SettingsError;
use serde::{Deserialize, Serialize};

/// Bookings (docs/RULES.md, T1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bookings {
    /// Minutes for which nights are held until the guest has paid, 5 to 1,440.
    pub hold_minutes: u16,
    /// Hours for which they are held where the guest pays by bank transfer, 1 to 336.
    pub transfer_hours: u16,
    /// Hours before check-in from which on guests see the exact address and how to get in, 0 to 720.
    pub stay_guide_hours: u16,
    /// Requests in a row that a host has not answered until their homes are paused, 0 to 100; 0: never.
    pub pause_after_unanswered: u16,
}

impl Default for Bookings {
    fn default() -> Self {
        Self { hold_minutes: 15, transfer_hours: 72, stay_guide_hours: 48, pause_after_unanswered: 3 }
    }
}

impl Bookings {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if !(5..=1_440).contains(&self.hold_minutes) {
            return Err(SettingsError::of("bookings.hold_minutes", "is 5 to 1440"));
        }
        if !(1..=336).contains(&self.transfer_hours) {
            return Err(SettingsError::of("bookings.transfer_hours", "is 1 to 336"));
        }
        if self.pause_after_unanswered > 100 {
            return Err(SettingsError::of("bookings.pause_after_unanswered", "is 0 to 100"));
        }
        if self.stay_guide_hours <= 720 { Ok(()) } else { Err(SettingsError::of("bookings.stay_guide_hours", "is 0 to 720")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nights_are_held_for_five_minutes_to_a_day() {
        for (hold_minutes, good) in [(4, false), (5, true), (15, true), (1_440, true), (1_441, false)] {
            assert_eq!(Bookings { hold_minutes, ..Bookings::default() }.check().is_ok(), good, "{hold_minutes}");
        }
        for (transfer_hours, good) in [(0, false), (1, true), (336, true), (337, false)] {
            assert_eq!(Bookings { transfer_hours, ..Bookings::default() }.check().is_ok(), good, "{transfer_hours}");
        }
        for (stay_guide_hours, good) in [(0, true), (720, true), (721, false)] {
            assert_eq!(Bookings { pause_after_unanswered: stay_guide_hours, ..Bookings::default() }.check().is_ok(), stay_guide_hours <= 100);
            assert_eq!(Bookings { stay_guide_hours, ..Bookings::default() }.check().is_ok(), good, "{stay_guide_hours}");
        }
    }
}
