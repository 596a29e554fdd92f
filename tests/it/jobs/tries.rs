//! What happens to jobs that fail, and to those whose time the clock has moved.

use super::stage::{counts, only, put, put_with, run_due, runner, worker};
use crate::support::{TestDb, off_thread, on_both, uses_index};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use stopover::platform::db::{Db, DbError, DbResult, Lane, Value};
use stopover::platform::jobs::{DeadJob, EXPIRED, Failure, Jobs, LIST_DEAD, NEXT, check, every, list_dead, retry};
use stopover::values::Instant;
use uuid::Uuid;

async fn dead(db: &TestDb, after: Option<Uuid>, limit: i64) -> Vec<DeadJob> {
    db.read(move |conn| list_dead(conn, after, limit)).await.map_err(|e: DbError| e).unwrap()
}

async fn told(db: &TestDb) -> Result<String, String> {
    let db = Db::clone(db);
    off_thread(move || check(&db)).await
}

async fn try_again(db: &TestDb, id: Uuid) -> bool {
    db.write(move |tx, _| retry(tx, id)).await.map_err(|e: DbError| e).unwrap()
}

on_both!(a_failing_job_rests_longer_each_time_and_is_given_up_after_twelve, async |db: TestDb| {
    let jobs = runner(&db, "tell", |_| Err(Failure::Later("the line is busy".into())));
    put(&db, "tell", None).await;
    for attempt in 1..12_u32 {
        let now = db.now();
        assert_eq!(run_due(&jobs).await, 1, "attempt {attempt}");
        let (attempts, run_at, error) = only(&db).await;
        assert_eq!((attempts, error.as_deref()), (i64::from(attempt), Some("the line is busy")));
        let (pause, whole) = (run_at.0 - now.0, Instant::SECOND << (attempt - 1));
        assert!(pause > whole * 79 / 100 && pause <= whole, "attempt {attempt}: {pause} of {whole}");
        assert_eq!(run_due(&jobs).await, 0, "not before its time");
        db.clock.advance_seconds(whole / Instant::SECOND);
    }
    assert_eq!(run_due(&jobs).await, 1);
    assert_eq!(counts(&db).await, [0, 0, 1]);
    db.clock.advance_seconds(86_400);
    assert_eq!(run_due(&jobs).await, 0, "dead is dead");
    let [letter] = &dead(&db, None, 10).await[..] else { panic!() };
    assert_eq!((letter.kind.as_str(), letter.attempts, letter.error.as_str()), ("tell", 12, "the line is busy"));
});

on_both!(dead_letters_can_be_seen_and_retried, async |db: TestDb| {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let jobs = runner(&db, "tell", move |order| {
        counted.fetch_add(1, SeqCst);
        if order.payload["hopeless"] == true && counted.load(SeqCst) <= 3 { Err(Failure::Never(format!("{}\0", "é".repeat(400)))) } else { Ok(()) }
    });
    for key in ["a", "b", "c"] {
        put_with(&db, "tell", Some(key), json!({ "hopeless": true }), 0).await;
    }
    assert_eq!(run_due(&jobs).await, 3, "no second try for the hopeless");
    let first = dead(&db, None, 2).await;
    let rest = dead(&db, Some(first[1].id), 2).await;
    assert_eq!([&first[0].key, &first[1].key, &rest[0].key].map(|k| k.as_deref().unwrap()), ["a", "b", "c"]);
    assert!(rest.len() == 1 && first[0].error.len() == 500, "{first:?}");
    assert!(told(&db).await.unwrap().contains("3 dead"));

    assert!(put(&db, "tell", Some("a")).await, "a dead one does not keep its key");
    assert!(!try_again(&db, first[0].id).await, "another one with its key waits");
    assert!(try_again(&db, first[1].id).await && !try_again(&db, first[1].id).await);
    assert!(!try_again(&db, Uuid::now_v7()).await);
    assert_eq!(run_due(&jobs).await, 2);
    assert_eq!(counts(&db).await, [0, 0, 2]);
    assert!(try_again(&db, first[0].id).await, "its key is free again");
});

on_both!(a_poisoned_job_does_not_hold_up_the_others, async |db: TestDb| {
    let done = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&done);
    let jobs = runner(&db, "tell", move |order| {
        assert!(order.payload["poison"] != true, "poison");
        counted.fetch_add(1, SeqCst);
        Ok(())
    });
    put_with(&db, "tell", Some("poison"), json!({ "poison": true }), 0).await;
    for _ in 0..20 {
        put(&db, "tell", None).await;
    }
    assert_eq!(run_due(&jobs).await, 21);
    assert_eq!(done.load(SeqCst), 20);
    let (attempts, _, error) = only(&db).await;
    assert!(attempts == 1 && error.unwrap().contains("panicked"));
});

