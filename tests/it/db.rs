//! What goes into the database comes out again, errors have types, and readers only read; on both engines.

use crate::support::{TestDb, off_thread, on_both};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use stopover::platform::db::{Column, Conn, Db, DbError, DbResult, Engine, Json, SCHEMA_VERSION, Tx, Value};
use stopover::values::{BookingId, EventId, ImportId, Instant, ListingId, Night, ReviewId, UserId};
use uuid::Uuid;

const SAMPLES: &str = "CREATE TABLE samples (
    id UUID PRIMARY KEY, flag BOOLEAN, n BIGINT CHECK (n <> 13), r DOUBLE PRECISION, t TEXT UNIQUE, y BYTEA, d DATE, a TIMESTAMPTZ, j JSONB)";

pub(crate) async fn with_samples(db: &Db) {
    db.write(|tx, _| tx.batch(SAMPLES)).await.unwrap();
}

/// Stores a value in a column and reads it back as `T`.
async fn there_and_back<T: Column + Send + 'static>(db: &Db, column: &str, value: impl Into<Value>) -> DbResult<T> {
    let (id, value) = (Uuid::now_v7(), value.into());
    let insert = format!("INSERT INTO samples (id, {column}) VALUES ($1, $2)");
    let select = format!("SELECT {column} FROM samples WHERE id = $1");
    db.write(move |tx, _| tx.execute(&insert, &[id.into(), value.clone()])).await?;
    db.read(move |conn| conn.first(&select, &[id.into()], |row| row.get::<T>(0))).await.map(Option::unwrap)
}

macro_rules! survives {
    ($db:expr, $column:literal, $type:ty, [$($value:expr),+ $(,)?]) => {
        $(
            let value: $type = $value;
            assert_eq!(there_and_back::<$type>($db, $column, value.clone()).await.unwrap(), value);
            assert_eq!(there_and_back::<Option<$type>>($db, $column, Some(value.clone())).await.ok(), None.or_else(|| (!unique($column)).then_some(Some(value))));
        )+
        assert_eq!(there_and_back::<Option<$type>>($db, $column, None::<$type>).await.unwrap(), None);
        assert!(matches!(there_and_back::<$type>($db, $column, None::<$type>).await, Err(DbError::Column { column: 0, .. })), "NULL is no value");
    };
}

/// The text column takes a value once; the second time it must refuse.
fn unique(column: &str) -> bool {
    column == "t"
}

on_both!(every_kind_of_value_survives_the_round_trip, async |db: TestDb| {
    with_samples(&db).await;
    survives!(&db, "flag", bool, [true, false]);
    survives!(&db, "n", i64, [0, 1, -1, i64::MIN, i64::MAX]);
    survives!(&db, "r", f64, [0.0, -0.5, 5.0, 1e300, f64::MIN_POSITIVE, 0.300_000_000_000_000_04]);
    survives!(
        &db,
        "t",
        String,
        [String::new(), "plain".into(), "Zürich 北京 🏠 e\u{301}".into(), "it's \"quoted\"; -- $1".into(), "1".into(), "x".repeat(100_000)]
    );
    survives!(&db, "y", Vec<u8>, [vec![], vec![0, 255, 10]]);
    survives!(&db, "d", Night, [Night::FIRST, Night::LAST, Night(0), Night(-1), Night::parse("2028-02-29").unwrap()]);
    survives!(
        &db,
        "a",
        Instant,
        [Instant(0), Instant(-1), Instant(1), Instant::parse("1900-01-01T00:00:00Z").unwrap(), Instant::parse("2200-01-01T00:00:00.000001Z").unwrap()]
    );
});

on_both!(json_documents_keep_their_meaning, async |db: TestDb| {
    with_samples(&db).await;
    for text in ["{}", "[]", r#"{"b":1,"a":[true,null,"Zürich 🏠"]}"#, r#"["wifi","free_parking"]"#, r#"{"big":9007199254740993}"#] {
        let back: Json = there_and_back(&db, "j", Json(text.to_owned())).await.unwrap();
        let (sent, got): (serde_json::Value, serde_json::Value) = (serde_json::from_str(text).unwrap(), serde_json::from_str(&back.0).unwrap());
        assert_eq!(got, sent);
    }
    assert_eq!(there_and_back::<Option<Json>>(&db, "j", None::<Json>).await.unwrap(), None);
});

on_both!(every_id_is_a_uuid, async |db: TestDb| {
    with_samples(&db).await;
    let id = Uuid::now_v7();
    macro_rules! survives_as {
        ($($type:ident),+) => { $(
            let read = db.write(move |tx, _| {
                tx.execute("INSERT INTO samples (id) VALUES ($1)", &[$type(id).into()])?;
                let read = tx.first("SELECT id FROM samples WHERE id = $1", &[$type(id).into()], |row| row.get::<$type>(0));
                tx.execute("DELETE FROM samples WHERE id = $1", &[id.into()])?;
                read
            });
            assert_eq!(read.await.unwrap(), Some($type(id)));
        )+ };
    }
    survives_as!(ListingId, UserId, ReviewId, BookingId, ImportId, EventId);
    assert_eq!(there_and_back::<String>(&db, "t", id.to_string()).await.unwrap(), id.to_string(), "a uuid as text stays text");
});

