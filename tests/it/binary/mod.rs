//! The real binary, run as an operator runs it: its commands, its exit codes, and what is left when it is killed.

mod admin;
mod bombs;
mod commands;
mod contract;
mod killed;
mod log;
mod program;
mod server;
mod sold;
mod stress;
mod time_travel;
