//! A calendar is connected: its nights are taken here, follow it, and are free again without it.

use super::*;
use crate::support::on_both;

on_both!(what_another_site_has_sold_cannot_be_booked_here, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[("2026-07-01", "2026-07-05", "Reserved"), ("2026-05-01", "2026-05-04", "Reserved")])));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    let added = stage.ask(Method::POST, "/feeds", Some(json!({"name": " Airbnb ", "address": site.url()}))).await;
    let feed = added.expect(201).json();
    assert_eq!(added.header("location"), format!("/api/v1/listings/{}/feeds/{}", stage.home, feed["id"].as_str().unwrap()));
    assert_eq!((feed["name"].as_str(), feed["status"].as_str(), feed["host"].as_str()), (Some("Airbnb"), Some("new"), Some("127.0.0.1")));
    assert!(!added.text().contains("secret-word"));
    stage.town.run_jobs().await;
    let feed = stage.get(&format!("/feeds/{}", feed["id"].as_str().unwrap())).await;
    assert_eq!((feed["status"].as_str(), feed["dialect"].as_str(), feed["events"].as_i64()), (Some("ok"), Some("airbnb"), Some(2)));
    assert_eq!(taken(&db, stage.home).await, ["2026-07-01/2026-07-05"]);
    let days = stage.town.get(&Asker::default(), &format!("/listings/{}/calendar?from=2026-06-30&to=2026-07-06", stage.home)).await.expect(200).json();
    let free: Vec<bool> = days["data"].as_array().unwrap().iter().map(|day| day["available"].as_bool().unwrap()).collect();
    assert_eq!(free, [true, false, false, false, false, true], "{days}");
    // The address is sealed: no text of the database shows it.
    let sealed = "SELECT COUNT(*) FROM calendar_feeds WHERE address_sealed LIKE '%secret%' OR address_sealed LIKE '%http%'";
    assert_eq!(number(&db, sealed).await, 0);
    let listed = stage.ask(Method::GET, "/feeds", None).await;
    assert!(!listed.text().contains("secret-word") && listed.json()["stale_since"].is_null(), "{}", listed.text());
});

on_both!(a_feed_is_a_snapshot_and_only_changes_are_written, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[("2026-07-01", "2026-07-05", "Reserved"), ("2026-08-01", "2026-08-03", "Reserved")])));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    let feed = stage.connect(&site).await;
    let version = "SELECT calendar_version FROM listings";
    let events = "SELECT COUNT(*) FROM events WHERE kind = 'calendar.changed'";
    let before = (number(&db, version).await, number(&db, events).await);
    // The same once more: asked on condition, and nothing happens here.
    stage.sync(&feed).await;
    assert!(site.last_heard().contains("if-none-match: \""), "{}", site.last_heard());
    assert_eq!((number(&db, version).await, number(&db, events).await), before);
    // The same in other words: read, and nothing happens here either.
    site.says(Says::Calendar(calendar(&[("2026-08-01", "2026-08-03", "Booked"), ("2026-07-01", "2026-07-05", "Reserved")])));
    stage.sync(&feed).await;
    assert_eq!((number(&db, version).await, number(&db, events).await), before);
    site.says(Says::Calendar(calendar(&[("2026-08-01", "2026-08-03", "Reserved"), ("2026-09-01", "2026-09-02", "Reserved")])));
    stage.sync(&feed).await;
    assert_eq!(taken(&db, stage.home).await, ["2026-08-01/2026-08-03", "2026-09-01/2026-09-02"]);
    assert_eq!(number(&db, version).await, before.0 + 1);
    let log = stage.get(&format!("/feeds/{feed}/log")).await;
    let went: Vec<_> = log["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["outcome"].as_str().unwrap(), row["nights_added"].as_i64().unwrap(), row["nights_removed"].as_i64().unwrap()))
        .collect();
    assert_eq!(went, [("read", 1, 4), ("read", 0, 0), ("unchanged", 0, 0), ("read", 6, 0)]);
    // Without the feed its nights are free again.
    stage.ask(Method::DELETE, &format!("/feeds/{feed}"), None).await.expect(204);
    assert_eq!(taken(&db, stage.home).await, Vec::<String>::new());
    stage.ask(Method::GET, &format!("/feeds/{feed}"), None).await.expect_problem(404, "not_found");
    stage.town.run_jobs().await;
});

