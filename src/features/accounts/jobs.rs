//! The jobs of accounts: exports that are asked for, erasures that are due, and what may not be kept any longer (V6).

use super::service::erasure::{self, End};
use super::service::{World, exports};
use super::store::{self, exports::Export};
use crate::platform::db::{Db, DbError, Lane};
use crate::platform::jobs::{Failure, Handler, Order, every};
use crate::platform::privacy::{Holders, Tombstones};
use crate::platform::tools::Tools;
use crate::values::{Origin, UserId};
use anyhow::Context;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Bytes of an export that are written at once: small enough that nobody waits for them.
const PIECE_BYTES: usize = 256 << 10;
const EXPORT_TRIES: i64 = 6;
const SWEEP: Duration = Duration::from_secs(3_600);
/// How long device data of sessions and names of tokens are kept after their end.
const DEVICE_SECONDS: i64 = 90 * 86_400;
const FAILURE_SECONDS: i64 = 2 * 86_400;

/// The world of work that nobody asks for over the network.
pub(super) fn world(tools: &Tools, work: &str) -> World {
    World { keys: Arc::clone(&tools.keys), config: Arc::clone(&tools.config), origin: Origin::inside(work) }
}

/// What accounts do on their own.
#[must_use]
pub fn jobs(tools: &Tools, holders: &Holders) -> Vec<Box<dyn Handler>> {
    let sweeping = tools.db.clone();
    vec![
        Box::new(Exporter { db: tools.db.clone(), world: world(tools, "job export"), holders: holders.clone() }),
        Box::new(Eraser {
            db: tools.db.clone(),
            world: world(tools, "job erase"),
            holders: holders.clone(),
            tombstones: Tombstones::of(&tools.config.data_dir),
        }),
        every("accounts.retention", SWEEP, move |_| retain(&sweeping)),
    ]
}

/// Makes exports.
struct Exporter {
    db: Db,
    world: World,
    holders: Holders,
}

impl Exporter {
    fn make(&self, export: &Export, order: &Order) -> Result<(), Failure> {
        let bytes = self.db.bulk(|conn| self.holders.export(conn, export.user)).map_err(|error: DbError| Failure::from(error))?;
        for (number, piece) in (0_i64..).zip(bytes.chunks(PIECE_BYTES)) {
            let (id, lease, piece) = (export.id, order.lease, piece.to_vec());
            self.db.write_blocking(Lane::Bulk, move |tx, _| {
                lease.fence(tx)?;
                store::exports::put_piece(tx, id, number, &piece)
            })?;
        }
        let (export, world, lease, size) = (export.clone(), self.world.clone(), order.lease, i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        self.db.write_blocking(Lane::Urgent, move |tx, now| {
            lease.fence(tx)?;
            exports::finish(tx, now, &world, &export, size)
        })?;
        Ok(())
    }
}

impl Handler for Exporter {
    fn kind(&self) -> &'static str {
        exports::JOB
    }

    /// They are made in memory.
    fn at_once(&self) -> usize {
        1
    }

    fn tries(&self) -> i64 {
        EXPORT_TRIES
    }

    fn run(&self, order: &Order) -> Result<(), Failure> {
        let id = named(order, "export")?;
        let found = self.db.read_blocking(|conn| store::exports::by_id(conn, id)).map_err(|error: DbError| Failure::from(error))?;
        // Erased meanwhile, or made by a run whose end was not written down.
        let Some(export) = found.filter(|export| export.state == "waiting") else { return Ok(()) };
        let made = self.make(&export, order);
        if made.is_err() && order.attempt >= EXPORT_TRIES {
            self.db.write_blocking(Lane::Urgent, move |tx, _| store::exports::fail(tx, id))?;
        }
        made
    }
}

/// Erases people whose day has come.
struct Eraser {
    db: Db,
    world: World,
    holders: Holders,
    tombstones: Tombstones,
}

impl Handler for Eraser {
    fn kind(&self) -> &'static str {
        erasure::JOB
    }

    fn run(&self, order: &Order) -> Result<(), Failure> {
        let user = UserId(named(order, "user")?);
        let (world, holders, lease) = (self.world.clone(), self.holders.clone(), order.lease);
        let end = self.db.write_blocking(Lane::Urgent, move |tx, now| {
            lease.fence(tx)?;
            erasure::carry_out(tx, now, &world, &holders, user)
        });
        match end.map_err(|error: DbError| Failure::from(error))? {
            End::Erased(at) => {
                let kept = self.tombstones.add(&[(user, at)]);
                kept.map_err(|error| Failure::Later(format!("the list of erasures could not be written: {error}")))
            }
            // The sweep asks again within the hour.
            End::Blocked => {
                tracing::info!(user.id = %user.0, "an erasure that is due has to wait for something to end");
                Ok(())
            }
            End::NotDue => Ok(()),
        }
    }
}

fn named(order: &Order, field: &str) -> Result<Uuid, Failure> {
    let id = order.payload.get(field).and_then(|id| id.as_str()).and_then(|id| Uuid::parse_str(id).ok());
    id.ok_or_else(|| Failure::Never(format!("the job names no {field}")))
}

/// Forgets what has been kept long enough, and sees to erasures that are overdue.
fn retain(db: &Db) -> Result<(), Failure> {
    let gone = db.write_blocking(Lane::Bulk, |tx, now| {
        let devices = store::sessions::prune(tx, now.plus_seconds(-DEVICE_SECONDS))?;
        let tokens = store::tokens::prune(tx, now.plus_seconds(-DEVICE_SECONDS))?;
        let links = store::one_time::prune(tx, now)?;
        let failures = store::failures::prune(tx, now.plus_seconds(-FAILURE_SECONDS))?;
        Ok::<_, DbError>(devices + tokens + links + failures + store::exports::prune(tx, now)?)
    })?;
    let overdue = db.write_blocking(Lane::Bulk, |tx, now| {
        let mut ordered = 0;
        for user in store::erasure::due(tx, now)? {
            ordered += u32::from(erasure::order(tx, now, user, now)?);
        }
        Ok::<_, DbError>(ordered)
    })?;
    tracing::debug!(gone, overdue, "what accounts kept was looked through");
    Ok(())
}

/// At the start: erases once more whoever the list beside the database says was erased, and completes the list. A database that was
/// restored from an older backup may have people in it again who have left. Blocks.
pub fn reapply_erasures(tools: &Tools, holders: &Holders) -> anyhow::Result<()> {
    let list = Tombstones::of(&tools.config.data_dir);
    let known = tools.db.read_blocking(store::erasure::all)?;
    let listed = list.read().context("the list of erasures (erasures.jsonl in the data folder) cannot be read")?;
    let in_database: std::collections::HashSet<UserId> = known.iter().map(|(user, _)| *user).collect();
    for user in listed.difference(&in_database).copied() {
        let (world, holders) = (world(tools, "start"), holders.clone());
        tools.db.write_blocking(Lane::Urgent, move |tx, now| match store::accounts::by_id(tx, user)? {
            Some(_) => erasure::erase(tx, now, &world, &holders, user),
            None => store::erasure::record(tx, now, user),
        })?;
        tracing::warn!(user.id = %user.0, "somebody who had been erased was in the database again and was erased once more");
    }
    list.add(&known).context("the list of erasures (erasures.jsonl in the data folder) cannot be written")
}
