//! `stopover doctor`: one line for each thing that must hold, and exit 1 when one does not.

use crate::app;
use crate::platform::config::Config;
use crate::platform::db::{DatabaseUrl, DbError, SCHEMA_VERSION};
use crate::platform::events;
use crate::platform::health::Check;
use crate::platform::tools::Tools;
use crate::values::{Clock, Instant, SystemClock};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Below this many bytes a database soon cannot be written any more.
const LEAST_FREE: u64 = 256 << 20;
/// 2024-01-01: a clock before it was never set.
const OLDEST_NOW: Instant = Instant(1_704_067_200_000_000);

pub(super) fn run(config: Config) -> anyhow::Result<ExitCode> {
    let mut well = report(&machine(&config));
    if let Some(warning) = config.unknown_address() {
        // Worth a word, but it may be meant so: behind a proxy that is being set up, or in a network of one's own.
        println!("note  {:<12} {warning}", "public_url");
    }
    well &= match open(config) {
        Ok(tools) => {
            let database = report(&database(&tools));
            database & report(&app::checks(&tools)?)
        }
        Err(reason) => report(&[Check::new("database", move || Err(reason.clone()))]),
    };
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints a line for each check; answers whether all passed.
fn report(checks: &[Check]) -> bool {
    let mut well = true;
    for check in checks {
        match check.run() {
            Ok(found) => println!("ok    {:<12} {found}", check.name),
            Err(reason) => {
                well = false;
                println!("WRONG {:<12} {reason}", check.name);
            }
        }
    }
    well
}

/// Opens the database, but does not make one: a wrong path should be told, not filled.
fn open(config: Config) -> Result<Tools, String> {
    if let DatabaseUrl::Sqlite(path) = config.database().map_err(|error| error.to_string())?
        && !path.exists()
    {
        return Err(format!("there is no database at {}; `stopover serve` makes one", path.display()));
    }
    Tools::open(config, Arc::new(SystemClock)).map_err(|error| format!("{error:#}"))
}

/// What the machine must offer.
fn machine(config: &Config) -> Vec<Check> {
    let (writable, free) = (config.data_dir.clone(), config.data_dir.clone());
    vec![Check::new("clock", clock), Check::new("data folder", move || writable_folder(&writable)), Check::new("disk", move || free_space(&free))]
}

fn clock() -> Result<String, String> {
    let now = SystemClock.now();
    if now < OLDEST_NOW {
        return Err(format!("the clock of this machine says {now}, which cannot be; set it"));
    }
    Ok(format!("it is {now}"))
}

fn writable_folder(folder: &Path) -> Result<String, String> {
    if !folder.is_dir() {
        return Err(format!("there is no folder {}; `stopover serve` makes it", folder.display()));
    }
    let probe = folder.join(format!(".doctor-{}", std::process::id()));
    std::fs::write(&probe, b"probe").and_then(|()| std::fs::remove_file(&probe)).map_err(|error| format!("{} cannot be written: {error}", folder.display()))?;
    Ok(format!("{} can be written", folder.display()))
}

fn free_space(folder: &Path) -> Result<String, String> {
    let free = fs4::available_space(folder).map_err(|error| format!("the free space of {} cannot be read: {error}", folder.display()))?;
    let megabytes = free >> 20;
    if free < LEAST_FREE {
        return Err(format!("only {megabytes} MiB are free where {} is", folder.display()));
    }
    Ok(format!("{megabytes} MiB free"))
}

/// What the database must hold.
fn database(tools: &Tools) -> Vec<Check> {
    let (named, events) = (tools.clone(), tools.clone());
    vec![
        Check::new("database", move || {
            named.db.inspect().map_err(sentence)?;
            let engine = named.db.describe().map_err(sentence)?;
            let at = named.config.database().map_err(|error| error.to_string())?;
            Ok(format!("{engine} at {}, schema {SCHEMA_VERSION}", at.redacted()))
        }),
        Check::new("event log", move || {
            let last = events.db.read_blocking(events::last_seq).map_err(sentence)?;
            Ok(format!("{last} events numbered"))
        }),
    ]
}

fn sentence(error: DbError) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_database_is_told_and_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data_dir: folder.path().into(), ..Config::default() };
        let reason = open(config.clone()).err().unwrap();
        assert!(reason.contains("there is no database at"), "{reason}");
        assert!(!folder.path().join("stopover.db").exists());
        drop(Tools::open(config.clone(), Arc::new(SystemClock)).unwrap());
        let tools = open(config).unwrap();
        assert!(report(&database(&tools)));
    }

    #[test]
    fn the_machine_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        assert!(writable_folder(folder.path()).is_ok() && free_space(folder.path()).is_ok() && clock().is_ok());
        let file = folder.path().join("file");
        std::fs::write(&file, b"").unwrap();
        assert!(writable_folder(&file.join("below")).is_err());
    }
}
