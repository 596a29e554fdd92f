//! How long a stay may be, as bits: for each number of nights, who surely takes it and who must be asked.
//!
//! Minimum and maximum may differ by arrival day (A11). A listing whose strictest minimum and maximum allow `n`
//! nights is `sure`; one where only the most generous days do is `maybe`, and its arrival day is looked up.

use super::bits::Bitmap;
use crate::features::calendar::rules::{Days, Terms};
use std::num::NonZeroU16;

/// Stays of up to this many nights have bitmaps; longer ones are looked up one by one.
pub(super) const LEVELS: u16 = 32;

#[derive(Debug)]
pub(crate) struct Lengths {
    levels: Vec<Level>,
}

/// Who takes stays of one length.
#[derive(Debug)]
struct Level {
    sure: Bitmap,
    maybe: Bitmap,
}

/// The smallest and largest of the minimum and of the maximum over all arrival days.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    min: (u16, u16),
    max: (u16, u16),
}

impl Bounds {
    fn of(terms: &Terms, days: &Days) -> Self {
        let widen = |(low, high): (u16, u16), value: Option<NonZeroU16>| value.map_or((low, high), |v| (low.min(v.get()), high.max(v.get())));
        let own = Self { min: (terms.min_nights, terms.min_nights), max: (terms.max_nights, terms.max_nights) };
        let own = terms.arrival_min_nights.iter().fold(own, |b, min| Self { min: widen(b.min, NonZeroU16::new(*min)), ..b });
        days.overrides.iter().fold(own, |b, day| Self { min: widen(b.min, day.min_nights), max: widen(b.max, day.max_nights) })
    }

    fn sure(self, nights: u16) -> bool {
        self.min.1 <= nights && nights <= self.max.0
    }

    fn possible(self, nights: u16) -> bool {
        self.min.0 <= nights && nights <= self.max.1
    }
}

impl Lengths {
    /// Nobody yet, with room for so many listings.
    pub(crate) fn with_room(room: usize) -> Self {
        Self { levels: (0..LEVELS).map(|_| Level { sure: Bitmap::with_room(room), maybe: Bitmap::with_room(room) }).collect() }
    }

    pub(crate) fn put(&mut self, ordinal: u32, terms: &Terms, days: &Days) {
        let bounds = Bounds::of(terms, days);
        for (nights, level) in (1..).zip(&mut self.levels) {
            let sure = bounds.sure(nights);
            level.sure.set(ordinal, sure);
            level.maybe.set(ordinal, !sure && bounds.possible(nights));
        }
    }

    /// The sets one by one: the sure of one night, its maybe, the sure of two nights …
    pub(super) fn set(&self, n: usize) -> Option<&Bitmap> {
        self.levels.get(n / 2).map(|level| if n.is_multiple_of(2) { &level.sure } else { &level.maybe })
    }

    /// Back from [`Lengths::set`].
    pub(super) fn from_sets(sets: Vec<Bitmap>) -> Option<Self> {
        let mut sets = sets.into_iter();
        let levels: Option<Vec<Level>> = (0..LEVELS).map(|_| Some(Level { sure: sets.next()?, maybe: sets.next()? })).collect();
        levels.filter(|_| sets.next().is_none()).map(|levels| Self { levels })
    }

    /// Who surely takes stays of so many nights, and who must be asked. `None`: ask everybody.
    pub(crate) fn of(&self, nights: u16) -> Option<(&Bitmap, &Bitmap)> {
        self.levels.get(usize::from(nights) - 1).map(|level| (&level.sure, &level.maybe))
    }
}

/// Whether a listing takes stays of so many nights on every day of arrival; `None`: on some of them perhaps.
pub(super) fn takes(terms: &Terms, days: &Days, nights: u16) -> Option<bool> {
    let bounds = Bounds::of(terms, days);
    if bounds.sure(nights) { Some(true) } else { (!bounds.possible(nights)).then_some(false) }
}
