//! Availability in process: of the whole corpus, beside what reading the same memory costs; and of single listings.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    reason = "a bench that cannot go on stops at the line where that shows, and its numbers are figures"
)]

mod support;

use criterion::Criterion;
use pulp::Arch;
use serde_json::json;
use std::hint::black_box;
use std::time::Duration;
use stopover::features::calendar::{self, Calendar, Party, permits};
use stopover::features::pricing::{Ask, FeeModel, Guests, Largest, Plan, TaxRule, Terms, bounds_per_night, price, stay_price, total_price};
use stopover::platform::db::DbError;
use stopover::values::{ListingId, Night, Stay};
use support::chance::Chance;
use support::corpus::Corpus;
use support::table::{self, Times};
use uuid::Uuid;

const NIGHTS: i32 = 7;
/// Listings whose calendars are asked, so that they do not all stay in the first cache.
const CALENDARS: usize = 4_096;
/// Single answers take less than a reading of the clock can tell, so so many are timed at once.
const BATCH: usize = 32;

fn main() {
    let mut criterion =
        Criterion::default().configure_from_args().sample_size(30).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    for mix in support::mixes() {
        let corpus = support::corpus::open(mix);
        let stays = stays(&corpus, NIGHTS);
        whole(&mut criterion, &corpus, &stays);
        single(&mut criterion, &corpus);
        priced(&mut criterion, &corpus);
    }
    criterion.final_summary();
}

/// Stays of so many nights on every day of half a year.
fn stays(corpus: &Corpus, nights: i32) -> Vec<Stay> {
    (1..180).map(|ahead| Stay::new(corpus.today.plus(ahead), corpus.today.plus(ahead + nights)).unwrap()).collect()
}

/// As much memory as the nights of all stays, in which stays move on by a night like in the corpus: what the caches of
/// the machine keep of it from one stay to the next is the same.
struct Memory {
    words: Vec<u64>,
    night: usize,
}

impl Memory {
    fn of(corpus: &Corpus, stays: usize) -> Self {
        let night = corpus.listings.div_ceil(64);
        Self { words: (0..(night * (stays + NIGHTS as usize + 1)) as u64).collect(), night }
    }

    /// What answering for this stay must read: one bit a listing for each night and for "is live at all".
    fn stay(&self, number: usize) -> &[u64] {
        &self.words[self.night * number..][..self.night * (NIGHTS as usize + 1)]
    }
}

/// The same memory summed with the machine's vector instructions: what no answer can beat.
fn sum(arch: Arch, words: &[u64]) -> u64 {
    arch.dispatch(
        #[inline(always)]
        || words.iter().fold(0, |sum: u64, word| sum.wrapping_add(*word)),
    )
}

fn whole(criterion: &mut Criterion, corpus: &Corpus, stays: &[Stay]) {
    let (search, memory, arch) = (&corpus.parts.search, Memory::of(corpus, stays.len()), Arch::new());
    let mut group = criterion.benchmark_group(format!("availability/{}/{}", corpus.mix.name(), corpus.listings));
    let mut next = stays.iter().cycle();
    group.bench_function("whole corpus, 7 nights", |bencher| bencher.iter(|| black_box(search.available(*next.next().unwrap()))));
    let mut number = (0..stays.len()).cycle();
    group.bench_function("reading as much memory", |bencher| bencher.iter(|| black_box(sum(arch, memory.stay(number.next().unwrap())))));
    group.finish();
    let rounds: Vec<(usize, Stay)> = stays.iter().copied().enumerate().cycle().take(5_000).collect();
    table::head(&format!("Availability, {} listings, {} corpus, one thread", corpus.listings, corpus.mix.name()));
    let answers = Times::of(&rounds, |(_, stay)| take(search.available(*stay)));
    let reading = Times::of(&rounds, |(number, _)| take(sum(arch, memory.stay(*number))));
    let limit = reading.at(500).as_secs_f64() * 2_000.0;
    table::row("whole corpus, 7 nights", &answers, Some((limit, f64::INFINITY)));
    table::row(&format!("reading as much memory ({} kB)", memory.stay(0).len() * 8 / 1_000), &reading, None);
}

