//! A plan as JSON, in and out: the same words as it is stored in, so that one becomes the other field by field.

use super::tax::TaxTerms;
use crate::platform::error::{FieldError, Result};
use crate::values::Night;
use poem_openapi::types::{ParseFromJSON, ToJSON};
use poem_openapi::{Enum, Object};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Everything about prices but the base price and single days; `{}` is nothing special.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
pub(super) struct PricePlan {
    weekend: Option<WeekendPrice>,
    /// At most 50.
    #[oai(default, skip_serializing_if_is_empty)]
    seasons: Vec<Season>,
    /// Discounts by length of stay: only the highest tier that is reached counts. At most 10.
    #[oai(default, skip_serializing_if_is_empty)]
    los: Vec<LengthDiscount>,
    lead: Option<LeadDiscounts>,
    extra_guest: Option<ExtraGuestFee>,
    /// At most 20.
    #[oai(default, skip_serializing_if_is_empty)]
    fees: Vec<FeeTerms>,
    /// What the host owes on stays, besides the taxes of the place. At most 20.
    #[oai(default, skip_serializing_if_is_empty)]
    taxes: Vec<TaxTerms>,
    /// A cheaper rate without refunds.
    non_refundable: Option<NonRefundableRate>,
    /// When guests pay; absent: everything at booking.
    instalments: Option<InstalmentTerms>,
    /// What guests leave against damage, and get back; absent: nothing.
    deposit: Option<DepositTerms>,
}

/// A price for some nights of every week.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct WeekendPrice {
    /// Nights; Friday and Saturday, unless given.
    #[oai(default = "friday_and_saturday", validator(max_items = 7))]
    days: Vec<Weekday>,
    price: i64,
}

#[derive(Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

fn friday_and_saturday() -> Vec<Weekday> {
    vec![Weekday::Friday, Weekday::Saturday]
}

/// Nights with a price or limits of their own. A day's own price in the calendar goes before it.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
struct Season {
    name: String,
    /// The first night, `YYYY-MM-DD`.
    from: String,
    /// The first night that does not count, `YYYY-MM-DD`.
    to: String,
    /// The higher wins where seasons overlap; of two alike the shorter, then the later in the list. -1000 to 1000.
    #[oai(default)]
    priority: i32,
    price: Option<i64>,
    /// Of stays that begin in the season.
    min_nights: Option<u16>,
    max_nights: Option<u16>,
}

/// Stays of so many nights or more cost less.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct LengthDiscount {
    min_nights: u16,
    /// 1 to 9000.
    off_bp: u32,
}

/// Discounts by the days between booking and check-in; at most one applies. At most 10 of each kind.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct LeadDiscounts {
    /// So many days ahead or more.
    #[oai(default, skip_serializing_if_is_empty)]
    early: Vec<LeadDiscount>,
    /// So many days ahead or fewer.
    #[oai(default, skip_serializing_if_is_empty)]
    last_minute: Vec<LeadDiscount>,
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct LeadDiscount {
    days: u16,
    /// 1 to 9000.
    off_bp: u32,
}

/// Adults and children beyond `included` cost `fee` each a night.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ExtraGuestFee {
    included: u16,
    fee: i64,
}

/// Something that costs extra.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
struct FeeTerms {
    /// What a guest names to choose it: small letters, digits, underscores; unique in the plan.
    key: String,
    /// What guests read.
    name: String,
    scope: FeeScope,
    /// For every scope but `percent_accommodation`.
    amount: Option<i64>,
    /// For `percent_accommodation`.
    bp: Option<u32>,
    /// Whether every guest pays it; otherwise those who choose it.
    mandatory: bool,
    refund_rule: FeeRefund,
    /// Whether taxes on fees are on this one.
    taxable: bool,
    collected: Collected,
    /// Short stays pay this instead; for `per_stay`.
    reduced: Option<ReducedFee>,
}

#[derive(Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum FeeScope {
    PerStay,
    PerNight,
    PerGuest,
    PerGuestNight,
    PerPet,
    PerPetNight,
    PercentAccommodation,
}

/// What becomes of a fee when a stay is called off: given back in full before check-in, in the same share as the room, or never.
#[derive(Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum FeeRefund {
    BeforeCheckIn,
    WithRoom,
    Never,
}

/// Where money changes hands. What is paid at the property is in the total price, and not in what is due to the platform.
#[derive(Debug, Enum)]
#[oai(rename_all = "snake_case")]
pub(super) enum Collected {
    AtBooking,
    AtProperty,
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ReducedFee {
    up_to_nights: u16,
    amount: i64,
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct NonRefundableRate {
    /// 1 to 9000.
    off_bp: u32,
}

/// When guests pay.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
struct InstalmentTerms {
    kind: InstalmentKind,
    /// For `deposit`: what is paid at booking.
    deposit_bp: Option<u32>,
    /// For `deposit`: the rest is due so many days before check-in.
    balance_days: Option<u16>,
}

/// Everything at booking; a deposit at booking and the rest before check-in; or thirty nights at a time.
#[derive(Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum InstalmentKind {
    Full,
    Deposit,
    Monthly,
}

/// What guests leave against damage. It is no part of the price.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
struct DepositTerms {
    kind: DepositKind,
    /// For all but `claim_only`, in minor units: up to a hundred times the base price.
    amount: Option<i64>,
    /// For `charge_refund`: charged 2 to 60 days before check-in; absent: with the booking.
    days_before: Option<u16>,
}

/// Charged, and given back seven days after check-out; authorised on the guest's card the day before check-in, and let go a day after check-out (stays of more
/// than seven nights are charged instead); or nothing is left, and damage is claimed.
#[derive(Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum DepositKind {
    ChargeRefund,
    CardHold,
    ClaimOnly,
}

impl PricePlan {
    /// Dates that are none, or that came with a time of day (D2).
    pub(super) fn date_faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        for (n, season) in self.seasons.iter().enumerate() {
            date_fault(&mut faults, format!("/seasons/{n}/from"), Some(&season.from));
            date_fault(&mut faults, format!("/seasons/{n}/to"), Some(&season.to));
        }
        for (n, tax) in self.taxes.iter().enumerate() {
            faults.extend(tax.date_faults(&format!("/taxes/{n}")));
        }
        faults
    }
}

pub(super) fn date_fault(faults: &mut Vec<FieldError>, pointer: String, text: Option<&String>) {
    if text.is_some_and(|text| Night::parse(text).is_none()) {
        faults.push(FieldError::new(pointer, "invalid_dates", "is a date, YYYY-MM-DD, without a time of day"));
    }
}

/// The same in the words of the rules.
pub(super) fn same<T: DeserializeOwned>(shape: &impl ToJSON) -> Result<T> {
    Ok(serde_json::from_value(shape.to_json().unwrap_or_default()).map_err(anyhow::Error::from)?)
}

/// The same as it is shown.
pub(super) fn shown<T: ParseFromJSON>(rule: &impl Serialize) -> Result<T> {
    let json = serde_json::to_value(rule).map_err(anyhow::Error::from)?;
    Ok(T::parse_from_json(Some(json)).map_err(|error| anyhow::anyhow!("what is stored cannot be shown: {}", error.message()))?)
}
