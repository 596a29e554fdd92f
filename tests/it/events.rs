//! The promise of the event log: whoever has seen number n never later meets an event ≤ n.

use crate::support::{TestDb, on_both, uses_index};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use stopover::platform::db::{Db, DbError, DbResult, Engine, Value};
use stopover::platform::events::{self, Event, Kind};
use stopover::values::Instant;
use tokio::task::JoinHandle;
use uuid::Uuid;

const WRITERS: u64 = 32;
const ROUNDS: u64 = 6;

on_both!(many_writers_and_no_reader_is_lied_to, async |db: TestDb| {
    let nodes = if db.engine() == Engine::Postgres { vec![Db::clone(&db), db.another_node().await.unwrap()] } else { vec![Db::clone(&db)] };
    let done = Arc::new(AtomicBool::new(false));
    let followers: Vec<_> = nodes.iter().chain(&nodes).map(|node| follow(node, &done)).collect();
    let rereaders: Vec<_> = nodes.iter().map(|node| reread(node, &done)).collect();

    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let node = nodes[usize::try_from(writer).unwrap() % nodes.len()].clone();
        writers.push(tokio::spawn(async move {
            let mut committed = Vec::new();
            for round in 0..ROUNDS {
                let subject = Uuid::from_u64_pair(writer, round);
                if append_slowly(&node, subject, writer, round).await.is_ok() {
                    committed.push(subject);
                }
            }
            committed
        }));
    }
    let mut written = Vec::new();
    for writer in writers {
        written.extend(writer.await.unwrap());
    }
    assert!(written.len() > 100 && written.len() < usize::try_from(WRITERS * ROUNDS).unwrap(), "most land, some are given up");
    wait_until_numbered(&db, written.len()).await;
    done.store(true, SeqCst);

    let log = all(&db).await;
    assert_eq!(log.iter().map(|e| e.seq).collect::<Vec<_>>(), (1..=i64::try_from(written.len()).unwrap()).collect::<Vec<_>>(), "dense and ascending");
    let mut subjects: Vec<Uuid> = log.iter().map(|e| e.subject).collect();
    subjects.sort();
    written.sort();
    assert_eq!(subjects, written, "what was committed and nothing else");
    for follower in followers {
        assert_eq!(follower.await.unwrap(), log, "a follower saw the log once, in order, without a hole");
    }
    for rereader in rereaders {
        rereader.await.unwrap();
    }
});

/// Appends, dawdles, and in some rounds gives up, by an error or by a panic.
async fn append_slowly(db: &Db, subject: Uuid, writer: u64, round: u64) -> DbResult<()> {
    // The one writer of SQLite dawdles for everybody.
    let most = if db.engine() == Engine::Sqlite { 2 } else { 25 };
    db.write(move |tx, now| {
        events::append(tx, Kind::ListingChanged, subject, &serde_json::json!({ "writer": writer }), now)?;
        std::thread::sleep(Duration::from_millis((writer * 7 + round * 5) % most));
        match (writer, round) {
            (3, _) => Err(DbError::Unusable("changed my mind".into())),
            (5, 2) => panic!("on purpose"),
            _ => Ok(()),
        }
    })
    .await
}

/// Reads on from the last number seen, a few events at a time, until the log is done.
fn follow(db: &Db, done: &Arc<AtomicBool>) -> JoinHandle<Vec<Event>> {
    let (db, done) = (db.clone(), Arc::clone(done));
    tokio::spawn(async move {
        let mut seen: Vec<Event> = Vec::new();
        loop {
            let finished = done.load(SeqCst);
            let last = seen.last().map_or(0, |e| e.seq);
            let news = db.read(move |conn| events::after(conn, last, 7)).await.unwrap();
            if news.is_empty() && finished {
                return seen;
            }
            seen.extend(news);
            tokio::task::yield_now().await;
        }
    })
}

/// Reads the whole log again and again: what was seen before must still be its beginning.
fn reread(db: &Db, done: &Arc<AtomicBool>) -> JoinHandle<()> {
    let (db, done) = (db.clone(), Arc::clone(done));
    tokio::spawn(async move {
        let mut before: Vec<i64> = Vec::new();
        while !done.load(SeqCst) {
            let now: Vec<i64> = all(&db).await.iter().map(|e| e.seq).collect();
            assert!(now.starts_with(&before), "{before:?} then {now:?}");
            before = now;
        }
    })
}

async fn all(db: &Db) -> Vec<Event> {
    db.read(|conn| events::after(conn, 0, 100_000)).await.unwrap()
}

async fn wait_until_numbered(db: &Db, count: usize) {
    for _ in 0..250 {
        if all(db).await.len() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} of {count} events were numbered", all(db).await.len());
}

async fn append(db: &Db, subject: Uuid) {
    db.write(move |tx, now| events::append(tx, Kind::CalendarChanged, subject, &serde_json::json!({ "night": "2026-07-01" }), now)).await.unwrap();
}

on_both!(an_event_comes_back_as_it_was_appended, async |db: TestDb| {
    let subject = Uuid::now_v7();
    append(&db, subject).await;
    wait_until_numbered(&db, 1).await;
    let event = all(&db).await.remove(0);
    assert_eq!((event.seq, Kind::parse(&event.kind), event.subject, event.at), (1, Some(Kind::CalendarChanged), subject, db.now()));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&event.payload).unwrap(), serde_json::json!({ "night": "2026-07-01" }));
    assert_eq!(Kind::parse("made.up"), None);
    assert_eq!(db.read(events::last_seq).await.unwrap(), 1);
});

