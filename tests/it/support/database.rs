//! A database for one test, on either engine.

use super::{TestClock, cluster};
use std::ops::Deref;
use std::sync::Arc;
use stopover::platform::db::{DatabaseUrl, Db, DbResult, Engine};

/// Makes two tests of one story: `$name::sqlite` and `$name::postgres`. The story gets a fresh [`TestDb`].
///
/// ```ignore
/// on_both!(a_row_comes_back, async |db: TestDb| {
///     db.write(|tx, now| …).await.unwrap();
/// });
/// ```
macro_rules! on_both {
    ($name:ident, $story:expr) => {
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let story = $story;
                story(TestDb::new(stopover::platform::db::Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let story = $story;
                story(TestDb::new(stopover::platform::db::Engine::Postgres).await).await;
            }
        }
    };
}
pub(crate) use on_both;

/// A fresh database: a file in a folder of its own, or a database of its own in the test cluster. Both vanish with it.
///
/// It derefs to its [`Db`].
pub(crate) struct TestDb {
    db: Option<Db>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) home: Home,
}

/// Where the data is, apart from any open handle.
pub(crate) enum Home {
    Sqlite(tempfile::TempDir),
    Postgres { name: String },
}

impl TestDb {
    /// An opened database with the schema and a stopped clock.
    pub(crate) async fn new(engine: Engine) -> Self {
        let home = off_thread(move || Home::new(engine)).await;
        let clock = Arc::new(TestClock::default());
        let mut this = Self { db: None, clock, home };
        this.db = Some(this.another_node().await.unwrap());
        this
    }

    /// The same where nothing has to outlive the machine: in memory, where the machine has a folder there. For very many small transactions.
    pub(crate) async fn quick(engine: Engine) -> Self {
        let home = off_thread(move || if engine == Engine::Sqlite { Home::Sqlite(in_memory()) } else { Home::new(engine) }).await;
        let mut this = Self { db: None, clock: Arc::new(TestClock::default()), home };
        this.db = Some(this.another_node().await.unwrap());
        this
    }

    /// A second handle on the same data, as a second node has it (SQLite: PostgreSQL is meant for that, but it opens).
    pub(crate) async fn another_node(&self) -> DbResult<Db> {
        let (url, clock) = (self.home.url(), Arc::clone(&self.clock));
        off_thread(move || Db::open(&url, clock)).await
    }

    /// Closes every handle of this struct; the data stays.
    pub(crate) async fn close(&mut self) {
        let db = self.db.take();
        off_thread(move || drop(db)).await;
    }
}

impl Deref for TestDb {
    type Target = Db;
    fn deref(&self) -> &Db {
        self.db.as_ref().unwrap()
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        drop(self.db.take());
    }
}

impl Home {
    /// An empty place: no file yet, or a database without tables. Blocks.
    pub(crate) fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(tempfile::tempdir().unwrap()),
            Engine::Postgres => {
                let name = format!("test_{}", uuid::Uuid::now_v7().simple());
                on_cluster(&format!("CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"));
                Self::Postgres { name }
            }
        }
    }

    /// The address to open.
    pub(crate) fn url(&self) -> DatabaseUrl {
        match self {
            Self::Sqlite(folder) => DatabaseUrl::Sqlite(folder.path().join("stopover.db")),
            Self::Postgres { name } => DatabaseUrl::Postgres(cluster::url().replacen("/postgres?", &format!("/{name}?"), 1)),
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Self::Postgres { name } = self {
            let sql = format!("DROP DATABASE {name} WITH (FORCE)");
            // The synchronous client may not live on an async thread, and a drop cannot wait there otherwise.
            let dropped = std::thread::spawn(move || on_cluster(&sql)).join();
            assert!(dropped.is_ok() || std::thread::panicking(), "a test database could not be dropped");
        }
    }
}

fn in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_none| tempfile::tempdir()).unwrap()
}

fn on_cluster(sql: &str) {
    let mut admin = postgres::Client::connect(cluster::url(), postgres::NoTls).unwrap();
    admin.batch_execute(sql).unwrap();
}

/// Runs what blocks on a thread that may.
pub(crate) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}
