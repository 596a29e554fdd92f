//! The public profile.

use crate::platform::db::{Conn, DbError, DbResult, Json, Row};
use crate::values::{Night, UserId};

pub(super) const PROFILE: &str = "SELECT name, about, location, photo_url, languages, identity_verified, top_host, response_rate, member_since, version,
                              (SELECT COUNT(*) FROM listings WHERE host_id = $1 AND state = 'published')
                       FROM users WHERE id = $1";

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
