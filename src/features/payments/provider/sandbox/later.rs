//! What happens at the sandbox without being asked: jobs by the clock, each of which ends in a signed message to us.

use super::book::{granted, of, snapshot};
use super::{SANDBOX, SIGNATURE, Sandbox};
use crate::features::payments::rules::cards::{self, Card};
use crate::features::payments::rules::facts::Facts;
use crate::features::payments::rules::terms::State;
use crate::features::payments::service::Payments;
use crate::features::payments::store::sandbox::{self as rows, Line, SandboxCharge};
use crate::platform::db::{DbResult, Lane, Tx};
use crate::platform::jobs::{Failure, Handler, Job, Order, enqueue};
use crate::values::{Instant, PaymentId};
use http::{HeaderMap, HeaderValue};
use serde_json::json;

/// The kind of the jobs.
const KIND: &str = "payments.sandbox";

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A late success.
    Succeed,
    /// A promise lapses.
    Lapse,
    Dispute,
    /// A dispute is decided, if its card is one of those.
    Decide,
    Proven,
    NotProven,
}

impl Step {
    const ALL: [Self; 6] = [Self::Succeed, Self::Lapse, Self::Dispute, Self::Decide, Self::Proven, Self::NotProven];

    fn name(self) -> &'static str {
        match self {
            Self::Succeed => "succeed",
            Self::Lapse => "lapse",
            Self::Dispute => "dispute",
            Self::Decide => "decide",
            Self::Proven => "proven",
            Self::NotProven => "not_proven",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == text)
    }
}

/// A message to be sent.
#[derive(Debug, Clone)]
pub(in super::super::super) struct Event {
    id: String,
    kind: String,
    facts: Facts,
}

/// Sees to it that a step happens after so many seconds.
pub(super) fn plan(tx: &mut Tx<'_>, now: Instant, reference: &str, step: Step, seconds: i64) -> DbResult<()> {
    let payload = json!({"charge": reference, "step": step.name()});
    enqueue(tx, now, &Job { kind: KIND, key: Some(format!("{reference}:{}", step.name())), payload, run_at: now.plus_seconds(seconds) }).map(|_new| ())
}

/// Writes a step into the books; answers the message about it, again if it was written before. `None`: things are otherwise by now.
pub(super) fn happen(tx: &mut Tx<'_>, now: Instant, sandbox: &Sandbox, reference: &str, step: Step) -> DbResult<Option<Event>> {
    let Some(mut charge) = rows::held(tx, reference)? else { return Ok(None) };
    let kind = match step {
        Step::Succeed => succeed(tx, now, &mut charge, State::Created)?,
        Step::Proven => succeed(tx, now, &mut charge, State::RequiresAction)?,
        Step::NotProven => end(tx, &mut charge, State::RequiresAction, State::Failed, "authentication_failed")?,
        Step::Lapse => end(tx, &mut charge, State::Authorized, State::Voided, "lapsed")?,
        Step::Dispute => dispute(tx, now, &charge)?,
        Step::Decide => decide(tx, now, &charge)?,
    };
    let Some(kind) = kind else { return Ok(None) };
    let facts = snapshot(tx, &sandbox.base_url, &charge)?;
    Ok(Some(Event { id: format!("sb_evt_{}_{}", reference, step.name()), kind: kind.to_owned(), facts }))
}

fn succeed(tx: &mut Tx<'_>, now: Instant, charge: &mut SandboxCharge, from: State) -> DbResult<Option<&'static str>> {
    if charge.state == from {
        granted(tx, now, charge)?;
    }
    Ok(matches!(charge.state, State::Authorized | State::Captured).then_some("payment.succeeded"))
}

fn end(tx: &mut Tx<'_>, charge: &mut SandboxCharge, from: State, to: State, why: &str) -> DbResult<Option<&'static str>> {
    if charge.state == from {
        (charge.state, charge.failure) = (to, Some(why.to_owned()));
        rows::update(tx, charge)?;
    }
    Ok((charge.state == to).then_some(if to == State::Failed { "payment.failed" } else { "payment.voided" }))
}

fn dispute(tx: &mut Tx<'_>, now: Instant, charge: &SandboxCharge) -> DbResult<Option<&'static str>> {
    let back: i64 = rows::lines(tx, &charge.reference)?.iter().filter(|line| line.kind == "refund").map(|line| line.amount).sum();
    if charge.captured <= back {
        return Ok(None);
    }
    let line = of(charge, &format!("{}#dispute", charge.reference), "dispute", disputed(charge), charge.captured - back);
    rows::write(tx, now, &Line { fee: cards::DISPUTE_FEE, ..line })?;
    if matches!(Card::parse(&charge.card), Some(Card::Disputed(Some(_)))) {
        plan(tx, now, &charge.reference, Step::Decide, cards::DECIDED_SECONDS)?;
    }
    Ok(Some("dispute.opened"))
}

fn decide(tx: &mut Tx<'_>, now: Instant, charge: &SandboxCharge) -> DbResult<Option<&'static str>> {
    let lines = rows::lines(tx, &charge.reference)?;
    let Some(opened) = lines.iter().find(|line| line.kind == "dispute") else { return Ok(None) };
    let won = matches!(Card::parse(&charge.card), Some(Card::Disputed(Some(true))));
    let kind = if won { "won" } else { "lost" };
    rows::write(tx, now, &of(charge, &format!("{}#decided", charge.reference), kind, disputed(charge), opened.amount))?;
    Ok(Some("dispute.closed"))
}

fn disputed(charge: &SandboxCharge) -> String {
    format!("sb_dp_{}", charge.payment.0.simple())
}

/// The message of an event as it would come over the wire, handed to whoever takes messages. Blocks.
fn deliver(payments: &Payments, sandbox: &Sandbox, at: Instant, event: &Event) -> crate::platform::error::Result<()> {
    let (signature, body) = sandbox.message(at, &event.id, &event.kind, Some(&event.facts));
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&signature) {
        headers.insert(SIGNATURE, value);
    }
    payments.take_message(SANDBOX, &headers, &body).map(|_taken| ())
}

/// A guest finishes, or fails, their proof; the message about it is taken at once. `false`: nothing waits for one. Blocks.
pub(in super::super::super) fn sandbox_proof(payments: &Payments, payment: PaymentId, passes: bool) -> crate::platform::error::Result<bool> {
    let Some(sandbox) = payments.sandbox() else { return Ok(false) };
    let Some(event) = sandbox.authenticate(payment, passes)? else { return Ok(false) };
    deliver(payments, sandbox, sandbox.db.now(), &event).map(|()| true)
}

/// The jobs of the sandbox.
struct Later {
    payments: Payments,
    sandbox: Sandbox,
}

/// Who runs what happens at the sandbox later.
#[must_use]
pub fn delivered(payments: &Payments, sandbox: &Sandbox) -> Box<dyn Handler> {
    Box::new(Later { payments: payments.clone(), sandbox: sandbox.clone() })
}

impl Handler for Later {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, order: &Order) -> Result<(), Failure> {
        let text = |name: &str| order.payload.get(name).and_then(|value| value.as_str());
        let (Some(reference), Some(step)) = (text("charge").map(str::to_owned), text("step").and_then(Step::parse)) else {
            return Err(Failure::Never("the job names no charge".into()));
        };
        let sandbox = self.sandbox.clone();
        let event = self.sandbox.db.write_blocking(Lane::Bulk, move |tx, now| happen(tx, now, &sandbox, &reference, step))?;
        match event {
            Some(event) => Ok(deliver(&self.payments, &self.sandbox, self.sandbox.db.now(), &event)?),
            None => Ok(()),
        }
    }
}
