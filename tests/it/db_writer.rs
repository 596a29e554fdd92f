//! Writers: all or nothing for each, one commit for many, and nobody harmed by a neighbour.

use crate::db::{put, setting};
use crate::support::{TestDb, off_thread, on_both};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;
use stopover::platform::db::{Db, DbError, DbResult, Engine, Lane, Tx};
use stopover::platform::events::{self, Kind};
use stopover::values::Instant;
use uuid::Uuid;

/// Holds SQLite's one writer until told to go on, so that a test can decide what shares the next transaction.
struct Gate {
    open: mpsc::Sender<()>,
    held: tokio::task::JoinHandle<DbResult<()>>,
}

impl Gate {
    async fn shut(db: &Db) -> Self {
        let (open, opened) = mpsc::channel();
        let (reached, at_gate) = tokio::sync::oneshot::channel();
        let (opened, reached) = (Mutex::new(opened), Mutex::new(Some(reached)));
        let db = db.clone();
        let held = tokio::spawn(async move {
            db.write(move |_, _| {
                if let Some(reached) = reached.lock().unwrap().take() {
                    reached.send(()).unwrap();
                    opened.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
                }
                Ok(())
            })
            .await
        });
        at_gate.await.unwrap();
        Self { open, held }
    }

    async fn open(self) {
        self.open.send(()).unwrap();
        self.held.await.unwrap().unwrap();
    }
}

/// Starts a write and lets it reach the queue before the next one does.
async fn queued<T: Send + 'static>(
    db: &Db,
    lane: Lane,
    work: impl Fn(&mut Tx<'_>, Instant) -> DbResult<T> + Send + 'static,
) -> tokio::task::JoinHandle<DbResult<T>> {
    let db = db.clone();
    let task = tokio::spawn(async move { db.write_in(lane, work).await });
    tokio::time::sleep(Duration::from_millis(15)).await;
    task
}

on_both!(an_error_leaves_nothing_behind, async |db: TestDb| {
    let refused: DbResult<()> = db
        .write(|tx, now| {
            put(tx, "half", "1")?;
            events::append(tx, Kind::ListingChanged, Uuid::now_v7(), &serde_json::json!({}), now)?;
            Err(DbError::Unusable("the house said no".into()))
        })
        .await;
    assert!(matches!(refused, Err(DbError::Unusable(_))));
    assert_eq!(setting(&db, "half").await, None);
    let events: Option<i64> = db.read(|conn| conn.first("SELECT COUNT(*) FROM events", &[], |row| row.get(0))).await.map_err(|e: DbError| e).unwrap();
    assert_eq!(events, Some(0));
});

on_both!(a_panic_is_an_answer_and_the_database_goes_on, async |db: TestDb| {
    for _ in 0..20 {
        let answer: DbResult<()> = db
            .write(|tx, _| {
                put(tx, "half", "1")?;
                panic!("on purpose")
            })
            .await;
        assert!(matches!(answer, Err(DbError::Panicked(_))), "{answer:?}");
    }
    assert_eq!(setting(&db, "half").await, None);
    db.write(|tx, _| put(tx, "whole", "1")).await.unwrap();
});

on_both!(the_clock_of_the_database_is_what_a_write_sees, async |db: TestDb| {
    db.clock.set("2031-02-03T04:05:06Z");
    let now = db.write(|_, now| Ok::<_, DbError>(now)).await.unwrap();
    assert_eq!(now.to_string(), "2031-02-03T04:05:06Z");
    assert_eq!(db.now(), now);
});

