//! Accounts as people live with them: every story on both engines.

mod login;
mod oidc;
mod plans;
mod registration;
mod sessions;
