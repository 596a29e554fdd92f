//! A feed that cannot be read changes nothing here; its host is told after a day.

use super::*;
use crate::support::on_both;

on_both!(a_failure_keeps_what_was_known, async |db: TestDb| {
    let good = calendar(&[("2026-07-01", "2026-07-05", "Reserved")]);
    let site = Site::new(Says::Calendar(good.clone()));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    let feed = stage.connect(&site).await;
    let html = "HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n<html>Maintenance</html>";
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", good.len() - 30, &good[..good.len() - 30]);
    for (says, trouble) in [
        (Says::Status(500), "not_found_there"),
        (Says::Status(404), "not_found_there"),
        (Says::Status(204), "not_found_there"),
        (Says::Status(304), "not_found_there"),
        (Says::Raw(html.into()), "not_a_calendar"),
        (Says::Raw(cut.into()), "not_a_calendar"),
        (Says::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec()), "not_a_calendar"),
        (Says::Raw(b"rubbish\r\n\r\n".to_vec()), "unreachable"),
        (Says::Raw(Vec::new()), "unreachable"),
    ] {
        // Otherwise the site could say that nothing has changed.
        stage.ask(Method::PATCH, &format!("/feeds/{feed}"), Some(json!({"name": trouble.to_owned() + &site.asked().to_string()}))).await.expect(200);
        site.says(says.clone());
        stage.town.run_jobs().await;
        let now = stage.get(&format!("/feeds/{feed}")).await;
        assert_eq!((now["status"].as_str(), now["trouble"].as_str()), (Some("failing"), Some(trouble)), "{says:?}");
        assert_eq!(taken(&db, stage.home).await, ["2026-07-01/2026-07-05"], "{says:?}");
    }
    site.says(Says::Calendar(good));
    assert_eq!(stage.sync(&feed).await["status"], "ok");
});

on_both!(an_empty_calendar_counts_when_it_is_empty_twice, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[("2026-07-01", "2026-07-05", "Reserved")])));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    let feed = stage.connect(&site).await;
    site.says(Says::Calendar(calendar(&[])));
    let once = stage.sync(&feed).await;
    assert_eq!((once["trouble"].as_str(), taken(&db, stage.home).await.len()), (Some("empty"), 1));
    // Something else in between: counting begins anew.
    site.says(Says::Status(503));
    stage.sync(&feed).await;
    site.says(Says::Calendar(calendar(&[])));
    assert_eq!((stage.sync(&feed).await["trouble"].as_str(), taken(&db, stage.home).await.len()), (Some("empty"), 1));
    let twice = stage.sync(&feed).await;
    assert_eq!((twice["status"].as_str(), twice["events"].as_i64(), taken(&db, stage.home).await.len()), (Some("ok"), Some(0), 0));
});

on_both!(after_a_day_without_a_word_the_host_is_told_once, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[("2026-07-01", "2026-07-05", "Reserved")])));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    let feed = stage.connect(&site).await;
    let letters = async || {
        stage.town.letters().await.into_iter().filter(|letter| letter.subject.contains("calendar can")).map(|letter| letter.subject).collect::<Vec<_>>()
    };
    site.says(Says::Status(500));
    let asked = site.asked();
    for _ in 0..23 * 4 {
        stage.town.clock.advance_seconds(900);
        stage.town.run_jobs().await;
    }
    // Every half hour first, then with growing pauses.
    assert!((5..=12).contains(&(site.asked() - asked)), "{}", site.asked() - asked);
    assert_eq!(letters().await, Vec::<String>::new());
    for _ in 0..8 * 4 {
        stage.town.clock.advance_seconds(900);
        stage.town.run_jobs().await;
    }
    let stale = stage.get("/feeds").await;
    assert_eq!((stale["stale_since"].as_str(), stale["data"][0]["status"].as_str()), (Some("2026-06-01T12:00:00Z"), Some("stale")));
    assert_eq!(letters().await, ["Stopover: a calendar cannot be read any more"]);
    site.says(Says::Calendar(calendar(&[("2026-07-01", "2026-07-05", "Reserved")])));
    assert_eq!(stage.sync(&feed).await["stale_since"], Value::Null);
    let mut all = letters().await;
    all.sort();
    assert_eq!(all, ["Stopover: a calendar can be read again", "Stopover: a calendar cannot be read any more"]);
    assert_eq!(taken(&db, stage.home).await, ["2026-07-01/2026-07-05"]);
});
