//! Runs of nights: joining ranges, and counting who is there on the same night.

use super::Held;
use crate::values::{Night, NightRange};

/// Sorts ranges and joins those that overlap or touch; empty ones go.
#[must_use]
pub fn merge(mut ranges: Vec<NightRange>) -> Vec<NightRange> {
    ranges.retain(|range| range.nights() > 0);
    ranges.sort_unstable();
    let mut merged: Vec<NightRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.from <= last.to => last.to = last.to.max(range.to),
            _ => merged.push(range),
        }
    }
    merged
}

/// The stays as they are counted: where two overlap in one unit (a booking, and another calendar that knows of it), the unit is taken
/// once.
pub(super) fn in_units(stays: &[Held]) -> Vec<NightRange> {
    let mut counted: Vec<NightRange> = stays.iter().filter(|stay| stay.slot.is_none()).map(|stay| stay.range).collect();
    let mut placed: Vec<(u16, NightRange)> = stays.iter().filter_map(|stay| Some((stay.slot?, stay.range))).collect();
    placed.sort_unstable();
    let mut last: Option<(u16, NightRange)> = None;
    for (slot, range) in placed {
        last = match last {
            Some((same, before)) if same == slot && range.from < before.to => Some((slot, NightRange::new(before.from, before.to.max(range.to)))),
            other => {
                counted.extend(other.map(|(_, range)| range));
                Some((slot, range))
            }
        };
    }
    counted.extend(last.map(|(_, range)| range));
    counted
}

/// The runs of nights on which `units` or more of the stays, each with `g` nights after it, are present.
pub(super) fn full_runs(stays: impl Iterator<Item = NightRange>, units: u16, g: i32) -> impl Iterator<Item = NightRange> {
    let mut turns: Vec<(Night, i32)> = Vec::with_capacity(stays.size_hint().0 * 2);
    for stay in stays.filter(|stay| stay.nights() > 0) {
        turns.push((stay.from, 1));
        turns.push((stay.to.plus(g), -1));
    }
    // Departures come before arrivals of the same day, so that a turnover is not an overlap.
    turns.sort_unstable();
    let (mut present, mut since, mut runs) = (0, None, Vec::new());
    for (night, change) in turns {
        let was_full = present >= i32::from(units);
        present += change;
        match (was_full, present >= i32::from(units)) {
            (false, true) => since = Some(night),
            (true, false) => runs.extend(since.take().map(|from| NightRange::new(from, night))),
            _ => {}
        }
    }
    runs.into_iter()
}

/// What is left of `range` when `others` (in any order) are taken out of it, in order.
#[must_use]
pub fn without(range: NightRange, others: &[NightRange]) -> Vec<NightRange> {
    let (mut left, mut from) = (Vec::new(), range.from);
    for other in merge(others.to_vec()).into_iter().filter(|other| other.overlaps(range)) {
        if from < other.from {
            left.push(NightRange::new(from, other.from));
        }
        from = from.max(other.to);
    }
    if from < range.to {
        left.push(NightRange::new(from, range.to));
    }
    left
}

/// The parts of `others` that lie in `range`, joined, in order.
#[must_use]
pub fn inside(range: NightRange, others: &[NightRange]) -> Vec<NightRange> {
    merge(others.iter().map(|other| NightRange::new(other.from.max(range.from), other.to.min(range.to))).collect())
}
