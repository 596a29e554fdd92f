//! Accounts as people live with them: every story on both engines.

mod cast;
mod login;
mod matrix;
mod plans;
mod registration;
mod sessions;
mod staff;
mod threats;
