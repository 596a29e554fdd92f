//! A booking: a stay that somebody wants, with the promise it was made on, as it was then.

use super::state::{Act, Side, State};
use crate::features::cancellation::Outcome;
use crate::features::pricing::Guests;
use crate::features::quotes::{Asked, Promise, QuoteId};
use crate::platform::error::Result;
use crate::values::{BookingId, Currency, Instant, ListingId, Stay, UserId};
use anyhow::Context as _;
use uuid::Uuid;

/// A guest may be let in so many hours before check-in time (T10).
pub const EARLY_HOURS: i64 = 12;

/// A booking as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    pub id: BookingId,
    /// Eight letters for people (S7).
    pub code: String,
    pub listing: ListingId,
    /// Of the listing, when it was booked.
    pub host: UserId,
    /// `None`: a stay that the house entered for somebody without an account.
    pub guest: Option<UserId>,
    /// What such a guest is called; else empty.
    pub guest_name: String,
    /// Who made it: the guest, or whoever entered it for them.
    pub made_by: UserId,
    pub quote: Option<QuoteId>,
    pub state: State,
    pub asked: Asked,
    pub promise: Promise,
    pub currency: Currency,
    pub coupon: Option<Uuid>,
    /// Who takes the money: the name of a payment provider.
    pub provider: String,
    /// What the guest wrote.
    pub message: String,
    /// The house rules as they were (a text of the host).
    pub house_rules: String,
    pub check_in_at: Instant,
    pub check_out_at: Instant,
    /// When the present state ends by itself.
    pub due_at: Option<Instant>,
    /// The host agreed to a request.
    pub accepted_at: Option<Instant>,
    pub confirmed_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub no_show_at: Option<Instant>,
    /// What was kept and given back, once it was cancelled.
    pub outcome: Option<String>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// A step in the life of a booking (S2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// 1 for the first.
    pub number: i64,
    /// `None`: it was made.
    pub act: Option<Act>,
    pub from: Option<State>,
    pub to: State,
    pub side: Side,
    pub actor: Option<UserId>,
    /// A code, or the words of whoever did it.
    pub reason: String,
    pub at: Instant,
}

impl Booking {
    /// The house entered it: nobody booked a quote.
    #[must_use]
    pub fn is_entered(&self) -> bool {
        self.quote.is_none()
    }

    /// The nights.
    pub fn stay(&self) -> Result<Stay> {
        self.asked.stay().map_err(Into::into)
    }

    #[must_use]
    pub fn guests(&self) -> Guests {
        self.asked.guests()
    }

    /// What is paid to the platform.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.promise.price.total_due
    }

    /// What became of the money when it was called off; `None`: it was not.
    pub fn called_off(&self) -> Result<Option<Outcome>> {
        let read = |text: &String| serde_json::from_str(text).context("the outcome of a booking cannot be read");
        Ok(self.outcome.as_ref().map(read).transpose()?)
    }

    /// What must be paid for it to be confirmed: the instalment that is due at booking.
    #[must_use]
    pub fn first_part(&self) -> i64 {
        self.promise.schedule.iter().filter(|part| part.due_at.is_none()).map(|part| part.amount).sum()
    }

    /// The timer of a state that begins at `now`, if it ends by itself.
    #[must_use]
    pub fn timer(&self, state: State) -> Option<Instant> {
        match state {
            State::Confirmed => Some(self.check_in_at),
            State::InStay => Some(self.check_out_at),
            State::PendingPayment | State::Requested => self.due_at,
            _ => None,
        }
    }

    /// The act that time itself does next.
    #[must_use]
    pub fn due(&self, now: Instant) -> Option<(Act, Instant)> {
        let at = self.due_at.filter(|at| *at <= now)?;
        match self.state {
            State::PendingPayment | State::Requested => Some((Act::Expire, at)),
            State::Confirmed => Some((Act::CheckIn, at)),
            State::InStay => Some((Act::CheckOut, at)),
            _ => None,
        }
    }
}
