//! How the sandbox keeps its books: each function is one call, in one transaction of its own.

use super::later::{self, Step};
use crate::features::payments::provider::{Again, Authorize, GiveBack, PayOut, Total};
use crate::features::payments::rules::cards::{self, Card};
use crate::features::payments::rules::facts::{DisputeFacts, Facts, RefundFacts};
use crate::features::payments::rules::terms::{Capture, DisputeState, NextAction, RefundState, State};
use crate::features::payments::store::sandbox::{self as rows, Line, SandboxCharge};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::{Instant, RefundId};

/// What a call is told.
pub(super) enum Told {
    Is(Box<Facts>),
    No(&'static str, Box<Facts>),
    /// The connection breaks.
    Nothing(&'static str),
}

pub(super) fn authorize(tx: &mut Tx<'_>, now: Instant, base_url: &str, call: &Authorize) -> DbResult<Told> {
    if let Some(charge) = rows::by_key(tx, &call.key)? {
        return snapshot(tx, base_url, &charge).map(|facts| Told::Is(Box::new(facts)));
    }
    let card = Card::parse(&call.method);
    let first = matches!(card, Some(Card::BreaksOnce | Card::SilentOnce)) && tried(tx, now, call)?;
    if first && card == Some(Card::BreaksOnce) {
        return Ok(Told::Nothing("500"));
    }
    let mut charge = charge(call);
    match card {
        None => fail(&mut charge, "unknown_card"),
        Some(Card::Refused(code)) => fail(&mut charge, code),
        Some(Card::Secure) if call.off_session => fail(&mut charge, "authentication_required"),
        Some(Card::Secure) => charge.state = State::RequiresAction,
        Some(Card::Late) => {}
        Some(_) => charge.state = State::Authorized,
    }
    rows::insert(tx, now, &charge)?;
    if card == Some(Card::Late) {
        later::plan(tx, now, &charge.reference, Step::Succeed, cards::LATE_SECONDS)?;
    }
    if charge.state == State::Authorized {
        granted(tx, now, &mut charge)?;
    }
    if first {
        return Ok(Told::Nothing("timed out"));
    }
    snapshot(tx, base_url, &charge).map(|facts| Told::Is(Box::new(facts)))
}

/// The guest's bank has said yes: the money is promised, or taken at once.
pub(super) fn granted(tx: &mut Tx<'_>, now: Instant, charge: &mut SandboxCharge) -> DbResult<()> {
    charge.state = State::Authorized;
    if charge.capture == Capture::Now {
        return take(tx, now, charge, &format!("{}#capture", charge.key));
    }
    rows::update(tx, charge)?;
    let seconds = if Card::parse(&charge.card) == Some(Card::Lapses) { cards::LAPSES_SECONDS } else { cards::PROMISED_SECONDS };
    later::plan(tx, now, &charge.reference, Step::Lapse, seconds)
}

fn take(tx: &mut Tx<'_>, now: Instant, charge: &mut SandboxCharge, key: &str) -> DbResult<()> {
    (charge.state, charge.captured, charge.fee) = (State::Captured, charge.amount, cards::fee(charge.amount));
    rows::update(tx, charge)?;
    let line = of(charge, key, "capture", format!("{}_taken", charge.reference), charge.amount);
    rows::write(tx, now, &Line { fee: charge.fee, ..line })?;
    if matches!(Card::parse(&charge.card), Some(Card::Disputed(_))) {
        later::plan(tx, now, &charge.reference, Step::Dispute, cards::DISPUTED_SECONDS)?;
    }
    Ok(())
}

pub(super) fn capture(tx: &mut Tx<'_>, now: Instant, base_url: &str, call: &Again) -> DbResult<Told> {
    let Some(mut charge) = named(tx, call)? else { return Ok(Told::No("unknown_charge", Box::default())) };
    if charge.state == State::Authorized {
        take(tx, now, &mut charge, &call.key)?;
    }
    let facts = Box::new(snapshot(tx, base_url, &charge)?);
    Ok(if charge.state == State::Captured { Told::Is(facts) } else { Told::No("not_authorized", facts) })
}

pub(super) fn void(tx: &mut Tx<'_>, base_url: &str, call: &Again) -> DbResult<Told> {
    let Some(mut charge) = named(tx, call)? else { return Ok(Told::No("unknown_charge", Box::default())) };
    if matches!(charge.state, State::Authorized | State::RequiresAction | State::Failed) {
        charge.state = State::Voided;
        rows::update(tx, &charge)?;
    }
    let facts = Box::new(snapshot(tx, base_url, &charge)?);
    Ok(match charge.state {
        State::Voided => Told::Is(facts),
        State::Captured => Told::No("already_captured", facts),
        _ => Told::No("processing", facts),
    })
}

pub(super) fn refund(tx: &mut Tx<'_>, now: Instant, base_url: &str, call: &GiveBack) -> DbResult<Told> {
    let Some(charge) = named(tx, &call.of)? else { return Ok(Told::No("unknown_charge", Box::default())) };
    if rows::line(tx, &call.of.key)?.is_none() {
        let back: i64 = rows::lines(tx, &charge.reference)?.iter().filter(|line| line.kind == "refund").map(|line| line.amount).sum();
        if charge.state != State::Captured || call.amount <= 0 || call.amount > charge.captured - back {
            let facts = snapshot(tx, base_url, &charge)?;
            return Ok(Told::No("too_much", Box::new(facts)));
        }
        let kind = if Card::parse(&charge.card) == Some(Card::RefundFails) { "refused_refund" } else { "refund" };
        let line = of(&charge, &call.of.key, kind, format!("sb_re_{}", call.refund.0.simple()), call.amount);
        rows::write(tx, now, &Line { subject: Some(call.refund.0), ..line })?;
    }
    snapshot(tx, base_url, &charge).map(|facts| Told::Is(Box::new(facts)))
}

pub(super) fn pay_out(tx: &mut Tx<'_>, now: Instant, call: &PayOut, reference: &str) -> DbResult<()> {
    let line = Line {
        key: call.key.clone(),
        kind: "payout".into(),
        charge: None,
        reference: reference.to_owned(),
        subject: Some(call.payout),
        amount: call.amount,
        fee: 0,
        currency: call.currency.code().to_owned(),
    };
    rows::write(tx, now, &line).map(|_new| ())
}

/// Everything the sandbox would say of a charge.
pub(super) fn snapshot(conn: &mut Conn<'_>, base_url: &str, charge: &SandboxCharge) -> DbResult<Facts> {
    let lines = rows::lines(conn, &charge.reference)?;
    let refund = |line: &Line| RefundFacts {
        reference: line.reference.clone(),
        refund: line.subject.map(RefundId),
        amount: line.amount,
        state: if line.kind == "refund" { RefundState::Succeeded } else { RefundState::Failed },
        failure: (line.kind != "refund").then(|| "refused_by_bank".to_owned()),
    };
    let closed = lines.iter().find_map(|line| DisputeState::parse(&line.kind));
    let dispute = |line: &Line| DisputeFacts {
        reference: line.reference.clone(),
        amount: line.amount,
        fee: line.fee,
        state: closed.unwrap_or(DisputeState::Opened),
        reason: Some("fraudulent".into()),
    };
    let page = || NextAction::Open(format!("{base_url}/api/v1/payments/sandbox/{}/authenticate", charge.payment));
    Ok(Facts {
        reference: Some(charge.reference.clone()),
        amount: Some(charge.amount),
        currency: Some(charge.currency.clone()),
        state: Some(charge.state),
        captured: Some(charge.captured),
        fee: (charge.state == State::Captured).then_some(charge.fee),
        failure: charge.failure.clone(),
        action: (charge.state == State::RequiresAction).then(page),
        customer: Some(format!("sb_cus_of_{}", charge.card)),
        refunds: lines.iter().filter(|line| line.kind.ends_with("refund")).map(refund).collect(),
        dispute: lines.iter().find(|line| line.kind == "dispute").map(dispute),
        ..Facts::of(charge.payment, charge.booking)
    })
}

/// A line about a charge.
pub(super) fn of(charge: &SandboxCharge, key: &str, kind: &str, reference: String, amount: i64) -> Line {
    Line {
        key: key.to_owned(),
        kind: kind.to_owned(),
        charge: Some(charge.reference.clone()),
        reference,
        subject: None,
        amount,
        fee: 0,
        currency: charge.currency.clone(),
    }
}

/// Sums of kinds as totals of currencies.
pub(in super::super::super) fn totals(sums: &[(String, String, i64, i64)]) -> Vec<Total> {
    let mut totals: Vec<Total> = Vec::new();
    for (currency, kind, amount, fee) in sums {
        if totals.last().is_none_or(|total| total.currency != *currency) {
            totals.push(Total { currency: currency.clone(), ..Total::default() });
        }
        let Some(total) = totals.last_mut() else { continue };
        total.fees += fee;
        match kind.as_str() {
            "capture" => total.captured += amount,
            "refund" => total.refunded += amount,
            "dispute" => total.disputed += amount,
            "won" => total.disputed -= amount,
            "payout" => total.paid_out += amount,
            _ => {}
        }
    }
    totals
}

fn named(tx: &mut Tx<'_>, call: &Again) -> DbResult<Option<SandboxCharge>> {
    let Some(charge) = rows::of_payment(tx, call.payment)? else { return Ok(None) };
    rows::held(tx, &charge.reference)
}

fn charge(call: &Authorize) -> SandboxCharge {
    SandboxCharge {
        reference: format!("sb_ch_{}", call.payment.0.simple()),
        key: call.key.clone(),
        payment: call.payment,
        booking: call.booking,
        amount: call.amount,
        currency: call.currency.code().to_owned(),
        capture: call.capture,
        card: call.method.clone(),
        state: State::Created,
        captured: 0,
        fee: 0,
        failure: None,
    }
}

fn fail(charge: &mut SandboxCharge, code: &str) {
    (charge.state, charge.failure) = (State::Failed, Some(code.to_owned()));
}

/// Whether this is the first time the call comes.
fn tried(tx: &mut Tx<'_>, now: Instant, call: &Authorize) -> DbResult<bool> {
    let line = Line {
        key: format!("{}#try", call.key),
        kind: "try".into(),
        charge: None,
        reference: String::new(),
        subject: None,
        amount: 0,
        fee: 0,
        currency: call.currency.code().to_owned(),
    };
    rows::write(tx, now, &line)
}
