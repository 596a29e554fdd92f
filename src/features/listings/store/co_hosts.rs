//! SQL of co-hosts and of the invitations to become one.

use super::super::rules::co_hosts::Level;
use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{Email, Instant, ListingId, UserId};
use uuid::Uuid;

const HOLD: &str = "UPDATE listings SET version = version WHERE id = $1";
const TITLE: &str = "SELECT title FROM listings WHERE id = $1";
const OF_LISTING: &str = "SELECT c.user_id, u.name, u.photo_url, c.level, c.version, c.created_at
    FROM co_hosts c JOIN users u ON u.id = c.user_id WHERE c.listing_id = $1 ORDER BY c.created_at, c.user_id";
const ONE: &str = "SELECT c.user_id, u.name, u.photo_url, c.level, c.version, c.created_at
    FROM co_hosts c JOIN users u ON u.id = c.user_id WHERE c.listing_id = $1 AND c.user_id = $2";
const OPEN: &str = "SELECT id, listing_id, email, level, invited_by, created_at, expires_at FROM co_host_invitations
    WHERE listing_id = $1 AND expires_at > $2 ORDER BY created_at, id";
const BY_SECRET: &str =
    "SELECT id, listing_id, email, level, invited_by, created_at, expires_at FROM co_host_invitations WHERE secret_digest = $1 AND expires_at > $2";
const OF_HELPER: &str = "SELECT listing_id, level, created_at FROM co_hosts WHERE user_id = $1 ORDER BY listing_id";
const TO: &str =
    "SELECT id, listing_id, email, level, invited_by, created_at, expires_at FROM co_host_invitations WHERE email_key = $1 ORDER BY created_at, id";
const BY: &str =
    "SELECT id, listing_id, email, level, invited_by, created_at, expires_at FROM co_host_invitations WHERE invited_by = $1 ORDER BY created_at, id";
const PRUNE: &str = "DELETE FROM co_host_invitations WHERE expires_at <= $1";

/// Statements that must find their rows by an index, with the kinds of their parameters: `u` an id, `t` a text, `i` an instant.
pub(super) const STATEMENTS: &[(&str, &str)] =
    &[(HOLD, "u"), (TITLE, "u"), (OF_LISTING, "u"), (ONE, "uu"), (OPEN, "ui"), (BY_SECRET, "ti"), (OF_HELPER, "u"), (TO, "t"), (BY, "u"), (PRUNE, "i")];

/// Somebody who helps with a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CoHost {
    pub user: UserId,
    pub name: String,
    pub photo_url: Option<String>,
    pub level: Level,
    pub version: i64,
    pub since: Instant,
}

/// Somebody who was asked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invitation {
    pub id: Uuid,
    pub listing: ListingId,
    /// As whoever invited wrote it.
    pub email: String,
    pub level: Level,
    pub invited_by: UserId,
    pub created_at: Instant,
    pub expires_at: Instant,
}

fn co_host(row: &Row<'_>) -> DbResult<CoHost> {
    Ok(CoHost { user: row.get(0)?, name: row.get(1)?, photo_url: row.get(2)?, level: row.known(3, Level::parse)?, version: row.get(4)?, since: row.get(5)? })
}

fn invitation(row: &Row<'_>) -> DbResult<Invitation> {
    Ok(Invitation {
        id: row.get(0)?,
        listing: row.get(1)?,
        email: row.get(2)?,
        level: row.known(3, Level::parse)?,
        invited_by: row.get(4)?,
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
    })
}

/// Makes all others who change the co-hosts of this listing wait until the transaction ends.
pub(in super::super) fn hold(tx: &mut Tx<'_>, listing: ListingId) -> DbResult<()> {
    tx.hold(HOLD, &[listing.into()])?;
    Ok(())
}

