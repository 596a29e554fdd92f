//! Narrows the corpus to the listings that match a question, the cheapest tests first.
//!
//! The result is `(bits and not exact) or (exact and permits)`: whatever bitmaps can say is said by them, and
//! listings with rules that are not bit tests are judged by the same function as a booking.

use super::area;
use super::bits::Bitmap;
use super::columns::UNKNOWN;
use super::corpus::Corpus;
use super::dates::Dates;
use super::query::{Query, Sort, Trouble};
use super::selection::Selection;
use super::sets::AtLeast;
use super::text::TextView;
use super::text::hits::WordHits;
use crate::features::calendar::rules::{Days, permits};
use crate::values::{Instant, LocalMoment, Stay};
use std::sync::Arc;

/// At least so many of something: its bitmaps, the number, and its column.
type Wanted<'a> = (&'a AtLeast, u16, &'a dyn Fn(usize) -> u16);

/// What matches, and what later steps need again.
pub(super) struct Matches {
    pub selection: Selection,
    pub words: Vec<Arc<WordHits>>,
}

impl Corpus {
    /// The listings that match everything in `query`.
    pub(super) fn matches(&self, text: &TextView, query: &Query) -> Result<Matches, Trouble> {
        let mut words = Vec::with_capacity(query.words.len());
        for word in &query.words {
            let hits = text.hits(word)?;
            if hits.anywhere.is_empty() {
                return Ok(Matches { selection: Selection::default(), words: Vec::new() });
            }
            words.push(hits);
        }
        if query.wordless {
            return Ok(Matches { selection: Selection::default(), words });
        }
        let mut selection = self.start(query, &words);
        for word in &words {
            word.anywhere.narrow(&mut selection);
        }
        self.filter_kind(query, &mut selection);
        self.filter_numbers(query, &mut selection);
        query.custom.iter().for_each(|filter| self.customs.narrow(filter, &mut selection));
        match &query.dates {
            Some(Dates::Fixed(stay)) => self.filter_stay(query, *stay, &mut selection),
            Some(Dates::Flexible(flexible)) => self.filter_flexible(query, flexible, &mut selection),
            None => {}
        }
        if let Some(currency) = query.currency {
            narrow_to(&mut selection, self.currency_list.iter().position(|c| *c == currency).map(|n| &self.currencies[n]));
        }
        if query.price.is_some() || matches!(query.sort, Sort::Cheapest | Sort::Dearest) {
            let currency = self.one_currency(&selection)?;
            if let (Some(filter), Some(currency)) = (query.price, currency) {
                self.filter_price(filter, &self.costs(query), currency, &mut selection);
            }
        }
        if selection.words() > 64 {
            selection.compact();
        }
        Ok(Matches { selection, words })
    }

    /// The smallest set to begin with: an area, a city, a word, or everybody.
    fn start(&self, query: &Query, words: &[Arc<WordHits>]) -> Selection {
        let mut selection = match (&query.area, &query.city) {
            (Some(area), _) => {
                let mut inside = area::select(area, &self.curve, self.ordinals(), |n| self.columns.points[n as usize]);
                inside.and(&self.live);
                inside
            }
            (None, Some(city)) => {
                let mut ordinals: Vec<u32> = self.cities_named(city).iter().flat_map(|n| self.by_city[*n as usize].iter().copied()).collect();
                ordinals.sort_unstable();
                let mut selection = Selection::of_sorted(ordinals);
                selection.and(&self.live);
                selection
            }
            (None, None) => match words.iter().min_by_key(|word| word.anywhere.at_most()) {
                Some(rarest) => {
                    let mut selection = rarest.anywhere.selection();
                    selection.and(&self.live);
                    selection
                }
                None => Selection::everything(&self.live),
            },
        };
        if let Some(city) = &query.city {
            let cities = self.cities_named(city);
            selection.retain(|n| cities.contains(&self.columns.cities[n as usize]));
        }
        selection
    }

    fn filter_kind(&self, query: &Query, selection: &mut Selection) {
        if !query.room_types.is_empty() {
            let kinds: Vec<&Bitmap> = query.room_types.iter().map(|room| &self.room_types[*room as usize]).collect();
            selection.and_any(&kinds);
        }
        if !query.property_types.is_empty() {
            let kinds: Vec<&Bitmap> =
                query.property_types.iter().filter_map(|slug| self.property_names.find(slug)).map(|n| &self.property_types[n as usize]).collect();
            selection.and_any(&kinds);
        }
        let (mut within, mut without) = (Vec::new(), Vec::new());
        for number in &query.amenities {
            match self.amenities.get(usize::from(*number)) {
                Some(amenity) => within.push(amenity),
                None => return *selection = Selection::default(),
            }
        }
        for (wanted, bitmap) in [(query.instant_book, &self.instant_book), (query.top_host, &self.top_host)] {
            match wanted {
                Some(true) => within.push(bitmap),
                Some(false) => without.push(bitmap),
                None => {}
            }
        }
        selection.narrow(&within, &without);
        if let Some(host) = query.host {
            let number = self.host_number(host);
            selection.retain(|n| Some(self.columns.hosts[n as usize]) == number);
        }
    }

