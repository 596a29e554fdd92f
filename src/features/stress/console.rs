//! Sends the callers, waits for them, and looks at what is left. It blocks; call it from a plain thread.

use super::rules::{Dice, Found, Intent, Refused as NotFree, Report, Stays, Tally, needless};
use super::store;
use crate::features::bookings::{Desk, Doing, Listener, State};
use crate::features::ledger;
use crate::features::payments::Payments;
use crate::features::quotes::{self, Asked, QuoteId};
use crate::platform::access::{Principal, Roles, Via};
use crate::platform::config::CardProvider;
use crate::platform::db::{Conn, Db, DbResult, Lane, Tx};
use crate::platform::error::{Error, Kind, Refused, Result};
use crate::platform::outbound::Outbound;
use crate::platform::tools::Tools;
use crate::values::{BookingId, Instant, ListingId, Night, UserId};
use anyhow::{Context, bail};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant as Moment};
use uuid::Uuid;

/// How long a caller waits for the bank of the sandbox.
const PATIENCE: Duration = Duration::from_secs(30);
/// Nobody comes sooner, so that no rule about short notice is met.
const FIRST_DAY: i32 = 10;

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Plan {
    pub callers: u32,
    /// Homes that they fight over.
    pub homes: u16,
    pub until: Until,
    /// The same seed draws the same wishes.
    pub seed: u64,
    /// Also where people have accounts.
    pub among_people: bool,
}

/// When the callers stop.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    Over(Duration),
    Attempts(u64),
}

/// Who calls what.
struct Stage {
    db: Db,
    tools: Tools,
    desk: Desk,
    payments: Payments,
    homes: Vec<ListingId>,
    first: Night,
    seed: u64,
    until: Until,
    begun: Moment,
    attempts: AtomicU64,
}