on_both!(feeds_are_asked_again_by_themselves, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[("2026-07-01", "2026-07-05", "Reserved")])));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    let feed = stage.connect(&site).await;
    assert_eq!(site.asked(), 1);
    stage.town.clock.advance_seconds(60);
    stage.town.run_jobs().await;
    stage.town.clock.advance_seconds(20 * 60);
    stage.town.run_jobs().await;
    assert_eq!(site.asked(), 1, "not before its time");
    stage.town.clock.advance_seconds(14 * 60);
    stage.town.run_jobs().await;
    assert_eq!(site.asked(), 2);
    // On demand, once a minute.
    stage.town.clock.advance_seconds(61);
    stage.ask(Method::POST, &format!("/feeds/{feed}/sync"), None).await.expect(202);
    let refused = stage.ask(Method::POST, &format!("/feeds/{feed}/sync"), None).await;
    assert_eq!(refused.expect_problem(429, "asked_too_soon").header("retry-after"), "60");
    stage.town.run_jobs().await;
    assert_eq!(site.asked(), 3);
    // Paused, nobody asks.
    stage.ask(Method::PATCH, &format!("/feeds/{feed}"), Some(json!({"paused": true}))).await.expect(200);
    stage.town.clock.advance_seconds(86_400);
    stage.town.run_jobs().await;
    assert_eq!(site.asked(), 3);
    assert_eq!(taken(&db, stage.home).await.len(), 1, "what it said stays");
});

on_both!(hosts_choose_how_a_feed_is_read, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[("2026-07-01", "2026-07-03", "Reserved"), ("2027-05-01", "2027-06-01", "Airbnb (Not available)")])));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    change(&db, "UPDATE listings SET unit_count = 2 WHERE id = $1", stage.home).await;
    let feed = stage.connect(&site).await;
    assert_eq!(taken(&db, stage.home).await.len(), 2);
    let path = format!("/feeds/{feed}");
    let tag = stage.ask(Method::GET, &path, None).await.header("etag").to_owned();
    let patched = stage.ask(Method::PATCH, &path, Some(json!({"ignore_window_blocks": true, "slot": 1, "every_minutes": 60}))).await;
    assert_ne!(patched.expect(200).header("etag"), tag);
    assert_eq!(taken(&db, stage.home).await[0], "2026-07-01/2026-07-03 in 1", "moved at once");
    stage.town.run_jobs().await;
    assert_eq!(taken(&db, stage.home).await, ["2026-07-01/2026-07-03 in 1"]);
    let stale = Asker { headers: vec![("if-match".into(), tag)], ..stage.ada.clone() };
    let changed = stage.town.ask(&stale, Method::PATCH, &format!("/listings/{}{path}", stage.home), Some(&json!({"name": "B"}))).await;
    changed.expect_problem(412, "stale");
    for (body, code) in [
        (json!({"slot": 2}), "out_of_range"),
        (json!({"slot": -1}), "out_of_range"),
        (json!({"every_minutes": 4}), "out_of_range"),
        (json!({"every_minutes": 1441}), "out_of_range"),
        (json!({"name": " "}), "invalid_name"),
        (json!({"name": "a\nb"}), "invalid_name"),
        (json!({"address": "https://10.0.0.1/x.ics"}), "address_refused"),
    ] {
        stage.ask(Method::PATCH, &path, Some(body)).await.expect_problem(422, code);
    }
});

on_both!(one_unit_that_is_taken_twice_leaves_the_other_free, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[("2026-07-01", "2026-07-03", "CLOSED - Not available")])));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    change(&db, "UPDATE listings SET unit_count = 2 WHERE id = $1", stage.home).await;
    book(&db, stage.home, 0, &["2026-07-01", "2026-07-02"]).await;
    stage.connect(&site).await;
    let path = format!("/listings/{}/calendar?from=2026-07-01&to=2026-07-03", stage.home);
    let free = async || {
        let days = stage.town.get(&Asker::default(), &path).await.expect(200).json();
        days["data"].as_array().unwrap().iter().all(|day| day["available"] == true)
    };
    assert!(free().await, "both mean the first unit");
    book(&db, stage.home, 1, &["2026-07-01", "2026-07-02"]).await;
    assert!(!free().await);
});

