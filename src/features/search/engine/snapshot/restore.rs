//! From disk to memory. Everything that can be derived is derived, and every number is looked at before it is used.

use super::super::bits::Bitmap;
use super::super::bundles::Bundles;
use super::super::classes::TimeClass;
use super::super::columns::Columns;
use super::super::corpus::Corpus;
use super::super::curve::Curve;
use super::super::customs::Customs;
use super::super::lengths::Lengths;
use super::super::names::{Names, fold};
use super::super::nights::Nights;
use super::super::prices::PriceBands;
use super::super::pricing::Pricing;
use super::super::rows::FacetRows;
use super::super::sets::AtLeast;
use super::super::slices::RoughPrices;
use super::blocks::Blocks;
use super::plain::{In, Plain, take_set};
use super::prices::take_pricing;
use super::{Header, RELEASE, Unusable, vocabulary};
use crate::features::calendar::rules::Days;
use crate::features::listings::amenities::CATALOGUE;
use crate::platform::events::Mark;
use crate::values::{Currency, ListingId, Zone};
use parking_lot::Mutex;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// A snapshot that is being read.
pub(crate) struct Stored {
    pub header: Header,
    blocks: Blocks,
}

impl Stored {
    /// Opens the snapshot at `place` as far as its header, and makes sure that this release can read it and that it is
    /// of this instance.
    pub(crate) fn open(place: &Path, instance: &str) -> Result<Self, Unusable> {
        let mut blocks = Blocks::open(place)?;
        let header: Header = serde_json::from_slice(&blocks.next()?).map_err(|_error| Unusable::OtherRelease)?;
        if header.release != RELEASE || header.vocabulary != vocabulary() {
            return Err(Unusable::OtherRelease);
        }
        if header.instance != instance {
            return Err(Unusable::OtherDatabase);
        }
        // A listing takes more than a hundred bytes, and room is made for about as many as there are.
        if u64::from(header.ordinals) > blocks.length || header.room as u64 > blocks.length {
            return Err(Unusable::damaged("it cannot hold so many listings"));
        }
        Ok(Self { header, blocks })
    }

    /// Reads to the end and answers the newest event that can have left its mark, without keeping anything.
    pub(crate) fn walk(mut self) -> Result<Mark, Unusable> {
        let mut last = self.blocks.next()?;
        while let Some(next) = self.blocks.maybe()? {
            last = next;
        }
        mark(&last)
    }

    /// The corpus, and the newest event that can have left its mark on it.
    pub(crate) fn corpus(mut self) -> Result<(Corpus, Mark), Unusable> {
        let room = self.header.room;
        let columns = self.columns()?;
        let live = self.set()?;
        let codes: Vec<u64> = self.list(u64::take)?;
        if !codes.is_sorted() {
            return Err(Unusable::damaged("the places on the map are out of order"));
        }
        let mut corpus = Corpus {
            room,
            columns,
            rows: FacetRows::with_room(0),
            bundles: Bundles::none(),
            curve: Curve::new(codes),
            nights: self.nights()?,
            lengths: Lengths::from_sets(self.sets()?).ok_or_else(|| Unusable::damaged("lengths of stays are missing"))?,
            rough_prices: RoughPrices::with_room(room),
            bands: PriceBands::from_sets(self.sets()?).ok_or_else(|| Unusable::damaged("price bands are missing"))?,
            exact: self.set()?,
            varied_price: self.set()?,
            instant_book: self.set()?,
            top_host: self.set()?,
            rated: self.set()?,
            room_types: self.sets()?.try_into().map_err(|_sets| Unusable::damaged("kinds of rooms are missing"))?,
            property_types: self.sets()?,
            amenities: self.sets()?,
            currencies: self.sets()?,
            capacity: AtLeast::from_levels(self.sets()?, room),
            infants: AtLeast::from_levels(self.sets()?, room),
            pets: AtLeast::from_levels(self.sets()?, room),
            bedrooms: AtLeast::from_levels(self.sets()?, room),
            beds: AtLeast::from_levels(self.sets()?, room),
            bathrooms: AtLeast::from_levels(self.sets()?, room),
            bedrooms_known: self.set()?,
            customs: Customs::default(),
            common_types: self.list(u16::take)?,
            rare_types: self.set()?,
            ranking: self.list(u32::take)?,
            unranked: self.set()?,
            property_names: Names::of(self.list(Plain::take)?),
            city_names: Names::of(self.list(Plain::take)?),
            neighbourhood_names: Names::of(self.list(Plain::take)?),
            currency_list: self.list(currency)?,
            classes: self.list(class)?,
            hosts: self.list(Plain::take)?,
            amenity_counts: Vec::new(),
            property_counts: Vec::new(),
            clocks: Mutex::new((0, Arc::from([]))),
            by_city: Vec::new(),
            by_id: HashMap::default(),
            class_numbers: HashMap::new(),
            city_by_fold: HashMap::new(),
            host_numbers: HashMap::default(),
            live_count: live.iter().count(),
            live,
        };
        check(&corpus)?;
        derive(&mut corpus)?;
        let end = mark(&self.blocks.next()?)?;
        self.blocks.end()?;
        Ok((corpus, end))
    }

