//! PostgreSQL: a pool, one transaction per closure with retry, and the thread that numbers the event log.
//!
//! Sequences hand out numbers before commit, so a reader that saw event 7 could later meet event 6. Here events
//! are appended without a number; a sequencer, whichever node holds the advisory lock, numbers what is
//! committed, so a number is only ever seen when all smaller ones are visible too.

use super::Bells;
use super::conn::{Conn, Statements, Tx};
use super::error::{DbError, DbResult};
use super::work::{Job, Ran, Reading};
use crate::values::Clock;
use parking_lot::{Condvar, Mutex};
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, IsolationLevel, NoTls};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant as Moment};
use tokio::sync::watch;

const POOL: u32 = 16;
const ATTEMPTS: u32 = 5;
/// Advisory lock of the sequencer: any number nobody else uses in this database.
const SEQUENCER_LOCK: i64 = 0x53_54_4f_50_4f_56_45_52;
/// How long a lost wake-up can go unnoticed.
const SAFETY_NET: Duration = Duration::from_millis(250);
/// How long a connection is believed to be alive; one that the server closed is noticed at once (`has_broken`), or by the next statement.
const BELIEVED: Duration = Duration::from_secs(1);

pub(super) struct Postgres {
    /// Taken only when this is dropped.
    pool: Option<r2d2::Pool<Connections>>,
    clock: Arc<dyn Clock>,
    bells: Bells,
    wake: Arc<Wake>,
    threads: Vec<JoinHandle<()>>,
}

/// A bell that one thread waits for.
#[derive(Default)]
struct Wake {
    state: Mutex<Bell>,
    rung: Condvar,
}

#[derive(Default)]
struct Bell {
    work: bool,
    closed: bool,
}

impl Wake {
    fn ring(&self) {
        self.state.lock().work = true;
        self.rung.notify_all();
    }

    fn close(&self) {
        self.state.lock().closed = true;
        self.rung.notify_all();
    }

    fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// Waits for a ring or the time-out; answers whether to go on.
    fn wait(&self, at_most: Duration) -> bool {
        let mut bell = self.state.lock();
        if !bell.work && !bell.closed {
            self.rung.wait_for(&mut bell, at_most);
        }
        bell.work = false;
        !bell.closed
    }
}

impl Postgres {
    pub(super) fn open(url: &str, clock: Arc<dyn Clock>, bells: Bells) -> DbResult<Self> {
        let mut config: postgres::Config = url.parse().map_err(|e| DbError::Unusable(format!("the postgres address cannot be read: {e}")))?;
        config.application_name("stopover").connect_timeout(Duration::from_secs(5)).keepalives_idle(Duration::from_secs(30));
        let first = config.connect(NoTls).map_err(|e| DbError::Unusable(format!("cannot reach the PostgreSQL server: {}", with_causes(&e))))?;
        check_server(first)?;
        let pool =
            r2d2::Pool::builder().max_size(POOL).min_idle(Some(1)).connection_timeout(Duration::from_secs(5)).build(Connections { config: config.clone() })?;
        let wake = Arc::new(Wake::default());
        let mut this = Self { pool: Some(pool), clock, bells, wake, threads: Vec::new() };
        this.spawn("event-sequencer", &config, sequence)?;
        this.spawn("event-listener", &config, listen)?;
        Ok(this)
    }

    fn spawn(&mut self, name: &str, config: &postgres::Config, body: fn(&postgres::Config, &Wake, &watch::Sender<u64>)) -> DbResult<()> {
        let (config, wake, committed) = (config.clone(), Arc::clone(&self.wake), self.bells.events.clone());
        let thread = std::thread::Builder::new()
            .name(name.into())
            .spawn(move || body(&config, &wake, &committed))
            .map_err(|e| DbError::Unusable(format!("cannot start the thread {name}: {e}")))?;
        self.threads.push(thread);
        Ok(())
    }

    fn checkout(&self) -> DbResult<r2d2::PooledConnection<Connections>> {
        Ok(self.pool.as_ref().ok_or(DbError::Closed)?.get()?)
    }

