//! What a stay is promised to cost. The clock stands at 2026-06-01T12:00Z, 8 o'clock in Albany.

mod coupons;
mod golden;
mod life;
mod no_lie;
mod odd;

use crate::support::homes;
use crate::support::people::{run, with_role};
use crate::support::town::{Asker, Reply, Town};
use crate::support::{TestDb, on_both, uses_index};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::features::quotes;
use stopover::platform::db::{DbResult, Value};
use stopover::values::Instant;
use uuid::Uuid;

on_both!(statements_use_indexes, async |db: TestDb| {
    for (sql, kinds) in quotes::statements() {
        let params = kinds.chars().map(|kind| match kind {
            'u' => Value::Uuid(Uuid::nil()),
            't' => Value::Text("x".into()),
            'n' => Value::Int(1),
            'i' => Value::Instant(Instant(1)),
            other => panic!("no parameter of kind {other}"),
        });
        uses_index(&db, sql, params.collect()).await;
    }
});

/// Somebody with a published home at 100.00 USD a night in Albany, New York, for four guests and at least two nights; guests may leave
/// on any day.
async fn host(town: &Town, db: &TestDb, name: &str) -> (Asker, Uuid) {
    let asker = town.newcomer(name).await;
    let me = town.get(&asker, "/me").await.expect(200).json();
    let home = homes::home(db, &me["id"], "Under the lark").await;
    run(db, "UPDATE listings SET departure_days = 127 WHERE id = $1", vec![home.into()]).await;
    (asker, home)
}

async fn count(db: &TestDb, sql: &'static str) -> i64 {
    let found: DbResult<Option<i64>> = db.read(move |conn| conn.first(sql, &[], |row| row.get(0))).await;
    found.unwrap().unwrap()
}

/// Sets the plan of a home as its host would.
async fn plan(town: &Town, asker: &Asker, home: Uuid, plan: Json) {
    let body = json!({"base_price": 10_000, "plan": plan});
    town.ask(asker, Method::PUT, &format!("/listings/{home}/pricing"), Some(&body)).await.expect(200);
}

/// A wish for some nights; `more` adds to it and goes over it.
fn wish(home: Uuid, check_in: &str, check_out: &str, more: Json) -> Json {
    let mut wish = json!({"listing_id": home, "check_in": check_in, "check_out": check_out, "adults": 2});
    for (name, value) in more.as_object().unwrap() {
        wish[name] = value.clone();
    }
    wish
}

/// Asks for a quote.
async fn ask(town: &Town, asker: &Asker, wish: Json) -> Reply {
    town.post(asker, "/quotes", wish).await
}

/// The same asker with one more header.
fn with(asker: &Asker, name: &str, value: &str) -> Asker {
    let mut asker = asker.clone();
    asker.headers.push((name.into(), value.into()));
    asker
}

/// Of every stored quote: the totals are the sums of its lines (P16), and what the nights bear is the room (P20).
async fn expect_sums(db: &TestDb) -> usize {
    const ALL: &str = "SELECT promise, total_due_minor, total_price_minor, payout_minor FROM quotes";
    let read: DbResult<Vec<(String, i64, i64, i64)>> =
        db.read(|conn| conn.query(ALL, &[], |row| Ok((row.get::<stopover::platform::db::Json>(0)?.0, row.get(1)?, row.get(2)?, row.get(3)?)))).await;
    let all = read.unwrap();
    for (promise, due, total, payout) in &all {
        let price = &serde_json::from_str::<Json>(promise).unwrap()["price"];
        let of = |name: &str| price[name].as_i64().unwrap();
        let sum = |anywhere: bool| {
            let lines = price["lines"].as_array().unwrap().iter().filter(|line| line["payer"] != "host" && line["included"] == false);
            lines.filter(|line| anywhere || line["collected"] == "at_booking").map(|line| line["amount"].as_i64().unwrap()).sum::<i64>()
        };
        assert_eq!((sum(false), sum(true)), (*due, *total), "{promise}");
        assert_eq!((of("total_due"), of("total_price"), of("host_payout")), (*due, *total, *payout));
        let nights = price["allocation"].as_array().unwrap().iter().map(|night| night.as_i64().unwrap()).sum::<i64>();
        assert_eq!(nights, of("room"), "{promise}");
    }
    all.len()
}
