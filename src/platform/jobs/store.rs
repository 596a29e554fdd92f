//! SQL of the jobs. What changes a running job names its lease, so that a run that was thought dead changes nothing.

use super::{Job, Lease, periodic};
use crate::platform::db::{Conn, DbError, DbResult, Engine, Json, Tx};
use crate::values::Instant;
use serde_json::Value;
use uuid::Uuid;

/// A queue longer than this is "at least this long" in the metrics.
pub(super) const DEPTH_COUNTED: i64 = 10_000;
/// Longer error texts are cut.
const LONGEST_ERROR: usize = 500;
/// A row that claims to be from later than this was stored under a wrong clock.
const CLOCK_SLACK_SECONDS: i64 = 300;
/// Longer than any pause after a failure.
const LONGEST_PAUSE_SECONDS: i64 = 3_600;
/// Tries of a periodic job after which `doctor` speaks of trouble.
const STRUGGLING: i64 = 6;

/// Stores a job in the caller's transaction; `false` when one with this key waits or runs already.
pub fn enqueue(tx: &mut Tx<'_>, now: Instant, job: &Job) -> DbResult<bool> {
    const INSERT: &str = "INSERT INTO jobs (id, kind, unique_key, payload, state, run_at, attempts, created_at)
        VALUES ($1, $2, $3, $4, 'waiting', $5, 0, $6) ON CONFLICT DO NOTHING";
    if !job.payload.is_object() {
        return Err(DbError::Unusable(format!("the payload of a job {} is no object", job.kind)));
    }
    let (key, payload) = (job.key.clone(), Json(job.payload.to_string()));
    let stored = tx.execute(INSERT, &[Uuid::now_v7().into(), job.kind.into(), key.into(), payload.into(), job.run_at.into(), now.into()])?;
    tx.mark_jobs();
    Ok(stored == 1)
}

/// Removes the waiting job of a key; `false` when none waits (it may run already).
pub fn cancel(tx: &mut Tx<'_>, kind: &str, key: &str) -> DbResult<bool> {
    Ok(tx.execute("DELETE FROM jobs WHERE kind = $1 AND unique_key = $2 AND state = 'waiting'", &[kind.into(), key.into()])? > 0)
}

/// Removes the jobs of a kind that no run holds (waiting or dead) and whose payload is `unwanted`; answers how many. Reads all of them.
pub fn drop_where(tx: &mut Tx<'_>, kind: &str, unwanted: impl Fn(&Value) -> bool) -> DbResult<usize> {
    const OF_KIND: &str = "SELECT id, payload FROM jobs WHERE kind = $1 AND state IN ('waiting', 'dead')";
    let mut drop = Vec::new();
    tx.each(OF_KIND, &[kind.into()], |row| {
        let payload = serde_json::from_str(&row.get::<Json>(1)?.0).map_err(|e| DbError::Column { column: 1, reason: e.to_string() })?;
        if unwanted(&payload) {
            drop.push(row.get::<Uuid>(0)?);
        }
        Ok(())
    })?;
    for id in &drop {
        tx.execute("DELETE FROM jobs WHERE id = $1 AND state IN ('waiting', 'dead')", &[(*id).into()])?;
    }
    Ok(drop.len())
}

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadJob {
    pub id: Uuid,
    pub kind: String,
    pub key: Option<String>,
    pub attempts: i64,
    /// What the last try said.
    pub error: String,
    /// When the last try was due.
    pub run_at: Instant,
    pub created_at: Instant,
}

pub const LIST_DEAD: &str = "SELECT id, kind, unique_key, attempts, last_error, run_at, created_at FROM jobs
    WHERE state = 'dead' AND id > $1 ORDER BY id LIMIT $2";

