//! `stopover import …`: reads the arguments; the work is the imports feature's.

use crate::platform::config::Config;
use crate::values::{Currency, Night, Zone};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Where homes come from.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// A city of insideairbnb.com, as CSV or .csv.gz
    InsideAirbnb(InsideAirbnbArgs),
    /// A folder of plain CSV files: listings.csv, blocked.csv, prices.csv
    Csv(CsvArgs),
}

/// A city of Inside Airbnb.
#[derive(Debug, Clone, Args)]
pub struct InsideAirbnbArgs {
    /// The detailed listings file
    #[arg(long, value_name = "FILE")]
    pub listings: PathBuf,
    /// The detailed calendar file; without it every night is free
    #[arg(long, value_name = "FILE")]
    pub calendar: Option<PathBuf>,
    /// The detailed reviews file
    #[arg(long, value_name = "FILE")]
    pub reviews: Option<PathBuf>,
    /// The name of the city, as in Boston
    #[arg(long)]
    pub city: String,
    /// The country as two letters, as in US
    #[arg(long, value_parser = country)]
    pub country: String,
    /// The currency of the prices, as in USD
    #[arg(long, value_parser = currency)]
    pub currency: Currency,
    /// The time zone of the city, as in America/New_York
    #[arg(long = "timezone", value_name = "ZONE", value_parser = zone)]
    pub zone: Zone,
    /// Move the calendar so that its first date is this day
    #[arg(long, value_name = "today|YYYY-MM-DD", value_parser = shift_to)]
    pub shift_to: Option<ShiftTo>,
    /// Stop at the first bad row and leave the database as it was
    #[arg(long)]
    pub strict: bool,
}

/// A folder of plain CSV files.
#[derive(Debug, Clone, Args)]
pub struct CsvArgs {
    /// The folder with listings.csv, blocked.csv and prices.csv
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The currency of the prices, as in USD
    #[arg(long, value_parser = currency)]
    pub currency: Currency,
    /// The time zone of all homes [default: found from each home's coordinates]
    #[arg(long = "timezone", value_name = "ZONE", value_parser = zone)]
    pub zone: Option<Zone>,
    /// Move the calendar so that its first date is this day
    #[arg(long, value_name = "today|YYYY-MM-DD", value_parser = shift_to)]
    pub shift_to: Option<ShiftTo>,
    /// Stop at the first bad row and leave the database as it was
    #[arg(long)]
    pub strict: bool,
}

/// The day that the first date of a calendar is moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShiftTo {
    /// The day on which the import runs.
    Today,
    Date(Night),
}

/// CONNECT HERE: `features::imports` takes these arguments.
pub(super) fn run(_config: Config, command: ImportCommand) -> anyhow::Result<()> {
    match command {
        ImportCommand::InsideAirbnb(_args) => anyhow::bail!("this build cannot import from Inside Airbnb yet"),
        ImportCommand::Csv(_args) => anyhow::bail!("this build cannot import CSV folders yet"),
    }
}

fn country(text: &str) -> Result<String, String> {
    let two = text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
    two.then(|| text.to_ascii_uppercase()).ok_or_else(|| "a country is two letters, as in US".into())
}

fn currency(text: &str) -> Result<Currency, String> {
    Currency::parse(text).ok_or_else(|| "a currency is three letters, as in USD".into())
}

fn zone(text: &str) -> Result<Zone, String> {
    Zone::parse(text).ok_or_else(|| "there is no such time zone; zones are named as in America/New_York".into())
}

fn shift_to(text: &str) -> Result<ShiftTo, String> {
    if text == "today" {
        return Ok(ShiftTo::Today);
    }
    Night::parse(text).map(ShiftTo::Date).ok_or_else(|| "must be `today` or a date as in 2026-07-01".into())
}
