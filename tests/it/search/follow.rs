//! What changes in the database is what search says a moment later, on every node.

use super::lot::{Booked, Lot, build_all, change};
use super::stage::{House, ids_of};
use crate::support::{TestDb, off_thread, on_both};
use std::sync::Arc;
use stopover::features::imports::{Pace, Silent, demo};
use stopover::platform::db::{Db, DbResult, Engine};
use stopover::platform::events::Kind;
use stopover::values::{Instant, ListingId, Night, NightRange};

fn range(from: &str, to: &str) -> NightRange {
    NightRange::new(Night::parse(from).unwrap(), Night::parse(to).unwrap())
}

on_both!(every_kind_of_change_is_seen, async |db: TestDb| {
    let home = Lot::new("Attic of the lark").build(&db).await;
    let house = House::open(&db).await;
    let told = async |sql, params| change(&db, home, Kind::ListingChanged, sql, params).await;
    house.until_total("q=lark", 1).await;
    told("UPDATE listings SET title = 'Cellar of the mole' WHERE id = $1", vec![]).await;
    house.until_total("q=mole%20", 1).await;
    assert_eq!(house.find("q=lark%20").await["total"], 0);
    assert_eq!(house.find("").await["data"][0]["title"], "Cellar of the mole");
    told("UPDATE listing_texts SET description = 'With a telescope' WHERE listing_id = $1", vec![]).await;
    house.until_total("q=telescope", 1).await;
    told("UPDATE listings SET price_minor = 25000 WHERE id = $1", vec![]).await;
    house.until_total("price_min=25000", 1).await;
    assert_eq!(house.find("price_max=24999").await["total"], 0);
    assert_eq!(house.find("").await["data"][0]["nightly"]["amount"], 25_000);
    told(
        "UPDATE listings SET amenities = '[\"pool\"]', room_type = 'private_room', property_type = 'yurt', capacity = 9, bedrooms = NULL WHERE id = $1",
        vec![],
    )
    .await;
    house.until_total("amenities=pool&room_type=private_room&property_type=yurt&adults=9", 1).await;
    for gone in ["amenities=wifi", "room_type=entire_home", "property_type=entire_loft", "bedrooms_min=1"] {
        assert_eq!(house.find(gone).await["total"], 0, "{gone}");
    }
    told("UPDATE listings SET public_lat = -17.0, public_lng = 179.999, city = 'Suva' WHERE id = $1", vec![]).await;
    house.until_total("bbox=179.9,-18,-179.9,-16", 1).await;
    assert_eq!(house.find("bbox=-74,42,-73,43").await["total"], 0);
    house.until_total("city=suva&q=mole", 1).await;
    assert_eq!(house.find("city=Albany").await["total"], 0);
    told("UPDATE listings SET state = 'paused' WHERE id = $1", vec![]).await;
    house.until_total("", 0).await;
    assert_eq!(house.find("q=mole").await["total"], 0);
    told("UPDATE listings SET state = 'published' WHERE id = $1", vec![]).await;
    house.until_total("q=mole", 1).await;
    let second = Lot::new("Boat of the otter").at(42.7, -73.7).build(&db).await;
    house.until_total("q=otter", 1).await;
    let near = house.find("near=42.7,-73.7&radius_km=0.1").await;
    assert_eq!(ids_of(&near), [second.to_string()]);
});

