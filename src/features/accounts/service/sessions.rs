//! Sessions: beginning, exchanging refresh tokens, ending (S-TOK 3–7).

use super::letters::{self, Matter, Reader};
use super::login::device_token;
use super::{World, announce, note};
use crate::features::accounts::rules::{Lives, MOST_SESSIONS, REPLAY_SECONDS};
use crate::features::accounts::store::accounts;
use crate::features::accounts::store::accounts::hold;
use crate::features::accounts::store::one_time::{self, Purpose};
use crate::features::accounts::store::sessions::{self, Session};
use crate::platform::audit::Actor;
use crate::platform::db::{DbResult, Tx};
use crate::platform::instance::tag;
use crate::platform::keys::{Keys, digest, fresh_secret, same};
use crate::values::{Email, Instant, UserId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::json;
use uuid::Uuid;

const PREFIX: &str = "str_";

/// How somebody showed who they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proof {
    /// `password`, `passkey`, `oidc` or `recovery`.
    pub method: &'static str,
    /// With a second factor, or a passkey.
    pub strong: bool,
}

/// Where a session is kept, and by whom.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// In a cookie; otherwise in a refresh token.
    pub browser: bool,
    pub device: String,
    pub prefix: String,
}

/// A session that has just begun or gone on, with the secret that is told once.
#[derive(Debug, Clone)]
pub(crate) struct Begun {
    pub user: UserId,
    pub session: Uuid,
    /// The refresh token, or the cookie's value.
    pub secret: String,
    pub browser: bool,
    pub expires_at: Instant,
    /// For the next login on this device.
    pub device: Option<String>,
}

/// Begins a session; when somebody has too many, the oldest ends.
pub(crate) fn begin(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, place: &Place, proof: Proof) -> DbResult<Begun> {
    let lives = Lives::of(&world.config.accounts, accounts::roles(tx, user)?);
    let live = sessions::of_user(tx, user)?;
    for surplus in live.iter().take((live.len() + 1).saturating_sub(MOST_SESSIONS)) {
        sessions::end(tx, now, user, surplus.id, "too many")?;
    }
    let id = Uuid::now_v7();
    let secret = if place.browser { fresh_secret() } else { refresh_token(&world.keys, id, 0) };
    let new = Session {
        id,
        user,
        browser: place.browser,
        secret_digest: digest(&secret),
        generation: 0,
        rotated_at: now,
        device: place.device.clone(),
        address_prefix: place.prefix.clone(),
        proven_at: now,
        strong: proof.strong,
        method: proof.method.into(),
        created_at: now,
        last_used_at: now,
        idle_until: lives.idle_until(now),
        expires_at: lives.expires_at(now),
        ended_at: None,
    };
    sessions::insert(tx, &new)?;
    note(tx, now, world, "session.started", Actor::User(user), Some(user), json!({"method": [null, proof.method], "strong": [null, proof.strong]}))?;
    announce(tx, now, user)?;
    let account = accounts::by_id(tx, user)?;
    let email = account.as_ref().and_then(|account| Email::parse(&account.email));
    let device = email.zip(account).map(|(email, account)| device_token(&world.keys, email.key(), account.password_hash.as_deref()));
    Ok(Begun { user, session: id, secret, browser: place.browser, expires_at: new.expires_at, device })
}

/// What exchanging a refresh token came to.
#[derive(Debug, Clone)]
pub(crate) enum Exchange {
    GoesOn(Begun),
    /// Not ours, run out, or ended.
    Unknown,
    /// An old one: the session was ended and its owner told.
    Reused(UserId),
}

/// Exchanges a refresh token for its successor. The one before the newest gives the same successor for some seconds, since an
/// answer may have been lost; any older one ends the session, because somebody has copied it.
pub(crate) fn exchange(tx: &mut Tx<'_>, now: Instant, world: &World, token: &str) -> DbResult<Exchange> {
    let Some((id, generation)) = read_token(&world.keys, token) else { return Ok(Exchange::Unknown) };
    let Some(session) = sessions::by_id(tx, id)?.filter(|s| !s.browser && s.ended_at.is_none()) else { return Ok(Exchange::Unknown) };
    let Some(account) = accounts::by_id(tx, session.user)?.filter(|account| account.state.may_enter()) else { return Ok(Exchange::Unknown) };
    if now >= session.idle_until || now >= session.expires_at {
        return Ok(Exchange::Unknown);
    }
    let lives = Lives::of(&world.config.accounts, accounts::roles(tx, session.user)?);
    let successor = refresh_token(&world.keys, id, generation + 1);
    let goes_on = |secret| Begun { user: session.user, session: id, secret, browser: false, expires_at: session.expires_at, device: None };
    if sessions::rotate(tx, now, id, generation, &digest(&successor), lives.idle_until(now))? {
        return Ok(Exchange::GoesOn(goes_on(successor)));
    }
    // Somebody was quicker, perhaps in this very moment: look again.
    let Some(session) = sessions::by_id(tx, id)?.filter(|s| s.ended_at.is_none()) else { return Ok(Exchange::Unknown) };
    if session.generation == generation + 1 && now.0 - session.rotated_at.0 <= REPLAY_SECONDS * Instant::SECOND {
        return Ok(Exchange::GoesOn(goes_on(successor)));
    }
    sessions::end(tx, now, session.user, id, "reused token")?;
    note(tx, now, world, "session.reuse_detected", Actor::Nobody, Some(session.user), json!({}))?;
    letters::post(tx, now, world, &Reader { email: &account.email, name: &account.name }, Matter::TokenReused { device: &session.device })?;
    announce(tx, now, session.user)?;
    Ok(Exchange::Reused(session.user))
}

