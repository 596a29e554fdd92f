//! Every statement finds its rows by an index.

use crate::support::{TestDb, on_both, uses_index};
use stopover::features::{bookings, claims};
use stopover::platform::db::Value;
use stopover::values::{Instant, Night};
use uuid::Uuid;

on_both!(statements_use_indexes, async |db: TestDb| {
    for (sql, kinds) in bookings::statements().into_iter().chain(claims::statements()) {
        let params = kinds.chars().map(|kind| match kind {
            'u' => Value::Uuid(Uuid::nil()),
            't' => Value::Text("x".into()),
            'n' => Value::Int(1),
            'j' => Value::Json("{}".into()),
            'i' => Value::Instant(Instant(1)),
            'd' => Value::Night(Night::FIRST),
            other => panic!("no parameter of kind {other}"),
        });
        uses_index(&db, sql, params.collect()).await;
    }
});
