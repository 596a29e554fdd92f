//! The books: how many entries 64 callers post in a second while the sealer numbers them, and how long it takes to read what that comes to.
//!
//! One SQLite database on disk, every commit durable. Each caller posts, in a transaction of its own, what a booking posts when it is made and paid: two
//! entries, six postings. `STOPOVER_BENCH_SECONDS` (default 5) is how long.
#![allow(clippy::unwrap_used, clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a bench that cannot go on stops at the line where that shows")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant as Stopwatch};
use stopover::features::ledger::{self, Account, Payer, Split, TaxShare};
use stopover::platform::db::{DatabaseUrl, Db, DbError};
use stopover::platform::keys::Keys;
use stopover::platform::tasks::Running;
use stopover::values::{BookingId, Currency, SystemClock, UserId};
use uuid::Uuid;

const CALLERS: usize = 64;

fn main() {
    let seconds = support::number("STOPOVER_BENCH_SECONDS").unwrap_or(5) as u64;
    // On a disk: a folder in memory would make commits look cheap.
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let db = Db::open(&DatabaseUrl::Sqlite(scratch.path().join("books.db")), Arc::new(SystemClock)).unwrap();
    let keys = Arc::new(Keys::from_bytes([7; 32]));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(post(&db, &keys, Duration::from_secs(seconds)));
    let begun = Stopwatch::now();
    let rest = ledger::seal_all(&db, &keys).unwrap();
    println!("left for the sealer: {rest} entries, {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    read(&db, &keys);
}

async fn post(db: &Db, keys: &Arc<Keys>, patience: Duration) {
    let (stop, posted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let running = Running::start(vec![ledger::sealer(db.clone(), Arc::clone(keys))]);
    let begun = Stopwatch::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (db, stop, posted) = (db.clone(), Arc::clone(&stop), Arc::clone(&posted));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    book(&db).await;
                    posted.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    tokio::time::sleep(patience).await;
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    let (bookings, took) = (posted.load(Ordering::Relaxed) as f64, begun.elapsed().as_secs_f64());
    println!(
        "{CALLERS} callers, {took:.1} s: {:.0} bookings a second, {:.0} entries, {:.0} postings",
        bookings / took,
        2.0 * bookings / took,
        6.0 * bookings / took
    );
    running.stop(Duration::from_secs(5)).await;
}

async fn book(db: &Db) {
    let (booking, currency) = (BookingId::new(), Currency::parse("EUR").unwrap());
    let split = Split { base: 83_100, guest_fee: 9_972, taxes: vec![TaxShare { tax: "vat".into(), amount: 12_060, to_host: false }], promo: 0 };
    let payer = Payer { booking, payment: Uuid::now_v7(), provider: "sandbox", currency };
    let (confirmed, captured) = (ledger::confirmed(booking, currency, &split), ledger::captured(&payer, split.owed()));
    let wrote = db.write(move |tx, now| {
        ledger::post(tx, now, &confirmed)?;
        ledger::post(tx, now, &captured)
    });
    let _posted: ledger::Posted = wrote.await.map_err(|error: DbError| error).unwrap();
}

fn read(db: &Db, keys: &Keys) {
    let timed = |what: &str, work: &dyn Fn()| {
        let begun = Stopwatch::now();
        work();
        println!("{what}: {:.2} ms", begun.elapsed().as_secs_f64() * 1e3);
    };
    let eur = Currency::parse("EUR").unwrap();
    let balance = |account: Account| {
        move || {
            let held: i64 = db.read_blocking(|conn| ledger::balance(conn, &account, eur)).map_err(|error: DbError| error).unwrap();
            std::hint::black_box(held);
        }
    };
    timed("balance of a provider", &balance(Account::Psp("sandbox".into())));
    timed("balance of a host", &balance(Account::HostPayable(UserId::new())));
    timed("balance of a booking", &balance(Account::StayEscrow(BookingId::new())));
    timed("trial balance", &|| drop(db.snapshot(ledger::trial_balance).unwrap()));
    timed("all invariants", &|| {
        let report = db.bulk(|conn| ledger::inspect(conn, keys, db.now(), &[])).unwrap();
        assert!(report.findings.is_empty(), "{:?}", report.findings);
        println!("{} entries, {} accounts", report.sealed, report.accounts);
    });
}
