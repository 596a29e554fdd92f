//! How payouts stand, and what keeps them waiting.

use crate::values::{Currency, Instant, UserId};
use uuid::Uuid;

/// Money that staff send by hand.
pub const BANK: &str = "bank";
/// Which account of the books such money leaves: the operator's bank account, where transfers of guests arrive too.
pub const BANK_PSP: &str = "manual";
/// What is written on a payout of which staff have said that it came back. Why they say so is in the audit trail, and not for the host.
pub const TOLD_BY_STAFF: &str = "told_by_staff";

/// How a payout stands; the names are stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Put aside for the host.
    Created,
    /// The provider is asked, or staff have taken it out to send it by hand; what became of it nobody has said yet. Nothing stops it any more.
    Sent,
    Paid,
    /// It is owed again.
    Failed,
    /// Stopped before it was sent; it is owed again.
    Cancelled,
}

impl State {
    pub const ALL: [Self; 5] = [Self::Created, Self::Sent, Self::Paid, Self::Failed, Self::Cancelled];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Sent => "sent",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Created | Self::Sent)
    }
}

/// Money for a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    pub id: Uuid,
    pub host: UserId,
    pub method: Uuid,
    /// Of the method: [`BANK`], or a provider.
    pub kind: String,
    pub amount: i64,
    /// What the host owed, taken off before.
    pub netted: i64,
    pub currency: Currency,
    pub state: State,
    pub reference: Option<String>,
    pub failure: Option<String>,
    pub version: i64,
    pub created_at: Instant,
    pub sent_at: Option<Instant>,
    pub ended_at: Option<Instant>,
}

impl Payout {
    /// Whether staff may say what became of it: what they send themselves, and what a provider has left without an answer for so long that
    /// nobody asks it any more.
    #[must_use]
    pub fn is_for_staff(&self, now: Instant) -> bool {
        match self.state {
            State::Created => self.kind == BANK,
            State::Sent => self.kind == BANK || self.is_given_up(now),
            _ => false,
        }
    }

    /// Providers know a key for a day: after that a copy of the call might be a second payout.
    #[must_use]
    pub fn is_given_up(&self, now: Instant) -> bool {
        const ASKED_SECONDS: i64 = 20 * 3_600;
        self.sent_at.is_some_and(|at| at.plus_seconds(ASKED_SECONDS) <= now)
    }
}

/// Where a host wants money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    pub id: Uuid,
    pub user: UserId,
    pub kind: String,
    pub details_sealed: String,
    pub hint: String,
    pub active_at: Instant,
    pub failed_at: Option<Instant>,
    /// The host has taken it away. Its details are kept for as long as a payout to it is `sent`.
    pub removed_at: Option<Instant>,
    pub created_at: Instant,
}

impl Method {
    /// Whether nothing may be sent there that was not sent before.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.removed_at.is_some() || self.details_sealed.is_empty()
    }
}

/// Why what a host is owed is not paid out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// Staff have stopped it.
    Held,
    /// The host has said nowhere to.
    NoMethod,
    /// The newest method does not count yet.
    MethodIsNew,
    /// Money came back from it.
    MethodFailed,
    /// Payments are not made like this here, or not any more.
    MethodUnknown,
    /// The first payout of a new host.
    NewHost,
    /// It is too little.
    Minimum,
    /// The one before has not arrived.
    UnderWay,
}

impl Waits {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::NoMethod => "no_method",
            Self::MethodIsNew => "method_is_new",
            Self::MethodFailed => "method_failed",
            Self::MethodUnknown => "method_unknown",
            Self::NewHost => "new_host",
            Self::Minimum => "minimum",
            Self::UnderWay => "under_way",
        }
    }
}

/// What decides whether a host is paid.
#[derive(Debug, Clone)]
pub struct Standing<'a> {
    pub held: bool,
    /// The newest that was not removed.
    pub method: Option<&'a Method>,
    /// Whether money can be sent by that method here.
    pub can_send: bool,
    /// When a new host is paid for the first time.
    pub from: Option<Instant>,
    pub under_way: bool,
    pub amount: i64,
    pub minimum: i64,
}

