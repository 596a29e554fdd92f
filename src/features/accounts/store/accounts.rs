//! The table `accounts`, and who has which role.

use crate::platform::access::{Role, Roles};
use crate::platform::db::{Conn, DbError, DbResult, Json, Row, Tx};
use crate::values::{Email, Instant, Night, UserId};

/// Whether somebody may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Active,
    /// By a moderator.
    Suspended,
    /// Asked to be erased; may log in and think again.
    Leaving,
    Erased,
}

impl State {
    pub(crate) const ALL: [Self; 4] = [Self::Active, Self::Suspended, Self::Leaving, Self::Erased];

    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Leaving => "leaving",
            Self::Erased => "erased",
        }
    }

    /// Whether sessions and tokens of this account count.
    #[must_use]
    pub(crate) const fn may_enter(self) -> bool {
        matches!(self, Self::Active | Self::Leaving)
    }

    pub(in super::super) fn read(text: &str, column: usize) -> DbResult<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or_else(|| DbError::Column { column, reason: format!("unknown state {text}") })
    }
}

/// An account with the name of its owner.
#[derive(Clone)]
pub(crate) struct Account {
    pub user: UserId,
    pub name: String,
    pub email: String,
    /// A PHC string; `None` when there are other ways to log in only.
    pub password_hash: Option<String>,
    pub state: State,
    pub erase_at: Option<Instant>,
    /// The sealed secret of a confirmed authenticator app.
    pub totp_sealed: Option<String>,
    pub version: i64,
    pub created_at: Instant,
}

pub(super) const BY_EMAIL: &str = "SELECT a.user_id, u.name, a.email, a.password_hash, a.state, a.erase_at,
    CASE WHEN a.totp_since IS NULL THEN NULL ELSE a.totp_sealed END, a.version, a.created_at
    FROM accounts a JOIN users u ON u.id = a.user_id WHERE a.email_key = $1";
pub(super) const BY_ID: &str = "SELECT a.user_id, u.name, a.email, a.password_hash, a.state, a.erase_at,
    CASE WHEN a.totp_since IS NULL THEN NULL ELSE a.totp_sealed END, a.version, a.created_at
    FROM accounts a JOIN users u ON u.id = a.user_id WHERE a.user_id = $1";
pub(super) const ROLES: &str = "SELECT role FROM account_roles WHERE user_id = $1";
pub(super) const WITH_ROLE: &str =
    "SELECT COUNT(*) FROM account_roles r JOIN accounts a ON a.user_id = r.user_id WHERE r.role = $1 AND a.state IN ('active', 'leaving')";

pub(super) const STATE_REASON: &str = "SELECT state_reason FROM accounts WHERE user_id = $1";
pub(super) const LOCK_ROLE: &str = "UPDATE account_roles SET role = role WHERE role = $1";

fn account(row: &Row<'_>) -> DbResult<Account> {
    Ok(Account {
        user: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        password_hash: row.get(3)?,
        state: State::read(&row.get::<String>(4)?, 4)?,
        erase_at: row.get(5)?,
        totp_sealed: row.get(6)?,
        version: row.get(7)?,
        created_at: row.get(8)?,
    })
}

/// Makes all others who want to change this account wait until the transaction ends: the first statement of whoever reads before
/// they write.
pub(in super::super) fn hold(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    tx.hold("UPDATE accounts SET version = version WHERE user_id = $1", &[user.into()])
}

/// The account of a mail address.
pub(in super::super) fn by_email(conn: &mut Conn<'_>, key: &str) -> DbResult<Option<Account>> {
    conn.first(BY_EMAIL, &[key.into()], account)
}

/// The same, held until the transaction ends: what is read of it stays true.
pub(in super::super) fn by_email_held(tx: &mut Tx<'_>, key: &str) -> DbResult<Option<Account>> {
    match by_email(tx, key)? {
        Some(found) => {
            hold(tx, found.user)?;
            by_email(tx, key)
        }
        None => Ok(None),
    }
}

pub(in super::super) fn by_id(conn: &mut Conn<'_>, user: UserId) -> DbResult<Option<Account>> {
    conn.first(BY_ID, &[user.into()], account)
}

/// A new person with an account. False when the address has one already; then nothing was written.
pub(in super::super) fn insert(tx: &mut Tx<'_>, now: Instant, user: UserId, name: &str, email: &Email, password_hash: Option<&str>) -> DbResult<bool> {
    const PERSON: &str = "INSERT INTO users (id, name, about, location, languages, identity_verified, top_host, member_since, version, created_at, updated_at)
        VALUES ($1, $2, '', '', $3, $4, $4, $5, 1, $6, $6)";
    const ACCOUNT: &str = "INSERT INTO accounts (user_id, email, email_key, password_hash, state, code_failures, version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, 'active', 0, 1, $5, $5) ON CONFLICT (email_key) DO NOTHING";
    // The address is claimed by the account's row, which needs the person's; so a taken address is looked for first.
    if by_email(tx, email.key())?.is_some() {
        return Ok(false);
    }
    let today = Night::in_utc(now);
    let languages = Json("[]".into());
    tx.execute(PERSON, &[user.into(), name.into(), languages.into(), false.into(), today.into(), now.into()])?;
    let made = tx.execute(ACCOUNT, &[user.into(), email.text().into(), email.key().into(), password_hash.into(), now.into()])?;
    if made == 0 {
        tx.execute("DELETE FROM users WHERE id = $1", &[user.into()])?;
    }
    Ok(made > 0)
}

