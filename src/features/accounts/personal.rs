//! What accounts hold about people: handed out in an export, taken away by an erasure.

use super::service::login::forgive;
use super::service::{World, announce};
use super::store::{accounts, erasure, oidc, one_time, passkeys, profile, sessions, tokens};
use crate::platform::access::Role;
use crate::platform::audit::{self, Actor, Cursor, Filter};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::platform::{idempotency, mail};
use crate::values::{Email, Instant, UserId};
use serde_json::{Value, json};

/// Entries of the trail read at once.
const PIECE: i64 = 1_000;

/// See [`PersonalData`].
pub(crate) struct AccountData(World);

impl AccountData {
    pub(super) fn new(world: World) -> Self {
        Self(world)
    }
}

impl PersonalData for AccountData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        let Some(own) = profile::own(conn, user)? else { return Ok(()) };
        let roles: Vec<&str> = accounts::roles(conn, user)?.iter().map(Role::name).collect();
        archive.file(
            "profile",
            &json!({
                "id": user.0, "name": own.name, "email": own.email, "about": own.about, "location": own.location, "photo_url": own.photo_url,
                "languages": own.languages, "locale": own.locale, "currency": own.currency, "identity_verified": own.identity_verified,
                "top_host": own.top_host, "member_since": own.member_since.map(|day| day.to_string()), "roles": roles, "state": own.state.name(),
                "erase_at": own.erase_at.map(|at| at.to_string()), "created_at": own.created_at.to_string(),
                "two_factor": own.has_totp, "has_password": own.has_password, "has_passkeys": own.has_passkeys,
            }),
        )?;
        archive.list("sessions")?;
        for session in sessions::all_of_user(conn, user)? {
            archive.item(&json!({
                "id": session.id, "device": session.device, "address_prefix": session.address_prefix, "browser": session.browser, "method": session.method,
                "created_at": session.created_at.to_string(), "last_used_at": session.last_used_at.to_string(),
                "expires_at": session.expires_at.to_string(), "ended_at": session.ended_at.map(|at| at.to_string()),
            }))?;
        }
        archive.list("tokens")?;
        for token in tokens::live(conn, Instant(0), user)? {
            archive.item(&json!({
                "id": token.id, "name": token.name, "scopes": token.scopes, "created_at": token.created_at.to_string(),
                "expires_at": token.expires_at.to_string(), "last_used_at": token.last_used_at.map(|at| at.to_string()),
            }))?;
        }
        // What opens the account is named; what it opens with is nobody's to copy.
        archive.list("passkeys")?;
        for passkey in passkeys::of_user(conn, user)? {
            archive.item(&json!({
                "id": passkey.id, "name": passkey.name, "created_at": passkey.created_at.to_string(),
                "last_used_at": passkey.last_used_at.map(|at| at.to_string()),
            }))?;
        }
        archive.list("providers")?;
        for link in oidc::of_user(conn, user)? {
            archive.item(&json!({
                "id": link.id, "provider": link.provider, "issuer": link.issuer, "linked_at": link.created_at.to_string(),
                "last_used_at": link.last_used_at.map(|at| at.to_string()),
            }))?;
        }
        archive.list("audit")?;
        trail(conn, Filter { actor: Some(user), ..Filter::default() }, |entry| archive.item(&told(&entry, true)))?;
        let about = Filter { object: Some(("user", user.0)), ..Filter::default() };
        trail(conn, about, |entry| if entry.actor == Actor::User(user) { Ok(()) } else { archive.item(&told(&entry, false)) })
    }

    fn blocks_erasure(&self, conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Blocker>> {
        let alone = accounts::roles(conn, user)?.has(Role::Operator) && accounts::count_with_role(conn, Role::Operator)? <= 1;
        let message = "You are the only operator: make somebody else operator first.".to_owned();
        Ok(alone.then_some(Blocker { reason: "last_operator", message }).into_iter().collect())
    }

    fn erase(&self, tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
        let Some(account) = accounts::by_id(tx, user)? else { return Ok(()) };
        if let Some(email) = Email::parse(&account.email) {
            forgive(tx, &self.0, email.key())?;
            mail::drop_letters_to(tx, &self.0.keys, email.text())?;
            for (digest, kept) in one_time::of_nobody(tx)? {
                let address = kept.payload["email"].as_str().and_then(Email::parse);
                if address.is_some_and(|address| address.key() == email.key()) {
                    one_time::drop_one(tx, &digest)?;
                }
            }
        }
        erasure::scrub(tx, now, user)?;
        idempotency::forget(tx, user)?;
        announce(tx, now, user)
    }
}

/// Every entry of the trail that passes, newest first.
fn trail(conn: &mut Conn<'_>, filter: Filter<'_>, mut take: impl FnMut(audit::Row) -> DbResult<()>) -> DbResult<()> {
    let mut after: Option<Cursor> = None;
    loop {
        let page = audit::list(conn, &filter, after.as_ref(), PIECE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.cursor());
        page.into_iter().try_for_each(&mut take)?;
    }
}

/// An entry as the person it is about may read it. Who else acted, and from where, is about somebody else.
fn told(entry: &audit::Row, own: bool) -> Value {
    let object = entry.object.as_ref().map(|(kind, id)| json!({"kind": kind, "id": id}));
    let mut told = json!({"at": entry.at.to_string(), "action": entry.action, "by_you": own, "object": object});
    if own {
        told["diff"] = serde_json::from_str(&entry.diff).unwrap_or(Value::Null);
        told["address"] = json!(entry.address);
    }
    told
}
