//! Accounts as people live with them: every story on both engines.

mod authenticator;
mod factors;
mod login;
mod passkeys;
mod plans;
mod registration;
mod second_step;
mod sessions;