on_both!(periodic_work_comes_again_and_never_dies, async |db: TestDb| {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let work = move |_: &stopover::platform::jobs::Order| {
        // The second to the twentieth time fails.
        if (1..20).contains(&counted.fetch_add(1, SeqCst)) { Err(Failure::Never("no".into())) } else { Ok(()) }
    };
    let jobs = Jobs::new(Db::clone(&db), vec![every("sweep", Duration::from_secs(600), work)]);
    assert_eq!(run_due(&jobs).await, 0, "not at the first start");
    db.clock.advance_seconds(600);
    assert_eq!((run_due(&jobs).await, run_due(&jobs).await), (1, 0));
    db.clock.advance_seconds(599);
    assert_eq!(run_due(&jobs).await, 0);
    db.clock.advance_seconds(1);
    for n in 0..19 {
        assert_eq!(run_due(&jobs).await, 1, "{n}");
        assert_eq!(told(&db).await.is_err(), n >= 5, "doctor tells of a sweeper that fails");
        db.clock.advance_seconds(600);
    }
    assert_eq!(run_due(&jobs).await, 1);
    let (attempts, run_at, error) = only(&db).await;
    assert_eq!((attempts, run_at, error), (0, db.now().plus_seconds(600), None));
    // A release that wants it more often does not wait for the old turn.
    let jobs = Jobs::new(Db::clone(&db), vec![every("sweep", Duration::from_secs(60), |_| Ok(()))]);
    assert_eq!(run_due(&jobs).await, 0);
    assert_eq!(only(&db).await.1, db.now().plus_seconds(60));
});

on_both!(a_wrong_clock_loses_no_job, async |db: TestDb| {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let handlers = |counted: Arc<AtomicUsize>| -> Jobs {
        let work = move |order: &stopover::platform::jobs::Order| {
            counted.fetch_add(1, SeqCst);
            if order.payload["fails"] == true && order.attempt == 1 { Err(Failure::Later("once".into())) } else { Ok(()) }
        };
        Jobs::new(Db::clone(&db), vec![Box::new(worker("tell", work)), every("sweep", Duration::from_secs(600), |_| Ok(()))])
    };
    let jobs = handlers(counted);
    put_with(&db, "tell", None, json!({ "right": "time" }), 3_600).await;
    put_with(&db, "tell", None, json!({ "fails": true }), 86_400).await;
    db.clock.set("2046-06-01T12:00:00Z");
    put_with(&db, "tell", None, json!({ "wrong": "time" }), 0).await;
    put_with(&db, "tell", None, json!({ "wrong": "later" }), 3_600).await;
    assert_eq!(run_due(&jobs).await, 3, "two that seem overdue, one that is due");
    assert_eq!(runs.load(SeqCst), 3);
    db.clock.set("2026-06-01T12:00:00Z");
    assert_eq!(run_due(&jobs).await, 1, "the one that failed under the wrong clock");
    db.clock.advance_seconds(600);
    assert_eq!(run_due(&jobs).await, 1, "the periodic one");
    db.clock.advance_seconds(3_000);
    assert_eq!(run_due(&jobs).await, 2, "an hour after it was stored, by whatever clock; and the periodic one");
    assert_eq!(runs.load(SeqCst), 5);
    // A worker that died under the wrong clock left a lease that would stand for twenty years.
    put(&db, "tell", None).await;
    let stolen: DbResult<u64> = db
        .write(|tx, now| {
            let far = Value::Instant(now.plus_seconds(20 * 365 * 86_400));
            tx.execute("UPDATE jobs SET state = 'running', attempts = 1, lease = id, lease_until = $1 WHERE kind = 'tell'", &[far])
        })
        .await;
    assert_eq!(stolen.unwrap(), 1);
    assert_eq!(run_due(&jobs).await, 1);
});

on_both!(the_statements_of_the_runner_use_indexes, async |db: TestDb| {
    let (now, far) = (Value::Instant(db.now()), Value::Instant(db.now().plus_seconds(120)));
    uses_index(&db, NEXT, vec!["tell".into(), now.clone(), 5_i64.into()]).await;
    uses_index(&db, EXPIRED, vec![now, far]).await;
    uses_index(&db, LIST_DEAD, vec![Uuid::nil().into(), 5_i64.into()]).await;
    // A worker that vanished for good: its tries count, and come to an end.
    put(&db, "tell", None).await;
    let jobs = runner(&db, "tell", |_| Ok(()));
    let vanished = |attempts: i64| {
        db.write_blocking(Lane::Urgent, move |tx, now| {
            let values = [Value::Instant(now.plus_seconds(-1)), attempts.into()];
            tx.execute("UPDATE jobs SET state = 'running', attempts = $2, lease = id, lease_until = $1", &values)
        })
    };
    let gone: DbResult<u64> = tokio::task::block_in_place(|| vanished(12));
    assert_eq!(gone.unwrap(), 1);
    assert_eq!(run_due(&jobs).await, 0);
    assert_eq!(dead(&db, None, 1).await[0].error, "its worker vanished");
});
