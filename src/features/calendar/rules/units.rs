//! Which of several alike units a stay gets (docs/RULES.md, A3). Pure.
//!
//! A stay is an interval, and intervals need no more units than the most of them that are there at once, as long as every one of them
//! may be moved. Stays under way and pinned ones may not, so counting alone does not tell whether a unit is free throughout.

use crate::values::{Night, NightRange};

/// A stay, own or from a feed, that holds its nights in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Held {
    pub range: NightRange,
    /// Nights kept free between it and any other stay; of two stays, the larger counts (A5).
    pub gap: u8,
    /// The unit it is in; `None`: whichever is free.
    pub slot: Option<u16>,
    /// It keeps its unit, whatever comes.
    pub pinned: bool,
}

impl From<NightRange> for Held {
    /// A stay of which nothing but its nights is known.
    fn from(range: NightRange) -> Self {
        Self { range, gap: 0, slot: None, pinned: false }
    }
}

impl Held {
    /// Whether both could be in the same unit.
    fn fits_beside(&self, other: &Self) -> bool {
        let gap = i32::from(self.gap.max(other.gap));
        other.range.from >= self.range.to.plus(gap) || self.range.from >= other.range.to.plus(gap)
    }

    /// Pinned, or under way already: it keeps the unit that it has.
    #[must_use]
    pub fn stays_put(&self, today: Night) -> bool {
        self.slot.is_some() && (self.pinned || self.range.from <= today)
    }
}

/// How often a choice is taken back before the stays count as not to be placed. With nothing pinned none ever is.
const MOST_SECOND_THOUGHTS: u32 = 2_000;

/// Finds a unit for `new` beside the stays that are there: first with all of them where they are, then by moving those that need not
/// stay put. Answers the units of `stays` in their order, and that of `new`; `None` where there is no way (or none was found among
/// the many that pins leave to try).
#[must_use]
pub fn arrange(units: u16, stays: &[Held], new: Held, stays_put: impl Fn(&Held) -> bool) -> Option<(Vec<u16>, u16)> {
    let mut all = stays.to_vec();
    all.push(new);
    let placed = place(units, &all, |held| held.slot.is_some()).or_else(|| place(units, &all, &stays_put))?;
    let (last, others) = placed.split_last()?;
    Some((others.to_vec(), *last))
}

/// Places all stays in units `0..units`: those that stay put in theirs, the others in the order of their arrival, each in its own unit
/// where that is free, else in the one that was left last. Nobody stays put where no unit is.
#[must_use]
pub fn place(units: u16, stays: &[Held], stays_put: impl Fn(&Held) -> bool) -> Option<Vec<u16>> {
    let mut rooms = Rooms { stays, fixed: vec![Vec::new(); units.into()], moved: vec![Vec::new(); units.into()] };
    let mut movable = Vec::new();
    for (n, held) in stays.iter().enumerate() {
        match held.slot.filter(|slot| *slot < units && stays_put(held)) {
            Some(slot) => rooms.fixed[usize::from(slot)].push(n),
            None => movable.push(n),
        }
    }
    movable.sort_by_key(|n| (stays[*n].range, std::cmp::Reverse(stays[*n].gap)));
    let mut units_of: Vec<u16> = stays.iter().map(|held| held.slot.unwrap_or(0)).collect();
    rooms.fill(&movable, &mut units_of)?;
    Some(units_of)
}

/// Who is in which unit.
struct Rooms<'a> {
    stays: &'a [Held],
    fixed: Vec<Vec<usize>>,
    /// In the order of arrival.
    moved: Vec<Vec<usize>>,
}

impl Rooms<'_> {
    /// Places `movable` one after the other; where nothing is free for one, the one before it is placed elsewhere.
    fn fill(&mut self, movable: &[usize], units_of: &mut [u16]) -> Option<()> {
        let mut choices: Vec<std::vec::IntoIter<u16>> = Vec::with_capacity(movable.len());
        let mut second_thoughts = 0;
        while choices.len() < movable.len() {
            let mut open = self.open_to(movable[choices.len()]).into_iter();
            let mut chosen = open.next();
            choices.push(open);
            while chosen.is_none() {
                choices.pop();
                second_thoughts += 1;
                if second_thoughts > MOST_SECOND_THOUGHTS {
                    return None;
                }
                chosen = choices.last_mut()?.next();
                let before = movable[choices.len() - 1];
                self.moved[usize::from(units_of[before])].pop();
            }
            let (n, slot) = (movable[choices.len() - 1], chosen?);
            units_of[n] = slot;
            self.moved[usize::from(slot)].push(n);
        }
        Some(())
    }

    /// The units that take the stay, best first. Of units in which nobody is, one stands for all.
    fn open_to(&self, n: usize) -> Vec<u16> {
        let own = self.stays[n].slot;
        let mut open: Vec<(bool, std::cmp::Reverse<Option<Night>>, u16)> = Vec::new();
        let mut seen_empty = false;
        for slot in (0..).take(self.fixed.len()) {
            let (fixed, moved) = (&self.fixed[usize::from(slot)], &self.moved[usize::from(slot)]);
            let last = moved.last().map(|m| self.stays[*m]);
            // Those before the last one are further away than it.
            let free = fixed.iter().map(|m| self.stays[*m]).chain(last).all(|other| other.fits_beside(&self.stays[n]));
            let empty = fixed.is_empty() && moved.is_empty();
            if free && !(empty && seen_empty && own != Some(slot)) {
                let before = fixed.iter().map(|m| self.stays[*m].range.to).filter(|to| *to <= self.stays[n].range.from);
                let left = before.chain(last.map(|last| last.range.to)).max();
                open.push((own != Some(slot), std::cmp::Reverse(left), slot));
            }
            seen_empty |= empty;
        }
        open.sort_unstable();
        open.into_iter().map(|(_, _, slot)| slot).collect()
    }
}

