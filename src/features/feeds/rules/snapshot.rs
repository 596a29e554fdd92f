//! A feed is a snapshot (I6): what it says now against what is stored, and where it meets our own stays (I9). Pure.

use super::Class;
use crate::values::{BookingId, Night, NightRange};
use std::collections::BTreeSet;

/// What has to be written so that the stored ranges become what the feed says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    pub gone: Vec<NightRange>,
    pub new: Vec<NightRange>,
}

impl Difference {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.new.is_empty()
    }
}

/// Compares; both hold only what is not over yet.
#[must_use]
pub fn difference(stored: &[NightRange], said: &[NightRange]) -> Difference {
    let (stored, said): (BTreeSet<NightRange>, BTreeSet<NightRange>) = (stored.iter().copied().collect(), said.iter().copied().collect());
    Difference { gone: stored.difference(&said).copied().collect(), new: said.difference(&stored).copied().collect() }
}

/// Nights of ranges, each counted once.
#[must_use]
pub fn nights(ranges: &[NightRange]) -> u32 {
    ranges.iter().map(|range| range.nights()).sum()
}

/// A booking here, and nights of it that the other site says are taken there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clash {
    pub booking: BookingId,
    pub nights: NightRange,
}

/// Where a feed meets the stays of the unit it is pinned to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meetings {
    /// Taken here and there, by different people as far as anybody knows.
    pub clashes: Vec<Clash>,
    /// Our own stays that the other site repeats.
    pub echoes: BTreeSet<BookingId>,
}

/// Compares what a feed says with the stays of its unit.
///
/// `knows_us`: the site behind the feed has fetched our own calendar. Then nights it has closed (not booked) that all are nights of our own
/// stays are what it has learnt from us, and no clash.
#[must_use]
pub fn meetings(taken: &[(NightRange, Class)], stays: &[(BookingId, NightRange)], knows_us: bool) -> Meetings {
    let mut found = Meetings::default();
    for (range, class) in taken {
        let meets: Vec<(BookingId, NightRange)> = stays.iter().copied().filter(|(_, stay)| stay.overlaps(*range)).collect();
        let ours: u32 = meets.iter().map(|(_, stay)| common(*range, *stay).nights()).sum();
        if knows_us && *class == Class::Block && ours >= range.nights() {
            found.echoes.extend(meets.iter().map(|(booking, _)| *booking));
        } else {
            found.clashes.extend(meets.iter().map(|(booking, stay)| Clash { booking: *booking, nights: common(*range, *stay) }));
        }
    }
    found.clashes.sort_unstable();
    found.clashes.dedup();
    found
}

fn common(a: NightRange, b: NightRange) -> NightRange {
    NightRange::new(a.from.max(b.from), a.to.min(b.to))
}

/// What of the taken ranges is not over by `today`.
#[must_use]
pub fn ahead(taken: &[(NightRange, Class)], today: Night) -> Vec<NightRange> {
    taken.iter().map(|(range, _)| *range).filter(|range| range.to > today).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: i32, to: i32) -> NightRange {
        NightRange::new(Night(from), Night(to))
    }

    #[test]
    fn only_what_changed_is_written() {
        let stored = [range(1, 3), range(5, 8), range(20, 21)];
        let found = difference(&stored, &[range(20, 21), range(5, 9), range(1, 3)]);
        assert_eq!((found.gone, found.new), (vec![range(5, 8)], vec![range(5, 9)]));
        assert!(difference(&stored, &stored).is_empty() && difference(&[], &[]).is_empty());
        assert_eq!(nights(&stored), 6);
    }

    #[test]
    fn stays_that_meet_a_feed_clash_unless_it_repeats_what_we_told() {
        let (one, two) = (BookingId::new(), BookingId::new());
        let stays = [(one, range(10, 14)), (two, range(14, 16))];
        let clash = |booking, from, to| Clash { booking, nights: range(from, to) };
        for (taken, knows_us, expected) in [
            (vec![(range(14, 16), Class::Reservation)], true, vec![clash(two, 14, 16)]),
            (vec![(range(8, 10), Class::Reservation), (range(16, 18), Class::Block)], false, vec![]),
            (vec![(range(12, 15), Class::Reservation)], false, vec![clash(one, 12, 14), clash(two, 14, 15)]),
            // Closed there: learnt from us, if they know us, and if it is no more than we told.
            (vec![(range(10, 16), Class::Block)], true, vec![]),
            (vec![(range(10, 16), Class::Block)], false, vec![clash(one, 10, 14), clash(two, 14, 16)]),
            (vec![(range(10, 17), Class::Block)], true, vec![clash(one, 10, 14), clash(two, 14, 16)]),
        ] {
            let mut expected = expected;
            expected.sort_unstable();
            let met = meetings(&taken, &stays, knows_us);
            assert_eq!(met.clashes, expected, "{taken:?} {knows_us}");
            let echoed = knows_us && expected.is_empty() && taken.len() == 1;
            assert_eq!(met.echoes, if echoed { BTreeSet::from([one, two]) } else { BTreeSet::new() }, "{taken:?} {knows_us}");
        }
    }
}
