//! What the command line does with accounts: works beside a running server, and needs nobody who is logged in. Everything
//! here blocks, and seals what it wrote into the audit trail, since there may be no server that would.

use super::access_tokens;
use super::hashing::Hashing;
use super::rules;
use super::service::{World, note, passwords, registration, setup, staff};
use super::store::accounts::{self as rows, Account};
use super::store::one_time::{self, Purpose};
use crate::platform::access::Role;
use crate::platform::audit::{self, Actor};
use crate::platform::db::{DbError, Lane};
use crate::platform::error::Error;
use crate::platform::keys::fresh_secret;
use crate::platform::tools::Tools;
use crate::values::{Email, Origin};
use anyhow::{anyhow, bail};
use serde_json::json;
use std::sync::Arc;

/// Makes an operator.
pub fn create_operator(tools: &Tools, name: &str, email: &str, password: &str) -> anyhow::Result<()> {
    let (name, email) = (rules::name(name).map_err(Error::from)?, address(email)?);
    let password_hash = hashed(tools, password, &[&name, email.text(), email.local_part()])?;
    let (world, who) = (world(tools, "create-admin"), registration::Appointed { name, email, password_hash });
    let made = tools.db.write_blocking(Lane::Urgent, move |tx, now| registration::appoint(tx, now, &world, Actor::Console, &who, Role::Operator));
    if made?.is_none() {
        bail!("there is an account with this address already");
    }
    seal(tools)
}

/// The name of the person who has the account with this address; `None`: nobody has.
pub fn name_of(tools: &Tools, email: &str) -> anyhow::Result<Option<String>> {
    let email = address(email)?;
    Ok(tools.db.read_blocking(move |conn| rows::by_email(conn, email.key()))?.map(|account| account.name))
}

/// Makes somebody who has an account an operator; answers their name.
pub fn promote(tools: &Tools, email: &str) -> anyhow::Result<String> {
    let (account, world) = (account(tools, email)?, world(tools, "create-admin"));
    let (user, name) = (account.user, account.name.clone());
    tools.db.write_blocking(Lane::Urgent, move |tx, now| staff::promote(tx, now, &world, user, Role::Operator))?;
    seal(tools)?;
    Ok(name)
}

/// Sets a new password, ends all sessions and tokens.
pub fn reset_password(tools: &Tools, email: &str, password: &str) -> anyhow::Result<()> {
    let account = account(tools, email)?;
    let hash = hashed(tools, password, &[&account.name, &account.email])?;
    let world = world(tools, "reset-password");
    tools.db.write_blocking(Lane::Urgent, move |tx, now| passwords::force(tx, now, &world, Actor::Console, &account, &hash))?;
    seal(tools)
}

/// A link that sets a new password, good once and for half an hour.
pub fn reset_link(tools: &Tools, email: &str) -> anyhow::Result<String> {
    let (account, world) = (account(tools, email)?, world(tools, "reset-password"));
    if !account.state.may_enter() {
        bail!("this account is {}; an operator can restore a suspended one", account.state.name());
    }
    let token = fresh_secret();
    let kept = token.clone();
    tools.db.write_blocking(Lane::Urgent, move |tx, now| {
        one_time::forget(tx, account.user, Purpose::ResetPassword)?;
        one_time::keep(tx, now, &kept, Purpose::ResetPassword, Some(account.user), &json!({}))?;
        note(tx, now, &world, "password.reset_asked", Actor::Console, Some(account.user), json!({}))
    })?;
    seal(tools)?;
    Ok(format!("{}/account/reset#{token}", tools.config.base_url()))
}

/// Makes a new key that signs access tokens; answers its name. Tokens under the one before count until they run out.
pub fn rotate_keys(tools: &Tools) -> anyhow::Result<String> {
    let world = world(tools, "rotate-keys");
    let kid = access_tokens::key_name();
    let name = kid.clone();
    tools.db.write_blocking(Lane::Urgent, move |tx, now| {
        access_tokens::put_key(tx, now, &name)?;
        note(tx, now, &world, "keys.rotated", Actor::Console, None, json!({"kid": [null, name]}))
    })?;
    seal(tools)?;
    Ok(kid)
}

/// The token that makes the first operator, while there is none.
pub fn offer_set_up(tools: &Tools) -> anyhow::Result<Option<String>> {
    Ok(tools.db.write_blocking(Lane::Urgent, setup::offer)?)
}

fn address(text: &str) -> anyhow::Result<Email> {
    Email::parse(text).ok_or_else(|| anyhow!("{text} is not a mail address"))
}

fn account(tools: &Tools, email: &str) -> anyhow::Result<Account> {
    let email = address(email)?;
    let found = tools.db.read_blocking(move |conn| rows::by_email(conn, email.key()))?;
    found.ok_or_else(|| anyhow!("there is no account with this address"))
}

fn hashed(tools: &Tools, password: &str, about: &[&str]) -> anyhow::Result<String> {
    let settings = &tools.config.accounts;
    let about: Vec<&str> = std::iter::once(settings.site_name.as_str()).chain(about.iter().copied()).collect();
    let password = rules::accepted(password, settings.password_min, &about).map_err(Error::from)?;
    Hashing::new(settings.argon2)?.hash_now(&password)
}

fn world(tools: &Tools, command: &str) -> World {
    World { keys: Arc::clone(&tools.keys), config: Arc::clone(&tools.config), origin: Origin::inside(command) }
}

fn seal(tools: &Tools) -> anyhow::Result<()> {
    audit::seal_all(&tools.db, &tools.keys).map(|_sealed| ()).map_err(|error: DbError| error.into())
}
