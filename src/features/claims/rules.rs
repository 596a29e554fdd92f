//! The states of a claim and the ways between them, pure; and what a host may ask for.

use crate::features::bookings::Side;
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::values::{BookingId, Currency, Instant, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// A host files so many days after check-out at the latest, and escalates so many days after filing.
pub const FILE_DAYS: i64 = 14;
pub const ESCALATE_DAYS: i64 = 30;
/// A guest answers within so many hours.
pub const ANSWER_HOURS: i64 = 72;
/// What is due is paid within so many days: nobody waits for it for ever.
pub const DUE_DAYS: i64 = 30;
const MOST_ITEMS: usize = 20;
/// As for payments.
const LARGEST: i64 = 1_000_000_000;

/// Where a claim stands; the names are stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The guest has not answered yet.
    Open,
    /// The guest refused, offered a part, or did not answer.
    Contested,
    /// Staff decide.
    Escalated,
    /// Agreed on, or decided; to be paid.
    Due,
    Paid,
    /// Staff found nothing to pay, or closed what nobody pays.
    Rejected,
    Withdrawn,
    /// The host did not go on in time, or nobody paid in time.
    Lapsed,
}

/// What people and time do to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The guest pays it all.
    Agree,
    /// The guest offers a part, or nothing.
    Contest,
    /// The host takes what the guest offered.
    Accept,
    Escalate,
    Withdraw,
    /// Staff: so much.
    Award,
    /// Staff: nothing.
    Reject,
    Pay,
    /// Nobody said anything in time, or paid.
    Lapse,
}

const GUEST: &[Side] = &[Side::Guest];
const HOSTS: &[Side] = &[Side::Host, Side::CoHost];
const STAFF: &[Side] = &[Side::Staff];
const TIME: &[Side] = &[Side::System];

type Way = (State, Act, State, &'static [Side]);

#[rustfmt::skip]
const WAYS: &[Way] = &[
    (State::Open,      Act::Agree,    State::Due,       GUEST),
    (State::Open,      Act::Contest,  State::Contested, GUEST),
    (State::Open,      Act::Lapse,    State::Contested, TIME),
    (State::Open,      Act::Withdraw, State::Withdrawn, HOSTS),
    (State::Contested, Act::Accept,   State::Due,       HOSTS),
    (State::Contested, Act::Escalate, State::Escalated, HOSTS),
    (State::Contested, Act::Withdraw, State::Withdrawn, HOSTS),
    (State::Contested, Act::Lapse,    State::Lapsed,    TIME),
    (State::Escalated, Act::Award,    State::Due,       STAFF),
    (State::Escalated, Act::Reject,   State::Rejected,  STAFF),
    (State::Escalated, Act::Withdraw, State::Withdrawn, HOSTS),
    (State::Due,       Act::Pay,      State::Paid,      TIME),
    (State::Due,       Act::Withdraw, State::Withdrawn, HOSTS),
    (State::Due,       Act::Reject,   State::Rejected,  STAFF),
    (State::Due,       Act::Lapse,    State::Lapsed,    TIME),
];

impl State {
    pub const ALL: [Self; 8] = [Self::Open, Self::Contested, Self::Escalated, Self::Due, Self::Paid, Self::Rejected, Self::Withdrawn, Self::Lapsed];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Contested => "contested",
            Self::Escalated => "escalated",
            Self::Due => "due",
            Self::Paid => "paid",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Nothing follows.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Paid | Self::Rejected | Self::Withdrawn | Self::Lapsed)
    }
}

/// Where an act leads; 409 `claim_state` where it is not somebody's, or not now.
pub fn next(from: State, act: Act, side: Side) -> Result<State> {
    let way = WAYS.iter().find(|(state, way, _, sides)| *state == from && *way == act && sides.contains(&side));
    way.map(|(_, _, to, _)| *to).ok_or_else(|| {
        let detail = format!("The claim is {}: this is not yours to do now.", from.name());
        Error::refused(Kind::Conflict, "claim_state", detail).with_data("state", json!(from.name()))
    })
}

/// Something that was broken, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub what: String,
    /// Minor units.
    pub amount: i64,
}

/// A claim as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub id: Uuid,
    pub booking: BookingId,
    pub host: UserId,
    pub guest: UserId,
    pub state: State,
    pub items: Vec<Item>,
    /// The sum of the items.
    pub amount: i64,
    pub currency: Currency,
    pub description: String,
    /// What the guest offers; `None`: no answer yet.
    pub offered: Option<i64>,
    pub answer: String,
    /// What is to be paid, once that is settled.
    pub settled: Option<i64>,
    /// Staff's words for what they decided.
    pub decision: String,
    /// When the state ends by itself.
    pub due_at: Option<Instant>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
    pub ended_at: Option<Instant>,
}