/// Ends one session of a person. False when it is not theirs, or over.
pub(crate) fn end(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, id: Uuid) -> DbResult<bool> {
    let ended = sessions::end(tx, now, user, id, "logged out")?;
    if ended {
        note(tx, now, world, "session.ended", Actor::User(user), Some(user), json!({"session": [id, null]}))?;
        announce(tx, now, user)?;
    }
    Ok(ended)
}

/// Ends all sessions of a person, but for `keep`, and notes it. Answers how many there were.
pub(crate) fn end_all(tx: &mut Tx<'_>, now: Instant, world: &World, actor: Actor, user: UserId, keep: Option<Uuid>, reason: &str) -> DbResult<u64> {
    let ended = close(tx, now, user, keep, reason)?;
    if ended > 0 {
        note(tx, now, world, "session.ended", actor, Some(user), json!({"sessions": [ended, 0]}))?;
    }
    announce(tx, now, user)?;
    Ok(ended)
}

/// Ends all sessions of a person, but for `keep`, with whatever one of them has begun: a new address, a passkey, a link, a second step
/// must not be finished after it. The caller writes into the audit trail, and announces. Answers how many there were.
pub(super) fn close(tx: &mut Tx<'_>, now: Instant, user: UserId, keep: Option<Uuid>, reason: &str) -> DbResult<u64> {
    hold(tx, user)?;
    for begun in [Purpose::ChangeEmail, Purpose::Passkey, Purpose::Oidc, Purpose::SecondFactor] {
        one_time::forget(tx, user, begun)?;
    }
    sessions::end_all(tx, now, user, keep, reason)
}

/// The refresh token of a session's generation: id, generation, and a tag that only the master key can make. Nothing of it has to be
/// stored to know an old one again, and a copy of the database makes none.
fn refresh_token(keys: &Keys, id: Uuid, generation: i64) -> String {
    let mut bytes = Vec::with_capacity(16 + 8 + 32);
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(&generation.to_be_bytes());
    let mac = tag(&keys.derive("refresh tokens"), &[&bytes]);
    bytes.extend_from_slice(&mac);
    format!("{PREFIX}{}", BASE64.encode(bytes))
}

fn read_token(keys: &Keys, token: &str) -> Option<(Uuid, i64)> {
    let bytes = BASE64.decode(token.strip_prefix(PREFIX)?).ok()?;
    let (id, rest) = bytes.split_first_chunk::<16>()?;
    let (generation, mac) = rest.split_first_chunk::<8>()?;
    let right = tag(&keys.derive("refresh tokens"), &[&bytes[..24]]);
    same(mac, &right).then(|| (Uuid::from_bytes(*id), i64::from_be_bytes(*generation)))
}

/// What a browser has to send back with every write, to show that the page is ours.
pub(crate) fn csrf_token(keys: &Keys, session: Uuid) -> String {
    BASE64.encode(tag(&keys.derive("csrf"), &[session.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refresh_tokens_are_read_and_cannot_be_made_up() {
        let (keys, id) = (Keys::from_bytes([1; 32]), Uuid::now_v7());
        let token = refresh_token(&keys, id, 7);
        assert_eq!(read_token(&keys, &token), Some((id, 7)));
        assert_eq!(read_token(&Keys::from_bytes([2; 32]), &token), None);
        for at in PREFIX.len()..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(read_token(&keys, std::str::from_utf8(&other).unwrap()), None, "{at}");
        }
        for bad in ["", "str_", "str_AAAA", &token[4..]] {
            assert_eq!(read_token(&keys, bad), None);
        }
    }
}
