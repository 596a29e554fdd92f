//! Time travel for developers: `serve --dev` runs by a clock that can be moved on, so that a whole stay takes seconds.
//!
//! The clock goes with the database: how far it is ahead of the machine is stored there, since what has been written under a later time
//! must never meet an earlier one. A server without `--dev` therefore refuses such a database.

mod api;
mod store;

use super::access::Doors;
use super::db::{DbError, DbResult, Lane};
use super::http::{Routes, V1};
use super::jobs::Jobs;
use super::tools::Tools;
use crate::values::{Instant, VirtualClock};
use anyhow::{Context, bail};
use parking_lot::Mutex;
use poem::Route;
use poem_openapi::OpenApiService;
use std::sync::Arc;
use std::time::Duration;

/// Where the operations live: outside `--dev` nothing does.
pub const PREFIX: &str = "/api/v1/dev";
/// How long one journey may take; whatever is due then is left for the next. Shorter than a request may take.
const PATIENCE: Duration = Duration::from_secs(15);
const DAY_SECONDS: i64 = 86_400;

/// Sets the clock of an opened instance to where its database has been. Blocks. Fails without `--dev` where the clock was moved.
pub fn arrive(tools: &Tools) -> anyhow::Result<()> {
    let ahead = tools.db.read_blocking::<_, DbError, _>(store::ahead).context("cannot read how far the clock of this database is ahead")?;
    if ahead <= 0 {
        return Ok(());
    }
    if !tools.config.dev {
        bail!(
            "the clock of this database was moved {} days ahead under `serve --dev`: start it with --dev, or use another database",
            ahead / Instant::SECOND / DAY_SECONDS + 1
        );
    }
    if tools.clock.move_on(ahead) { Ok(()) } else { bail!("this clock cannot be moved to where the database has been") }
}

/// Puts the operations beside the pages of the site.
pub fn mount(site: Route, routes: &mut Routes, tools: &Tools, jobs: &Jobs) -> anyhow::Result<Route> {
    let api = OpenApiService::new(V1(api::DevApi::new(Journeys::new(tools.clone(), jobs.clone()))), "Time", "1");
    let spec = serde_json::from_str(&api.spec()).context("the document of the moved clock is not JSON")?;
    routes.add_spec(&spec, &Doors::of(&[api::DOORS]), &tools.metrics)?;
    Ok(site.nest_no_strip(PREFIX, api))
}

/// Moves the clock and runs what becomes due; cheap to clone.
#[derive(Clone)]
struct Journeys {
    tools: Tools,
    jobs: Jobs,
    /// One at a time.
    alone: Arc<Mutex<()>>,
}

/// Where a journey led.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Arrival {
    pub now: Instant,
    /// How many jobs were run on the way, tries that failed included.
    pub jobs: usize,
    /// `false`: there was more to do on the way than one journey takes.
    pub reached: bool,
}

impl Journeys {
    fn new(tools: Tools, jobs: Jobs) -> Self {
        Self { tools, jobs, alone: Arc::default() }
    }

    /// Moves the clock on by `seconds`. Jobs that become due on the way are run in the order of their times, each with the clock at its own;
    /// what comes again and again is run whenever one of them is, and at the end. Blocks.
    fn advance(&self, seconds: i64) -> DbResult<Arrival> {
        let _alone = self.alone.lock();
        let _held = self.jobs.hold();
        let begun = std::time::Instant::now();
        let target = self.tools.clock.now().plus_seconds(seconds);
        // Stored first: should the process die on the way, it goes on at the end of it.
        self.store_ahead(target)?;
        let mut jobs = 0;
        loop {
            let next = self.jobs.next_due(target)?;
            self.move_to(next.unwrap_or(target));
            let run = self.jobs.try_run_due()?;
            jobs += run;
            let now = self.tools.clock.now();
            if next.is_none() {
                return Ok(Arrival { now, jobs, reached: true });
            }
            if begun.elapsed() > PATIENCE {
                self.store_ahead(now)?;
                return Ok(Arrival { now, jobs, reached: false });
            }
            if run == 0 {
                // The task still runs as many of that kind as may run at once.
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// How far the clock is ahead of the machine, in seconds.
    fn ahead_seconds(&self) -> i64 {
        let machine = VirtualClock::machine();
        // A moment passes between the two readings.
        (self.tools.clock.now().0 - machine.0).max(0) / Instant::SECOND
    }

    fn now(&self) -> Instant {
        self.tools.clock.now()
    }

    fn move_to(&self, instant: Instant) {
        let way = instant.0 - self.tools.clock.now().0;
        if way > 0 && !self.tools.clock.move_on(way) {
            tracing::error!("the clock of this instance cannot be moved");
        }
    }

    fn store_ahead(&self, instant: Instant) -> DbResult<()> {
        let ahead = (instant.0 - VirtualClock::machine().0).max(0);
        self.tools.db.write_blocking(Lane::Urgent, move |tx, _| store::set_ahead(tx, ahead))
    }
}
