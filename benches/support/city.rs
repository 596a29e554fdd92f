//! Reads a city of Inside Airbnb: its homes, and of its calendar what is taken and what it costs, in days from its first.

use flate2::read::MultiGzDecoder;
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use stopover::values::Night;

/// A home as the folder format wants it, without what the multiplying changes.
pub(crate) struct Home {
    pub city: &'static str,
    pub name: String,
    pub lat: f64,
    pub lon: f64,
    pub price_cents: i64,
    /// Stretches of taken days.
    pub taken: Vec<(i32, i32)>,
    /// Prices by night where they differ: cents, and for how many nights.
    pub nightly: Vec<(i64, u32)>,
    /// The columns of [`KEPT`] as they stand there.
    pub rest: Vec<String>,
}

/// Columns that are taken over, under their names in `listings.csv`.
pub(crate) const KEPT: [(&str, &str); 16] = [
    ("description", "description"),
    ("neighbourhood", "neighbourhood_cleansed"),
    ("room_type", "room_type"),
    ("property_type", "property_type"),
    ("accommodates", "accommodates"),
    ("bedrooms", "bedrooms"),
    ("beds", "beds"),
    ("amenities", "amenities"),
    ("min_nights", "minimum_nights"),
    ("max_nights", "maximum_nights"),
    ("instant_bookable", "instant_bookable"),
    ("rating", "review_scores_rating"),
    ("reviews", "number_of_reviews"),
    ("host_id", "host_id"),
    ("host_name", "host_name"),
    ("picture_url", "picture_url"),
];

/// A city, and how many days its calendar has.
pub(crate) struct City {
    pub homes: Vec<Home>,
    pub horizon: i32,
}

/// The real cities that are there: Boston and Albany of the shared data, or else the demo city.
pub(crate) fn cities() -> Vec<City> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = super::setting("STOPOVER_SHARED").map_or_else(|| here.join("../shared"), PathBuf::from).join("data");
    let found: Vec<City> = ["boston", "albany"]
        .into_iter()
        .map(|city| (city, shared.join(city)))
        .filter(|(_, folder)| folder.join("listings.csv.gz").is_file())
        .map(|(city, folder)| read(city, &folder))
        .collect();
    if found.is_empty() { vec![read("albany", &here.join("data/demo"))] } else { found }
}

fn open(path: &Path) -> csv::Reader<MultiGzDecoder<File>> {
    csv::Reader::from_reader(MultiGzDecoder::new(File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))))
}

fn cents(text: &str) -> Option<i64> {
    let plain: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    plain.parse::<f64>().ok().map(|price| (price * 100.0).round() as i64).filter(|cents| *cents > 0)
}

fn read(city: &'static str, folder: &Path) -> City {
    let (calendars, horizon) = calendar(&folder.join("calendar.csv.gz"));
    let mut reader = open(&folder.join("listings.csv.gz"));
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|h| h == name).unwrap_or_else(|| panic!("{}: no column {name}", folder.display()));
    let (id, name, lat, lon, price) = (column("id"), column("name"), column("latitude"), column("longitude"), column("price"));
    let kept: Vec<usize> = KEPT.iter().map(|(_, there)| column(there)).collect();
    let homes = reader
        .into_records()
        .map(|row| {
            let row = row.unwrap();
            let days: &[Day] = calendars.get(&row[id]).map_or(&[], Vec::as_slice);
            let nightly = prices(days);
            let first = nightly.first().map(|(cents, _)| *cents);
            Home {
                city,
                name: row[name].to_owned(),
                lat: row[lat].parse().unwrap(),
                lon: row[lon].parse().unwrap(),
                price_cents: cents(&row[price]).or(first).unwrap_or(10_000),
                taken: taken(days),
                nightly: if nightly.len() > 1 { nightly } else { Vec::new() },
                rest: kept.iter().map(|n| row[*n].to_owned()).collect(),
            }
        })
        .collect();
    City { homes, horizon }
}

struct Day {
    day: i32,
    free: bool,
    cents: Option<i64>,
}

/// The calendar days of every home in order, counted from the first one of the file; and how many there are.
fn calendar(path: &Path) -> (HashMap<String, Vec<Day>>, i32) {
    let mut calendars: HashMap<String, Vec<Day>> = HashMap::new();
    let mut reader = open(path);
    let header = reader.headers().unwrap().clone();
    let price = header.iter().position(|h| h == "price");
    for row in reader.records() {
        let row = row.unwrap();
        let day = Night::parse(&row[1]).unwrap().0;
        let cents = price.and_then(|n| cents(&row[n]));
        calendars.entry(row[0].to_owned()).or_default().push(Day { day, free: &row[2] == "t", cents });
    }
    let days = || calendars.values().flatten().map(|day| day.day);
    let (first, last) = (days().min().unwrap_or(0), days().max().unwrap_or(0));
    for days in calendars.values_mut() {
        days.iter_mut().for_each(|day| day.day -= first);
        days.sort_by_key(|day| day.day);
    }
    (calendars, last - first + 1)
}

fn taken(days: &[Day]) -> Vec<(i32, i32)> {
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for day in days.iter().filter(|day| !day.free) {
        match runs.last_mut() {
            Some(last) if last.1 == day.day => last.1 += 1,
            _ => runs.push((day.day, day.day + 1)),
        }
    }
    runs
}

fn prices(days: &[Day]) -> Vec<(i64, u32)> {
    let mut runs: Vec<(i64, u32)> = Vec::new();
    for cents in days.iter().filter_map(|day| day.cents) {
        match runs.last_mut() {
            Some(last) if last.0 == cents => last.1 += 1,
            _ => runs.push((cents, 1)),
        }
    }
    runs
}
