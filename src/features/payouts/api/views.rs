//! Payouts and what they wait for as JSON.

use crate::features::payouts::rules::paper::Codes;
use crate::features::payouts::rules::statement::{Line, Month, Section, Span, Sums};
use crate::features::payouts::rules::terms::{Method, Payout, State};
use crate::features::payouts::service::batch::Owed;
use crate::platform::wire::MoneyView;
use crate::values::{Currency, Instant, Money};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

/// An account to which earnings are paid.
#[derive(Object)]
pub(super) struct PayoutMethodView {
    id: Uuid,
    /// `bank`, or the name of the payment provider.
    kind: String,
    /// The last characters of the account; more is never shown.
    account: String,
    /// `active`, `waiting` (it does not count yet), `replaced` (a newer one counts, or will), or `failed` (money came back from it).
    state: String,
    /// RFC 3339, UTC: it counts from then on.
    active_at: String,
    created_at: String,
}

/// Your accounts, newest first; never more than ten.
#[derive(Object)]
pub(super) struct PayoutMethodsView {
    pub data: Vec<PayoutMethodView>,
}

impl PayoutMethodView {
    /// `newest`: there is no newer one.
    pub(super) fn of(method: &Method, newest: bool, now: Instant) -> Self {
        let state = match method {
            _ if method.failed_at.is_some() => "failed",
            _ if !newest => "replaced",
            _ if method.active_at > now => "waiting",
            _ => "active",
        };
        Self {
            id: method.id,
            kind: method.kind.clone(),
            account: method.hint.clone(),
            state: state.to_owned(),
            active_at: method.active_at.to_string(),
            created_at: method.created_at.to_string(),
        }
    }
}

/// How payouts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(super) enum PayoutState {
    Created,
    Sent,
    Paid,
    Failed,
    Cancelled,
}

impl PayoutState {
    pub(super) fn meant(self) -> State {
        match self {
            Self::Created => State::Created,
            Self::Sent => State::Sent,
            Self::Paid => State::Paid,
            Self::Failed => State::Failed,
            Self::Cancelled => State::Cancelled,
        }
    }
}

/// Money for a host.
#[derive(Object)]
pub(super) struct PayoutView {
    id: Uuid,
    host_id: Uuid,
    amount: MoneyView,
    /// What the host owed, taken off before.
    netted: MoneyView,
    /// `created`, `sent` (on its way; nothing stops it any more), `paid`, `failed` or `cancelled`.
    state: String,
    /// `bank`, or the name of the payment provider.
    kind: String,
    method_id: Uuid,
    /// What the provider calls it.
    reference: Option<String>,
    /// A word for why it failed or was stopped.
    failure: Option<String>,
    /// RFC 3339, UTC.
    created_at: String,
    sent_at: Option<String>,
    ended_at: Option<String>,
}

impl PayoutView {
    pub(super) fn of(payout: &Payout) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, payout.currency));
        Self {
            id: payout.id,
            host_id: payout.host.0,
            amount: money(payout.amount),
            netted: money(payout.netted),
            state: payout.state.name().to_owned(),
            kind: payout.kind.clone(),
            method_id: payout.method,
            reference: payout.reference.clone(),
            failure: payout.failure.clone(),
            created_at: payout.created_at.to_string(),
            sent_at: payout.sent_at.map(|at| at.to_string()),
            ended_at: payout.ended_at.map(|at| at.to_string()),
        }
    }
}

/// What you are owed in one currency.
#[derive(Object)]
pub(super) struct PayoutBalanceView {
    currency: String,
    /// Earned, and not paid out.
    payable: MoneyView,
    /// What you owe; it is taken off the next payout.
    receivable: MoneyView,
    /// Why it is not paid out now: `held`, `no_method`, `method_is_new`, `method_failed`, `method_unknown`, `new_host`, `under_way` or `minimum`; null: nothing
    /// stands in the way.
    waits_for: Option<String>,
}

impl PayoutBalanceView {
    pub(super) fn of(owed: &Owed) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, owed.currency));
        Self {
            currency: owed.currency.code().to_owned(),
            payable: money(owed.payable),
            receivable: money(owed.receivable),
            waits_for: owed.waits.map(|waits| waits.name().to_owned()),
        }
    }
}

