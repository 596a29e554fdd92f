//! Use cases of payouts. `release.rs` gives what a stay earns to its host, `batch.rs` makes payouts of what hosts are owed, `send.rs` has
//! them sent and hears what became of them, `methods.rs` is where to (`onboarding.rs`: an account that is opened from here), `staff.rs` what staff say and stop, `statements.rs` what was earned.

pub(super) mod batch;
pub(super) mod letters;
pub(super) mod methods;
pub(super) mod onboarding;
pub(super) mod release;
pub(super) mod send;
pub(super) mod staff;
pub(super) mod statements;

use crate::features::bookings::Stays;
use crate::features::payments::Payments;
use crate::platform::config::Config;
use crate::platform::db::{Conn, DbResult};
use crate::platform::keys::Keys;
use crate::platform::tools::Tools;
use crate::values::{BookingId, Origin};
use std::sync::Arc;

/// Whoever may know why nothing of a booking should be released now, such as an open claim. `app.rs` puts them together; that a bank
/// disputes a payment is looked at here.
pub trait Freeze: Send + Sync {
    /// Whether what the stay earns stays where it is for now. Asked again within an hour.
    fn frozen(&self, conn: &mut Conn<'_>, booking: BookingId) -> DbResult<bool>;
}

/// All of them.
pub type Freezes = Arc<[Box<dyn Freeze>]>;

/// Payouts; cheap to clone.
#[derive(Clone)]
pub struct Payouts {
    pub(super) tools: Tools,
    pub(super) payments: Payments,
    stays: Stays,
    freezes: Freezes,
}

impl Payouts {
    #[must_use]
    pub fn new(tools: &Tools, payments: &Payments, freezes: Freezes) -> Self {
        Self { tools: tools.clone(), payments: payments.clone(), stays: Stays::new(tools), freezes }
    }

    pub(super) fn world(&self, origin: Origin) -> World {
        World {
            keys: Arc::clone(&self.tools.keys),
            config: Arc::clone(&self.tools.config),
            stays: self.stays.clone(),
            freezes: Arc::clone(&self.freezes),
            payments: self.payments.clone(),
            origin,
        }
    }
}

/// What a use case needs of the world besides its transaction: cheap to clone into a closure that may run twice.
#[derive(Clone)]
pub(super) struct World {
    pub keys: Arc<Keys>,
    pub config: Arc<Config>,
    pub stays: Stays,
    pub freezes: Freezes,
    /// Who can send money here; no calls are made in a transaction.
    pub payments: Payments,
    pub origin: Origin,
}
