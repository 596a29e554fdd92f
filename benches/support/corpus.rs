//! The corpus of a bench: made once a day and size, kept under the target folder, opened like a server would.

use super::city;
use super::multiply;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant as Stopwatch;
use stopover::app::Parts;
use stopover::features::imports::{self, CsvAsk, Pace, Silent};
use stopover::platform::config::Config;
use stopover::platform::db::{DbError, Json, Lane};
use stopover::platform::tools::Tools;
use stopover::values::{Clock, Currency, Instant, ListingId, Night, SystemClock, Zone};
use uuid::Uuid;

/// Raised whenever the corpus would come out otherwise than before.
const VERSION: u32 = 2;
/// Listings changed in one transaction.
const PIECE: usize = 5_000;

/// What kind of homes the corpus has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mix {
    /// As the real cities are: taken nights, a few prices by night.
    Flat,
    /// The same with 30 % complex homes: all of these have prices by night and a full plan (weekends, discounts by length and by time of
    /// booking, extra guests, a cleaning fee); a third each also a gap rule, or minimum stays and closed days by arrival date, which
    /// only the exact rules can judge.
    Complex,
}

/// How a listing is made complex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Twist {
    PricesOnly,
    GapRule,
    ByDay,
}

impl Mix {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::Complex => "complex",
        }
    }

    /// Whether the home of this number has prices by night of the generator's making.
    pub(crate) fn is_complex(self, id: usize) -> bool {
        self.twist(id).is_some()
    }

    fn twist(self, id: usize) -> Option<Twist> {
        match (self, id % 10) {
            (Self::Complex, 1) => Some(Twist::PricesOnly),
            (Self::Complex, 4) => Some(Twist::GapRule),
            (Self::Complex, 7) => Some(Twist::ByDay),
            _ => None,
        }
    }
}

/// An opened corpus.
pub(crate) struct Corpus {
    pub parts: Parts,
    pub mix: Mix,
    pub listings: usize,
    pub today: Night,
    pub now: Instant,
}

/// Opens the corpus of the size that is asked for, making it where it is missing. It must be left as it is.
pub(crate) fn open(mix: Mix) -> Corpus {
    open_in(mix, None)
}

/// The same in a folder of its own, for benches that change listings.
pub(crate) fn open_copy(mix: Mix, scratch: &Path) -> Corpus {
    open_in(mix, Some(scratch))
}

fn open_in(mix: Mix, scratch: Option<&Path>) -> Corpus {
    let now = SystemClock.now();
    let today = Zone::parse("America/New_York").unwrap().local(now).today;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    let wanted = super::number("STOPOVER_BENCH_LISTINGS");
    let size = wanted.map_or_else(|| "city".to_owned(), |n| n.to_string());
    let kept = folder.join(format!("v{VERSION}-{size}-{}-{today}", mix.name()));
    if !kept.join("done").is_file() {
        forget(&folder, &format!("-{size}-{}-", mix.name()));
        make(&kept, wanted, today, mix);
    }
    if let Some(scratch) = scratch {
        copy(&kept, scratch);
    }
    let begun = Stopwatch::now();
    let parts = Parts::gather(tools(scratch.unwrap_or(&kept))).unwrap();
    let listings = parts.search.holdings().listings;
    eprintln!("{} corpus: {listings} listings, opened in {:.1} s ({})", mix.name(), begun.elapsed().as_secs_f64(), kept.display());
    Corpus { parts, mix, listings, today, now }
}