    fn columns(&mut self) -> Result<Columns, Unusable> {
        Ok(Columns {
            ids: self.column()?,
            points: self.column()?,
            terms: self.column()?,
            prices: self.column()?,
            pricing: self.pricing()?,
            price_bounds: self.column()?,
            quality: self.column()?,
            rating: self.column()?,
            reviews: self.column()?,
            created: self.column()?,
            hosts: self.column()?,
            cities: self.column()?,
            neighbourhoods: self.column()?,
            currencies: self.column()?,
            classes: self.column()?,
            property_types: self.column()?,
            bedrooms: self.column()?,
            beds: self.column()?,
            bathrooms: self.column()?,
            days: self.full(days)?,
        })
    }

    /// A list, item by item.
    fn list<T>(&mut self, take: impl Fn(&mut In<'_>) -> Result<T, Unusable>) -> Result<Vec<T>, Unusable> {
        let count = u64::take(&mut In(&self.blocks.next()?))?;
        // No item is shorter than a byte.
        let count = usize::try_from(count).ok().filter(|n| *n as u64 <= self.blocks.length).ok_or_else(|| Unusable::damaged("a list is too long"))?;
        let mut items = Vec::with_capacity(count);
        while items.len() < count {
            let block = self.blocks.next()?;
            let mut left = In(&block);
            while !left.is_empty() && items.len() < count {
                items.push(take(&mut left)?);
            }
            if !left.is_empty() {
                return Err(Unusable::damaged("a list is longer than it should be"));
            }
        }
        Ok(items)
    }

    /// A list with an item for every ordinal.
    fn full<T>(&mut self, take: impl Fn(&mut In<'_>) -> Result<T, Unusable>) -> Result<Vec<T>, Unusable> {
        let items = self.list(take)?;
        if items.len() == self.header.ordinals as usize { Ok(items) } else { Err(Unusable::damaged("a column is too short")) }
    }

    fn column<T: Plain>(&mut self) -> Result<Vec<T>, Unusable> {
        self.full(T::take)
    }

    fn pricing(&mut self) -> Result<Vec<Option<Arc<Pricing>>>, Unusable> {
        let before = RefCell::new(None);
        self.full(|from| take_pricing(from, &mut before.borrow_mut()))
    }

    fn maybe_sets(&mut self) -> Result<Vec<Option<Bitmap>>, Unusable> {
        let (end, room) = (self.header.ordinals, self.header.room);
        self.list(|from| take_set(from, end, room))
    }

    fn sets(&mut self) -> Result<Vec<Bitmap>, Unusable> {
        let sets: Option<Vec<Bitmap>> = self.maybe_sets()?.into_iter().collect();
        sets.ok_or_else(|| Unusable::damaged("a set is missing"))
    }

    fn set(&mut self) -> Result<Bitmap, Unusable> {
        self.sets()?.pop().ok_or_else(|| Unusable::damaged("a set is missing"))
    }

    fn nights(&mut self) -> Result<Nights, Unusable> {
        let sets = self.maybe_sets()?;
        Ok(Nights::from_sets(self.header.base(), self.header.room, sets))
    }
}

fn days(from: &mut In<'_>) -> Result<Option<Box<Days>>, Unusable> {
    bool::take(from)?.then(|| Days::take(from).map(Box::new)).transpose()
}

fn currency(from: &mut In<'_>) -> Result<Currency, Unusable> {
    Currency::parse(&Box::<str>::take(from)?).ok_or_else(|| Unusable::damaged("a currency is not known"))
}

fn class(from: &mut In<'_>) -> Result<(TimeClass, Option<Zone>), Unusable> {
    let zone: Arc<str> = Box::<str>::take(from)?.into();
    let class = TimeClass { notice_days: u8::take(from)?, cutoff_minute: Plain::take(from)?, window_days: u16::take(from)?, zone };
    let zone = Zone::parse(&class.zone);
    Ok((class, zone))
}

fn mark(block: &[u8]) -> Result<Mark, Unusable> {
    serde_json::from_slice(block).map_err(|_error| Unusable::damaged("its end is not understood"))
}

/// Every number that something is looked up by must lead somewhere. The checksums have proven that the file is as it
/// was written; this is for what was written by mistake.
fn check(corpus: &Corpus) -> Result<(), Unusable> {
    let columns = &corpus.columns;
    let below = |numbers: &[u32], end: usize| numbers.iter().all(|n| (*n as usize) < end);
    let types = corpus.property_names.len();
    let holds = below(&columns.hosts, corpus.hosts.len())
        && below(&columns.cities, corpus.city_names.len())
        && below(&columns.neighbourhoods, corpus.neighbourhood_names.len())
        && below(&columns.classes, corpus.classes.len())
        && below(&corpus.ranking, columns.ids.len())
        && corpus.curve.len() <= columns.ids.len()
        && columns.currencies.iter().all(|n| usize::from(*n) < corpus.currencies.len())
        && columns.property_types.iter().all(|n| usize::from(*n) < corpus.property_types.len())
        && corpus.common_types.iter().all(|n| usize::from(*n) < corpus.property_types.len())
        && corpus.currencies.len() <= corpus.currency_list.len()
        && corpus.property_types.len() <= types
        && corpus.amenities.len() == CATALOGUE.len();
    if holds { Ok(()) } else { Err(Unusable::damaged("its parts do not fit together")) }
}

/// Fills what is made of the rest.
fn derive(corpus: &mut Corpus) -> Result<(), Unusable> {
    for (ordinal, (base, bounds)) in (0..).zip(corpus.columns.prices.iter().zip(&corpus.columns.price_bounds)) {
        corpus.rough_prices.put(ordinal, *base, *bounds);
    }
    corpus.by_id = HashMap::with_capacity_and_hasher(corpus.room.max(corpus.live_count), foldhash::fast::RandomState::default());
    let ids: &[ListingId] = &corpus.columns.ids;
    corpus.by_id.extend(corpus.live.iter().map(|ordinal| (ids[ordinal as usize], ordinal)));
    if corpus.by_id.len() != corpus.live_count {
        return Err(Unusable::damaged("a listing is in it twice"));
    }
    corpus.by_city = vec![Vec::new(); corpus.city_names.len()];
    for (ordinal, city) in (0..).zip(&corpus.columns.cities) {
        corpus.by_city[*city as usize].push(ordinal);
    }
    for (number, name) in corpus.city_names.iter() {
        corpus.city_by_fold.entry(fold(name)).or_default().push(number);
    }
    corpus.class_numbers = (0..).zip(&corpus.classes).map(|(number, (class, _))| (class.clone(), number)).collect();
    corpus.host_numbers = (0..).zip(&corpus.hosts).map(|(number, host)| (*host, number)).collect();
    let count = |sets: &[Bitmap]| {
        sets.iter().map(|set| u32::try_from(set.words().iter().map(|w| w.count_ones() as usize).sum::<usize>()).unwrap_or(u32::MAX)).collect()
    };
    corpus.amenity_counts = count(&corpus.amenities);
    corpus.property_counts = count(&corpus.property_types);
    corpus.rows = FacetRows::of(corpus);
    corpus.bundles = Bundles::of(corpus);
    Ok(())
}
