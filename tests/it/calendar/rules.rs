//! The availability rules are set, and bind search, calendars and `why` alike.

use super::stage::{Stage, write};
use crate::support::town::Asker;
use crate::support::{TestDb, homes, on_both};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::platform::db;

fn rules() -> Json {
    let week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    json!({
        "min_nights": 2, "max_nights": 30, "min_nights_by_weekday": {"friday": 3}, "notice_days": 2, "notice_as_request": false,
        "same_day_until": "18:30", "window_days": 200, "window_strict": false, "preparation_nights": 1, "arrival_days": week,
        "departure_days": week, "gap_nights": 0, "fill_gaps": true,
    })
}

on_both!(rules_are_set_as_a_whole, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let before = stage.town.get(&stage.ada, &stage.path("availability-rules")).await;
    assert_eq!((before.header("cache-control"), before.header("etag")), ("no-store", "\"7\""));
    let told = before.json();
    assert_eq!(
        (&told["same_day_until"], &told["departure_days"], &told["min_nights_by_weekday"]),
        (&json!("18:00"), &json!(["monday", "tuesday", "wednesday", "thursday", "friday"]), &json!({}))
    );
    let stale = Asker { headers: vec![("if-match".into(), "\"6\"".into())], ..stage.ada.clone() };
    stage.town.ask(&stale, Method::PUT, &stage.path("availability-rules"), Some(&rules())).await.expect_problem(412, "stale");
    let done = stage.put("availability-rules", rules()).await;
    let mut expected = rules();
    expected["version"] = json!(8);
    assert_eq!((done.expect(200).json(), done.header("etag")), (expected.clone(), "\"8\""));
    assert_eq!(stage.town.get(&stage.ada, &stage.path("availability-rules")).await.json(), expected);
    let log = stage.log().await;
    assert_eq!(
        (log[0]["kind"].as_str(), log[0]["was"]["cutoff_minute"].as_i64(), log[0]["became"]["cutoff_minute"].as_i64()),
        (Some("rules"), Some(1_080), Some(1_110))
    );
    assert!(log[0]["was"].get("max_nights").is_none(), "what did not change is not told");
    // The same again is no change.
    assert_eq!(stage.put("availability-rules", rules()).await.json()["version"], 8);
    let odd = json!({"min_nights": 5, "max_nights": 3, "notice_days": 40, "window_days": 365, "window_strict": false, "preparation_nights": 9,
        "arrival_days": [], "departure_days": ["monday"], "gap_nights": 0, "fill_gaps": true});
    let refused = stage.put("availability-rules", odd).await;
    refused.expect_problem(422, "out_of_range");
    let pointers: Vec<String> = refused.json()["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
    assert_eq!(pointers, ["min_nights", "notice_days", "preparation_nights", "arrival_days"].map(|field| format!("/body/{field}")));
    let edited: db::DbResult<Option<db::Json>> = db.read(|conn| conn.first("SELECT edited_fields FROM listings", &[], |row| row.get(0))).await;
    assert!(edited.unwrap().unwrap().0.contains("notice_days"), "an import leaves it alone");
});

/// Codes of `why` for a stay.
async fn why(stage: &Stage, from: &str, to: &str) -> Json {
    stage.town.get(&Asker::default(), &stage.path(&format!("why?check_in={from}&check_out={to}"))).await.expect(200).json()["reasons"].clone()
}

async fn found(stage: &Stage, from: &str, to: &str) -> bool {
    stage.town.get(&Asker::default(), &format!("/search/stays?check_in={from}&check_out={to}")).await.expect(200).json()["total"] == 1
}

on_both!(weekdays_and_seasons_have_minimums, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    const PLAN: &str = "UPDATE listings SET pricing = $2 WHERE id = $1";
    let plan =
        json!({"seasons": [{"name": "Summer", "from": "2026-08-01", "to": "2026-09-01", "priority": 1, "price": 20_000, "min_nights": 5, "max_nights": 7}]});
    write(&db, PLAN, vec![stage.listing.into(), db::Json(plan.to_string()).into()]).await;
    let mut soon = rules();
    soon["notice_days"] = json!(0);
    stage.put("availability-rules", soon).await.expect(200);
    // Search has the home, and has it with these rules.
    homes::until(async || found(&stage, "2026-07-06", "2026-07-08").await && !found(&stage, "2026-08-10", "2026-08-13").await).await;
    for (from, to, expected) in [
        // A Friday.
        ("2026-07-03", "2026-07-05", json!(["min_nights"])),
        ("2026-07-03", "2026-07-06", json!([])),
        ("2026-07-06", "2026-07-08", json!([])),
        // In the season, on a Friday and on a Monday.
        ("2026-08-07", "2026-08-10", json!(["min_nights"])),
        ("2026-08-07", "2026-08-12", json!([])),
        ("2026-08-10", "2026-08-13", json!(["min_nights"])),
        ("2026-08-10", "2026-08-18", json!(["max_nights"])),
    ] {
        assert_eq!(why(&stage, from, to).await, expected, "{from} to {to}");
        assert_eq!(found(&stage, from, to).await, expected == json!([]), "{from} to {to}");
    }
    // A single day outdoes its season.
    stage.edit(json!([{"from": "2026-08-10", "to": "2026-08-11", "min_nights": 1}])).await.expect(200);
    assert_eq!(why(&stage, "2026-08-10", "2026-08-13").await, json!([]));
    let days = stage.days(&Asker::default(), "2026-08-09", "2026-08-12").await;
    assert_eq!(days.iter().map(|day| day["min_nights"].as_i64().unwrap()).collect::<Vec<_>>(), [5, 1, 5]);
    // The same from the tables as from the log.
    let again = crate::support::town::Town::node(&db, |_| ()).await;
    let total = again.get(&Asker::default(), "/search/stays?check_in=2026-08-07&check_out=2026-08-10").await.json()["total"].clone();
    assert_eq!(total, 0);
});

on_both!(who_is_late_may_ask_where_the_host_says_so, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    stage.put("availability-rules", rules()).await.expect(200);
    assert_eq!(why(&stage, "2026-06-02", "2026-06-04").await, json!(["advance_notice"]));
    let mut asking = rules();
    asking["notice_as_request"] = json!(true);
    stage.put("availability-rules", asking).await.expect(200);
    assert_eq!(why(&stage, "2026-06-02", "2026-06-04").await, json!([]));
    homes::until(async || found(&stage, "2026-06-02", "2026-06-04").await).await;
    let listing = stage.listing;
    let listed: db::DbResult<_> = db.read(move |conn| stopover::features::calendar::terms(conn, listing)).await;
    let notice = listed.unwrap().unwrap().notice;
    assert_eq!((notice.days, notice.cutoff_minute, notice.as_request), (2, Some(1_110), true));
});