on_both!(a_commit_wakes_those_who_wait, async |db: TestDb| {
    let nodes = if db.engine() == Engine::Postgres { vec![Db::clone(&db), db.another_node().await.unwrap()] } else { vec![Db::clone(&db)] };
    for round in 1..=3_usize {
        let mut bells: Vec<_> = nodes.iter().map(Db::committed).collect();
        let last = i64::try_from(round).unwrap() - 1;
        append(&nodes[round % nodes.len()], Uuid::now_v7()).await;
        for (node, bell) in nodes.iter().zip(&mut bells) {
            // A bell may ring once more for what is read already; it must never stay silent over news.
            let heard = async {
                while node.read(move |conn| events::after(conn, last, 1)).await.unwrap().is_empty() {
                    bell.changed().await.unwrap();
                }
            };
            tokio::time::timeout(Duration::from_secs(3), heard).await.expect("the bell was to ring");
        }
    }
});

on_both!(a_write_without_events_wakes_nobody, async |db: TestDb| {
    let mut bell = db.committed();
    db.write(|tx, _| crate::db::put(tx, "quiet", "1")).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(400), bell.changed()).await.is_err());
});

on_both!(pruning_keeps_the_newest_so_that_numbers_go_on, async |db: TestDb| {
    for _ in 0..5 {
        append(&db, Uuid::now_v7()).await;
    }
    wait_until_numbered(&db, 5).await;
    db.clock.advance_seconds(3_600);
    append(&db, Uuid::now_v7()).await;
    wait_until_numbered(&db, 6).await;
    let prune = async |before: Instant| db.write(move |tx, _| events::prune(tx, before)).await.unwrap();
    assert_eq!(prune(db.now()).await, 5, "those of an hour ago");
    assert_eq!(prune(db.now().plus_seconds(60)).await, 0, "the newest stays, whatever its age");
    append(&db, Uuid::now_v7()).await;
    wait_until_numbered(&db, 2).await;
    assert_eq!(all(&db).await.iter().map(|e| e.seq).collect::<Vec<_>>(), [6, 7]);
    assert_eq!(db.read(events::last_seq).await.unwrap(), 7);
});

on_both!(the_log_is_read_through_its_index, async |db: TestDb| {
    uses_index(&db, events::AFTER, vec![5_i64.into(), 10_i64.into()]).await;
    uses_index(&db, events::LAST_SEQ, vec![]).await;
    uses_index(&db, events::PRUNE, vec![Value::Instant(Instant(0))]).await;
    if db.engine() == Engine::Postgres {
        uses_index(&db, "SELECT id FROM events WHERE seq IS NULL LIMIT 1", vec![]).await;
    }
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_killed_between_append_and_commit_costs_nothing() {
    let db = TestDb::new(Engine::Postgres).await;
    let (killer, attempts) = (db.another_node().await.unwrap(), Arc::new(AtomicUsize::new(0)));
    let (counted, subject) = (Arc::clone(&attempts), Uuid::now_v7());
    db.write(move |tx, now| {
        events::append(tx, Kind::ListingChanged, subject, &serde_json::json!({}), now)?;
        let me: Option<i64> = tx.first("SELECT CAST(pg_backend_pid() AS BIGINT)", &[], |row| row.get(0))?;
        if counted.fetch_add(1, SeqCst) == 0 {
            terminate(&killer, me)?;
        }
        // The transaction learns of it here, or else at its commit.
        tx.first("SELECT CAST(1 AS BIGINT)", &[], |row| row.get::<i64>(0)).map(drop)
    })
    .await
    .unwrap();
    assert_eq!(attempts.load(SeqCst), 2);
    wait_until_numbered(&db, 1).await;
    assert_eq!(all(&db).await.iter().map(|e| e.subject).collect::<Vec<_>>(), [subject], "once, not twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_killed_just_before_commit_is_not_reported_as_done() {
    let db = TestDb::new(Engine::Postgres).await;
    let killer = db.another_node().await.unwrap();
    let subject = Uuid::now_v7();
    let answer: DbResult<()> = db
        .write(move |tx, now| {
            events::append(tx, Kind::ListingChanged, subject, &serde_json::json!({}), now)?;
            let me: Option<i64> = tx.first("SELECT CAST(pg_backend_pid() AS BIGINT)", &[], |row| row.get(0))?;
            terminate(&killer, me)
        })
        .await;
    assert!(matches!(answer, Err(DbError::Unknown)), "nobody can know whether a commit under way stands: {answer:?}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(all(&db).await, [], "here it did not");
}

fn terminate(by: &Db, backend: Option<i64>) -> DbResult<()> {
    by.read_blocking(|conn| {
        conn.first("SELECT CASE WHEN pg_terminate_backend(CAST($1 AS INTEGER)) THEN 1 ELSE 0 END", &[backend.into()], |row| row.get::<i64>(0))
    })?;
    std::thread::sleep(Duration::from_millis(100));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_goes_on_after_every_connection_was_killed() {
    let db = TestDb::new(Engine::Postgres).await;
    append(&db, Uuid::now_v7()).await;
    wait_until_numbered(&db, 1).await;
    // The sequencer's and the listener's connections die with the rest.
    let killed: DbResult<Vec<bool>> = db
        .read(|conn| {
            conn.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", &[], |row| {
                row.get(0)
            })
        })
        .await;
    assert!(killed.unwrap().len() >= 2);
    let mut bell = db.committed();
    append(&db, Uuid::now_v7()).await;
    wait_until_numbered(&db, 2).await;
    tokio::time::timeout(Duration::from_secs(3), bell.changed()).await.unwrap().unwrap();
}