on_both!(an_instant_or_night_out_of_reach_is_an_error_and_never_a_panic, async |db: TestDb| {
    with_samples(&db).await;
    for at in [i64::MIN, i64::MAX, i64::MIN + 946_684_800_000_000] {
        match there_and_back::<Instant>(&db, "a", Instant(at)).await {
            Ok(back) => assert_eq!(back, Instant(at)),
            Err(DbError::Engine(_)) => {}
            Err(other) => panic!("{at}: {other:?}"),
        }
    }
    for days in [i32::MIN, i32::MAX] {
        assert!(matches!(there_and_back::<Night>(&db, "d", Night(days)).await, Err(DbError::Engine(_) | DbError::Column { .. })), "{days}");
    }
});

on_both!(a_column_of_another_kind_is_refused_by_name, async |db: TestDb| {
    with_samples(&db).await;
    assert!(matches!(there_and_back::<i64>(&db, "t", "seven").await, Err(DbError::Column { column: 0, .. })));
    assert!(matches!(there_and_back::<Night>(&db, "n", 7_i64).await, Err(DbError::Column { .. })));
    assert!(matches!(there_and_back::<Uuid>(&db, "n", 8_i64).await, Err(DbError::Column { .. })));
});

on_both!(placeholders_bind_by_their_number, async |db: TestDb| {
    with_samples(&db).await;
    let id = Uuid::now_v7();
    let found = db
        .write(move |tx, _| {
            tx.execute("INSERT INTO samples (t, n, id) VALUES ($3, $2, $1)", &[id.into(), 7_i64.into(), "seven".into()])?;
            tx.first(
                "SELECT CAST($2 AS BIGINT), CAST($1 AS BIGINT), n, t FROM samples WHERE n = $1 AND t = $3 AND n + $2 = $1 + $2",
                &[7_i64.into(), 2_i64.into(), "seven".into()],
                |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?, row.get::<String>(3)?)),
            )
        })
        .await
        .unwrap();
    assert_eq!(found, Some((2, 7, 7, "seven".to_owned())));
});

on_both!(a_value_too_many_or_too_few_is_refused, async |db: TestDb| {
    for params in [vec![], vec![Value::from(1_i64), Value::from(2_i64)]] {
        let refused: DbResult<Option<i64>> = db.read(move |conn| conn.first("SELECT CAST($1 AS BIGINT)", &params, |row| row.get(0))).await;
        assert!(matches!(refused, Err(DbError::Unusable(_) | DbError::Engine(_))), "{refused:?}");
    }
});

on_both!(refusals_have_types, async |db: TestDb| {
    with_samples(&db).await;
    let insert = async |n: Option<i64>, t: &'static str| {
        db.write(move |tx, _| tx.execute("INSERT INTO samples (id, n, t) VALUES ($1, $2, $3)", &[Uuid::now_v7().into(), n.into(), t.into()])).await
    };
    assert_eq!(insert(Some(1), "one").await.unwrap(), 1);
    assert!(matches!(insert(Some(2), "one").await, Err(DbError::Unique)));
    assert!(matches!(insert(Some(13), "thirteen").await, Err(DbError::Constraint(_))), "CHECK");
    let same_key = db.write(|tx, _| tx.batch("INSERT INTO instance (name, value) VALUES ('a', 'b'), ('a', 'c')")).await;
    assert!(matches!(same_key, Err(DbError::Unique)), "{same_key:?}");
    let no_value = db.write(|tx, _| tx.execute("INSERT INTO instance (name, value) VALUES ($1, NULL)", &["a".into()])).await;
    assert!(matches!(no_value, Err(DbError::Constraint(_))), "NOT NULL: {no_value:?}");
    let orphan = db
        .write(|tx, _| {
            tx.execute("INSERT INTO listing_texts (listing_id, language, description, neighbourhood_text) VALUES ($1, '', '', '')", &[ListingId::new().into()])
        })
        .await;
    assert!(matches!(orphan, Err(DbError::Constraint(_))), "foreign key: {orphan:?}");
    let nonsense = db.write(|tx, _| tx.execute("INSERT INTO no_such_table VALUES (1)", &[])).await;
    assert!(matches!(nonsense, Err(DbError::Engine(_))), "{nonsense:?}");
});

on_both!(on_conflict_do_nothing_counts_what_it_wrote, async |db: TestDb| {
    const ONCE: &str = "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    let counts = db.write(|tx, _| Ok::<_, DbError>((tx.execute(ONCE, &["a".into(), "1".into()])?, tx.execute(ONCE, &["a".into(), "2".into()])?))).await;
    assert_eq!(counts.unwrap(), (1, 0));
    assert_eq!(setting(&db, "a").await.as_deref(), Some("1"));
});

