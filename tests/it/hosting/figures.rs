//! One's own listings, and how they have done.

use super::co_hosts::{join, person};
use crate::support::homes;
use crate::support::town::{Asker, Town};
use crate::support::{TestDb, on_both, uses_index};
use serde_json::{Value, json};
use std::time::Duration;
use stopover::features::listings::{self, Views};
use stopover::platform::db::{DbResult, Tx, Value as Param};
use stopover::platform::tasks::Running;
use stopover::values::{Instant, ListingId, Night, UserId};
use uuid::Uuid;

async fn write(db: &TestDb, work: impl Fn(&mut Tx<'_>, Instant) -> DbResult<()> + Send + 'static) {
    db.write(work).await.unwrap();
}

async fn months(town: &Town, asker: &Asker, home: Uuid, count: u8) -> Vec<Value> {
    let stats = town.get(asker, &format!("/listings/{home}/stats?months={count}")).await.expect(200).json();
    assert_eq!((&stats["zone"], &stats["listing_id"]), (&json!("America/New_York"), &json!(home)));
    stats["months"].as_array().unwrap().clone()
}

on_both!(nights_are_counted_by_what_took_them, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, ada_id) = person(&town, "Ada").await;
    let home = homes::home(&db, &ada_id, "Attic").await;
    let empty = months(&town, &ada, home, 1).await;
    assert_eq!((&empty[0]["available"], &empty[0]["occupancy_bp"], &empty[0]["average_nightly"]), (&json!(30), &json!(0), &Value::Null));
    write(&db, move |tx, now| {
        const BOOKED: &str = "INSERT INTO booked_nights (listing_id, slot, night, kind, booking_id, expires_at) VALUES ($1, 0, $2, $3, $4, $5)";
        let day = |text: &str| Night::parse(text).unwrap();
        for night in ["2026-06-10", "2026-06-11", "2026-06-12", "2026-07-02"] {
            tx.execute(BOOKED, &[home.into(), day(night).into(), "booking".into(), Uuid::now_v7().into(), None::<Instant>.into()])?;
        }
        // Somebody who has not paid yet.
        tx.execute(BOOKED, &[home.into(), day("2026-06-14").into(), "hold".into(), Uuid::now_v7().into(), Some(now.plus_seconds(600)).into()])?;
        const BLOCK: &str =
            "INSERT INTO calendar_blocks (id, listing_id, from_night, to_night, reason, note, created_at) VALUES ($1, $2, $3, $4, 'owner', '', $5)";
        tx.execute(BLOCK, &[Uuid::now_v7().into(), home.into(), day("2026-06-20").into(), day("2026-06-25").into(), now.into()])?;
        const FEED: &str = "INSERT INTO external_nights (listing_id, feed, from_night, to_night) VALUES ($1, 'elsewhere', $2, $3)";
        tx.execute(FEED, &[home.into(), day("2026-06-24").into(), day("2026-06-27").into()])?;
        const PRICE: &str = "INSERT INTO day_overrides (listing_id, source, from_night, to_night, price_minor) VALUES ($1, $2, $3, $4, $5)";
        tx.execute(PRICE, &[home.into(), "airbnb".into(), day("2026-06-10").into(), day("2026-06-12").into(), 9_000_i64.into()])?;
        tx.execute(PRICE, &[home.into(), "host".into(), day("2026-06-11").into(), day("2026-06-12").into(), 20_000_i64.into()])?;
        Ok(())
    })
    .await;
    let found = months(&town, &ada, home, 2).await;
    let expected = json!({"month": "2026-06", "views": 0, "nights": 30, "booked": 3, "taken_elsewhere": 3, "blocked": 4, "available": 20,
        "occupancy_bp": 1_304, "average_nightly": {"amount": 13_000, "currency": "USD"}});
    assert_eq!(found[1], expected);
    // Before it was here nothing could be booked.
    let before = json!({"month": "2026-05", "views": 0, "nights": 0, "booked": 0, "taken_elsewhere": 0, "blocked": 0, "available": 0,
        "occupancy_bp": null, "average_nightly": null});
    assert_eq!(found[0], before);
    assert_eq!(town.get(&ada, &format!("/listings/{home}/stats")).await.expect(200).json()["months"].as_array().unwrap().len(), 12);
    for months in ["0", "37", "x"] {
        let refused = town.get(&ada, &format!("/listings/{home}/stats?months={months}")).await;
        assert!([400, 422].contains(&refused.status.as_u16()), "{months}: {}", refused.text());
    }
});