on_both!(calendars_and_holds_are_seen, async |db: TestDb| {
    let home = Lot::new("Attic").build(&db).await;
    let house = House::open(&db).await;
    let (stay, later) = ("check_in=2026-07-03&check_out=2026-07-06", "check_in=2026-07-06&check_out=2026-07-08");
    assert_eq!(house.find(stay).await["total"], 1);
    let take = "INSERT INTO external_nights (listing_id, feed, from_night, to_night) VALUES ($1, 'x', '2026-07-05', '2026-07-06')";
    change(&db, home, Kind::CalendarChanged, take, vec![]).await;
    house.until_total(stay, 0).await;
    assert_eq!(house.find(later).await["total"], 1);
    change(&db, home, Kind::CalendarChanged, "DELETE FROM external_nights WHERE listing_id = $1", vec![]).await;
    house.until_total(stay, 1).await;
    let dear = "INSERT INTO day_overrides (listing_id, source, from_night, to_night, price_minor) VALUES ($1, 'host', '2026-07-04', '2026-07-05', 40000)";
    change(&db, home, Kind::CalendarChanged, dear, vec![]).await;
    house.until(stay, |page| page["data"][0]["stay"]["total"]["amount"] == 60_000).await;
    hold(&db, home, "2026-07-04", "2026-07-06", "2026-06-01T12:15:00Z").await;
    house.until_total(stay, 0).await;
    db.clock.set("2026-06-01T12:14:59Z");
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    assert_eq!(house.find(stay).await["total"], 0, "the hold stands for another second");
    db.clock.set("2026-06-01T12:15:00Z");
    // Nobody removes the rows and nothing is told: time alone frees the nights.
    house.until_total(stay, 1).await;
});

on_both!(holds_that_were_there_at_the_start_run_out_too, async |db: TestDb| {
    let mut lot = Lot::new("Attic");
    lot.booked.push(Booked { slot: 0, nights: range("2026-07-04", "2026-07-06"), until: Instant::parse("2026-06-01T12:05:00Z") });
    lot.booked.push(Booked { slot: 0, nights: range("2026-07-10", "2026-07-12"), until: None });
    lot.build(&db).await;
    let house = House::open(&db).await;
    assert_eq!(house.find("check_in=2026-07-05&check_out=2026-07-07").await["total"], 0);
    db.clock.set("2026-06-01T12:05:00Z");
    house.until_total("check_in=2026-07-05&check_out=2026-07-07", 1).await;
    assert_eq!(house.find("check_in=2026-07-11&check_out=2026-07-13").await["total"], 0, "a booking never runs out");
});

async fn hold(db: &TestDb, home: ListingId, from: &str, to: &str, until: &str) {
    let mut lot = Lot::new("");
    lot.id = home;
    lot.booked.push(Booked { slot: 0, nights: range(from, to), until: Instant::parse(until) });
    let held: DbResult<()> = db
        .write(move |tx, now| {
            super::lot::calendar(tx, &lot, now)?;
            stopover::platform::events::append(tx, Kind::CalendarChanged, lot.id.0, &serde_json::json!({}), now)
        })
        .await;
    held.unwrap();
}

on_both!(an_import_into_a_running_search_is_seen_whole, async |db: TestDb| {
    Lot::new("Attic of the lark").with("city", "Troy").build(&db).await;
    let house = House::open(&db).await;
    assert_eq!(house.find("").await["total"], 1);
    let target = Db::clone(&db);
    off_thread(move || demo(&target, Night::parse("2026-06-01").unwrap(), Pace::Shared, &Silent).map(drop)).await.unwrap();
    let published: DbResult<Option<i64>> = db.read(|conn| conn.first("SELECT COUNT(*) FROM listings WHERE state = 'published'", &[], |row| row.get(0))).await;
    let published = u64::try_from(published.unwrap().unwrap()).unwrap();
    assert!(published > 300);
    house.until_total("", published).await;
    house.until("q=wifi%20&city=albany", |page| page["total"].as_u64().unwrap() > 100).await;
    assert_eq!(house.find("q=lark&city=troy").await["total"], 1, "what was there before is there still");
});

