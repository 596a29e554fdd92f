//! Logging in with a password, and proving oneself once more.
//!
//! Looking at a password takes long and must not hold a transaction, so a login has three parts: [`consider`] before the hash is
//! compared, the comparison, and [`settle`] after it. Every way to fail looks the same from outside.

use super::sessions::{self, Begun, Place, Proof};
use super::{World, note};
use crate::features::accounts::hashing::Compared;
use crate::features::accounts::rules::{ACCOUNT_LIMIT, Verdict, WINDOW_SECONDS, block_seconds, judge};
use crate::features::accounts::store::accounts::{self, Account};
use crate::features::accounts::store::one_time::{self, Purpose};
use crate::features::accounts::store::{failures, sessions as session_rows};
use crate::platform::audit::{self, Actor};
use crate::platform::db::{DbResult, Tx};
use crate::platform::instance::tag;
use crate::platform::keys::{Keys, fresh_secret, same};
use crate::values::{Email, Instant, UserId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::json;
use uuid::Uuid;

/// How long failures from anywhere are counted together.
const DAY_SECONDS: i64 = 86_400;

/// Somebody's try to log in.
#[derive(Clone)]
pub(crate) struct Try {
    pub email: Email,
    /// What the last login on this device was given; see [`device_token`].
    pub device: Option<String>,
    /// The owner of an open session proves themselves once more: strangers who guess do not delay them.
    pub inside: bool,
    pub place: Place,
}

/// What is known before the password is looked at.
pub(crate) struct Considered {
    pub verdict: Verdict,
    pub account: Option<Account>,
}

/// Looks up the account and whether its tries are listened to now, and counts this one before anything is compared, so that many at
/// once are not all looked at; [`settle`] takes a right one back. An account that nobody has is counted like any other.
pub(crate) fn consider(tx: &mut Tx<'_>, now: Instant, world: &World, attempt: &Try) -> DbResult<Considered> {
    let account = accounts::by_email(tx, attempt.email.key())?;
    let known = is_known(world, attempt, account.as_ref());
    let (here, anywhere) = world.failure_keys(attempt.email.key(), known);
    let verdict = judge(now, failures::read(tx, &here)?, failures::read(tx, &anywhere)?, known);
    if verdict == Verdict::GoOn {
        count(tx, now, &here, &anywhere, known)?;
    }
    Ok(Considered { verdict, account })
}

fn count(tx: &mut Tx<'_>, now: Instant, here: &str, anywhere: &str, known: bool) -> DbResult<()> {
    let counted = failures::add(tx, now, here, now.plus_seconds(-WINDOW_SECONDS))?;
    let seconds = block_seconds(counted.failures);
    if seconds > 0 {
        failures::block(tx, here, now.plus_seconds(seconds))?;
    }
    if known {
        return Ok(());
    }
    let counted = failures::add(tx, now, anywhere, now.plus_seconds(-DAY_SECONDS))?;
    if counted.failures >= ACCOUNT_LIMIT {
        failures::block(tx, anywhere, now.plus_seconds(DAY_SECONDS))?;
    }
    Ok(())
}

/// What a login came to.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    In(Begun),
    /// The password was right; this ticket and a second factor open the door.
    CodeNeeded {
        ticket: String,
    },
    Wrong,
    /// The password was right, but a moderator has closed the account.
    Suspended,
}

/// A password that was compared, and the hash it was compared with; `None` where nobody has the address.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    pub stored: Option<String>,
    pub compared: Compared,
}

