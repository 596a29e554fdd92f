//! Every published listing in columns and bitmaps, in the order of the map.
//!
//! A listing's place in the columns is its ordinal. The first `curve.len()` ordinals follow the Z-order curve; later
//! arrivals, and listings that moved, are appended behind them until the next rebuild. A listing that left keeps a
//! dead ordinal. `filter.rs` narrows, `order.rs` sorts, `facets.rs` counts.

use super::Change;
use super::area::Point;
use super::bits::Bitmap;
use super::bundles::Bundles;
use super::classes::TimeClass;
use super::columns::{Columns, UNKNOWN};
use super::curve::{Curve, code};
use super::customs::Customs;
use super::lengths::Lengths;
use super::listing::{Entry, Facts};
use super::names::{Names, fold};
use super::nights::Nights;
use super::prices::{self, PriceBands};
use super::rows::{FacetRows, Mark};
use super::sets::{AtLeast, grow, set_members, set_one};
use super::slices::RoughPrices;
use crate::features::calendar::rules::{Days, Terms};
use crate::features::listings::FieldValue;
use crate::features::listings::amenities::CATALOGUE;
use crate::features::pricing::{Largest, bounds_per_night};
use crate::values::{Currency, ListingId, LocalMoment, Night, UserId, Zone};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// The searchable state of the whole marketplace.
#[derive(Debug)]
pub(crate) struct Corpus {
    /// How many listings a new bitmap has room for.
    pub(super) room: usize,
    pub columns: Columns,
    /// What facets count, by ordinal.
    pub rows: FacetRows,
    /// The same of rare amenities, several in one set.
    pub bundles: Bundles,
    pub live: Bitmap,
    /// Places on the curve of the sorted ordinals.
    pub curve: Curve,
    pub nights: Nights,
    pub lengths: Lengths,
    pub bands: PriceBands,
    pub rough_prices: RoughPrices,
    /// Rules that are not bit tests: judged by `calendar::rules::permits`.
    pub exact: Bitmap,
    /// What a stay costs by night hangs on its dates, its length or the party.
    pub varied_price: Bitmap,
    pub instant_book: Bitmap,
    pub top_host: Bitmap,
    pub rated: Bitmap,
    pub room_types: [Bitmap; 4],
    pub property_types: Vec<Bitmap>,
    /// By place in the catalogue.
    pub amenities: Vec<Bitmap>,
    pub currencies: Vec<Bitmap>,
    pub capacity: AtLeast,
    pub infants: AtLeast,
    pub pets: AtLeast,
    pub bedrooms: AtLeast,
    pub beds: AtLeast,
    pub bathrooms: AtLeast,
    pub bedrooms_known: Bitmap,
    pub customs: Customs,
    /// How many listings have each amenity and property type; never too low, for listings that left still count.
    pub amenity_counts: Vec<u32>,
    pub property_counts: Vec<u32>,
    /// The commonest property types at the last rebuild, and the listings of all others: there are dozens of types, and
    /// counting each over everybody would cost more than all other facets together.
    pub common_types: Vec<u16>,
    pub rare_types: Bitmap,
    pub property_names: Names,
    pub city_names: Names,
    /// Neighbourhood and city, with a line break between them.
    pub neighbourhood_names: Names,
    pub currency_list: Vec<Currency>,
    pub classes: Vec<(TimeClass, Option<Zone>)>,
    /// What the wall clocks of all classes showed in the minute that was asked for last.
    pub clocks: Mutex<(i64, Arc<[Option<LocalMoment>]>)>,
    /// Ordinals of each city, ascending; may hold listings that left, so the column is asked too.
    pub by_city: Vec<Vec<u32>>,
    /// Live ordinals sorted by quality, best first (ties by id), as they were at the last rebuild.
    pub ranking: Vec<u32>,
    /// What changed in quality or arrived since: not to be looked up in `ranking`.
    pub unranked: Bitmap,
    pub(super) by_id: HashMap<ListingId, u32, foldhash::fast::RandomState>,
    pub(super) class_numbers: HashMap<TimeClass, u32>,
    /// Folded city names to the number of their exact spelling.
    pub(super) city_by_fold: HashMap<String, Vec<u32>>,
    /// By their number.
    pub(super) hosts: Vec<UserId>,
    pub(super) host_numbers: HashMap<UserId, u32, foldhash::fast::RandomState>,
    pub(super) live_count: usize,
}

