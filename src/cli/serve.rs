//! `stopover serve`: says where it can be found, runs until it is asked to end.

use crate::app::{self, Parts};
use crate::features::imports::{self, Pace, Silent};
use crate::platform::config::Config;
use crate::platform::db::DatabaseUrl;
use crate::platform::dev;
use crate::platform::tools::Tools;
use crate::values::{Clock, SystemClock, VirtualClock, Zone};
use anyhow::Context;
use std::net::TcpListener;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

pub(super) fn serve(config: Config, demo: bool) -> anyhow::Result<()> {
    // Before anything is written: an address that is taken ends the start.
    drop(TcpListener::bind(config.listen).with_context(|| format!("cannot listen on {}", config.listen))?);
    if let Ok(DatabaseUrl::Sqlite(path)) = config.database()
        && !path.exists()
    {
        eprintln!("there is no database at {} yet; a new one is made", path.display());
    }
    if demo {
        load_demo(&config)?;
    }
    let clock: Arc<dyn Clock> = if config.dev { Arc::new(VirtualClock::default()) } else { Arc::new(SystemClock) };
    app::run(config, clock, asked_to_end(), welcome)
}

/// Brings the demo city in, or its calendar up to date; does nothing when neither is due.
fn load_demo(config: &Config) -> anyhow::Result<()> {
    let clock = Arc::new(SystemClock);
    let tools = Tools::open(config.clone(), clock.clone())?;
    let zone = Zone::parse("America/New_York").context("the zone of the demo city is unknown")?;
    let report = imports::demo(&tools.db, zone.local(clock.now()).today, Pace::Alone, &Silent)?;
    if let Some(report) = report {
        eprintln!("demo city: {report}");
    }
    Ok(())
}

fn welcome(parts: &Parts) {
    let config = &parts.tools.config;
    let url = config.base_url();
    eprintln!("Stopover {} is at {url}", env!("CARGO_PKG_VERSION"));
    if config.docs.enabled {
        eprintln!("  Swagger UI   {url}/docs");
    }
    eprintln!("  data folder  {}", config.data_dir.display());
    if let Ok(database) = config.database() {
        eprintln!("  database     {}", database.redacted());
    }
    if let Some(token) = &parts.set_up {
        // The one place where it can be read: it goes to the console and not through the log.
        eprintln!("  first steps  make the first operator within an hour: {url}/account/setup#{} (or: stopover create-admin)", token.expose());
    }
    if let Some(warning) = config.unknown_address() {
        eprintln!("  warning      {warning}");
    }
    if config.dev {
        eprintln!("  WARNING      --dev: anybody who reaches this server can move its clock, and staff need no second factor.");
        eprintln!(
            "               Never let people use it. It is {} here; POST {url}{}/advance {{\"hours\": 24}} moves on.",
            parts.tools.clock.now(),
            dev::PREFIX
        );
        eprintln!("               One process only: another one on this database would not see the clock move.");
        tracing::warn!(now = %parts.tools.clock.now(), "time can be moved here (--dev): never let people use this instance");
    }
    eprintln!("  stop it with Ctrl-C");
}

/// Done at the first Ctrl-C or SIGTERM; a second one ends the process at once.
async fn asked_to_end() {
    let (mut interrupt, mut terminate) = match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(interrupt), Ok(terminate)) => (interrupt, terminate),
        (Err(error), _) | (_, Err(error)) => {
            tracing::warn!(%error, "signals cannot be watched; the server runs until it is killed");
            return std::future::pending().await;
        }
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("finishing what is under way");
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        // What was acknowledged is on the disk already; nothing is lost by leaving.
        std::process::exit(130);
    });
}
