//! Accounts: who people are, how they show it, and what they may do.
//!
//! A registration begins with a name and an address and ends with the link in the letter, which asks for the password
//! (`service/registration.rs`). A login (`service/login.rs`) begins a session (`service/sessions.rs`), kept in a refresh token or a
//! cookie; every request is looked at by `gate.rs`. `hashing.rs` bounds what passwords may cost, `oidc/` asks other providers who somebody is, `access_tokens.rs` signs, and
//! `handle.rs` holds it all together for the edges in `api/`.

mod access_tokens;
mod api;
mod gate;
mod handle;
mod hashing;
mod oidc;
mod rules;
mod service;
mod store;

pub use access_tokens::add_key;
pub use api::{AuthApi, DOORS, LettersApi, OidcApi, SecurityApi, UsersApi};
pub use handle::Accounts;
pub use service::{Profile, profile};
pub use store::STATEMENTS;
