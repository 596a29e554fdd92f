//! Search equals a brute-force reading of the CSV files: hundreds of random searches through the public door, each
//! compared with a naive filter over homes that the test reads for itself.
//!
//! On SQLite over all of Boston where the files are at hand (`STOPOVER_SHARED`, else `../shared`), otherwise over the
//! cut in `tests/data`. On PostgreSQL, whose import waits for a round trip a statement, over the cut; with `STOPOVER_LONG=1`
//! (`make test-long`) over all of Boston too, and with five times as many searches.

use super::dice::Dice;
use super::draw::{FIRST, Search, kilometres};
use super::homes::{self, Home};
use super::stage::House;
use crate::support::{TestDb, long, off_thread};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use stopover::features::imports::{ImportFile, InsideAirbnbAsk, Pace, Silent, inside_airbnb};
use stopover::features::listings::amenities;
use stopover::platform::db::{Db, DbResult, Engine};
use stopover::values::{Currency, Night, Zone};
use uuid::Uuid;

const SEARCHES: usize = 520;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn search_equals_a_brute_force_reading_of_the_files_on_sqlite() {
    compare(Engine::Sqlite, true, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn search_equals_a_brute_force_reading_of_the_files_on_postgres() {
    compare(Engine::Postgres, long(), 2).await;
}

async fn compare(engine: Engine, whole: bool, seed: u64) {
    let db = TestDb::new(engine).await;
    let folder = homes::boston(whole);
    let files = folder.clone();
    let reading = tokio::task::spawn_blocking(move || homes::read(&files, Night::parse(FIRST).unwrap()));
    import(&db, &folder).await;
    let mut homes = reading.await.unwrap();
    name(&db, &mut homes).await;
    let house = House::open(&db).await;
    let by_id: HashMap<&str, &Home> = homes.iter().map(|home| (home.id.as_str(), home)).collect();
    let mut dice = Dice::new(seed);
    let mut found = 0;
    for _ in 0..SEARCHES * if long() { 5 } else { 1 } {
        let search = Search::draw(&mut dice, &homes);
        let mut expected: Vec<&Home> = homes.iter().filter(|home| search.matches(home)).collect();
        expected.sort_by_key(|home| &home.id);
        let limit = if expected.len() > 200 { 100 } else { dice.below(100) + 1 };
        look(&house, &search, &expected, &by_id, limit).await;
        found += usize::from(!expected.is_empty());
    }
    assert!(found > SEARCHES / 5, "only {found} searches found anything");
}

async fn import(db: &TestDb, folder: &std::path::Path) {
    let ask = InsideAirbnbAsk {
        listings: ImportFile::Path(folder.join("listings.csv.gz")),
        calendar: Some(ImportFile::Path(folder.join("calendar.csv.gz"))),
        reviews: None,
        city: "Boston".into(),
        country: "US".into(),
        currency: Currency::parse("USD").unwrap(),
        zone: Zone::parse("America/New_York").unwrap(),
        shift_to: Night::parse(FIRST),
        strict: false,
        pace: Pace::Alone,
    };
    let db = Db::clone(db);
    off_thread(move || inside_airbnb(&db, &ask, &Silent).map(drop)).await.unwrap();
}

/// Gives homes and hosts the ids they have in the database.
async fn name(db: &TestDb, homes: &mut [Home]) {
    let read = async |sql: &'static str| -> HashMap<String, Uuid> {
        let rows: DbResult<Vec<(String, Uuid)>> = db.read(move |conn| conn.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))).await;
        rows.unwrap().into_iter().collect()
    };
    let (ids, hosts) = (read("SELECT external_id, id FROM listings").await, read("SELECT external_id, id FROM users").await);
    for home in homes {
        home.id = ids[&home.id].to_string();
        home.host = hosts[&home.host].to_string();
    }
}

