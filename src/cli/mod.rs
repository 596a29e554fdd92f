//! The command line: reads flags and settings, calls one function, and turns what went wrong into one sentence.
//!
//! Exit codes: 0 done, 1 it did not work, 2 the command line or the settings cannot be understood.

mod admin;
mod doctor;
mod ical;
mod import;
mod serve;
mod stress;
mod transfer;

pub use admin::{CreateArgs, ResetArgs};
pub use ical::{IcalArgs, IcalCommand};
pub use import::{CsvArgs, ImportCommand, InsideAirbnbArgs, ShiftTo};
pub use stress::{BookingsArgs, StressCommand};
pub use transfer::{ExportCommand, JsonlArgs, LedgerArgs, ListingsArgs};

use crate::app;
use crate::platform::config::{Config, Flags, SettingsError};
use crate::platform::telemetry;
use crate::platform::tools::Tools;
use crate::values::SystemClock;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// A self-hosted short-stay rental marketplace in one binary.
#[derive(Debug, Parser)]
#[command(name = "stopover", version, about, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(subcommand)]
    command: Command,
}

/// Settings that may be given on the command line; all others come from the environment or the settings file.
#[derive(Debug, Args)]
struct SettingsArgs {
    /// The database: sqlite:PATH or postgres://USER@HOST/NAME [default: stopover.db in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// The folder for everything the instance keeps [default: ./data]
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// The address to listen on [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "IP:PORT")]
    listen: Option<String>,
    /// The settings file [default: stopover.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve {
        /// Begin with a demo city: 421 real homes of Albany, from Inside Airbnb (CC BY 4.0)
        #[arg(long)]
        demo: bool,
        /// For developers: a clock that POST /api/v1/dev/advance moves on; never for an instance that people use
        #[arg(long)]
        dev: bool,
    },
    /// Bring in homes from elsewhere
    #[command(subcommand)]
    Import(ImportCommand),
    /// Look at calendars of other sites
    #[command(subcommand)]
    Ical(IcalCommand),
    /// Write what is here into files
    #[command(subcommand)]
    Export(ExportCommand),
    /// Put an instance under load, and count what went wrong; for a database of its own
    #[command(subcommand)]
    Stress(StressCommand),
    /// Make an operator: somebody who may do everything that staff may
    CreateAdmin(CreateArgs),
    /// Set somebody's password, or print a link that lets them
    ResetPassword(ResetArgs),
    /// Sign access tokens with a new key from now on
    RotateKeys,
    /// Build the search index anew from the database
    Reindex,
    /// Print the OpenAPI document
    ExportOpenapi,
    /// Print the effective settings, secrets redacted
    Config,
    /// Look at the database, the disk and the clock, and say what is wrong
    Doctor,
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("stopover: {error:#}");
            ExitCode::from(if error.is::<SettingsError>() { 2 } else { 1 })
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let SettingsArgs { database, data_dir, listen, config } = cli.settings;
    let config = Config::load(&Flags { config, database, data_dir, listen })?;
    telemetry::start_logging(&config.log).map_err(SettingsError::new)?;
    match cli.command {
        Command::Serve { demo, dev } => serve::serve(Config { dev, ..config }, demo)?,
        Command::Import(command) => import::run(config, command)?,
        Command::Ical(command) => return ical::run(&config, &command),
        Command::Export(command) => transfer::export(config, command)?,
        Command::Stress(command) => return stress::run(config, command),
        Command::CreateAdmin(args) => admin::create(config, &args)?,
        Command::ResetPassword(args) => admin::reset(config, &args)?,
        Command::RotateKeys => admin::rotate_keys(config)?,
        Command::Reindex => reindex(config)?,
        Command::ExportOpenapi => print(&app::openapi_document(config.public_url.as_deref()))?,
        Command::Config => print(config.to_toml()?.trim_end())?,
        Command::Doctor => return doctor::run(config),
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the search index anew and says how large it became.
fn reindex(config: Config) -> anyhow::Result<()> {
    let tools = Tools::open(config, Arc::new(SystemClock))?;
    let listings = app::reindex(&tools)?;
    print(&format!("the search index holds {listings} listings"))
}

/// Writes to standard output; a reader that has gone away (`| head`) is not an error.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::ledger::Format;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn commands_are_read() {
        let read = |line: &str| Cli::try_parse_from(line.split(' '));
        let cli = read("stopover serve --demo --listen 0.0.0.0:80 --data-dir /srv").unwrap();
        assert!(matches!(cli.command, Command::Serve { demo: true, dev: false }));
        assert_eq!(cli.settings.listen.as_deref(), Some("0.0.0.0:80"));
        let cli = read("stopover import inside-airbnb --listings l.csv.gz --calendar c.csv --city Boston --country us --currency usd --timezone America/New_York --shift-to today").unwrap();
        let Command::Import(ImportCommand::InsideAirbnb(args)) = cli.command else { panic!("not an import") };
        assert_eq!((args.city.as_str(), args.country.as_str(), args.currency.code()), ("Boston", "US", "USD"));
        assert_eq!((args.zone.name(), args.shift_to, args.strict), ("America/New_York", Some(ShiftTo::Today), false));
        let cli = read("stopover export listings --host ada@example.org --out homes.jsonl --with-private").unwrap();
        let Command::Export(ExportCommand::Listings(args)) = cli.command else { panic!("not an export") };
        assert!(args.host.is_some() && args.out.is_some() && args.with_private);
        let cli = read("stopover export ledger --format hledger --from 2026-06-01 --to 2026-07-01").unwrap();
        let Command::Export(ExportCommand::Ledger(args)) = cli.command else { panic!("not an export") };
        assert_eq!((args.format, args.from.is_some(), args.to.is_some(), args.out), (Format::Hledger, true, true, None));
        for bad in [
            "stopover",
            "stopover import inside-airbnb --listings l --city B --country USA --currency USD --timezone America/New_York",
            "stopover import inside-airbnb --listings l --city B --country US --currency USD --timezone Mars/Base",
            "stopover import inside-airbnb --listings l --city B --country US --currency USD --timezone UTC --shift-to tomorrow",
            "stopover import csv",
            "stopover import jsonl",
            "stopover export listings --host nobody",
            "stopover stress",
            "stopover stress bookings --callers 0",
            "stopover stress bookings --attempts 5 --seconds 5",
            "stopover export ledger",
            "stopover export ledger --format excel",
            "stopover export ledger --format csv --from 2026-13-01",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