pub(in super::super) fn title(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<String> {
    Ok(conn.first(TITLE, &[listing.into()], |row| row.get(0))?.unwrap_or_default())
}

/// Longest with the listing first; never more than twenty.
pub(in super::super) fn of_listing(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Vec<CoHost>> {
    conn.query(OF_LISTING, &[listing.into()], co_host)
}

pub(in super::super) fn one(conn: &mut Conn<'_>, listing: ListingId, user: UserId) -> DbResult<Option<CoHost>> {
    conn.first(ONE, &[listing.into(), user.into()], co_host)
}

/// False when they help already.
pub(in super::super) fn add(tx: &mut Tx<'_>, now: Instant, listing: ListingId, user: UserId, level: Level) -> DbResult<bool> {
    const ADD: &str =
        "INSERT INTO co_hosts (listing_id, user_id, level, version, created_at) VALUES ($1, $2, $3, 1, $4) ON CONFLICT (listing_id, user_id) DO NOTHING";
    Ok(tx.execute(ADD, &[listing.into(), user.into(), level.name().into(), now.into()])? == 1)
}

pub(in super::super) fn set_level(tx: &mut Tx<'_>, listing: ListingId, user: UserId, level: Level) -> DbResult<()> {
    const SET: &str = "UPDATE co_hosts SET level = $3, version = version + 1 WHERE listing_id = $1 AND user_id = $2";
    tx.execute(SET, &[listing.into(), user.into(), level.name().into()])?;
    Ok(())
}

pub(in super::super) fn remove(tx: &mut Tx<'_>, listing: ListingId, user: UserId) -> DbResult<()> {
    tx.execute("DELETE FROM co_hosts WHERE listing_id = $1 AND user_id = $2", &[listing.into(), user.into()])?;
    Ok(())
}

/// Invitations that can still be accepted, oldest first.
pub(in super::super) fn open_invitations(conn: &mut Conn<'_>, now: Instant, listing: ListingId) -> DbResult<Vec<Invitation>> {
    conn.query(OPEN, &[listing.into(), now.into()], invitation)
}

/// Stores an invitation, in the place of an earlier one to the same address; `digest` is that of the token in the letter.
pub(in super::super) fn invite(tx: &mut Tx<'_>, invitation: &Invitation, email: &Email, digest: &str) -> DbResult<()> {
    const EARLIER: &str = "DELETE FROM co_host_invitations WHERE listing_id = $1 AND email_key = $2";
    const INVITE: &str = "INSERT INTO co_host_invitations (id, listing_id, email, email_key, level, invited_by, secret_digest, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let Invitation { id, listing, level, invited_by, created_at, expires_at, .. } = *invitation;
    tx.execute(EARLIER, &[listing.into(), email.key().into()])?;
    let (text, key) = (email.text().into(), email.key().into());
    let params = [id.into(), listing.into(), text, key, level.name().into(), invited_by.into(), digest.into(), created_at.into(), expires_at.into()];
    tx.execute(INVITE, &params)?;
    Ok(())
}

pub(in super::super) fn by_secret(conn: &mut Conn<'_>, now: Instant, digest: &str) -> DbResult<Option<Invitation>> {
    conn.first(BY_SECRET, &[digest.into(), now.into()], invitation)
}

/// False when it is not there any more: accepted, or taken back.
pub(in super::super) fn drop_invitation(tx: &mut Tx<'_>, id: Uuid) -> DbResult<bool> {
    Ok(tx.execute("DELETE FROM co_host_invitations WHERE id = $1", &[id.into()])? == 1)
}

/// Drops what somebody who may not invite any more has asked others.
pub(in super::super) fn drop_invitations_by(tx: &mut Tx<'_>, listing: ListingId, user: UserId) -> DbResult<()> {
    tx.execute("DELETE FROM co_host_invitations WHERE listing_id = $1 AND invited_by = $2", &[listing.into(), user.into()])?;
    Ok(())
}

/// Where somebody helps: listing, level and since when.
pub(in super::super) fn of_helper(conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<(ListingId, Level, Instant)>> {
    conn.query(OF_HELPER, &[user.into()], |row| Ok((row.get(0)?, row.known(1, Level::parse)?, row.get(2)?)))
}

/// Invitations to an address, run out or not.
pub(in super::super) fn invitations_to(conn: &mut Conn<'_>, email: &Email) -> DbResult<Vec<Invitation>> {
    conn.query(TO, &[email.key().into()], invitation)
}

/// Invitations that somebody has sent, run out or not.
pub(in super::super) fn invitations_by(conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Invitation>> {
    conn.query(BY, &[user.into()], invitation)
}

/// Forgets who helped whom: somebody is erased. `email` is their address, as far as it is still known.
pub(in super::super) fn forget(tx: &mut Tx<'_>, user: UserId, email: Option<&Email>) -> DbResult<()> {
    for all in [
        "DELETE FROM co_hosts WHERE user_id = $1",
        "DELETE FROM co_hosts WHERE listing_id IN (SELECT id FROM listings WHERE host_id = $1)",
        "DELETE FROM co_host_invitations WHERE invited_by = $1",
        "DELETE FROM co_host_invitations WHERE listing_id IN (SELECT id FROM listings WHERE host_id = $1)",
    ] {
        tx.execute(all, &[user.into()])?;
    }
    if let Some(email) = email {
        tx.execute("DELETE FROM co_host_invitations WHERE email_key = $1", &[email.key().into()])?;
    }
    Ok(())
}

/// Drops what has run out.
pub(in super::super) fn prune(tx: &mut Tx<'_>, now: Instant) -> DbResult<u64> {
    tx.execute(PRUNE, &[now.into()])
}
