//! Accounts as people live with them: every story on both engines.

mod authenticator;
mod cast;
mod erasure;
mod exports;
mod factors;
mod login;
mod matrix;
mod oidc;
mod passkeys;
mod photos_cast;
mod plans;
mod profile;
mod registration;
mod second_step;
mod sessions;
mod staff;
mod things;
mod threats;
mod threats_data;
mod tokens;