/// Forgets an answer without letting the compiler do so too.
fn take<T>(answer: T) {
    black_box(answer);
}

/// Calendars of listings all over the corpus, as the public calendar and a quote have them in hand.
fn calendars(corpus: &Corpus) -> Vec<Calendar> {
    let now = corpus.now;
    let found: Result<Vec<Calendar>, DbError> = corpus.parts.tools.db.read_blocking(|conn| {
        let ids = conn.query("SELECT id FROM listings WHERE state = 'published' ORDER BY id", &[], |row| row.get::<Uuid>(0))?;
        let step = (ids.len() / CALENDARS).max(1);
        let mut calendars = Vec::new();
        for id in ids.into_iter().step_by(step) {
            calendars.extend(calendar::calendar_of(conn, ListingId(id), None, now)?);
        }
        Ok(calendars)
    });
    found.unwrap()
}

/// Stays of up to two weeks at random listings.
fn cases<'a>(corpus: &Corpus, calendars: &'a [Calendar]) -> Vec<(&'a Calendar, Stay)> {
    let mut chance = Chance::new(3);
    let case = |_| {
        let from = corpus.today.plus(chance.below(300) as i32 + 1);
        (chance.one_of(calendars), Stay::new(from, from.plus(chance.below(14) as i32 + 1)).unwrap())
    };
    (0..200_000).map(case).collect()
}

fn single(criterion: &mut Criterion, corpus: &Corpus) {
    let calendars = calendars(corpus);
    let cases = cases(corpus, &calendars);
    let party = Party { adults: 2, children: 0, infants: 0, pets: 0 };
    let may = |(calendar, stay): &(&Calendar, Stay)| permits(&calendar.listed.terms, &calendar.days, *stay, party, calendar.local);
    let cost = |(calendar, stay): &(&Calendar, Stay)| stay_price(calendar.listed.base.minor, &calendar.days, *stay);
    let mut group = criterion.benchmark_group(format!("one listing/{}/{}", corpus.mix.name(), corpus.listings));
    let mut next = cases.iter().cycle();
    group.bench_function("permits", |bencher| bencher.iter(|| black_box(may(next.next().unwrap()))));
    group.bench_function("permits and stay_price", |bencher| {
        bencher.iter(|| {
            let case = next.next().unwrap();
            black_box((may(case), cost(case)))
        });
    });
    group.finish();
    let batches: Vec<&[(&Calendar, Stay)]> = cases.chunks_exact(BATCH).collect();
    table::head(&format!("One listing, {BATCH} answers at a time, {} corpus", corpus.mix.name()));
    let goal = |micros: f64| Some((micros * BATCH as f64 / 1_000.0, micros * BATCH as f64 / 1_000.0));
    row_of(&batches, "permits", goal(2.0), |case| take(may(case)));
    row_of(&batches, "permits and stay_price", goal(20.0), |case| take((may(case), cost(case))));
}

fn row_of<'a>(batches: &[&'a [(&'a Calendar, Stay)]], what: &str, goal: Option<(f64, f64)>, mut run: impl FnMut(&(&'a Calendar, Stay))) {
    let times = Times::of(batches, |batch| batch.iter().for_each(&mut run));
    table::row(what, &times, goal);
}