/// Writes down how the comparison went, and begins a session when it went well.
pub(crate) fn settle(tx: &mut Tx<'_>, now: Instant, world: &World, attempt: &Try, looked: &Looked) -> DbResult<Outcome> {
    // Read again, and held: since the comparison the password may have been changed, or the account closed.
    let account = accounts::by_email_held(tx, attempt.email.key())?;
    let about = account.as_ref().map(|account| account.user);
    let Some(account) = account.filter(|account| looked.compared.right && account.password_hash == looked.stored) else {
        refuse(tx, now, world, attempt, about)?;
        return Ok(Outcome::Wrong);
    };
    let known = is_known(world, attempt, Some(&account));
    let (here, anywhere) = world.failure_keys(attempt.email.key(), known);
    failures::forget(tx, &here)?;
    if !known {
        failures::take_back(tx, &anywhere)?;
    }
    if !account.state.may_enter() {
        note(tx, now, world, "session.refused", Actor::Nobody, Some(account.user), json!({"state": [account.state.name(), null]}))?;
        return Ok(Outcome::Suspended);
    }
    if let (Some(renewed), Some(old)) = (&looked.compared.renewed, &account.password_hash) {
        accounts::renew_hash(tx, account.user, old, renewed)?;
    }
    if account.totp_sealed.is_some() {
        return Ok(Outcome::CodeNeeded { ticket: ticket(tx, now, account.user, &attempt.place)? });
    }
    Ok(Outcome::In(sessions::begin(tx, now, world, account.user, &attempt.place, Proof { method: "password", strong: false })?))
}

/// A ticket for the second step of a login.
pub(crate) fn ticket(tx: &mut Tx<'_>, now: Instant, user: UserId, place: &Place) -> DbResult<String> {
    let ticket = fresh_secret();
    let payload = json!({"browser": place.browser});
    one_time::keep(tx, now, &ticket, Purpose::SecondFactor, Some(user), &payload)?;
    Ok(ticket)
}

/// The same for a proof from inside: takes a right one back from the count, notes a wrong one.
pub(crate) fn settle_inside(tx: &mut Tx<'_>, now: Instant, world: &World, attempt: &Try, user: UserId, looked: &Looked) -> DbResult<()> {
    if looked.compared.right {
        failures::forget(tx, &world.failure_keys(attempt.email.key(), attempt.inside).0)
    } else {
        refuse(tx, now, world, attempt, Some(user))
    }
}

fn refuse(tx: &mut Tx<'_>, now: Instant, world: &World, attempt: &Try, about: Option<UserId>) -> DbResult<()> {
    let who = audit::hashed(&world.keys, attempt.email.key());
    note(tx, now, world, "session.refused", Actor::Nobody, about, json!({"email": [null, who]}))
}

/// All counts of an address begin anew: a new password was set through a letter.
pub(crate) fn forgive(tx: &mut Tx<'_>, world: &World, email_key: &str) -> DbResult<()> {
    for known in [false, true] {
        let (here, anywhere) = world.failure_keys(email_key, known);
        failures::forget(tx, &here)?;
        failures::forget(tx, &anywhere)?;
    }
    Ok(())
}

/// The owner of a session has shown their password (and code) once more.
pub(crate) fn prove(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, session: Uuid, strong: bool) -> DbResult<()> {
    note(tx, now, world, "session.proven", Actor::User(user), Some(user), json!({"session": [null, session], "strong": [null, strong]}))?;
    session_rows::prove(tx, now, session, strong)?;
    super::announce(tx, now, user)
}

/// Given to a device after a login, and sent with its next one: strangers who guess cannot lock it out. It is bound to the password
/// of its day: a new one makes all devices strangers again.
pub(crate) fn device_token(keys: &Keys, email_key: &str, password_hash: Option<&str>) -> String {
    let nonce = fresh_secret();
    let mac = device_mac(keys, email_key, password_hash, &nonce);
    format!("sdv_{nonce}.{mac}")
}

fn device_mac(keys: &Keys, email_key: &str, password_hash: Option<&str>, nonce: &str) -> String {
    BASE64.encode(tag(&keys.derive("devices"), &[email_key.as_bytes(), password_hash.unwrap_or_default().as_bytes(), nonce.as_bytes()]))
}

/// Whether a try comes from where this account was used before. All such places are counted together, so that who has collected
/// their tokens has no more guesses than one of them.
fn is_known(world: &World, attempt: &Try, account: Option<&Account>) -> bool {
    let Some(account) = account else { return false };
    if attempt.inside {
        return true;
    }
    let shown = attempt.device.as_deref().and_then(|token| token.strip_prefix("sdv_")?.split_once('.'));
    shown.is_some_and(|(nonce, mac)| same(device_mac(&world.keys, attempt.email.key(), account.password_hash.as_deref(), nonce).as_bytes(), mac.as_bytes()))
}
