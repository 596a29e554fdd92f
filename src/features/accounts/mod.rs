//! Accounts: who people are, how they show it, and what they may do.
//!
//! A registration begins with a name and an address and ends with the link in the letter, which asks for the password
//! (`service/registration.rs`). A login (`service/login.rs`) begins a session (`service/sessions.rs`), kept in a refresh token or a
//! cookie; codes and passkeys are in
//! `service/factors.rs` and `service/passkeys.rs`; every request is looked at by `gate.rs`. `hashing.rs` bounds what passwords may
//! cost, `oidc/` asks other providers who somebody is, `access_tokens.rs` signs, and
//! `handle.rs` holds it all together for the edges in `api/`.

mod access_tokens;
mod api;
pub mod console;
mod gate;
mod handle;
mod hashing;
mod jobs;
mod oidc;
mod personal;
mod rules;
mod service;
mod store;

pub use api::{
    AuthApi, DOORS, ExportsApi, FactorsApi, LettersApi, OidcApi, PasskeysApi, ProfileApi, STAFF_DOORS, SecurityApi, TokensApi, UsersApi, staff_apis,
};
pub use handle::Accounts;
pub use jobs::{jobs, reapply_erasures};
pub use service::letters::write_to;
pub use service::{Contact, Profile, contact, contact_at, contact_held, held, name, profile};
pub use store::{STATEMENTS, directory_statements};

/// The page that links of letters lead to.
pub const PAGE: &str = include_str!("page.html");