/// Compares every page of the answer with what is expected (sorted by id).
async fn look(house: &House, search: &Search, expected: &[&Home], by_id: &HashMap<&str, &Home>, limit: usize) {
    let query = &search.query;
    let (mut cards, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = house.find(&format!("{query}&limit={limit}{cursor}")).await;
        assert_eq!(page["total"], expected.len(), "{query}");
        assert_eq!(page["has_more"], page["next_cursor"].is_string(), "{query}");
        if cursor.is_empty() && search.facets {
            compare_facets(&page["facets"], expected, query);
        }
        cards.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut ids: Vec<&str> = cards.iter().map(|card| card["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, expected.iter().map(|home| home.id.as_str()).collect::<Vec<_>>(), "{query}");
    let keys: Vec<(i64, &str)> = cards.iter().map(|card| (key(search, by_id[card["id"].as_str().unwrap()]), card["id"].as_str().unwrap())).collect();
    let by_words = search.query.contains("q=") && matches!(search.sort, "" | "relevance");
    assert!(by_words || search.sort == "distance" || keys.is_sorted(), "{query}: {keys:?}");
    assert!(keys.windows(2).all(|pair| pair[0].0 <= pair[1].0 + 1), "{query}: {keys:?}");
    cards.iter().for_each(|card| compare_card(card, search, by_id[card["id"].as_str().unwrap()]));
}

/// Ascends along the answer; in millimetres for distances, which two formulas may round differently.
#[expect(clippy::cast_possible_truncation, reason = "distances are small")]
fn key(search: &Search, home: &Home) -> i64 {
    let price = search.stay.as_ref().map_or(home.price, |stay| stay.possible(home)[0].0);
    match (search.sort, search.near) {
        ("price", _) => price,
        ("-price", _) => -price,
        ("rating", _) => -(home.rating.unwrap_or(0) * 1_000_000 + home.reviews),
        ("distance", Some(near)) => (kilometres(near, (home.lat, home.lng)) * 1e6).round() as i64,
        // All came with one import, so all are as new.
        ("newest", _) => 0,
        // With words, where they stand counts too.
        _ if search.query.contains("q=") => i64::MIN,
        _ => -((home.rating.unwrap_or(400) * home.reviews + 3_200) * 10_000 / (home.reviews + 8)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "hundredths and halves are small")]
fn compare_card(card: &Json, search: &Search, home: &Home) {
    let query = &search.query;
    let known = json!({
        "room_type": home.room_type, "property_type": home.property_type, "city": "Boston", "neighbourhood": home.neighbourhood,
        "capacity": home.capacity, "bedrooms": home.bedrooms, "beds": home.beds,
        "review_count": home.reviews, "instant_book": home.instant_book, "top_host": home.top_host, "nightly": { "amount": home.price, "currency": "USD" },
    });
    for (name, value) in known.as_object().unwrap() {
        assert_eq!(card[name], *value, "{name}: {query}");
    }
    // A reader of JSON may round the last digit of a decimal.
    let near = |member: &str, value: f64| (card.pointer(member).and_then(Json::as_f64).unwrap() - value).abs() < 1e-9;
    assert!(near("/location/lat", home.lat) && near("/location/lng", home.lng), "{query}: {card}");
    assert_eq!(card["bathrooms"].as_f64(), home.bathroom_halves.map(|n| n as f64 / 2.0), "{query}");
    assert_eq!(card["rating"].as_f64(), home.rating.map(|n| n as f64 / 100.0), "{query}");
    match search.near {
        None => assert!(card["distance_km"].is_null(), "{query}"),
        Some(near) => assert!((card["distance_km"].as_f64().unwrap() - kilometres(near, (home.lat, home.lng))).abs() < 0.001, "{query}"),
    }
    let Some(stay) = &search.stay else { return assert!(card["stay"].is_null() && card["best_dates"].is_null(), "{query}") };
    let (money, possible) = (|amount: i64| json!({ "amount": amount, "currency": "USD" }), stay.possible(home));
    let total = possible[0].0;
    assert_eq!(card["stay"], json!({ "nights": stay.nights, "total": money(total), "average_nightly": money(total / stay.nights) }), "{query}");
    let dates = |(total, _, arrival): &(i64, usize, Night)| {
        let departure = arrival.plus(i32::try_from(stay.nights).unwrap());
        json!({ "check_in": arrival.to_string(), "check_out": departure.to_string(), "total": money(*total) })
    };
    let best: Vec<Json> = possible.iter().take(4).map(dates).collect();
    assert_eq!(card["best_dates"], if stay.flexible { Json::Array(best) } else { Json::Null }, "{query}");
}

fn compare_facets(facets: &Json, expected: &[&Home], query: &str) {
    let count = |values: Vec<String>| -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        values.into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
        counts
    };
    let by_count = |counts: BTreeMap<String, u64>| {
        let mut list: Vec<(String, u64)> = counts.into_iter().collect();
        list.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        list
    };
    let told = |name: &str| -> Vec<(String, u64)> {
        let value = |row: &Json| row["value"].as_str().map_or_else(|| row["value"].to_string(), str::to_owned);
        facets[name].as_array().unwrap().iter().map(|row| (value(row), row["count"].as_u64().unwrap())).collect()
    };
    let rooms = count(expected.iter().map(|home| home.room_type.clone()).collect());
    assert_eq!(told("room_types").into_iter().collect::<BTreeMap<_, _>>(), rooms, "{query}");
    assert_eq!(told("property_types"), by_count(count(expected.iter().map(|home| home.property_type.clone()).collect())), "{query}");
    let mut first = by_count(count(expected.iter().flat_map(|home| home.amenities.iter().map(|key| (*key).to_owned())).collect()));
    first.truncate(40);
    assert_eq!(told("amenities"), first, "{query}");
    assert!(facets["amenities"].as_array().unwrap().iter().all(|row| row["name"] == amenities::find(row["value"].as_str().unwrap()).unwrap().name));
    let bedrooms = count(expected.iter().filter_map(|home| home.bedrooms).map(|n| n.min(16).to_string()).collect());
    assert_eq!(told("bedrooms").into_iter().collect::<BTreeMap<_, _>>(), bedrooms, "{query}");
    if expected.is_empty() {
        return;
    }
    let bands = facets["prices"]["bands"].as_array().unwrap();
    for band in bands {
        let (from, to) = (band["from"].as_i64().unwrap(), band["to"].as_i64().unwrap_or(i64::MAX));
        assert_eq!(band["count"], expected.iter().filter(|home| from <= home.price && home.price < to).count(), "{query}: {band}");
    }
    assert_eq!(bands.iter().map(|band| band["count"].as_u64().unwrap()).sum::<u64>(), expected.len() as u64, "the bands hold everybody: {query}");
}