on_both!(addresses_inside_are_refused_however_they_are_spelt, async |db: TestDb| {
    let stage = Stage::new(&db, &[80, 443]).await;
    for address in [
        "https://10.0.0.1/x.ics",
        "https://127.0.0.2/",
        "https://[::1]/",
        "https://2130706434/",
        "https://0x7f.2/",
        "https://127.2/",
        "https://017700000002/",
        "https://[::ffff:7f00:2]/",
        "https://localhost/",
        "https://localhost./",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fd00:ec2::254]/",
        "https://\u{ff11}\u{ff12}\u{ff17}.0.0.2/",
        "https://evil@127.0.0.2/",
        "https://user:word@1.1.1.1/",
        "webcal://192.168.1.1/x.ics",
        "https://1.1.1.1:22/",
        "https://1.1.1.1/#x",
        "ftp://1.1.1.1/x.ics",
        "file:///etc/passwd",
        "https://router/",
        "not an address",
        "",
    ] {
        let refused = stage.ask(Method::POST, "/feeds", Some(json!({"name": "x", "address": address}))).await;
        refused.expect_problem(422, "address_refused");
        assert_eq!(refused.json()["errors"][0]["pointer"], "/body/address", "{address}");
    }
    assert_eq!(number(&db, "SELECT COUNT(*) FROM calendar_feeds").await, 0);
});

on_both!(feeds_are_for_those_who_keep_the_calendar, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[])));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    let feed = stage.connect(&site).await;
    let bo = stage.town.newcomer("Bo").await;
    let other = homes::home(&db, &stage.town.get(&bo, "/me").await.json()["id"], "Cellar").await;
    for path in ["/feeds", "/exports", "/conflicts"] {
        stage.town.get(&bo, &format!("/listings/{}{path}", stage.home)).await.expect_problem(403, "forbidden");
    }
    // A feed of another listing is not there, whoever asks under one's own.
    for (method, path) in [(Method::GET, ""), (Method::DELETE, ""), (Method::POST, "/sync"), (Method::GET, "/log")] {
        stage.town.ask(&bo, method, &format!("/listings/{other}/feeds/{feed}{path}"), None).await.expect_problem(404, "not_found");
    }
    let source = json!({"name": "x", "source_feed": feed});
    stage.town.post(&bo, &format!("/listings/{other}/exports"), source).await.expect_problem(422, "unknown_feed");
    for _ in 0..19 {
        stage.ask(Method::POST, "/feeds", Some(json!({"name": "x", "address": site.url()}))).await.expect(201);
    }
    stage.ask(Method::POST, "/feeds", Some(json!({"name": "x", "address": site.url()}))).await.expect_problem(409, "too_many_feeds");
});

on_both!(whoever_may_know_reads_which_calendar_has_a_night, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[("2026-07-01", "2026-07-02", "Reserved")])));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    let feed = stage.connect(&site).await;
    let path = format!("/listings/{}/calendar?from=2026-07-01&to=2026-07-02", stage.home);
    let reason = async |asker: &Asker| stage.town.get(asker, &path).await.expect(200).json()["data"][0]["reason"].clone();
    assert_eq!((reason(&stage.ada).await, reason(&Asker::default()).await), (json!("Elsewhere"), Value::Null));
    stage.ask(Method::PATCH, &format!("/feeds/{feed}"), Some(json!({"name": "Sea & Sun"}))).await.expect(200);
    assert_eq!(reason(&stage.ada).await, "Sea & Sun");
});

on_both!(a_refused_address_is_told_with_its_rule, async |db: TestDb| {
    let stage = Stage::new(&db, &[443]).await;
    for (address, rule) in [
        ("https://10.0.0.1/x.ics", "not public"),
        ("https://localhost/", "private network"),
        ("https://user:word@1.1.1.1/", "user name"),
        ("https://1.1.1.1:22/", "its port"),
        ("https://1.1.1.1/#x", "a fragment"),
        ("ftp://1.1.1.1/x.ics", "only https"),
        ("not an address", "spaces"),
    ] {
        let refused = stage.ask(Method::POST, "/feeds", Some(json!({"name": "x", "address": address}))).await;
        let message = refused.expect_problem(422, "address_refused").json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("is not called: ") && message.contains(rule), "{address}: {message}");
    }
});