    fn filter_numbers(&self, query: &Query, selection: &mut Selection) {
        let columns = &self.columns;
        let guests = query.party.adults.saturating_add(query.party.children);
        let known = |value: u8| if value == UNKNOWN { 0 } else { value.into() };
        let wanted: [Wanted<'_>; 6] = [
            (&self.capacity, guests, &|n| columns.terms[n].capacity),
            (&self.infants, query.party.infants, &|n| columns.terms[n].max_infants.into()),
            (&self.pets, query.party.pets, &|n| columns.terms[n].max_pets.into()),
            (&self.bedrooms, query.bedrooms_min.into(), &|n| known(columns.bedrooms[n])),
            (&self.beds, query.beds_min.into(), &|n| known(columns.beds[n])),
            (&self.bathrooms, query.bathrooms_halves_min.into(), &|n| known(columns.bathrooms[n])),
        ];
        let wanted = wanted.iter().filter(|(_, least, _)| *least > 0);
        let levels: Option<Vec<&Bitmap>> = wanted.clone().map(|(levels, least, _)| levels.level(u8::try_from(*least).unwrap_or(u8::MAX))).collect();
        let Some(levels) = levels else { return *selection = Selection::default() };
        selection.narrow(&levels, &[]);
        // Beyond the levels of the bitmaps the column decides.
        for (_, least, value) in wanted.filter(|(_, least, _)| *least > AtLeast::LEVELS.into()) {
            selection.retain(|n| value(n as usize) >= *least);
        }
        if let Some(least) = query.rating_centi_min {
            selection.and(&self.rated);
            selection.retain(|n| columns.rating[n as usize] >= least);
        }
        if query.reviews_min > 0 {
            selection.retain(|n| columns.reviews[n as usize] >= query.reviews_min);
        }
    }

    fn filter_stay(&self, query: &Query, stay: Stay, selection: &mut Selection) {
        let locals = self.locals(query);
        let exact = (selection.count_and(&self.exact) > 0).then(|| {
            let mut exact = selection.clone();
            exact.and(&self.exact);
            exact
        });
        let mut taken: Vec<&Bitmap> = self.nights.taken(stay).collect();
        taken.extend(exact.is_some().then_some(&self.exact));
        selection.narrow(&[], &taken);
        self.filter_length(stay, selection);
        self.filter_time(stay, &locals, selection);
        let Some(mut exact) = exact else { return };
        exact.retain(|n| {
            let terms = &self.columns.terms[n as usize];
            let local = locals[self.columns.classes[n as usize] as usize];
            local.is_some_and(|local| permits(terms, self.days(n), stay, query.party, local))
        });
        selection.or_same_words(&exact);
    }

    /// The local date and time of every time class; `None` where the zone is unknown, which nobody can book.
    ///
    /// Clocks that show minutes are read once a minute: a world of zones costs more than the rest of a map search.
    pub(super) fn locals(&self, query: &Query) -> Arc<[Option<LocalMoment>]> {
        let minute = query.now.0.div_euclid(60 * Instant::SECOND);
        let mut clocks = self.clocks.lock();
        if clocks.0 != minute || clocks.1.len() != self.classes.len() {
            *clocks = (minute, self.classes.iter().map(|(_, zone)| zone.as_ref().map(|zone| zone.local(query.now))).collect());
        }
        Arc::clone(&clocks.1)
    }

    fn filter_length(&self, stay: Stay, selection: &mut Selection) {
        let takes = |n: u32| {
            let (terms, days) = (&self.columns.terms[n as usize], self.days(n));
            days.min_nights(terms, stay.check_in()) <= stay.nights() && stay.nights() <= days.max_nights(terms, stay.check_in())
        };
        match self.lengths.of(stay.nights()) {
            Some((sure, maybe)) => selection.retain_sure_or(sure, maybe, takes),
            None => selection.retain(takes),
        }
    }

    /// Not in the past, not too soon, not too far ahead: decided once a class.
    fn filter_time(&self, stay: Stay, locals: &[Option<LocalMoment>], selection: &mut Selection) {
        let open: Vec<bool> = self
            .classes
            .iter()
            .zip(locals)
            .map(|((class, _), local)| {
                local.is_some_and(|local| {
                    let arrival = stay.check_in();
                    arrival >= class.earliest_arrival(local) && arrival <= local.today.plus(class.window_days.into())
                })
            })
            .collect();
        if open.iter().any(|open| !open) {
            selection.retain(|n| open[self.columns.classes[n as usize] as usize]);
        }
    }

    /// The calendar of a listing as far as it differs from its terms.
    pub(super) fn days(&self, ordinal: u32) -> &Days {
        static PLAIN: Days = Days { taken: Vec::new(), overrides: Vec::new(), held: Vec::new() };
        self.columns.days[ordinal as usize].as_deref().unwrap_or(&PLAIN)
    }
}

/// Keeps what is in `set`; nothing when there is no such set.
fn narrow_to(selection: &mut Selection, set: Option<&Bitmap>) {
    match set {
        Some(set) => selection.and(set),
        None => *selection = Selection::default(),
    }
}
