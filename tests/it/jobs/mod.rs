//! Jobs: at least once, one at a time by lease, never lost.

mod killed;
mod server;
mod stage;
mod tries;
mod unique;
