//! Use cases of payments. `asked.rs` is what others ask for, `calls.rs` makes the calls that follow from it, `learn.rs` takes in what providers
//! say, `confirmed.rs` what people say of money that no provider moves, `credit.rs` is paying with credit, `messages.rs` the webhooks; `books.rs` writes the ledger.

pub(super) mod asked;
pub(super) mod books;
pub(super) mod calls;
pub(super) mod confirmed;
pub(super) mod credit;
pub(super) mod learn;
pub(super) mod messages;
pub(super) mod paid;
pub(super) mod saved;

mod house;

pub use asked::{SAVED, capture, charge, is_of_saved, refund, refund_of, void};
pub use credit::spend;
pub use house::{Made, Payments};
pub use messages::Received;
pub use paid::{Paid, PaymentWithRefunds, of_booking, paid};

use super::rules::terms::News;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::keys::Keys;
use crate::values::{BookingId, Instant};
use std::sync::Arc;

/// Whoever must know how payments go: bookings. `app` wires it.
pub trait Follows: Send + Sync {
    /// Told in the transaction that stores the change, exactly once per change. What it refuses is not stored, and told again later.
    fn heard(&self, tx: &mut Tx<'_>, now: Instant, news: &News) -> Result<()>;

    /// Holds what whoever follows holds before payments of this booking: asked before a payment is held, so that two never wait for each other
    /// in a circle.
    fn hold(&self, tx: &mut Tx<'_>, booking: BookingId) -> Result<()>;
}

/// Nobody follows: for tools and stories about payments alone.
pub struct Nobody;

impl Follows for Nobody {
    fn heard(&self, _tx: &mut Tx<'_>, _now: Instant, _news: &News) -> Result<()> {
        Ok(())
    }

    fn hold(&self, _tx: &mut Tx<'_>, _booking: BookingId) -> Result<()> {
        Ok(())
    }
}

/// What use cases need besides a transaction; cheap to clone.
#[derive(Clone)]
pub(super) struct World {
    pub keys: Arc<Keys>,
    pub follower: Arc<dyn Follows>,
}
