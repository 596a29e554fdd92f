//! Bookings for those inside the house: the program's own commands do here what `POST /bookings` and the acts on a booking do, without HTTP.
//!
//! Each is one use case in the caller's transaction. Who acts must have been asked before; what is theirs to do is judged here as ever.

use super::acts::{self, Deed};
use super::alter;
use super::book::{self, Wish};
use super::{World, cancel, read};
use crate::features::bookings::rules::booking::Booking;
use crate::features::cancellation::Outcome;
use crate::features::quotes::{self, QuoteId};
use crate::platform::access::Principal;
use crate::platform::db::{Conn, Tx};
use crate::platform::error::Result;
use crate::platform::http::IfMatch;
use crate::platform::tools::Tools;
use crate::values::{BookingId, Instant, Origin};
use uuid::Uuid;

/// Where bookings are made and looked after; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    world: World,
}

/// What somebody does to a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing<'a> {
    Accept,
    /// With one of the reasons there are.
    Decline(&'a str),
    Withdraw,
    /// With a means of payment.
    Pay(&'a str),
    CheckIn,
    CheckOut,
    Cancel,
}

impl Desk {
    #[must_use]
    pub fn open(tools: &Tools, work: &str) -> Self {
        Self { world: World::of(tools, Origin::inside(work)) }
    }

    /// Books the stay of a quote for its guest; with a means of payment the money is asked for, which `Payments::settle` then does at once.
    pub fn book(&self, tx: &mut Tx<'_>, now: Instant, guest: &Principal, quote: QuoteId, method: Option<&str>) -> Result<Booking> {
        let wish = Wish { quote, message: String::new(), method: method.map(str::to_owned) };
        book::book(tx, now, &self.world, guest, &wish)
    }

    /// Refuses with 404 where it is not theirs, and with 409 `invalid_transition` where it is not theirs now.
    pub fn act(&self, tx: &mut Tx<'_>, now: Instant, who: &Principal, booking: BookingId, doing: Doing<'_>) -> Result<Booking> {
        let reason = if let Doing::Decline(words) | Doing::Pay(words) = doing { words } else { "" };
        let (world, deed) = (&self.world, Deed { caller: who, booking, if_match: &IfMatch::Absent, reason });
        match doing {
            Doing::Accept => acts::accept(tx, now, world, &deed),
            Doing::Decline(_) => acts::decline(tx, now, world, &deed),
            Doing::Withdraw => acts::withdraw(tx, now, world, &deed),
            Doing::Pay(_) => acts::pay(tx, now, world, &deed),
            Doing::CheckIn => acts::check_in(tx, now, world, &deed),
            Doing::CheckOut => acts::check_out(tx, now, world, &deed),
            Doing::Cancel => cancel::cancel(tx, now, world, &deed, None, None),
        }
    }

    /// What would happen if they called the stay off now.
    pub fn preview(&self, conn: &mut Conn<'_>, now: Instant, who: &Principal, booking: BookingId) -> Result<Outcome> {
        cancel::preview(conn, &self.world, who, booking, None, now).map(|(_, outcome)| outcome)
    }

    /// Proposes another stay; answers the change's id.
    pub fn propose(&self, tx: &mut Tx<'_>, now: Instant, who: &Principal, booking: BookingId, wish: quotes::Wish) -> Result<Uuid> {
        let deed = Deed { caller: who, booking, if_match: &IfMatch::Absent, reason: "" };
        alter::propose(tx, now, &self.world, &deed, "", |_| wish.clone()).map(|(_, change)| change.id)
    }

    /// Answers a proposal. What it costs more is asked of what the guest paid with.
    pub fn answer(&self, tx: &mut Tx<'_>, now: Instant, who: &Principal, booking: BookingId, change: Uuid, yes: bool) -> Result<Booking> {
        let deed = Deed { caller: who, booking, if_match: &IfMatch::Absent, reason: "" };
        let answered = match yes {
            true => alter::accept(tx, now, &self.world, &deed, change, None),
            false => alter::decline(tx, now, &self.world, &deed, change),
        };
        answered.map(|(booking, _)| booking)
    }

    /// The booking as it was last written.
    pub fn find(conn: &mut Conn<'_>, booking: BookingId) -> Result<Booking> {
        read::known(conn, booking)
    }
}