/// A plan with something of everything.
fn full_plan(today: Night) -> Plan {
    let fee = |key: &str, scope: &str, amount: i64, mandatory: bool| {
        json!({"key": key, "name": key, "scope": scope, "amount": amount, "mandatory": mandatory, "refund_rule": "with_room", "taxable": true,
            "collected": "at_booking"})
    };
    let season = |n: i32| {
        let (from, to) = (today.plus(25 * n).to_string(), today.plus(25 * n + 30).to_string());
        json!({"name": "Season", "from": from, "to": to, "priority": n % 3, "price": 9_000 + 500 * n})
    };
    let seasons: Vec<_> = (0..12).map(season).collect();
    serde_json::from_value(json!({
        "weekend": {"price": 12_000},
        "seasons": seasons,
        "los": [{"min_nights": 7, "off_bp": 1_000}, {"min_nights": 28, "off_bp": 2_500}],
        "lead": {"early": [{"days": 90, "off_bp": 500}], "last_minute": [{"days": 5, "off_bp": 1_000}]},
        "extra_guest": {"included": 1, "fee": 1_500},
        "fees": [fee("cleaning", "per_stay", 6_000, true), fee("linen", "per_guest", 900, true), fee("heating", "per_night", 300, true), fee("crib", "per_stay", 2_500, false)],
        "instalments": {"kind": "deposit", "deposit_bp": 3_000, "balance_days": 30},
    }))
    .unwrap()
}

fn taxes() -> Vec<TaxRule> {
    let vat = json!({"key": "vat", "name": "VAT", "bp": 700, "remitted_by": "platform", "collected": "at_booking"});
    let city = json!({"key": "city", "name": "City tax", "amount": 250, "basis": "guest_night", "age_exempt_below": 18, "max_nights": 5,
        "brackets": [{"from": 11_000, "amount": 350}], "remitted_by": "platform", "collected": "at_property"});
    [vat, city].into_iter().map(|rule| serde_json::from_value(rule).unwrap()).collect()
}

/// What stays cost under a full plan, with fees and taxes: every line of a quote, the total that search asks for, and its bounds.
fn priced(criterion: &mut Criterion, corpus: &Corpus) {
    let calendars = calendars(corpus);
    let cases = cases(corpus, &calendars);
    let (plan, taxes) = (full_plan(corpus.today), taxes());
    let fees = FeeModel { guest_bp: 1_200, host_bp: 300, guest_min: Some(300), guest_max: Some(50_000) };
    let guests = Guests::of(Party { adults: 2, children: 1, infants: 0, pets: 0 });
    let quote = |(calendar, stay): &(&Calendar, Stay)| {
        let terms = Terms { base: calendar.listed.base.minor, plan: &plan, days: &calendar.days, fees, taxes: &taxes };
        price(&terms, &Ask::standard(*stay, guests, corpus.today.days_until(stay.check_in())))
    };
    let total = |(calendar, stay): &(&Calendar, Stay)| {
        let terms = Terms { base: calendar.listed.base.minor, plan: &plan, days: &calendar.days, fees, taxes: &taxes };
        total_price(&terms, *stay, guests, corpus.today.days_until(stay.check_in()))
    };
    let bounds = |(calendar, _): &(&Calendar, Stay)| {
        let terms = Terms { base: calendar.listed.base.minor, plan: &plan, days: &calendar.days, fees, taxes: &taxes };
        bounds_per_night(&terms, Largest { guests: 4, pets: 0 })
    };
    let mut group = criterion.benchmark_group(format!("price/{}/{}", corpus.mix.name(), corpus.listings));
    let mut next = cases.iter().cycle();
    group.bench_function("quote", |bencher| bencher.iter(|| black_box(quote(next.next().unwrap()))));
    group.bench_function("total", |bencher| bencher.iter(|| black_box(total(next.next().unwrap()))));
    group.bench_function("bounds", |bencher| bencher.iter(|| black_box(bounds(next.next().unwrap()))));
    group.finish();
    let batches: Vec<&[(&Calendar, Stay)]> = cases.chunks_exact(BATCH).collect();
    table::head(&format!("Price of one listing with a full plan, {BATCH} answers at a time, {} corpus", corpus.mix.name()));
    let goal = 20.0 * BATCH as f64 / 1_000.0;
    row_of(&batches, "quote with every line", Some((goal, goal)), |case| take(quote(case)));
    row_of(&batches, "total", None, |case| take(total(case)));
    row_of(&batches, "bounds", None, |case| take(bounds(case)));
}
