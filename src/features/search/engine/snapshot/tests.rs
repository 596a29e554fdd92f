//! A corpus comes back as it was; whatever is done to the file is noticed; changes during the copy do no harm.

use super::super::dates::Dates;
use super::super::testing::{everything, facts, mix};
use super::super::text::index::TextIndex;
use super::super::{Change, Engine, build, corpus::Corpus, listing::Entry};
use super::*;
use crate::features::calendar::rules::{DayOverride, Days, Held};
use crate::features::search::engine::query::{PriceBasis, PriceFilter, Sort};
use crate::values::{NightRange, Stay};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::num::NonZeroI64;

const BASE: Night = Night(20_000);

/// A calendar that looks random and is the same each time.
fn days(seed: u64, n: u64) -> Days {
    let pick = |salt: u64, bound: u64| i32::try_from(mix(seed, n, salt) % bound).unwrap();
    let from = BASE.plus(1 + pick(30, 60));
    let taken = vec![NightRange::new(from, from.plus(1 + pick(31, 9)))];
    let odd = BASE.plus(80 + pick(32, 40));
    let day = DayOverride {
        range: NightRange::new(odd, odd.plus(2)),
        price_minor: NonZeroI64::new(i64::from(pick(33, 50_000))),
        min_nights: None,
        max_nights: None,
        closed_to_arrival: (pick(34, 3) == 0).then_some(true),
        closed_to_departure: None,
    };
    let held = Held { gap: 2, slot: Some(1), pinned: true, ..taken[0].into() };
    Days { taken, overrides: if pick(35, 2) == 0 { vec![day] } else { Vec::new() }, held: if pick(36, 8) == 0 { vec![held] } else { Vec::new() } }
}

fn entries(seed: u64, listings: u64) -> Vec<Entry> {
    (0..).zip(facts(seed, listings)).map(|(n, facts)| Entry { facts, days: days(seed, n) }).collect()
}

fn corpus_of(entries: impl Iterator<Item = Entry>) -> Corpus {
    let entries: Vec<Entry> = entries.collect();
    let mut corpus = build::corpus(
        entries.iter().map(|entry| entry.facts.clone()).collect(),
        &build::Calendars::default(),
        BASE,
        crate::features::listings::SearchableFields::default(),
    );
    entries.into_iter().for_each(|entry| corpus.put_days(entry.facts.id, entry.days));
    corpus
}

/// An engine without words.
fn engine_of(corpus: Corpus, folder: &Path) -> Engine {
    let index = TextIndex::create(folder, "here").unwrap();
    let view = index.view(&corpus, None).unwrap();
    Engine::new(corpus, view, 7)
}

fn mark() -> Mark {
    Mark { seq: 7, event: None }
}

fn header(engine: &Engine) -> Header {
    let sizes = engine.look(|state| (state.corpus.ordinals(), state.corpus.room()));
    Header::new("here", "", mark(), BASE, sizes, [(Instant(5), ListingId::new())].into_iter())
}

fn keep(engine: &Engine, header: &Header, place: &Path) {
    save(engine, 0, header, place, || true, || Ok(mark())).unwrap();
}

fn bring_back(place: &Path) -> Result<(Header, Corpus), Unusable> {
    let stored = Stored::open(place, "here")?;
    let header = stored.header.clone();
    let (corpus, end) = stored.corpus()?;
    assert_eq!(end, mark());
    Ok((header, corpus))
}

