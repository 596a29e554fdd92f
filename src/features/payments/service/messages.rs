//! Messages of providers: kept and taken in, in one transaction; a copy does nothing (M3).

use super::World;
use super::learn::{Learned, learn};
use crate::features::payments::provider;
use crate::features::payments::rules::facts::Facts;
use crate::features::payments::store::events::{self, Message};
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::values::Instant;

/// Longest id and kind of a message.
const WORD_CHARS: usize = 200;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    Applied,
    /// It came before, or says nothing to us.
    Nothing,
    /// It waits for what must come before it.
    Waits,
}

/// Keeps a message whose signature is good, and takes in what it says.
pub(super) fn receive(tx: &mut Tx<'_>, now: Instant, world: &World, provider: &str, message: &provider::Message) -> Result<Received> {
    let cut = |text: &str| -> String { text.chars().filter(|c| *c != '\0').take(WORD_CHARS).collect() };
    let (event, kind, none) = (cut(&message.event), cut(&message.kind), Facts::default());
    let facts = message.facts.as_ref().unwrap_or(&none);
    if !events::keep(tx, now, &Message { provider, event: &event, kind: &kind, facts })? {
        return Ok(Received::Nothing);
    }
    if message.facts.is_none() {
        return Ok(Received::Nothing);
    }
    match learn(tx, now, world, provider, facts)? {
        Learned::Applied => Ok(Received::Applied),
        // Its payment may get its name only with an answer that is under way.
        Learned::Waits | Learned::Unknown => {
            events::park(tx, provider, &event)?;
            Ok(Received::Waits)
        }
        Learned::Misfit => Ok(Received::Nothing),
    }
}
