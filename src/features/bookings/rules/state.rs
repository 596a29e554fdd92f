//! The states of a booking and the ways between them, as one table (T1 to T12). Whatever is not in it is refused (S1).

use crate::platform::error::{Error, Kind};
use serde_json::json;

/// Where a booking stands; the names are stored and shown, and never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The nights are held until the guest has paid.
    PendingPayment,
    /// The nights are held until the host has answered.
    Requested,
    Confirmed,
    /// The guest is there.
    InStay,
    Completed,
    Declined,
    Expired,
    Withdrawn,
    Cancelled,
}

impl State {
    pub const ALL: [Self; 9] = [
        Self::PendingPayment,
        Self::Requested,
        Self::Confirmed,
        Self::InStay,
        Self::Completed,
        Self::Declined,
        Self::Expired,
        Self::Withdrawn,
        Self::Cancelled,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PendingPayment => "pending_payment",
            Self::Requested => "requested",
            Self::Confirmed => "confirmed",
            Self::InStay => "in_stay",
            Self::Completed => "completed",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Cancelled => "cancelled",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Nothing follows.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Declined | Self::Expired | Self::Withdrawn | Self::Cancelled)
    }

    /// The nights are held, and not yet sold.
    #[must_use]
    pub fn is_hold(self) -> bool {
        matches!(self, Self::PendingPayment | Self::Requested)
    }

    /// It came to a stay, or will.
    #[must_use]
    pub fn is_firm(self) -> bool {
        matches!(self, Self::Confirmed | Self::InStay | Self::Completed)
    }
}

/// What moves a booking on; the names are stored in its history, and those that people may do are shown as `allowed_actions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// The money is there (T3), or none is due.
    Pay,
    /// The host agrees; the guest's money is asked for (T5, T6).
    Accept,
    Decline,
    Withdraw,
    /// The time to pay or to answer is over (T4, T8).
    Expire,
    /// The guest arrives, or the time has come (T10).
    CheckIn,
    /// The guest leaves, or the time has come (T11).
    CheckOut,
    Cancel,
    /// Other dates or another party (T13).
    Alter,
}

impl Act {
    pub const ALL: [Self; 9] = [Self::Pay, Self::Accept, Self::Decline, Self::Withdraw, Self::Expire, Self::CheckIn, Self::CheckOut, Self::Cancel, Self::Alter];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::Withdraw => "withdraw",
            Self::Expire => "expire",
            Self::CheckIn => "check_in",
            Self::CheckOut => "check_out",
            Self::Cancel => "cancel",
            Self::Alter => "alter",
        }
    }
}

/// Who acts on a booking; the names are stored in its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Guest,
    Host,
    /// A co-host with all rights.
    CoHost,
    Staff,
    /// A timer, or the answer of a payment provider.
    System,
}

impl Side {
    pub const ALL: [Self; 5] = [Self::Guest, Self::Host, Self::CoHost, Self::Staff, Self::System];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Host => "host",
            Self::CoHost => "co_host",
            Self::Staff => "staff",
            Self::System => "system",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.name() == name)
    }
}

const HOSTS: &[Side] = &[Side::Host, Side::CoHost, Side::Staff];
const HOSTS_AND_TIME: &[Side] = &[Side::Host, Side::CoHost, Side::Staff, Side::System];
const EVERYBODY: &[Side] = &[Side::Guest, Side::Host, Side::CoHost, Side::Staff, Side::System];

