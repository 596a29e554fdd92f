//! Decisions about accounts, pure: which passwords are good enough, how long somebody who was wrong has to wait, which
//! codes are right, how long sessions last, where a browser may be sent.

mod codes;
mod delay;
mod local_path;
mod name;
mod password;
pub(super) mod profile;
mod session;

pub(super) use codes::{CODE_WINDOW_SECONDS, MOST_WRONG_CODES, RECOVERY_BYTES, RECOVERY_CODES, SECRET_BYTES, recovery_key, recovery_text, shown, step_of};
pub(super) use delay::{ACCOUNT_LIMIT, Verdict, WINDOW_SECONDS, block_seconds, judge};
pub(super) use local_path::is_local_path;
pub(super) use name::name;
pub(super) use password::accepted;
pub(super) use session::{Lives, MOST_SESSIONS, REPLAY_SECONDS};
