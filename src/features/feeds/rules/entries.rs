//! What another site is told of a listing's calendar: one entry for each stay, block and feed range, and the nights of preparation
//! (I12 to I14). Pure.

use crate::features::calendar::{Causes, Days, Held, Terms};
use crate::platform::instance::tag;
use crate::values::{BookingId, Instant, ListingId, Night, NightRange};
use uuid::Uuid;

/// Nights around today that are told.
const BACK: i32 = 30;
const AHEAD: i32 = 1_095;

/// A stay in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    pub slot: i64,
    pub booking: BookingId,
    pub nights: NightRange,
    /// A booking, not a hold that may run out.
    pub firm: bool,
    /// It keeps its unit.
    pub pinned: bool,
}

/// A block of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    pub id: Uuid,
    pub nights: NightRange,
    pub since: Instant,
}

/// Nights that another calendar takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    pub slot: i64,
    /// A feed's id, or the name of an import.
    pub feed: String,
    pub nights: NightRange,
    pub since: Instant,
}

/// Everything that takes nights of a listing, each with what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    pub stays: Vec<Stay>,
    pub blocks: Vec<Block>,
    pub elsewhere: Vec<Elsewhere>,
}

/// Whom an export is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Destination {
    /// The unit it is about; `None`: the whole listing, which is taken when every unit is.
    pub slot: Option<i64>,
    /// The feed by which this destination tells us of its own stays: they are not told back (I13).
    pub source: Option<String>,
}

/// An event of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub uid: Uuid,
    pub nights: NightRange,
    /// A stay; otherwise it is only closed.
    pub reserved: bool,
    pub since: Instant,
}

/// Makes and knows the ids of entries: they stay the same as long as the thing does, name nothing of it, and show us later that an event in
/// somebody's calendar came from here.
#[derive(Debug, Clone)]
pub struct Ids {
    key: [u8; 32],
    listing: ListingId,
}

impl Ids {
    #[must_use]
    pub fn new(key: [u8; 32], listing: ListingId) -> Self {
        Self { key, listing }
    }

    /// The id of one thing of this listing.
    #[must_use]
    pub fn of(&self, kind: &str, what: &[u8]) -> Uuid {
        let first = tag(&self.key, &[b"entry", self.listing.0.as_bytes(), kind.as_bytes(), what]);
        let mut bytes: [u8; 16] = std::array::from_fn(|at| first[at]);
        // Version 8 (our own way), the usual variant.
        bytes[6] = bytes[6] & 0x0f | 0x80;
        let mark = self.mark(&bytes);
        bytes[8..].copy_from_slice(&mark);
        Uuid::from_bytes(bytes)
    }

    /// Whether `uid` (`…@host`, or the id alone) is one of this listing's.
    #[must_use]
    pub fn is_own(&self, uid: &str) -> bool {
        let id = uid.split('@').next().unwrap_or_default();
        Uuid::parse_str(id).is_ok_and(|id| id.as_bytes()[8..] == self.mark(id.as_bytes()))
    }

    fn mark(&self, bytes: &[u8; 16]) -> [u8; 8] {
        let second = tag(&self.key, &[b"mark", self.listing.0.as_bytes(), &bytes[..8]]);
        let mut mark: [u8; 8] = std::array::from_fn(|at| second[at]);
        mark[0] = mark[0] & 0x3f | 0x80;
        mark
    }
}

/// The entries for a destination, in order of their dates.
#[must_use]
pub fn entries(terms: &Terms, taken: &Taken, to: &Destination, ids: &Ids, today: Night) -> Vec<Entry> {
    let mine = |slot: i64| to.slot.is_none_or(|wanted| wanted == slot);
    let elsewhere = taken.elsewhere.iter().filter(|range| mine(range.slot) && Some(&range.feed) != to.source.as_ref());
    let whole = to.slot.is_none() && terms.units > 1;
    let units = if whole { terms.units } else { 1 };
    let stays = taken.stays.iter().filter(|stay| mine(stay.slot)).map(|stay| (stay.slot, stay.nights));
    let stays = stays.chain(elsewhere.clone().map(|range| (range.slot, range.nights))).map(|(slot, nights)| in_unit(slot, nights)).collect();
    let causes = Causes { blocks: taken.blocks.iter().map(|block| block.nights).collect(), stays };
    let closed = Days::new(&Terms { units, ..*terms }, &causes, Vec::new()).taken;
    let told = told_ids(ids);
    let mut all: Vec<Entry> = taken.blocks.iter().map(|block| told(("block", block.id.as_bytes()), block.nights, false, block.since)).collect();
    if !whole {
        all.extend(taken.stays.iter().filter(|stay| mine(stay.slot)).map(|stay| {
            let what = [stay.booking.0.as_bytes().as_slice(), &stay.slot.to_be_bytes(), &stay.nights.from.0.to_be_bytes()].concat();
            told(("stay", &what), stay.nights, stay.firm, made_at(stay.booking))
        }));
        all.extend(elsewhere.map(|range| told(("feed", &[range.feed.as_bytes(), &dates(range.nights)].concat()), range.nights, false, range.since)));
    }
    // Preparation, and of a whole listing the nights on which no unit is left.
    let rest = without(&closed, all.iter().map(|entry| entry.nights).collect());
    let since = all.iter().map(|entry| entry.since).max().unwrap_or(Instant(0));
    all.extend(rest.into_iter().map(|nights| told(("rest", &dates(nights)), nights, false, since)));
    all.retain(|entry| entry.nights.nights() > 0 && entry.nights.to > today.plus(-BACK) && entry.nights.from < today.plus(AHEAD));
    all.sort_unstable_by_key(|entry| (entry.nights, entry.uid));
    all
}

