//! Homes go out as lines, and come back the same: on the instance they came from, and on another one.

use crate::support::town::{Asker, Town};
use crate::support::{TestDb, off_thread, on_both};
use poem::http::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use stopover::features::transfer::{self, House, Outcome, Wish};
use stopover::platform::db::{Db, DbResult};
use stopover::platform::keys::Keys;
use stopover::values::Email;

fn keys() -> Arc<Keys> {
    Arc::new(Keys::from_bytes([7; 32]))
}

async fn out(db: &TestDb, wish: Wish) -> String {
    let db = Db::clone(db);
    off_thread(move || {
        let mut bytes = Vec::new();
        transfer::export(&db, &keys(), &wish, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    })
    .await
}

async fn back(db: &TestDb, lines: String) -> Outcome {
    let db = Db::clone(db);
    off_thread(move || {
        let house = House { photo_required: false, has_file: &|_| Ok(false) };
        transfer::import(&db, &keys(), &house, &mut lines.as_bytes()).unwrap()
    })
    .await
}

/// The same, to a house that shows guests no home without a photo.
async fn back_to_strict(db: &TestDb, lines: String, files: bool) -> Outcome {
    let db = Db::clone(db);
    off_thread(move || {
        let house = House { photo_required: true, has_file: &|_| Ok(files) };
        transfer::import(&db, &keys(), &house, &mut lines.as_bytes()).unwrap()
    })
    .await
}

async fn run(db: &TestDb, sql: &'static str) {
    let wrote: DbResult<u64> = db.write(move |tx, _| tx.execute(sql, &[])).await;
    wrote.unwrap();
}

/// A host with a home that has a bit of everything.
async fn furnished(db: &TestDb) -> (Town, Asker, String) {
    let town = Town::with(db, |config| config.listings.photo_required = false).await;
    let ada = town.newcomer("Ada").await;
    let home = json!({
        "title": "Attic of the swift", "description": "Under the roof.", "language": "en", "room_type": "entire_home", "property_type": "entire_loft",
        "capacity": 4, "currency": "EUR", "base_price": 9_500, "bathrooms": 1.5, "amenities": ["wifi"], "accessibility": ["lit_path"],
        "rooms": [{"kind": "bedroom", "beds": [{"kind": "queen", "count": 1}]}], "private": {"address": "Rua da Bica 5"},
        "location": {"lat": 38.711, "lng": -9.136, "city": "Lisbon", "country": "PT"},
    });
    let id = town.post(&ada, "/listings", home).await.expect(201).json()["id"].as_str().unwrap().to_owned();
    town.ask(&ada, Method::PUT, &format!("/listings/{id}/texts/de"), Some(&json!({"title": "Dachboden"}))).await.expect(200);
    town.ask(&ada, Method::POST, &format!("/listings/{id}/publish"), None).await.expect(200);
    run(db, "UPDATE listings SET pricing = '{\"weekend\": {\"price\": 12000}}', notice_days = 3").await;
    run(
        db,
        "INSERT INTO day_overrides (listing_id, source, from_night, to_night, price_minor) SELECT id, 'host', '2026-07-01', '2026-07-05', 12000 FROM listings",
    )
    .await;
    run(db, "INSERT INTO external_nights (listing_id, feed, from_night, to_night) SELECT id, 'f', '2026-08-01', '2026-08-05' FROM listings").await;
    run(db, "INSERT INTO calendar_blocks (id, listing_id, from_night, to_night, reason, note, created_at) SELECT host_id, id, '2026-09-01', '2026-09-02', 'owner', 'Paint', created_at FROM listings").await;
    (town, ada, id)
}

on_both!(homes_come_back_as_they_went, async |db: TestDb| {
    let (town, ada, id) = furnished(&db).await;
    let whole = Wish { private: true, ..Wish::default() };
    let lines = out(&db, whole.clone()).await;
    assert_eq!(lines.lines().count(), 1);
    let line: Value = serde_json::from_str(&lines).unwrap();
    for (member, expected) in [
        ("/listing/title", json!("Attic of the swift")),
        ("/listing/pricing/weekend/price", json!(12_000)),
        ("/texts/1/title", json!("Dachboden")),
        ("/days/0/price_minor", json!(12_000)),
        ("/blocks/0/note", json!("Paint")),
        ("/external/0/from_night", json!("2026-08-01")),
        ("/private/address", json!("Rua da Bica 5")),
        ("/host/email", json!("ada@example.org")),
    ] {
        assert_eq!(line.pointer(member).cloned().unwrap_or_default(), expected, "{member}");
    }
    assert!(!out(&db, Wish::default()).await.contains("Rua da Bica"), "codes leave only when they are asked for");
    for (email, homes) in [("ada@example.org", 1), ("nobody@example.org", 0)] {
        assert_eq!(out(&db, Wish { host: Email::parse(email), ..Wish::default() }).await.lines().count(), homes);
    }
    // The same again changes nothing; what was changed meanwhile is as it was.
    let unchanged = Outcome { unchanged: 1, ..Outcome::default() };
    assert_eq!(back(&db, lines.clone()).await, unchanged);
    town.ask(&ada, Method::PATCH, &format!("/listings/{id}"), Some(&json!({"title": "Palace", "private": {"address": "Elsewhere"}}))).await.expect(200);
    run(&db, "DELETE FROM day_overrides").await;
    assert_eq!(back(&db, lines.clone()).await, Outcome { written: 1, ..Outcome::default() });
    assert_eq!(out(&db, whole.clone()).await, lines);
    assert_eq!(back(&db, lines.clone()).await, unchanged);
    let page = format!("/listings/{id}");
    crate::support::homes::until(async || town.get(&Asker::default(), &page).await.json()["title"] == "Attic of the swift").await;

    // Another instance has never heard of host and home.
    let there = TestDb::new(db.engine()).await;
    assert_eq!(back(&there, lines.clone()).await, Outcome { written: 1, ..Outcome::default() });
    assert_eq!(back(&there, lines.clone()).await, unchanged);
    let mut again: Value = serde_json::from_str(&out(&there, whole).await).unwrap();
    assert_eq!(again["host"]["email"], Value::Null, "people without an account have no address");
    again["host"]["email"] = line["host"]["email"].clone();
    assert_eq!(again, line);
    // A line that leaves things out leaves them alone.
    let partly = json!({"format": 1, "id": id, "host": line["host"], "listing": {"title": "Renamed"}}).to_string();
    assert_eq!(back(&there, partly.clone()).await.written, 1);
    assert_eq!(back(&there, partly).await.unchanged, 1);
    let after: Value = serde_json::from_str(&out(&there, Wish::default()).await).unwrap();
    assert_eq!((&after["listing"]["title"], &after["texts"], &after["days"]), (&json!("Renamed"), &line["texts"], &line["days"]));
});

on_both!(bad_lines_are_told_and_skipped, async |db: TestDb| {
    let (_town, _ada, id) = furnished(&db).await;
    let good = out(&db, Wish::default()).await;
    let bad = [
        "no json".to_owned(),
        json!([]).to_string(),
        json!({"format": 2, "id": id}).to_string(),
        json!({"format": 1, "id": "x", "host": {}, "listing": {}}).to_string(),
        json!({"format": 1, "id": id, "host": {}, "listing": {"title": 5}}).to_string(),
        json!({"format": 1, "id": id, "host": {}, "listing": {}, "days": [{"from_night": "yesterday"}]}).to_string(),
        // What the schema refuses: a home without most of its fields, a price below nothing.
        json!({"format": 1, "id": uuid::Uuid::now_v7(), "host": {"name": "Bo"}, "listing": {"title": "Half"}}).to_string(),
        json!({"format": 1, "id": id, "host": {"name": "Bo"}, "listing": {"price_minor": -1}}).to_string(),
        // A policy that its operator made, and this one has not; one for stays of another length.
        json!({"format": 1, "id": id, "host": {"name": "Bo"}, "listing": {"short_policy": "our_own"}}).to_string(),
        json!({"format": 1, "id": id, "host": {"name": "Bo"}, "listing": {"long_policy": "firm"}}).to_string(),
    ];
    let outcome = back(&db, format!("{}\n\n{good}", bad.join("\n"))).await;
    assert_eq!((outcome.written, outcome.unchanged, outcome.bad_count), (0, 1, 10), "{outcome:?}");
    assert_eq!(outcome.bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert!(outcome.bad[4].1.contains("title must be a text") && outcome.bad[5].1.contains("days: from_night"), "{outcome:?}");
    assert!(outcome.bad[8].1.contains("short_policy") && outcome.bad[9].1.contains("long_policy"), "{outcome:?}");
    assert_eq!(out(&db, Wish::default()).await, good, "a bad line left something behind");
});

on_both!(nights_of_feeds_stay_with_their_feeds, async |db: TestDb| {
    let (_town, _ada, id) = furnished(&db).await;
    const FEED: &str = "INSERT INTO external_nights (listing_id, feed, from_night, to_night)
        SELECT id, '0199a1b2-0000-7000-8000-000000000001', '2026-10-01', '2026-10-05' FROM listings";
    run(&db, FEED).await;
    let lines = out(&db, Wish::default()).await;
    let line: Value = serde_json::from_str(&lines).unwrap();
    assert_eq!(line["external"].as_array().unwrap().len(), 1, "only those of an import: {lines}");
    run(&db, "UPDATE listings SET title = 'Palace'").await;
    assert_eq!(back(&db, lines.clone()).await.written, 1);
    let feeds: DbResult<Vec<String>> = db.read(|conn| conn.query("SELECT feed FROM external_nights ORDER BY feed", &[], |row| row.get(0))).await;
    assert_eq!(feeds.unwrap(), ["0199a1b2-0000-7000-8000-000000000001", "f"], "{id}");
    // A file of an older day may hold such nights: nobody there could ever free them.
    let there = TestDb::new(db.engine()).await;
    let mut old = line.clone();
    old["external"]
        .as_array_mut()
        .unwrap()
        .push(json!({"feed": "0199a1b2-0000-7000-8000-000000000001", "slot": 0, "from_night": "2026-10-01", "to_night": "2026-10-05"}));
    assert_eq!(back(&there, format!("{old}\n")).await.written, 1);
    let feeds: DbResult<Vec<String>> = there.read(|conn| conn.query("SELECT feed FROM external_nights", &[], |row| row.get(0))).await;
    assert_eq!(feeds.unwrap(), ["f"]);
});

on_both!(who_was_erased_does_not_come_back_by_a_file, async |db: TestDb| {
    let (_town, _ada, _id) = furnished(&db).await;
    let lines = out(&db, Wish::default()).await;
    run(&db, "INSERT INTO erasures (user_id, erased_at) SELECT host_id, created_at FROM listings").await;
    run(&db, "UPDATE listings SET title = 'Deleted listing', state = 'archived'").await;
    let outcome = back(&db, lines).await;
    assert_eq!((outcome.written, outcome.bad_count, outcome.bad[0].1.as_str()), (0, 1, "its host's data were erased here"));
    assert!(out(&db, Wish::default()).await.contains("Deleted listing"));
});

/// The line with other values of the listing itself.
fn with(line: &str, listing: &Value) -> String {
    let mut line: Value = serde_json::from_str(line).unwrap();
    for (column, value) in listing.as_object().unwrap() {
        line["listing"][column] = value.clone();
    }
    line.to_string()
}

on_both!(stays_stand_against_a_file_as_against_their_host, async |db: TestDb| {
    let (_town, _ada, _id) = furnished(&db).await;
    run(&db, "UPDATE listings SET unit_count = 2").await;
    run(
        &db,
        "INSERT INTO booked_nights (listing_id, slot, night, kind, booking_id)
         SELECT id, n, '2026-06-20', 'booking', CASE n WHEN 0 THEN id ELSE host_id END FROM listings, (SELECT 0 AS n UNION ALL SELECT 1) AS units",
    )
    .await;
    let line = out(&db, Wish::default()).await;
    for (change, why) in [
        (json!({"unit_count": 1}), "More units"),
        (json!({"unit_count": 70_000}), "1 to 500"),
        (json!({"zone": "Europe/Berlin"}), "only an operator"),
        (json!({"currency": "USD"}), "currency of a home"),
    ] {
        let outcome = back(&db, with(&line, &change)).await;
        assert_eq!((outcome.written, outcome.bad_count), (0, 1), "{change}");
        assert!(outcome.bad[0].1.contains(why), "{outcome:?}");
    }
    assert_eq!(out(&db, Wish::default()).await, line, "a line that was refused left something behind");
    assert_eq!(back(&db, with(&line, &json!({"unit_count": 3, "title": "Palace"}))).await.written, 1);
    let after: Value = serde_json::from_str(&out(&db, Wish::default()).await).unwrap();
    assert_eq!((&after["listing"]["unit_count"], &after["listing"]["title"]), (&json!(3), &json!("Palace")));
    // Without stays nothing stands against it.
    run(&db, "DELETE FROM booked_nights").await;
    assert_eq!(back(&db, with(&line, &json!({"unit_count": 1, "zone": "Europe/Berlin"}))).await.written, 1);
});

on_both!(a_home_without_its_photos_waits_out_of_sight, async |db: TestDb| {
    let (_town, _ada, id) = furnished(&db).await;
    let line = out(&db, Wish::default()).await;
    let own = with(&line, &json!({"photo_url": format!("/media/{}-640.jpg", "a".repeat(64))}));
    let web = with(&line, &json!({"photo_url": "https://photos.example/1.jpg"}));
    for (line, files, state) in [(&line, false, "paused"), (&own, false, "paused"), (&own, true, "published"), (&web, false, "published")] {
        let there = TestDb::new(db.engine()).await;
        let outcome = back_to_strict(&there, line.clone(), files).await;
        let held_back = if state == "paused" { vec![1] } else { vec![] };
        assert_eq!(outcome, Outcome { written: 1, held_back, ..Outcome::default() });
        let after: Value = serde_json::from_str(&out(&there, Wish::default()).await).unwrap();
        assert_eq!((&after["id"], &after["listing"]["state"]), (&json!(id), &json!(state)));
        assert_eq!(back_to_strict(&there, line.clone(), files).await, Outcome { unchanged: 1, ..Outcome::default() });
    }
    // What guests see already stays before them.
    assert_eq!(back_to_strict(&db, with(&line, &json!({"title": "Palace"})), false).await, Outcome { written: 1, ..Outcome::default() });
    let after: Value = serde_json::from_str(&out(&db, Wish::default()).await).unwrap();
    assert_eq!(after["listing"]["state"], "published");
});
