//! The statements of accounts find their rows by an index, however many people there are.

use crate::support::{TestDb, on_both, uses_index};
use stopover::features::{accounts, reviews};
use stopover::platform::db::Value;
use stopover::values::Instant;
use uuid::Uuid;

on_both!(statements_use_indexes, async |db: TestDb| {
    for (sql, kinds) in accounts::STATEMENTS {
        let params = kinds.chars().map(|kind| match kind {
            'u' => Value::Uuid(Uuid::nil()),
            't' => Value::Text("x".into()),
            'i' => Value::Instant(Instant(0)),
            other => panic!("no parameter of kind {other}"),
        });
        uses_index(&db, sql, params.collect()).await;
    }
    for sql in reviews::OF_AUTHOR {
        uses_index(&db, sql, vec![Value::Uuid(Uuid::nil())]).await;
    }
    for (sql, params) in accounts::directory_statements() {
        uses_index(&db, &sql, params).await;
    }
});
