//! A security deposit: what guests leave against damage, and get back (docs/RULES.md, "Deposits"). Listings show it, plans of prices hold it, quotes
//! promise it, bookings ask for it.

use super::clock::Instant;
use serde::{Deserialize, Serialize};

/// How a deposit is left; the names are stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepositKind {
    /// Charged, and given back after the stay.
    ChargeRefund,
    /// Authorised on the guest's card, and let go after the stay.
    CardHold,
    /// Nothing is left; the guest is told that damage is claimed.
    ClaimOnly,
}

impl DepositKind {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ChargeRefund => "charge_refund",
            Self::CardHold => "card_hold",
            Self::ClaimOnly => "claim_only",
        }
    }
}

/// What a host asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deposit {
    pub kind: DepositKind,
    /// Minor units of the listing's currency; `None` where nothing is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Charged so many days before check-in; `None`: with the booking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_before: Option<u16>,
}

impl Deposit {
    /// Largest deposit in minor units: a million euros.
    pub const LARGEST: i64 = 100_000_000;
    /// A charge is put off to two months before check-in at the earliest, and to two days at the latest, so that the guest can still be asked again.
    pub const DAYS_BEFORE: (u16, u16) = (2, 60);
    /// A card's promise stands for about a week: longer stays are charged.
    pub const HOLD_NIGHTS: u16 = 7;
    /// A card is authorised so many days before check-in.
    const HOLD_DAYS: u16 = 1;
    /// Given back so many days after check-out, or let go so many hours after it.
    pub const RETURN_DAYS: i64 = 7;
    pub const LET_GO_HOURS: i64 = 24;

    /// What is asked for a stay of so many nights.
    #[must_use]
    pub fn of_stay(self, nights: u16) -> Self {
        let too_long = self.kind == DepositKind::CardHold && nights > Self::HOLD_NIGHTS;
        if too_long { Self { kind: DepositKind::ChargeRefund, ..self } } else { self }
    }

    /// What is left, in minor units.
    #[must_use]
    pub fn left(self) -> i64 {
        if self.kind == DepositKind::ClaimOnly { 0 } else { self.amount.unwrap_or(0) }
    }

    /// When it is given back, or let go, after a stay that ends at `end`.
    #[must_use]
    pub fn back_at(self, end: Instant) -> Instant {
        let hours = if self.kind == DepositKind::CardHold { Self::LET_GO_HOURS } else { Self::RETURN_DAYS * 24 };
        end.plus_seconds(hours * 3_600)
    }

    /// How many days before check-in it is asked for; `None`: with the booking.
    #[must_use]
    pub fn asked_days_before(self) -> Option<u16> {
        if self.kind == DepositKind::CardHold { Some(Self::HOLD_DAYS) } else { self.days_before }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_stays_are_charged() {
        let hold = Deposit { kind: DepositKind::CardHold, amount: Some(20_000), days_before: None };
        for (nights, kind, days) in [(1, DepositKind::CardHold, Some(1)), (7, DepositKind::CardHold, Some(1)), (8, DepositKind::ChargeRefund, None)] {
            let asked = hold.of_stay(nights);
            assert_eq!((asked.kind, asked.left(), asked.asked_days_before()), (kind, 20_000, days), "{nights}");
        }
        let claims = Deposit { kind: DepositKind::ClaimOnly, amount: None, days_before: None };
        assert_eq!((claims.of_stay(30), claims.left()), (claims, 0));
    }
}
