//! What a host sets about prices besides the base price and single days: stored as one JSON object in `listings.pricing`.
//!
//! `{}` is the plan of a home with nothing special. Whether the numbers make sense is judged by `faults.rs` when a plan is
//! saved; the arithmetic takes any plan and stays within its bounds.

use super::tax::TaxRule;
use super::written::Weekdays;
use crate::values::written::date;
use crate::values::{Deposit, Night};
use serde::{Deserialize, Serialize};

/// All amounts are minor units of the listing's currency, all shares basis points (10,000 are all).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weekend: Option<Weekend>,
    /// In the order in which they were made: of two alike the later counts (P4).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seasons: Vec<Season>,
    /// Discounts by length of stay; only the highest tier that is reached counts (P7).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub los: Vec<LengthTier>,
    #[serde(skip_serializing_if = "Lead::is_empty")]
    pub lead: Lead,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_guest: Option<ExtraGuest>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fees: Vec<Fee>,
    /// What the host owes on stays, besides the operator's taxes of the place (P14).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<TaxRule>,
    /// The host offers a cheaper rate without refunds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_refundable: Option<NonRefundable>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instalments: Option<Instalments>,
    /// What guests leave against damage; no part of any price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposit: Option<Deposit>,
}

/// A price for some nights of every week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weekend {
    #[serde(default = "friday_and_saturday")]
    pub days: Weekdays,
    pub price: i64,
}

fn friday_and_saturday() -> Weekdays {
    Weekdays::FRIDAY_AND_SATURDAY
}

/// The nights `[from, to)` have a price or limits of their own. The calendar reads the limits (A11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Season {
    pub name: String,
    #[serde(with = "date")]
    pub from: Night,
    #[serde(with = "date")]
    pub to: Night,
    /// The higher wins where seasons overlap; of two alike the shorter, then the later in the list.
    #[serde(default)]
    pub priority: i32,
    /// `None`: the season says nothing of the price, and one below it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_nights: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_nights: Option<u16>,
}

/// Stays of `min_nights` or more cost less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LengthTier {
    pub min_nights: u16,
    pub off_bp: u32,
}

/// Discounts by the days between booking and check-in; at most one applies (P6).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lead {
    /// So many days ahead or more; the tier with the most days that is reached counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub early: Vec<LeadTier>,
    /// So many days ahead or fewer; the tier with the fewest days that still holds counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub last_minute: Vec<LeadTier>,
}

impl Lead {
    fn is_empty(&self) -> bool {
        self.early.is_empty() && self.last_minute.is_empty()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadTier {
    pub days: u16,
    pub off_bp: u32,
}

/// Adults and children beyond `included` cost `fee` each a night (P10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraGuest {
    pub included: u16,
    pub fee: i64,
}

/// Something that costs extra (P11). `bp` counts for `percent_accommodation`, `amount` for every other scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// What a guest names to choose an optional fee; unique in the plan.
    pub key: String,
    /// What guests read.
    pub name: String,
    pub scope: FeeScope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bp: Option<u32>,
    pub mandatory: bool,
    pub refund_rule: FeeRefund,
    pub taxable: bool,
    pub collected: Collected,
    /// Short stays pay this instead; for `per_stay` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduced: Option<Reduced>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeScope {
    PerStay,
    PerNight,
    PerGuest,
    PerGuestNight,
    PerPet,
    PerPetNight,
    PercentAccommodation,
}

/// What becomes of a fee when a stay is called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeRefund {
    /// Given back in full before check-in, kept afterwards.
    BeforeCheckIn,
    /// Given back in the same share as the room.
    WithRoom,
    Never,
}

/// Where money changes hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Collected {
    AtBooking,
    AtProperty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reduced {
    pub up_to_nights: u16,
    pub amount: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NonRefundable {
    pub off_bp: u32,
}

/// When a guest pays (P22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instalments {
    pub kind: InstalmentKind,
    /// For `deposit`: what is paid at booking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposit_bp: Option<u32>,
    /// For `deposit`: the rest is due so many days before check-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_days: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstalmentKind {
    /// Everything at booking.
    Full,
    Deposit,
    /// Thirty nights at a time.
    Monthly,
}
