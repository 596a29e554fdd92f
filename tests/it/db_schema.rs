//! Opening a database: the schema on both engines, and what is said when it cannot be opened.

use crate::db::{put, setting};
use crate::support::{TestClock, TestDb, off_thread, on_both};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use stopover::platform::db::{DatabaseUrl, Db, DbError, DbResult, Engine, SCHEMA, SCHEMA_VERSION};

on_both!(the_schema_loads_twice_and_nothing_is_lost, async |db: TestDb| {
    db.write(|tx, _| put(tx, "kept", "1")).await.unwrap();
    db.write(|tx, _| tx.batch(SCHEMA)).await.unwrap();
    let again = db.another_node().await.unwrap();
    assert_eq!(setting(&again, "kept").await.as_deref(), Some("1"));
    assert_eq!(setting(&again, "schema_version").await, Some(SCHEMA_VERSION.to_string()));
});

on_both!(data_survives_closing_and_opening, async |db: TestDb| {
    let mut db = db;
    db.write(|tx, _| put(tx, "kept", "1")).await.unwrap();
    db.close().await;
    assert_eq!(setting(&db.another_node().await.unwrap(), "kept").await.as_deref(), Some("1"));
});

on_both!(a_database_of_a_newer_release_is_refused_and_left_alone, async |db: TestDb| {
    // A newer release may have dropped what ours would index or create again.
    db.write(|tx, _| {
        tx.batch("UPDATE instance SET value = '99' WHERE name = 'schema_version'; DROP TABLE jobs; DROP TABLE events; CREATE TABLE events (id UUID)")
    })
    .await
    .unwrap();
    let sentence = refused(db.another_node().await);
    assert!(sentence.contains("newer Stopover (schema 99") && sentence.contains("start the newer release"), "{sentence}");
    let jobs: DbResult<Option<i64>> = db.read(|conn| conn.first("SELECT COUNT(*) FROM jobs", &[], |row| row.get(0))).await;
    assert!(jobs.is_err(), "the refused start was not to make tables");
});

on_both!(two_that_open_at_once_both_succeed, async |db: TestDb| {
    let fresh = off_thread({
        let engine = db.engine();
        move || crate::support::TestHome::new(engine)
    })
    .await;
    let url = fresh.url();
    let open = || {
        let url = url.clone();
        tokio::task::spawn_blocking(move || Db::open(&url, Arc::new(TestClock::default())))
    };
    let (one, two) = (open(), open());
    let (one, two) = (one.await.unwrap().unwrap(), two.await.unwrap().unwrap());
    assert_eq!(setting(&one, "schema_version").await, setting(&two, "schema_version").await);
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_have_the_same_tables_columns_and_guards() {
    let (sqlite, postgres) = (TestDb::new(Engine::Sqlite).await, TestDb::new(Engine::Postgres).await);
    let ours = shape(&sqlite, "SELECT m.name || '.' || c.name || CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN ' not null' ELSE '' END FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'").await;
    let theirs = shape(
        &postgres,
        "SELECT CAST(table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' THEN ' not null' ELSE '' END AS TEXT) FROM information_schema.columns WHERE table_schema = 'public'",
    )
    .await;
    assert_eq!(ours, theirs);
    assert!(ours.contains("events.seq") && ours.len() > 100, "{ours:?}");
    let ours = shape(&sqlite, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").await;
    let theirs = shape(&postgres, "SELECT CAST(indexname AS TEXT) FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey'").await;
    assert_eq!(ours, theirs);
    let ours = shape(&sqlite, "SELECT tbl_name || '.' || name FROM sqlite_master WHERE type = 'trigger'").await;
    // What refuses TRUNCATE has no counterpart, as SQLite has no TRUNCATE.
    let theirs = shape(
        &postgres,
        "SELECT CAST(c.relname || '.' || t.tgname AS TEXT) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgname NOT LIKE '%_not_emptied'",
    )
    .await;
    assert_eq!(ours, theirs);
    assert!(ours.contains("audit.audit_unchanged") && ours.contains("audit.audit_kept"), "{ours:?}");
}

async fn shape(db: &Db, sql: &'static str) -> BTreeSet<String> {
    db.read(move |conn| conn.query(sql, &[], |row| row.get(0))).await.map_err(|e: DbError| e).unwrap().into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_folder_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path().join("a/b/stopover.db")).await.unwrap();
    assert_eq!(setting(&db, "schema_version").await, Some(SCHEMA_VERSION.to_string()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_database_is_refused_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("letter.txt");
    std::fs::write(&text, "Dear host, this is a letter and not a database. ".repeat(100)).unwrap();
    let sentence = refused(open(text.clone()).await);
    assert!(sentence.contains("cannot open the database") && sentence.contains("letter.txt") && sentence.contains("not a database"), "{sentence}");
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("Dear host"), "and is left alone");

    let sentence = refused(open(folder.path().to_owned()).await);
    assert!(sentence.contains("cannot open the database"), "a folder: {sentence}");
    let sentence = refused(open(text.join("below/a/file.db")).await);
    assert!(sentence.contains("cannot make the folder"), "a folder that cannot be: {sentence}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_server_is_named_without_its_password() {
    let url = DatabaseUrl::parse("postgres://app:s3cret@127.0.0.1:9/stopover").unwrap();
    let sentence = refused(off_thread(move || Db::open(&url, Arc::new(TestClock::default()))).await);
    assert!(sentence.contains("cannot reach the PostgreSQL server") && !sentence.contains("s3cret"), "{sentence}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_is_set_up_for_durable_writes() {
    let db = TestDb::new(Engine::Sqlite).await;
    let settings = db
        .write(|tx, _| {
            let pragma = |tx: &mut stopover::platform::db::Tx<'_>, name: &str| {
                tx.first(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), &[], |row| row.get::<String>(0))
            };
            Ok::<_, DbError>((pragma(tx, "synchronous")?, pragma(tx, "journal_mode")?, pragma(tx, "foreign_keys")?))
        })
        .await
        .unwrap();
    assert_eq!(settings, (Some("2".into()), Some("wal".into()), Some("1".into())), "FULL, WAL, foreign keys");
}

async fn open(path: PathBuf) -> DbResult<Db> {
    off_thread(move || Db::open(&DatabaseUrl::Sqlite(path), Arc::new(TestClock::default()))).await
}

/// The sentence with which opening was refused.
fn refused(answer: DbResult<Db>) -> String {
    match answer {
        Ok(_) => panic!("it was to be refused"),
        Err(DbError::Unusable(sentence)) => sentence,
        Err(other) => panic!("no clear sentence: {other:?}"),
    }
}
