//! Addresses at which other sites fetch a calendar.

use super::*;
use crate::support::on_both;

on_both!(whoever_has_the_address_reads_what_is_taken_and_nothing_else, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[("2026-08-01", "2026-08-03", "Jane Doe")])));
    let stage = Stage::with(&db, &[site.at.port()], |config| config.public_url = Some("https://stay.example".into())).await;
    book(&db, stage.home, 0, &["2026-07-01", "2026-07-02"]).await;
    let feed = stage.connect(&site).await;
    let made = stage.ask(Method::POST, "/exports", Some(json!({"name": "Booking"}))).await;
    let made = made.expect(201).json();
    let address = made["address"].as_str().unwrap();
    assert!(address.starts_with("https://stay.example/ical/") && address.ends_with(".ics") && address.len() > 26 + 40, "{address}");
    let path = &address["https://stay.example".len()..];
    let reply = stage.town.get(&Asker::default(), &format!("/{path}")).await;
    assert_eq!(reply.expect(200).header("content-type"), "text/calendar; charset=utf-8");
    let text = reply.text();
    assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && text.ends_with("END:VCALENDAR\r\n"), "{text}");
    for line in ["DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260703", "SUMMARY:Reserved", "DTSTART;VALUE=DATE:20260801", "SUMMARY:Not available"] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains("@stay.example") && !text.contains("Jane") && !text.contains("Ada"), "{text}");
    // Asked again it is the same to the letter, and need not be sent.
    stage.town.clock.advance_seconds(3_600);
    let tag = reply.header("etag").to_owned();
    assert_eq!(stage.told(path).await, text);
    let knows = Asker { headers: vec![("if-none-match".into(), tag.clone())], ..Asker::default() };
    stage.town.get(&knows, &format!("/{path}")).await.expect(304);
    book(&db, stage.home, 0, &["2026-07-10"]).await;
    let changed = stage.town.get(&knows, &format!("/{path}?utm=x")).await;
    assert_ne!(changed.expect(200).header("etag"), tag);
    // The site that told us of August is not told of it.
    let (_, back) = stage.export(json!({"name": "Back", "source_feed": feed})).await;
    assert!(!stage.told(&back).await.contains("202608"));
    let listed = stage.ask(Method::GET, "/exports", None).await;
    assert!(!listed.text().contains("ical") && listed.json()["data"][0]["last_fetched_at"].is_string(), "{}", listed.text());
});

on_both!(an_address_can_be_replaced_and_revoked, async |db: TestDb| {
    let stage = Stage::new(&db, &[80]).await;
    let (id, first) = stage.export(json!({"name": "x"})).await;
    let rotated = stage.ask(Method::POST, &format!("/exports/{id}/rotate"), None).await.expect(200).json();
    let address = rotated["address"].as_str().unwrap();
    let second = &address[address.find("/ical/").unwrap()..];
    let nobody = Asker::default();
    stage.town.get(&nobody, &format!("/{first}")).await.expect_problem(404, "not_found");
    stage.told(second).await;
    stage.ask(Method::DELETE, &format!("/exports/{id}"), None).await.expect(204);
    stage.town.get(&nobody, &format!("/{second}")).await.expect_problem(404, "not_found");
    for odd in ["/ical/x.ics", "/ical/.ics", &format!("/ical/{}.ics", "x".repeat(500))] {
        stage.town.get(&nobody, &format!("/{odd}")).await.expect_problem(404, "not_found");
    }
    // No token is stored, and an archived home tells nothing.
    let (_, third) = stage.export(json!({"name": "x"})).await;
    change(&db, "UPDATE listings SET state = 'archived' WHERE id = $1", stage.home).await;
    stage.town.get(&nobody, &format!("/{third}")).await.expect_problem(404, "not_found");
    let token = third.trim_start_matches("/ical/").trim_end_matches(".ics").to_owned();
    let stored: DbResult<Vec<String>> = db.read(|conn| conn.query("SELECT token_digest FROM calendar_exports", &[], |row| row.get(0))).await;
    assert!(stored.unwrap().iter().all(|digest| *digest != token));
});

on_both!(an_address_may_be_about_one_unit, async |db: TestDb| {
    let stage = Stage::new(&db, &[80]).await;
    change(&db, "UPDATE listings SET unit_count = 2, preparation_nights = 1 WHERE id = $1", stage.home).await;
    book(&db, stage.home, 0, &["2026-07-01", "2026-07-02", "2026-07-03"]).await;
    book(&db, stage.home, 1, &["2026-07-03", "2026-07-04"]).await;
    let ranges = async |body: Value| {
        let (_, path) = stage.export(body).await;
        let text = stage.told(&path).await;
        let days: Vec<String> = text.lines().filter_map(|line| line.split_once("VALUE=DATE:").map(|(_, day)| day[4..].to_owned())).collect();
        days.chunks(2).map(|pair| format!("{}-{}", pair[0], pair[1])).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ranges(json!({"name": "first", "slot": 0})).await, "0630-0701 0701-0704 0704-0705");
    assert_eq!(ranges(json!({"name": "second", "slot": 1})).await, "0702-0703 0703-0705 0705-0706");
    assert_eq!(ranges(json!({"name": "all"})).await, "0702-0705");
    stage.ask(Method::POST, "/exports", Some(json!({"name": "x", "slot": 2}))).await.expect_problem(422, "out_of_range");
});
