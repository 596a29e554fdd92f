//! A quote: what was asked, what it costs, and until when it is promised. Stored as it is, never changed.

use super::asked::Asked;
use crate::features::cancellation::{Rules, Timeline};
use crate::features::pricing::{Due, Instalment, LineKind, Priced};
use crate::values::written::instant_or_none;
use crate::values::{Currency, Instant, ListingId, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A quote's id: random, since whoever knows that of a stranger's quote may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QuoteId(pub Uuid);

/// What is promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    pub price: Priced,
    pub schedule: Vec<Part>,
    /// The policy in full, and what of it is shown.
    pub policy: Rules,
    pub cancellation: Timeline,
    /// The coupon as its maker writes it.
    pub coupon: Option<String>,
    /// IANA name of the listing's zone.
    pub zone: String,
    /// Local wall times, minutes since midnight.
    pub check_in_minute: u16,
    pub check_out_minute: u16,
    /// The price was agreed on, not worked out: a change keeps it as a price for a night.
    #[serde(default)]
    pub agreed: bool,
}

/// An instalment with its instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// `None`: at booking.
    #[serde(with = "instant_or_none")]
    pub due_at: Option<Instant>,
    pub amount: i64,
}

impl Part {
    /// Parts are due at the wall time of check-in (D7); `at` knows the instant of a date.
    #[must_use]
    pub fn of(part: &Instalment, at: impl FnOnce(crate::values::Night) -> Instant) -> Self {
        let due_at = match part.due {
            Due::AtBooking => None,
            Due::On(date) => Some(at(date)),
        };
        Self { due_at, amount: part.amount }
    }
}

/// A quote as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    pub id: QuoteId,
    pub listing: ListingId,
    /// Who asked; `None`: a stranger.
    pub by: Option<UserId>,
    pub asked: Asked,
    /// SHA-256 of what was asked, hexadecimal: the same for the same wish.
    pub hash: String,
    pub promise: Promise,
    pub currency: Currency,
    pub policy: String,
    pub coupon: Option<Uuid>,
    /// Of the listing, when it was worked out.
    pub listing_version: i64,
    pub calendar_version: i64,
    pub check_in_at: Instant,
    pub check_out_at: Instant,
    pub created_at: Instant,
    pub expires_at: Instant,
}

impl Quote {
    /// Whether it can still be booked. The instant of its end is too late, as with holds (A14).
    #[must_use]
    pub fn is_live(&self, now: Instant) -> bool {
        now < self.expires_at
    }
}

/// What `asked` is known by.
pub fn hash(asked: &Asked) -> serde_json::Result<String> {
    let digest = Sha256::digest(serde_json::to_vec(asked)?);
    Ok(crate::platform::instance::hex(&digest))
}

/// Taxes that are added to the prices, and taxes that are contained in them.
#[must_use]
pub fn taxes(price: &Priced) -> (i64, i64) {
    let sum = |included| price.lines.iter().filter(|line| line.kind == LineKind::Tax && line.included == included).map(|line| line.amount).sum();
    (sum(false), sum(true))
}

/// Fees and taxes that are paid at the property.
#[must_use]
pub fn at_property(price: &Priced) -> i64 {
    price.total_price.saturating_sub(price.total_due)
}