on_both!(a_walk_through_pages_survives_changes, async |db: TestDb| {
    let lots: Vec<Lot> = (0..60)
        .map(|n| {
            Lot::new(&format!("Home {n}"))
                .with("price_minor", 5_000 + n * 100)
                .with("review_count", n)
                .with("rating_count", n)
                .with("rating_sum_centi", n * 450)
        })
        .collect();
    let ids: Vec<ListingId> = lots.iter().map(|lot| lot.id).collect();
    build_all(&db, lots).await;
    let house = House::open(&db).await;
    for sort in ["relevance", "price", "-price", "rating", "newest", "distance&near=42.6,-73.7&radius_km=100"] {
        let query = format!("sort={sort}&limit=7");
        let (mut seen, mut cursor, mut page_number) = (Vec::new(), String::new(), 0);
        loop {
            let page = house.find(&format!("{query}{cursor}")).await;
            seen.extend(ids_of(&page));
            // Between two pages one home leaves, one comes back, one changes its words.
            let (one, other) = (ids[page_number * 5 % 60], ids[page_number * 11 % 60]);
            change(&db, one, Kind::ListingChanged, "UPDATE listings SET state = 'paused' WHERE id = $1", vec![]).await;
            change(&db, other, Kind::ListingChanged, "UPDATE listings SET title = 'Renamed' WHERE id = $1", vec![]).await;
            Lot::new("Newcomer").with("price_minor", 5_050_i64).build(&db).await;
            page_number += 1;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count, "{sort}: a home came twice");
        assert!(count >= 35, "{sort}: only {count} homes");
        for id in &ids {
            change(&db, *id, Kind::ListingChanged, "UPDATE listings SET state = 'published' WHERE id = $1", vec![]).await;
        }
        house.until("limit=1", |page| page["total"].as_u64().unwrap() >= 60).await;
    }
});

on_both!(the_best_come_first_after_their_reviews_have_changed, async |db: TestDb| {
    let lots: Vec<Lot> = (0..40)
        .map(|n| Lot::new(&format!("Home {n}")).with("review_count", 50_i64).with("rating_count", 50_i64).with("rating_sum_centi", 50 * (500 - n)))
        .collect();
    let ids: Vec<ListingId> = lots.iter().map(|lot| lot.id).collect();
    build_all(&db, lots).await;
    let house = House::open(&db).await;
    let order = |page: &serde_json::Value| ids_of(page);
    assert_eq!(order(&house.find("limit=5").await), ids[..5].iter().map(ToString::to_string).collect::<Vec<_>>());
    // The first three fall behind everybody; last the fourth one rises a little.
    for (n, mean) in [(0, 100_i64), (1, 110), (2, 120), (3, 499)] {
        let sql = "UPDATE listings SET rating_sum_centi = $2 WHERE id = $1";
        change(&db, ids[n], Kind::ListingChanged, sql, vec![(50 * mean).into()]).await;
    }
    let mut expected: Vec<ListingId> = ids[3..].to_vec();
    expected.extend([ids[2], ids[1], ids[0]]);
    let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
    // Another home had 4.99 before: only this one with it says that all four changes have arrived.
    let risen = ids[3].to_string();
    house.until("sort=rating&limit=1", |page| page["data"][0]["rating"] == 4.99 && page["data"][0]["id"] == risen.as_str()).await;
    for limit in [1, 2, 3, 5, 39, 40, 100] {
        let first = order(&house.find(&format!("limit={limit}")).await);
        assert_eq!(first, expected[..limit.min(40)], "limit {limit}");
    }
    assert_eq!(house.walk("", 3).await, expected);
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_follow_one_log() {
    let db = TestDb::new(Engine::Postgres).await;
    let home = Lot::new("Attic of the lark").build(&db).await;
    let other = db.another_node().await.unwrap();
    let first = House::open(&db).await;
    let second = House::over(other, db.clock.clone(), Arc::new(tempfile::tempdir().unwrap())).await.unwrap();
    change(&db, home, Kind::ListingChanged, "UPDATE listings SET title = 'Cellar of the mole' WHERE id = $1", vec![]).await;
    Lot::new("Boat of the otter").build(&db).await;
    for house in [&first, &second] {
        house.until_total("q=mole", 1).await;
        house.until_total("q=otter", 1).await;
        house.until_total("q=lark%20", 0).await;
        assert_eq!(house.find("").await["total"], 2);
    }
    assert_ne!(first.search().holdings().seq, 0);
}