/// Payouts, newest first.
#[derive(Object)]
pub(super) struct PayoutsView {
    pub data: Vec<PayoutView>,
    /// What has not been paid out, one a currency; on the first page of your own payouts.
    pub balances: Vec<PayoutBalanceView>,
    pub next_cursor: Option<String>,
    pub has_more: bool,
}

/// What many lines come to.
#[derive(Object)]
pub(super) struct EarningsSumView {
    /// Stays, or parts of long ones, that were released.
    stays: i64,
    /// Their price without the guest's fee and without taxes, before the host's fee.
    gross: MoneyView,
    /// Below zero.
    host_fee: MoneyView,
    /// Taxes that you hand on yourself.
    taxes: MoneyView,
    /// To guests, after the release; below zero.
    given_back: MoneyView,
    penalties: MoneyView,
    /// What guests paid to you in cash; below zero.
    cash: MoneyView,
    /// Damages, disputes and corrections.
    other: MoneyView,
    /// All of this together.
    earned: MoneyView,
    /// What was paid out, less what came back.
    paid_out: MoneyView,
}

impl EarningsSumView {
    pub(super) fn of(sums: &Sums, currency: Currency) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, currency));
        Self {
            stays: sums.stays,
            gross: money(sums.gross),
            host_fee: money(sums.fee),
            taxes: money(sums.taxes),
            given_back: money(sums.given_back),
            penalties: money(sums.penalties),
            cash: money(sums.cash),
            other: money(sums.other),
            earned: money(sums.earned),
            paid_out: money(sums.paid_out),
        }
    }
}

/// What was earned in a month, in one currency.
#[derive(Object)]
pub(super) struct EarningsMonthView {
    /// `YYYY-MM`, in UTC.
    month: String,
    currency: String,
    sums: EarningsSumView,
}

/// What was earned in a year, by month and currency; months in which nothing moved are left out.
#[derive(Object)]
pub(super) struct EarningsView {
    pub year: i16,
    pub data: Vec<EarningsMonthView>,
}

impl EarningsMonthView {
    pub(super) fn of(month: Month, currency: Currency, sums: &Sums) -> Self {
        Self { month: month.to_string(), currency: currency.code().to_owned(), sums: EarningsSumView::of(sums, currency) }
    }
}

/// A line of a statement.
#[derive(Object)]
struct StatementLineView {
    /// RFC 3339, UTC.
    at: String,
    /// `stay`, `given_back`, `penalty`, `cash`, `damage`, `dispute`, `payout`, `payout_returned` or `correction`.
    what: String,
    booking_id: Option<Uuid>,
    booking_code: Option<String>,
    gross: MoneyView,
    host_fee: MoneyView,
    taxes: MoneyView,
    /// What comes of it for you.
    amount: MoneyView,
}

/// A statement in one currency.
#[derive(Object)]
struct StatementSectionView {
    currency: String,
    /// What you were owed, less what you owed, when the month, or the day, began.
    opening: MoneyView,
    lines: Vec<StatementLineView>,
    sums: EarningsSumView,
    /// The same when it ended, or now.
    closing: MoneyView,
}

/// A statement of a month, or of a day of it.
#[derive(Object)]
pub(crate) struct StatementView {
    /// `YYYY-MM`, or `YYYY-MM-DD` where a day was asked for; in UTC.
    month: String,
    sections: Vec<StatementSectionView>,
}

impl StatementView {
    pub(crate) fn of(span: Span, sections: &[Section], codes: &Codes) -> Self {
        Self { month: span.to_string(), sections: sections.iter().map(|section| StatementSectionView::of(section, codes)).collect() }
    }
}

impl StatementSectionView {
    fn of(section: &Section, codes: &Codes) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, section.currency));
        let line = |line: &Line| StatementLineView {
            at: line.at.to_string(),
            what: line.sort.name().to_owned(),
            booking_id: line.booking.map(|id| id.0),
            booking_code: line.booking.and_then(|id| codes.get(&id).cloned()),
            gross: money(line.gross),
            host_fee: money(line.fee),
            taxes: money(line.taxes),
            amount: money(line.amount),
        };
        Self {
            currency: section.currency.code().to_owned(),
            opening: money(section.opening),
            lines: section.lines.iter().map(line).collect(),
            sums: EarningsSumView::of(&section.sums, section.currency),
            closing: money(section.closing),
        }
    }
}
