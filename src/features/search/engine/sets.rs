//! Families of bitmaps: one set a value, or one set a least value.

use super::bits::Bitmap;

/// Bitmaps "at least n" for n = 1, 2, … up to [`AtLeast::LEVELS`]; beyond, the column is asked.
#[derive(Debug)]
pub(crate) struct AtLeast {
    room: usize,
    levels: Vec<Bitmap>,
}

impl AtLeast {
    pub(crate) const LEVELS: u8 = 16;

    pub(super) fn with_room(room: usize) -> Self {
        Self { room, levels: Vec::new() }
    }

    /// The sets of all levels, lowest first, and back again.
    pub(super) fn levels(&self) -> &[Bitmap] {
        &self.levels
    }

    pub(super) fn from_levels(levels: Vec<Bitmap>, room: usize) -> Self {
        Self { room, levels }
    }

    pub(super) fn set(&mut self, ordinal: u32, value: u8) {
        let levels = usize::from(value.min(Self::LEVELS));
        grow(&mut self.levels, levels, self.room);
        for (level, bitmap) in self.levels.iter_mut().enumerate() {
            bitmap.set(ordinal, level < levels);
        }
    }

    /// The listings with at least `n`; exact up to `LEVELS`, a superset beyond. `None`: nobody.
    pub(crate) fn level(&self, n: u8) -> Option<&Bitmap> {
        self.levels.get(usize::from(n.clamp(1, Self::LEVELS)) - 1)
    }
}

/// Appends empty sets until there are `count`.
pub(super) fn grow(bitmaps: &mut Vec<Bitmap>, count: usize, room: usize) {
    if bitmaps.len() < count {
        bitmaps.resize_with(count, || Bitmap::with_room(room));
    }
}

/// Makes a listing a member of the sets with these numbers and of no other, keeping count.
pub(super) fn set_members(bitmaps: &mut [Bitmap], counts: &mut Vec<u32>, ordinal: u32, numbers: &[u32]) {
    counts.resize(bitmaps.len(), 0);
    for (bitmap, count) in bitmaps.iter_mut().zip(counts.iter_mut()) {
        if bitmap.contains(ordinal) {
            bitmap.remove(ordinal);
            *count -= 1;
        }
    }
    for number in numbers.iter().map(|n| *n as usize) {
        if !bitmaps[number].contains(ordinal) {
            bitmaps[number].insert(ordinal);
            counts[number] += 1;
        }
    }
}

/// Among bitmaps of which a listing is in exactly one, makes it the one with this number.
pub(super) fn set_one(bitmaps: &mut Vec<Bitmap>, ordinal: u32, number: usize, room: usize) {
    grow(bitmaps, number + 1, room);
    for (n, bitmap) in bitmaps.iter_mut().enumerate() {
        if n == number {
            bitmap.insert(ordinal);
        } else {
            bitmap.remove(ordinal);
        }
    }
}
