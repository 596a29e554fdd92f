//! How guests get in: the exact address, instructions, codes. From some time before check-in until the stay is over.

use super::World;
use super::read::of;
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::{Side, State};
use crate::features::listings;
use crate::platform::access::{Action, Principal};
use crate::platform::db::Conn;
use crate::platform::error::{Error, Kind, Result};
use crate::values::{BookingId, Instant};
use serde_json::Value;

/// The guide, and the booking it is for; the guide as the home's private part is written.
pub(crate) fn guide(conn: &mut Conn<'_>, now: Instant, world: &World, caller: &Principal, id: BookingId) -> Result<(Booking, Value)> {
    let (booking, side) = of(conn, caller, id, Action::SeeGuestContact)?;
    if side == Side::Guest {
        open_to_guest(&booking, visible_from(world, &booking), now)?;
    }
    let private = listings::private_part(conn, &world.keys, booking.listing)?;
    Ok((booking, private))
}

fn visible_from(world: &World, booking: &Booking) -> Instant {
    booking.check_in_at.plus_seconds(-i64::from(world.config.bookings.stay_guide_hours) * 3_600)
}

/// Refuses with 403 `stay_guide_closed`: too early with `visible_from`, without it where there is no stay, or not any more.
fn open_to_guest(booking: &Booking, from: Instant, now: Instant) -> Result<()> {
    let closed = |detail: &str, from: Value| Err(Error::refused(Kind::Forbidden, "stay_guide_closed", detail).with_data("visible_from", from));
    match booking.state {
        _ if now >= booking.check_out_at => closed("The stay is over.", Value::Null),
        State::Confirmed | State::InStay if now >= from => Ok(()),
        State::Confirmed => closed("How to get in is told shortly before check-in.", from.to_string().into()),
        State::PendingPayment | State::Requested => closed("How to get in is told once the stay is confirmed.", Value::Null),
        _ => closed("There is no stay to get in for.", Value::Null),
    }
}
