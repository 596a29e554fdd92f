//! The house of payments: its providers, and the ways in for whoever makes calls and takes messages.

use super::calls::{self, LEASE_SECONDS, Turn};
use super::messages::{self, Received};
use super::{Follows, World, confirmed, learn};
use crate::features::payments::provider::{CASH, Forged, MANUAL, Manual, PaidOut, PayOut, Provider, SANDBOX, STRIPE, Sandbox, Saved, Stripe, Total, Trouble};
use crate::features::payments::rules::terms::{NextAction, State};
use crate::features::payments::store::calls as outbox;
use crate::features::payments::store::payments::{self, Payment};
use crate::platform::config::CardProvider;
use crate::platform::db::{Conn, Db, DbError, Lane, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::outbound::Outbound;
use crate::platform::tasks::aside;
use crate::platform::tools::Tools;
use crate::values::{BookingId, Instant, PaymentId, RefundId, UserId};
use http::HeaderMap;
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};
use uuid::Uuid;

/// How often [`Payments::settle`] looks whether somebody else has made a call.
const LOOK: Duration = Duration::from_millis(20);

/// Payments; cheap to clone.
#[derive(Clone)]
pub struct Payments {
    pub(super) db: Db,
    pub(super) world: World,
    providers: Arc<[Arc<dyn Provider>]>,
    sandbox: Option<Sandbox>,
}

/// How a call went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    Done,
    /// Somebody else is at it, or something comes before it; a job will look again.
    Later,
    /// No good answer; make it again. The word is for the log.
    Again(String),
}

impl Payments {
    /// The providers of the settings. Sandbox and Stripe are never there together.
    #[must_use]
    pub fn open(tools: &Tools, outbound: &Outbound, follower: Arc<dyn Follows>) -> Self {
        let settings = &tools.config.payments;
        let sandbox = (settings.provider == CardProvider::Sandbox).then(|| Sandbox::new(tools));
        let mut providers: Vec<Arc<dyn Provider>> = Vec::new();
        if let Some(sandbox) = &sandbox {
            providers.push(Arc::new(sandbox.clone()));
        }
        if let (CardProvider::Stripe, Some(stripe)) = (settings.provider, &settings.stripe) {
            providers.push(Arc::new(Stripe::new(stripe, outbound)));
        }
        if settings.manual {
            providers.extend([MANUAL, CASH].map(|name| Arc::new(Manual(name)) as Arc<dyn Provider>));
        }
        Self { sandbox, ..Self::with(tools, providers, follower) }
    }

    /// With providers of one's own, for tests.
    #[must_use]
    pub fn with(tools: &Tools, providers: Vec<Arc<dyn Provider>>, follower: Arc<dyn Follows>) -> Self {
        Self { db: tools.db.clone(), world: World { keys: Arc::clone(&tools.keys), follower }, providers: providers.into(), sandbox: None }
    }

