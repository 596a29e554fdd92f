//! Hosts who do not answer (S5): after some requests in a row that ran out, their homes are taken out of sight until they publish them again.

use super::{World, letters};
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::store::silence as rows;
use crate::features::listings;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::jobs::{self, Job};
use crate::values::{Instant, ListingId, UserId};
use serde_json::json;

/// The kind of the job that pauses the homes of a host: one after the other, each in its own transaction, so that nobody waits for two of them.
pub(in super::super) const PAUSE: &str = "bookings.silent_host";

/// A request ran out without an answer.
pub(super) fn missed(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> Result<()> {
    let most = i64::from(world.config.bookings.pause_after_unanswered);
    if most == 0 {
        return Ok(());
    }
    if rows::missed(tx, booking.host)? >= most {
        jobs::enqueue(tx, now, &Job { kind: PAUSE, key: Some(booking.host.to_string()), payload: json!({"host": booking.host.0}), run_at: now })?;
    }
    Ok(())
}

/// The host has answered: what was before does not count any more.
pub(super) fn answered(tx: &mut Tx<'_>, booking: &Booking) -> Result<()> {
    Ok(rows::forget(tx, booking.host)?)
}

/// Takes one home out of sight, unless its host has answered meanwhile.
pub(crate) fn pause(tx: &mut Tx<'_>, now: Instant, world: &World, host: UserId, listing: ListingId) -> Result<()> {
    if is_silent(tx, world, host)? {
        listings::pause_silent(tx, now, &world.keys, &world.origin, listing)?;
    }
    Ok(())
}

/// All are out of sight: the host is told, and counting begins anew.
pub(crate) fn tell(tx: &mut Tx<'_>, now: Instant, world: &World, host: UserId) -> Result<()> {
    if is_silent(tx, world, host)? {
        rows::forget(tx, host)?;
        letters::paused(tx, now, world, host)?;
    }
    Ok(())
}

fn is_silent(tx: &mut Tx<'_>, world: &World, host: UserId) -> Result<bool> {
    let most = i64::from(world.config.bookings.pause_after_unanswered);
    Ok(most > 0 && rows::count(tx, host)? >= most)
}
