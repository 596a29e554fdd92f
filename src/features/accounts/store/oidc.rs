//! The table `oidc_links`: which accounts of other providers open which account here.

use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{Instant, UserId};
use uuid::Uuid;

/// An account elsewhere that opens one here.
#[derive(Debug, Clone)]
pub(in super::super) struct Link {
    pub id: Uuid,
    pub user: UserId,
    /// The provider's id in the settings when it was linked.
    pub provider: String,
    pub issuer: String,
    pub subject: String,
    pub created_at: Instant,
    pub last_used_at: Option<Instant>,
}

pub(super) const BY_SUBJECT: &str =
    "SELECT id, user_id, provider, issuer, subject, created_at, last_used_at FROM oidc_links WHERE issuer = $1 AND subject = $2";
pub(super) const OF_USER: &str =
    "SELECT id, user_id, provider, issuer, subject, created_at, last_used_at FROM oidc_links WHERE user_id = $1 ORDER BY id LIMIT 100";

fn link(row: &Row<'_>) -> DbResult<Link> {
    Ok(Link {
        id: row.get(0)?,
        user: row.get(1)?,
        provider: row.get(2)?,
        issuer: row.get(3)?,
        subject: row.get(4)?,
        created_at: row.get(5)?,
        last_used_at: row.get(6)?,
    })
}

/// Whose account somebody of a provider opens.
pub(in super::super) fn by_subject(conn: &mut Conn<'_>, issuer: &str, subject: &str) -> DbResult<Option<Link>> {
    conn.first(BY_SUBJECT, &[issuer.into(), subject.into()], link)
}

/// All of a person, oldest first.
pub(in super::super) fn of_user(conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Link>> {
    conn.query(OF_USER, &[user.into()], link)
}

/// False when the provider's account opens one here already.
pub(in super::super) fn insert(tx: &mut Tx<'_>, new: &Link) -> DbResult<bool> {
    const INSERT: &str = "INSERT INTO oidc_links (id, user_id, provider, issuer, subject, created_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (issuer, subject) DO NOTHING";
    let made = tx.execute(
        INSERT,
        &[
            new.id.into(),
            new.user.into(),
            new.provider.as_str().into(),
            new.issuer.as_str().into(),
            new.subject.as_str().into(),
            new.created_at.into(),
            new.last_used_at.into(),
        ],
    )?;
    Ok(made > 0)
}

pub(in super::super) fn touch(tx: &mut Tx<'_>, now: Instant, id: Uuid) -> DbResult<()> {
    tx.execute("UPDATE oidc_links SET last_used_at = $2 WHERE id = $1", &[id.into(), now.into()])?;
    Ok(())
}

/// Holds the account's row until the transaction ends: of two who take a way in away, the second one sees what the first one left.
pub(in super::super) fn hold(tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
    tx.execute("UPDATE accounts SET updated_at = $2 WHERE user_id = $1", &[user.into(), now.into()])?;
    Ok(())
}

/// False when it is not theirs.
pub(in super::super) fn remove(tx: &mut Tx<'_>, user: UserId, id: Uuid) -> DbResult<bool> {
    Ok(tx.execute("DELETE FROM oidc_links WHERE id = $1 AND user_id = $2", &[id.into(), user.into()])? > 0)
}
