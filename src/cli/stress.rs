//! `stopover stress bookings`: many callers who want the same nights, and what must hold afterwards. Exit 1 where it does not.

use super::print;
use crate::features::stress::{self, Plan, Until};
use crate::platform::config::Config;
use crate::platform::tools::Tools;
use crate::values::SystemClock;
use clap::{Args, Subcommand};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// What is put under load.
#[derive(Debug, Subcommand)]
pub enum StressCommand {
    /// Book the same nights from many sides at once, on homes made for it, and count what was sold twice
    Bookings(BookingsArgs),
}

/// How hard, and for how long.
#[derive(Debug, Clone, Args)]
pub struct BookingsArgs {
    /// Callers at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub callers: u32,
    /// For how long
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400), conflicts_with = "attempts")]
    pub seconds: u64,
    /// So many attempts instead of a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub attempts: Option<u64>,
    /// Homes that they fight over; they are made, and stay
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub listings: u16,
    /// The same seed draws the same wishes
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Also where people have accounts
    #[arg(long)]
    pub yes_on_this_database: bool,
}

pub(super) fn run(config: Config, command: StressCommand) -> anyhow::Result<ExitCode> {
    let StressCommand::Bookings(args) = command;
    let tools = Tools::open(config, Arc::new(SystemClock))?;
    let plan = Plan {
        callers: args.callers,
        homes: args.listings,
        until: args.attempts.map_or(Until::Over(Duration::from_secs(args.seconds)), Until::Attempts),
        seed: args.seed,
        among_people: args.yes_on_this_database,
    };
    let report = stress::bookings(&tools, &plan)?;
    print(&if args.json { serde_json::to_string(&report)? } else { report.to_string() })?;
    Ok(if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