/// Jobs that were given up, oldest first, after the one named (`None`: from the beginning), at most `limit` (≥ 1).
pub fn list_dead(conn: &mut Conn<'_>, after: Option<Uuid>, limit: i64) -> DbResult<Vec<DeadJob>> {
    conn.query(LIST_DEAD, &[after.unwrap_or(Uuid::nil()).into(), limit.into()], |row| {
        Ok(DeadJob {
            id: row.get(0)?,
            kind: row.get(1)?,
            key: row.get(2)?,
            attempts: row.get(3)?,
            error: row.get::<Option<String>>(4)?.unwrap_or_default(),
            run_at: row.get(5)?,
            created_at: row.get(6)?,
        })
    })
}

/// Gives a dead job all its tries again, due at once; `false` when there is no such dead job, or when another one with its key
/// waits or runs by now.
pub fn retry(tx: &mut Tx<'_>, id: Uuid) -> DbResult<bool> {
    const AGAIN: &str = "UPDATE jobs SET state = 'waiting', attempts = 0 WHERE id = $1 AND state = 'dead' AND NOT EXISTS (
        SELECT 1 FROM jobs AS other WHERE other.kind = jobs.kind AND other.unique_key = jobs.unique_key AND other.state <> 'dead')";
    let again = tx.execute(AGAIN, &[id.into()])?;
    tx.mark_jobs();
    Ok(again == 1)
}

/// How many jobs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holdings {
    pub waiting: i64,
    pub running: i64,
    pub dead: i64,
    /// Of the waiting ones, periodic jobs that have failed six times and more.
    pub struggling: i64,
}

/// Counts all jobs. Reads the whole table.
pub fn holdings(conn: &mut Conn<'_>) -> DbResult<Holdings> {
    let mut found = Holdings::default();
    let count = "SELECT state, COUNT(*), COUNT(CASE WHEN attempts >= $1 AND unique_key = $2 THEN 1 END) FROM jobs GROUP BY state";
    conn.each(count, &[STRUGGLING.into(), periodic::KEY.into()], |row| {
        let (count, struggling) = (row.get(1)?, row.get(2)?);
        match row.get::<String>(0)?.as_str() {
            "waiting" => (found.waiting, found.struggling) = (count, struggling),
            "running" => found.running = count,
            _ => found.dead = count,
        }
        Ok(())
    })?;
    Ok(found)
}

/// A job that has just been claimed.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) lease: Lease,
    pub(super) payload: Value,
    pub(super) attempt: i64,
    pub(super) created_at: Instant,
}

pub const NEXT: &str = "SELECT id, payload, attempts, created_at FROM jobs WHERE state = 'waiting' AND kind = $1 AND run_at <= $2
    ORDER BY run_at, id LIMIT $3";

/// Claims up to `limit` due jobs of a kind, longest due first; those that another node is claiming are passed over.
pub(super) fn claim(tx: &mut Tx<'_>, kind: &str, now: Instant, until: Instant, limit: i64) -> DbResult<Vec<Claimed>> {
    let lock = match tx.engine() {
        Engine::Sqlite => "",
        Engine::Postgres => " FOR UPDATE SKIP LOCKED",
    };
    let claimed = tx.query(&format!("{NEXT}{lock}"), &[kind.into(), now.into(), limit.into()], |row| {
        let payload = serde_json::from_str(&row.get::<Json>(1)?.0).map_err(|e| DbError::Column { column: 1, reason: e.to_string() })?;
        Ok(Claimed { lease: Lease { job: row.get(0)?, token: Uuid::new_v4() }, payload, attempt: row.get::<i64>(2)? + 1, created_at: row.get(3)? })
    })?;
    for job in &claimed {
        tx.execute(
            "UPDATE jobs SET state = 'running', attempts = $2, lease = $3, lease_until = $4 WHERE id = $1",
            &[job.lease.job.into(), job.attempt.into(), job.lease.token.into(), until.into()],
        )?;
    }
    Ok(claimed)
}

/// Since when the longest due job of a kind is due, if any is.
pub(super) fn due_since(conn: &mut Conn<'_>, kind: &str, now: Instant) -> DbResult<Option<Instant>> {
    const OLDEST: &str = "SELECT run_at FROM jobs WHERE state = 'waiting' AND kind = $1 AND run_at <= $2 ORDER BY run_at, id LIMIT 1";
    conn.first(OLDEST, &[kind.into(), now.into()], |row| row.get(0))
}

