//! What an erasure takes out of the tables of accounts, and the table `erasures`, which remembers that it did.

use crate::platform::db::{Conn, DbResult, Json, Tx};
use crate::platform::privacy::NOBODY;
use crate::values::{Instant, UserId};

/// Whoever is due for erasure.
pub(super) const DUE: &str = "SELECT user_id FROM accounts WHERE erase_at <= $1 ORDER BY erase_at LIMIT 500";

/// Rows that go altogether. A table with a column `user_id` is named here, or the test below says where it is seen to.
const HELD: &[&str] = &[
    "DELETE FROM account_roles WHERE user_id = $1",
    "DELETE FROM sessions WHERE user_id = $1",
    "DELETE FROM personal_tokens WHERE user_id = $1",
    "DELETE FROM one_time_tokens WHERE user_id = $1",
    "DELETE FROM exports WHERE user_id = $1",
    "DELETE FROM recovery_codes WHERE user_id = $1",
    "DELETE FROM passkeys WHERE user_id = $1",
    "DELETE FROM oidc_links WHERE user_id = $1",
];

pub(in super::super) fn due(conn: &mut Conn<'_>, now: Instant) -> DbResult<Vec<UserId>> {
    conn.query(DUE, &[now.into()], |row| row.get(0))
}

/// Removes whatever somebody held and scrubs what they were; the rows of person and account stay, for others point to them.
pub(in super::super) fn scrub(tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
    const PERSON: &str = "UPDATE users SET name = $2, about = '', location = '', photo_url = NULL, languages = $3, identity_verified = $4, top_host = $4,
        response_rate = NULL, member_since = NULL, version = version + 1, updated_at = $5 WHERE id = $1";
    const ACCOUNT: &str = "UPDATE accounts SET email = '', email_key = $2, password_hash = NULL, state = 'erased', state_reason = NULL, erase_at = NULL,
        locale = NULL, currency = NULL, totp_sealed = NULL, totp_since = NULL, totp_last_step = NULL, code_failures = 0, code_window = NULL,
        version = version + 1, updated_at = $3 WHERE user_id = $1";
    for held in HELD {
        tx.execute(held, &[user.into()])?;
    }
    tx.execute(PERSON, &[user.into(), NOBODY.into(), Json("[]".into()).into(), false.into(), now.into()])?;
    // Nobody's address: it has no @.
    tx.execute(ACCOUNT, &[user.into(), format!("erased:{}", user.0).into(), now.into()])?;
    Ok(())
}

/// Notes that somebody was erased, once.
pub(in super::super) fn record(tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
    tx.execute("INSERT INTO erasures (user_id, erased_at) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING", &[user.into(), now.into()])?;
    Ok(())
}

pub(in super::super) fn erased_at(conn: &mut Conn<'_>, user: UserId) -> DbResult<Option<Instant>> {
    conn.first("SELECT erased_at FROM erasures WHERE user_id = $1", &[user.into()], |row| row.get(0))
}

/// Everybody who was erased, for the list outside the database. Reads the whole table.
pub(in super::super) fn all(conn: &mut Conn<'_>) -> DbResult<Vec<(UserId, Instant)>> {
    conn.query("SELECT user_id, erased_at FROM erasures ORDER BY erased_at", &[], |row| Ok((row.get(0)?, row.get(1)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::db::SCHEMA;

    /// Tables with a column `user_id` that are seen to elsewhere.
    const ELSEWHERE: [&str; 7] = ["accounts", "erasures", "idempotency_keys", "co_hosts", "coupon_uses", "quotes", "payout_methods"];

    #[test]
    fn no_table_about_people_is_forgotten() {
        for table in SCHEMA.split("CREATE TABLE IF NOT EXISTS ").skip(1) {
            let (name, rest) = table.split_once(" (").unwrap();
            let columns = rest.split_once("\n);").unwrap().0;
            let about_people = columns.lines().any(|line| line.trim_start().starts_with("user_id "));
            let seen_to = ELSEWHERE.contains(&name) || HELD.iter().any(|sql| sql.starts_with(&format!("DELETE FROM {name} ")));
            assert!(!about_people || seen_to, "{name} is about people, and an erasure leaves it as it is");
        }
    }
}
