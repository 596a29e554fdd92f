//! Changing the mail address: the new one has to confirm, the old one is told.

use super::letters::{self, Matter, Reader};
use super::{World, announce, note};
use crate::features::accounts::store::accounts;
use crate::features::accounts::store::one_time::{self, Purpose};
use crate::platform::audit::{self, Actor};
use crate::platform::db::{DbResult, Tx};
use crate::platform::keys::fresh_secret;
use crate::values::{Email, Instant, UserId};
use serde_json::json;

/// Sends a link to the new address and a notice to the old one. An address that somebody else has gets a letter about that, and
/// the caller cannot tell.
pub(crate) fn ask(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, email: &Email) -> DbResult<()> {
    let Some(account) = accounts::by_id(tx, user)? else { return Ok(()) };
    let token = fresh_secret();
    one_time::forget(tx, user, Purpose::ChangeEmail)?;
    one_time::keep(
        tx,
        now,
        &token,
        Purpose::ChangeEmail,
        Some(user),
        &json!({"email": email.text(), "instead_of": audit::hashed(&world.keys, &account.email)}),
    )?;
    note(tx, now, world, "email.change_asked", Actor::User(user), Some(user), json!({"email": [null, audit::hashed(&world.keys, email.key())]}))?;
    match accounts::by_email(tx, email.key())?.filter(|other| other.user != user) {
        Some(other) => letters::post(tx, now, world, &Reader { email: &other.email, name: &other.name }, Matter::HaveOneAlready)?,
        None => letters::post(tx, now, world, &Reader { email: email.text(), name: &account.name }, Matter::ConfirmNewAddress { token: &token })?,
    }
    letters::post(tx, now, world, &Reader { email: &account.email, name: &account.name }, Matter::AddressWillChange)
}

/// What a confirmation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmed {
    Changed,
    /// The link was used, or has run out.
    Unknown,
    /// Somebody else has the address meanwhile.
    Taken,
}

/// Uses the link up and changes the address.
pub(crate) fn confirm(tx: &mut Tx<'_>, now: Instant, world: &World, token: &str) -> DbResult<Confirmed> {
    let Some(kept) = one_time::take(tx, now, token, Purpose::ChangeEmail)? else { return Ok(Confirmed::Unknown) };
    let (Some(user), Some(email)) = (kept.user, kept.payload["email"].as_str().and_then(Email::parse)) else { return Ok(Confirmed::Unknown) };
    let Some(account) = accounts::by_id(tx, user)?.filter(|account| account.state.may_enter()) else { return Ok(Confirmed::Unknown) };
    // The address has changed since: the link is about one that is not theirs any more.
    if kept.payload["instead_of"] != audit::hashed(&world.keys, &account.email) {
        return Ok(Confirmed::Unknown);
    }
    if !accounts::set_email(tx, now, user, &email)? {
        return Ok(Confirmed::Taken);
    }
    // A link to a new password that lies in the old mailbox must not count any more.
    one_time::forget(tx, user, Purpose::ResetPassword)?;
    let hashed = |text: &str| audit::hashed(&world.keys, text);
    note(tx, now, world, "email.changed", Actor::User(user), Some(user), json!({"email": [hashed(&account.email), hashed(email.key())]}))?;
    letters::post(tx, now, world, &Reader { email: &account.email, name: &account.name }, Matter::AddressChanged)?;
    announce(tx, now, user)?;
    Ok(Confirmed::Changed)
}
