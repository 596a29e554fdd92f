//! Calls to providers: taken under a lease, made outside of any transaction, written down with what was answered.
//!
//! A call is made at least once. Whoever takes one that was taken before does not know what became of it, and looks at the provider before asking
//! again (R-IDEM 2); the key is the same each time, so a provider that knows its copies does nothing twice even so.

use super::World;
use super::asked::{method_place, no_such_payment, void, wake};
use super::learn::{self, Learned, learn, learn_of};
use crate::features::payments::provider::{Again, Answer, Authorize, GiveBack, Provider, Trouble};
use crate::features::payments::rules::facts::{Facts, RefundFacts};
use crate::features::payments::rules::terms::{RefundState, State};
use crate::features::payments::store::calls::{self as outbox, Call, CallKind};
use crate::features::payments::store::customers;
use crate::features::payments::store::payments::{self, Payment};
use crate::features::payments::store::refunds::{self, Refund};
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::values::{Instant, PaymentId};
use uuid::Uuid;

/// How long whoever makes a call has it alone; longer than a call may take.
pub(super) const LEASE_SECONDS: i64 = 60;
/// How long a call waits for another one of the same payment.
const TURN_SECONDS: i64 = 1;
/// How long the first call waits that the provider has refused for now; twice as long after each further refusal, up to an hour.
const PAUSE_SECONDS: i64 = 60;
const LONGEST_PAUSE_SECONDS: i64 = 3_600;
/// So many refusals in a row to take what is promised, a quarter of an hour of them: then it is let go of, and the guest can pay another way.
const MOST_REFUSALS: u32 = 5;
/// Longest word of a provider that is kept.
const WORD_CHARS: usize = 200;

/// A call that was taken.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    call: Call,
    token: Uuid,
    payment: Payment,
    refund: Option<Refund>,
    method: String,
    customer: Option<String>,
    /// Somebody took it before, and said nothing.
    again: bool,
    /// How long ago that was.
    quiet_seconds: i64,
}

/// What there is to do.
#[derive(Debug, Clone)]
pub(super) enum Turn {
    Make(Box<Taken>),
    /// Nothing more.
    Done,
    /// Somebody else is at it, or something comes before it.
    Later,
}

/// Takes a call, unless it is done or somebody else has it.
pub(super) fn take(tx: &mut Tx<'_>, now: Instant, world: &World, id: Uuid) -> Result<Turn> {
    let Some((booking, payment)) = outbox::payment_of(tx, id)? else { return Ok(Turn::Done) };
    // The payment before the call, as everywhere: two who hold both would wait for each other.
    let (Some(payment), Some(call)) = (learn::held(tx, world, booking, payment)?, outbox::held(tx, id)?) else { return Ok(Turn::Done) };
    if !call.waits {
        return Ok(Turn::Done);
    }
    if let Some((_, until)) = call.lease.filter(|(_, until)| *until > now) {
        wake(tx, now, id, until)?;
        return Ok(Turn::Later);
    }
    if call.kind != CallKind::Authorize && call.kind != CallKind::LookUp && is_under_way(tx, &payment)? {
        wake(tx, now, id, now.plus_seconds(TURN_SECONDS))?;
        return Ok(Turn::Later);
    }
    if let Some(why) = needless(&call, &payment) {
        outbox::done(tx, now, id, why)?;
        if why == NEVER_ASKED {
            learn(tx, now, world, &payment.provider, &Facts { state: Some(State::Voided), ..Facts::of(payment.id, payment.booking) })?;
        }
        return Ok(Turn::Done);
    }
    let method = match (&payment.method_sealed, call.kind) {
        (Some(sealed), CallKind::Authorize) => {
            String::from_utf8(world.keys.unseal(&method_place(payment.id), sealed)?).map_err(|_never| anyhow::anyhow!("a token is no text"))?
        }
        _ => String::new(),
    };
    let refund = call.refund.map(|refund| refunds::one(tx, refund)).transpose()?.flatten();
    let customer = customers::one(tx, payment.guest, &payment.provider)?.map(|customer| customer.reference);
    let (token, again) = (Uuid::new_v4(), call.attempts > 0);
    let quiet_seconds = (now.0 - call.updated_at.0).div_euclid(Instant::SECOND);
    outbox::lease(tx, now, id, token, now.plus_seconds(LEASE_SECONDS))?;
    Ok(Turn::Make(Box::new(Taken { call, token, payment, refund, method, customer, again, quiet_seconds })))
}

