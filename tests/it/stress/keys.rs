//! The same wish from fifty connections at once.

use crate::support::people::run;
use crate::support::town::Town;
use crate::support::{TestDb, homes, on_both};
use futures_util::future::join_all;
use serde_json::json;
use std::collections::BTreeSet;
use stopover::platform::db::DbResult;

const CONNECTIONS: usize = 50;

async fn count(db: &TestDb, sql: &'static str) -> i64 {
    let read: DbResult<Option<i64>> = db.read(move |conn| conn.first(sql, &[], |row| row.get(0))).await;
    read.unwrap().unwrap()
}

on_both!(one_key_makes_one_booking, async |db: TestDb| {
    let towns = [Town::new(&db).await, Town::node(&db, |_| ()).await];
    let town = &towns[0];
    let host = town.newcomer("Hannah").await;
    let me = town.get(&host, "/me").await.expect(200).json();
    let home = homes::home(&db, &me["id"], "Under the lark").await;
    run(&db, "UPDATE listings SET departure_days = 127 WHERE id = $1", vec![home.into()]).await;
    let mut guest = town.newcomer("Gustav").await;
    let wish = json!({"listing_id": home, "check_in": "2026-06-10", "check_out": "2026-06-13", "adults": 2});
    let quote = town.post(&guest, "/quotes", wish).await.expect(201).json();
    guest.headers.push(("idempotency-key".into(), "the-only-one".into()));
    let ask = json!({"quote_id": quote["id"], "payment_method": "card_ok"});
    // Two nodes over the same data, as behind a balancer.
    let replies = join_all((0..CONNECTIONS).map(|number| towns[number % 2].post(&guest, "/bookings", ask.clone()))).await;
    let mut made = BTreeSet::new();
    for reply in replies {
        match reply.status.as_u16() {
            201 => assert!(made.insert(reply.json()["id"].as_str().unwrap().to_owned()) || made.len() == 1),
            409 => assert_eq!(reply.json()["code"], "still_running", "{}", reply.text()),
            _ => panic!("{} {}", reply.status, reply.text()),
        }
    }
    assert_eq!(made.len(), 1, "{made:?}");
    // Whoever asks again is told the same.
    let again = town.post(&guest, "/bookings", ask).await.expect(201).json();
    assert!(made.contains(again["id"].as_str().unwrap()));
    assert_eq!((count(&db, "SELECT COUNT(*) FROM bookings").await, count(&db, "SELECT COUNT(*) FROM sandbox_charges").await), (1, 1));
    assert_eq!(count(&db, "SELECT COUNT(*) FROM booked_nights").await, 3);
});
