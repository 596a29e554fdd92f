//! The jobs of feeds: fetching one, and finding those that are due.

use super::rules::{Manner, read_nights};
use super::service::sync::{Fetched, Trouble, Whole, settle};
use super::service::{World, feeds as service};
use super::store::feeds::{self, Feed, Home};
use crate::platform::db::{Db, DbError, DbResult, Lane};
use crate::platform::jobs::{Failure, Handler, Order, every};
use crate::platform::outbound::{Budget, Outbound, Policy, Trouble as Call};
use crate::platform::tools::Tools;
use crate::values::{Clock, Night, Origin};
use http::{HeaderMap, Request, Response, StatusCode, header};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Bytes of a calendar, unpacked.
const BYTES: u64 = 2 << 20;
const DUE: Duration = Duration::from_secs(60);
/// Fetches at once in this process: fewer than jobs run, so that letters leave while other sites dawdle.
const AT_ONCE: usize = 4;
/// How long a feed waits whose site is being asked for another one.
const BUSY_SECONDS: i64 = 30;
/// Longest ETag or Last-Modified that is kept.
const VALIDATOR_BYTES: usize = 500;

/// What feeds do on their own.
#[must_use]
pub fn jobs(tools: &Tools, outbound: &Outbound) -> Vec<Box<dyn Handler>> {
    let db = tools.db.clone();
    let fetcher =
        Fetcher { db: tools.db.clone(), clock: Arc::clone(&tools.clock), world: World::of(tools, Origin::inside("job feed")), outbound: outbound.clone() };
    vec![Box::new(fetcher), every("feeds.due", DUE, move |_| ask_for_due(&db))]
}

/// Puts the fetches that are due into the queue.
fn ask_for_due(db: &Db) -> Result<(), Failure> {
    let asked = db.write_blocking(Lane::Bulk, |tx, now| {
        let mut asked = 0;
        for feed in feeds::due(tx, now)? {
            asked += u32::from(service::ask(tx, now, feed)?);
        }
        Ok::<_, DbError>(asked)
    })?;
    tracing::debug!(asked, "feeds that are due were asked for");
    Ok(())
}

/// Fetches feeds.
struct Fetcher {
    db: Db,
    clock: Arc<dyn Clock>,
    world: World,
    outbound: Outbound,
}

impl Handler for Fetcher {
    fn kind(&self) -> &'static str {
        service::FETCH
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    fn run(&self, order: &Order) -> Result<(), Failure> {
        let id = order.payload.get("feed").and_then(|id| id.as_str()).and_then(|id| Uuid::parse_str(id).ok());
        let id = id.ok_or_else(|| Failure::Never("the job names no feed".into()))?;
        let found: DbResult<Option<(Feed, Home)>> = self.db.read_blocking(|conn| {
            let Some(feed) = feeds::by_id(conn, id)? else { return Ok(None) };
            Ok(feeds::home(conn, feed.listing)?.map(|home| (feed, home)))
        });
        let Some((feed, home)) = found?.filter(|(_, home)| !home.archived) else { return Ok(()) };
        let (lease, chance) = (order.lease, rand::random());
        match self.fetch(&feed, &home) {
            Some(fetched) => {
                let (world, version) = (self.world.clone(), feed.version);
                self.db.write_blocking(Lane::Bulk, move |tx, now| {
                    lease.fence(tx)?;
                    settle(tx, now, &world, (id, version), &fetched, chance)
                })?;
            }
            // Not the feed's fault: its own turn comes a little later.
            None => self.db.write_blocking(Lane::Bulk, move |tx, now| {
                lease.fence(tx)?;
                feeds::put_off(tx, id, now.plus_seconds(BUSY_SECONDS))
            })?,
        }
        Ok(())
    }
}

impl Fetcher {
    /// Asks for the calendar; `None` when there is no room for one more call now.
    fn fetch(&self, feed: &Feed, home: &Home) -> Option<Fetched> {
        let today = home.zone.local(self.clock.now()).today;
        let Ok(address) = self.world.address(feed) else {
            tracing::error!(feed.id = %feed.id, "the address of a feed cannot be opened with this master key");
            return Some(Fetched::Failed(Trouble::Address));
        };
        // Once a day it is read whole: what it means changes with the date.
        let asks = feed.health.read_on == Some(today);
        let Some(request) = request(&address, feed, asks) else { return Some(Fetched::Failed(Trouble::Address)) };
        let answer = match self.outbound.send(Policy::Public, Budget::of(BYTES), request) {
            Ok(answer) => answer,
            Err(Call::Busy) => return None,
            Err(call) => {
                tracing::info!(feed.id = %feed.id, reason = %call, "a feed could not be fetched");
                return Some(Fetched::Failed(trouble(&call)));
            }
        };
        Some(self.understood(feed, home, &answer, asks, today))
    }

    fn understood(&self, feed: &Feed, home: &Home, answer: &Response<Vec<u8>>, asks: bool, on: Night) -> Fetched {
        match answer.status() {
            StatusCode::NOT_MODIFIED if asks => return Fetched::Unchanged,
            StatusCode::OK => {}
            _ => return Fetched::Failed(Trouble::Status),
        }
        let chosen = &feed.chosen;
        let manner = Manner { zone: home.zone.clone(), today: on, block_same_day: chosen.block_same_day, ignore_window_blocks: chosen.ignore_window_blocks };
        let ids = self.world.ids(feed.listing);
        match read_nights(answer.body(), &manner, |uid| ids.is_own(uid)) {
            Ok(reading) => {
                let (etag, last_modified) = (kept(answer.headers(), header::ETAG), kept(answer.headers(), header::LAST_MODIFIED));
                Fetched::Read(Box::new(Whole { reading, etag, last_modified, on }))
            }
            Err(unreadable) => Fetched::Failed(Trouble::Unreadable(unreadable)),
        }
    }
}

fn request(address: &str, feed: &Feed, asks: bool) -> Option<Request<Vec<u8>>> {
    let mut request = Request::get(address).header(header::ACCEPT, "text/calendar, text/plain;q=0.5, */*;q=0.1");
    if asks {
        for (name, value) in [(header::IF_NONE_MATCH, &feed.health.etag), (header::IF_MODIFIED_SINCE, &feed.health.last_modified)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
    }
    request.body(Vec::new()).ok()
}

/// A header that is sent back next time.
fn kept(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().filter(|value| value.len() <= VALIDATOR_BYTES).map(str::to_owned)
}

fn trouble(call: &Call) -> Trouble {
    match call {
        Call::Refused(_) | Call::Redirected => Trouble::Address,
        Call::Slow => Trouble::Slow,
        Call::TooLarge => Trouble::TooLarge,
        Call::UnknownHost | Call::Unreachable(_) | Call::Unreadable | Call::Busy => Trouble::Unreachable,
    }
}
