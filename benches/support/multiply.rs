//! Makes many homes of few and writes them as the folder of docs/IMPORT.md.
//!
//! The first copy is the real one. Later ones are jittered by some 400 m, have another price and a name of their own,
//! and a calendar rotated by some days. Most copies of a city stand around a made-up centre, because a million homes
//! are many cities of moderate size and not one that is a hundred times as dense. Descriptions are repeated word for
//! word: posting lists grow with the corpus (the hard case for counting), the dictionary does not.

use super::chance::Chance;
use super::city::{City, Home, KEPT};
use super::corpus::Mix;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use stopover::values::Night;

/// Copies of a city that stay where the city is.
const HOME_SHARE: f64 = 0.15;

struct Folder {
    listings: csv::Writer<BufWriter<File>>,
    blocked: BufWriter<File>,
    prices: BufWriter<File>,
}

impl Folder {
    fn create(folder: &Path) -> Self {
        let file = |name: &str| BufWriter::with_capacity(1 << 20, File::create(folder.join(name)).unwrap());
        let mut made = Self { listings: csv::Writer::from_writer(file("listings.csv")), blocked: file("blocked.csv"), prices: file("prices.csv") };
        let own = ["id", "name", "city", "lat", "lon", "price_cents"];
        made.listings.write_record(own.into_iter().chain(KEPT.iter().map(|(here, _)| *here))).unwrap();
        writeln!(made.blocked, "listing_id,start,end").unwrap();
        writeln!(made.prices, "listing_id,start,nightly").unwrap();
        made
    }

    fn finish(mut self) {
        self.listings.flush().unwrap();
        self.blocked.flush().unwrap();
        self.prices.flush().unwrap();
    }
}

/// Where a copy of a city goes, in degrees from where it is.
type Move = (f64, f64);

/// Writes `listings` homes with a calendar that begins on `today`.
pub(crate) fn write(folder: &Path, cities: &[City], listings: usize, today: Night, mix: Mix) {
    let mut out = Folder::create(folder);
    let mut chance = Chance::new(1);
    let mut id = 0;
    for copy in 0.. {
        for city in cities {
            let moved = if copy == 0 || chance.happens(HOME_SHARE) { (0.0, 0.0) } else { away(city, &mut chance) };
            for home in &city.homes {
                if id == listings {
                    return out.finish();
                }
                id += 1;
                one(&mut out, home, city.horizon, Copy { id, number: copy, moved, today, complex: mix.is_complex(id) }, &mut chance);
            }
        }
    }
}

/// The way to a made-up centre, on land or not.
fn away(city: &City, chance: &mut Chance) -> Move {
    let count = city.homes.len().max(1) as f64;
    let middle = |of: fn(&Home) -> f64| city.homes.iter().map(of).sum::<f64>() / count;
    (chance.between(-40.0, 60.0) - middle(|h| h.lat), chance.between(-120.0, 150.0) - middle(|h| h.lon))
}

struct Copy {
    id: usize,
    number: usize,
    moved: Move,
    today: Night,
    complex: bool,
}

fn one(out: &mut Folder, home: &Home, horizon: i32, copy: Copy, chance: &mut Chance) {
    let (mut lat, mut lon, mut price, mut factor, mut name) = (home.lat, home.lon, home.price_cents, 1.0, home.name.clone());
    let mut taken = home.taken.clone();
    if copy.number > 0 {
        lat += copy.moved.0 + chance.normal(0.004);
        lon += copy.moved.1 + chance.normal(0.005);
        factor = chance.normal(0.2).exp();
        price = scaled(price, factor);
        name = format!("{name} #{}", copy.number + 1);
        taken = rotated(&taken, horizon, chance.below(horizon.unsigned_abs() as usize) as i32);
    }
    let own = [copy.id.to_string(), name, home.city.to_owned(), format!("{lat:.6}"), format!("{lon:.6}"), price.to_string()];
    out.listings.write_record(own.iter().chain(&home.rest)).unwrap();
    for (from, to) in taken {
        writeln!(out.blocked, "{},{},{}", copy.id, copy.today.plus(from), copy.today.plus(to)).unwrap();
    }
    let nightly =
        if copy.complex { weekends(price, copy.today) } else { home.nightly.iter().map(|(cents, nights)| (scaled(*cents, factor), *nights)).collect() };
    if !nightly.is_empty() {
        let runs: Vec<String> = nightly.iter().map(|(cents, nights)| format!("{cents}x{nights}")).collect();
        writeln!(out.prices, "{},{},{}", copy.id, copy.today, runs.join(";")).unwrap();
    }
}

fn scaled(cents: i64, factor: f64) -> i64 {
    ((cents as f64 * factor / 100.0).round() as i64 * 100).max(1_000)
}

/// Moves the stretches by some days; what falls off the end begins anew.
fn rotated(runs: &[(i32, i32)], horizon: i32, by: i32) -> Vec<(i32, i32)> {
    let mut moved = Vec::new();
    for (from, to) in runs.iter().map(|(from, to)| (from + by, to + by)) {
        match (from >= horizon, to > horizon) {
            (true, _) => moved.push((from - horizon, to - horizon)),
            (false, true) => moved.extend([(from, horizon), (0, to - horizon)]),
            (false, false) => moved.push((from, to)),
        }
    }
    moved.sort_unstable();
    moved
}

/// Prices of a complex home: a quarter more on Friday and Saturday for 13 weeks, then a dear month.
fn weekends(price: i64, today: Night) -> Vec<(i64, u32)> {
    let mut runs: Vec<(i64, u32)> = Vec::new();
    for day in 0..91 + 30 {
        let dear = day >= 91 || [4, 5].contains(&today.plus(day).weekday());
        let cents = if dear { scaled(price, 1.25) } else { price };
        match runs.last_mut() {
            Some(last) if last.0 == cents => last.1 += 1,
            _ => runs.push((cents, 1)),
        }
    }
    runs
}
