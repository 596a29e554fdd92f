//! Makes a corpus of all listings at once.

use super::area::{Point, code};
use super::corpus::Corpus;
use super::listing::{Entry, Facts};
use crate::features::calendar::rules::{Causes, DayOverride, Days};
use crate::values::{ListingId, Night, NightRange};

/// One cause or override of a calendar, with the place of its listing in the order of loading.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    Block(NightRange),
    Stay(NightRange),
    Override { host: bool, day: DayOverride },
}

/// Makes the corpus. `parts` are sorted by `.0`, the place of their listing in `listings`; overrides of a listing are
/// in the order of their dates. Nights before `base` are forgotten.
pub(crate) fn corpus(listings: Vec<Facts>, parts: &[(u32, Part)], base: Night) -> Corpus {
    let mut corpus = Corpus::empty(base, listings.len());
    let mut order: Vec<(u64, ListingId, u32)> = (0..).zip(&listings).map(|(n, facts)| (code(Point { lat: facts.lat, lng: facts.lng }), facts.id, n)).collect();
    order.sort_unstable();
    let mut listings: Vec<Option<Facts>> = listings.into_iter().map(Some).collect();
    for (_, _, place) in order {
        let Some(facts) = listings[place as usize].take() else { continue };
        let from = parts.partition_point(|(n, _)| *n < place);
        let to = from + parts[from..].partition_point(|(n, _)| *n == place);
        let days = days(&facts, parts[from..to].iter().map(|(_, part)| *part));
        corpus.put(Entry { facts, days });
    }
    corpus.mark_sorted();
    corpus.rank();
    corpus
}

/// The calendar of one listing from its parts.
pub(crate) fn days(facts: &Facts, parts: impl Iterator<Item = Part>) -> Days {
    let mut causes = Causes::default();
    let (mut host, mut others) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Part::Block(range) => causes.blocks.push(range),
            Part::Stay(range) => causes.stays.push(range),
            Part::Override { host: true, day } => host.push(day),
            Part::Override { host: false, day } => others.push(day),
        }
    }
    let overrides = if host.is_empty() { others } else { crate::features::calendar::rules::overlay(&host, &others) };
    Days::new(&facts.terms, &causes, overrides)
}