/// The stays with what pinned ones take of their unit told once: a booking that keeps its unit, and nights of another calendar that repeats it there,
/// are the same guests. Told twice they would seem to need two units.
#[must_use]
pub(super) fn each_once(stays: &[Held]) -> Vec<Held> {
    let (mut pinned, mut all): (Vec<Held>, Vec<Held>) = stays.iter().copied().partition(|held| held.pinned && held.slot.is_some());
    // What keeps the most nights free around it stands as it is.
    pinned.sort_unstable_by_key(|held| (held.slot, std::cmp::Reverse(held.gap), held.range));
    for unit in pinned.chunk_by(|a, b| a.slot == b.slot) {
        for (n, held) in unit.iter().enumerate() {
            let before: Vec<NightRange> = unit[..n].iter().map(|other| other.range).filter(|other| other.overlaps(held.range)).collect();
            if before.is_empty() {
                all.push(*held);
            } else {
                all.extend(super::without(held.range, &before).into_iter().map(|range| Held { range, ..*held }));
            }
        }
    }
    all
}

/// The nights on which more than `units` stays are there at once.
#[must_use]
pub fn crowded(stays: &[Held], units: u16) -> Vec<NightRange> {
    super::merge(super::full_runs(super::in_units(stays).into_iter(), units.saturating_add(1), 0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn held(from: i32, to: i32) -> Held {
        NightRange::new(Night(20_000 + from), Night(20_000 + to)).into()
    }

    fn pinned(from: i32, to: i32, slot: u16) -> Held {
        Held { slot: Some(slot), pinned: true, ..held(from, to) }
    }

    #[test]
    fn what_is_told_of_a_unit_twice_counts_once() {
        let own = |from, to| Held { gap: 1, ..pinned(from, to, 0) };
        for (told, expected) in [
            (vec![own(1, 4), pinned(1, 4, 0)], vec![own(1, 4)]),
            (vec![pinned(1, 6, 0), own(1, 4), own(5, 6)], vec![own(1, 4), own(5, 6), pinned(4, 5, 0)]),
            (vec![own(1, 4), pinned(3, 9, 0)], vec![own(1, 4), pinned(4, 9, 0)]),
            // Another unit, and who may be moved, are others.
            (vec![own(1, 4), pinned(1, 4, 1)], vec![own(1, 4), pinned(1, 4, 1)]),
            (vec![Held { slot: Some(0), ..held(1, 4) }, pinned(1, 4, 0)], vec![Held { slot: Some(0), ..held(1, 4) }, pinned(1, 4, 0)]),
        ] {
            let (mut found, mut expected) = (each_once(&told), expected);
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{told:?}");
        }
    }

    #[test]
    fn stays_move_so_that_a_unit_is_free_throughout() {
        // Two units: 1 to 4 in the first, 6 to 9 in the second; 2 to 8 only fits when one of them moves.
        let stays = [Held { slot: Some(0), ..held(1, 4) }, Held { slot: Some(1), ..held(6, 9) }];
        let (units, new) = arrange(2, &stays, held(2, 8), |held| held.pinned).unwrap();
        assert_eq!((units[0], units[0] == units[1], new == units[0]), (0, true, false));
        let stays = stays.map(|held| Held { pinned: true, ..held });
        assert_eq!(arrange(2, &stays, held(2, 8), |held| held.pinned), None, "counts suffice, but nobody may move");
        assert!(arrange(2, &stays, held(4, 8), |held| held.pinned).is_some_and(|(_, slot)| slot == 0));
    }

    #[test]
    fn nobody_moves_without_need() {
        let stays = [Held { slot: Some(1), ..held(1, 4) }, Held { slot: Some(0), ..held(2, 6) }];
        assert_eq!(arrange(3, &stays, held(1, 9), |held| held.pinned), Some((vec![1, 0], 2)));
    }

    #[test]
    fn of_two_preparations_the_larger_counts() {
        let old = [Held { gap: 3, slot: Some(0), ..held(1, 4) }];
        for (from, fits) in [(4, false), (6, false), (7, true)] {
            assert_eq!(arrange(1, &old, Held { gap: 1, ..held(from, from + 2) }, |_| true).is_some(), fits, "from {from}");
        }
        assert!(arrange(1, &old, Held { gap: 5, ..held(8, 9) }, |_| true).is_none());
    }

    #[test]
    fn a_pin_is_no_longer_a_pin_when_its_unit_is_gone() {
        assert_eq!(place(1, &[pinned(1, 4, 1)], |held| held.pinned), Some(vec![0]));
        assert_eq!(place(1, &[pinned(1, 4, 0), pinned(2, 5, 1)], |held| held.pinned), None);
        assert_eq!(place(1, &[Held { slot: Some(1), ..held(1, 4) }], |held| held.pinned), Some(vec![0]));
    }

    #[test]
    fn nights_with_too_many_are_named() {
        let range = |from: i32, to: i32| NightRange::new(Night(20_000 + from), Night(20_000 + to));
        let stays = [held(1, 5), held(3, 8), held(4, 6)];
        assert_eq!(crowded(&stays, 1), [range(3, 6)]);
        assert_eq!(crowded(&stays, 2), [range(4, 5)]);
        assert_eq!(crowded(&stays, 3), []);
    }

    /// Tries every way.
    fn by_hand(units: u16, stays: &[Held], at: usize, chosen: &mut Vec<u16>) -> bool {
        let Some(stay) = stays.get(at) else { return true };
        let slots = if stay.pinned { stay.slot.unwrap()..stay.slot.unwrap() + 1 } else { 0..units };
        slots.into_iter().any(|slot| {
            // Two that are pinned are not judged: they are there.
            let free = chosen.iter().zip(stays).all(|(other, held)| *other != slot || (held.pinned && stay.pinned) || held.fits_beside(stay));
            free && {
                chosen.push(slot);
                let found = by_hand(units, stays, at + 1, chosen);
                chosen.pop();
                found
            }
        })
    }

    fn stays() -> impl Strategy<Value = Vec<Held>> {
        let one = (0_i32..14, 1_i32..6, 0_u8..3, proptest::option::of((0_u16..3, proptest::bool::ANY)));
        proptest::collection::vec(one, 1..8).prop_map(|all| {
            let held = |(from, nights, gap, slot): (i32, i32, u8, Option<(u16, bool)>)| Held {
                gap,
                slot: slot.map(|(slot, _)| slot),
                pinned: slot.is_some_and(|(_, pinned)| pinned),
                ..held(from, from + nights)
            };
            all.into_iter().map(held).collect()
        })
    }

    proptest! {
        #[test]
        fn what_can_be_placed_is_placed(stays in stays(), units in 3_u16..4) {
            let placed = place(units, &stays, |held| held.pinned);
            prop_assert_eq!(placed.is_some(), by_hand(units, &stays, 0, &mut Vec::new()), "{:?}", placed);
            for (n, slot) in placed.iter().flatten().enumerate() {
                prop_assert!(*slot < units && (!stays[n].pinned || stays[n].slot == Some(*slot)));
                for (m, other) in placed.iter().flatten().enumerate().take(n) {
                    prop_assert!(slot != other || (stays[n].pinned && stays[m].pinned) || stays[n].fits_beside(&stays[m]));
                }
            }
        }

        #[test]
        fn with_nobody_pinned_counting_is_enough(stays in stays(), units in 1_u16..4, gap in 0_u8..3) {
            let free: Vec<Held> = stays.iter().map(|held| Held { gap, slot: None, pinned: false, ..*held }).collect();
            let widened: Vec<Held> = free.iter().map(|held| Held { range: NightRange::new(held.range.from, held.range.to.plus(gap.into())), ..*held }).collect();
            prop_assert_eq!(place(units, &free, |_| false).is_some(), crowded(&widened, units).is_empty());
        }

        #[test]
        fn touching_stays_do_not_overlap(a in (0_i32..20, 1_i32..9), b in (0_i32..20, 1_i32..9)) {
            let (one, two) = (held(a.0, a.0 + a.1), held(b.0, b.0 + b.1));
            let common = one.range.iter().any(|night| two.range.contains(night));
            prop_assert_eq!(!one.fits_beside(&two), common);
            prop_assert_eq!(one.range.overlaps(two.range), common);
        }
    }
}