/// How many jobs of a kind are due, up to [`DEPTH_COUNTED`].
pub(super) fn due_count(conn: &mut Conn<'_>, kind: &str, now: Instant) -> DbResult<i64> {
    const COUNT: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM jobs WHERE state = 'waiting' AND kind = $1 AND run_at <= $2 LIMIT $3) AS due";
    Ok(conn.first(COUNT, &[kind.into(), now.into(), DEPTH_COUNTED.into()], |row| row.get(0))?.unwrap_or(0))
}

pub(super) fn dead_count(conn: &mut Conn<'_>) -> DbResult<i64> {
    Ok(conn.first("SELECT COUNT(*) FROM jobs WHERE state = 'dead'", &[], |row| row.get(0))?.unwrap_or(0))
}

/// A lease whose owner seems to be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expired {
    pub(super) lease: Lease,
    pub(super) kind: String,
    pub(super) attempts: i64,
}

pub const EXPIRED: &str = "SELECT id, lease, kind, attempts FROM jobs WHERE state = 'running' AND lease_until < $1
    UNION ALL SELECT id, lease, kind, attempts FROM jobs WHERE state = 'running' AND lease_until > $2 LIMIT 200";

/// Leases that have run out, and those that reach beyond `farthest`, which a wrong clock has given.
pub(super) fn expired(conn: &mut Conn<'_>, now: Instant, farthest: Instant) -> DbResult<Vec<Expired>> {
    conn.query(EXPIRED, &[now.into(), farthest.into()], |row| {
        Ok(Expired { lease: Lease { job: row.get(0)?, token: row.get(1)? }, kind: row.get(2)?, attempts: row.get(3)? })
    })
}

/// Whether the lease stands and has run out, or reaches beyond `farthest`; locks the row until the transaction ends.
pub(super) fn is_expired(tx: &mut Tx<'_>, lease: Lease, now: Instant, farthest: Instant) -> DbResult<bool> {
    const GONE: &str = "UPDATE jobs SET lease = lease WHERE id = $1 AND lease = $2 AND (lease_until < $3 OR lease_until > $4)";
    Ok(tx.execute(GONE, &[lease.job.into(), lease.token.into(), now.into(), farthest.into()])? == 1)
}

/// Renews a lease; `false` when it is lost.
pub(super) fn renew(tx: &mut Tx<'_>, lease: Lease, until: Instant) -> DbResult<bool> {
    Ok(tx.execute("UPDATE jobs SET lease_until = $3 WHERE id = $1 AND lease = $2", &[lease.job.into(), lease.token.into(), until.into()])? == 1)
}

/// Whether the lease stands; locks the row until the transaction ends.
pub(super) fn is_held(tx: &mut Tx<'_>, lease: Lease) -> DbResult<bool> {
    Ok(tx.execute("UPDATE jobs SET lease = lease WHERE id = $1 AND lease = $2", &[lease.job.into(), lease.token.into()])? == 1)
}

/// Deletes a job that is done; `false` when the lease is lost.
pub(super) fn finish(tx: &mut Tx<'_>, lease: Lease) -> DbResult<bool> {
    Ok(tx.execute("DELETE FROM jobs WHERE id = $1 AND lease = $2", &[lease.job.into(), lease.token.into()])? == 1)
}

/// Makes a periodic job wait for its next turn, as new.
pub(super) fn again(tx: &mut Tx<'_>, lease: Lease, now: Instant, run_at: Instant) -> DbResult<bool> {
    const AGAIN: &str = "UPDATE jobs SET state = 'waiting', run_at = $3, attempts = 0, lease = NULL, lease_until = NULL, last_error = NULL, created_at = $4
        WHERE id = $1 AND lease = $2";
    Ok(tx.execute(AGAIN, &[lease.job.into(), lease.token.into(), run_at.into(), now.into()])? == 1)
}

