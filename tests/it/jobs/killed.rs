//! Workers that die in the middle, at random: each effect happens once, and no job is lost.

use super::stage::{Worker, counts, eventually};
use crate::support::{TestDb, long, on_both};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use stopover::platform::db::{Db, DbError, DbResult, Engine, Lane, Value};
use stopover::platform::jobs::{Failure, Handler, Job, Jobs, Order, enqueue};
use stopover::platform::tasks::Running;

/// What the workers write: `once` in the transaction that ends the job, `by_key` before it and guarded by its key.
const TABLES: &str = "CREATE TABLE once (n BIGINT NOT NULL); CREATE TABLE by_key (n BIGINT PRIMARY KEY)";

#[derive(Default)]
struct Counters {
    runs: AtomicUsize,
    taken_over: AtomicUsize,
    hanging: AtomicUsize,
    morning: AtomicBool,
}

/// Writes a number; dawdles, panics, fails, and a few times hangs as if its machine had stopped.
fn work(db: &Db, counters: &Counters, order: &Order) -> Result<(), Failure> {
    let n = order.payload["n"].as_i64().unwrap();
    counters.runs.fetch_add(1, SeqCst);
    if order.attempt == 1 {
        match n {
            _ if n % 331 == 0 => {
                counters.hanging.fetch_add(1, SeqCst);
                while !counters.morning.load(SeqCst) {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            _ if n % 53 == 0 => panic!("on purpose"),
            _ if n % 37 == 0 => return Err(Failure::Later("on purpose".into())),
            _ => {}
        }
    }
    std::thread::sleep(Duration::from_micros(rand::random_range(0..3_000)));
    let by_key: DbResult<u64> =
        db.write_blocking(Lane::Urgent, move |tx, _| tx.execute("INSERT INTO by_key (n) VALUES ($1) ON CONFLICT (n) DO NOTHING", &[n.into()]));
    by_key?;
    let lease = order.lease;
    let once: DbResult<()> = db.write_blocking(Lane::Urgent, move |tx, _| {
        lease.finish(tx)?;
        tx.execute("INSERT INTO once (n) VALUES ($1)", &[n.into()])?;
        Ok(())
    });
    counters.taken_over.fetch_add(usize::from(once.is_err()), SeqCst);
    Ok(once?)
}

on_both!(workers_die_at_random_and_each_effect_happens_once, async |db: TestDb| {
    let jobs: i64 = if long() { 10_000 } else { 2_000 };
    let nodes = match db.engine() {
        Engine::Sqlite => [Db::clone(&db), Db::clone(&db)],
        Engine::Postgres => [Db::clone(&db), db.another_node().await.unwrap()],
    };
    let stored: DbResult<()> = db
        .write(move |tx, now| {
            tx.batch(TABLES)?;
            for n in 1..=jobs {
                enqueue(tx, now, &Job { kind: "write", key: Some(n.to_string()), payload: json!({ "n": n }), run_at: now })?;
            }
            Ok(())
        })
        .await;
    stored.unwrap();
    let counters = Arc::new(Counters::default());
    let runners: Vec<Running> = nodes.iter().map(|node| Running::start(vec![runner(node, &counters).task()])).collect();
    // Failed jobs rest by this clock, which goes a thousand times as fast; so leases run out under whoever is slow.
    eventually("the last job", async || {
        db.clock.advance_seconds(1);
        steal(&db).await;
        counts(&db).await[..2] == [0, 0]
    })
    .await;
    counters.morning.store(true, SeqCst);
    for runner in runners {
        runner.stop(Duration::from_secs(10)).await;
    }
    let [runs, taken_over, hanging] = [&counters.runs, &counters.taken_over, &counters.hanging].map(|c| c.load(SeqCst));
    assert!(runs > usize::try_from(jobs).unwrap() && taken_over >= hanging && hanging > 0, "{runs} runs, {taken_over} taken over, {hanging} hung");
    let all: BTreeSet<i64> = (1..=jobs).collect();
    for table in ["once", "by_key"] {
        let found: DbResult<Vec<i64>> = db.read(move |conn| conn.query(&format!("SELECT n FROM {table}"), &[], |row| row.get(0))).await;
        let found = found.unwrap();
        assert_eq!(found.len(), all.len(), "{table}: each effect once");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), all, "{table}: none lost");
    }
    assert_eq!(counts(&db).await, [0, 0, 0]);
});

fn runner(db: &Db, counters: &Arc<Counters>) -> Jobs {
    let (node, counters) = (db.clone(), Arc::clone(counters));
    let handler: Box<dyn Handler> = Box::new(Worker { kind: "write", at_once: 8, tries: 1_000, work: move |order: &Order| work(&node, &counters, order) });
    Jobs::new(db.clone(), vec![handler])
}

/// Takes the lease of some running jobs away, as if their workers had not been heard of for a minute.
async fn steal(db: &Db) {
    let stolen: Result<(), DbError> = db
        .write(|tx, now| {
            let running: Vec<uuid::Uuid> = tx.query("SELECT id FROM jobs WHERE state = 'running'", &[], |row| row.get(0))?;
            for id in running.into_iter().filter(|_| rand::random_range(0..4) == 0) {
                tx.execute("UPDATE jobs SET lease_until = $2 WHERE id = $1 AND state = 'running'", &[id.into(), Value::Instant(now.plus_seconds(-1))])?;
            }
            Ok(())
        })
        .await;
    stolen.unwrap();
}
