//! The second step: codes of an authenticator app, and recovery codes for when it is lost (S-MFA).
//!
//! Every door that takes a code goes through [`check`], so that there is one count of wrong ones.

use super::letters::{self, Matter, Reader};
use super::sessions::{self, Begun, Place, Proof};
use super::{World, login, note};
use crate::features::accounts::rules::{
    CODE_WINDOW_SECONDS, MOST_WRONG_CODES, RECOVERY_BYTES, RECOVERY_CODES, SECRET_BYTES, recovery_key, recovery_text, shown, step_of,
};
use crate::features::accounts::store::accounts;
use crate::features::accounts::store::factors::{self, App};
use crate::features::accounts::store::one_time::{self, Purpose};
use crate::features::accounts::store::{passkeys, sessions as session_rows};
use crate::platform::audit::Actor;
use crate::platform::db::{Conn, DbError, DbResult, Tx};
use crate::platform::keys::digest;
use crate::values::{Instant, UserId};
use serde_json::json;
use uuid::Uuid;

/// What somebody shows besides a password.
#[derive(Clone)]
pub(crate) enum Shown {
    Code(String),
    Recovery(String),
}

/// What looking at a code came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    Right,
    Wrong,
    /// Too many were wrong; seconds until the next is looked at.
    Wait(u32),
    /// No app is set up.
    Off,
}

/// How somebody's second factor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub since: Option<Instant>,
    pub recovery_codes: i64,
}

pub(crate) fn standing(conn: &mut Conn<'_>, user: UserId) -> DbResult<Standing> {
    Ok(Standing { since: factors::app(conn, user)?.and_then(|app| app.since), recovery_codes: factors::count_recovery(conn, user)? })
}

/// Looks at a code or recovery code of somebody whose app is in use, and uses it up.
pub(crate) fn check(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, shown: &Shown) -> DbResult<Checked> {
    let Some(app) = factors::app(tx, user)?.filter(|app| app.since.is_some()) else { return Ok(Checked::Off) };
    let checked = counted(tx, now, world, user, |tx| match shown {
        Shown::Code(code) => code_counts(tx, now, world, user, &app, code),
        Shown::Recovery(code) => factors::use_recovery(tx, user, &digest(&recovery_key(code))),
    })?;
    if checked == Checked::Right && matches!(shown, Shown::Recovery(_)) {
        let left = factors::count_recovery(tx, user)?;
        note(tx, now, world, "mfa.recovery_used", Actor::User(user), Some(user), json!({"recovery_codes": [left + 1, left]}))?;
        tell(tx, now, world, user, Matter::RecoveryUsed { left })?;
    }
    Ok(checked)
}