pub(in super::super) fn set_password(tx: &mut Tx<'_>, now: Instant, user: UserId, hash: &str) -> DbResult<()> {
    tx.execute("UPDATE accounts SET password_hash = $2, version = version + 1, updated_at = $3 WHERE user_id = $1", &[user.into(), hash.into(), now.into()])?;
    Ok(())
}

/// The same password under today's parameters: nothing changed for its owner. Only if nobody has changed it meanwhile.
pub(in super::super) fn renew_hash(tx: &mut Tx<'_>, user: UserId, old: &str, new: &str) -> DbResult<()> {
    tx.execute("UPDATE accounts SET password_hash = $3 WHERE user_id = $1 AND password_hash = $2", &[user.into(), old.into(), new.into()])?;
    Ok(())
}

/// False when somebody else has the address.
pub(in super::super) fn set_email(tx: &mut Tx<'_>, now: Instant, user: UserId, email: &Email) -> DbResult<bool> {
    const FREE: &str = "SELECT 1 FROM accounts WHERE email_key = $1 AND user_id <> $2";
    if tx.first(FREE, &[email.key().into(), user.into()], |_| Ok(()))?.is_some() {
        return Ok(false);
    }
    const SET: &str = "UPDATE accounts SET email = $2, email_key = $3, version = version + 1, updated_at = $4 WHERE user_id = $1";
    tx.execute(SET, &[user.into(), email.text().into(), email.key().into(), now.into()])?;
    Ok(true)
}

/// Another version, for a change that stands in another table.
pub(in super::super) fn rise(tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
    tx.execute("UPDATE accounts SET version = version + 1, updated_at = $2 WHERE user_id = $1", &[user.into(), now.into()])?;
    Ok(())
}

/// Changes who may enter. [`State::Leaving`] needs an `erase_at`; a suspension keeps one.
pub(in super::super) fn set_state(tx: &mut Tx<'_>, now: Instant, user: UserId, state: State, reason: Option<&str>, erase_at: Option<Instant>) -> DbResult<()> {
    const SET: &str = "UPDATE accounts SET state = $2, state_reason = $3, erase_at = $4, version = version + 1, updated_at = $5 WHERE user_id = $1";
    tx.execute(SET, &[user.into(), state.name().into(), reason.into(), erase_at.into(), now.into()])?;
    Ok(())
}

/// Why an account is suspended.
pub(in super::super) fn state_reason(conn: &mut Conn<'_>, user: UserId) -> DbResult<Option<String>> {
    Ok(conn.first(STATE_REASON, &[user.into()], |row| row.get(0))?.flatten())
}

pub(in super::super) fn roles(conn: &mut Conn<'_>, user: UserId) -> DbResult<Roles> {
    let names = conn.query(ROLES, &[user.into()], |row| row.get::<String>(0))?;
    Ok(names.iter().filter_map(|name| Role::parse(name)).collect())
}

/// How many people who may enter have a role.
pub(in super::super) fn count_with_role(conn: &mut Conn<'_>, role: Role) -> DbResult<i64> {
    Ok(conn.first(WITH_ROLE, &[role.name().into()], |row| row.get(0))?.unwrap_or(0))
}

/// Whoever holds this changes alone who has a role, until the transaction ends. It locks the rows of those who have it.
pub(in super::super) fn lock_role(tx: &mut Tx<'_>, role: Role) -> DbResult<()> {
    tx.hold(LOCK_ROLE, &[role.name().into()])?;
    Ok(())
}

/// False when they had it already.
pub(in super::super) fn grant(tx: &mut Tx<'_>, now: Instant, user: UserId, role: Role, by: Option<UserId>) -> DbResult<bool> {
    const GRANT: &str = "INSERT INTO account_roles (user_id, role, granted_at, granted_by) VALUES ($1, $2, $3, $4) ON CONFLICT (user_id, role) DO NOTHING";
    Ok(tx.execute(GRANT, &[user.into(), role.name().into(), now.into(), by.into()])? > 0)
}

/// False when they did not have it.
pub(in super::super) fn revoke(tx: &mut Tx<'_>, user: UserId, role: Role) -> DbResult<bool> {
    Ok(tx.execute("DELETE FROM account_roles WHERE user_id = $1 AND role = $2", &[user.into(), role.name().into()])? > 0)
}
