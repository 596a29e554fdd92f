//! People of a story who need more than a registration, and rows that a story writes by hand.

use super::TestDb;
use super::town::{Asker, Town, email_of};
use stopover::platform::db::{DbResult, Value};
use stopover::values::{Instant, UserId};

/// The id of somebody who has registered.
pub(crate) async fn user_of(db: &TestDb, name: &str) -> UserId {
    let key = email_of(name);
    let found: DbResult<Option<UserId>> =
        db.read(move |conn| conn.first("SELECT user_id FROM accounts WHERE email_key = $1", &[key.into()], |row| row.get(0))).await;
    found.unwrap().unwrap_or_else(|| panic!("{name} has no account"))
}

/// A newcomer with a role (`moderator`, `finance`, `operator`), logged in with it.
pub(crate) async fn with_role(town: &Town, db: &TestDb, name: &str, role: &'static str) -> Asker {
    const GRANT: &str = "INSERT INTO account_roles (user_id, role, granted_at) VALUES ($1, $2, $3)";
    town.newcomer(name).await;
    let user = user_of(db, name).await;
    run(db, GRANT, vec![user.into(), role.into(), Instant(0).into()]).await;
    town.log_in(name).await
}

/// Changes at least one row.
pub(crate) async fn run(db: &TestDb, sql: &'static str, params: Vec<Value>) {
    assert!(changed(db, sql, params).await > 0, "{sql} changed nothing");
}

/// Changes rows, or none.
pub(crate) async fn run_any(db: &TestDb, sql: &'static str, params: Vec<Value>) {
    changed(db, sql, params).await;
}

async fn changed(db: &TestDb, sql: &'static str, params: Vec<Value>) -> u64 {
    let wrote: DbResult<u64> = db.write(move |tx, _| tx.execute(sql, &params)).await;
    wrote.unwrap()
}
