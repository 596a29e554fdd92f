//! Use cases of claims: what people and time do to them (`acts.rs`), that they are paid (`paying.rs`), and the letters about all that.

pub(super) mod acts;
mod letters;
pub(super) mod paying;

pub use paying::Listener;

/// What a use case needs of the world besides its transaction: what those of bookings need, since each opens its booking first.
pub(crate) use crate::features::bookings::World;