/// What an engine answers to questions of all kinds.
fn answers(corpus: Corpus, folder: &Path) -> Vec<String> {
    let engine = engine_of(corpus, folder);
    let mut answers = Vec::new();
    for n in 0..60_u64 {
        let pick = |salt: u64, bound: u64| mix(99, n, salt) % bound;
        let mut query = everything();
        query.facets = true;
        query.limit = usize::try_from(1 + pick(1, 40)).unwrap();
        query.sort = [Sort::Relevance, Sort::Newest, Sort::Rating][usize::try_from(pick(2, 3)).unwrap()];
        if pick(3, 3) > 0 {
            let arrival = BASE.plus(1 + i32::try_from(pick(4, 120)).unwrap());
            query.dates = Stay::new(arrival, arrival.plus(1 + i32::try_from(pick(5, 7)).unwrap())).ok().map(Dates::Fixed);
        }
        if pick(6, 3) == 0 {
            query.amenities = vec![u16::try_from(pick(7, 20)).unwrap()];
        }
        if pick(8, 3) == 0 {
            query.city = Some("town".into());
            query.bedrooms_min = u8::try_from(pick(9, 18)).unwrap();
        }
        if pick(10, 4) == 0 {
            query.price = Some(PriceFilter { min: 0, max: 70_000, basis: PriceBasis::Nightly });
        }
        query.now = Instant(i64::from(BASE.0) * 86_400 * 1_000_000);
        answers.push(format!("{:?}", engine.search(&query).map_err(|trouble| trouble.to_string())));
    }
    answers
}

#[test]
fn a_corpus_comes_back_as_it_was() {
    let (folder, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut corpus = corpus_of(entries(3, 400).into_iter());
    // Late, dead and moved ones too.
    let mut moved = entries(3, 400).swap_remove(17);
    moved.facts.lat += 1.0;
    corpus.put(moved);
    corpus.remove(facts(3, 400)[5].id);
    entries(4, 30).into_iter().for_each(|entry| corpus.put(entry));
    let engine = engine_of(corpus, &folder.path().join("index"));
    let header = header(&engine);
    let (first, second) = (place(folder.path()), place(again.path()));
    keep(&engine, &header, &first);
    assert!(!draft(&first).exists());
    let (read, back) = bring_back(&first).unwrap();
    assert_eq!(read, header);
    engine.look(|state| {
        let corpus = &state.corpus;
        assert_eq!((back.len(), back.ordinals(), back.disorder()), (corpus.len(), corpus.ordinals(), corpus.disorder()));
        assert!(corpus.columns.ids.iter().all(|id| back.ordinal(*id) == corpus.ordinal(*id)));
        assert_eq!((&back.amenity_counts, &back.property_counts), (&corpus.amenity_counts, &corpus.property_counts));
        assert_eq!(format!("{:?}", back.columns), format!("{:?}", corpus.columns));
        assert_eq!((back.cities_named("TOWN"), &back.hosts), (corpus.cities_named("town"), &corpus.hosts));
        assert!(corpus.hosts.iter().all(|host| back.host_number(*host) == corpus.host_number(*host)));
        assert_eq!((&back.live, &back.unranked, &back.exact), (&corpus.live, &corpus.unranked, &corpus.exact));
    });
    // Everything that is stored is stored again just so.
    keep(&engine_of(back, &again.path().join("index")), &header, &second);
    assert!(std::fs::read(first).unwrap() == std::fs::read(second).unwrap());
}

#[test]
fn a_file_that_was_touched_is_never_believed() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine_of(corpus_of(entries(5, 150).into_iter()), &folder.path().join("index"));
    let place = place(folder.path());
    keep(&engine, &header(&engine), &place);
    let whole = std::fs::read(&place).unwrap();
    let looks_well = |bytes: &[u8]| {
        std::fs::write(&place, bytes).unwrap();
        bring_back(&place).is_ok() || Stored::open(&place, "here").and_then(Stored::walk).is_ok()
    };
    assert!(looks_well(&whole));
    for at in (0..300).chain((300..whole.len()).step_by(whole.len() / 400)).chain(whole.len() - 30..whole.len()) {
        assert!(!looks_well(&whole[..at]), "cut off at {at}");
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(!looks_well(&flipped), "a bit of byte {at} is flipped");
    }
    assert!(!looks_well(&[&whole[..], b"more"].concat()));
    assert!(!looks_well(b""));
    std::fs::write(&place, &whole).unwrap();
    assert!(matches!(Stored::open(&place, "there"), Err(Unusable::OtherDatabase)));
    let mut newer = whole.clone();
    newer[8] += 1;
    std::fs::write(&place, &newer).unwrap();
    assert!(matches!(Stored::open(&place, "here"), Err(Unusable::OtherRelease)));
    remove(&place).unwrap();
    assert!(matches!(Stored::open(&place, "here"), Err(Unusable::Missing)));
}

