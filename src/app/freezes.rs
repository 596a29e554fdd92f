//! Who may know why what a stay earns stays where it is for now.

use crate::features::claims;
use crate::features::payouts::{Freeze, Freezes};
use crate::platform::db::{Conn, DbResult};
use crate::values::BookingId;
use std::sync::Arc;

/// All of them. That a bank disputes a payment is looked at by payouts themselves.
pub(super) fn all() -> Freezes {
    Arc::new([Box::new(OpenClaims)])
}

/// Damage that is claimed, and neither agreed on nor decided.
struct OpenClaims;

impl Freeze for OpenClaims {
    fn frozen(&self, conn: &mut Conn<'_>, booking: BookingId) -> DbResult<bool> {
        claims::open_for(conn, booking)
    }
}
