//! The runner beside a server: wakes at once, keeps kinds apart, returns what is unfinished.

use super::stage::{Worker, counts, eventually, only, put, put_with, run_due, worker};
use crate::support::{TestDb, on_both};
use prometheus::Registry;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};
use stopover::platform::db::{Db, DbError, DbResult, Tx};
use stopover::platform::jobs::{Failure, Handler, Jobs, Order, every};
use stopover::platform::tasks::Running;

const PATIENCE: Duration = Duration::from_secs(10);

fn counting(kind: &'static str) -> (Arc<AtomicUsize>, Box<dyn Handler>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let work = move |_: &Order| {
        counted.fetch_add(1, SeqCst);
        Ok(())
    };
    (count, Box::new(worker(kind, work)))
}

/// Holds stuck handlers until it is dropped, by a failed test too.
struct Gate(Arc<AtomicBool>);

impl Drop for Gate {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// Waits for the gate.
fn stuck(kind: &'static str, at_once: usize) -> (Gate, Arc<AtomicUsize>, Box<dyn Handler>) {
    let (gate, begun) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (open, counted) = (Arc::clone(&gate), Arc::clone(&begun));
    let work = move |_: &Order| {
        counted.fetch_add(1, SeqCst);
        while !open.load(SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    };
    (Gate(gate), begun, Box::new(Worker { kind, at_once, tries: 12, work }))
}

on_both!(a_commit_wakes_the_runner_at_once, async |db: TestDb| {
    let (count, handler) = counting("tell");
    let jobs = Running::start(vec![Jobs::new(Db::clone(&db), vec![handler]).task()]);
    put(&db, "tell", None).await;
    eventually("the first job", async || count.load(SeqCst) == 1).await;
    let begun = Instant::now();
    for n in 2..=10 {
        put(&db, "tell", None).await;
        eventually("the next job", async || count.load(SeqCst) == n).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "nine polls take nine seconds: {:?}", begun.elapsed());
    // What another node stored, and what becomes due, is found by looking.
    put_with(&db, "tell", None, json!({}), 60).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(count.load(SeqCst), 10);
    db.clock.advance_seconds(60);
    eventually("the one that became due", async || count.load(SeqCst) == 11).await;
    jobs.stop(PATIENCE).await;
});

on_both!(a_kind_that_is_stuck_leaves_room_for_the_others, async |db: TestDb| {
    let (gate, begun, slow) = stuck("slow", 2);
    let (count, quick) = counting("quick");
    let jobs = Running::start(vec![Jobs::new(Db::clone(&db), vec![slow, quick]).task()]);
    for _ in 0..30 {
        put(&db, "slow", None).await;
    }
    eventually("the slow ones", async || begun.load(SeqCst) == 2).await;
    for _ in 0..30 {
        put(&db, "quick", None).await;
    }
    put(&db, "unheard of", None).await;
    eventually("the quick ones", async || count.load(SeqCst) == 30).await;
    eventually("28 slow ones to wait, and one that is for another release", async || counts(&db).await == [29, 2, 0]).await;
    assert_eq!(begun.load(SeqCst), 2, "two at once");
    drop(gate);
    eventually("the rest", async || counts(&db).await == [1, 0, 0]).await;
    jobs.stop(PATIENCE).await;
});

on_both!(the_end_of_the_server_returns_what_is_unfinished, async |db: TestDb| {
    let (gate, begun, slow) = stuck("slow", 1);
    let noticed = worker("heedful", |order: &Order| {
        while !order.should_stop() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(Failure::Later("the server stops".into()))
    });
    let jobs = Running::start(vec![Jobs::new(Db::clone(&db), vec![slow]).task(), Jobs::new(Db::clone(&db), vec![Box::new(noticed)]).task()]);
    put(&db, "slow", None).await;
    put(&db, "heedful", None).await;
    eventually("both to run", async || counts(&db).await == [0, 2, 0] && begun.load(SeqCst) == 1).await;
    jobs.stop(PATIENCE).await;
    assert_eq!(counts(&db).await, [2, 0, 0]);
    // What has been returned is another's to run; the late answer of the first changes nothing.
    let (count, handler) = counting("slow");
    let next = Running::start(vec![Jobs::new(Db::clone(&db), vec![handler]).task()]);
    eventually("the slow one", async || count.load(SeqCst) == 1).await;
    next.stop(PATIENCE).await;
    drop(gate);
    let (attempts, _, error) = only(&db).await;
    assert_eq!((attempts, error), (0, None), "a stop is no failed try");
});

on_both!(a_jump_of_the_clock_takes_no_job_from_a_living_worker, async |db: TestDb| {
    let (gate, begun, slow) = stuck("slow", 2);
    let jobs = Running::start(vec![Jobs::new(Db::clone(&db), vec![slow]).task()]);
    put(&db, "slow", None).await;
    eventually("it to run", async || begun.load(SeqCst) == 1).await;
    for time in ["2046-06-01T12:00:00Z", "2016-06-01T12:00:00Z", "2026-06-01T12:00:00Z"] {
        db.clock.set(time);
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        assert_eq!(begun.load(SeqCst), 1, "{time}");
    }
    drop(gate);
    eventually("the end of it", async || counts(&db).await == [0, 0, 0]).await;
    jobs.stop(PATIENCE).await;
});

on_both!(a_lease_renewed_at_the_last_moment_stands, async |db: TestDb| {
    let (count, handler) = counting("tell");
    put(&db, "tell", None).await;
    let set = "UPDATE jobs SET state = 'running', attempts = 1, lease = $1, lease_until = $2";
    let lease = uuid::Uuid::new_v4();
    let taken: DbResult<u64> = db.write(move |tx, now| tx.execute(set, &[lease.into(), now.plus_seconds(30).into()])).await;
    assert_eq!(taken.unwrap(), 1);
    let jobs = Running::start(vec![Jobs::new(Db::clone(&db), vec![handler]).task()]);
    tokio::time::sleep(Duration::from_millis(500)).await;
    // The runner meets the old lease while this is under way, and waits with its write until it is done.
    let (renewing, under_way) = (Db::clone(&db), Arc::new(AtomicBool::new(false)));
    let begun = Arc::clone(&under_way);
    let renewed = tokio::spawn(async move {
        let renew = move |tx: &mut Tx<'_>, now: stopover::values::Instant| {
            let done = tx.execute(set, &[lease.into(), now.plus_seconds(100).into()]);
            begun.store(true, SeqCst);
            std::thread::sleep(Duration::from_millis(2_200));
            done
        };
        renewing.write::<u64, DbError, _>(renew).await
    });
    eventually("the renewal to be under way", async || under_way.load(SeqCst)).await;
    db.clock.advance_seconds(40);
    assert_eq!(renewed.await.unwrap().unwrap(), 1);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!((count.load(SeqCst), counts(&db).await), (0, [0, 1, 0]));
    // Nobody renews it again.
    db.clock.advance_seconds(120);
    eventually("another to run it", async || count.load(SeqCst) == 1).await;
    jobs.stop(PATIENCE).await;
});

on_both!(two_nodes_do_periodic_work_once, async |db: TestDb| {
    let count = Arc::new(AtomicUsize::new(0));
    let node = async || {
        let (counted, db) = (Arc::clone(&count), db.another_node().await.unwrap());
        let work = move |_: &Order| {
            counted.fetch_add(1, SeqCst);
            Ok(())
        };
        Running::start(vec![Jobs::new(db, vec![every("sweep", Duration::from_secs(3_600), work)]).task()])
    };
    let nodes = [node().await, node().await];
    eventually("the job to be there", async || counts(&db).await == [1, 0, 0]).await;
    for turn in 1..=3 {
        db.clock.advance_seconds(3_600);
        eventually("the turn", async || count.load(SeqCst) >= turn).await;
        // A clock that jumped an hour on before the end of the turn was written would let its lease run out.
        eventually("the end of it", async || counts(&db).await == [1, 0, 0]).await;
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        assert_eq!(count.load(SeqCst), turn);
    }
    for node in nodes {
        node.stop(PATIENCE).await;
    }
});

on_both!(the_jobs_are_counted, async |db: TestDb| {
    let work = |order: &Order| match order.payload["end"].as_str() {
        Some("later") => Err(Failure::Later("x".into())),
        Some("never") => Err(Failure::Never("x".into())),
        _ => Ok(()),
    };
    for end in ["well", "later", "never"] {
        put_with(&db, "tell", None, json!({ "end": end }), 0).await;
    }
    let registry = Registry::new();
    let jobs = Jobs::new(Db::clone(&db), vec![Box::new(worker("tell", work))]);
    jobs.register(&registry).unwrap();
    assert!(jobs.register(&registry).is_err());
    let text = || prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    run_due(&jobs).await;
    for line in ["jobs_done_total{kind=\"tell\"} 1", "jobs_failed_total{kind=\"tell\"} 2", "jobs_dead_total{kind=\"tell\"} 1"] {
        assert!(text().contains(line), "{line}\n{}", text());
    }
    let running = Running::start(vec![jobs.task()]);
    eventually("the gauges", async || text().contains("jobs_dead_letters 1") && text().contains("jobs_due{kind=\"tell\"} 0")).await;
    running.stop(PATIENCE).await;
});
