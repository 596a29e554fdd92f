//! Use cases of bookings, as functions of a transaction. `book.rs` makes one, `acts.rs` is what people do to it, `steps.rs` moves it from
//! state to state and lets time do its part. `cancel.rs` and `alter.rs` end and change one, `instalments.rs` asks for what is paid later, `deposits.rs` for what is left against damage
//! (`pledges.rs`: what claims do with it).
//! `enter.rs` writes down stays that the house itself arranges, `grant.rs` gives back afterwards, `guide.rs` says how to get in, `silence.rs` pauses
//! the homes of hosts who do not answer. `money.rs` is what is
//! asked of payments, `hear.rs` what they tell, `books.rs` what is written into the ledger, `stays.rs` what payouts ask.

pub(super) mod acts;
pub(super) mod alter;
pub(super) mod book;
pub(super) mod books;
pub(super) mod cancel;
pub(super) mod deposits;
pub(super) mod desk;
pub(super) mod enter;
pub(super) mod grant;
pub(super) mod guide;
pub(super) mod hear;
pub(super) mod instalments;
pub(super) mod letters;
pub(super) mod money;
pub(super) mod pledges;
pub(super) mod read;
pub(super) mod silence;
pub(super) mod stays;
pub(super) mod steps;

use crate::platform::access::Principal;
use crate::platform::config::Config;
use crate::platform::keys::Keys;
use crate::platform::tools::Tools;
use crate::values::{Origin, UserId};
use std::sync::Arc;

use super::rules::state::Side;

/// What a use case needs of the world besides its transaction: cheap to clone into a closure that may run twice.
#[derive(Clone)]
pub(crate) struct World {
    pub keys: Arc<Keys>,
    pub config: Arc<Config>,
    pub origin: Origin,
}

impl World {
    pub(crate) fn of(tools: &Tools, origin: Origin) -> Self {
        Self { keys: Arc::clone(&tools.keys), config: Arc::clone(&tools.config), origin }
    }
}

/// Who moves a booking on, and why.
#[derive(Debug, Clone)]
pub(crate) struct By {
    pub side: Side,
    /// `None`: time, or a payment provider.
    pub user: Option<UserId>,
    /// A code, or words.
    pub reason: String,
}

impl By {
    pub(super) fn system(reason: &str) -> Self {
        Self { side: Side::System, user: None, reason: reason.to_owned() }
    }

    pub(super) fn of(caller: &Principal, side: Side, reason: &str) -> Self {
        Self { side, user: Some(caller.user), reason: reason.to_owned() }
    }
}
