//! `stopover import …`: reads the arguments; the work is the imports feature's.

use super::transfer::JsonlArgs;
use crate::features::imports::{self, CsvAsk, ImportFile, InsideAirbnbAsk, Pace, Progress, Stage};
use crate::platform::config::Config;
use crate::platform::tools::Tools;
use crate::values::{Clock, Currency, Night, SystemClock, Zone};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

/// Where homes come from.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// A city of insideairbnb.com, as CSV or .csv.gz
    InsideAirbnb(InsideAirbnbArgs),
    /// A folder of plain CSV files: listings.csv, blocked.csv, prices.csv
    Csv(CsvArgs),
    /// Homes that `export listings` wrote
    Jsonl(JsonlArgs),
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
    /// How much to write at a time
    #[arg(long, value_enum, default_value_t = PaceArg::Alone)]
    pub pace: PaceArg,
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
    /// The country of homes that name none, as in US
    #[arg(long, value_parser = country)]
    pub country: Option<String>,
    /// Show the coordinates as they are; otherwise strangers see points 150 to 500 m away
    #[arg(long)]
    pub public_points: bool,
    /// The name of the source [default: csv: and the folder's name]
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Stop at the first bad row and leave the database as it was
    #[arg(long)]
    pub strict: bool,
    /// How much to write at a time
    #[arg(long, value_enum, default_value_t = PaceArg::Alone)]
    pub pace: PaceArg,
}

/// The day that the first date of a calendar is moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShiftTo {
    /// The day on which the import runs.
    Today,
    Date(Night),
}

/// Imports, shows how far it is, and prints the summary.
pub(super) fn run(config: Config, command: ImportCommand) -> anyhow::Result<()> {
    let clock = Arc::new(SystemClock);
    let tools = Tools::open(config, clock.clone())?;
    let bar = Bar::new();
    let report = match command {
        ImportCommand::InsideAirbnb(args) => {
            let today = args.zone.local(clock.now()).today;
            imports::inside_airbnb(&tools.db, &args.ask(today), &bar)
        }
        ImportCommand::Csv(args) => imports::csv(&tools.db, &args.ask(), &bar),
        ImportCommand::Jsonl(args) => return super::transfer::read_into(&tools, &args),
    };
    bar.finish();
    let report = report?;
    for row in &report.bad_rows.listed {
        eprintln!("skipped {row}");
    }
    if report.bad_rows.unlisted() > 0 {
        eprintln!("… and {} more rows", report.bad_rows.unlisted());
    }
    for clash in &report.clashes.listed {
        eprintln!("booked here and taken elsewhere: listing {}, night {}", clash.listing, clash.night);
    }
    println!("{report}");
    Ok(())
}

impl InsideAirbnbArgs {
    fn ask(self, today: Night) -> InsideAirbnbAsk {
        let shift_to = self.shift_to.map(|to| match to {
            ShiftTo::Today => today,
            ShiftTo::Date(night) => night,
        });
        InsideAirbnbAsk {
            listings: ImportFile::Path(self.listings),
            calendar: self.calendar.map(ImportFile::Path),
            reviews: self.reviews.map(ImportFile::Path),
            city: self.city,
            country: self.country,
            currency: self.currency,
            zone: self.zone,
            shift_to,
            strict: self.strict,
            pace: self.pace.into(),
        }
    }
}

impl CsvArgs {
    fn ask(self) -> CsvAsk {
        CsvAsk {
            folder: self.folder,
            currency: self.currency,
            zone: self.zone,
            country: self.country,
            source: self.source,
            public_points: self.public_points,
            strict: self.strict,
            pace: self.pace.into(),
        }
    }
}

/// How much is written at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum PaceArg {
    /// The database is not in use: large pieces
    #[default]
    Alone,
    /// Guests are being served from it: small pieces
    Shared,
}

impl From<PaceArg> for Pace {
    fn from(pace: PaceArg) -> Self {
        match pace {
            PaceArg::Alone => Self::Alone,
            PaceArg::Shared => Self::Shared,
        }
    }
}

/// A progress bar on a terminal, nothing elsewhere.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let style = ProgressStyle::with_template("{msg:10} {wide_bar} {percent:>3} %").unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::new(0).with_style(style))
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn report(&self, stage: Stage, done: u64, of: u64) -> ControlFlow<()> {
        self.0.set_message(match stage {
            Stage::Checking => "checking",
            Stage::Hosts => "hosts",
            Stage::Listings => "listings",
            Stage::Reviews => "reviews",
        });
        self.0.set_length(of.max(done));
        self.0.set_position(done);
        ControlFlow::Continue(())
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
