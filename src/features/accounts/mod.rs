//! Accounts: who people are. Hosts that came with an import have no way to log in; logging in comes later.

mod api;
mod service;
mod store;

pub use api::{DOORS, UsersApi};
pub use service::{Profile, profile};
pub use store::STATEMENTS;
