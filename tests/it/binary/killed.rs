//! `kill -9` at any moment: of an import, of indexing, of a server. What is left is never half, and is easily completed.
//!
//! Three moments each; `STOPOVER_LONG=1` (`make test-long`) tries fifteen.

use super::program::{Said, Server, import_albany, run, stopover};
use crate::support::long;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Searches whose totals tell whether two instances hold the same.
const SEARCHES: [&str; 7] = [
    "limit=1",
    "q=park%20",
    "q=cozy+dow",
    "amenities=wifi&price_max=10000",
    "bbox=-73.82,42.63,-73.73,42.69",
    "room_type=private_room&rating_min=4.5",
    "facets=true&limit=1&top_host=true",
];

fn import(folder: &Path) -> Said {
    let words = import_albany();
    std::fs::create_dir_all(folder.join("data")).unwrap();
    run(folder, &words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Starts a command and kills it after a while; answers whether it was still running.
fn kill_after(folder: &Path, words: &[&str], delay: Duration) -> bool {
    let mut child = stopover(folder, words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(delay);
    let running = child.try_wait().unwrap().is_none();
    if running {
        child.kill().unwrap();
    }
    child.wait().unwrap();
    running
}

/// The published homes by their id in the source: fields, and every range of their calendar.
fn homes(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let path = folder.join("data/stopover.db");
    if !path.exists() {
        return BTreeMap::new();
    }
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let mut homes = BTreeMap::new();
    for sql in [
        "SELECT external_id, title || '|' || price_minor || '|' || amenities || '|' || public_lat || '|' || review_count FROM listings WHERE state = 'published'",
        "SELECT l.external_id, 'text ' || t.description FROM listings l JOIN listing_texts t ON t.listing_id = l.id WHERE l.state = 'published'",
        "SELECT l.external_id, 'taken ' || n.from_night || n.to_night FROM listings l JOIN external_nights n ON n.listing_id = l.id WHERE l.state = 'published' ORDER BY n.from_night",
        "SELECT l.external_id, 'odd ' || o.from_night || o.to_night || COALESCE(o.price_minor, '') || '|' || COALESCE(o.min_nights, '') FROM listings l JOIN day_overrides o ON o.listing_id = l.id WHERE l.state = 'published' ORDER BY o.from_night",
    ] {
        let mut statement = match db.prepare(sql) {
            Ok(statement) => statement,
            // Killed before there was a schema.
            Err(_none) => return BTreeMap::new(),
        };
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
        for row in rows {
            let (id, fact) = row.unwrap();
            homes.entry(id).or_insert_with(Vec::new).push(fact);
        }
    }
    homes
}

/// What searches answer, apart from ids and cursors, which every import makes anew.
fn totals(folder: &Path) -> Vec<(u64, serde_json::Value)> {
    let server = Server::start(folder, &[]).ready();
    let answers = SEARCHES.iter().map(|query| {
        let page = server.json(&format!("/api/v1/search/stays?{query}"));
        (page["total"].as_u64().unwrap(), page["facets"].clone())
    });
    let answers = answers.collect();
    let (status, _) = server.stop();
    assert!(status.success());
    answers
}

/// So many moments spread over `whole`, not quite evenly.
fn moments(whole: Duration) -> impl Iterator<Item = Duration> {
    let count = if long() { 15 } else { 3 };
    (1..=count).map(move |n| whole * (2 * n - 1) / (2 * count) + Duration::from_millis(u64::from(n) * 7 % 13))
}

#[test]
fn an_import_killed_at_any_moment_leaves_no_half_home_and_is_completed_by_running_it_again() {
    let clean = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let imported = import(clean.path());
    let whole = begun.elapsed();
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let (expected, answers) = (homes(clean.path()), totals(clean.path()));
    assert!(expected.len() > 300 && answers.iter().all(|(total, _)| *total > 0), "{answers:?}");
    let mut interrupted = 0;
    for moment in moments(whole) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("data")).unwrap();
        let words = import_albany();
        let killed = kill_after(folder.path(), &words.iter().map(String::as_str).collect::<Vec<_>>(), moment);
        let left = homes(folder.path());
        for (id, facts) in &left {
            assert_eq!(expected.get(id), Some(facts), "home {id} is half, killed after {moment:?}");
        }
        let doctor = run(folder.path(), &["doctor"]);
        if killed && !left.is_empty() && left.len() < expected.len() {
            interrupted += 1;
            assert_eq!(doctor.code, Some(1), "{doctor:?}");
            assert!(doctor.out.contains("run the same import again"), "{}", doctor.out);
            // A server over what is there shows just that.
            let server = Server::start(folder.path(), &[]).ready();
            assert_eq!(server.json("/api/v1/search/stays?limit=1")["total"], left.len());
            server.kill();
        }
        let again = import(folder.path());
        assert_eq!(again.code, Some(0), "{again:?}");
        assert!(homes(folder.path()) == expected, "killed after {moment:?}: not the same as a clean import");
        assert_eq!(totals(folder.path()), answers, "killed after {moment:?}");
        let doctor = run(folder.path(), &["doctor"]);
        assert_eq!(doctor.code, Some(0), "{doctor:?}");
    }
    assert!(interrupted > 0 || !long(), "no kill met the writing of listings");
}

#[test]
fn indexing_killed_at_any_moment_is_done_again_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(import(folder.path()).code, Some(0));
    let begun = Instant::now();
    assert_eq!(run(folder.path(), &["reindex"]).code, Some(0));
    let whole = begun.elapsed();
    let answers = totals(folder.path());
    for moment in moments(whole) {
        kill_after(folder.path(), &["reindex"], moment);
        let doctor = run(folder.path(), &["doctor"]);
        assert!(doctor.out.contains("search index"), "{doctor:?}");
        assert!(doctor.code == Some(0) || doctor.out.contains("stopover reindex"), "{doctor:?}");
        assert_eq!(totals(folder.path()), answers, "killed after {moment:?}");
        // A start that is killed while it makes the index is no worse.
        std::fs::remove_dir_all(folder.path().join("data/search-index")).unwrap();
        kill_after(folder.path(), &["serve", "--listen", "127.0.0.1:0"], moment);
        assert_eq!(totals(folder.path()), answers, "killed after {moment:?}");
        let doctor = run(folder.path(), &["doctor"]);
        assert_eq!(doctor.code, Some(0), "{doctor:?}");
    }
}

