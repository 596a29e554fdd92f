//! Commands that end by themselves: what they print and how they exit.

use super::program::{run, said, stopover};
use std::path::Path;

#[test]
fn the_document_in_the_repository_is_the_one_the_binary_serves() {
    let folder = tempfile::tempdir().unwrap();
    let exported = run(folder.path(), &["export-openapi"]);
    assert_eq!(exported.code, Some(0));
    let kept = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json")).unwrap();
    assert!(kept == exported.out, "docs/openapi.json is not what `stopover export-openapi` prints; `make docs` writes it");
    assert!(!folder.path().join("data").exists(), "nothing is made for that");
}

#[test]
fn settings_are_printed_without_their_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let printed = run(folder.path(), &["config", "--database", "postgres://ada:s3cret@db.example/stay"]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    assert!(printed.out.contains("ada") && printed.out.contains("db.example"), "{}", printed.out);
    assert!(!printed.out.contains("s3cret") && !printed.err.contains("s3cret"));
    std::fs::write(folder.path().join("url"), "postgres://ada:s3cret@db.example/stay\n").unwrap();
    let mut by_file = stopover(folder.path(), &["config"]);
    by_file.env("STOPOVER_DATABASE_FILE", folder.path().join("url"));
    let by_file = said(by_file);
    assert!(by_file.code == Some(0) && by_file.out.contains("db.example") && !by_file.out.contains("s3cret"), "{by_file:?}");
}

#[test]
fn what_cannot_start_says_why_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    std::fs::write(folder.path().join("broken.toml"), "listen = [").unwrap();
    std::fs::write(folder.path().join("typo.toml"), "lissen = \"127.0.0.1:1\"").unwrap();
    std::fs::write(folder.path().join("garbage.db"), "this is no database, however long one looks at it. ".repeat(100)).unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for (arguments, code, part) in [
        (vec!["serve", "--listen", &address], 1, "cannot listen on"),
        (vec!["serve", "--listen", "nonsense"], 2, "listen"),
        (vec!["serve", "--database", "mysql://x"], 2, "sqlite:PATH"),
        (vec!["serve", "--database", "sqlite:garbage.db"], 1, "database"),
        (vec!["serve", "--data-dir", "file/below"], 1, "file/below"),
        (vec!["serve", "--config", "missing.toml"], 2, "missing.toml"),
        (vec!["serve", "--config", "broken.toml"], 2, "broken.toml"),
        (vec!["serve", "--config", "typo.toml"], 2, "lissen"),
        (vec!["import", "csv", "nowhere", "--currency", "USD"], 1, "nowhere does not exist"),
        (vec!["export", "listings", "--host", "nobody@example.org", "--out", "homes.jsonl"], 1, "nobody here has the mail address nobody@example.org"),
    ] {
        let failed = run(folder.path(), &arguments);
        assert_eq!(failed.code, Some(code), "{arguments:?}: {failed:?}");
        let lines: Vec<&str> = failed.err.lines().filter(|line| line.starts_with("stopover: ")).collect();
        assert!(lines.len() == 1 && failed.err.trim_end().ends_with(lines[0]), "{arguments:?}: {}", failed.err);
        assert!(lines[0].contains(part) && !failed.err.contains("panicked"), "{arguments:?}: {}", failed.err);
    }
    assert!(!folder.path().join("homes.jsonl").exists(), "an export of nobody left a file");
}

#[test]
fn doctor_tells_by_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = run(folder.path(), &["doctor"]);
    assert_eq!(nothing.code, Some(1), "{nothing:?}");
    assert!(nothing.out.contains("there is no database at"), "{}", nothing.out);
    assert!(!folder.path().join("data").exists(), "looking makes nothing");
    std::fs::create_dir(folder.path().join("data")).unwrap();
    assert_eq!(run(folder.path(), &["reindex"]).code, Some(0));
    let well = run(folder.path(), &["doctor"]);
    assert_eq!(well.code, Some(0), "{well:?}");
    std::fs::write(folder.path().join("data/search-index/meta.json"), "{").unwrap();
    let damaged = run(folder.path(), &["doctor"]);
    assert_eq!(damaged.code, Some(1), "{damaged:?}");
    assert!(damaged.out.contains("stopover reindex"), "{}", damaged.out);
    assert_eq!(run(folder.path(), &["reindex"]).code, Some(0));
    assert_eq!(run(folder.path(), &["doctor"]).code, Some(0));
}