/// Makes a failed job wait for its next try.
pub(super) fn later(tx: &mut Tx<'_>, lease: Lease, run_at: Instant, why: &str) -> DbResult<bool> {
    const LATER: &str = "UPDATE jobs SET state = 'waiting', run_at = $3, lease = NULL, lease_until = NULL, last_error = $4 WHERE id = $1 AND lease = $2";
    Ok(tx.execute(LATER, &[lease.job.into(), lease.token.into(), run_at.into(), shortened(why).into()])? == 1)
}

/// Gives a job up.
pub(super) fn bury(tx: &mut Tx<'_>, lease: Lease, why: &str) -> DbResult<bool> {
    const BURY: &str = "UPDATE jobs SET state = 'dead', lease = NULL, lease_until = NULL, last_error = $3 WHERE id = $1 AND lease = $2";
    Ok(tx.execute(BURY, &[lease.job.into(), lease.token.into(), shortened(why).into()])? == 1)
}

/// Returns a claim to the queue as if it had not been made; the job stays due.
pub(super) fn release(tx: &mut Tx<'_>, lease: Lease) -> DbResult<bool> {
    const RELEASE: &str = "UPDATE jobs SET state = 'waiting', attempts = attempts - 1, lease = NULL, lease_until = NULL WHERE id = $1 AND lease = $2";
    let released = tx.execute(RELEASE, &[lease.job.into(), lease.token.into()])? == 1;
    tx.mark_jobs();
    Ok(released)
}

/// Sees to it that the one job of a periodic kind is there and is due within a period from now.
pub(super) fn ensure_periodic(tx: &mut Tx<'_>, kind: &'static str, now: Instant, next: Instant) -> DbResult<()> {
    let job = Job { kind, key: Some(periodic::KEY.into()), payload: Value::Object(serde_json::Map::new()), run_at: next };
    if !enqueue(tx, now, &job)? {
        let sooner = "UPDATE jobs SET run_at = $3 WHERE kind = $1 AND unique_key = $2 AND state = 'waiting' AND run_at > $3";
        tx.execute(sooner, &[kind.into(), periodic::KEY.into(), next.into()])?;
    }
    Ok(())
}

/// Puts right what was stored under a clock that ran ahead: such jobs would wait for a time that is far away. Reads all
/// waiting jobs. Answers how many were moved.
pub(super) fn mend(tx: &mut Tx<'_>, now: Instant) -> DbResult<usize> {
    const STRANGE: &str = "SELECT id, run_at, created_at FROM jobs WHERE state = 'waiting' AND (created_at > $1 OR (attempts > 0 AND run_at > $2))";
    let (newest, farthest) = (now.plus_seconds(CLOCK_SLACK_SECONDS), now.plus_seconds(LONGEST_PAUSE_SECONDS + CLOCK_SLACK_SECONDS));
    let strange: Vec<(Uuid, Instant, Instant)> = tx.query(STRANGE, &[newest.into(), farthest.into()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    for (id, run_at, created_at) in &strange {
        // What was to happen an hour after it was stored happens an hour from now.
        let ahead = if *created_at > newest { run_at.0.saturating_sub(created_at.0).max(0) } else { 0 };
        let (run_at, created_at) = (Instant(now.0.saturating_add(ahead)), (*created_at).min(now));
        tx.execute("UPDATE jobs SET run_at = $2, created_at = $3 WHERE id = $1 AND state = 'waiting'", &[(*id).into(), run_at.into(), created_at.into()])?;
    }
    Ok(strange.len())
}

/// At most [`LONGEST_ERROR`] bytes, cut between two characters; PostgreSQL's texts hold no NUL.
fn shortened(why: &str) -> String {
    let end = (0..=LONGEST_ERROR.min(why.len())).rev().find(|end| why.is_char_boundary(*end)).unwrap_or(0);
    why[..end].replace('\0', " ")
}
