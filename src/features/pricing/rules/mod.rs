//! The rules of prices, pure: integers in minor units of the listing's currency, no floats (docs/RULES.md, P1 to P22).
//!
//! `plan.rs` and `tax.rs` hold what hosts and the operator set, `ask.rs` what is asked, `nights.rs` prices of single nights,
//! `bill.rs` the arithmetic of a stay. [`price()`] writes a bill out in lines, [`total_price`] only adds it up; both run the
//! same bill, so that they cannot differ. [`bounds_per_night`] says beforehand between what a total can lie.

mod agreed;
mod arithmetic;
mod ask;
mod bill;
mod bounds;
mod faults;
mod instalments;
mod keep;
mod nights;
mod plan;
mod priced;
mod split;
mod tax;
mod total;
mod written;

pub use agreed::agreed;
pub use arithmetic::{included_tax, percent, spread};
pub use ask::{AgesRefusal, Ask, ChildAges, Coupon, FeeModel, Funder, Guests, OLDEST_CHILD, Off, Rate, Terms};
pub use bounds::{Bounds, Largest, bounds_per_night};
pub use faults::{Fault, plan_faults, tax_faults};
pub use instalments::{Due, Instalment, instalments};
pub use keep::{Keep, taxes_kept};
pub use nights::{StayPrice, night_price, nightly, stay_price, told_night_price};
pub use plan::{
    Collected, ExtraGuest, Fee, FeeRefund, FeeScope, InstalmentKind, Instalments, Lead, LeadTier, LengthTier, NonRefundable, Plan, Reduced, Season, Weekend,
};
pub use priced::{ChargedTax, Line, LineKind, Payer, Priced, RefundRule, TooMuch, price};
pub use split::{Split, TaxPart};
pub use tax::{AppliesTo, Bracket, Charged, Remitter, Share, TaxBasis, TaxRule};
pub use total::{Class, class, total_price};
pub use written::Weekdays;

#[cfg(test)]
pub(crate) mod tests;
