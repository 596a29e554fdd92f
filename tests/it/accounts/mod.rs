//! Accounts as people live with them: every story on both engines.

mod authenticator;
mod erasure;
mod exports;
mod factors;
mod homes;
mod login;
mod oidc;
mod passkeys;
mod plans;
mod profile;
mod registration;
mod second_step;
mod sessions;
mod tokens;
