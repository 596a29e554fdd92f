//! One door for each operation of the API.

use super::{Action, Cell, Principal, Relation, allows, may_try};
use std::collections::HashMap;

/// Which limit an operation counts against, where its method does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meter {
    Read,
    Search,
    Write,
    /// Tries of passwords and codes, and of cards.
    Login,
    /// New accounts.
    Register,
    /// Whatever sends a letter to an address that the caller names.
    Mail,
    /// Pictures, of which one page shows dozens.
    Picture,
    /// Messages of payment providers, which come from a few addresses.
    Message,
}

/// What an operation asks of its callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    /// The operation's id in the OpenAPI document.
    pub operation: &'static str,
    pub action: Action,
    /// The caller must have proven themselves within the last minutes (S-MFA 5), and not by a personal access token.
    pub fresh_proof: bool,
    /// Only for people whose role says yes, although guests have a part of the action for themselves elsewhere.
    pub staff: bool,
    /// `None`: as the method says.
    pub meter: Option<Meter>,
    /// The answer holds a secret: it is never stored for a replay.
    pub secret_answer: bool,
    /// Others write the address, and add parameters of their own: unknown ones are not refused.
    pub any_query: bool,
    /// Parameters that begin like this are the handler's to judge: what they are is not known when the document is written.
    pub named_query: Option<&'static str>,
    /// The handler reads the body itself, as it comes: uploads, which are larger than what is kept in memory.
    pub streamed_body: bool,
    /// It takes a link of a letter, which may be used or too old.
    pub by_link: bool,
    /// A means of payment is tried, and may be refused (402).
    pub by_card: bool,
}

impl Door {
    /// A door for `operation` through which goes who may do `action`.
    #[must_use]
    pub const fn to(operation: &'static str, action: Action) -> Self {
        Self {
            operation,
            action,
            fresh_proof: false,
            staff: false,
            meter: None,
            secret_answer: false,
            any_query: false,
            named_query: None,
            streamed_body: false,
            by_link: false,
            by_card: false,
        }
    }

    #[must_use]
    pub const fn with_fresh_proof(mut self) -> Self {
        self.fresh_proof = true;
        self
    }

    #[must_use]
    pub const fn for_staff(mut self) -> Self {
        self.staff = true;
        self
    }

    /// Whether only people with a role get through: for such doors the house may ask for a second factor.
    #[must_use]
    pub fn is_for_staff(&self) -> bool {
        self.staff || self.action.row().is_for_staff()
    }

    /// Whether the caller may do this at all: what the edge asks before a handler runs.
    #[must_use]
    pub fn lets_in(&self, caller: Option<&Principal>) -> bool {
        may_try(self.action, caller) && (!self.staff || allows(self.action, caller, Relation::Stranger) == Cell::Yes)
    }

    #[must_use]
    pub const fn counted_as(mut self, meter: Meter) -> Self {
        self.meter = Some(meter);
        self
    }

    #[must_use]
    pub const fn with_any_query(mut self) -> Self {
        self.any_query = true;
        self
    }

    #[must_use]
    pub const fn with_named_query(mut self, beginning: &'static str) -> Self {
        self.named_query = Some(beginning);
        self
    }

    #[must_use]
    pub const fn with_link(mut self) -> Self {
        self.by_link = true;
        self
    }

    #[must_use]
    pub const fn with_card(mut self) -> Self {
        self.by_card = true;
        self
    }

    #[must_use]
    pub const fn with_streamed_body(mut self) -> Self {
        self.streamed_body = true;
        self
    }

    #[must_use]
    pub const fn with_secret_answer(mut self) -> Self {
        self.secret_answer = true;
        self
    }
}

/// All doors of the house.
#[derive(Debug, Default)]
pub struct Doors(HashMap<&'static str, Door>);

impl Doors {
    /// The doors of several features. Panics when an operation has two: which one counts would be chance.
    #[must_use]
    pub fn of(lists: &[&[Door]]) -> Self {
        let mut doors = HashMap::new();
        for door in lists.iter().copied().flatten() {
            assert!(doors.insert(door.operation, *door).is_none(), "two doors for {}", door.operation);
        }
        Self(doors)
    }

    #[must_use]
    pub fn find(&self, operation: &str) -> Option<&Door> {
        self.0.get(operation)
    }

    /// In no order.
    pub fn iter(&self) -> impl Iterator<Item = &Door> {
        self.0.values()
    }
}
