//! Which nights are taken: one bitmap a night over all listings.
//!
//! Whether a stay is free for a million listings is a handful of `and not` over 125 kB each, instead of a million
//! calendars. A night that nobody has taken has no bitmap and costs nothing.

use super::bits::Bitmap;
use crate::values::{Night, NightRange, Stay};

/// How far ahead nights are kept: the longest window (1,095 days) and the longest stay behind it.
pub(super) const HORIZON: i32 = 1_095 + 366 + 30;

#[derive(Debug)]
pub(crate) struct Nights {
    /// The night of the first bitmap; earlier ones are in the past.
    base: Night,
    /// How many listings a new bitmap has room for.
    room: usize,
    taken: Vec<Option<Box<Bitmap>>>,
}

impl Nights {
    pub(crate) fn new(base: Night, room: usize) -> Self {
        Self { base, room, taken: Vec::new() }
    }

    /// The first night that is kept.
    pub(crate) fn base(&self) -> Night {
        self.base
    }

    /// Takes nights of a listing.
    pub(crate) fn take(&mut self, ordinal: u32, ranges: &[NightRange]) {
        for range in ranges {
            for place in self.places(*range) {
                if self.taken.len() <= place {
                    self.taken.resize_with(place + 1, || None);
                }
                self.taken[place].get_or_insert_with(|| Box::new(Bitmap::with_room(self.room))).insert(ordinal);
            }
        }
    }

    /// Frees every night of a listing.
    pub(crate) fn clear(&mut self, ordinal: u32) {
        self.taken.iter_mut().flatten().for_each(|night| night.remove(ordinal));
    }

    /// The listings that are taken in each night of the stay that anybody has taken.
    pub(crate) fn taken(&self, stay: Stay) -> impl Iterator<Item = &Bitmap> {
        self.places(stay.range()).filter_map(|place| self.taken.get(place)?.as_deref())
    }

    /// The listings that are taken in this night; `None` where nobody is.
    pub(crate) fn taken_on(&self, night: Night) -> Option<&Bitmap> {
        let place = usize::try_from(self.base.days_until(night)).ok()?;
        self.taken.get(place)?.as_deref()
    }

    /// How many of `listings` have every night of the stay free.
    pub(crate) fn count_free(&self, listings: &Bitmap, stay: Stay) -> usize {
        let taken: Vec<&Bitmap> = self.taken(stay).collect();
        listings.count_without(&taken)
    }

    /// How many nights from the first on have a place, and the set of one of them.
    pub(super) fn len(&self) -> usize {
        self.taken.len()
    }

    pub(super) fn set(&self, place: usize) -> Option<&Bitmap> {
        self.taken.get(place)?.as_deref()
    }

    /// Back from [`Nights::set`].
    pub(super) fn from_sets(base: Night, room: usize, sets: Vec<Option<Bitmap>>) -> Self {
        Self { base, room, taken: sets.into_iter().map(|set| set.map(Box::new)).collect() }
    }

    fn places(&self, range: NightRange) -> std::ops::Range<usize> {
        let place = |night: Night| usize::try_from(self.base.days_until(night).clamp(0, HORIZON)).unwrap_or(0);
        place(range.from)..place(range.to)
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.taken.iter().flatten().map(|night| night.bytes()).sum()
    }
}