on_both!(a_closure_that_hides_a_failed_statement_writes_nothing, async |db: TestDb| {
    // PostgreSQL has given the transaction up by then, and its COMMIT would not even complain.
    let hidden: DbResult<&str> = db
        .write(|tx, _| {
            put(tx, "before", "1")?;
            match tx.execute("INSERT INTO instance (name, value) VALUES ('before', '2')", &[]) {
                Err(DbError::Unique) => Ok("never mind"),
                other => panic!("{other:?}"),
            }
        })
        .await;
    assert!(hidden.is_err(), "{hidden:?}");
    assert_eq!(setting(&db, "before").await, None);
});

on_both!(readers_cannot_write, async |db: TestDb| {
    fn try_to(conn: &mut Conn<'_>) -> DbResult<Vec<String>> {
        conn.query("INSERT INTO instance (name, value) VALUES ('smuggled', '1') RETURNING name", &[], |row| row.get(0))
    }
    assert!(db.read(try_to).await.is_err());
    let handle = Db::clone(&db);
    assert!(off_thread(move || handle.snapshot(try_to)).await.is_err());
    assert_eq!(setting(&db, "smuggled").await, None);
    db.write(|tx, _| put(tx, "after", "1")).await.unwrap();
});

on_both!(a_panic_in_a_reader_is_an_error_and_the_next_reader_is_served, async |db: TestDb| {
    for _ in 0..20 {
        let answer: DbResult<()> = db.read(|_| panic!("on purpose")).await;
        assert!(matches!(answer, Err(DbError::Panicked(_))));
    }
    assert_eq!(setting(&db, "schema_version").await, Some(SCHEMA_VERSION.to_string()));
});

on_both!(a_snapshot_is_one_cut_while_a_writer_goes_on, async |db: TestDb| {
    db.write(|tx, _| put(tx, "left", "0").and_then(|()| put(tx, "right", "0"))).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let (writer, told) = (Db::clone(&db), Arc::clone(&stop));
    let writes = tokio::spawn(async move {
        let mut n = 0_i64;
        while !told.load(SeqCst) {
            n += 1;
            let text = n.to_string();
            writer.write(move |tx, _| tx.execute("UPDATE instance SET value = $1 WHERE name IN ('left', 'right')", &[text.as_str().into()])).await.unwrap();
        }
        n
    });
    let reader = Db::clone(&db);
    let mut seen = off_thread(move || {
        let one = |conn: &mut Conn<'_>, name: &str| {
            conn.first("SELECT value FROM instance WHERE name = $1", &[name.into()], |row| row.get::<String>(0)).map(Option::unwrap)
        };
        let cut = || {
            reader.snapshot(|conn| {
                let left = one(conn, "left")?;
                std::thread::sleep(std::time::Duration::from_millis(5));
                Ok::<_, DbError>((left, one(conn, "right")?))
            })
        };
        (0..40).map(|_| cut().unwrap()).collect::<Vec<_>>()
    })
    .await;
    stop.store(true, SeqCst);
    assert!(writes.await.unwrap() > 1);
    assert!(seen.iter().all(|(left, right)| left == right), "{seen:?}");
    seen.dedup();
    assert!(seen.len() > 1, "the writer was to go on meanwhile");
});

on_both!(a_handle_may_be_dropped_anywhere, async |db: TestDb| {
    // The synchronous PostgreSQL client would panic on an async thread.
    let node = db.another_node().await.unwrap();
    node.write(|tx, _| put(tx, "a", "1")).await.unwrap();
    drop(node);
    assert_eq!(setting(&db, "a").await.as_deref(), Some("1"));
    let engine = db.describe_off_thread().await;
    assert!(engine.starts_with(if db.engine() == Engine::Sqlite { "SQLite 3." } else { "PostgreSQL " }), "{engine}");
});

impl TestDb {
    async fn describe_off_thread(&self) -> String {
        let db = Db::clone(self);
        off_thread(move || db.describe()).await.unwrap()
    }
}

/// Adds a row to the table of settings, which serves these tests as a simple one.
pub(crate) fn put(tx: &mut Tx<'_>, name: &str, value: &str) -> DbResult<()> {
    tx.execute("INSERT INTO instance (name, value) VALUES ($1, $2)", &[name.into(), value.into()]).map(drop)
}

/// The committed value of a setting.
pub(crate) async fn setting(db: &Db, name: &str) -> Option<String> {
    let name = name.to_owned();
    db.read(move |conn| conn.first("SELECT value FROM instance WHERE name = $1", &[name.as_str().into()], |row| row.get(0)))
        .await
        .map_err(|e: DbError| e)
        .unwrap()
}
