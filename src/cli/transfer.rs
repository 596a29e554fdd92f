//! `stopover export listings` and `stopover import jsonl`: reads the arguments; the work is the transfer feature's.

use crate::features::media;
use crate::features::transfer::{self, House, Wish};
use crate::platform::config::Config;
use crate::platform::private;
use crate::platform::tools::Tools;
use crate::values::{Email, SystemClock};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::PathBuf;
use std::sync::Arc;

/// What is written.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Homes with texts, prices and calendars, as JSON Lines: one home a line
    Listings(ListingsArgs),
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

/// A file of homes.
#[derive(Debug, Clone, Args)]
pub struct JsonlArgs {
    /// What `export listings` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Writes homes, and says how many.
pub(super) fn export(config: Config, command: ExportCommand) -> anyhow::Result<()> {
    let ExportCommand::Listings(args) = command;
    let tools = Tools::open(config, Arc::new(SystemClock))?;
    // Before a file is made that would be empty.
    if let Some(host) = &args.host
        && !transfer::is_known(&tools.db, host)?
    {
        bail!("nobody here has the mail address {}", host.text());
    }
    let wish = Wish { host: args.host, private: args.with_private };
    let count = match &args.out {
        Some(path) => {
            // Nobody else's to read: it names hosts and places.
            let file = private::new_file(path).with_context(|| format!("cannot make the file {}", path.display()))?;
            let mut out = BufWriter::new(file);
            let count = transfer::export(&tools.db, &tools.keys, &wish, &mut out)?;
            let file = out.into_inner().context("the file cannot be written")?;
            file.sync_all().context("the file cannot be written")?;
            count
        }
        None => transfer::export(&tools.db, &tools.keys, &wish, &mut std::io::stdout().lock())?,
    };
    eprintln!("{count} homes");
    Ok(())
}

/// Reads homes, and says what became of them.
pub(super) fn read_into(tools: &Tools, args: &JsonlArgs) -> anyhow::Result<()> {
    let file = File::open(&args.file).with_context(|| format!("cannot open {}", args.file.display()))?;
    let has_file = |address: &str| media::has_file(&tools.config, address);
    let house = House { photo_required: tools.config.listings.photo_required, has_file: &has_file };
    let outcome = transfer::import(&tools.db, &tools.keys, &house, &mut BufReader::new(file))?;
    for line in &outcome.held_back {
        eprintln!("line {line}: paused, because guests are shown no home without a photo, and its photos are not here");
    }
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
