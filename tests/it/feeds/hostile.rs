//! Sites that mean harm: whatever they send costs little, and the nights that were known stay (S-ICAL, S-SSRF).

use super::*;
use crate::support::on_both;
use std::time::Instant;
use stopover::platform::db::Engine;

fn whole(body: &[u8], headers: &str) -> Says {
    let mut bytes = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Says::Raw(bytes)
}

fn redirect(to: &str) -> Says {
    Says::Raw(format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").into_bytes())
}

fn bomb() -> Says {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(b"BEGIN:VCALENDAR\r\n").unwrap();
    for _ in 0..64 {
        encoder.write_all(&vec![b'\n'; 1 << 20]).unwrap();
    }
    encoder.write_all(b"END:VCALENDAR\r\n").unwrap();
    whole(&encoder.finish().unwrap(), "Content-Encoding: gzip\r\n")
}

on_both!(whatever_is_sent_the_old_nights_stay, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[("2026-07-01", "2026-07-05", "Reserved")])));
    let stage = Stage::new(&db, &[site.at.port(), 80]).await;
    let feed = stage.connect(&site).await;
    let wrapped = |inside: &str| whole(format!("BEGIN:VCALENDAR\r\n{inside}END:VCALENDAR\r\n").as_bytes(), "");
    let event = "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260801\r\nEND:VEVENT\r\n";
    let endless_rule = "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:19000101\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\n";
    for (name, says, trouble) in [
        ("a body without end", Says::Endless, "too_large"),
        ("a body that unpacks to 64 MiB", bomb(), "too_large"),
        ("200,000 events", wrapped(&event.repeat(200_000)), "too_large"),
        ("20,000 events", wrapped(&"BEGIN:VEVENT\nDTSTART:20260801\nEND:VEVENT\n".repeat(20_000)), "too_many_events"),
        ("rules without end", wrapped(&endless_rule.repeat(3)), "too_many_events"),
        ("5,000 rules without end", wrapped(&endless_rule.repeat(5_000)), "too_many_events"),
        ("an event of 200,000 lines", wrapped(&format!("BEGIN:VEVENT\n{}END:VEVENT\n", "X:1\n".repeat(200_000))), "too_many_events"),
        ("50 components in each other", wrapped(&"BEGIN:VEVENT\r\n".repeat(50)), "not_a_calendar"),
        ("the metadata of a cloud", redirect("http://169.254.169.254/latest/meta-data/"), "address_refused"),
        ("another port of this machine", redirect("http://127.0.0.1:1/"), "address_refused"),
        ("another address of this machine", redirect(&format!("http://127.0.0.2:{}/", site.at.port())), "address_refused"),
        ("a file", redirect("file:///etc/passwd"), "address_refused"),
        ("itself for ever", redirect(&site.url()), "address_refused"),
        ("a head without end", Says::Raw(format!("HTTP/1.1 200 OK\r\n{}", "X-A: xxxxxxxxxxxxxxxx\r\n".repeat(100_000)).into_bytes()), "too_large"),
    ] {
        stage.ask(Method::PATCH, &format!("/feeds/{feed}"), Some(json!({"name": name}))).await.expect(200);
        let before = site.sent();
        site.says(says);
        let begun = Instant::now();
        stage.town.run_jobs().await;
        assert!(begun.elapsed() < Duration::from_secs(20), "{name}: {:?}", begun.elapsed());
        // What lies in the buffers between the two is not in our memory.
        assert!(site.sent() - before < 32 << 20, "{name}: {} bytes were taken", site.sent() - before);
        let now = stage.get(&format!("/feeds/{feed}")).await;
        assert_eq!(now["trouble"], trouble, "{name}");
        assert_eq!(taken(&db, stage.home).await, ["2026-07-01/2026-07-05"], "{name}");
    }
    // Odd, and harmless: 50 folds of one line, and of each character.
    let folded = "SUMMARY:".to_owned() + &"\r\n x".repeat(50) + "\r\nDTSTART\r\n :2\r\n 0\r\n 260801\r\n";
    stage.ask(Method::PATCH, &format!("/feeds/{feed}"), Some(json!({"name": "folds"}))).await.expect(200);
    site.says(wrapped(&format!("BEGIN:VEVENT\r\n{folded}END:VEVENT\r\n")));
    stage.town.run_jobs().await;
    assert_eq!(taken(&db, stage.home).await, ["2026-08-01/2026-08-02"]);
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sends_a_byte_now_and_then_is_left_after_twenty_seconds() {
    let db = TestDb::new(Engine::Sqlite).await;
    let site = Site::new(Says::Drip);
    let stage = Stage::new(&db, &[site.at.port()]).await;
    let begun = Instant::now();
    let feed = stage.connect(&site).await;
    assert!((15..24).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!(stage.get(&format!("/feeds/{feed}")).await["trouble"], "too_slow");
}
