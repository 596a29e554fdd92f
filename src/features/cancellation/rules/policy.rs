//! The policies a host can choose from, as data: a booking keeps a copy of its own, which no later release changes. Those of the operator's own
//! are in `own.rs`.

use crate::values::Stay;
use serde::{Deserialize, Serialize};

/// Stays of so many nights or more fall under the long policy (C2).
pub(super) const LONG_NIGHTS: u16 = 28;
/// Nights of a long stay that are kept at once.
const MONTH: u16 = 30;
const DAY_HOURS: u16 = 24;
pub(super) const WHOLE_BP: u32 = 10_000;

/// The names are stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    Flexible,
    Moderate,
    Limited,
    Firm,
    Strict,
    NonRefundable,
    FirmLong,
    StrictLong,
}

/// What of the room is kept: so many of its first nights, and a share of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub nights: u16,
    pub rest_bp: u32,
}

impl Kept {
    pub(super) const NOTHING: Self = Self { nights: 0, rest_bp: 0 };
    const HALF: Self = Self { nights: 0, rest_bp: WHOLE_BP / 2 };
    const FIRST_NIGHT: Self = Self { nights: 1, rest_bp: 0 };
    const FIRST_NIGHT_AND_HALF: Self = Self { nights: 1, rest_bp: WHOLE_BP / 2 };
    const MONTH: Self = Self { nights: MONTH, rest_bp: 0 };
    const ALL: Self = Self { nights: 0, rest_bp: WHOLE_BP };

    /// Whether it is at least as much as `other` of every stay.
    pub(super) fn covers(self, other: Self) -> bool {
        self.rest_bp >= WHOLE_BP || (self.nights >= other.nights && self.rest_bp >= other.rest_bp)
    }

    /// In minor units of the nights' shares of the room. Of a part the odd cent is the guest's (C3).
    #[must_use]
    pub fn of(self, nights: &[i64]) -> i64 {
        let (first, rest) = nights.split_at(nights.len().min(self.nights.into()));
        first.iter().sum::<i64>() + share(rest.iter().sum(), self.rest_bp)
    }
}

/// Rounded down.
pub(super) fn share(amount: i64, bp: u32) -> i64 {
    let part = i128::from(amount) * i128::from(bp.min(WHOLE_BP)) / i128::from(WHOLE_BP);
    i64::try_from(part).unwrap_or(amount)
}

/// What is kept once guests are there: the nights that are spent, and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Later {
    /// Nights after the spent ones that are kept too; `None`: all of them.
    pub further_nights: Option<u16>,
    /// The share that is kept of the nights after those, in basis points.
    pub rest_bp: u32,
}

impl Later {
    pub(crate) const ALL: Self = Self { further_nights: None, rest_bp: 0 };

    const fn next(nights: u16, rest_bp: u32) -> Self {
        Self { further_nights: Some(nights), rest_bp }
    }

    /// After so many spent nights.
    pub(super) fn after(self, spent: u16) -> Kept {
        match self.further_nights {
            None => Kept::ALL,
            Some(further) => Kept { nights: spent.saturating_add(further), rest_bp: self.rest_bp },
        }
    }
}

/// So many days before check-in, that instant included (D7, D8), and after the deadline before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    pub days: u16,
    /// Instead of days: so many hours before the instant of check-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<u16>,
    pub kept: Kept,
}

/// A time after the confirmation in which nothing is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraceRule {
    pub hours: u16,
    /// Only for stays that are confirmed so many days before check-in or earlier.
    pub confirmed_days: u16,
    /// It ends so many days before check-in at the latest.
    pub latest_days: Option<u16>,
}

impl GraceRule {
    /// C1.
    pub(super) const SHORT: Self = Self { hours: DAY_HOURS, confirmed_days: 7, latest_days: None };
}

/// The terms of a policy in full: what a booking promises (D10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    pub policy: String,
    pub grace: Option<GraceRule>,
    /// The most days first; of each more is kept than of the one before.
    pub deadlines: Vec<Deadline>,
    /// After the last deadline, up to check-in.
    pub until_check_in: Kept,
    pub after_check_in: Later,
}

impl Policy {
    pub const ALL: [Self; 8] = [Self::Flexible, Self::Moderate, Self::Limited, Self::Firm, Self::Strict, Self::NonRefundable, Self::FirmLong, Self::StrictLong];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Flexible => "flexible",
            Self::Moderate => "moderate",
            Self::Limited => "limited",
            Self::Firm => "firm",
            Self::Strict => "strict",
            Self::NonRefundable => "non_refundable",
            Self::FirmLong => "firm_long",
            Self::StrictLong => "strict_long",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == name)
    }

    /// Whether it is for stays of 28 nights and more.
    #[must_use]
    pub fn is_long(self) -> bool {
        matches!(self, Self::FirmLong | Self::StrictLong)
    }

    /// The one of a listing's two policies that holds for a stay, each by its name; the cheaper rate has its own (C2).
    #[must_use]
    pub fn of<'a>(stay: Stay, non_refundable: bool, short: &'a str, long: &'a str) -> &'a str {
        match stay.nights() {
            _ if non_refundable => Self::NonRefundable.name(),
            LONG_NIGHTS.. => long,
            _ => short,
        }
    }

    /// The terms for a stay of so many nights. A booking that is made longer or shorter keeps those of its confirmation.
    #[must_use]
    pub fn rules(self, nights: u16) -> Rules {
        let (deadlines, until_check_in, after_check_in) = self.table();
        let deadlines = deadlines.iter().map(|(days, kept)| Deadline { days: *days, hours: None, kept: *kept }).collect();
        Rules { policy: self.name().to_owned(), grace: self.grace(nights), deadlines, until_check_in, after_check_in }
    }

    /// Days before check-in until which a part is kept; what is kept afterwards until check-in, and later on.
    fn table(self) -> (&'static [(u16, Kept)], Kept, Later) {
        match self {
            Self::Flexible => (&[(1, Kept::NOTHING)], Kept::FIRST_NIGHT, Later::next(1, 0)),
            Self::Moderate => (&[(5, Kept::NOTHING)], Kept::FIRST_NIGHT_AND_HALF, Later::next(1, WHOLE_BP / 2)),
            Self::Limited => (&[(14, Kept::NOTHING), (7, Kept::HALF)], Kept::ALL, Later::ALL),
            Self::Firm => (&[(30, Kept::NOTHING), (7, Kept::HALF)], Kept::ALL, Later::ALL),
            Self::Strict => (&[(7, Kept::HALF)], Kept::ALL, Later::ALL),
            Self::NonRefundable => (&[], Kept::ALL, Later::ALL),
            Self::FirmLong => (&[(30, Kept::NOTHING)], Kept::MONTH, Later::next(MONTH, 0)),
            Self::StrictLong => (&[], Kept::MONTH, Later::next(MONTH, 0)),
        }
    }

    /// C1, and that of the strict long policy.
    fn grace(self, nights: u16) -> Option<GraceRule> {
        match self {
            Self::NonRefundable => None,
            Self::StrictLong => Some(GraceRule { hours: 2 * DAY_HOURS, confirmed_days: LONG_NIGHTS, latest_days: Some(LONG_NIGHTS) }),
            _ if nights >= LONG_NIGHTS => None,
            _ => Some(GraceRule::SHORT),
        }
    }
}