on_both!(sixty_four_writers_all_land_exactly_once, async |db: TestDb| {
    let commits = db.committed();
    let gate = if db.engine() == Engine::Sqlite { Some(Gate::shut(&db).await) } else { None };
    let mut writers = Vec::new();
    for n in 0..64 {
        let db = Db::clone(&db);
        writers.push(tokio::spawn(async move {
            db.write(move |tx, now| {
                put(tx, &format!("writer {n}"), "1")?;
                events::append(tx, Kind::ListingChanged, Uuid::now_v7(), &serde_json::json!({}), now)
            })
            .await
        }));
    }
    if let Some(gate) = gate {
        tokio::time::sleep(Duration::from_millis(100)).await;
        gate.open().await;
    }
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    let landed: Option<i64> =
        db.read(|conn| conn.first("SELECT COUNT(*) FROM instance WHERE name LIKE 'writer %'", &[], |row| row.get(0))).await.map_err(|e: DbError| e).unwrap();
    assert_eq!(landed, Some(64));
    if db.engine() == Engine::Sqlite {
        let transactions = *commits.borrow();
        assert!((1..=8).contains(&transactions), "64 jobs took {transactions} transactions");
    }
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neighbours_in_one_transaction_do_not_harm_each_other() {
    let db = TestDb::new(Engine::Sqlite).await;
    let gate = Gate::shut(&db).await;
    let first = queued(&db, Lane::Urgent, |tx, _| put(tx, "first", "1")).await;
    let panics = queued(&db, Lane::Urgent, |tx, _| -> DbResult<()> { put(tx, "panics", "1").map(|()| panic!("on purpose")) }).await;
    let refuses = queued(&db, Lane::Urgent, |tx, _| -> DbResult<()> { put(tx, "refuses", "1").and(Err(DbError::Full)) }).await;
    let collides = queued(&db, Lane::Urgent, |tx, _| put(tx, "collides", "1").and_then(|()| put(tx, "first", "2"))).await;
    let last = queued(&db, Lane::Urgent, |tx, _| put(tx, "last", "1")).await;
    gate.open().await;
    assert!(first.await.unwrap().is_ok());
    assert!(matches!(panics.await.unwrap(), Err(DbError::Panicked(text)) if text == "on purpose"));
    assert!(matches!(refuses.await.unwrap(), Err(DbError::Full)));
    assert!(matches!(collides.await.unwrap(), Err(DbError::Unique)));
    assert!(last.await.unwrap().is_ok());
    for (name, value) in [("first", Some("1")), ("panics", None), ("refuses", None), ("collides", None), ("last", Some("1"))] {
        assert_eq!(setting(&db, name).await.as_deref(), value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_transaction_is_run_again_job_by_job() {
    let db = TestDb::new(Engine::Sqlite).await;
    let gate = Gate::shut(&db).await;
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let before = queued(&db, Lane::Urgent, move |tx, _| {
        counted.fetch_add(1, SeqCst);
        put(tx, "before", "1")
    })
    .await;
    let refuses = queued(&db, Lane::Urgent, |_, _| Err::<(), _>(DbError::Unusable("no".into()))).await;
    let panics = queued(&db, Lane::Urgent, |_, _| -> DbResult<()> { panic!("on purpose") }).await;
    let asked = AtomicUsize::new(0);
    let wavers = queued(&db, Lane::Urgent, move |tx, _| match asked.fetch_add(1, SeqCst) {
        0 => Err(DbError::Unusable("not yet".into())),
        _ => put(tx, "wavers", "1"),
    })
    .await;
    let breaks = queued(&db, Lane::Urgent, |tx, _| tx.batch("ROLLBACK")).await;
    let after = queued(&db, Lane::Urgent, |tx, _| put(tx, "after", "1")).await;
    gate.open().await;
    assert!(before.await.unwrap().is_ok());
    assert!(matches!(refuses.await.unwrap(), Err(DbError::Unusable(text)) if text == "no"));
    assert!(matches!(panics.await.unwrap(), Err(DbError::Panicked(text)) if text == "on purpose"));
    assert!(wavers.await.unwrap().is_ok(), "what it said in the lost transaction is forgotten");
    assert_eq!(setting(&db, "wavers").await.as_deref(), Some("1"));
    assert!(matches!(breaks.await.unwrap(), Err(DbError::Engine(_))));
    assert!(after.await.unwrap().is_ok());
    assert_eq!(runs.load(SeqCst), 2, "once in the lost transaction, once alone");
    assert_eq!((setting(&db, "before").await.as_deref(), setting(&db, "after").await.as_deref()), (Some("1"), Some("1")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_postgres_gave_up_is_run_again_however_the_closure_words_it() {
    let db = TestDb::new(Engine::Postgres).await;
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let answer: DbResult<()> = db
        .write(move |tx, _| {
            put(tx, "tried", "1")?;
            match counted.fetch_add(1, SeqCst) {
                0 => {
                    let lost = tx.batch("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$");
                    lost.map_err(|_told_otherwise| DbError::Unusable("not today".into()))
                }
                _ => Ok(()),
            }
        })
        .await;
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!((runs.load(SeqCst), setting(&db, "tried").await.as_deref()), (2, Some("1")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bulk_work_lets_urgent_work_go_first() {
    let db = TestDb::new(Engine::Sqlite).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let gate = Gate::shut(&db).await;
    let mut tasks = Vec::new();
    for lane in [Lane::Bulk, Lane::Bulk, Lane::Bulk, Lane::Urgent, Lane::Urgent] {
        let order = Arc::clone(&order);
        tasks.push(
            queued(&db, lane, move |_, _| {
                order.lock().unwrap().push(lane);
                Ok(())
            })
            .await,
        );
    }
    gate.open().await;
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [Lane::Urgent, Lane::Urgent, Lane::Bulk, Lane::Bulk, Lane::Bulk]);
}

on_both!(a_caller_who_leaves_does_no_harm, async |db: TestDb| {
    let gone = tokio::time::timeout(
        Duration::from_millis(20),
        db.write(|tx, _| {
            put(tx, "gone", "1")?;
            std::thread::sleep(Duration::from_millis(100));
            Ok::<_, DbError>(())
        }),
    )
    .await;
    assert!(gone.is_err(), "the caller was to lose patience");
    db.write(|tx, _| put(tx, "next", "1")).await.unwrap();
    for _ in 0..100 {
        if setting(&db, "gone").await.is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("what was queued is written all the same");
});

on_both!(the_last_handle_may_be_inside_a_write, async |db: TestDb| {
    let node = db.another_node().await.unwrap();
    let (inner, sent) = (node.clone(), node);
    let task = tokio::spawn(async move {
        let work = sent.write(move |tx, _| {
            std::thread::sleep(Duration::from_millis(60));
            put(tx, if inner.engine() == Engine::Sqlite { "sqlite" } else { "postgres" }, "1")
        });
        tokio::time::timeout(Duration::from_millis(10), work).await.is_err()
    });
    assert!(task.await.unwrap(), "the caller and its handle are gone while the write runs");
    tokio::time::sleep(Duration::from_millis(200)).await;
    db.write(|tx, _| put(tx, "still here", "1")).await.unwrap();
    assert!(setting(&db, "sqlite").await.or(setting(&db, "postgres").await).is_some());
});

on_both!(closing_finishes_what_waits, async |db: TestDb| {
    let node = db.another_node().await.unwrap();
    let mut tasks = Vec::new();
    for n in 0..10 {
        tasks.push(queued(&node, Lane::Bulk, move |tx, _| put(tx, &format!("waits {n}"), "1")).await);
    }
    off_thread(move || drop(node)).await;
    for task in tasks {
        task.await.unwrap().unwrap();
    }
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_settled_and_both_writes_are_done() {
    let db = TestDb::new(Engine::Postgres).await;
    rivals(&db, "", |tx, (mine, theirs), meet| {
        add_one(tx, mine)?;
        meet();
        add_one(tx, theirs)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serialisation_conflict_is_settled_and_both_writes_are_done() {
    let db = TestDb::new(Engine::Postgres).await;
    rivals(&db, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", |tx, _, meet| {
        tx.first("SELECT value FROM instance WHERE name = 'a'", &[], |row| row.get::<String>(0))?;
        meet();
        add_one(tx, "a")?;
        add_one(tx, "b")
    })
    .await;
}

/// What a rival does: its keys in its own order, and a call that waits for the other one.
type Rival = fn(&mut Tx<'_>, (&str, &str), &dyn Fn()) -> DbResult<()>;

/// Two writers that meet half way in their first attempt, each adding one to `a` and to `b`.
async fn rivals(db: &Db, begin: &'static str, work: Rival) {
    db.write(|tx, _| put(tx, "a", "0").and_then(|()| put(tx, "b", "0"))).await.unwrap();
    let (attempts, meeting) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(2)));
    let mut tasks = Vec::new();
    for order in [("a", "b"), ("b", "a")] {
        let (db, attempts, meeting) = (db.clone(), Arc::clone(&attempts), Arc::clone(&meeting));
        tasks.push(tokio::spawn(async move {
            db.write(move |tx, _| {
                let first = attempts.fetch_add(1, SeqCst) < 2;
                tx.batch(begin)?;
                work(tx, order, &|| {
                    if first {
                        meeting.wait();
                    }
                })
            })
            .await
        }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(attempts.load(SeqCst) > 2, "they were to collide");
    assert_eq!((setting(db, "a").await.as_deref(), setting(db, "b").await.as_deref()), (Some("2"), Some("2")));
}

fn add_one(tx: &mut Tx<'_>, name: &str) -> DbResult<()> {
    tx.execute("UPDATE instance SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = $1", &[name.into()]).map(drop)
}
