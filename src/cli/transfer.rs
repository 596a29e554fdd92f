//! `stopover export listings`, `stopover export ledger` and `stopover import jsonl`: reads the arguments; the work is done by the features.

use crate::features::ledger::{self, Format};
use crate::features::transfer::{self, Wish};
use crate::platform::config::Config;
use crate::platform::private;
use crate::platform::tools::Tools;
use crate::values::{Email, Instant, Night, SystemClock};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is written.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Homes with texts, prices and calendars, as JSON Lines: one home a line
    Listings(ListingsArgs),
    /// The books: for hledger, for Beancount, or as a table
    Ledger(LedgerArgs),
}

/// Which homes, and where to.
#[derive(Debug, Clone, Args)]
pub struct ListingsArgs {
    /// Only the homes of the host with this address
    #[arg(long, value_name = "EMAIL", value_parser = email)]
    pub host: Option<Email>,
    /// The file to write; it must not be there yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// With addresses, ways in and codes, in clear
    #[arg(long)]
    pub with_private: bool,
}

/// Which part of the books, and how.
#[derive(Debug, Clone, Args)]
pub struct LedgerArgs {
    /// hledger, beancount or csv
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub format: Format,
    /// The first day, UTC [default: from the beginning]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub from: Option<Night>,
    /// The day after the last one, UTC [default: to the end]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub to: Option<Night>,
    /// The file to write; it must not be there yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// A file of homes.
#[derive(Debug, Clone, Args)]
pub struct JsonlArgs {
    /// What `export listings` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Writes what was asked for, and says how much that was.
pub(super) fn export(config: Config, command: ExportCommand) -> anyhow::Result<()> {
    let tools = Tools::open(config, Arc::new(SystemClock))?;
    match command {
        ExportCommand::Listings(args) => {
            let wish = Wish { host: args.host, private: args.with_private };
            let count = write(args.out.as_deref(), |out| transfer::export(&tools.db, &tools.keys, &wish, out))?;
            eprintln!("{count} homes");
        }
        ExportCommand::Ledger(args) => {
            // Beside a server that runs there is little left to number; without one, everything of its last second.
            ledger::seal_all(&tools.db, &tools.keys)?;
            let (from, to) = (args.from.map(midnight), args.to.map(midnight));
            let count = write(args.out.as_deref(), |out| ledger::export(&tools.db, args.format, from, to, out))?;
            eprintln!("{count} entries");
        }
    }
    Ok(())
}

/// Hands a new file, or standard output, to `fill`.
fn write<T>(path: Option<&Path>, fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let Some(path) = path else { return fill(&mut BufWriter::new(std::io::stdout().lock())) };
    // Nobody else's to read: it names people and places.
    let file = private::new_file(path).with_context(|| format!("cannot make the file {}", path.display()))?;
    let mut out = BufWriter::new(file);
    let answer = fill(&mut out)?;
    let file = out.into_inner().context("the file cannot be written")?;
    file.sync_all().context("the file cannot be written")?;
    Ok(answer)
}

fn midnight(day: Night) -> Instant {
    Instant(i64::from(day.0) * 86_400 * Instant::SECOND)
}

fn day(text: &str) -> Result<Night, String> {
    Night::parse(text).ok_or_else(|| "a day is written YYYY-MM-DD".to_owned())
}

fn format(text: &str) -> Result<Format, String> {
    Format::parse(text).ok_or_else(|| "hledger, beancount or csv".to_owned())
}

/// Reads homes, and says what became of them.
pub(super) fn read_into(tools: &Tools, args: &JsonlArgs) -> anyhow::Result<()> {
    let file = File::open(&args.file).with_context(|| format!("cannot open {}", args.file.display()))?;
    let outcome = transfer::import(&tools.db, &tools.keys, &mut BufReader::new(file))?;
    for (line, why) in &outcome.bad {
        eprintln!("skipped line {line}: {why}");
    }
    println!("{} homes written, {} as they were, {} lines skipped", outcome.written, outcome.unchanged, outcome.bad_count);
    if outcome.written + outcome.unchanged == 0 && outcome.bad_count > 0 {
        bail!("no line could be used");
    }
    Ok(())
}

fn email(text: &str) -> Result<Email, String> {
    Email::parse(text).ok_or_else(|| "must be a mail address".into())
}
