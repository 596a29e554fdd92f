//! The profile: what everybody may see of somebody, and what they see themselves.

use super::accounts::State;
use crate::platform::db::{Conn, DbError, DbResult, Json, Row, Tx};
use crate::values::{Instant, ListingId, Night, UserId};

pub(super) const PROFILE: &str = "SELECT name, about, location, photo_url, languages, identity_verified, top_host, response_rate, member_since, version,
                              (SELECT COUNT(*) FROM listings WHERE host_id = $1 AND state = 'published')
                       FROM users WHERE id = $1";

pub(super) const NAME: &str = "SELECT name FROM users WHERE id = $1";

/// What everybody may know of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub id: UserId,
    pub name: String,
    pub about: String,
    pub location: String,
    pub photo_url: Option<String>,
    /// BCP 47 tags.
    pub languages: Vec<String>,
    pub identity_verified: bool,
    pub top_host: bool,
    /// Percent of first messages answered within a day.
    pub response_rate: Option<i64>,
    pub member_since: Option<Night>,
    pub version: i64,
    pub listing_count: i64,
}

/// The public profile of a person; `None` when there is nobody with this id.
pub(in super::super) fn profile(conn: &mut Conn<'_>, id: UserId) -> DbResult<Option<Profile>> {
    conn.first(PROFILE, &[id.into()], |row| profile_of(id, row))
}

/// The name alone, which costs no counting of homes.
pub(in super::super) fn name(conn: &mut Conn<'_>, id: UserId) -> DbResult<Option<String>> {
    conn.first(NAME, &[id.into()], |row| row.get(0))
}

fn profile_of(id: UserId, row: &Row<'_>) -> DbResult<Profile> {
    let Json(languages) = row.get(4)?;
    Ok(Profile {
        id,
        name: row.get(0)?,
        about: row.get(1)?,
        location: row.get(2)?,
        photo_url: row.get(3)?,
        languages: serde_json::from_str(&languages).map_err(|e| DbError::Column { column: 4, reason: e.to_string() })?,
        identity_verified: row.get(5)?,
        top_host: row.get(6)?,
        response_rate: row.get(7)?,
        member_since: row.get(8)?,
        version: row.get(9)?,
        listing_count: row.get(10)?,
    })
}

pub(super) const OWN: &str = "SELECT u.name, u.about, u.location, u.photo_url, u.languages, u.identity_verified, u.top_host, u.member_since,
    u.version + a.version, a.email, a.locale, a.currency, a.state, a.erase_at, a.password_hash IS NOT NULL, a.totp_since IS NOT NULL, a.created_at,
    EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = a.user_id) FROM accounts a JOIN users u ON u.id = a.user_id WHERE a.user_id = $1";

pub(super) const PUBLISHED_BY: &str = "SELECT id FROM listings WHERE host_id = $1 AND state = 'published' ORDER BY id";

/// The listings that show somebody as their host.
pub(in super::super) fn published_by(conn: &mut Conn<'_>, host: UserId) -> DbResult<Vec<ListingId>> {
    conn.query(PUBLISHED_BY, &[host.into()], |row| row.get(0))
}

/// What somebody sees of themselves.
#[derive(Debug, Clone)]
pub(crate) struct OwnProfile {
    pub name: String,
    pub about: String,
    pub location: String,
    pub photo_url: Option<String>,
    pub languages: Vec<String>,
    pub identity_verified: bool,
    pub top_host: bool,
    pub member_since: Option<Night>,
    /// Rises with every change of the profile or the account.
    pub version: i64,
    pub email: String,
    pub locale: Option<String>,
    pub currency: Option<String>,
    pub state: State,
    pub erase_at: Option<Instant>,
    pub has_password: bool,
    pub has_totp: bool,
    pub has_passkeys: bool,
    pub created_at: Instant,
}

pub(in super::super) fn own(conn: &mut Conn<'_>, user: UserId) -> DbResult<Option<OwnProfile>> {
    conn.first(OWN, &[user.into()], |row| {
        let Json(languages) = row.get(4)?;
        Ok(OwnProfile {
            name: row.get(0)?,
            about: row.get(1)?,
            location: row.get(2)?,
            photo_url: row.get(3)?,
            languages: serde_json::from_str(&languages).map_err(|e| DbError::Column { column: 4, reason: e.to_string() })?,
            identity_verified: row.get(5)?,
            top_host: row.get(6)?,
            member_since: row.get(7)?,
            version: row.get(8)?,
            email: row.get(9)?,
            locale: row.get(10)?,
            currency: row.get(11)?,
            state: State::read(&row.get::<String>(12)?, 12)?,
            erase_at: row.get(13)?,
            has_password: row.get(14)?,
            has_totp: row.get(15)?,
            created_at: row.get(16)?,
            has_passkeys: row.get(17)?,
        })
    })
}

/// Stores what its owner may change.
pub(in super::super) fn store(tx: &mut Tx<'_>, now: Instant, user: UserId, new: &OwnProfile) -> DbResult<()> {
    const PERSON: &str = "UPDATE users SET name = $2, about = $3, location = $4, languages = $5, version = version + 1, updated_at = $6 WHERE id = $1";
    const ACCOUNT: &str = "UPDATE accounts SET locale = $2, currency = $3, updated_at = $4 WHERE user_id = $1";
    let languages = Json(serde_json::Value::from(new.languages.clone()).to_string());
    tx.execute(PERSON, &[user.into(), (&new.name).into(), (&new.about).into(), (&new.location).into(), languages.into(), now.into()])?;
    tx.execute(ACCOUNT, &[user.into(), new.locale.clone().into(), new.currency.clone().into(), now.into()])?;
    Ok(())
}
