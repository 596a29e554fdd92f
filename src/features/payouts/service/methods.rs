//! Where hosts want their money. A new method counts after days (S-MFA 5): whoever takes over a session cannot have the money by then.

use super::send::{Details, place};
use super::{World, letters};
use crate::features::payouts::rules::accounts::{self, BadAccount, MOST_HOLDER};
use crate::features::payouts::rules::terms::{BANK, Method};
use crate::features::payouts::store::methods as rows;
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::Tx;
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::values::{Instant, UserId};
use anyhow::Context as _;
use serde_json::{Value, json};
use uuid::Uuid;

/// Methods that somebody may have at a time.
const MOST: usize = 10;

/// A method as it is wished for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub kind: String,
    pub details: Details,
}

impl Wish {
    /// Judged by itself and by who sends money here. Refuses with 422 `unknown_payout_kind` and `invalid_account`.
    pub(crate) fn judged(world: &World, kind: &str, holder: &str, account: &str) -> Result<Self> {
        let cards = world.payments.cards();
        if kind != BANK && cards != Some(kind) {
            let known: Vec<&str> = [BANK].into_iter().chain(cards).collect();
            return Err(bad("unknown_payout_kind", "kind", &format!("is one of {}", known.join(", "))));
        }
        let read = if kind == BANK { accounts::bank(account) } else { accounts::at_provider(kind, account) };
        let account = read.map_err(|why: BadAccount| bad("invalid_account", "account", &why.to_string()))?;
        let holder = holder.trim();
        if holder.is_empty() || holder.chars().count() > MOST_HOLDER || holder.chars().any(char::is_control) {
            return Err(bad("invalid_account", "holder", "must be 1 to 140 characters without control characters"));
        }
        Ok(Self { kind: kind.to_owned(), details: Details { holder: holder.to_owned(), account } })
    }
}

fn bad(code: &'static str, field: &str, message: &str) -> Error {
    let error = FieldError::new(format!("/body/{field}"), code, message);
    // Each code as itself: the list of codes is checked against what is written here.
    match code {
        "unknown_payout_kind" => Error::refused(Kind::Unacceptable, "unknown_payout_kind", format!("{field} {message}.")).with_error(error),
        _ => Error::refused(Kind::Unacceptable, "invalid_account", format!("{field} {message}.")).with_error(error),
    }
}

/// Adds a method. It is the one that counts, after the hours of the settings; until then nothing is paid out.
pub(crate) fn add(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, wish: &Wish) -> Result<Method> {
    crate::features::accounts::held(tx, user)?;
    if rows::of_user(tx, user)?.len() >= MOST {
        return Err(Error::refused(Kind::Conflict, "too_many_payout_methods", format!("You have {MOST} payout methods. Remove one first.")));
    }
    let id = Uuid::now_v7();
    let plain = serde_json::to_vec(&wish.details).context("the details of a payout method cannot be written")?;
    let method = Method {
        id,
        user,
        kind: wish.kind.clone(),
        details_sealed: world.keys.seal(&place(id), &plain),
        hint: accounts::hint(&wish.details.account),
        active_at: now.plus_seconds(i64::from(world.config.payouts.method_hours) * 3_600),
        failed_at: None,
        removed_at: None,
        created_at: now,
    };
    rows::insert(tx, &method)?;
    note(tx, now, world, "payout_method.added", &method, json!({"kind": [null, method.kind], "account": [null, method.hint]}))?;
    letters::method_added(tx, now, world, &method)?;
    Ok(method)
}

/// Removes a method; the one before it counts again, if there is one. What was put aside for it and is not `sent` is stopped when its turn comes.
/// Refuses with 404.
pub(crate) fn remove(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, id: Uuid) -> Result<()> {
    let method = rows::one(tx, id)?.filter(|method| method.user == user).ok_or_else(not_found)?;
    if !rows::remove(tx, now, user, id)? {
        return Err(not_found());
    }
    note(tx, now, world, "payout_method.removed", &method, json!({"account": [method.hint, null]}))?;
    letters::method_removed(tx, now, world, &method)?;
    Ok(())
}

fn not_found() -> Error {
    Error::not_found("You have no payout method with this id.")
}

fn note(tx: &mut Tx<'_>, now: Instant, world: &World, action: &'static str, method: &Method, diff: Value) -> Result<()> {
    let entry = Entry {
        action,
        actor: Actor::User(method.user),
        on_behalf_of: None,
        object: Some(("payout_method", method.id)),
        reason: None,
        diff,
        origin: &world.origin,
    };
    Ok(audit::append(tx, now, &entry)?)
}
