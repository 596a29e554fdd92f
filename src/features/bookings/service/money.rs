//! What a booking asks of payments, and what it writes into the ledger. Nothing here calls anybody: payments store what is to be asked.

use crate::features::bookings::rules::booking::Booking;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::values::Instant;

/// What became of asking for money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The first instalment is nothing.
    NothingDue,
    /// The provider is asked.
    Under,
    /// The guest has not said how they pay.
    NoMethod,
}

pub(super) fn ask_first(_tx: &mut Tx<'_>, _now: Instant, booking: &Booking, method: Option<&str>) -> Result<Asked> {
    Ok(match (booking.first_part(), method) {
        (0, _) => Asked::NothingDue,
        (_, None) => Asked::NoMethod,
        _ => Asked::Under,
    })
}

pub(super) fn take(_tx: &mut Tx<'_>, _now: Instant, _booking: &Booking) -> Result<()> {
    Ok(())
}

pub(super) fn let_go(_tx: &mut Tx<'_>, _now: Instant, _booking: &Booking) -> Result<()> {
    Ok(())
}

pub(super) fn confirmed(_tx: &mut Tx<'_>, _now: Instant, _booking: &Booking) -> Result<()> {
    Ok(())
}
