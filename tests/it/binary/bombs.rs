//! A running server that is thrown bombs at: it refuses each, serves others meanwhile, and its memory stays within bounds.

use super::program::Server;
use crate::media::stage::{BOUNDARY, body, file, jpeg, png_bomb};
use crate::support::long;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

/// What the process may take on top of what it took at rest: two decoders at their limit, and what they make.
const MOST_MORE_MIB: u64 = 900;

fn upload(port: u16, token: &str, path: &str, bytes: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "POST /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {}\r\n\r\n",
        bytes.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Whoever is refused early may be cut off while sending; the answer is there all the same.
    drop(stream.write_all(bytes));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The most memory the process has had, in MiB.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

/// A draft of the newcomer's, written past the server.
fn home(folder: &Path, user: &str) -> uuid::Uuid {
    const HOME: &str =
        "INSERT INTO listings (id, host_id, state, title, room_type, property_type, city, country, neighbourhood, lat, lng, public_lat, public_lng,
        zone, currency, price_minor, capacity, bathroom_shared, amenities, amenities_other, instant_book, max_infants, max_pets, min_nights, max_nights,
        notice_days, window_days, window_strict, preparation_nights, arrival_days, departure_days, gap_nights, fill_gaps, unit_count, rating_count,
        rating_sum_centi, review_scores, review_count, calendar_version, edited_fields, version, created_at, updated_at)
        VALUES (?1, ?2, 'draft', 'Loft', 'entire_home', 'entire_loft', 'Albany', 'US', '', 42.6, -73.7, 42.6, -73.7, 'America/New_York', 'USD', 10000, 4, 0,
        '[]', '[]', 1, 5, 0, 2, 30, 0, 365, 0, 0, 127, 31, 0, 1, 1, 0, 0, '{}', 0, 1, '[]', 7, 0, 0)";
    let (id, host) = (uuid::Uuid::now_v7(), user.parse::<uuid::Uuid>().unwrap());
    let database = rusqlite::Connection::open(folder.join("data/stopover.db")).unwrap();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    database.execute(HOME, rusqlite::params![&id.as_bytes()[..], &host.as_bytes()[..]]).unwrap();
    id
}

#[test]
fn bombs_do_not_fill_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("stopover.toml"), "[limits]\nenabled = false\n").unwrap();
    let server = Server::start(folder.path(), &[]).ready();
    let (_, token) = server.newcomer("ada@example.org");
    let path = format!("/listings/{}/photos", home(folder.path(), &server.user_of(&token)));
    let one = |bytes: Vec<u8>| body(&[file("x.jpg", bytes)]);
    assert_eq!(upload(server.port, &token, &path, &one(jpeg(640, 480, 1))).0, 201);
    let before = peak(server.pid());
    let rounds = if long() { 40 } else { 3 };
    // 48 megapixels that inflate out of some kilobytes, sizes that are beyond all bounds, and a real photo. Without
    // optimisation a photo of 24 megapixels takes minutes.
    let bombs = [
        one(png_bomb(12_000, 4_000)),
        one(png_bomb(50_000, 50_000)),
        one(png_bomb(7_000, 7_000)),
        one(if long() { jpeg(6_000, 4_000, 2) } else { jpeg(1_200, 800, 2) }),
    ];
    std::thread::scope(|scope| {
        for bomb in &bombs {
            let (token, path, port) = (&token, &path, server.port);
            scope.spawn(move || {
                for _ in 0..rounds {
                    let (status, text) = upload(port, token, path, bomb);
                    assert!(matches!(status, 201 | 409 | 422 | 429), "{status} {text}");
                }
            });
        }
        for _ in 0..rounds * 5 {
            server.get("/healthz");
        }
    });
    // A hundred megabytes are refused at fifteen, and the answer is heard.
    let (refused, text) = upload(server.port, &token, &path, &one([jpeg(64, 64, 1), vec![0; 100 << 20]].concat()));
    assert_eq!(refused, 413, "{text}");
    assert!(text.contains("photo_too_large"), "{text}");
    let after = peak(server.pid());
    println!("peak of memory: {before} MiB before, {after} MiB with bombs");
    assert!(after < before + MOST_MORE_MIB, "the memory grew from {before} to {after} MiB");
    let temporary: Vec<_> = std::fs::read_dir(folder.path().join("data/media/tmp")).unwrap().collect();
    assert!(temporary.is_empty(), "{temporary:?}");
    assert!(!server.log().contains("request failed"), "{}", server.log());
}
