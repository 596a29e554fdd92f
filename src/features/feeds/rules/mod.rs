//! Rules of feeds, pure: reading calendars of other sites, writing our own, when to ask again.
//!
//! `lines.rs` unfolds, `components.rs` finds the events, `times.rs` and `repeats.rs` say when they are, `dialects.rs` what they stand for,
//! and `reading.rs` which nights they take. `snapshot.rs` compares those with what is stored. The other way round `entries.rs` decides what another site
//! is told, and `writing.rs` writes it. `polling.rs` knows when a feed is asked again.

mod components;
mod dialects;
pub mod entries;
mod lines;
pub mod polling;
mod reading;
mod repeats;
pub mod snapshot;
mod times;
pub mod writing;

pub use dialects::Class;
pub use reading::{HORIZON, Manner, Reading, Seen, read, read_nights};

/// Why a whole calendar is not taken over; what it said before stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it is not a calendar, or not a whole one")]
    NotACalendar,
    #[error("none of its events has a date that can be read")]
    NoDates,
    #[error("it has more than 5,000 events")]
    TooManyEvents,
    #[error("one of its events has more than 100 properties")]
    TooManyProperties,
    #[error("its components are nested too deep")]
    TooDeep,
    #[error("its events repeat more than 2,000 times")]
    TooManyRepeats,
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Takes,
    Cancelled,
    Transparent,
    SameDay,
    Marker,
    Window,
    Past,
    Beyond,
    Own,
    Unreadable,
}

impl Verdict {
    /// In words, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Takes => "takes these nights",
            Self::Cancelled => "takes nothing: it is cancelled (STATUS)",
            Self::Transparent => "takes nothing: it is transparent (TRANSP)",
            Self::SameDay => "takes nothing: it begins and ends on the same day",
            Self::Marker => "takes nothing: it marks an arrival or a departure",
            Self::Window => "takes nothing: it is the other site's booking window or notice (ignore_window_blocks)",
            Self::Past => "takes nothing: it is over",
            Self::Beyond => "takes nothing: it is more than three years ahead",
            Self::Own => "takes nothing: it came from this listing",
            Self::Unreadable => "takes nothing: its beginning cannot be read",
        }
    }
}

/// Something odd that was read over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    UnknownZone,
    EndsBeforeItBegins,
    NoEnd,
    UnknownRule,
    TimesOfRule,
    UnknownDate,
}

impl Warning {
    /// In words, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::UnknownZone => "its time zone is not known; its times are taken as UTC",
            Self::EndsBeforeItBegins => "it ends before it begins",
            Self::NoEnd => "its end cannot be read",
            Self::UnknownRule => "its rule of repetition is not understood; only the first time counts",
            Self::TimesOfRule => "hours, minutes and seconds of its rule are not followed",
            Self::UnknownDate => "one of its dates (RDATE, EXDATE) cannot be read",
        }
    }
}
