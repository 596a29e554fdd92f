//! Who may do what, as data: deny by default.
//!
//! [`action.rs`](Action) is the table of docs/RULES.md, "Roles"; every operation of the API names one of its rows in a [`Door`]
//! of its feature, and the server does not start when one names none. The edge asks a [`Gate`] who the caller is and lets
//! nobody through a door whose row has no "yes" for them; what is theirs and what is foreign is decided by the use case, with
//! [`allows`], and what is foreign and private answers 404.

mod action;
mod door;
mod principal;

pub use action::{Action, Cell, Relation, Row, TABLE, allows, may_try};
pub use door::{Door, Doors, Meter};
pub use principal::{Principal, Role, Roles, Scope, Scopes, Via};
