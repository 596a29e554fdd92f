//! Single days are edited: prices, limits, blocks; what guests have is left alone.

use super::stage::{Stage, book, hold, write};
use crate::support::town::Asker;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value as Json, json};

on_both!(ranges_change_and_change_back, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let price = |amount: i64| json!({"amount": amount, "currency": "USD"});
    let edits = json!([
        {"from": "2026-07-01", "to": "2026-08-01", "price": price(15_000), "min_nights": 3},
        {"from": "2026-07-01", "to": "2026-08-01", "days": ["friday", "saturday"], "price": price(18_000)},
        {"from": "2026-07-10", "to": "2026-07-13", "price": null, "max_nights": 9, "closed_to_departure": false},
        {"from": "2026-07-20", "to": "2026-07-21", "closed_to_arrival": true},
    ]);
    stage.edit(edits).await.expect(200);
    let days = stage.days(&Asker::default(), "2026-07-01", "2026-08-02").await;
    let told = |n: usize| (days[n]["price"]["amount"].as_i64().unwrap(), days[n]["min_nights"].as_i64().unwrap(), days[n]["max_nights"].as_i64().unwrap());
    // 2026-07-03 is a Friday.
    assert_eq!((told(0), told(2), told(3), told(4)), ((15_000, 3, 30), (18_000, 3, 30), (18_000, 3, 30), (15_000, 3, 30)));
    assert_eq!((told(9), told(10), told(31)), ((10_000, 3, 9), (10_000, 3, 9), (10_000, 2, 30)));
    // The 11th is a Saturday, on which nobody leaves; that day is opened.
    assert_eq!((days[10]["closed_to_departure"].as_bool(), days[17]["closed_to_departure"].as_bool()), (Some(false), Some(true)));
    assert_eq!((days[19]["closed_to_arrival"].as_bool(), days[20]["closed_to_arrival"].as_bool()), (Some(true), Some(false)));
    let clear = json!([{"from": "2026-06-01", "to": "2026-09-01", "price": null, "min_nights": null, "max_nights": null,
        "closed_to_arrival": null, "closed_to_departure": null}]);
    stage.edit(clear.clone()).await.expect(200);
    let days = stage.days(&Asker::default(), "2026-07-01", "2026-08-02").await;
    assert!(days.iter().all(|day| day["price"]["amount"] == 10_000 && day["min_nights"] == 2 && day["max_nights"] == 30));
    let rows: Result<Option<i64>, stopover::platform::db::DbError> =
        db.read(|conn| conn.first("SELECT COUNT(*) FROM day_overrides", &[], |row| row.get(0))).await;
    assert_eq!(rows.unwrap(), Some(0), "days that say nothing leave no rows");
    // Done again, nothing changes and nothing is logged.
    let entries = stage.log().await.len();
    stage.edit(clear).await.expect(200);
    assert_eq!(stage.log().await.len(), entries);
});

on_both!(blocks_close_and_open, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    stage.edit(json!([{"from": "2026-07-01", "to": "2026-07-06", "blocked": true, "reason": "owner", "note": "Aunt May"}])).await.expect(200);
    stage.edit(json!([{"from": "2026-07-04", "to": "2026-07-08", "blocked": true, "reason": "maintenance"}])).await.expect(200);
    assert_eq!(stage.words("2026-07-01", "2026-07-09").await, "blocked blocked blocked blocked blocked blocked blocked free");
    let days = stage.days(&stage.ada, "2026-07-01", "2026-07-09").await;
    assert_eq!((days[0]["reason"].as_str(), days[0]["note"].as_str(), days[6]["reason"].as_str()), (Some("owner"), Some("Aunt May"), Some("maintenance")));
    stage.edit(json!([{"from": "2026-07-03", "to": "2026-07-05", "blocked": false}])).await.expect(200);
    assert_eq!(stage.words("2026-07-01", "2026-07-09").await, "blocked blocked free free blocked blocked blocked free");
    let seen = stage.town.get(&Asker::default(), &stage.path("calendar?from=2026-07-01&to=2026-07-09")).await.expect(200).text();
    assert!(!seen.contains("status") && !seen.contains("Aunt May") && !seen.contains("owner"), "{seen}");
    let log = stage.log().await;
    assert_eq!(log.len(), 3);
    assert_eq!(log[0]["ranges"], json!([{"from": "2026-07-03", "to": "2026-07-05"}]));
    let block = |from: &str, to: &str, reason: &str| json!({"from": from, "to": to, "reason": reason});
    assert_eq!(log[1]["was"], json!({"days": [], "blocks": [block("2026-07-01", "2026-07-06", "owner")]}));
    let became = [block("2026-07-01", "2026-07-06", "owner"), block("2026-07-04", "2026-07-08", "maintenance")];
    assert_eq!(log[1]["became"], json!({"days": [], "blocks": became}));
    assert!(!Json::from(log).to_string().contains("Aunt May"), "notes are the host's own");
});

