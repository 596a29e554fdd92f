//! Handlers made of closures, and a look into the table.

use crate::support::{TestDb, off_thread};
use serde_json::{Value as JsonValue, json};
use stopover::platform::db::{Db, DbResult};
use stopover::platform::jobs::{Failure, Handler, Holdings, Job, Jobs, Order, enqueue, holdings};
use stopover::values::Instant;

/// A handler of `kind`; all else can be changed.
pub(super) struct Worker<F> {
    pub(super) kind: &'static str,
    pub(super) at_once: usize,
    pub(super) tries: i64,
    pub(super) work: F,
}

pub(super) fn worker<F: Fn(&Order) -> Result<(), Failure>>(kind: &'static str, work: F) -> Worker<F> {
    Worker { kind, at_once: 2, tries: 12, work }
}

impl<F: Fn(&Order) -> Result<(), Failure> + Send + Sync> Handler for Worker<F> {
    fn kind(&self) -> &'static str {
        self.kind
    }
    fn run(&self, order: &Order) -> Result<(), Failure> {
        (self.work)(order)
    }
    fn at_once(&self) -> usize {
        self.at_once
    }
    fn tries(&self) -> i64 {
        self.tries
    }
}

/// A runner with one handler.
pub(super) fn runner(db: &TestDb, kind: &'static str, work: impl Fn(&Order) -> Result<(), Failure> + Send + Sync + 'static) -> Jobs {
    Jobs::new(Db::clone(db), vec![Box::new(worker(kind, work))])
}

pub(super) async fn run_due(jobs: &Jobs) -> usize {
    let jobs = jobs.clone();
    off_thread(move || jobs.run_due()).await
}

/// Stores a job that is due now.
pub(super) async fn put(db: &Db, kind: &'static str, key: Option<&str>) -> bool {
    put_with(db, kind, key, json!({}), 0).await
}

/// Stores a job that is due in some seconds.
pub(super) async fn put_with(db: &Db, kind: &'static str, key: Option<&str>, payload: JsonValue, in_seconds: i64) -> bool {
    let key = key.map(str::to_owned);
    let stored: DbResult<bool> = db
        .write(move |tx, now| {
            let job = Job { kind, key: key.clone(), payload: payload.clone(), run_at: now.plus_seconds(in_seconds) };
            enqueue(tx, now, &job)
        })
        .await;
    stored.unwrap()
}

/// How many jobs wait, run and are dead.
pub(super) async fn counts(db: &Db) -> [i64; 3] {
    let found: DbResult<Holdings> = db.read(holdings).await;
    let Holdings { waiting, running, dead, .. } = found.unwrap();
    [waiting, running, dead]
}

/// Attempts, due time and last error of the only job.
pub(super) async fn only(db: &Db) -> (i64, Instant, Option<String>) {
    let rows: DbResult<Vec<_>> =
        db.read(|conn| conn.query("SELECT attempts, run_at, last_error FROM jobs", &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))).await;
    let mut rows = rows.unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

/// Waits until `done` holds; fails after half a minute.
pub(super) async fn eventually(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..3_000 {
        if done().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen in time");
}
