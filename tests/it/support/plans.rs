//! Reads the engine's plan of a statement.

use super::off_thread;
use stopover::platform::db::{Db, DbError, Engine, Lane, Value};

/// Fails the test unless `sql` finds its rows through an index on the engine of `db`.
///
/// SQLite must plan no `SCAN`; PostgreSQL, kept from reading small tables whole because that is cheap, must plan
/// no sequential scan. Nothing is executed.
pub(crate) async fn uses_index(db: &Db, sql: &str, params: Vec<Value>) {
    let plan = plan(db, sql, params).await;
    if let Some(reason) = reads_everything(db.engine(), &plan) {
        panic!("{reason}\n{sql}\n{}", plan.join("\n"));
    }
}

/// The lines of the engine's plan.
async fn plan(db: &Db, sql: &str, params: Vec<Value>) -> Vec<String> {
    let (db, engine, sql) = (db.clone(), db.engine(), sql.to_owned());
    off_thread(move || match engine {
        Engine::Sqlite => db.read_blocking(|conn| conn.query(&format!("EXPLAIN QUERY PLAN {sql}"), &params, |row| row.get(3))),
        Engine::Postgres => db.write_blocking(Lane::Urgent, move |tx, _| {
            tx.batch("SET LOCAL enable_seqscan = off")?;
            tx.query(&format!("EXPLAIN {sql}"), &params, |row| row.get(0))
        }),
    })
    .await
    .map_err(|e: DbError| format!("{e}: {:?}", std::error::Error::source(&e)))
    .unwrap()
}

/// Why a plan is bad, if it is.
fn reads_everything(engine: Engine, plan: &[String]) -> Option<&'static str> {
    let bad = match engine {
        Engine::Sqlite => plan.iter().any(|step| step.starts_with("SCAN") && step != "SCAN CONSTANT ROW"),
        Engine::Postgres => plan.iter().any(|step| step.contains("Seq Scan")) || !plan.iter().any(|step| step.contains("Index")),
    };
    bad.then_some("this statement reads a whole table:")
}

mod tests {
    use super::*;
    use crate::support::{TestDb, on_both};

    on_both!(a_statement_without_an_index_is_noticed, async |db: TestDb| {
        let whole = plan(&db, "SELECT id FROM events WHERE kind = $1", vec!["x".into()]).await;
        assert!(reads_everything(db.engine(), &whole).is_some(), "{whole:?}");
        uses_index(&db, "SELECT id FROM events WHERE seq = $1", vec![1_i64.into()]).await;
    });
}
