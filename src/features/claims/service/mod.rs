//! Use cases of claims: what people and time do to them (`acts.rs`), that they are paid (`paying.rs`), and the letters about all that.

pub(super) mod acts;
mod letters;
pub(super) mod paying;

pub use paying::Listener;

use crate::platform::config::Config;
use crate::platform::keys::Keys;
use crate::platform::tools::Tools;
use crate::values::Origin;
use std::sync::Arc;

/// What a use case needs of the world besides its transaction.
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
