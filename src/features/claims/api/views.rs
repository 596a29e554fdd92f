//! Claims as JSON.

use crate::features::claims::rules::{Claim, Item};
use crate::platform::wire::MoneyView;
use crate::values::Money;
use poem_openapi::Object;
use uuid::Uuid;

/// A damage claim.
#[derive(Object)]
pub(super) struct ClaimView {
    id: Uuid,
    booking_id: Uuid,
    /// `open`, `contested`, `escalated`, `due`, `paid`, `rejected`, `withdrawn` or `lapsed`.
    state: String,
    items: Vec<ClaimItemView>,
    /// The sum of the items.
    amount: MoneyView,
    description: String,
    /// What the guest offers; null: no answer yet.
    offered: Option<MoneyView>,
    /// What the guest says.
    answer: String,
    /// What is to be paid, once that is agreed on or decided.
    settled: Option<MoneyView>,
    /// Why staff decided so.
    decision: String,
    /// When the state ends by itself, RFC 3339, UTC: until then the guest answers, the host goes on, or the guest pays.
    due_at: Option<String>,
    created_at: String,
    updated_at: String,
    ended_at: Option<String>,
    /// For `If-Match`, in quotes.
    version: i64,
}

/// Something that was damaged.
#[derive(Object)]
pub(super) struct ClaimItemView {
    what: String,
    amount: MoneyView,
}

/// The claims of a booking.
#[derive(Object)]
pub(super) struct ClaimsView {
    /// Oldest first.
    pub data: Vec<ClaimView>,
}

/// A page of claims, newest first.
#[derive(Object)]
pub(super) struct ClaimPageView {
    pub data: Vec<ClaimView>,
    /// For the parameter `cursor` of the next page; null on the last.
    pub next_cursor: Option<String>,
    pub has_more: bool,
}

impl ClaimView {
    pub(super) fn of(claim: &Claim) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, claim.currency));
        let item = |item: &Item| ClaimItemView { what: item.what.clone(), amount: money(item.amount) };
        Self {
            id: claim.id,
            booking_id: claim.booking.0,
            state: claim.state.name().into(),
            items: claim.items.iter().map(item).collect(),
            amount: money(claim.amount),
            description: claim.description.clone(),
            offered: claim.offered.map(money),
            answer: claim.answer.clone(),
            settled: claim.settled.map(money),
            decision: claim.decision.clone(),
            due_at: claim.due_at.map(|at| at.to_string()),
            created_at: claim.created_at.to_string(),
            updated_at: claim.updated_at.to_string(),
            ended_at: claim.ended_at.map(|at| at.to_string()),
            version: claim.version,
        }
    }
}
