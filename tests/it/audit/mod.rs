//! The audit trail: what is written stands with its change, is sealed soon, cannot be changed unseen, and goes after 400 days.

mod reading;
mod sealing;
mod tampering;
mod truncation;

use crate::support::off_thread;
use std::sync::Arc;
use stopover::platform::audit::{self, Actor, Entry, Report};
use stopover::platform::db::{Db, DbError, DbResult, Lane};
use stopover::platform::keys::Keys;
use stopover::values::{Origin, UserId};
use uuid::Uuid;

fn keys() -> Arc<Keys> {
    Arc::new(Keys::from_bytes([7; 32]))
}

/// The user of a small number.
fn user(n: u64) -> UserId {
    UserId(Uuid::from_u64_pair(1, n))
}

/// Writes `count` entries of many shapes, each in a transaction of its own, numbered from `first` on.
async fn write(db: &Db, first: u64, count: u64) {
    for n in first..first + count {
        append(db, n).await.unwrap();
    }
}

async fn append(db: &Db, n: u64) -> DbResult<()> {
    db.write(move |tx, now| {
        let origin = Origin { request_id: format!("request {n}"), address: n.is_multiple_of(2).then(|| std::net::IpAddr::from([203, 0, 113, 7]).into()) };
        let entry = Entry {
            action: if n.is_multiple_of(3) { "user.suspended" } else { "profile.changed" },
            actor: match n % 5 {
                0 => Actor::Console,
                1 => Actor::Nobody,
                _ => Actor::User(user(n % 3)),
            },
            on_behalf_of: n.is_multiple_of(4).then(|| user(9)),
            object: (n % 3 != 2).then(|| ("user", user(n % 2).0)),
            reason: n.is_multiple_of(3).then_some("spam, \u{1f6b2} \0and \"quotes\""),
            diff: serde_json::json!({ "name": ["a", n], "rate": [1e16, 1.0], "z": null, "a\0": [] }),
            origin: &origin,
        };
        audit::append(tx, now, &entry)
    })
    .await
}

async fn seal(db: &Db) -> u64 {
    let db = db.clone();
    off_thread(move || audit::seal_all(&db, &keys())).await.unwrap()
}

async fn verify(db: &Db) -> Report {
    let db = db.clone();
    off_thread(move || audit::verify(&db, &keys())).await.unwrap()
}

/// Runs a piece of SQL; answers whether the database took it.
async fn sql(db: &Db, sql: &'static str) -> DbResult<()> {
    db.write(move |tx, _| tx.batch(sql)).await
}

/// Deletes what is older than 400 days; answers how many entries went.
async fn truncate(db: &Db) -> DbResult<u64> {
    let db = db.clone();
    off_thread(move || {
        let mut all = 0;
        loop {
            match db.write_blocking(Lane::Bulk, |tx, now| audit::truncate(tx, &keys(), now, audit::KEPT_DAYS))? {
                0 => return Ok::<_, DbError>(all),
                gone => all += gone,
            }
        }
    })
    .await
}
