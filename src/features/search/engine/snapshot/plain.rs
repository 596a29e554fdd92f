//! Values as they stand in a snapshot: little-endian, one after the other, without gaps.

use super::super::area::Point;
use super::super::bits::Bitmap;
use super::Unusable;
use crate::features::calendar::rules::{DayOverride, Days, Held, Terms};
use crate::values::{Instant, ListingId, Night, NightRange, UserId};
use std::num::{NonZeroI64, NonZeroU16};
use uuid::Uuid;

/// What is left of a block.
pub(super) struct In<'a>(pub(super) &'a [u8]);

impl<'a> In<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unusable> {
        let (first, rest) = self.0.split_first_chunk().ok_or_else(|| Unusable::damaged("a block ends in the middle of a value"))?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Unusable> {
        let (first, rest) = self.0.split_at_checked(count).ok_or_else(|| Unusable::damaged("a block ends in the middle of a list"))?;
        self.0 = rest;
        Ok(first)
    }
}

/// A value that can be written and read back.
pub(super) trait Plain: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut In<'_>) -> Result<Self, Unusable>;
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Plain for $number {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn take(from: &mut In<'_>) -> Result<Self, Unusable> {
                from.array().map(Self::from_le_bytes)
            }
        })*
    };
}
numbers!(u8, u16, u32, u64, i32, i64);

/// A value that is another one in disguise: how to see it as that, and back.
macro_rules! disguised {
    ($($own:ty as $plain:ty: $out:expr, $back:expr;)*) => {
        $(impl Plain for $own {
            fn put(&self, out: &mut Vec<u8>) {
                let out_of: fn(&Self) -> $plain = $out;
                out_of(self).put(out);
            }
            fn take(from: &mut In<'_>) -> Result<Self, Unusable> {
                <$plain>::take(from).map($back)
            }
        })*
    };
}
disguised! {
    bool as u8: |x| u8::from(*x), |x| x != 0;
    Instant as i64: |x| x.0, Instant;
    Night as i32: |x| x.0, Night;
    ListingId as Uuid: |x| x.0, ListingId;
    UserId as Uuid: |x| x.0, UserId;
    Uuid as (u64, u64): |x| x.as_u64_pair(), |(high, low)| Uuid::from_u64_pair(high, low);
    Point as (u64, u64): |x| (x.lat.to_bits(), x.lng.to_bits()), |(lat, lng)| Point { lat: f64::from_bits(lat), lng: f64::from_bits(lng) };
    NightRange as (Night, Night): |x| (x.from, x.to), |(from, to)| NightRange { from, to };
    // Zero is none of these.
    Option<NonZeroI64> as i64: |x| x.map_or(0, NonZeroI64::get), NonZeroI64::new;
    Option<NonZeroU16> as u16: |x| x.map_or(0, NonZeroU16::get), NonZeroU16::new;
    Option<u16> as u32: |x| x.map_or(u32::MAX, u32::from), |x| u16::try_from(x).ok();
    Option<bool> as u8: |x| x.map_or(2, u8::from), |x| [Some(false), Some(true)].get(usize::from(x)).copied().flatten();
}

impl<A: Plain, B: Plain> Plain for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take(from: &mut In<'_>) -> Result<Self, Unusable> {
        Ok((A::take(from)?, B::take(from)?))
    }
}

impl<const N: usize> Plain for [u16; N] {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|number| number.put(out));
    }
    fn take(from: &mut In<'_>) -> Result<Self, Unusable> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = u16::take(from)?;
        }
        Ok(numbers)
    }
}

impl<T: Plain> Plain for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        self.iter().for_each(|item| item.put(out));
    }
    fn take(from: &mut In<'_>) -> Result<Self, Unusable> {
        // No room is made for so many: they have to be there first.
        (0..u64::take(from)?).map(|_| T::take(from)).collect()
    }
}

impl Plain for Box<str> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        out.extend_from_slice(self.as_bytes());
    }
    fn take(from: &mut In<'_>) -> Result<Self, Unusable> {
        let length = usize::try_from(u64::take(from)?).unwrap_or(usize::MAX);
        std::str::from_utf8(from.bytes(length)?).map(Self::from).map_err(|_error| Unusable::damaged("a name is no text"))
    }
}

/// A struct, member by member.
macro_rules! members {
    ($($own:ident { $($member:ident),* })*) => {
        $(impl Plain for $own {
            fn put(&self, out: &mut Vec<u8>) {
                let Self { $($member),* } = self;
                $($member.put(out);)*
            }
            fn take(from: &mut In<'_>) -> Result<Self, Unusable> {
                // In the order in which they are written here.
                Ok(Self { $($member: Plain::take(from)?),* })
            }
        })*
    };
}
members! {
    Terms {
        bookable, capacity, max_infants, max_pets, min_nights, max_nights, notice_days, cutoff_minute, window_days, window_strict, preparation,
        arrival_days, departure_days, gap_nights, fill_gaps, units, arrival_min_nights
    }
    DayOverride { range, price_minor, min_nights, max_nights, closed_to_arrival, closed_to_departure }
    Days { taken, overrides, held }
    Held { range, gap, slot, pinned }
}

/// Stands for a set that is not there.
const NO_SET: u32 = u32::MAX;

pub(super) fn put_set(set: Option<&Bitmap>, out: &mut Vec<u8>) {
    let Some(set) = set else { return NO_SET.put(out) };
    let words = set.words();
    // Ordinals are 32 bits wide, so words are fewer than 2^26.
    u32::try_from(words.len()).unwrap_or(NO_SET).put(out);
    words.iter().for_each(|word| word.put(out));
}

/// A set without the ordinals from `end` on.
pub(super) fn take_set(from: &mut In<'_>, end: u32, room: usize) -> Result<Option<Bitmap>, Unusable> {
    let words = u32::take(from)?;
    if words == NO_SET {
        return Ok(None);
    }
    let (words, _) = from.bytes(words as usize * 8)?.as_chunks();
    Ok(Some(Bitmap::from_words(words.iter().copied().map(u64::from_le_bytes), end, room)))
}