impl Corpus {
    /// An empty corpus whose first night is `base`, with room for so many listings (more may come).
    pub(crate) fn empty(base: Night, room: usize) -> Self {
        let set = || Bitmap::with_room(room);
        let at_least = || AtLeast::with_room(room);
        Self {
            room,
            columns: Columns::with_room(room),
            rows: FacetRows::with_room(room),
            bundles: Bundles::none(),
            live: set(),
            curve: Curve::default(),
            nights: Nights::new(base, room),
            lengths: Lengths::with_room(room),
            bands: PriceBands::with_room(room),
            rough_prices: RoughPrices::with_room(room),
            exact: set(),
            varied_price: set(),
            instant_book: set(),
            top_host: set(),
            rated: set(),
            room_types: std::array::from_fn(|_| set()),
            property_types: Vec::new(),
            amenities: CATALOGUE.iter().map(|_| set()).collect(),
            currencies: Vec::new(),
            capacity: at_least(),
            infants: at_least(),
            pets: at_least(),
            bedrooms: at_least(),
            beds: at_least(),
            bathrooms: at_least(),
            bedrooms_known: set(),
            customs: Customs::default(),
            amenity_counts: Vec::new(),
            property_counts: Vec::new(),
            common_types: Vec::new(),
            rare_types: set(),
            property_names: Names::default(),
            city_names: Names::default(),
            neighbourhood_names: Names::default(),
            currency_list: Vec::new(),
            classes: Vec::new(),
            clocks: Mutex::new((0, Arc::from([]))),
            by_city: Vec::new(),
            ranking: Vec::new(),
            unranked: set(),
            by_id: HashMap::with_capacity_and_hasher(room, foldhash::fast::RandomState::default()),
            class_numbers: HashMap::new(),
            city_by_fold: HashMap::new(),
            hosts: Vec::new(),
            host_numbers: HashMap::default(),
            live_count: 0,
        }
    }

    /// How many listings can be found.
    pub(crate) fn len(&self) -> usize {
        self.live_count
    }

    /// One more than the highest ordinal.
    pub(crate) fn ordinals(&self) -> u32 {
        u32::try_from(self.columns.ids.len()).unwrap_or(u32::MAX)
    }

    /// How many ordinals lie outside the order of the map: dead ones and late arrivals.
    pub(crate) fn disorder(&self) -> usize {
        self.columns.ids.len() - self.live_count + self.columns.ids.len().saturating_sub(self.curve.len())
    }

