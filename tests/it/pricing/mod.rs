//! What stays cost: hosts set it, operators tax it, guests read it. The clock stands at 2026-06-01T12:00Z.

mod hosts;
mod taxes;

use crate::support::homes;
use crate::support::people::{run, with_role};
use crate::support::town::{Asker, Reply, Town};
use crate::support::{TestDb, on_both, uses_index};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::features::pricing;
use stopover::platform::db::{DbResult, Value};
use stopover::values::ListingId;
use uuid::Uuid;

on_both!(statements_use_indexes, async |db: TestDb| {
    for (sql, kinds) in pricing::STATEMENTS {
        let params = kinds.chars().map(|kind| match kind {
            'u' => Value::Uuid(Uuid::nil()),
            't' => Value::Text("x".into()),
            'n' => Value::Int(1),
            other => panic!("no parameter of kind {other}"),
        });
        uses_index(&db, sql, params.collect()).await;
    }
});

/// Somebody with a published home at 100.00 USD a night in Albany, New York, for four guests and at least two nights.
async fn host(town: &Town, db: &TestDb, name: &str) -> (Asker, Uuid) {
    let asker = town.newcomer(name).await;
    let me = town.get(&asker, "/me").await.expect(200).json();
    let home = homes::home(db, &me["id"], "Under the lark").await;
    (asker, home)
}

async fn put(town: &Town, asker: &Asker, path: &str, body: Json) -> Reply {
    town.ask(asker, Method::PUT, path, Some(&body)).await
}

/// The same asker with one more header.
fn with(asker: &Asker, name: &str, value: &str) -> Asker {
    let mut asker = asker.clone();
    asker.headers.push((name.into(), value.into()));
    asker
}

/// What a stay costs, as strangers read it.
async fn total(town: &Town, home: Uuid, query: &str) -> i64 {
    let why = town.get(&Asker::default(), &format!("/listings/{home}/why?{query}")).await;
    let why = why.expect(200).json();
    why["stay"]["total"]["amount"].as_i64().unwrap_or_else(|| panic!("{why}"))
}

/// How many events of a kind there are about something.
async fn events(db: &TestDb, kind: &'static str, subject: Uuid) -> usize {
    let found: DbResult<Vec<i64>> =
        db.read(move |conn| conn.query("SELECT 1 FROM events WHERE kind = $1 AND subject = $2", &[kind.into(), subject.into()], |_| Ok(1))).await;
    found.unwrap().len()
}

/// The pointers of a refusal.
fn pointers(reply: &Reply) -> Vec<String> {
    reply.json()["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
}

/// The plan of the golden stay (docs/RULES.md, P21).
fn golden() -> Json {
    json!({
        "weekend": {"price": 12_000},
        "los": [{"min_nights": 7, "off_bp": 1_000}],
        "extra_guest": {"included": 2, "fee": 1_500},
        "fees": [{"key": "cleaning", "name": "Cleaning", "scope": "per_stay", "amount": 6_000, "mandatory": true,
            "refund_rule": "before_check_in", "taxable": true, "collected": "at_booking"}],
    })
}

/// Reads what decides the prices of a home the long way, and prices a stay line by line.
async fn priced(town: &Town, db: &TestDb, home: Uuid, ask: pricing::Ask<'static>) -> pricing::Priced {
    let config = town.tools().config.clone();
    let found: DbResult<_> = db
        .read_cut(move |conn| {
            let offer = pricing::offer_of(conn, ListingId(home), &config.fees)?.unwrap();
            let days = stopover::features::calendar::overrides(conn, ListingId(home), ask.stay.check_in())?;
            Ok((offer, stopover::features::calendar::Days { overrides: days, ..Default::default() }))
        })
        .await;
    let (offer, days) = found.unwrap();
    pricing::price(&offer.terms(&days), &ask).unwrap()
}
