//! Decisions about accounts, pure: which passwords are good enough, how long somebody who was wrong has to wait, how
//! long sessions last.

mod delay;
mod name;
mod password;
pub(super) mod profile;
mod session;

pub(super) use delay::{ACCOUNT_LIMIT, Verdict, WINDOW_SECONDS, block_seconds, judge};
pub(super) use name::name;
pub(super) use password::accepted;
pub(super) use session::{Lives, MOST_SESSIONS, REPLAY_SECONDS};