/// Drops corpora of other days and versions: a large one takes gigabytes.
fn forget(folder: &Path, like: &str) {
    for old in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if old.file_name().to_string_lossy().contains(like) {
            std::fs::remove_dir_all(old.path()).unwrap();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn tools(folder: &Path) -> Tools {
    let config = Config { data_dir: folder.into(), ..Config::default() };
    Tools::open(config, Arc::new(SystemClock)).unwrap()
}

fn make(folder: &Path, wanted: Option<usize>, today: Night, mix: Mix) {
    let csv: PathBuf = folder.join("csv");
    std::fs::create_dir_all(&csv).unwrap();
    let begun = Stopwatch::now();
    let cities = city::cities();
    let listings = wanted.unwrap_or(cities[0].homes.len());
    multiply::write(&csv, &cities, listings, today, mix);
    let written = begun.elapsed();
    let tools = tools(folder);
    let ask = CsvAsk {
        folder: csv.clone(),
        currency: Currency::parse("USD").unwrap(),
        zone: None,
        country: Some("US".into()),
        source: Some("bench".into()),
        public_points: true,
        strict: false,
        pace: Pace::Alone,
    };
    let report = imports::csv(&tools.db, &ask, &Silent).unwrap();
    eprintln!("{} corpus: written in {:.1} s, imported in {:.1} s: {report}", mix.name(), written.as_secs_f64(), (begun.elapsed() - written).as_secs_f64());
    if mix == Mix::Complex {
        twist(&tools, today, mix);
    }
    std::fs::remove_dir_all(&csv).unwrap();
    // The first opening makes the text index; later ones find it.
    drop(Parts::gather(tools).unwrap());
    std::fs::write(folder.join("done"), "").unwrap();
}

/// Gives the complex homes what no import brings: plans, gap rules, minimum stays by day, closed days.
fn twist(tools: &Tools, today: Night, mix: Mix) {
    let listings: Vec<(ListingId, Twist, i64)> = tools
        .db
        .read_blocking(|conn| {
            conn.query("SELECT id, external_id, price_minor FROM listings ORDER BY id", &[], |row| {
                Ok((row.get::<Uuid>(0)?, row.get::<String>(1)?, row.get(2)?))
            })
        })
        .map_err(|error: DbError| error)
        .unwrap()
        .into_iter()
        .filter_map(|(id, number, price)| Some((ListingId(id), mix.twist(number.parse().ok()?)?, price)))
        .collect();
    for piece in listings.chunks(PIECE) {
        let piece = piece.to_vec();
        let written: Result<(), DbError> = tools.db.write_blocking(Lane::Bulk, move |tx, _| {
            for (id, twist, price) in &piece {
                tx.execute("UPDATE listings SET pricing = $2 WHERE id = $1", &[(*id).into(), Json(plan(*price)).into()])?;
                match twist {
                    Twist::PricesOnly => {}
                    Twist::GapRule => {
                        tx.execute("UPDATE listings SET gap_nights = 2 WHERE id = $1", &[(*id).into()])?;
                    }
                    Twist::ByDay => {
                        for (from, to, least, closed) in [(20, 34, Some(4_i64), None), (60, 63, None, Some(true)), (90, 120, Some(5), None)] {
                            tx.execute(
                                "INSERT INTO day_overrides (listing_id, source, from_night, to_night, min_nights, closed_to_arrival) VALUES ($1, 'host', $2, $3, $4, $5)",
                                &[(*id).into(), today.plus(from).into(), today.plus(to).into(), least.into(), closed.into()],
                            )?;
                        }
                    }
                }
            }
            Ok(())
        });
        written.unwrap();
    }
}

/// Something of everything that makes stays cost more or less.
fn plan(base: i64) -> String {
    let cleaning = serde_json::json!({
        "key": "cleaning", "name": "Cleaning", "scope": "per_stay", "amount": 6_000, "mandatory": true, "refund_rule": "before_check_in", "taxable": true,
        "collected": "at_booking",
    });
    let plan = serde_json::json!({
        "weekend": { "price": base * 5 / 4 },
        "los": [{ "min_nights": 7, "off_bp": 1_000 }, { "min_nights": 28, "off_bp": 2_500 }],
        "lead": { "early": [{ "days": 60, "off_bp": 500 }], "last_minute": [{ "days": 3, "off_bp": 1_000 }] },
        "extra_guest": { "included": 2, "fee": 1_500 },
        "fees": [cleaning],
    });
    plan.to_string()
}
