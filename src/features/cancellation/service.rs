//! The operator's own policies: making one, retiring one, and finding the one that a home names.

use super::rules::{OwnTable, Policy, Rules};
use super::store::{self as rows, OwnPolicy};
use crate::features::listings::{Guard, PolicyChoice};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, FieldError, Kind, Refused, Result};
use crate::values::{Instant, Origin, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

/// Most that homes can choose from at a time.
const MOST: i64 = 50;

/// Who makes or retires a policy, and why.
#[derive(Debug, Clone)]
pub(super) struct Deed {
    pub by: UserId,
    pub reason: String,
    pub origin: Origin,
}

/// The terms of the policy that a home names, for a stay of so many nights. A retired one still holds for the homes that have it.
pub fn promised(conn: &mut Conn<'_>, name: &str, nights: u16) -> Result<Rules> {
    if let Some(standard) = Policy::parse(name) {
        return Ok(standard.rules(nights));
    }
    let own = rows::by_key(conn, name)?.ok_or_else(|| anyhow::anyhow!("a home names the cancellation policy `{name}`, which is not there"))?;
    Ok(own.rules)
}

/// Whether homes may name this policy here, for long stays or for short ones; retired ones too.
pub fn is_known(conn: &mut Conn<'_>, name: &str, long: bool) -> DbResult<bool> {
    match Policy::parse(name) {
        Some(standard) => Ok(standard.is_long() == long),
        None => Ok(rows::by_key(conn, name)?.is_some_and(|own| own.long == long)),
    }
}

/// Tells homes what they can choose besides the standard policies.
pub struct OwnPolicies;

impl Guard for OwnPolicies {
    fn policies(&self, conn: &mut Conn<'_>) -> DbResult<Vec<PolicyChoice>> {
        let choice = |own: OwnPolicy| PolicyChoice { key: own.key, name: own.name, long: own.long };
        Ok(open(conn)?.into_iter().map(choice).collect())
    }
}

/// All that are not retired.
pub(super) fn open(conn: &mut Conn<'_>) -> DbResult<Vec<OwnPolicy>> {
    // Two operators at once may make one too many.
    rows::open(conn, 2 * MOST)
}

pub(super) fn find(conn: &mut Conn<'_>, id: Uuid) -> Result<OwnPolicy> {
    rows::one(conn, id)?.ok_or_else(no_such_policy)
}

pub(super) fn find_by_key(conn: &mut Conn<'_>, key: &str) -> Result<OwnPolicy> {
    rows::by_key(conn, key)?.ok_or_else(no_such_policy)
}

fn no_such_policy() -> Error {
    Error::not_found("There is no such cancellation policy.")
}

/// Makes a policy, which hosts can choose from then on. Refuses with 422 `invalid_policy` and every fault, 409 `policy_exists`, 409 `too_many_policies`.
pub(super) fn make(tx: &mut Tx<'_>, now: Instant, deed: &Deed, table: &OwnTable) -> Result<OwnPolicy> {
    let (name, rules) = judged(table)?;
    if i64::try_from(open(tx)?.len()).unwrap_or(MOST) >= MOST {
        return Err(Error::refused(Kind::Conflict, "too_many_policies", format!("Hosts choose from at most {MOST} policies; retire one first.")));
    }
    let id = Uuid::now_v7();
    if !rows::insert(tx, now, id, &name, table.long, &rules)? {
        return Err(Error::refused(Kind::Conflict, "policy_exists", "There is, or was, a policy with this key; homes may still name it."));
    }
    let told = json!({"key": rules.policy, "name": name, "is_long": table.long, "rules": rules});
    note(tx, now, "cancellation_policy.made", deed, id, json!({"policy": [null, told]}))?;
    find(tx, id)
}

/// Lets no further home choose a policy. Homes that have it keep it until their hosts choose another; one that is retired stays so.
pub(super) fn retire(tx: &mut Tx<'_>, now: Instant, deed: &Deed, before: &OwnPolicy) -> Result<OwnPolicy> {
    if rows::retire(tx, now, before.id)? {
        note(tx, now, "cancellation_policy.retired", deed, before.id, json!({"retired": [false, true], "key": [before.key, before.key]}))?;
    }
    find(tx, before.id)
}

fn judged(table: &OwnTable) -> Result<(String, Rules)> {
    let faults = table.faults();
    if let (true, Some(name), Some(rules)) = (faults.is_empty(), table.name(), table.rules()) {
        return Ok((name, rules));
    }
    let why = faults.first().map_or_else(|| "It has no rows.".to_owned(), |first| format!("{} {}.", first.pointer, first.message));
    let mut refused = Refused::new(Kind::Unacceptable, "invalid_policy", why);
    refused.errors = faults.into_iter().map(|fault| FieldError { pointer: format!("/body{}", fault.pointer), ..fault }).collect();
    Err(refused.into())
}

fn note(tx: &mut Tx<'_>, now: Instant, action: &'static str, deed: &Deed, id: Uuid, diff: Value) -> DbResult<()> {
    let (actor, object) = (Actor::User(deed.by), Some(("cancellation_policy", id)));
    audit::append(tx, now, &Entry { action, actor, on_behalf_of: None, object, reason: Some(&deed.reason), diff, origin: &deed.origin })
}
