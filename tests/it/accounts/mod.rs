//! Accounts as people live with them: every story on both engines.

mod erasure;
mod exports;
mod homes;
mod login;
mod plans;
mod profile;
mod registration;
mod sessions;
mod tokens;