/// What a payout waits for, the gravest first; `None`: nothing.
#[must_use]
pub fn waits(of: &Standing<'_>, now: Instant) -> Option<Waits> {
    let Some(method) = of.method else { return Some(if of.held { Waits::Held } else { Waits::NoMethod }) };
    [
        (of.held, Waits::Held),
        (method.failed_at.is_some(), Waits::MethodFailed),
        (!of.can_send, Waits::MethodUnknown),
        (method.active_at > now, Waits::MethodIsNew),
        (of.from.is_some_and(|from| from > now), Waits::NewHost),
        (of.under_way, Waits::UnderWay),
        (of.amount < of.minimum, Waits::Minimum),
    ]
    .into_iter()
    .find_map(|(is, why)| is.then_some(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_reason_is_told() {
        let method = Method {
            id: Uuid::nil(),
            user: UserId(Uuid::nil()),
            kind: BANK.into(),
            details_sealed: String::new(),
            hint: String::new(),
            active_at: Instant(10),
            failed_at: None,
            removed_at: None,
            created_at: Instant(0),
        };
        let good = Standing { held: false, method: Some(&method), can_send: true, from: Some(Instant(5)), under_way: false, amount: 100, minimum: 100 };
        assert_eq!(waits(&good, Instant(10)), None);
        assert_eq!(waits(&good, Instant(9)), Some(Waits::MethodIsNew));
        assert_eq!(waits(&Standing { from: Some(Instant(11)), ..good.clone() }, Instant(10)), Some(Waits::NewHost));
        assert_eq!(waits(&Standing { amount: 99, ..good.clone() }, Instant(10)), Some(Waits::Minimum));
        assert_eq!(waits(&Standing { amount: 99, under_way: true, ..good.clone() }, Instant(10)), Some(Waits::UnderWay));
        assert_eq!(waits(&Standing { held: true, amount: 99, ..good.clone() }, Instant(10)), Some(Waits::Held));
        assert_eq!(waits(&Standing { method: None, ..good.clone() }, Instant(10)), Some(Waits::NoMethod));
        let failed = Method { failed_at: Some(Instant(1)), ..method.clone() };
        assert_eq!(waits(&Standing { method: Some(&failed), ..good }, Instant(10)), Some(Waits::MethodFailed));
    }

    #[test]
    fn staff_see_to_what_they_send_and_to_what_has_no_answer() {
        let payout = |kind: &str, state, sent_at| Payout {
            id: Uuid::nil(),
            host: UserId(Uuid::nil()),
            method: Uuid::nil(),
            kind: kind.into(),
            amount: 1,
            netted: 0,
            currency: Currency::parse("EUR").unwrap(),
            state,
            reference: None,
            failure: None,
            version: 1,
            created_at: Instant(0),
            sent_at,
            ended_at: None,
        };
        let (sent, hours) = (Some(Instant(0)), |hours: i64| Instant(0).plus_seconds(hours * 3_600));
        for (kind, state, sent_at, now, expected) in [
            (BANK, State::Created, None, hours(0), true),
            (BANK, State::Sent, sent, hours(1), true),
            (BANK, State::Paid, sent, hours(1), false),
            ("stripe", State::Created, None, hours(99), false),
            ("stripe", State::Sent, sent, hours(19), false),
            ("stripe", State::Sent, sent, hours(20), true),
            ("stripe", State::Failed, sent, hours(20), false),
        ] {
            assert_eq!(payout(kind, state, sent_at).is_for_staff(now), expected, "{kind} {state:?}");
        }
    }

    #[test]
    fn states_come_back_from_their_words() {
        assert!(State::ALL.into_iter().all(|state| State::parse(state.name()) == Some(state)));
    }
}