/// From where, by which act, to where, and whose that act is.
type Way = (State, Act, State, &'static [Side]);

/// All ways there are.
#[rustfmt::skip]
const WAYS: &[Way] = &[
    (State::PendingPayment, Act::Pay,      State::Confirmed,      &[Side::System]),                // T3
    (State::PendingPayment, Act::Expire,   State::Expired,        &[Side::System]),                // T4
    (State::PendingPayment, Act::Withdraw, State::Withdrawn,      &[Side::Guest]),                 // T9
    (State::Requested,      Act::Accept,   State::PendingPayment, HOSTS),                          // T5 and T6
    (State::Requested,      Act::Decline,  State::Declined,       HOSTS),                          // T7
    (State::Requested,      Act::Expire,   State::Expired,        &[Side::System]),                // T8
    (State::Requested,      Act::Withdraw, State::Withdrawn,      &[Side::Guest]),                 // T9
    (State::Expired,        Act::Pay,      State::Confirmed,      &[Side::System]),                // S4
    (State::Confirmed,      Act::CheckIn,  State::InStay,         HOSTS_AND_TIME),                 // T10
    (State::Confirmed,      Act::Alter,    State::Confirmed,      EVERYBODY),                      // T13
    (State::Confirmed,      Act::Cancel,   State::Cancelled,      EVERYBODY),                      // T12
    (State::InStay,         Act::CheckOut, State::Completed,      HOSTS_AND_TIME),                 // T11
    (State::InStay,         Act::Cancel,   State::Cancelled,      EVERYBODY),                      // T12
];

/// Where an act of somebody leads; `None`: it is not theirs, or not now.
#[must_use]
pub fn next(from: State, act: Act, side: Side) -> Option<State> {
    WAYS.iter().find(|(state, way, _, sides)| *state == from && *way == act && sides.contains(&side)).map(|(_, _, to, _)| *to)
}

/// What somebody may do to a booking in this state.
#[must_use]
pub fn allowed(from: State, side: Side) -> Vec<Act> {
    Act::ALL.into_iter().filter(|act| next(from, *act, side).is_some()).collect()
}

/// 409 `invalid_transition`, with what would be possible.
#[must_use]
pub fn invalid(from: State, act: Act, side: Side) -> Error {
    let others: Vec<&str> = allowed(from, side).into_iter().map(Act::name).collect();
    let detail = format!("The booking is {}: `{}` is not yours to do now.", from.name(), act.name());
    let refused = Error::refused(Kind::Conflict, "invalid_transition", detail);
    refused.with_data("state", from.name().into()).with_data("allowed_transitions", json!(others))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written from the rules' table by hand, not from the code: everything else must be refused.
    const TOLD: &[(&str, &str, &str, &str)] = &[
        ("pending_payment", "pay", "confirmed", "system"),
        ("pending_payment", "expire", "expired", "system"),
        ("pending_payment", "withdraw", "withdrawn", "guest"),
        ("requested", "accept", "pending_payment", "host co_host staff"),
        ("requested", "decline", "declined", "host co_host staff"),
        ("requested", "expire", "expired", "system"),
        ("requested", "withdraw", "withdrawn", "guest"),
        ("expired", "pay", "confirmed", "system"),
        ("confirmed", "check_in", "in_stay", "host co_host staff system"),
        ("confirmed", "alter", "confirmed", "guest host co_host staff system"),
        ("confirmed", "cancel", "cancelled", "guest host co_host staff system"),
        ("in_stay", "check_out", "completed", "host co_host staff system"),
        ("in_stay", "cancel", "cancelled", "guest host co_host staff system"),
    ];

    #[test]
    fn every_state_act_and_side_is_told_or_refused() {
        let mut possible = 0;
        for state in State::ALL {
            for act in Act::ALL {
                for side in Side::ALL {
                    let told =
                        TOLD.iter().find(|(from, by, _, sides)| *from == state.name() && *by == act.name() && sides.split(' ').any(|name| name == side.name()));
                    let leads = next(state, act, side);
                    assert_eq!(leads.map(State::name), told.map(|(_, _, to, _)| *to), "{} {} {}", state.name(), act.name(), side.name());
                    possible += usize::from(leads.is_some());
                    if leads.is_none() {
                        let Error::Refused(refused) = invalid(state, act, side) else { panic!("not refused") };
                        assert_eq!((refused.kind, refused.code), (Kind::Conflict, "invalid_transition"));
                        assert_eq!(refused.data["allowed_transitions"], json!(allowed(state, side).into_iter().map(Act::name).collect::<Vec<_>>()));
                    }
                }
            }
        }
        assert_eq!(possible, TOLD.iter().map(|(_, _, _, sides)| sides.split(' ').count()).sum::<usize>());
    }

    #[test]
    fn names_are_read_back() {
        assert!(State::ALL.into_iter().all(|state| State::parse(state.name()) == Some(state)));
        assert!(Side::ALL.into_iter().all(|side| Side::parse(side.name()) == Some(side)));
        assert_eq!((State::parse("booked"), Side::parse("nobody")), (None, None));
    }

    #[test]
    fn what_is_final_leads_nowhere_but_late_money() {
        for state in State::ALL.into_iter().filter(|state| state.is_final()) {
            let ways: Vec<_> = WAYS.iter().filter(|(from, ..)| *from == state).map(|(_, act, ..)| *act).collect();
            assert_eq!(ways, if state == State::Expired { vec![Act::Pay] } else { vec![] }, "{}", state.name());
        }
    }
}