/// The provider was never asked for it, and will not be.
const NEVER_ASKED: &str = "let go before it was asked for";

/// Why a call need not be made.
fn needless(call: &Call, payment: &Payment) -> Option<&'static str> {
    match call.kind {
        CallKind::Authorize if payment.void_asked && call.attempts == 0 => Some(NEVER_ASKED),
        CallKind::Authorize if payment.state != State::Created => Some("known from a message"),
        CallKind::Capture if payment.state.is_over() => Some("over"),
        CallKind::Capture if payment.void_asked => Some("to be let go of"),
        CallKind::Void if matches!(payment.state, State::Voided | State::Captured) => Some("over"),
        _ => None,
    }
}

/// Whether the call that asks for the money still waits for its answer.
fn is_under_way(tx: &mut Tx<'_>, payment: &Payment) -> Result<bool> {
    Ok(outbox::of_payment(tx, payment.id)?.iter().any(|call| call.kind == CallKind::Authorize && call.waits))
}

/// Asks the provider. Blocks; not in a transaction.
pub(super) fn make(provider: &dyn Provider, taken: &Taken) -> Answer {
    let whom = taken.whom();
    if taken.again || taken.call.kind == CallKind::LookUp {
        match provider.look_up(&whom)? {
            Some(facts) if taken.call.kind == CallKind::LookUp || taken.is_answered_by(&facts) => return Ok(facts),
            None if taken.is_unwanted() => return never_heard_of(provider, taken),
            _ => {}
        }
    }
    let payment = &taken.payment;
    let answer = match taken.call.kind {
        CallKind::Authorize => provider.authorize(&Authorize {
            key: whom.key.clone(),
            payment: payment.id,
            booking: payment.booking,
            guest: payment.guest,
            amount: payment.amount,
            currency: payment.currency,
            capture: payment.capture,
            method: taken.method.clone(),
            off_session: payment.off_session,
            keep: payment.keep,
            customer: taken.customer.clone(),
        }),
        CallKind::Capture => provider.capture(&whom),
        CallKind::Void => provider.void(&whom),
        CallKind::Refund => match &taken.refund {
            Some(refund) => provider.refund(&GiveBack { of: whom.clone(), refund: refund.id, amount: refund.amount }),
            None => Ok(Facts::of(payment.id, payment.booking)),
        },
        CallKind::LookUp => Ok(Facts::of(payment.id, payment.booking)),
    };
    match answer {
        // What cannot be taken or let go any more stands otherwise than we thought: how?
        Err(Trouble::Refused { code, facts }) if *facts == Facts::default() && matches!(taken.call.kind, CallKind::Capture | CallKind::Void) => {
            match provider.look_up(&whom)? {
                Some(facts) => Err(Trouble::Refused { code, facts: Box::new(facts) }),
                None => Err(Trouble::Refused { code, facts }),
            }
        }
        other => other,
    }
}

/// The provider has not heard of money that nobody wants any more: it is not asked for now. Where it may only not be found yet, it is looked for again;
/// what was asked all the same comes as a message, and outranks this.
fn never_heard_of(provider: &dyn Provider, taken: &Taken) -> Answer {
    if taken.quiet_seconds < provider.finds_after_seconds() {
        return Err(Trouble::NotMade("not wanted any more, and not to be found yet".to_owned()));
    }
    let payment = &taken.payment;
    Ok(Facts { state: Some(State::Voided), ..Facts::of(payment.id, payment.booking) })
}

impl Taken {
    /// It asks for money that is to be let go of.
    fn is_unwanted(&self) -> bool {
        self.call.kind == CallKind::Authorize && self.payment.void_asked
    }

    pub(super) fn provider(&self) -> &str {
        &self.payment.provider
    }

    fn whom(&self) -> Again {
        Again {
            key: self.call.key.clone(),
            payment: self.payment.id,
            booking: self.payment.booking,
            amount: self.payment.amount,
            currency: self.payment.currency,
            reference: self.payment.reference.clone(),
            customer: self.customer.clone(),
        }
    }