on_both!(views_are_counted_by_local_day_and_nothing_else_is, async |db: TestDb| {
    let (here, there) = (Town::new(&db).await, Town::node(&db, |_| ()).await);
    let ((ada, ada_id), nobody) = (person(&here, "Ada").await, Asker::default());
    let (home, page) = (homes::home(&db, &ada_id, "Attic").await, Uuid::now_v7());
    let look = async |town: &Town| town.get(&nobody, &format!("/listings/{home}")).await.expect(200).status;
    for town in [&here, &here, &here, &there] {
        look(town).await;
    }
    here.get(&nobody, &format!("/listings/{page}")).await.expect(404);
    let views = async || -> Vec<i64> { months(&here, &ada, home, 2).await.iter().map(|month| month["views"].as_i64().unwrap()).collect() };
    assert_eq!(views().await, [0, 0], "they are written down now and then");
    here.write_views().await;
    here.write_views().await;
    assert_eq!(views().await, [0, 3]);
    there.write_views().await;
    assert_eq!(views().await, [0, 4]);
    // In New York it is still June.
    here.clock.advance_seconds(29 * 86_400 + 14 * 3_600);
    look(&here).await;
    here.write_views().await;
    let ada = here.log_in("Ada").await;
    assert_eq!(months(&here, &ada, home, 1).await[0]["views"], 5);
    here.clock.advance_seconds(3 * 3_600);
    look(&here).await;
    here.write_views().await;
    let ada = here.log_in("Ada").await;
    let months = months(&here, &ada, home, 2).await;
    assert_eq!((&months[0]["views"], &months[1]["month"], &months[1]["views"]), (&json!(5), &json!("2026-07"), &json!(1)));
    let rows: DbResult<Vec<(ListingId, i64)>> =
        db.read(|conn| conn.query("SELECT listing_id, views FROM listing_views ORDER BY day", &[], |row| Ok((row.get(0)?, row.get(1)?)))).await;
    assert_eq!(rows.unwrap(), [(ListingId(home), 4), (ListingId(home), 1), (ListingId(home), 1)]);
    // After three years nobody can ask for them any more.
    here.clock.advance_seconds(1_200 * 86_400);
    here.run_jobs().await;
    let left: DbResult<Option<i64>> = db.read(|conn| conn.first("SELECT COUNT(*) FROM listing_views", &[], |row| row.get(0))).await;
    assert_eq!(left.unwrap(), Some(0));
});

on_both!(a_server_that_stops_writes_its_views_down, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, ada_id) = person(&town, "Ada").await;
    let home = homes::home(&db, &ada_id, "Attic").await;
    let views: Views = town.views();
    let running = Running::start(vec![views.task(stopover::platform::db::Db::clone(&db))]);
    town.get(&Asker::default(), &format!("/listings/{home}")).await.expect(200);
    running.stop(Duration::from_secs(5)).await;
    assert_eq!(months(&town, &ada, home, 1).await[0]["views"], 1);
});

on_both!(ones_own_listings_are_listed_page_by_page, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ((ada, ada_id), (cy, cy_id)) = (person(&town, "Ada").await, person(&town, "Cy").await);
    assert_eq!(town.get(&ada, "/me/listings").await.expect(200).json(), json!({"data": [], "next_cursor": null, "has_more": false}));
    let mut homes = Vec::new();
    for (host, title) in [(&ada_id, "One"), (&cy_id, "Two"), (&ada_id, "Three"), (&cy_id, "Four"), (&ada_id, "Five")] {
        homes.push(homes::home(&db, host, title).await);
    }
    join(&town, &cy, homes[1], (&ada, "Ada"), "messages").await;
    let draft = homes[2];
    write(&db, move |tx, _| {
        const DRAFT: &str = "UPDATE listings SET state = 'draft', price_minor = 0, state_note = 'Say more.' WHERE id = $1";
        tx.execute(DRAFT, &[draft.into()]).map(|_| ())
    })
    .await;
    let found = async |query: &str| {
        let (mut titles, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = town.get(&ada, &format!("/me/listings?limit=1{query}{cursor}")).await.expect(200).json();
            titles.extend(page["data"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_owned()));
            assert_eq!(page["has_more"], json!(page["next_cursor"].is_string()));
            let Some(next) = page["next_cursor"].as_str() else { return titles };
            cursor = format!("&cursor={next}");
        }
    };
    assert_eq!(found("").await, ["Five", "Three", "Two", "One"]);
    assert_eq!(found("&state=published").await, ["Five", "Two", "One"]);
    assert_eq!(found("&state=archived").await, Vec::<String>::new());
    let all = town.get(&ada, "/me/listings").await.expect(200).json();
    let three = &all["data"][1];
    assert_eq!((&three["state"], &three["state_note"], &three["nightly"]), (&json!("draft"), &json!("Say more."), &Value::Null));
    assert_eq!((&three["relation"], &three["level"]), (&json!("host"), &Value::Null));
    assert_eq!((&all["data"][2]["relation"], &all["data"][2]["level"]), (&json!("co_host"), &json!("messages")));
    assert_eq!(all["data"][0]["nightly"], json!({"amount": 10_000, "currency": "USD"}));
    town.get(&ada, "/me/listings?state=gone").await.expect_problem(422, "out_of_range");
    // A cursor is good for one list of one person.
    let cursor = town.get(&ada, "/me/listings?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
    town.get(&ada, &format!("/me/listings?state=published&cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
    town.get(&cy, &format!("/me/listings?cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
});

on_both!(what_hosts_ask_is_found_by_index, async |db: TestDb| {
    for (sql, kinds) in listings::hosting_statements() {
        let params = kinds.chars().map(|kind| match kind {
            'u' => Param::from(UserId::new()),
            't' => Param::from("x"),
            'i' => Param::from(Instant(0)),
            'd' => Param::from(Night(20_000)),
            'n' => Param::from(20_i64),
            other => panic!("no parameter of kind {other}"),
        });
        uses_index(&db, sql, params.collect()).await;
    }
});
