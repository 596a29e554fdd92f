//! Reads our own sources and fails where they leave the house's plan: `main → app, cli → features → platform → values`.
//!
//! `checks.rs` holds the rules, `source.rs` the reading. Below, each rule is first shown to fail on a bad snippet.

mod checks;
mod source;

use checks::{io_in_rules, notes_to_self, orphans, shape, sql_outside_stores, test_files, wrong_way_uses};
use source::{Source, read};
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_house_is_tidy() {
    let sources = read(&Path::new(ROOT).join("src"));
    assert!(sources.len() > 15, "the sources were to be found");
    let (mut complaints, tests) = (orphans(&sources), test_files(&sources));
    for source in &sources {
        if !tests.contains(source.path.as_str()) {
            complaints.extend(wrong_way_uses(source));
            complaints.extend(sql_outside_stores(source));
            complaints.extend(io_in_rules(source));
        }
        complaints.extend(shape(source, &sources));
        complaints.extend(notes_to_self(&source.path, &source.comments));
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn documents_hold_no_notes_to_self() {
    let mut complaints = Vec::new();
    for folder in ["", "docs"] {
        for entry in std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "md" || e == "sql") {
                complaints.extend(notes_to_self(&path.display().to_string(), &std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn the_tests_are_all_reached_and_have_heads() {
    let mut sources = read(&Path::new(ROOT).join("tests/it"));
    let complaints: Vec<String> = orphans(&sources).into_iter().chain(sources.iter().flat_map(|s| shape(s, &[]))).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    sources.push(Source::new("forgotten.rs", "//! A story nobody runs.\n"));
    assert_eq!(orphans(&sources).len(), 1);
}

/// How many complaints a check has about a small file.
fn count(check: impl Fn(&Source) -> Vec<String>, path: &str, text: &str) -> usize {
    check(&Source::new(path, text)).len()
}

#[test]
fn a_wrong_way_use_is_noticed() {
    for (path, text, complaints) in [
        ("values/night.rs", "use crate::platform::db::Db;", 1),
        ("values/night.rs", "use super::Money;\nuse crate::values::Zone;", 0),
        ("platform/db/mod.rs", "use crate::{values::Night, features::search::Engine, platform::events};", 1),
        ("platform/db/mod.rs", "use crate::{\n    values::{Night, Zone as Z},\n    app::{self, Tools},\n};", 2),
        ("platform/events/store.rs", "fn f() { crate::features::search::reload() }", 1),
        ("platform/events/store.rs", "use super::super::super::features::search::X;", 1),
        ("platform/db/sqlite.rs", "use super::conn::{Conn, Tx};\n// use crate::features::x;\nconst A: &str = \"crate::features::x\";", 0),
        ("features/search/service.rs", "use crate::app::Tools;", 1),
        ("features/search/service.rs", "use crate::features::calendar::Occupancy;\nuse super::rules::fits;", 0),
        ("features/search/service.rs", "use crate::features::calendar::store::read;", 1),
        ("features/search/service.rs", "use super::super::calendar::service::fits;", 1),
        ("features/search/service.rs", "use crate::features::calendar::rules::{Days, fits};", 0),
        ("features/search/service.rs", "use crate::features::{calendar::{store, Occupancy}, bookings};", 2),
        ("features/calendar/service.rs", "use crate::features::search::Engine;", 1),
        ("features/accounts/service.rs", "use crate::features::listings::Terms;", 1),
        ("features/listings/store.rs", "use crate::features::accounts::UserRow;", 0),
        ("features/imports/service.rs", "use crate::features::reviews::ReviewRow;", 1),
        ("app.rs", "use crate::features::{search, reviews};\nuse crate::cli::Args;", 0),
        ("main.rs", "use crate::app::run;", 0),
        ("helpers/mod.rs", "", 1),
    ] {
        assert_eq!(count(wrong_way_uses, path, text), complaints, "{path}: {text}");
    }
}

#[test]
fn sql_outside_a_store_is_noticed() {
    for (path, text, complaints) in [
        ("features/search/service.rs", "tx.query(\"SELECT id FROM listings\", &[])", 1),
        (
            "features/search/api.rs",
            "const A: &str = r#\"\n  INSERT INTO x VALUES (1)\"#; const B: &str = \"DELETE FROM x\"; const C: &str = \"UPDATE x SET y = 1\";",
            3,
        ),
        ("features/search/store.rs", "const A: &str = \"SELECT 1\";", 0),
        ("features/search/store/cards.rs", "const A: &str = \"WITH a AS (SELECT 1) SELECT * FROM a\";", 0),
        ("features/search/service.rs", "#[cfg(test)]\n#[expect(clippy::x, reason = \"y\")]\nmod tests {\n const A: &str = \"SELECT 1\"; }", 0),
        ("features/search/service.rs", "#[cfg(test)]\nmod tests;\nconst A: &str = \"SELECT 1\";", 1),
        ("features/search/service.rs", "let a = \"Select a date\"; // \"SELECT 1\"\n#[cfg(test)]\nmod tests { const A: &str = \"SELECT 1\"; }", 0),
        ("platform/jobs/store.rs", "const A: &str = \"SELECT 1\";", 0),
    ] {
        assert_eq!(count(sql_outside_stores, path, text), complaints, "{path}: {text}");
    }
}

#[test]
fn a_rule_that_looks_at_the_world_is_noticed() {
    for (path, text, complaints) in [
        ("features/calendar/rules.rs", "use crate::platform::db::Tx;", 1),
        ("features/calendar/rules/gaps.rs", "fn f() { tracing::info!(\"x\"); std::fs::read(p); }", 2),
        ("features/calendar/rules.rs", "async fn f() { SystemTime::now() }", 2),
        ("features/calendar/rules.rs", "/// Not async, no Db, no tokio.\nfn transaction(texts: &[Text]) -> Dbl { 1 }", 0),
        ("features/calendar/service.rs", "use crate::platform::db::Tx;", 0),
    ] {
        assert_eq!(count(io_in_rules, path, text), complaints, "{path}: {text}");
    }
}

#[test]
fn orphans_are_noticed() {
    let sources = [
        Source::new("lib.rs", "//! Map.\npub mod values;\npub(crate) mod app;\n// mod ghost;\n"),
        Source::new("values/mod.rs", "mod night;\n#[cfg(test)]\nmod tests;\nmod zone;\n"),
        Source::new("values/night.rs", "#[cfg(test)]\n#[path = \"night_tests.rs\"]\nmod tests;\n"),
        Source::new("values/night_tests.rs", ""),
        Source::new("values/tests.rs", ""),
        Source::new("values/zone.rs", ""),
        Source::new("values/ghost.rs", ""),
        Source::new("app.rs", ""),
        Source::new("ghost.rs", ""),
    ];
    assert_eq!(orphans(&sources), ["values/ghost.rs: no mod declaration leads here", "ghost.rs: no mod declaration leads here"]);
    assert_eq!(test_files(&sources).into_iter().collect::<Vec<_>>(), ["values/night_tests.rs", "values/tests.rs"]);
}

#[test]
fn bad_shapes_are_noticed() {
    let long = format!("//! Head.\n{}", "fn f() {}\n".repeat(450));
    for (path, text, complaints) in [
        ("values/night.rs", "//! Head.\nfn a() {}\nfn b() {}\n", 0),
        ("values/night.rs", "use x;\nfn a() {}\nfn b() {}\n", 1),
        ("values/night.rs", long.as_str(), 1),
        ("features/search/mod.rs", "//! Head.\npub mod store;\npub(crate) mod rules;\n", 1),
        ("features/search/mod.rs", "//! Head.\npub mod service;\npub(crate) mod api;\n", 2),
        ("features/search/mod.rs", &long[..600], 1),
        ("features/search/mod.rs", "//! Head.\nmod store;\npub use store::cards;\n", 0),
        ("features/gossip/mod.rs", "//! Head.\nmod store;\nmod rules;\n", 1),
        ("app.rs", "//! Head.\nuse r2d2::Pool;\n\n", 1),
        ("platform/db/postgres.rs", "//! Head.\nuse r2d2::Pool;\n\n", 0),
    ] {
        assert_eq!(count(|s| shape(s, &[]), path, text), complaints, "{path}");
    }
    let all = [Source::new("values/night.rs", ""), Source::new("values/night/moon.rs", "")];
    assert_eq!(shape(&all[0], &all).len(), 1, "a self-named module file");
}

#[test]
fn notes_to_self_are_noticed() {
    let note = ["TO", "DO"].concat();
    assert_eq!(notes_to_self("a.md", &format!("fine\n- {note}: later\nMETHOD, TODOS\n")).len(), 1);
}