    /// Whether the call had been heard, as the provider's own state shows.
    fn is_answered_by(&self, facts: &Facts) -> bool {
        match self.call.kind {
            CallKind::Authorize | CallKind::LookUp => true,
            CallKind::Capture => facts.state.is_some_and(State::is_over),
            CallKind::Void => matches!(facts.state, Some(State::Voided | State::Captured)),
            CallKind::Refund => facts.refunds.iter().any(|told| told.refund.is_some() && told.refund == self.call.refund),
        }
    }
}

/// Writes down what was answered. `true`: the call is done.
pub(super) fn settle(tx: &mut Tx<'_>, now: Instant, world: &World, taken: &Taken, answer: &Answer) -> Result<bool> {
    let (provider, payment) = (taken.provider(), &taken.payment);
    let held = learn::held(tx, world, payment.booking, payment.id)?.ok_or_else(no_such_payment)?;
    let Some(call) = outbox::held(tx, taken.call.id)?.filter(|call| call.waits) else { return Ok(true) };
    match answer {
        Ok(facts) => {
            let learned = learn_of(tx, now, world, held, facts)?;
            outbox::done(tx, now, call.id, if learned == Learned::Misfit { "does not fit" } else { "answered" })?;
        }
        Err(Trouble::Refused { code, facts }) => {
            let code: String = code.chars().take(WORD_CHARS).collect();
            if **facts != Facts::default() {
                learn_of(tx, now, world, held, facts)?;
            }
            match taken.call.kind {
                CallKind::Authorize => {
                    let failed = Facts { state: Some(State::Failed), failure: Some(code.clone()), ..Facts::of(payment.id, payment.booking) };
                    learn(tx, now, world, provider, &failed)?;
                }
                CallKind::Refund => {
                    if let Some(refund) = &taken.refund {
                        learn(tx, now, world, provider, &refused(payment, refund, &code))?;
                    }
                }
                kind => {
                    tracing::warn!(payment.id = %payment.id, kind = kind.name(), code, "the provider refuses to take a payment, or to let it go");
                    if kind != CallKind::LookUp && !known(tx, payment.id)?.state.is_over() {
                        return not_now(tx, now, &call, &code);
                    }
                }
            }
            outbox::done(tx, now, call.id, &format!("refused: {code}"))?;
        }
        Err(Trouble::NotMade(why) | Trouble::Unknown(why)) => {
            let why: String = why.chars().take(WORD_CHARS).collect();
            outbox::release(tx, now, call.id, taken.token, &why)?;
            return Ok(false);
        }
    }
    Ok(true)
}

fn known(tx: &mut Tx<'_>, id: PaymentId) -> Result<Payment> {
    payments::one(tx, id)?.ok_or_else(no_such_payment)
}

/// A no to money that is not over may be a yes in a while: a bank is still at it, or comes round. It is asked for again, with growing pauses; what is not taken
/// all the same is let go of.
fn not_now(tx: &mut Tx<'_>, now: Instant, call: &Call, code: &str) -> Result<bool> {
    let refusals = call.refusals.saturating_add(1);
    if call.kind == CallKind::Capture && refusals >= MOST_REFUSALS {
        outbox::done(tx, now, call.id, &format!("refused: {code}"))?;
        void(tx, now, call.payment)?;
        return Ok(true);
    }
    let pause = (PAUSE_SECONDS << call.refusals.min(16)).min(LONGEST_PAUSE_SECONDS);
    let until = now.plus_seconds(pause);
    outbox::put_off(tx, now, call.id, until, (refusals, code))?;
    wake(tx, now, call.id, until)?;
    Ok(false)
}

fn refused(payment: &Payment, refund: &Refund, code: &str) -> Facts {
    let told = RefundFacts {
        reference: refund.reference.clone().unwrap_or_else(|| refund.id.to_string()),
        refund: Some(refund.id),
        amount: refund.amount,
        state: RefundState::Failed,
        failure: Some(code.to_owned()),
    };
    Facts { refunds: vec![told], ..Facts::of(payment.id, payment.booking) }
}