    pub(crate) fn ordinal(&self, id: ListingId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// How many listings a new bitmap has room for.
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    pub(crate) fn terms(&self, id: ListingId) -> Option<Terms> {
        self.ordinal(id).map(|ordinal| self.columns.terms[ordinal as usize])
    }

    pub(crate) fn host_number(&self, host: UserId) -> Option<u32> {
        self.host_numbers.get(&host).copied()
    }

    /// The cities whose folded name is that of `name`.
    pub(crate) fn cities_named(&self, name: &str) -> &[u32] {
        self.city_by_fold.get(&fold(name)).map_or(&[], Vec::as_slice)
    }

    /// Takes over how a listing is now.
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::Put(entry) => self.put(*entry),
            Change::Calendar(id, days) => self.put_days(id, days),
            Change::Gone(id) => self.remove(id),
        }
    }

    /// Takes a listing out.
    pub(crate) fn remove(&mut self, id: ListingId) {
        if let Some(ordinal) = self.by_id.remove(&id) {
            self.live.remove(ordinal);
            self.live_count -= 1;
            self.nights.clear(ordinal);
            self.columns.days[ordinal as usize] = None;
        }
    }

    /// Puts a listing in, or brings it up to date; one that moved on the map gets a new ordinal.
    pub(crate) fn put(&mut self, entry: Entry) {
        let point = Point { lat: entry.facts.lat, lng: entry.facts.lng };
        let known = self.by_id.get(&entry.facts.id).copied();
        if known.is_some_and(|ordinal| self.columns.points[ordinal as usize] != point) {
            self.remove(entry.facts.id);
        }
        let ordinal = match self.by_id.get(&entry.facts.id) {
            Some(ordinal) => {
                self.nights.clear(*ordinal);
                *ordinal
            }
            None => self.append(entry.facts.id, point),
        };
        self.write_facts(ordinal, &entry.facts);
        self.write_days(ordinal, entry.days);
    }

    /// Replaces what is free, and at which price.
    pub(crate) fn put_days(&mut self, id: ListingId, days: Days) {
        if let Some(ordinal) = self.ordinal(id) {
            self.nights.clear(ordinal);
            self.write_days(ordinal, days);
        }
    }

    fn append(&mut self, id: ListingId, point: Point) -> u32 {
        let ordinal = self.ordinals();
        self.columns.append(id, point);
        self.rows.push();
        self.by_id.insert(id, ordinal);
        self.live.insert(ordinal);
        self.unranked.insert(ordinal);
        self.live_count += 1;
        ordinal
    }

    fn write_facts(&mut self, ordinal: u32, facts: &Facts) {
        let place = ordinal as usize;
        let quality = facts.quality();
        if self.columns.quality[place] != quality {
            self.unranked.insert(ordinal);
        }
        let numbers = self.number_names(ordinal, facts);
        let columns = &mut self.columns;
        columns.terms[place] = facts.terms;
        columns.prices[place] = facts.price;
        columns.pricing[place].clone_from(&facts.pricing);
        columns.quality[place] = quality;
        columns.rating[place] = facts.rating_centi.unwrap_or(0);
        columns.reviews[place] = facts.review_count;
        columns.created[place] = facts.created_at;
        columns.hosts[place] = numbers.host;
        columns.cities[place] = numbers.city;
        columns.neighbourhoods[place] = numbers.neighbourhood;
        columns.currencies[place] = numbers.currency;
        columns.classes[place] = numbers.class;
        columns.property_types[place] = numbers.property_type;
        let mark = Mark { room_type: facts.room_type as usize, price_band: prices::band(facts.price, facts.currency), bedrooms: facts.bedrooms };
        self.bundles.put(ordinal, facts.amenities);
        self.rows.put(ordinal, facts.amenities, numbers.property_type, mark);
        columns.bedrooms[place] = facts.bedrooms.unwrap_or(UNKNOWN);
        columns.beds[place] = facts.beds.unwrap_or(UNKNOWN);
        columns.bathrooms[place] = facts.bathrooms_halves.unwrap_or(UNKNOWN);
        self.write_bits(ordinal, facts, &numbers);
        self.customs.put(ordinal, &facts.custom);
    }

    /// Writes what a listing says in the operator's own fields, where that is read apart.
    pub(crate) fn put_custom(&mut self, id: ListingId, values: &[(Box<str>, FieldValue)]) {
        if let Some(ordinal) = self.ordinal(id) {
            self.customs.put(ordinal, values);
        }
    }

    fn number_names(&mut self, ordinal: u32, facts: &Facts) -> Numbers {
        let terms = &facts.terms;
        let class =
            TimeClass { zone: Arc::clone(&facts.zone), notice_days: terms.notice_days, cutoff_minute: terms.cutoff_minute, window_days: terms.window_days };
        let class = match self.class_numbers.get(&class) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.classes.len()).unwrap_or(u32::MAX);
                self.classes.push((class.clone(), Zone::parse(&class.zone)));
                self.class_numbers.insert(class, number);
                number
            }
        };
        let currency = self.currency_list.iter().position(|c| *c == facts.currency).unwrap_or_else(|| {
            self.currency_list.push(facts.currency);
            self.currency_list.len() - 1
        });
        Numbers {
            host: self.number_host(facts.host),
            city: self.number_city(ordinal, &facts.city),
            neighbourhood: self.neighbourhood_names.number(&format!("{}\n{}", facts.neighbourhood, facts.city)),
            currency: u8::try_from(currency).unwrap_or(u8::MAX),
            class,
            property_type: u16::try_from(self.property_names.number(&facts.property_type)).unwrap_or(u16::MAX),
        }
    }

    fn number_host(&mut self, host: UserId) -> u32 {
        let next = u32::try_from(self.hosts.len()).unwrap_or(u32::MAX);
        let number = *self.host_numbers.entry(host).or_insert(next);
        if number == next {
            self.hosts.push(host);
        }
        number
    }

    fn number_city(&mut self, ordinal: u32, name: &str) -> u32 {
        let city = self.city_names.number(name);
        if self.by_city.len() <= city as usize {
            self.by_city.resize_with(city as usize + 1, Vec::new);
            self.city_by_fold.entry(fold(name)).or_default().push(city);
        }
        let list = &mut self.by_city[city as usize];
        if let Err(gap) = list.binary_search(&ordinal) {
            list.insert(gap, ordinal);
        }
        city
    }

    fn write_bits(&mut self, ordinal: u32, facts: &Facts, numbers: &Numbers) {
        for (room, bitmap) in self.room_types.iter_mut().enumerate() {
            bitmap.set(ordinal, room == facts.room_type as usize);
        }
        grow(&mut self.property_types, self.property_names.len(), self.room);
        set_members(&mut self.property_types, &mut self.property_counts, ordinal, &[numbers.property_type.into()]);
        self.rare_types.set(ordinal, !self.common_types.contains(&numbers.property_type));
        set_one(&mut self.currencies, ordinal, numbers.currency.into(), self.room);
        let amenities: Vec<u32> = facts.amenities.iter().map(Into::into).collect();
        set_members(&mut self.amenities, &mut self.amenity_counts, ordinal, &amenities);
        self.instant_book.set(ordinal, facts.instant_book);
        self.top_host.set(ordinal, facts.top_host);
        self.rated.set(ordinal, facts.rating_centi.is_some());
        self.capacity.set(ordinal, u8::try_from(facts.terms.capacity).unwrap_or(u8::MAX));
        self.infants.set(ordinal, facts.terms.max_infants);
        self.pets.set(ordinal, facts.terms.max_pets);
        self.bedrooms.set(ordinal, facts.bedrooms.unwrap_or(0));
        self.bedrooms_known.set(ordinal, facts.bedrooms.is_some());
        self.beds.set(ordinal, facts.beds.unwrap_or(0));
        self.bathrooms.set(ordinal, facts.bathrooms_halves.unwrap_or(0));
    }

    /// Writes the calendar of an ordinal whose nights are all free so far.
    fn write_days(&mut self, ordinal: u32, days: Days) {
        let place = ordinal as usize;
        let terms = self.columns.terms[place];
        let base = self.columns.prices[place];
        self.nights.take(ordinal, &days.taken);
        self.lengths.put(ordinal, &terms, &days);
        self.bands.put(ordinal, base, self.currency_list[usize::from(self.columns.currencies[place])]);
        let bounds = self.bounds(place, &days);
        self.columns.price_bounds[place] = bounds;
        self.rough_prices.put(ordinal, base, bounds);
        let varied = self.columns.pricing[place].is_some() || days.overrides.iter().any(|day| day.price_minor.is_some());
        self.varied_price.set(ordinal, varied);
        let exact = needs_exact(&terms, &days);
        self.exact.set(ordinal, exact);
        let kept = if exact { days } else { Days { taken: Vec::new(), ..days } };
        self.columns.days[place] = (exact || !kept.overrides.is_empty()).then(|| Box::new(kept));
    }

    /// Least and most that a night of any stay comes to.
    fn bounds(&self, place: usize, days: &Days) -> (i64, i64) {
        let (base, terms) = (self.columns.prices[place], self.columns.terms[place]);
        match &self.columns.pricing[place] {
            Some(pricing) => {
                let largest = Largest { guests: terms.capacity, pets: terms.max_pets.into() };
                let bounds = bounds_per_night(&pricing.terms(base, days), largest);
                (bounds.least, bounds.most)
            }
            None => {
                let prices = days.overrides.iter().filter_map(|day| day.price_minor).map(std::num::NonZeroI64::get);
                prices.fold((base, base), |(low, high), price| (low.min(price), high.max(price)))
            }
        }
    }

    /// Sorts the best listings to the front once more; for a corpus that was just built.
    pub(crate) fn rank(&mut self) {
        let mut ranking: Vec<u32> = self.live.iter().collect();
        let columns = &self.columns;
        ranking.sort_unstable_by_key(|n| (std::cmp::Reverse(columns.quality[*n as usize]), columns.ids[*n as usize]));
        self.ranking = ranking;
        self.find_common_types();
        self.rows = FacetRows::of(self);
        self.bundles = Bundles::of(self);
        self.unranked = Bitmap::with_room(self.room);
    }

    /// The places in the catalogue of all amenities, those first that most listings have.
    pub(super) fn amenities_commonest_first(&self) -> Vec<u8> {
        let mut order: Vec<u8> = (0..).take(CATALOGUE.len()).collect();
        order.sort_by_key(|amenity| std::cmp::Reverse(self.amenity_counts.get(usize::from(*amenity))));
        order
    }

    fn find_common_types(&mut self) {
        let mut types: Vec<u16> = (0..).take(self.property_counts.len()).collect();
        types.sort_unstable_by_key(|n| std::cmp::Reverse(self.property_counts[usize::from(*n)]));
        types.truncate(COMMON_TYPES.into());
        for ordinal in self.live.iter() {
            self.rare_types.set(ordinal, !types.contains(&self.columns.property_types[ordinal as usize]));
        }
        self.common_types = types;
    }

    /// Declares that all ordinals so far lie in the order of the map.
    pub(crate) fn mark_sorted(&mut self) {
        self.curve = Curve::new(self.columns.points.iter().map(|p| code(*p)).collect());
    }
}

/// How many property types are counted by their bitmaps.
pub(super) const COMMON_TYPES: u16 = 20;

/// The numbers of a listing's names.
struct Numbers {
    host: u32,
    city: u32,
    neighbourhood: u32,
    currency: u8,
    class: u32,
    property_type: u16,
}

/// Whether the rules of a listing cannot be told from bits (gap rule, closed days, strict window, pinned stays).
fn needs_exact(terms: &Terms, days: &Days) -> bool {
    terms.gap_nights > 0
        || terms.window_strict
        || terms.arrival_days & 127 != 127
        || terms.departure_days & 127 != 127
        || !days.held.is_empty()
        || days.overrides.iter().any(|day| day.closed_to_arrival == Some(true) || day.closed_to_departure == Some(true))
}
