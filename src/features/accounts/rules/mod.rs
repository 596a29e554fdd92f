//! Decisions about accounts, pure: which passwords are good enough, how long somebody who was wrong has to wait, how
//! long sessions last, where a browser may be sent.

mod delay;
mod local_path;
mod name;
mod password;
mod session;

pub(super) use delay::{ACCOUNT_LIMIT, Verdict, WINDOW_SECONDS, block_seconds, judge};
pub(super) use local_path::is_local_path;
pub(super) use name::name;
pub(super) use password::accepted;
pub(super) use session::{Lives, MOST_SESSIONS, REPLAY_SECONDS};