/// Lets `plan.callers` book, pay, withdraw and call off at once, and answers what came of it. The homes stay; whoever runs it again, here or in
/// another process at the same time, uses the same ones.
///
/// Errors: the database has accounts of people and that was not allowed, cards are not the sandbox's, or it cannot be reached.
pub fn bookings(tools: &Tools, plan: &Plan) -> anyhow::Result<Report> {
    if tools.config.payments.provider != CardProvider::Sandbox {
        bail!("stays are paid with the cards of the sandbox, which is not the provider here");
    }
    // Homes that nobody lives in would be found by guests, and what the books say of their stays never goes away.
    let (people, homes) = tools.db.read_blocking(|conn| DbResult::Ok((store::accounts(conn)?, store::real_homes(conn)?)))?;
    if (people > 0 || homes > 0) && !plan.among_people {
        bail!("{people} people have accounts here, and there are {homes} homes; use a database of its own, or say --yes-on-this-database");
    }
    let homes = plan.homes;
    let homes = tools.db.write_blocking(Lane::Urgent, move |tx, now| store::homes(tx, now, homes))?;
    let payments = Payments::open(tools, &Outbound::open(&tools.config), Arc::new(Listener::new(tools)));
    let stage = Arc::new(Stage {
        db: tools.db.clone(),
        tools: tools.clone(),
        desk: Desk::open(tools, "stress"),
        payments,
        homes,
        first: Night::in_utc(tools.clock.now()).plus(FIRST_DAY),
        seed: plan.seed,
        until: plan.until,
        begun: Moment::now(),
        attempts: AtomicU64::new(0),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the async runtime cannot be started")?;
    let all = runtime.block_on(call(&stage, plan.callers))?;
    let took = stage.begun.elapsed();
    drop(runtime);
    looked_at(&stage, all, took)
}

async fn call(stage: &Arc<Stage>, callers: u32) -> anyhow::Result<Tally> {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..callers {
        let stage = Arc::clone(stage);
        tasks.spawn(async move { caller(&stage, number).await });
    }
    let mut all = Tally::default();
    while let Some(done) = tasks.join_next().await {
        all.add(done.context("a caller broke")??);
    }
    Ok(all)
}

async fn caller(stage: &Stage, number: u32) -> anyhow::Result<Tally> {
    let (mut dice, mut tally) = (Dice::new(stage.seed.wrapping_mul(1_000_003) + u64::from(number)), Tally::default());
    let guest = stage.db.write(store::guest).await?;
    let guest = Principal { user: guest, via: Via::Session(Uuid::nil()), roles: Roles::NONE, proven_at: stage.tools.clock.now(), strong: false };
    while stage.goes_on() {
        tally.attempts += 1;
        let home = usize::try_from(dice.below(stage.homes.len() as u64)).unwrap_or(0);
        let (wish, intent, asked) = (dice.stay(stage.first), dice.intent(), stage.tools.clock.now());
        if let Err(error) = stage.attempt(&guest, home, wish, intent, &mut tally).await {
            judge(&mut tally, error, NotFree { home, nights: wish, asked, told: stage.tools.clock.now() });
        }
    }
    Ok(tally)
}

/// A refusal is part of the game where it says what one expects; anything else is an error.
fn judge(tally: &mut Tally, error: Error, wish: NotFree) {
    let refused: Box<Refused> = match error {
        Error::Refused(refused) if refused.kind == Kind::Conflict => refused,
        // A home that changes faster than a quote can be read: a client is told to come back (PostgreSQL only).
        Error::Refused(refused) if refused.kind == Kind::Busy => {
            *tally.refused.entry(refused.code).or_default() += 1;
            return;
        }
        other => return tally.broke(format!("{other:#}")),
    };
    match refused.code {
        "dates_unavailable" => {
            let said = |name: &str| refused.data.get(name).and_then(|value| value.as_array());
            let told = said("reasons").is_some_and(|reasons| !reasons.is_empty()) && said("nearest_available").is_some();
            tally.bare_refusals += u64::from(!told);
            tally.not_free.push(wish);
        }
        "hold_limit" => {}
        code => return tally.broke(format!("{code}: {}", refused.detail)),
    }
    *tally.refused.entry(refused.code).or_default() += 1;
}

impl Stage {
    fn goes_on(&self) -> bool {
        match self.until {
            Until::Over(time) => self.begun.elapsed() < time,
            Until::Attempts(most) => self.attempts.fetch_add(1, Ordering::Relaxed) < most,
        }
    }

    async fn attempt(&self, guest: &Principal, home: usize, wish: (Night, Night), intent: Intent, tally: &mut Tally) -> Result<()> {
        let asked = asked(self.homes[home], wish);
        let begun = Moment::now();
        let quote = self.quote(guest.user, asked).await?;
        let method = match intent {
            Intent::Stay | Intent::Cancel => Some("card_ok"),
            Intent::BadCard => Some("card_declined"),
            Intent::Withdraw => None,
        };
        let booking = self.book(guest, quote, method).await?;
        if method.is_some() {
            self.payments.settle(booking, PATIENCE).await?;
        }
        let state = self.db.read(move |conn| Desk::find(conn, booking)).await?.state;
        match (intent, state) {
            (Intent::Stay | Intent::Cancel, State::Confirmed) => {
                tally.confirmed += 1;
                tally.took.push(begun.elapsed());
            }
            (Intent::BadCard | Intent::Withdraw, State::PendingPayment) => {
                self.act(guest, booking, Doing::Withdraw).await?;
                tally.withdrawn += 1;
            }
            (intent, state) => tally.broke(format!("{booking} is {} after {intent:?}", state.name())),
        }
        if intent == Intent::Cancel {
            self.act(guest, booking, Doing::Cancel).await?;
            self.payments.settle(booking, PATIENCE).await?;
            tally.cancelled += 1;
        }
        Ok(())
    }

    async fn quote(&self, guest: UserId, asked: Asked) -> Result<QuoteId> {
        let config = Arc::clone(&self.tools.config);
        self.db.write(move |tx, now| quotes::make(tx, now, Some(guest), &config, &asked).map(|quote| quote.id)).await
    }

    async fn book(&self, guest: &Principal, quote: QuoteId, method: Option<&'static str>) -> Result<BookingId> {
        let (desk, guest) = (self.desk.clone(), guest.clone());
        self.db.write(move |tx, now| desk.book(tx, now, &guest, quote, method).map(|booking| booking.id)).await
    }

    async fn act(&self, guest: &Principal, booking: BookingId, doing: Doing<'static>) -> Result<()> {
        let (desk, guest) = (self.desk.clone(), guest.clone());
        self.db.write(move |tx: &mut Tx<'_>, now: Instant| desk.act(tx, now, &guest, booking, doing).map(|_booking| ())).await
    }
}

fn asked(listing: ListingId, (check_in, check_out): (Night, Night)) -> Asked {
    Asked {
        listing,
        check_in,
        check_out,
        adults: 2,
        children: 0,
        children_ages: Vec::new(),
        infants: 0,
        pets: 0,
        options: Vec::new(),
        coupon: None,
        non_refundable: false,
    }
}

/// Counts in the tables, not in what was answered.
fn looked_at(stage: &Stage, all: Tally, took: Duration) -> anyhow::Result<Report> {
    let read = |conn: &mut Conn<'_>| -> DbResult<(Vec<Stays>, Found)> {
        let (mut stays, mut found) = (Vec::new(), Found::default());
        for home in &stage.homes {
            stays.push(store::stays(conn, *home)?);
            let one = store::found(conn, *home)?;
            found = Found { overlaps: found.overlaps + one.overlaps, half: found.half + one.half, unpaid: found.unpaid + one.unpaid };
        }
        Ok((stays, found))
    };
    let (stays, found) = stage.db.bulk(read)?;
    // No server runs beside that would have numbered the entries.
    ledger::seal_all(&stage.db, &stage.tools.keys)?;
    let nobody: ledger::Witnesses = Arc::new([]);
    let books = ledger::check(&stage.db, &stage.tools.keys, &nobody).err().unwrap_or_default();
    let needless = needless(&all.not_free, &stays);
    Ok(Report::of(all, needless, found, books, took))
}
