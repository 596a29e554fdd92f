//! What of the room is kept at an instant, night by night.

use super::outcome::Terms;
use super::policy::Kept;
use super::timeline::{Arrival, Grace};
use crate::features::pricing::spread;
use crate::values::Instant;

/// How many nights are spent: those whose own arrival time has come. At the very instant of check-in guests still are in time (D8).
pub(super) fn spent(arrival: &Arrival<'_>, at: Instant) -> u16 {
    if at <= arrival.days_before(0) {
        return 0;
    }
    let first = arrival.stay.check_in();
    // The dates come in the order of time, so half of those that are left can be left out at a time.
    let (mut known, mut open) = (1, arrival.stay.nights());
    while known < open {
        let middle = known + (open - known) / 2;
        if arrival.zone.resolve(first.plus(middle.into()), arrival.minute) <= at {
            known = middle + 1;
        } else {
            open = middle;
        }
    }
    known
}

/// What the policy keeps of the room from whoever cancels at an instant (C1, and the table).
pub(super) fn kept_at(terms: &Terms<'_>, at: Instant) -> Kept {
    let (rules, arrival) = (terms.rules, &terms.arrival);
    let spent = spent(arrival, at);
    if spent > 0 {
        return rules.after_check_in.after(spent);
    }
    let grace_ends = Grace::of(rules, arrival).and_then(|grace| grace.ends(terms.confirmed_at));
    if grace_ends.is_some_and(|end| at <= end) {
        return Kept { nights: 0, rest_bp: 0 };
    }
    let open = rules.deadlines.iter().find(|deadline| at <= deadline.ends(arrival));
    open.map_or(rules.until_check_in, |deadline| deadline.kept)
}

/// The same by nights: first nights whole, and of the others each its part.
pub(super) fn by_night(kept: Kept, nights: &[i64]) -> Vec<i64> {
    let first = nights.len().min(kept.nights.into());
    let whole: i64 = nights[..first].iter().sum();
    let mut parts = nights[..first].to_vec();
    parts.extend(spread(kept.of(nights) - whole, &nights[first..]));
    parts
}

/// The instants at which something may change: the last ones in time of deadlines, and when nights begin.
pub(super) fn turns(terms: &Terms<'_>) -> Vec<Instant> {
    let (rules, arrival) = (terms.rules, &terms.arrival);
    let grace = Grace::of(rules, arrival).and_then(|grace| grace.ends(terms.confirmed_at));
    let deadlines = rules.deadlines.iter().map(|deadline| deadline.ends(arrival));
    let nights = arrival.stay.range().iter().map(|night| arrival.zone.resolve(night, arrival.minute));
    let penalties = terms.settings.host_penalty.iter().flat_map(|penalty| penalty.turns(arrival.days_before(0)));
    let mut turns: Vec<Instant> = grace.into_iter().chain(deadlines).chain(nights).chain(penalties).collect();
    turns.sort_unstable();
    turns.dedup();
    turns
}
