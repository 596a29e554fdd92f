//! What a booking costs on durable SQLite: its parts one after the other, and how many there are a second with one caller (a transaction each)
//! and with 64 (who share their waits for the disk). A table, no criterion: callers wait for each other, which means of batches would hide.
//!
//!     cargo bench --bench booking                      # in a folder under the target folder: the disk counts
//!     STOPOVER_BENCH_SECONDS=20 cargo bench --bench booking
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on stops at the line where that shows")]
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "rates for people to read; a bench has no configuration of its own"
)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as Moment};
use stopover::features::bookings::{Desk, Doing};
use stopover::features::quotes::{self, Asked, QuoteId};
use stopover::features::stress::{self, Plan, Until};
use stopover::platform::access::{Principal, Roles, Via};
use stopover::platform::config::Config;
use stopover::platform::db::{DbResult, Lane};
use stopover::platform::error::Error;
use stopover::platform::tools::Tools;
use stopover::values::{ListingId, Night, SystemClock, UserId};
use uuid::Uuid;

/// Homes; each has a year of nights, one a booking.
const HOMES: u16 = 2_000;
const NIGHTS: u64 = 340;

struct Stage {
    tools: Tools,
    desk: Desk,
    homes: Vec<ListingId>,
    guest: Principal,
    first: Night,
    next: AtomicU64,
}

impl Stage {
    fn open(folder: &std::path::Path) -> Self {
        let config = Config { data_dir: folder.into(), ..Config::default() };
        let tools = Tools::open(config, Arc::new(SystemClock)).unwrap();
        // The homes of a stress run, which makes some bookings far from those that are timed.
        stress::bookings(&tools, &Plan { callers: 1, homes: HOMES, until: Until::Attempts(4), seed: 1, among_people: false }).unwrap();
        let read: DbResult<(Vec<ListingId>, Option<UserId>)> = tools.db.read_blocking(|conn| {
            Ok((
                conn.query("SELECT id FROM listings ORDER BY id", &[], |row| row.get(0))?,
                conn.first("SELECT id FROM users WHERE external_id LIKE 'guest %'", &[], |row| row.get(0))?,
            ))
        });
        let (homes, guest) = read.unwrap();
        let guest = Principal { user: guest.unwrap(), via: Via::Session(Uuid::nil()), roles: Roles::NONE, proven_at: tools.clock.now(), strong: false };
        let first = Night::in_utc(tools.clock.now()).plus(330);
        Self { desk: Desk::open(&tools, "bench"), tools, homes, guest, first, next: AtomicU64::new(0) }
    }

    /// A stay of one night that nobody has asked for.
    fn stay(&self) -> Asked {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let home = self.homes[usize::try_from(n / NIGHTS).unwrap() % self.homes.len()];
        let check_in = self.first.plus(i32::try_from(n % NIGHTS).unwrap());
        Asked {
            listing: home,
            check_in,
            check_out: check_in.plus(1),
            adults: 2,
            children: 0,
            children_ages: Vec::new(),
            infants: 0,
            pets: 0,
            options: Vec::new(),
            coupon: None,
            non_refundable: false,
        }
    }

    fn quote(&self) -> QuoteId {
        let (asked, guest, config) = (self.stay(), self.guest.user, Arc::clone(&self.tools.config));
        self.tools.db.write_blocking(Lane::Urgent, move |tx, now| quotes::make(tx, now, Some(guest), &config, &asked).map(|quote| quote.id)).unwrap()
    }

    /// A quote turned into a booking and withdrawn again (a guest may hold three stays at once), in one transaction.
    fn book(&self, quote: QuoteId) {
        let (desk, guest) = (self.desk.clone(), self.guest.clone());
        let booked: Result<(), Error> = self.tools.db.write_blocking(Lane::Urgent, move |tx, now| {
            let booking = desk.book(tx, now, &guest, quote, None)?;
            desk.act(tx, now, &guest, booking.id, Doing::Withdraw).map(|_| ())
        });
        booked.unwrap();
    }
}