on_both!(nights_that_guests_have_are_not_closed, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    book(&db, stage.listing, "2026-07-03", "2026-07-06").await;
    hold(&db, stage.listing, "2026-07-08", "2026-07-10", "2026-06-01T12:10:00Z").await;
    let edits = json!([
        {"from": "2026-08-01", "to": "2026-08-03", "price": {"amount": 9_000, "currency": "USD"}},
        {"from": "2026-07-01", "to": "2026-07-09", "blocked": true},
    ]);
    let refused = stage.edit(edits.clone()).await;
    refused.expect_problem(409, "nights_booked");
    let conflict = |from: &str, to: &str| json!({"edit": 1, "from": from, "to": to});
    let conflicts = json!([conflict("2026-07-03", "2026-07-06"), conflict("2026-07-08", "2026-07-09")]);
    assert_eq!((&refused.json()["conflicts"], &refused.json()["errors"][0]["pointer"]), (&conflicts, &json!("/body/edits/1")));
    assert_eq!(stage.days(&stage.ada, "2026-08-01", "2026-08-02").await[0]["price"]["amount"], 10_000, "all or nothing");
    let body = json!({"edits": edits, "skip_conflicts": true});
    let done = stage.town.ask(&stage.ada, Method::PATCH, &stage.path("calendar"), Some(&body)).await;
    assert_eq!(done.expect(200).json()["conflicts"], conflicts);
    assert_eq!(stage.words("2026-07-01", "2026-07-11").await, "blocked blocked booked booked booked blocked blocked held held free");
    assert_eq!(stage.days(&stage.ada, "2026-08-01", "2026-08-02").await[0]["price"]["amount"], 9_000);
    // The hold runs out; its nights are free, whoever removes the rows.
    db.clock.set("2026-06-01T12:10:00Z");
    stage.edit(json!([{"from": "2026-07-08", "to": "2026-07-10", "blocked": true}])).await.expect(200);
    assert_eq!(stage.words("2026-07-07", "2026-07-11").await, "blocked blocked blocked free");
});

on_both!(every_bad_field_is_named, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let edits = json!([
        {"from": "2026-07-05", "to": "2026-07-05", "blocked": true},
        {"from": "2026-07-05T10:00:00Z", "to": "2026-07-08", "min_nights": 0},
        {"from": "2026-07-05", "to": "2026-07-08", "days": ["someday"], "price": {"amount": 0, "currency": "XXQ"}},
        {"from": "2026-07-05", "to": "2026-07-08"},
        {"from": "2026-07-05", "to": "2026-07-08", "blocked": false, "note": "a\u{7}b"},
        {"from": "2026-07-05", "to": "2026-07-08", "blocked": true, "reason": "whim", "max_nights": 366},
    ]);
    let refused = stage.edit(edits).await.json();
    assert_eq!(refused["status"], 422, "{refused}");
    let pointers: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    let expected = ["0/to", "1/from", "1/min_nights", "2/price/currency", "2/price/amount", "2/days/0", "3", "4/note", "4/note", "5/max_nights", "5/reason"];
    assert_eq!(pointers, expected.map(|place| format!("/body/edits/{place}")));
    // What only the listing's own calendar tells.
    let edits = json!([
        {"from": "2026-05-01", "to": "2026-06-01", "blocked": true},
        {"from": "2029-05-01", "to": "2029-06-01", "blocked": true},
        {"from": "2026-07-01", "to": "2026-07-02", "price": {"amount": 100, "currency": "EUR"}},
    ]);
    let refused = stage.edit(edits).await.json();
    let pointers: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["0/to", "1/to", "2/price/currency"].map(|place| format!("/body/edits/{place}")));
    let many: Vec<Json> = (0..101).map(|_| json!({"from": "2026-07-01", "to": "2026-07-02", "blocked": true})).collect();
    stage.edit(Json::Array(many)).await.expect_problem(422, "out_of_range");
    stage.edit(json!([{"from": "2026-07-01", "to": "2026-07-02", "blockd": true}])).await.expect_problem(400, "invalid_body");
    // What is past is left out; the rest is done.
    stage.edit(json!([{"from": "2026-05-01", "to": "2026-06-03", "blocked": true}])).await.expect(200);
    assert_eq!(stage.log().await[0]["ranges"], json!([{"from": "2026-06-01", "to": "2026-06-03"}]));
    assert_eq!(stage.log().await.len(), 1, "what was refused is not logged");
});