/// A stay as calendars count it.
pub(super) fn in_unit(slot: i64, range: NightRange) -> Held {
    Held { range, gap: 0, slot: u16::try_from(slot).ok(), pinned: false }
}

fn told_ids(ids: &Ids) -> impl Fn((&str, &[u8]), NightRange, bool, Instant) -> Entry {
    move |(kind, what), nights, reserved, since| Entry { uid: ids.of(kind, what), nights, reserved, since }
}

fn dates(range: NightRange) -> Vec<u8> {
    [range.from.0.to_be_bytes(), range.to.0.to_be_bytes()].concat()
}

/// When a booking was made, which its id tells.
fn made_at(booking: BookingId) -> Instant {
    let seconds = booking.0.get_timestamp().map_or(0, |stamp| stamp.to_unix().0);
    Instant(0).plus_seconds(i64::try_from(seconds).unwrap_or(0))
}

/// What of `closed` (sorted, disjoint) is in none of `told`.
fn without(closed: &[NightRange], mut told: Vec<NightRange>) -> Vec<NightRange> {
    told.sort_unstable();
    let mut rest = Vec::new();
    for range in closed {
        let mut from = range.from;
        for inside in told.iter().filter(|one| one.overlaps(*range)) {
            if inside.from > from {
                rest.push(NightRange::new(from, inside.from));
            }
            from = from.max(inside.to);
        }
        if from < range.to {
            rest.push(NightRange::new(from, range.to));
        }
    }
    rest
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn terms(units: u16, preparation: u8) -> Terms {
        Terms {
            bookable: true,
            capacity: 2,
            max_infants: 0,
            max_pets: 0,
            min_nights: 1,
            max_nights: 365,
            notice_days: 0,
            cutoff_minute: None,
            window_days: 1_095,
            window_strict: false,
            preparation,
            arrival_days: 127,
            departure_days: 127,
            gap_nights: 0,
            fill_gaps: false,
            units,
            arrival_min_nights: [0; 7],
        }
    }

    fn range(from: i32, to: i32) -> NightRange {
        NightRange::new(Night(from), Night(to))
    }

    fn ids() -> Ids {
        Ids::new([1; 32], ListingId(Uuid::from_u128(7)))
    }

    fn stay(slot: i64, from: i32, to: i32) -> Stay {
        Stay { slot, booking: BookingId(Uuid::from_u128(u128::try_from(from).unwrap())), nights: range(from, to), firm: true, pinned: false }
    }

    fn elsewhere(slot: i64, feed: &str, from: i32, to: i32) -> Elsewhere {
        Elsewhere { slot, feed: feed.into(), nights: range(from, to), since: Instant(5) }
    }

    fn told(units: u16, preparation: u8, taken: &Taken, to: &Destination) -> Vec<(i32, i32, bool)> {
        let all = entries(&terms(units, preparation), taken, to, &ids(), Night(100));
        all.iter().map(|entry| (entry.nights.from.0, entry.nights.to.0, entry.reserved)).collect()
    }

    #[test]
    fn a_destination_hears_all_but_its_own() {
        let taken = Taken {
            stays: vec![stay(0, 110, 113), stay(0, 10, 12)],
            blocks: vec![Block { id: Uuid::nil(), nights: range(120, 130), since: Instant(1) }],
            elsewhere: vec![elsewhere(0, "a", 140, 142), elsewhere(0, "b", 150, 151)],
        };
        let to = |source: Option<&str>| Destination { slot: None, source: source.map(str::to_owned) };
        assert_eq!(told(1, 0, &taken, &to(None)), [(110, 113, true), (120, 130, false), (140, 142, false), (150, 151, false)]);
        assert_eq!(told(1, 0, &taken, &to(Some("a"))), [(110, 113, true), (120, 130, false), (150, 151, false)]);
        // Preparation on both sides of stays, not of blocks, and not around what is not told.
        assert_eq!(
            told(1, 1, &taken, &to(Some("a"))),
            [(109, 110, false), (110, 113, true), (113, 114, false), (120, 130, false), (149, 150, false), (150, 151, false), (151, 152, false)]
        );
    }

    #[test]
    fn a_listing_of_several_units_is_taken_when_all_are() {
        let taken = Taken { stays: vec![stay(0, 110, 114), stay(1, 112, 116)], blocks: Vec::new(), elsewhere: vec![elsewhere(0, "a", 111, 113)] };
        let slot = |slot| Destination { slot: Some(slot), source: None };
        assert_eq!(told(2, 0, &taken, &Destination::default()), [(112, 114, false)]);
        assert_eq!(told(2, 0, &taken, &slot(0)), [(110, 114, true), (111, 113, false)]);
        assert_eq!(told(2, 0, &taken, &slot(1)), [(112, 116, true)]);
    }

    #[test]
    fn ids_stay_and_are_known_again() {
        let (ids, other) = (ids(), Ids::new([1; 32], ListingId(Uuid::from_u128(8))));
        let id = ids.of("stay", b"x");
        assert_eq!((id, id.get_version_num()), (ids.of("stay", b"x"), 8));
        assert_ne!(id, ids.of("block", b"x"));
        assert!(ids.is_own(&format!("{id}@stay.example")) && ids.is_own(&id.to_string()));
        for foreign in
            [other.of("stay", b"x").to_string(), Uuid::now_v7().to_string(), Uuid::nil().to_string(), String::new(), "1418fb94e984@airbnb.com".into()]
        {
            assert!(!ids.is_own(&foreign), "{foreign}");
        }
    }
}
