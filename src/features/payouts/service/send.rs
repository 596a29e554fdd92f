//! A payout is sent by its provider, and what became of it is written down (E05). The provider knows a copy of the call by its key.

use super::{World, letters};
use crate::features::ledger;
use crate::features::payments::provider::{PayOut, Trouble};
use crate::features::payouts::rules::accounts::is_ended_by;
use crate::features::payouts::rules::terms::{BANK, BANK_PSP, Method, Payout, State};
use crate::features::payouts::store::{holds, methods, payouts as rows};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, Result};
use crate::values::Instant;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a method says, as it is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Details {
    pub holder: String,
    pub account: String,
}

/// What the details of a method are sealed for.
pub(super) fn place(method: Uuid) -> String {
    format!("payout_methods.details_sealed {method}")
}

/// A call to make.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub provider: String,
    pub pay_out: PayOut,
}

/// What to do with a payout whose turn it is.
#[derive(Debug, Clone)]
pub(crate) enum Turn {
    Make(Call),
    /// It is over, or staff have to see to it.
    Over,
}

/// Before the call: it is `sent` from now on, so that nobody stops it any more.
pub(crate) fn begin(tx: &mut Tx<'_>, now: Instant, world: &World, id: Uuid) -> Result<Turn> {
    let Some(mut payout) = rows::locked(tx, id)?.filter(|payout| payout.state.is_under_way() && payout.kind != BANK) else { return Ok(Turn::Over) };
    if payout.is_given_up(now) {
        return Ok(Turn::Over);
    }
    let details = match take(tx, now, world, &mut payout)? {
        Taken::To(details) => details,
        Taken::Not => return Ok(Turn::Over),
        Taken::Unreadable(error) => return Err(error),
    };
    let pay_out = PayOut { key: format!("payout:{id}"), payout: id, destination: details.account, amount: payout.amount, currency: payout.currency };
    Ok(Turn::Make(Call { provider: payout.kind, pay_out }))
}

/// What became of a payout that somebody wants to send.
pub(super) enum Taken {
    /// It is `sent` from now on, to here.
    To(Details),
    /// It was stopped before it was sent, and is cancelled now; or it was sent to what nobody knows any more.
    Not,
    /// Where to cannot be read: it stands as it did.
    Unreadable(Error),
}

/// Takes a payout, held and under way, out to be sent. From then on nothing stops it: its money may be on its way.
pub(super) fn take(tx: &mut Tx<'_>, now: Instant, world: &World, payout: &mut Payout) -> Result<Taken> {
    let method = methods::locked(tx, payout.method)?;
    if payout.state == State::Created
        && let Some(why) = stopped_by(tx, payout, method.as_ref())?
    {
        end(tx, now, world, payout, State::Cancelled, Some(why))?;
        return Ok(Taken::Not);
    }
    let Some(method) = method.filter(|method| !method.details_sealed.is_empty()) else { return Ok(Taken::Not) };
    let details = match unsealed(world, method.id, &method.details_sealed) {
        Ok(details) => details,
        Err(error) => return Ok(Taken::Unreadable(error)),
    };
    if payout.state == State::Created {
        (payout.state, payout.sent_at) = (State::Sent, Some(now));
        rows::update(tx, now, payout)?;
    }
    Ok(Taken::To(details))
}

/// Why a payout that was put aside is not sent: staff have stopped its host, or the host took the account away.
fn stopped_by(conn: &mut Conn<'_>, payout: &Payout, method: Option<&Method>) -> DbResult<Option<&'static str>> {
    if holds::of(conn, payout.host)?.is_some() {
        return Ok(Some("held"));
    }
    Ok(method.is_none_or(Method::is_gone).then_some("method_removed"))
}

/// After the call. Answers a word for the log where it has to be made again.
pub(crate) fn heard(tx: &mut Tx<'_>, now: Instant, world: &World, id: Uuid, answer: &Result<String, Trouble>) -> Result<Option<String>> {
    let Some(mut payout) = rows::locked(tx, id)?.filter(|payout| payout.state == State::Sent) else { return Ok(None) };
    match answer {
        Ok(reference) => {
            payout.reference = Some(reference.clone());
            end(tx, now, world, &mut payout, State::Paid, None)?;
            Ok(None)
        }
        Err(Trouble::Refused { code, .. }) => {
            end(tx, now, world, &mut payout, State::Failed, Some(code))?;
            Ok(None)
        }
        Err(Trouble::NotMade(why) | Trouble::Unknown(why)) => Ok(Some(why.clone())),
    }
}

/// The end of a payout: its money has arrived, or is owed again. The host is written to, unless it failed for what is none of theirs: then the next
/// run makes another one.
pub(super) fn end(tx: &mut Tx<'_>, now: Instant, world: &World, payout: &mut Payout, state: State, failure: Option<&str>) -> Result<()> {
    payout.state = state;
    payout.ended_at = Some(now);
    payout.failure = failure.map(|word| word.chars().filter(|c| !c.is_control()).take(200).collect());
    rows::update(tx, now, payout)?;
    let (id, host, currency, amount) = (payout.id, payout.host, payout.currency, payout.amount);
    if state == State::Paid {
        let from = if payout.kind == BANK { BANK_PSP } else { &payout.kind };
        ledger::post(tx, now, &ledger::payout_paid(id, Some(from), currency, amount))?;
    } else {
        ledger::post(tx, now, &ledger::payout_failed(id, host, currency, amount))?;
    }
    let word = payout.failure.as_deref().unwrap_or_default();
    if state == State::Failed && !is_ended_by(word) {
        tracing::warn!(payout.id = %id, provider = payout.kind, code = word, "a payout was refused, and not for its account; the next run makes another");
    } else {
        if state == State::Failed {
            methods::failed(tx, now, payout.method)?;
        }
        letters::ended(tx, now, world, payout)?;
    }
    methods::wipe(tx, payout.method)?;
    Ok(())
}

pub(super) fn unsealed(world: &World, method: Uuid, sealed: &str) -> Result<Details> {
    let plain = world.keys.unseal(&place(method), sealed)?;
    serde_json::from_slice(&plain).map_err(|error| Error::Broken(anyhow::anyhow!("the details of a payout method cannot be read: {error}")))
}