on_both!(a_calendar_is_its_peoples, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let bo = stage.town.newcomer("Bo").await;
    let edits = json!({"edits": [{"from": "2026-07-01", "to": "2026-07-02", "blocked": true}]});
    stage.town.ask(&bo, Method::PATCH, &stage.path("calendar"), Some(&edits)).await.expect_problem(403, "forbidden");
    stage.town.get(&bo, &stage.path("calendar/log")).await.expect_problem(403, "forbidden");
    assert!(stage.days(&bo, "2026-07-01", "2026-07-02").await[0].get("status").is_none());
    // A co-host for the calendar sees causes, and edits nothing.
    let bo_id = stage.town.get(&bo, "/me").await.json()["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap();
    let join = "INSERT INTO co_hosts (listing_id, user_id, level, version, created_at) VALUES ($1, $2, 'calendar', 1, $3)";
    write(&db, join, vec![stage.listing.into(), bo_id.into(), stopover::values::Instant(0).into()]).await;
    assert_eq!(stage.days(&bo, "2026-07-01", "2026-07-02").await[0]["status"], "free");
    stage.town.ask(&bo, Method::PATCH, &stage.path("calendar"), Some(&edits)).await.expect_problem(403, "forbidden");
    // A draft is nobody's business.
    write(&db, "UPDATE listings SET state = 'draft' WHERE id = $1", vec![stage.listing.into()]).await;
    stage.town.get(&Asker::default(), &stage.path("calendar")).await.expect_problem(404, "not_found");
    let cy = stage.town.newcomer("Cy").await;
    stage.town.get(&cy, &stage.path("calendar")).await.expect_problem(404, "not_found");
    stage.town.ask(&cy, Method::PATCH, &stage.path("calendar"), Some(&edits)).await.expect_problem(404, "not_found");
    assert_eq!(stage.days(&stage.ada, "2026-07-01", "2026-07-02").await[0]["status"], "free");
});

on_both!(the_log_comes_in_pages, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    for day in 1..=5 {
        stage.town.clock.advance_seconds(i64::from(day % 2));
        stage.edit(json!([{"from": format!("2026-07-0{day}"), "to": format!("2026-07-0{}", day + 1), "blocked": true}])).await.expect(200);
    }
    let (mut seen, mut path) = (Vec::new(), stage.path("calendar/log?limit=2"));
    loop {
        let page = stage.town.get(&stage.ada, &path).await.expect(200).json();
        seen.extend(page["data"].as_array().unwrap().iter().map(|entry| entry["ranges"][0]["from"].as_str().unwrap().to_owned()));
        assert_eq!(page["has_more"].as_bool().unwrap(), page["next_cursor"].is_string());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = stage.path(&format!("calendar/log?limit=2&cursor={cursor}"));
    }
    assert_eq!(seen, [5, 4, 3, 2, 1].map(|day| format!("2026-07-0{day}")));
    stage.town.get(&stage.ada, &stage.path("calendar/log?cursor=AAAA")).await.expect_problem(400, "invalid_cursor");
});

on_both!(search_follows_an_edit, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let nobody = Asker::default();
    let total = async |query: &str| stage.town.get(&nobody, &format!("/search/stays?{query}")).await.expect(200).json()["total"].as_i64().unwrap();
    let stay = "check_in=2026-07-06&check_out=2026-07-08";
    crate::support::homes::until(async || total(stay).await == 1).await;
    stage.edit(json!([{"from": "2026-07-07", "to": "2026-07-08", "blocked": true}])).await.expect(200);
    crate::support::homes::until(async || total(stay).await == 0).await;
    stage.edit(json!([{"from": "2026-07-07", "to": "2026-07-08", "blocked": false, "min_nights": 3}])).await.expect(200);
    crate::support::homes::until(async || total(stay).await == 1).await;
    stage.edit(json!([{"from": "2026-07-06", "to": "2026-07-08", "min_nights": 3}])).await.expect(200);
    crate::support::homes::until(async || total(stay).await == 0).await;
});