/// A town in which something happens between any two pieces of a copy.
struct Restless {
    seed: u64,
    round: u64,
    now: BTreeMap<ListingId, Entry>,
    touched: BTreeMap<ListingId, ()>,
}

impl Restless {
    fn stir(&mut self, engine: &Engine) {
        self.round += 1;
        let pick = |salt: u64, bound: u64| mix(self.seed, self.round, salt) % bound;
        let nth = usize::try_from(pick(1, self.now.len() as u64)).unwrap();
        let mut entry = self.now.values().nth(nth).unwrap().clone();
        let other = entries(self.seed * 1_000 + self.round, 1).swap_remove(0);
        let id = entry.facts.id;
        let change = match pick(2, 8) {
            0 => {
                self.now.remove(&id);
                Change::Gone(id)
            }
            1 => Change::Put(Box::new(other)),
            2 | 3 => {
                entry.days = days(self.seed, 10_000 + self.round);
                Change::Calendar(id, entry.days.clone())
            }
            4 => {
                (entry.facts.lat, entry.facts.lng) = (other.facts.lat, other.facts.lng);
                Change::Put(Box::new(entry.clone()))
            }
            _ => {
                // Everything but the place: new names, kinds, reviews, prices.
                let (lat, lng) = (entry.facts.lat, entry.facts.lng);
                entry.facts = crate::features::search::engine::listing::Facts { id, lat, lng, ..other.facts };
                entry.facts.neighbourhood = format!("Quarter {}", self.round).into();
                Change::Put(Box::new(entry.clone()))
            }
        };
        let id = match &change {
            Change::Put(entry) => {
                self.now.insert(entry.facts.id, (**entry).clone());
                entry.facts.id
            }
            Change::Calendar(id, _) => {
                self.now.insert(*id, entry);
                *id
            }
            Change::Gone(id) => *id,
        };
        self.touched.insert(id, ());
        engine.apply(vec![change], 0);
    }
}

#[test]
fn what_changes_during_the_copy_is_right_once_it_is_looked_up_again() {
    for seed in 1..=12 {
        let folder = tempfile::tempdir().unwrap();
        let now: BTreeMap<ListingId, Entry> = entries(seed, 120).into_iter().map(|entry| (entry.facts.id, entry)).collect();
        let engine = engine_of(corpus_of(now.values().cloned()), &folder.path().join("index"));
        let town = RefCell::new(Restless { seed, round: 0, now, touched: BTreeMap::new() });
        let place = place(folder.path());
        let go_on = || {
            (0..3).for_each(|_| town.borrow_mut().stir(&engine));
            true
        };
        save(&engine, 0, &header(&engine), &place, go_on, || Ok(mark())).unwrap();
        let town = town.into_inner();
        let (_, mut back) = bring_back(&place).unwrap();
        for id in town.touched.keys() {
            back.apply(town.now.get(id).map_or(Change::Gone(*id), |entry| Change::Put(Box::new(entry.clone()))));
        }
        let expected = answers(corpus_of(town.now.into_values()), &folder.path().join("expected"));
        assert!(answers(back, &folder.path().join("back")) == expected, "seed {seed}");
    }
}

#[test]
fn a_copy_that_cannot_be_finished_leaves_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine_of(corpus_of(entries(6, 50).into_iter()), &folder.path().join("index"));
    let (place, header) = (place(folder.path()), header(&engine));
    keep(&engine, &header, &place);
    let before = std::fs::read(&place).unwrap();
    for last in [0, 1, 20] {
        let pieces = Cell::new(0);
        let go_on = || {
            pieces.set(pieces.get() + 1);
            pieces.get() <= last
        };
        assert!(matches!(save(&engine, 0, &header, &place, go_on, || Ok(mark())), Err(Halt::Stopped)));
    }
    assert!(matches!(save(&engine, 1, &header, &place, || true, || Ok(mark())), Err(Halt::Replaced)));
    assert!(matches!(save(&engine, 0, &header, &place, || true, || anyhow::bail!("no database")), Err(Halt::Broken(_))));
    assert!(std::fs::read(&place).unwrap() == before && !draft(&place).exists());
}