    /// The name of who takes cards here; `None`: nobody.
    #[must_use]
    pub fn cards(&self) -> Option<&'static str> {
        self.providers.iter().map(|provider| provider.name()).find(|name| matches!(*name, SANDBOX | STRIPE))
    }

    /// Whether guests can pay like this here.
    #[must_use]
    pub fn takes(&self, provider: &str) -> bool {
        self.provider(provider).is_some()
    }

    pub(in super::super) fn provider(&self, name: &str) -> Option<&dyn Provider> {
        self.providers.iter().find(|provider| provider.name() == name).map(AsRef::as_ref)
    }

    pub(in super::super) fn sandbox(&self) -> Option<&Sandbox> {
        self.sandbox.as_ref()
    }

    /// What a guest has to do, where they have to do something.
    pub fn action(&self, payment: &Payment) -> Result<Option<NextAction>> {
        let Some(sealed) = payment.action_sealed.as_ref().filter(|_| payment.state == State::RequiresAction) else { return Ok(None) };
        let text = self.world.keys.unseal(&learn::action_place(payment.id), sealed)?;
        Ok(std::str::from_utf8(&text).ok().and_then(NextAction::read))
    }

    /// Makes one call of the outbox, if it is not done and nobody else is at it. Blocks for as long as the provider takes.
    pub fn make(&self, call: Uuid) -> Result<Made> {
        let world = self.world.clone();
        let turn = self.db.write_blocking(Lane::Urgent, move |tx, now| calls::take(tx, now, &world, call))?;
        let taken = match turn {
            Turn::Make(taken) => taken,
            Turn::Done => return Ok(Made::Done),
            Turn::Later => return Ok(Made::Later),
        };
        let answer = match self.provider(taken.provider()) {
            Some(provider) => calls::make(provider, &taken),
            None => Err(absent(taken.provider())),
        };
        let (world, told) = (self.world.clone(), answer.clone());
        let done = self.db.write_blocking(Lane::Urgent, move |tx, now| calls::settle(tx, now, &world, &taken, &told))?;
        Ok(match answer {
            Err(Trouble::NotMade(why) | Trouble::Unknown(why)) if !done => Made::Again(why),
            _ => Made::Done,
        })
    }

    /// Makes the calls of a booking that wait, at once and in this process, for as long as `patience` lasts: so that whoever books can be told at
    /// once. Call it after the commit. What is not done by then is done by jobs. `true`: nothing waits any more.
    pub async fn settle(&self, booking: BookingId, patience: Duration) -> Result<bool> {
        let this = self.clone();
        let working = aside(move || this.settle_blocking(booking, patience));
        match tokio::time::timeout(patience, working).await {
            Ok(Ok(settled)) => settled,
            Ok(Err(failed)) => Err(Error::Broken(anyhow::anyhow!("calls to a provider could not be made: {failed}"))),
            // A call under way goes on by itself.
            Err(_elapsed) => Ok(false),
        }
    }

    fn settle_blocking(&self, booking: BookingId, patience: Duration) -> Result<bool> {
        let until = Moment::now() + patience;
        loop {
            let waiting = self.db.read_blocking(|conn| outbox::waiting(conn, booking).map_err(Error::from))?;
            if waiting.is_empty() {
                return Ok(true);
            }
            let mut done = 0;
            for call in waiting {
                match self.make(call)? {
                    Made::Done => done += 1,
                    Made::Later => {}
                    Made::Again(_) => return Ok(false),
                }
            }
            if Moment::now() >= until {
                return Ok(false);
            }
            if done == 0 {
                std::thread::sleep(LOOK);
            }
        }
    }

    /// A message as it came. Errors: 404 for a provider that is not here, 400 `invalid_signature` for what is not its own. Blocks.
    pub fn take_message(&self, provider: &str, headers: &HeaderMap, body: &[u8]) -> Result<Received> {
        let known = self.provider(provider).ok_or_else(|| Error::not_found("There is no such payment provider here."))?;
        let message = known.verify_webhook(self.db.now(), headers, body).map_err(|Forged(why)| {
            tracing::warn!(provider, why, "a message of a payment provider was refused");
            Error::refused(Kind::Malformed, "invalid_signature", "The message does not bear a good signature of the payment provider.")
        })?;
        let (world, name) = (self.world.clone(), known.name());
        self.db.write_blocking(Lane::Urgent, move |tx, now| messages::receive(tx, now, &world, name, &message))
    }

    /// The host, or staff, say that cash or a transfer for a payment has arrived. Whoever calls this has asked whether they may. Errors: 409 `payment_state`.
    pub fn arrived(&self, tx: &mut Tx<'_>, now: Instant, id: PaymentId) -> Result<()> {
        let payment = super::asked::held(tx, id)?;
        confirmed::arrived(tx, now, &self.world, &payment)
    }

    /// The payment, held after its booking. Errors: 404.
    pub(in super::super) fn held(&self, tx: &mut Tx<'_>, id: PaymentId) -> Result<Payment> {
        let booking = payments::one(tx, id)?.ok_or_else(super::asked::no_such_payment)?.booking;
        learn::held(tx, &self.world, booking, id)?.ok_or_else(super::asked::no_such_payment)
    }

    pub(in super::super) fn confirm(&self, tx: &mut Tx<'_>, now: Instant, by: &confirmed::By, id: PaymentId, refund: Option<RefundId>) -> Result<()> {
        confirmed::confirm(tx, now, &self.world, by, id, refund)
    }

    /// Sends money to a host. Blocks; for jobs, with a key that is the same through all tries.
    pub fn pay_out(&self, provider: &str, call: &PayOut) -> Result<PaidOut, Trouble> {
        self.provider(provider).ok_or_else(|| absent(provider))?.payout(call)
    }

    /// Makes an account at a provider for a host; a copy with the same key answers the same one. Blocks.
    pub fn open_account(&self, provider: &str, key: &str, host: UserId) -> Result<String, Trouble> {
        self.provider(provider).ok_or_else(|| absent(provider))?.open_account(key, host)
    }

    /// The page of a provider at which a host proves who they are. Blocks.
    pub fn account_page(&self, provider: &str, account: &str, back_to: &str) -> Result<String, Trouble> {
        self.provider(provider).ok_or_else(|| absent(provider))?.account_page(account, back_to)
    }

    /// Has a provider keep a card of a guest's. Blocks.
    pub(super) fn save(&self, provider: &str, key: &str, guest: UserId, customer: Option<&String>, method: &str) -> Result<Saved, Trouble> {
        self.provider(provider).ok_or_else(|| absent(provider))?.save(key, guest, customer, method)
    }

    /// What a provider's own books say of a time. `None`: it keeps none, or is not here. Blocks.
    pub fn report(&self, provider: &str, from: Instant, to: Instant) -> Result<Option<Vec<Total>>, Trouble> {
        self.provider(provider).map_or(Ok(None), |provider| provider.report(from, to))
    }

    /// One sentence for `stopover doctor`. Blocks.
    pub fn check(&self) -> Result<String, String> {
        let old = self.db.now().plus_seconds(-10 * LEASE_SECONDS);
        let read = |conn: &mut Conn<'_>| Ok((outbox::old(conn, old)?.len(), payments::count_held(conn)?));
        let (waiting, held) = self.db.read_blocking(read).map_err(|error: DbError| error.to_string())?;
        if waiting > 0 || held > 0 {
            return Err(format!("{waiting} calls to providers have waited for ten minutes and more; {held} payments are held until staff have looked"));
        }
        let names: Vec<&str> = self.providers.iter().map(|provider| provider.name()).collect();
        Ok(names.join(", "))
    }
}

fn absent(provider: &str) -> Trouble {
    Trouble::NotMade(format!("the provider {provider} is not set up here"))
}