/// Counts a try, then looks: with the count first, no number of tries at once gets past it.
fn counted<F>(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, look: F) -> DbResult<Checked>
where
    F: FnOnce(&mut Tx<'_>) -> DbResult<bool>,
{
    if !factors::count_try(tx, now, user, now.plus_seconds(-CODE_WINDOW_SECONDS), MOST_WRONG_CODES)? {
        let until = factors::window_from(tx, user)?.unwrap_or(now).plus_seconds(CODE_WINDOW_SECONDS);
        return Ok(Checked::Wait(u32::try_from((until.0 - now.0) / Instant::SECOND + 1).unwrap_or(1)));
    }
    if !look(tx)? {
        note(tx, now, world, "session.refused", Actor::Nobody, Some(user), json!({"code": [null, "wrong"]}))?;
        return Ok(Checked::Wrong);
    }
    factors::forgive_try(tx, user)?;
    Ok(Checked::Right)
}

/// Whether a code is right and was not used before.
fn code_counts(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, app: &App, code: &str) -> DbResult<bool> {
    let secret = world.keys.unseal(&factors::place(user), &app.sealed)?;
    step_of(&secret, code, now).map_or(Ok(false), |step| factors::use_step(tx, user, step))
}

/// What an authenticator app has to know.
#[derive(Clone)]
pub(crate) struct Secret {
    pub text: String,
    pub url: String,
}

/// Makes the secret of an app that has yet to show a code. `None` when one is in use.
pub(crate) fn set_up(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId) -> DbResult<Option<Secret>> {
    let Some(account) = accounts::by_id(tx, user)? else { return Ok(None) };
    let mut secret = [0_u8; SECRET_BYTES];
    rand::fill(&mut secret[..]);
    if !factors::keep_secret(tx, now, user, &world.keys.seal(&factors::place(user), &secret))? {
        return Ok(None);
    }
    let shown = shown(&secret, &world.config.accounts.site_name, &account.email);
    let (text, url) = shown.ok_or_else(|| DbError::Unusable("the secret of an authenticator app cannot be shown".into()))?;
    Ok(Some(Secret { text, url }))
}

/// What new recovery codes came to.
#[derive(Clone)]
pub(crate) enum Codes {
    /// Shown once.
    New(Vec<String>),
    Refused(Checked),
    /// The app is in use already.
    AlreadyOn,
}

/// The app shows its first code: from now on it is asked for. Ends all other sessions, which had shown less.
pub(crate) fn confirm(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, session: Uuid, code: &str) -> DbResult<Codes> {
    let Some(app) = factors::app(tx, user)? else { return Ok(Codes::Refused(Checked::Off)) };
    if app.since.is_some() {
        return Ok(Codes::AlreadyOn);
    }
    match counted(tx, now, world, user, |tx| code_counts(tx, now, world, user, &app, code))? {
        Checked::Right => {}
        refused => return Ok(Codes::Refused(refused)),
    }
    if !factors::turn_on(tx, now, user)? {
        return Ok(Codes::AlreadyOn);
    }
    note(tx, now, world, "mfa.enabled", Actor::User(user), Some(user), json!({"totp": [false, true]}))?;
    tell(tx, now, world, user, Matter::SecondFactorOn)?;
    one_time::forget(tx, user, Purpose::SecondFactor)?;
    sessions::end_all(tx, now, world, Actor::User(user), user, Some(session), "second factor")?;
    login::prove(tx, now, world, user, session, true)?;
    Ok(Codes::New(new_recovery(tx, now, user)?))
}

/// Takes the app away; whoever asks has shown their password. Ends all other sessions.
pub(crate) fn disable(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, session: Option<Uuid>, shown: &Shown) -> DbResult<Checked> {
    let checked = check(tx, now, world, user, shown)?;
    if checked == Checked::Right {
        factors::turn_off(tx, now, user)?;
        note(tx, now, world, "mfa.disabled", Actor::User(user), Some(user), json!({"totp": [true, false]}))?;
        tell(tx, now, world, user, Matter::SecondFactorOff)?;
        one_time::forget(tx, user, Purpose::SecondFactor)?;
        let has_passkeys = !passkeys::of_user(tx, user)?.is_empty();
        session_rows::weaken(tx, user, has_passkeys)?;
        sessions::end_all(tx, now, world, Actor::User(user), user, session, "second factor")?;
    }
    Ok(checked)
}

/// A new set of recovery codes, for a code of the app; the old ones are void.
pub(crate) fn renew(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, code: &str) -> DbResult<Codes> {
    match check(tx, now, world, user, &Shown::Code(code.to_owned()))? {
        Checked::Right => {}
        refused => return Ok(Codes::Refused(refused)),
    }
    note(tx, now, world, "mfa.recovery_renewed", Actor::User(user), Some(user), json!({}))?;
    tell(tx, now, world, user, Matter::RecoveryRenewed)?;
    Ok(Codes::New(new_recovery(tx, now, user)?))
}

fn new_recovery(tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<Vec<String>> {
    let fresh = || {
        let mut bytes = [0_u8; RECOVERY_BYTES];
        rand::fill(&mut bytes[..]);
        recovery_text(bytes)
    };
    let codes: Vec<String> = std::iter::repeat_with(fresh).take(RECOVERY_CODES).collect();
    let digests: Vec<String> = codes.iter().map(|code| digest(&recovery_key(code))).collect();
    factors::keep_recovery(tx, now, user, &digests)?;
    Ok(codes)
}

/// What the second step of a login came to.
#[derive(Clone)]
pub(crate) enum Entered {
    In(Begun),
    Refused(Checked),
    /// The ticket was used, has run out, or is none.
    Unknown,
    Suspended,
}

/// Begins the session that a ticket and a code open. A wrong code leaves the ticket as it is.
pub(crate) fn enter(tx: &mut Tx<'_>, now: Instant, world: &World, ticket: &str, shown: &Shown, browser: Option<bool>, place: &Place) -> DbResult<Entered> {
    let Some(kept) = one_time::peek(tx, now, ticket, Purpose::SecondFactor)? else { return Ok(Entered::Unknown) };
    let Some(account) = kept.user.map_or(Ok(None), |user| accounts::by_id(tx, user))? else { return Ok(Entered::Unknown) };
    if !account.state.may_enter() {
        return Ok(Entered::Suspended);
    }
    match check(tx, now, world, account.user, shown)? {
        Checked::Right => {}
        // Without an app there is no second step: the first has to be taken again.
        Checked::Off => return Ok(Entered::Unknown),
        refused => return Ok(Entered::Refused(refused)),
    }
    if one_time::take(tx, now, ticket, Purpose::SecondFactor)?.is_none() {
        return Ok(Entered::Unknown);
    }
    let place = Place { browser: browser.or_else(|| kept.payload["browser"].as_bool()).unwrap_or(false), ..place.clone() };
    let method = match (shown, kept.payload["method"].as_str()) {
        (Shown::Recovery(_), _) => "recovery",
        (Shown::Code(_), Some("oidc")) => "oidc",
        (Shown::Code(_), _) => "password",
    };
    let begun = sessions::begin(tx, now, world, account.user, &place, Proof { method, strong: true })?;
    Ok(Entered::In(begun))
}

/// What proving oneself once more came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proven {
    Yes,
    CodeNeeded,
    Refused(Checked),
}

/// A right password, and a code where an app is in use, count as a fresh proof of a session.
pub(crate) fn prove(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, session: Uuid, shown: Option<&Shown>) -> DbResult<Proven> {
    let on = factors::app(tx, user)?.is_some_and(|app| app.since.is_some());
    match (on, shown) {
        (false, _) => {}
        (true, None) => return Ok(Proven::CodeNeeded),
        (true, Some(shown)) => match check(tx, now, world, user, shown)? {
            Checked::Right => {}
            refused => return Ok(Proven::Refused(refused)),
        },
    }
    login::prove(tx, now, world, user, session, on)?;
    Ok(Proven::Yes)
}

/// Writes to somebody about their own account.
pub(crate) fn tell(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, matter: Matter<'_>) -> DbResult<()> {
    match accounts::by_id(tx, user)? {
        Some(account) => letters::post(tx, now, world, &Reader { email: &account.email, name: &account.name }, matter),
        None => Ok(()),
    }
}
