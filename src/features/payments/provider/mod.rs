//! Providers of payments behind one trait: the built-in sandbox, bank transfers and cash, Stripe.
//!
//! Their calls block and are made on threads of jobs, never in a transaction. Each bears a key by which the provider knows a copy. What they
//! answer, and what their messages say, are [`Facts`]; `service/learn.rs` makes our state of them.

mod manual;
mod sandbox;
mod signature;
mod stripe;

pub use manual::{CASH, CREDIT, MANUAL, Manual};
pub use sandbox::{SANDBOX, Sandbox, delivered, message_of};
pub(super) use sandbox::{sandbox_proof, sandbox_totals};
pub use signature::signed;
pub use stripe::{STRIPE, Stripe};

use super::rules::facts::Facts;
use super::rules::terms::{Capture, NextAction};
use crate::platform::error::{Error, Kind};
use crate::values::{BookingId, Currency, Instant, PaymentId, RefundId, UserId};
use http::HeaderMap;
use uuid::Uuid;

/// Asks for money.
#[derive(Debug, Clone)]
pub struct Authorize {
    pub key: String,
    pub payment: PaymentId,
    pub booking: BookingId,
    pub guest: UserId,
    pub amount: i64,
    pub currency: Currency,
    pub capture: Capture,
    /// The provider's token of the means of payment.
    pub method: String,
    pub off_session: bool,
    pub keep: bool,
    /// Who the guest is to the provider, where that is known.
    pub customer: Option<String>,
}

/// Speaks of a payment that was asked for.
#[derive(Debug, Clone)]
pub struct Again {
    pub key: String,
    pub payment: PaymentId,
    pub booking: BookingId,
    pub amount: i64,
    pub currency: Currency,
    /// `None`: no answer has told it yet.
    pub reference: Option<String>,
    pub customer: Option<String>,
}

/// Asks to give money back.
#[derive(Debug, Clone)]
pub struct GiveBack {
    pub of: Again,
    pub refund: RefundId,
    pub amount: i64,
}

/// Sends money to a host.
#[derive(Debug, Clone)]
pub struct PayOut {
    pub key: String,
    pub payout: Uuid,
    /// The provider's name of the host's account.
    pub destination: String,
    pub amount: i64,
    pub currency: Currency,
}

/// Money that was sent to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidOut {
    pub reference: String,
}

/// A means of payment that was left for later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    pub customer: String,
    pub method: String,
    /// What the guest has to do before it counts.
    pub action: Option<NextAction>,
}

/// Why a call has no good answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing has happened: it may be made again.
    NotMade(String),
    /// It may have happened: look before it is made again.
    Unknown(String),
    /// No, for good. The facts are how things stand, where the provider says so.
    Refused { code: String, facts: Box<Facts> },
}

/// For whoever waits for a call that was not answered: 503 `payment_provider_unavailable`. `why` is for the log.
pub(crate) fn unavailable(why: &str) -> Error {
    tracing::warn!(why, "the payment provider did not answer somebody who waits");
    Error::refused(Kind::Busy, "payment_provider_unavailable", "The payment provider does not answer as it should. Try again shortly.")
}

/// What a call was answered.
pub type Answer = Result<Facts, Trouble>;

/// A message whose signature is good.
#[derive(Debug, Clone)]
pub struct Message {
    /// The provider's id of it.
    pub event: String,
    pub kind: String,
    /// `None`: of a kind that says nothing to us.
    pub facts: Option<Facts>,
}

/// A message that is not from the provider, too old, or meant for others. The word is for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forged(pub &'static str);

/// What went through a provider's hands in one currency, in minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Total {
    pub currency: String,
    pub captured: i64,
    pub refunded: i64,
    /// What disputes took and have not brought back.
    pub disputed: i64,
    pub fees: i64,
    pub paid_out: i64,
}

/// Somebody who moves money. All of it blocks.
pub trait Provider: Send + Sync {
    /// Stored, and part of addresses; never changes.
    fn name(&self) -> &'static str;

    fn authorize(&self, call: &Authorize) -> Answer;

    fn capture(&self, call: &Again) -> Answer;

    fn void(&self, call: &Again) -> Answer;

    fn refund(&self, call: &GiveBack) -> Answer;

    /// How a payment stands; `None`: the provider has never heard of it.
    fn look_up(&self, whom: &Again) -> Result<Option<Facts>, Trouble>;

    /// For so many seconds after a call [`Self::look_up`] may not find yet what was asked for.
    fn finds_after_seconds(&self) -> i64 {
        0
    }

    fn payout(&self, call: &PayOut) -> Result<PaidOut, Trouble>;

    /// Makes an account for a host, to which money can be sent; answers its name.
    fn open_account(&self, _key: &str, _host: UserId) -> Result<String, Trouble> {
        Err(Trouble::Refused { code: "not_offered".into(), facts: Box::default() })
    }

    /// The page at which a host proves to the provider who they are.
    fn account_page(&self, _account: &str, _back_to: &str) -> Result<String, Trouble> {
        Err(Trouble::Refused { code: "not_offered".into(), facts: Box::default() })
    }

    /// Keeps a means of payment for later without taking anything.
    fn save(&self, _key: &str, _guest: UserId, _customer: Option<&String>, _method: &str) -> Result<Saved, Trouble> {
        Err(Trouble::Refused { code: "not_offered".into(), facts: Box::default() })
    }

    /// Whether a message is the provider's own and meant for us, and what it says.
    fn verify_webhook(&self, now: Instant, headers: &HeaderMap, body: &[u8]) -> Result<Message, Forged>;

    /// Sums of what happened from `from` to before `to`, by currency. `None`: it keeps no books of its own.
    fn report(&self, from: Instant, to: Instant) -> Result<Option<Vec<Total>>, Trouble>;
}
