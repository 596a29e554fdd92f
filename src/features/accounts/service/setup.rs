//! The first operator: a token that is shown once on the console, and no default password (S-AUTH 10).

use super::World;
use super::registration::{self, Appointed};
use crate::features::accounts::store::accounts;
use crate::features::accounts::store::one_time::{self, Purpose};
use crate::platform::access::Role;
use crate::platform::audit::Actor;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::keys::fresh_secret;
use crate::values::{Instant, UserId};
use serde_json::json;

/// A new token, while there is no operator; earlier ones are void from now on.
pub(crate) fn offer(tx: &mut Tx<'_>, now: Instant) -> DbResult<Option<String>> {
    if accounts::count_with_role(tx, Role::Operator)? > 0 {
        return Ok(None);
    }
    let token = fresh_secret();
    one_time::forget_all(tx, Purpose::SetUp)?;
    one_time::keep(tx, now, &token, Purpose::SetUp, None, &json!({}))?;
    Ok(Some(token))
}

/// Whether a token would make the first operator now.
pub(crate) fn is_open(conn: &mut Conn<'_>, now: Instant, token: &str) -> DbResult<bool> {
    Ok(accounts::count_with_role(conn, Role::Operator)? == 0 && one_time::peek(conn, now, token, Purpose::SetUp)?.is_some())
}

/// Uses the token up and makes the first operator.
pub(crate) fn set_up(tx: &mut Tx<'_>, now: Instant, world: &World, token: &str, who: &Appointed) -> Result<UserId> {
    if one_time::take(tx, now, token, Purpose::SetUp)?.is_none() || accounts::count_with_role(tx, Role::Operator)? > 0 {
        return Err(unknown_token());
    }
    let made = registration::appoint(tx, now, world, Actor::Nobody, who, Role::Operator)?;
    made.ok_or_else(|| Error::refused(Kind::Conflict, "email_taken", "Another account has this address."))
}

pub(crate) fn unknown_token() -> Error {
    Error::refused(Kind::Gone, "link_unknown", "This token was used already, has run out, or was replaced at a later start.")
}
