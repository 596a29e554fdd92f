//! Storing jobs: in the caller's transaction, once for a key, and calling them off.

use super::stage::{counts, put, put_with, run_due, runner};
use crate::support::{TestDb, off_thread, on_both};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use stopover::platform::db::{Db, DbError, DbResult, Lane};
use stopover::platform::jobs::{Failure, Job, cancel, enqueue};

on_both!(a_job_runs_once_with_its_payload_and_is_gone, async |db: TestDb| {
    let seen = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let jobs = runner(&db, "tell", move |order| {
        noted.lock().push((order.payload["n"].as_i64().unwrap(), order.attempt, order.now, order.created_at));
        Ok(())
    });
    let begun = db.now();
    assert!(put_with(&db, "tell", None, json!({ "n": 2 }), 3_600).await);
    assert!(put_with(&db, "tell", None, json!({ "n": 1 }), 0).await);
    assert_eq!(run_due(&jobs).await, 1, "the other is not due");
    db.clock.advance_seconds(3_600);
    assert_eq!(run_due(&jobs).await, 1);
    assert_eq!(run_due(&jobs).await, 0);
    assert_eq!(*seen.lock(), [(1, 1, begun, begun), (2, 1, begun.plus_seconds(3_600), begun)]);
    assert_eq!(counts(&db).await, [0, 0, 0], "what is done is deleted");
});

on_both!(a_job_stands_and_falls_with_its_transaction, async |db: TestDb| {
    let undone: DbResult<()> = db
        .write(|tx, now| {
            enqueue(tx, now, &Job { kind: "tell", key: None, payload: json!({}), run_at: now })?;
            Err(DbError::Unusable("changed my mind".into()))
        })
        .await;
    assert!(undone.is_err());
    assert_eq!(counts(&db).await, [0, 0, 0]);
    let bare: DbResult<bool> = db.write(|tx, now| enqueue(tx, now, &Job { kind: "tell", key: None, payload: json!(7), run_at: now })).await;
    assert!(bare.unwrap_err().to_string().contains("no object"));
});

on_both!(a_key_is_unique_while_its_job_waits_or_runs, async |db: TestDb| {
    assert!(put(&db, "tell", Some("ada")).await);
    assert!(!put(&db, "tell", Some("ada")).await, "waits");
    assert!(put(&db, "tell", Some("bo")).await && put(&db, "ask", Some("ada")).await);
    assert!(put(&db, "tell", None).await && put(&db, "tell", None).await);
    assert_eq!(counts(&db).await, [5, 0, 0]);
    let inside = Arc::new(AtomicUsize::new(0));
    let (refused, writing) = (Arc::clone(&inside), Db::clone(&db));
    let jobs = runner(&db, "tell", move |_| {
        let again = writing.write_blocking(Lane::Urgent, |tx, now| {
            let job = Job { kind: "tell", key: Some("ada".into()), payload: json!({}), run_at: now.plus_seconds(60) };
            DbResult::Ok(!enqueue(tx, now, &job)?)
        })?;
        refused.fetch_add(usize::from(again), SeqCst);
        Err(Failure::Never("so be it".into()))
    });
    assert_eq!(run_due(&jobs).await, 4);
    // Refused while ada's ran; stored by the next, for a dead one does not count; refused twice more.
    assert_eq!(inside.load(SeqCst), 3);
    assert_eq!(counts(&db).await, [2, 0, 4], "ada's new one and the kind that nobody handles here");
});

on_both!(a_waiting_job_can_be_called_off, async |db: TestDb| {
    let call_off = async |key: &'static str| -> bool { db.write(move |tx, _| cancel(tx, "erase", key)).await.map_err(|e: DbError| e).unwrap() };
    put_with(&db, "erase", Some("ada"), json!({}), 86_400).await;
    assert!(!call_off("bo").await);
    assert!(call_off("ada").await);
    assert!(!call_off("ada").await);
    assert!(put(&db, "erase", Some("ada")).await);
    let (writing, refused) = (Db::clone(&db), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&refused);
    let jobs = runner(&db, "erase", move |_| {
        let off = writing.write_blocking(Lane::Urgent, |tx, _| cancel(tx, "erase", "ada"))?;
        counted.fetch_add(usize::from(!off), SeqCst);
        Ok(())
    });
    assert_eq!(run_due(&jobs).await, 1);
    assert_eq!(refused.load(SeqCst), 1, "one that runs cannot be called off");
    let two = std::panic::AssertUnwindSafe(|| runner_with_two_of_a_kind(&db));
    assert!(std::panic::catch_unwind(two).is_err());
    off_thread(|| ()).await;
});

fn runner_with_two_of_a_kind(db: &TestDb) {
    use super::stage::worker;
    use stopover::platform::jobs::Jobs;
    drop(Jobs::new(Db::clone(db), vec![Box::new(worker("x", |_| Ok(()))), Box::new(worker("x", |_| Ok(())))]));
}