impl Claim {
    /// When a state that begins at `now` ends by itself.
    #[must_use]
    pub fn timer(&self, state: State, now: Instant) -> Option<Instant> {
        match state {
            State::Open => Some(now.plus_seconds(ANSWER_HOURS * 3_600)),
            State::Contested => Some(self.created_at.plus_seconds(ESCALATE_DAYS * 86_400)),
            State::Due => Some(now.plus_seconds(DUE_DAYS * 86_400)),
            _ => None,
        }
    }
}

/// Until when a host may file: counted from the end of the stay, which may have come before the planned one.
#[must_use]
pub fn filed_until(check_out_at: Instant, ended_at: Option<Instant>) -> Instant {
    ended_at.map_or(check_out_at, |at| at.min(check_out_at)).plus_seconds(FILE_DAYS * 86_400)
}

/// The items as they can be kept, and their sum. Refuses with 422.
pub fn judged(items: Vec<Item>) -> Result<(Vec<Item>, i64)> {
    if items.is_empty() || items.len() > MOST_ITEMS {
        return Err(bad("/body/items", &format!("has 1 to {MOST_ITEMS} entries")));
    }
    for (at, item) in items.iter().enumerate() {
        if !(1..=LARGEST).contains(&item.amount) {
            return Err(bad(&format!("/body/items/{at}/amount"), &format!("is 1 to {LARGEST}")));
        }
        if item.what.is_empty() {
            return Err(bad(&format!("/body/items/{at}/what"), "has 1 to 200 characters"));
        }
    }
    let sum = items.iter().map(|item| item.amount).sum();
    Ok((items, sum))
}

/// 422 `out_of_range` for a field.
#[must_use]
pub fn bad(pointer: &str, message: &str) -> Error {
    let refused = Error::refused(Kind::Unacceptable, "out_of_range", format!("{} {message}.", pointer.trim_start_matches("/body/")));
    refused.with_error(FieldError::new(pointer, "out_of_range", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_not_a_way_is_refused() {
        let acts = [Act::Agree, Act::Contest, Act::Accept, Act::Escalate, Act::Withdraw, Act::Award, Act::Reject, Act::Pay, Act::Lapse];
        let mut possible = 0;
        for state in State::ALL {
            assert_eq!(State::parse(state.name()), Some(state));
            for act in acts {
                for side in Side::ALL {
                    let leads = next(state, act, side).is_ok();
                    possible += usize::from(leads);
                    assert!(!leads || !state.is_over(), "{state:?} {act:?}");
                    // Nobody decides their own case, and nobody else speaks for the guest.
                    assert!(!leads || !matches!(act, Act::Award | Act::Reject) || side == Side::Staff);
                    assert!(!leads || !matches!(act, Act::Agree | Act::Contest) || side == Side::Guest);
                }
            }
        }
        assert_eq!(possible, 21);
    }

    #[test]
    fn every_way_out_of_what_is_due_ends_the_claim() {
        let ways: Vec<_> = WAYS.iter().filter(|(from, ..)| *from == State::Due).map(|(_, act, to, _)| (*act, *to)).collect();
        assert_eq!(ways, [(Act::Pay, State::Paid), (Act::Withdraw, State::Withdrawn), (Act::Reject, State::Rejected), (Act::Lapse, State::Lapsed)]);
        assert!(ways.iter().all(|(_, to)| to.is_over()));
    }

    #[test]
    fn a_fortnight_is_counted_from_the_end_of_the_stay() {
        let (planned, fortnight) = (Instant(0).plus_seconds(100_000), FILE_DAYS * 86_400);
        assert_eq!(filed_until(planned, None), planned.plus_seconds(fortnight));
        assert_eq!(filed_until(planned, Some(planned.plus_seconds(-5))), planned.plus_seconds(fortnight - 5));
        assert_eq!(filed_until(planned, Some(planned.plus_seconds(5))), planned.plus_seconds(fortnight));
    }

    #[test]
    fn items_are_bounded() {
        let item = |what: &str, amount| Item { what: what.into(), amount };
        assert_eq!(judged(vec![item("A lamp", 5_000), item("A chair", 2_500)]).unwrap().1, 7_500);
        for bad in [vec![], vec![item("", 1)], vec![item("x", 0)], vec![item("x", -1)], vec![item("x", LARGEST + 1)], vec![item("x", 1); 21]] {
            assert!(judged(bad).is_err());
        }
    }
}