    pub(super) fn read(&self, f: &mut Reading<'_>) -> DbResult<()> {
        let mut connection = self.checkout()?;
        let PgConnection { client, statements, .. } = &mut *connection;
        f(&mut Conn::client(client, statements));
        Ok(())
    }

    pub(super) fn snapshot(&self, f: &mut Reading<'_>) -> DbResult<()> {
        let mut connection = self.checkout()?;
        let PgConnection { client, statements, .. } = &mut *connection;
        let mut transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start()?;
        if f(&mut Conn::transaction(&mut transaction, statements)) {
            transaction.commit()?;
        }
        Ok(())
    }

    /// Runs the job until its transaction is not lost. `Ok`: its own answer stands.
    pub(super) fn write(&self, job: &mut Job) -> DbResult<()> {
        let mut attempt = 1;
        loop {
            match self.attempt(job) {
                Err(error) if error.is_retryable() && attempt < ATTEMPTS => {
                    tracing::debug!(attempt, %error, "a transaction lost and is run again");
                    std::thread::sleep(back_off(attempt));
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    /// One transaction. `Ok`: it is committed, or the closure refused and it is undone. An error says that nothing was written ([`DbError::Unknown`]: that
    /// nobody knows).
    fn attempt(&self, job: &mut Job) -> DbResult<()> {
        let mut connection = self.checkout()?;
        let PgConnection { client, statements, .. } = &mut *connection;
        let mut transaction = client.build_transaction().read_only(false).start()?;
        let mut tx = Tx::postgres(&mut transaction, statements);
        let ran = job.run(&mut tx, self.clock.now());
        let (wrote_events, wrote_jobs, lost) = (tx.wrote_events, tx.wrote_jobs, tx.lost.take());
        drop(tx);
        // The closure may have turned the engine's error into its own; whether it lost is remembered beside it.
        if let Some(lost) = lost {
            return Err(lost);
        }
        match ran {
            // Also what a closure carried on after: the server answers COMMIT with a silent ROLLBACK once a statement has failed.
            Ran::Broke(error) => return Err(error),
            Ran::Refused => return Ok(transaction.rollback()?),
            Ran::Keep => transaction.commit().map_err(|error| if leaves_open(&error) { DbError::Unknown } else { error.into() })?,
        }
        if wrote_events {
            self.wake.ring();
        }
        if wrote_jobs {
            self.bells.jobs.send_modify(|count| *count += 1);
        }
        Ok(())
    }
}

impl Drop for Postgres {
    /// The synchronous client panics when it is closed on an async thread, so the pool is closed on one of its own.
    fn drop(&mut self) {
        self.wake.close();
        if let Some(pool) = self.pool.take()
            && std::thread::spawn(move || drop(pool)).join().is_err()
        {
            tracing::error!("closing the connections panicked");
        }
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("an event thread had panicked");
            }
        }
    }
}

/// Whether a failed COMMIT may stand all the same: the connection broke, or the server was told to end it (class 57)
/// and may have obeyed after the commit had become durable.
fn leaves_open(error: &postgres::Error) -> bool {
    error.code().is_none_or(|state| state.code().starts_with("57"))
}

/// 5, 10, 20, 40 ms and up to as much again, so that rivals do not meet a second time.
fn back_off(attempt: u32) -> Duration {
    let base = 5_u64 << attempt.min(6);
    Duration::from_millis(base + rand::random_range(0..=base))
}

struct Connections {
    config: postgres::Config,
}

struct PgConnection {
    client: Client,
    statements: Statements,
    /// When it was last found to be alive.
    seen: Moment,
}

impl r2d2::ManageConnection for Connections {
    type Connection = PgConnection;
    type Error = postgres::Error;

    fn connect(&self) -> Result<PgConnection, postgres::Error> {
        let mut client = self.config.connect(NoTls)?;
        // Only a transaction that says so may write; a reader that tries is refused, as on SQLite.
        client.batch_execute(
            "SET default_transaction_read_only = on; SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s'; SET TIME ZONE 'UTC'",
        )?;
        Ok(PgConnection { client, statements: Statements::new(), seen: Moment::now() })
    }

    /// Asks the server only after a while: to ask before each use was a fifteenth of all that it was asked.
    fn is_valid(&self, connection: &mut PgConnection) -> Result<(), postgres::Error> {
        if connection.client.is_closed() || connection.seen.elapsed() > BELIEVED {
            connection.client.is_valid(Duration::from_secs(2))?;
            connection.seen = Moment::now();
        }
        Ok(())
    }

    fn has_broken(&self, connection: &mut PgConnection) -> bool {
        connection.client.is_closed()
    }
}

fn check_server(mut client: Client) -> DbResult<()> {
    let row = client.query_one(
        "SELECT current_setting('server_version_num')::bigint, datcollate, pg_is_in_recovery() FROM pg_database WHERE datname = current_database()",
        &[],
    )?;
    let (version, collation, standby): (i64, String, bool) = (row.get(0), row.get(1), row.get(2));
    if version < 130_000 {
        return Err(DbError::Unusable("PostgreSQL 13 or newer is needed".into()));
    }
    if standby {
        return Err(DbError::Unusable("this PostgreSQL server is a read-only standby; name the primary".into()));
    }
    if !matches!(collation.as_str(), "C" | "C.UTF-8" | "C.utf8" | "POSIX") {
        tracing::warn!(collation, "text sorts by this database's collation; create it with LC_COLLATE 'C.UTF-8' for the same order as SQLite");
    }
    Ok(())
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// Numbers committed events whenever this node wrote some, and every 250 ms in case another node died before it did.
fn sequence(config: &postgres::Config, wake: &Wake, committed: &watch::Sender<u64>) {
    let mut client = None;
    while wake.wait(SAFETY_NET) {
        match number_all(&mut client, config) {
            Ok(true) => committed.send_modify(|count| *count += 1),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(error = %with_causes(&error), "events could not be numbered; trying again");
                client = None;
                std::thread::sleep(SAFETY_NET);
            }
        }
    }
}

/// Numbers what is committed now; answers whether there was anything. While another node holds the lock, waits for
/// it: its snapshot may be older than our commit.
fn number_all(client: &mut Option<Client>, config: &postgres::Config) -> Result<bool, postgres::Error> {
    let client = match client {
        Some(client) => client,
        None => client.insert(config.connect(NoTls)?),
    };
    let waiting = client.query_opt("SELECT 1 FROM events WHERE seq IS NULL LIMIT 1", &[])?.is_some();
    if !waiting {
        return Ok(false);
    }
    let mut transaction = client.transaction()?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&SEQUENCER_LOCK])?;
    let numbered = transaction.execute(
        "UPDATE events SET seq = pending.n FROM (
             SELECT id, row_number() OVER (ORDER BY id) + (SELECT COALESCE(MAX(seq), 0) FROM events) AS n FROM events WHERE seq IS NULL
         ) AS pending WHERE events.id = pending.id",
        &[],
    )?;
    if numbered > 0 {
        transaction.batch_execute("NOTIFY stopover_events")?;
    }
    transaction.commit()?;
    Ok(numbered > 0)
}

/// Hears of events that other nodes numbered.
fn listen(config: &postgres::Config, wake: &Wake, committed: &watch::Sender<u64>) {
    while !wake.is_closed() {
        if let Err(error) = listen_until_closed(config, wake, committed) {
            tracing::warn!(error = %with_causes(&error), "the notification connection was lost; connecting again");
            std::thread::sleep(SAFETY_NET);
        }
    }
}

fn listen_until_closed(config: &postgres::Config, wake: &Wake, committed: &watch::Sender<u64>) -> Result<(), postgres::Error> {
    let mut client = config.connect(NoTls)?;
    client.batch_execute("LISTEN stopover_events")?;
    while !wake.is_closed() {
        let heard = client.notifications().timeout_iter(SAFETY_NET).next()?.is_some();
        if heard {
            committed.send_modify(|count| *count += 1);
        } else if client.is_closed() {
            client = config.connect(NoTls)?;
            client.batch_execute("LISTEN stopover_events")?;
        }
    }
    Ok(())
}
