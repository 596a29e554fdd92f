//! When a guest pays how much (P22).

use super::arithmetic::{WHOLE_BP, percent};
use super::plan::{InstalmentKind, Instalments, Plan};
use super::priced::Priced;
use crate::values::{Night, Stay};

/// Nights that are paid for at once where a stay is paid by the month.
const MONTH: u16 = 30;

/// When an instalment is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    AtBooking,
    /// On this date at the listing.
    On(Night),
}

/// A part of the total, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instalment {
    pub due: Due,
    pub amount: i64,
}

/// The instalments of a stay in the order of their dates. They add up to `total_due`, and none is negative.
///
/// - `monthly_from`: stays of so many nights or more are paid by the month, whatever the plan says; `None`: only where it says so.
/// - `lead_days`: from the local date of booking to check-in.
#[must_use]
pub fn instalments(plan: &Plan, priced: &Priced, stay: Stay, lead_days: i32, monthly_from: Option<u16>) -> Vec<Instalment> {
    let full = Instalments { kind: InstalmentKind::Full, deposit_bp: None, balance_days: None };
    let chosen = plan.instalments.unwrap_or(full);
    if chosen.kind == InstalmentKind::Monthly || monthly_from.is_some_and(|nights| stay.nights() >= nights) {
        return monthly(priced, stay);
    }
    let balance_days = chosen.balance_days.unwrap_or(0);
    let deposit = chosen.deposit_bp.filter(|_| chosen.kind == InstalmentKind::Deposit && lead_days > i32::from(balance_days));
    let now = deposit.map_or(priced.total_due, |bp| share(priced.total_due, bp));
    let mut parts = vec![Instalment { due: Due::AtBooking, amount: now }];
    if now < priced.total_due {
        parts.push(Instalment { due: Due::On(stay.check_in().plus(-i32::from(balance_days))), amount: priced.total_due - now });
    }
    parts
}

fn share(amount: i64, bp: u32) -> i64 {
    i64::try_from(percent(amount.into(), bp.min(WHOLE_BP))).unwrap_or(amount)
}

/// The first thirty nights with everything that is not the room at booking, then thirty nights each on the day on which they begin.
/// Where a platform's coupon is larger than the first part, the rest of it comes off the next.
fn monthly(priced: &Priced, stay: Stay) -> Vec<Instalment> {
    let mut owed = priced.total_due - priced.room;
    let mut parts: Vec<Instalment> = Vec::new();
    for (month, nights) in (0_i32..).zip(priced.allocation.chunks(MONTH.into())) {
        owed += nights.iter().sum::<i64>();
        let amount = owed.max(0);
        owed -= amount;
        let due = if month == 0 { Due::AtBooking } else { Due::On(stay.check_in().plus(month * i32::from(MONTH))) };
        if month == 0 || amount > 0 {
            parts.push(Instalment { due, amount });
        }
    }
    parts
}
