//! The days of all listings, as they were read: short runs, in any order, made orderly once.

use super::rules::days::{DayRun, Facts};
use crate::values::Night;

/// A run of days of one listing and the line on which it began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub owner: u32,
    pub line: u32,
    pub run: DayRun,
}

/// Everything calendars say, by listing. A listing's rows may come in any order and in several stretches.
#[derive(Debug, Default)]
pub(super) struct Book {
    entries: Vec<Entry>,
}

impl Book {
    /// Adds the day, or the days, of `[from, to)`; grows the last run when it goes on there with the same facts.
    pub(super) fn add(&mut self, owner: u32, line: u64, from: Night, to: Night, facts: Facts) {
        if let Some(last) = self.entries.last_mut()
            && last.owner == owner
            && last.run.to == from
            && last.run.facts == facts
        {
            last.run.to = to;
            return;
        }
        self.entries.push(Entry { owner, line: u32::try_from(line).unwrap_or(u32::MAX), run: DayRun { from, to, facts } });
    }

    /// Sorts by listing and day. Days that were given twice count once; `twice` is told about each such run.
    pub(super) fn settle(&mut self, mut twice: impl FnMut(&Entry)) {
        self.entries.sort_by_key(|entry| (entry.owner, entry.run.from, entry.line));
        let mut before: Option<(u32, Night)> = None;
        self.entries.retain_mut(|entry| {
            if let Some((owner, end)) = before
                && owner == entry.owner
                && entry.run.from < end
            {
                twice(entry);
                entry.run.from = end.min(entry.run.to);
            }
            let end = before.filter(|(owner, _)| *owner == entry.owner).map_or(entry.run.to, |(_, end)| end.max(entry.run.to));
            before = Some((entry.owner, end));
            entry.run.from < entry.run.to
        });
        self.entries.shrink_to_fit();
    }

    /// A listing's runs, sorted and disjoint. Only after [`Book::settle`].
    pub(super) fn of(&self, owner: u32) -> impl Iterator<Item = &DayRun> + Clone {
        let start = self.entries.partition_point(|entry| entry.owner < owner);
        self.entries[start..].iter().take_while(move |entry| entry.owner == owner).map(|entry| &entry.run)
    }

    /// The first day of all.
    pub(super) fn first_day(&self) -> Option<Night> {
        self.entries.iter().map(|entry| entry.run.from).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_sorted_and_days_given_twice_count_once() {
        let facts = |price_minor| Facts { open: true, min_nights: 1, max_nights: 9, price_minor };
        let mut book = Book::default();
        for (owner, line, day, price) in [(1, 2, 10, 5), (0, 3, 7, 5), (1, 4, 11, 5), (1, 5, 8, 5), (1, 6, 9, 6), (1, 7, 10, 7), (0, 8, 8, 5)] {
            book.add(owner, line, Night(day), Night(day + 1), facts(price));
        }
        let mut twice = Vec::new();
        book.settle(|entry| twice.push((entry.line, entry.run.from)));
        assert_eq!(twice, [(7, Night(10))], "day 10 of listing 1 stands on lines 2 and 7");
        let days: Vec<_> = book.of(1).map(|run| (run.from.0, run.to.0, run.facts.price_minor)).collect();
        assert_eq!(days, [(8, 9, 5), (9, 10, 6), (10, 11, 5), (11, 12, 5)]);
        assert_eq!(book.of(0).count(), 2);
        assert_eq!(book.first_day(), Some(Night(7)));
    }
}
