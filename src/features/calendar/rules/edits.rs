//! What a host changes in a calendar: ranges of nights, perhaps only some weekdays of them (docs/RULES.md, "Editing a calendar"). Pure.

use super::{DayOverride, merge, without};
use crate::values::{Night, NightRange};
use std::num::{NonZeroI64, NonZeroU16};

/// What an edit says of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Say<T> {
    /// Nothing: it stays as it is.
    #[default]
    Nothing,
    /// As the listing says again.
    Clear,
    Set(T),
}

impl<T: Copy> Say<T> {
    fn of(self, was: Option<T>) -> Option<T> {
        match self {
            Self::Nothing => was,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    fn is_something(self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

/// What is changed of single days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayChange {
    pub price_minor: Say<NonZeroI64>,
    pub min_nights: Say<NonZeroU16>,
    pub max_nights: Say<NonZeroU16>,
    pub closed_to_arrival: Say<bool>,
    pub closed_to_departure: Say<bool>,
}

impl DayChange {
    #[must_use]
    pub fn is_something(&self) -> bool {
        self.price_minor.is_something()
            || self.min_nights.is_something()
            || self.max_nights.is_something()
            || self.closed_to_arrival.is_something()
            || self.closed_to_departure.is_something()
    }

    fn of(&self, was: DayOverride) -> DayOverride {
        DayOverride {
            range: was.range,
            price_minor: self.price_minor.of(was.price_minor),
            min_nights: self.min_nights.of(was.min_nights),
            max_nights: self.max_nights.of(was.max_nights),
            closed_to_arrival: self.closed_to_arrival.of(was.closed_to_arrival),
            closed_to_departure: self.closed_to_departure.of(was.closed_to_departure),
        }
    }
}

/// The runs of nights of `range` that fall on the weekdays of `mask` (bit 0 Monday … bit 6 Sunday).
#[must_use]
pub fn on_weekdays(range: NightRange, mask: u8) -> Vec<NightRange> {
    if mask & 127 == 127 {
        return merge(vec![range]);
    }
    merge(range.iter().filter(|night| mask >> night.weekday() & 1 == 1).map(|night| NightRange::new(night, night.plus(1))).collect())
}

/// Changes the days of `ranges` (sorted, apart from each other). `days` are one source's overrides, sorted and without overlaps; so is
/// the answer, in which neighbours that say the same are one and days that say nothing are left out.
#[must_use]
pub fn change_days(days: &[DayOverride], ranges: &[NightRange], change: &DayChange) -> Vec<DayOverride> {
    let mut edges: Vec<Night> = days.iter().map(|day| day.range).chain(ranges.iter().copied()).flat_map(|range| [range.from, range.to]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut changed: Vec<DayOverride> = Vec::new();
    for piece in edges.windows(2).map(|pair| NightRange::new(pair[0], pair[1])) {
        let next = days.partition_point(|day| day.range.from <= piece.from);
        let was = days[..next].last().filter(|day| day.range.contains(piece.from));
        let was = was.map_or(DayOverride::plain(piece), |day| DayOverride { range: piece, ..*day });
        let meant = ranges.partition_point(|range| range.from <= piece.from);
        let is_meant = ranges[..meant].last().is_some_and(|range| range.contains(piece.from));
        let now = if is_meant { change.of(was) } else { was };
        match changed.last_mut() {
            _ if now == DayOverride::plain(piece) => {}
            Some(last) if last.range.to == piece.from && DayOverride { range: last.range, ..now } == *last => last.range.to = piece.to,
            _ => changed.push(now),
        }
    }
    changed
}

/// Why nights are closed by the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlockReason {
    Owner,
    Maintenance,
    Other,
}

impl BlockReason {
    pub const ALL: [Self; 3] = [Self::Owner, Self::Maintenance, Self::Other];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Maintenance => "maintenance",
            Self::Other => "other",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// Nights that a host has closed; blocks may overlap (A6).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    pub range: NightRange,
    pub reason: BlockReason,
    pub note: String,
}

/// Closes the nights of `ranges` too. What is closed for the same reason already, or touches, becomes one block.
#[must_use]
pub fn close(mut blocks: Vec<Block>, ranges: &[NightRange], reason: BlockReason, note: &str) -> Vec<Block> {
    let is_same = |block: &Block| block.reason == reason && block.note == note;
    let same: Vec<NightRange> = blocks.iter().filter(|block| is_same(block)).map(|block| block.range).chain(ranges.iter().copied()).collect();
    blocks.retain(|block| !is_same(block));
    blocks.extend(merge(same).into_iter().map(|range| Block { range, reason, note: note.to_owned() }));
    blocks.sort();
    blocks
}

/// Opens the nights of `ranges`, whoever closed them and why.
#[must_use]
pub fn open(blocks: Vec<Block>, ranges: &[NightRange]) -> Vec<Block> {
    let left = blocks.into_iter().flat_map(|block| without(block.range, ranges).into_iter().map(move |range| Block { range, ..block.clone() }));
    let mut left: Vec<Block> = left.collect();
    left.sort();
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(from: i32, to: i32) -> NightRange {
        NightRange::new(Night(20_000 + from), Night(20_000 + to))
    }

    #[test]
    fn weekdays_make_runs() {
        // 2030-05-01 is a Wednesday.
        let may = NightRange::new(Night::parse("2030-05-01").unwrap(), Night::parse("2030-05-15").unwrap());
        let told = |mask| on_weekdays(may, mask).iter().map(|run| format!("{}+{}", &run.from.to_string()[8..], run.nights())).collect::<Vec<_>>();
        assert_eq!(told(127), ["01+14"]);
        assert_eq!(told(0b11_0000), ["03+2", "10+2"], "Fridays and Saturdays");
        assert_eq!(told(0b100_0001), ["05+2", "12+2"], "Sundays and Mondays");
        assert_eq!(told(0), [""; 0]);
    }

    fn day(from: i32, to: i32, price: i64, min: u16) -> DayOverride {
        DayOverride { price_minor: NonZeroI64::new(price), min_nights: NonZeroU16::new(min), ..DayOverride::plain(range(from, to)) }
    }

    #[test]
    fn ranges_are_split_and_joined() {
        let price = |minor| DayChange { price_minor: Say::Set(NonZeroI64::new(minor).unwrap()), ..DayChange::default() };
        let cleared = DayChange { price_minor: Say::Clear, ..DayChange::default() };
        let days = change_days(&[], &[range(1, 10)], &price(90));
        assert_eq!(days, [day(1, 10, 90, 0)]);
        let days = change_days(&days, &[range(4, 6)], &DayChange { min_nights: Say::Set(NonZeroU16::new(3).unwrap()), ..DayChange::default() });
        assert_eq!(days, [day(1, 4, 90, 0), day(4, 6, 90, 3), day(6, 10, 90, 0)]);
        let days = change_days(&days, &[range(0, 5), range(8, 12)], &price(80));
        assert_eq!(days, [day(0, 4, 80, 0), day(4, 5, 80, 3), day(5, 6, 90, 3), day(6, 8, 90, 0), day(8, 12, 80, 0)]);
        let days = change_days(&days, &[range(-5, 20)], &cleared);
        assert_eq!(days, [day(4, 6, 0, 3)]);
        assert_eq!(change_days(&days, &[range(4, 6)], &DayChange { min_nights: Say::Clear, ..DayChange::default() }), []);
    }

    #[test]
    fn blocks_are_joined_by_reason_and_opened_whatever_the_reason() {
        let block = |from, to, reason, note: &str| Block { range: range(from, to), reason, note: note.into() };
        let blocks = close(vec![block(1, 4, BlockReason::Owner, "")], &[range(4, 6), range(9, 10)], BlockReason::Owner, "");
        assert_eq!(blocks, [block(1, 6, BlockReason::Owner, ""), block(9, 10, BlockReason::Owner, "")]);
        let blocks = close(blocks, &[range(2, 8)], BlockReason::Maintenance, "Roof");
        assert_eq!(blocks.len(), 3, "another reason stands for itself");
        let blocks = open(blocks, &[range(3, 5), range(7, 20)]);
        assert_eq!(
            blocks,
            [
                block(1, 3, BlockReason::Owner, ""),
                block(2, 3, BlockReason::Maintenance, "Roof"),
                block(5, 6, BlockReason::Owner, ""),
                block(5, 7, BlockReason::Maintenance, "Roof"),
            ]
        );
    }

    proptest! {
        #[test]
        fn every_night_says_what_was_said_of_it_last(
            edits in proptest::collection::vec((0_i32..40, 1_i32..20, 0_u8..=127, 0_i64..3, 0_u16..3), 1..12),
        ) {
            let mut days: Vec<DayOverride> = Vec::new();
            let mut by_night = vec![(None, None); 64];
            for (from, nights, mask, price, min) in edits {
                let say_price = NonZeroI64::new(price).map_or(Say::Clear, Say::Set);
                let say_min = if min == 2 { Say::Nothing } else { NonZeroU16::new(min).map_or(Say::Clear, Say::Set) };
                let ranges = on_weekdays(range(from, from + nights), mask);
                days = change_days(&days, &ranges, &DayChange { price_minor: say_price, min_nights: say_min, ..DayChange::default() });
                for night in (from..from + nights).filter(|night| mask >> Night(20_000 + night).weekday() & 1 == 1) {
                    let cell = &mut by_night[usize::try_from(night).unwrap()];
                    *cell = (say_price.of(cell.0), say_min.of(cell.1));
                }
            }
            for (night, said) in (0..).zip(by_night) {
                let found = days.iter().find(|day| day.range.contains(Night(20_000 + night)));
                prop_assert_eq!(found.map_or((None, None), |day| (day.price_minor, day.min_nights)), said);
            }
            prop_assert!(days.windows(2).all(|pair| pair[0].range.to <= pair[1].range.from));
            prop_assert!(days.windows(2).all(|pair| pair[0].range.to < pair[1].range.from
                || DayOverride { range: pair[1].range, ..pair[0] } != pair[1]), "neighbours that say the same are one");
        }
    }
}
