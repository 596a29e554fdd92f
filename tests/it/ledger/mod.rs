//! The books: posted once, numbered and chained soon, never changed unseen, read by other programs.

mod interop;
mod invariants;
mod posting;
mod reading;
mod sealing;
mod tampering;

use crate::support::off_thread;
use std::sync::Arc;
use stopover::features::ledger::{
    self, Account, Entry, Payer, Posted, Report, Split, TaxShare, captured, confirmed, payout_paid, payout_sent, provider_fee, released,
};
use stopover::platform::db::{Db, DbError, DbResult};
use stopover::platform::keys::Keys;
use stopover::values::{BookingId, Currency, UserId};
use uuid::Uuid;

fn keys() -> Arc<Keys> {
    Arc::new(Keys::from_bytes([7; 32]))
}

fn eur() -> Currency {
    Currency::parse("EUR").unwrap()
}

/// The booking of a small number.
fn booking(n: u64) -> BookingId {
    BookingId(Uuid::from_u64_pair(0xb0_0000, n))
}

/// The host of a small number.
fn host(n: u64) -> UserId {
    UserId(Uuid::from_u64_pair(0x40_0000, n))
}

fn payer(n: u64) -> Payer<'static> {
    Payer { booking: booking(n), payment: Uuid::from_u64_pair(0xa0_0000, n), provider: "sandbox", currency: eur() }
}

fn psp() -> Account {
    Account::Psp("sandbox".into())
}

/// The example of docs/RULES.md: 1,051.32 EUR.
fn split() -> Split {
    let tax = |name: &str, amount| TaxShare { tax: name.into(), amount, to_host: false };
    Split { base: 83_100, guest_fee: 9_972, taxes: vec![tax("vat", 8_310), tax("city_tax", 3_750)], promo: 0 }
}

/// All that is posted of a whole stay: five entries.
fn whole_stay(n: u64) -> Vec<Entry> {
    vec![
        confirmed(booking(n), eur(), &split()).with_memo("=1+1, \"by telephone\"; \u{1f6b2}"),
        captured(&payer(n), 105_132),
        provider_fee(&payer(n), "fee", 1_602),
        released(booking(n), 0, host(n % 3), eur(), &split(), 2_493),
        // And the payout of it.
        payout_sent(Uuid::from_u64_pair(0x90_0000, n), host(n % 3), eur(), 80_607),
    ]
}

async fn post(db: &Db, entry: Entry) -> DbResult<Posted> {
    db.write(move |tx, now| ledger::post(tx, now, &entry)).await
}

/// Posts the stays from `first` on, all entries of a stay in one transaction.
async fn stays(db: &Db, first: u64, count: u64) {
    for n in first..first + count {
        let entries = whole_stay(n);
        db.write(move |tx, now| {
            entries.iter().try_for_each(|entry| ledger::post(tx, now, entry).map(drop))?;
            ledger::post(tx, now, &payout_paid(Uuid::from_u64_pair(0x90_0000, n), Some("sandbox"), eur(), 80_607)).map(drop)
        })
        .await
        .map_err(|error: DbError| error)
        .unwrap();
    }
}

async fn held(db: &Db, account: Account) -> i64 {
    db.read(move |conn| ledger::balance(conn, &account, eur())).await.map_err(|error: DbError| error).unwrap()
}

async fn seal(db: &Db) -> u64 {
    let db = db.clone();
    off_thread(move || ledger::seal_all(&db, &keys())).await.unwrap()
}

async fn inspect(db: &Db) -> Report {
    let db = db.clone();
    off_thread(move || {
        let now = db.now();
        db.bulk(|conn| ledger::inspect(conn, &keys(), now, &[]))
    })
    .await
    .map_err(|error: DbError| error)
    .unwrap()
}

/// Runs a piece of SQL; answers whether the database took it.
async fn sql(db: &Db, sql: &'static str) -> DbResult<()> {
    db.write(move |tx, _| tx.batch(sql)).await
}
