//! What a stretch of the event log asks of search.

use crate::platform::events::{Event, Kind};
use crate::values::ListingId;
use std::collections::BTreeSet;

/// Listings to be looked up once more. How often they changed does not matter, only how they are now.
#[derive(Debug, Default)]
pub(super) struct News {
    /// With everything that is known of them.
    pub whole: BTreeSet<ListingId>,
    /// Their calendars at least.
    pub calendars: BTreeSet<ListingId>,
    /// So much changed that everything is read again.
    pub everything: bool,
}

impl News {
    pub(super) fn of(events: &[Event]) -> Self {
        let mut news = Self::default();
        news.add(events);
        news
    }

    pub(super) fn add(&mut self, events: &[Event]) {
        for event in events {
            match Kind::parse(&event.kind) {
                Some(Kind::ListingChanged) => drop(self.whole.insert(ListingId(event.subject))),
                Some(Kind::CalendarChanged) => drop(self.calendars.insert(ListingId(event.subject))),
                Some(Kind::ListingsReplaced) => self.everything = true,
                Some(Kind::AccountChanged) | None => {}
            }
        }
    }

    /// How many listings have to be looked up.
    pub(super) fn len(&self) -> usize {
        self.whole.len() + self.calendars.difference(&self.whole).count()
    }

    /// The same in parts of at most so many listings.
    pub(super) fn parts(self, most: usize) -> Vec<Self> {
        let Self { whole, calendars, everything } = self;
        let only: Vec<ListingId> = calendars.difference(&whole).copied().collect();
        let whole: Vec<ListingId> = whole.into_iter().collect();
        let parts = whole.chunks(most).map(|part| Self { whole: part.iter().copied().collect(), calendars: BTreeSet::new(), everything });
        let rest = only.chunks(most).map(|part| Self { whole: BTreeSet::new(), calendars: part.iter().copied().collect(), everything });
        parts.chain(rest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Instant;

    #[test]
    fn every_listing_is_looked_up_once() {
        let ids: Vec<ListingId> = (0..5).map(|_| ListingId::new()).collect();
        let event = |kind: Kind, n: usize| Event { seq: 1, kind: kind.name().into(), subject: ids[n].0, payload: String::new(), at: Instant(0) };
        let (home, calendar) = (Kind::ListingChanged, Kind::CalendarChanged);
        let mut news = News::of(&[event(home, 0), event(calendar, 0), event(calendar, 1)]);
        news.add(&[event(calendar, 1), event(calendar, 2), event(home, 3), event(home, 4), event(home, 4)]);
        assert_eq!((news.len(), news.everything), (5, false));
        let parts = news.parts(2);
        assert_eq!(parts.iter().map(|part| (part.whole.len(), part.calendars.len())).collect::<Vec<_>>(), [(2, 0), (1, 0), (0, 2)]);
        assert!(News::of(&[event(Kind::ListingsReplaced, 0)]).everything);
    }
}
