//! What is kept of room, fees and service fee, by whose doing a stay ends (C4, C5, C11, C12; no-show).

use super::outcome::Terms;
use super::room::{by_night, kept_at, spent};
use crate::features::pricing::{Collected, Line, LineKind, RefundRule, spread};
use crate::values::Instant;
use serde::{Deserialize, Serialize};

/// Why a stay ends early, or did not take place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Guest,
    /// `excused`: staff accept the reason, and the host pays no penalty.
    Host {
        excused: bool,
    },
    /// Staff decide.
    Staff(Decision),
    /// An instalment was not paid: as if the guest had cancelled, and no penalty for anybody.
    Unpaid,
    /// The guest never came: everything is kept, but for what the host grants of the room.
    NoShow {
        granted: i64,
    },
}

/// In minor units; more than there is counts as all there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// So much is given back, of every line in proportion.
    Refund(i64),
    /// So much is kept; taxes follow.
    Keep { room: i64, fees: i64, service_fee: i64 },
}

/// What is kept before taxes.
pub(super) struct Keeping {
    /// By night.
    pub room: Vec<i64>,
    /// Nights from check-in on that are stayed, or owed as if they were.
    pub stayed: u16,
    /// Of each line that is a fee, through all prices.
    pub fees: Vec<i64>,
    /// Of each price.
    pub service_fees: Vec<i64>,
}

/// How a fee is measured.
enum Measure {
    /// As its rule says; of the room the first is kept of the second.
    Rule(i64, i64),
    Share(i64, i64),
    All,
}

impl Keeping {
    pub(super) fn of(terms: &Terms<'_>, cause: Cause, at: Instant) -> Self {
        let nights = terms.nights();
        let spent = spent(&terms.arrival, at);
        match cause {
            Cause::Guest | Cause::Unpaid => {
                let kept = kept_at(terms, at);
                let (room, part, whole) = of_room(&nights, |nights| by_night(kept, nights));
                // By what it comes to: a share that is less than a cent keeps nothing.
                let service = part > 0 || spent > 0;
                Self { stayed: spent, fees: fees(terms, spent, &Measure::Rule(part, whole)), service_fees: service_fees(terms, service), room }
            }
            Cause::Host { .. } => {
                let (room, part, whole) = of_room(&nights, |nights| first(nights, spent));
                Self { stayed: spent, fees: fees(terms, spent, &Measure::Share(part, whole)), service_fees: service_fees(terms, false), room }
            }
            Cause::NoShow { granted } => {
                let all = Self::all(terms, nights);
                let room: i64 = all.room.iter().sum();
                Self { room: spread(room - granted.clamp(0, room), &all.room), ..all }
            }
            Cause::Staff(Decision::Refund(_)) => Self::all(terms, nights),
            Cause::Staff(Decision::Keep { room, fees, service_fee }) => Self {
                room: capped(room, &nights),
                stayed: spent,
                fees: capped(fees, &fee_lines(terms).map(|line| if here(line) { line.amount } else { 0 }).collect::<Vec<_>>()),
                service_fees: capped(service_fee, &service_fees(terms, true)),
            },
        }
    }

    fn all(terms: &Terms<'_>, nights: Vec<i64>) -> Self {
        let stayed = terms.arrival.stay.nights();
        Self { stayed, fees: fees(terms, stayed, &Measure::All), service_fees: service_fees(terms, true), room: nights }
    }
}

/// What `keep` leaves of the nights, and the share that this is: of the nights as such where the room costs nothing.
fn of_room(nights: &[i64], keep: impl Fn(&[i64]) -> Vec<i64>) -> (Vec<i64>, i64, i64) {
    let (kept, whole) = (keep(nights), nights.iter().sum::<i64>());
    let part = kept.iter().sum();
    if whole > 0 {
        return (kept, part, whole);
    }
    // Enough of each night for its half to be a whole number.
    let even = vec![10_000; nights.len()];
    (kept, keep(&even).iter().sum(), even.iter().sum())
}

fn first(nights: &[i64], spent: u16) -> Vec<i64> {
    (0_u16..).zip(nights).map(|(at, night)| if at < spent { *night } else { 0 }).collect()
}

fn capped(amount: i64, over: &[i64]) -> Vec<i64> {
    let all: i64 = over.iter().sum();
    if all == 0 { vec![0; over.len()] } else { spread(amount.clamp(0, all), over) }
}

fn fee_lines<'a>(terms: &'a Terms<'_>) -> impl Iterator<Item = &'a Line> {
    terms.prices.iter().flat_map(|price| &price.lines).filter(|line| line.kind == LineKind::Fee)
}

/// Paid here and not at the property.
pub(super) fn here(line: &Line) -> bool {
    line.collected == Collected::AtBooking
}

/// What is paid at the property is owed once somebody is there.
fn fees(terms: &Terms<'_>, stayed: u16, measure: &Measure) -> Vec<i64> {
    let kept = |line: &Line| match measure {
        _ if !here(line) && stayed == 0 => 0,
        Measure::All => line.amount,
        Measure::Share(part, whole) => part_of(line.amount, *part, *whole),
        Measure::Rule(part, whole) => match line.refund_rule {
            RefundRule::BeforeCheckIn if stayed == 0 => 0,
            RefundRule::WithRoom => part_of(line.amount, *part, *whole),
            _ => line.amount,
        },
    };
    fee_lines(terms).map(kept).collect()
}

fn service_fees(terms: &Terms<'_>, kept: bool) -> Vec<i64> {
    terms.prices.iter().map(|price| if kept { price.service_fee } else { 0 }).collect()
}

/// Rounded down: the odd cent is the guest's.
pub(super) fn part_of(amount: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    i64::try_from(i128::from(amount) * i128::from(part) / i128::from(whole)).unwrap_or(amount)
}