/// Runs `act` in so many threads until the time is over; answers how often, and the times of all.
fn hammer(callers: usize, time: Duration, act: impl Fn() + Sync) -> (u64, Vec<Duration>) {
    let (begun, took) = (Moment::now(), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..callers {
            scope.spawn(|| {
                let mut own = Vec::new();
                while begun.elapsed() < time {
                    let one = Moment::now();
                    act();
                    own.push(one.elapsed());
                }
                took.lock().unwrap().extend(own);
            });
        }
    });
    let mut took = took.into_inner().unwrap();
    took.sort_unstable();
    (took.len() as u64, took)
}

fn told(name: &str, time: Duration, (count, took): (u64, Vec<Duration>)) -> f64 {
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)].as_secs_f64() * 1_000.0;
    let rate = count as f64 / time.as_secs_f64();
    println!("{name:<52} {rate:>8.0} /s   p50 {:>7.2} ms   p99 {:>7.2} ms", at(50), at(99));
    rate
}

/// The processor's part of each step, without the disk: many in one transaction, which is undone.
fn parts(stage: &Arc<Stage>) {
    const TIMES: u32 = 1_000;
    let here = Arc::clone(stage);
    let spent = Arc::new(Mutex::new([Duration::ZERO; 3]));
    let sums = Arc::clone(&spent);
    let undone: Result<(), Error> = stage.tools.db.write_blocking(Lane::Urgent, move |tx, now| {
        let mut sum = [Duration::ZERO; 3];
        for _ in 0..TIMES {
            let asked = here.stay();
            let begun = Moment::now();
            let quote = quotes::make(tx, now, Some(here.guest.user), &here.tools.config, &asked)?;
            let quoted = Moment::now();
            let booking = here.desk.book(tx, now, &here.guest, quote.id, None)?;
            let booked = Moment::now();
            here.desk.act(tx, now, &here.guest, booking.id, Doing::Withdraw)?;
            sum[0] += quoted - begun;
            sum[1] += booked - quoted;
            sum[2] += booked.elapsed();
        }
        *sums.lock().unwrap() = sum;
        Err(Error::not_found("undone"))
    });
    assert!(undone.is_err());
    for (name, sum) in ["a quote", "a booking (nights, row, history, events)", "withdrawing it"].iter().zip(*spent.lock().unwrap()) {
        println!("{name:<52} {:>8.1} µs of one core", (sum / TIMES).as_secs_f64() * 1e6);
    }
}

fn main() {
    let seconds = std::env::var("STOPOVER_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let time = Duration::from_secs(seconds);
    let under = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = tempfile::tempdir_in(under).unwrap();
    let stage = Arc::new(Stage::open(folder.path()));
    parts(&stage);
    let quotes: Mutex<Vec<QuoteId>> = Mutex::new(Vec::new());
    let stock = |count: usize| {
        // Quotes are made before, by many at once.
        std::thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    (0..count / 64).for_each(|_| {
                        let quote = stage.quote();
                        quotes.lock().unwrap().push(quote);
                    })
                });
            }
        });
    };
    let book = || {
        let quote = quotes.lock().unwrap().pop();
        stage.book(quote.expect("more quotes are made than can be booked in the time"));
    };
    stock(64 * 400);
    let alone = told("bookings, one caller: a transaction each", time, hammer(1, time, book));
    stock(64 * 2_000);
    let many = told("bookings, 64 callers: shared commits", time, hammer(64, time, book));
    println!("{:<52} {:>8.1} ×", "64 callers to one", many / alone.max(0.001));
    let plan = Plan { callers: 64, homes: HOMES, until: Until::Over(time), seed: 9, among_people: false };
    println!("\nquote, booking, card and confirmation by 64 callers, with withdrawals and cancellations:\n{}", stress::bookings(&stage.tools, &plan).unwrap());
}
