//! An entry as a feature writes it.

use super::{actions, store};
use crate::platform::db::{DbResult, Tx};
use crate::platform::instance::tag;
use crate::platform::keys::Keys;
use crate::values::{Instant, Origin, UserId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::Value;
use uuid::Uuid;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    User(UserId),
    /// An anonymous caller.
    Nobody,
    /// The command line.
    Console,
    /// A job or a background task.
    System,
}

impl Actor {
    /// The stored word; never changes its meaning.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Nobody => "nobody",
            Self::Console => "console",
            Self::System => "system",
        }
    }

    #[must_use]
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(id),
            _ => None,
        }
    }

    /// Whom the stored words mean; `None` for words that do not belong together.
    pub(super) fn parse(name: &str, id: Option<UserId>) -> Option<Self> {
        match (name, id) {
            ("user", Some(id)) => Some(Self::User(id)),
            ("nobody", None) => Some(Self::Nobody),
            ("console", None) => Some(Self::Console),
            ("system", None) => Some(Self::System),
            _ => None,
        }
    }
}

/// One thing that was done.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// `noun.verb`, one of [`super::ACTIONS`].
    pub action: &'static str,
    pub actor: Actor,
    /// Whom the actor stood in for (a staff member who acts as a guest).
    pub on_behalf_of: Option<UserId>,
    /// Kind and id of what was acted on, as in `("user", id)`.
    pub object: Option<(&'static str, Uuid)>,
    /// Why, in the actor's words. Staff must give one.
    pub reason: Option<&'a str>,
    /// An object: field → `[old, new]`. Sensitive values go through [`hashed`] first; nothing can be taken back later.
    pub diff: Value,
    pub origin: &'a Origin,
}

/// Writes `entry` in the caller's transaction: it stands if and only if the change does.
pub fn append(tx: &mut Tx<'_>, now: Instant, entry: &Entry<'_>) -> DbResult<()> {
    debug_assert!(actions::find(entry.action).is_some(), "the action `{}` is not listed in audit/actions.rs", entry.action);
    debug_assert!(entry.diff.is_object(), "the diff of `{}` is no object", entry.action);
    store::insert(tx, now, entry)
}

/// Stands for a sensitive value (an e-mail address, a phone number) in a diff: equal values look equal, and nobody without the
/// master key can find out by guessing what they were.
#[must_use]
pub fn hashed(keys: &Keys, value: &str) -> Value {
    let tag = tag(&keys.derive("audit values"), &[value.as_bytes()]);
    Value::String(format!("hash:{}", BASE64.encode(&tag[..16])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_values_can_be_compared_and_not_read() {
        let keys = Keys::from_bytes([1; 32]);
        assert_eq!(hashed(&keys, "ada@example.org"), hashed(&keys, "ada@example.org"));
        assert_ne!(hashed(&keys, "ada@example.org"), hashed(&keys, "bo@example.org"));
        assert_ne!(hashed(&keys, "ada@example.org"), hashed(&Keys::from_bytes([2; 32]), "ada@example.org"));
        assert!(!hashed(&keys, "ada@example.org").to_string().contains("ada"));
    }

    #[test]
    fn actors_come_back_from_their_words() {
        let id = UserId::new();
        for actor in [Actor::User(id), Actor::Nobody, Actor::Console, Actor::System] {
            assert_eq!(Actor::parse(actor.name(), actor.user()), Some(actor));
        }
        assert_eq!((Actor::parse("user", None), Actor::parse("system", Some(id)), Actor::parse("ghost", None)), (None, None, None));
    }
}
