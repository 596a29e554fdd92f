//! Copies of one's own data: asked for, made by a job, fetched.

use super::letters::{self, Matter, Reader};
use super::{World, note};
use crate::features::accounts::store::accounts;
use crate::features::accounts::store::accounts::hold;
use crate::features::accounts::store::exports::{self, Export};
use crate::platform::audit::Actor;
use crate::platform::db::{DbResult, Tx};
use crate::platform::error::{Kind, Refused, Result};
use crate::platform::jobs::{Job, enqueue};
use crate::values::{Instant, UserId};
use serde_json::json;
use uuid::Uuid;

/// The kind of the job that makes one.
pub(crate) const JOB: &str = "accounts.export";
/// How long it can be fetched.
pub(crate) const LIFE_SECONDS: i64 = 48 * 3_600;
/// One in this time.
const PAUSE_SECONDS: i64 = 24 * 3_600;

/// Takes the wish on: a job makes the file.
pub(crate) fn ask(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId) -> Result<Export> {
    hold(tx, user)?;
    if let Some(latest) = exports::latest(tx, user)? {
        let wait = (latest.created_at.plus_seconds(PAUSE_SECONDS).0 - now.0) / Instant::SECOND;
        if wait > 0 {
            let mut refused = Refused::new(Kind::TooMany, "export_recent", "You have asked for your data within the last 24 hours.");
            refused.retry_after_seconds = u32::try_from(wait).ok();
            return Err(refused.into());
        }
    }
    // What is never made is forgotten some days later.
    let new = Export { id: Uuid::now_v7(), user, state: "waiting".into(), size: None, created_at: now, expires_at: now.plus_seconds(2 * LIFE_SECONDS) };
    exports::insert(tx, &new)?;
    enqueue(tx, now, &Job { kind: JOB, key: Some(new.id.to_string()), payload: json!({"export": new.id}), run_at: now })?;
    note(tx, now, world, "export.asked", Actor::User(user), Some(user), json!({}))?;
    Ok(new)
}

/// All bytes are stored: tells its owner.
pub(crate) fn finish(tx: &mut Tx<'_>, now: Instant, world: &World, export: &Export, size: i64) -> DbResult<()> {
    if !exports::ready(tx, export.id, size, now.plus_seconds(LIFE_SECONDS))? {
        return Ok(());
    }
    let Some(account) = accounts::by_id(tx, export.user)? else { return Ok(()) };
    letters::post(tx, now, world, &Reader { email: &account.email, name: &account.name }, Matter::ExportReady { token: &export.id.to_string() })
}

/// Notes that it is being fetched.
pub(crate) fn fetch(tx: &mut Tx<'_>, now: Instant, world: &World, export: &Export) -> DbResult<()> {
    note(tx, now, world, "export.fetched", Actor::User(export.user), Some(export.user), json!({"export": [null, export.id]}))
}