#[test]
fn a_server_killed_while_it_keeps_its_engine_starts_again_and_answers_the_same() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(import(folder.path()).code, Some(0));
    let answers = totals(folder.path());
    let kept = folder.path().join("data/search-snapshot");
    assert!(!kept.exists(), "a small instance keeps none");
    std::fs::write(folder.path().join("stopover.toml"), "[search]\nsnapshot_from = 1\n").unwrap();
    let count = if long() { 60 } else { 12 };
    for delay in (0..count).map(|n| Duration::from_millis(n * 120 / count)) {
        Server::start(folder.path(), &[]).ready().kill_after(delay);
        // The file is there whole or not at all: half of it would be called damaged.
        let doctor = run(folder.path(), &["doctor"]);
        assert_eq!(doctor.code, Some(0), "{doctor:?}");
        assert_eq!(totals(folder.path()), answers, "killed after {delay:?}");
        assert!(kept.exists(), "and written at a proper end");
        let doctor = run(folder.path(), &["doctor"]);
        assert!(doctor.out.contains("snapshot") && doctor.out.contains("; 0 have changed since"), "{doctor:?}");
        // The next one writes it anew over what is left of one that was killed.
        std::fs::rename(&kept, kept.with_extension("new")).unwrap();
    }
    std::fs::write(&kept, b"no snapshot").unwrap();
    let doctor = run(folder.path(), &["doctor"]);
    assert!(doctor.code == Some(1) && doctor.out.contains("writes it anew"), "{doctor:?}");
    assert_eq!(run(folder.path(), &["reindex"]).code, Some(0));
    assert!(!kept.exists() && run(folder.path(), &["doctor"]).code == Some(0));
    assert_eq!(totals(folder.path()), answers);
}
