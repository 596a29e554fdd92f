//! What a price hangs on: the terms of a listing, and what is asked of it.

use super::plan::Plan;
use super::tax::TaxRule;
use crate::features::calendar::{Days, Party};
use crate::platform::error::{FieldError, Kind, Refusal, Refused};
use crate::values::Stay;

/// Everything that decides what stays at a listing cost.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Base price of a night in minor units.
    pub base: i64,
    pub plan: &'a Plan,
    /// Overrides of single days; whether nights are taken is not asked.
    pub days: &'a Days,
    pub fees: FeeModel,
    /// The operator's taxes that hold at the place of the listing; the host's own stand in the plan.
    pub taxes: &'a [TaxRule],
}

impl<'a> Terms<'a> {
    /// All taxes, the operator's first.
    pub(super) fn all_taxes(&self) -> impl Iterator<Item = &'a TaxRule> + Clone {
        self.taxes.iter().chain(&self.plan.taxes)
    }
}

/// What the platform takes for itself (P13), in the currency of the listing. Nothing by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FeeModel {
    pub guest_bp: u32,
    pub host_bp: u32,
    /// The guest's fee is at least and at most this, where there is one.
    pub guest_min: Option<i64>,
    pub guest_max: Option<i64>,
}

/// One stay, priced.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub stay: Stay,
    pub guests: Guests,
    /// Days from the local date of booking to check-in.
    pub lead_days: i32,
    pub rate: Rate,
    /// Keys of the optional fees that the guest chose.
    pub options: &'a [String],
    pub coupon: Option<Coupon<'a>>,
}

impl<'a> Ask<'a> {
    /// The standard rate, without options or coupon: what search shows.
    #[must_use]
    pub fn standard(stay: Stay, guests: Guests, lead_days: i32) -> Self {
        Self { stay, guests, lead_days, rate: Rate::Standard, options: &[], coupon: None }
    }
}

/// The most years of somebody who counts as a child (decisions on search: `child_age`).
pub const OLDEST_CHILD: u8 = 17;

/// Why ages cannot be those of the children of a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgesRefusal {
    TooMany,
    TooOld,
}

impl Refusal for AgesRefusal {
    /// 422 `out_of_range` of the query parameter `child_age`.
    fn refused(&self) -> Refused {
        let message = match self {
            Self::TooMany => "is given more often than there are children".to_owned(),
            Self::TooOld => format!("must be 0 to {OLDEST_CHILD}"),
        };
        let mut refused = Refused::new(Kind::Unacceptable, "out_of_range", format!("child_age: {message}"));
        refused.errors.push(FieldError::new("/query/child_age", "out_of_range", message));
        refused
    }
}

/// Who comes, and what is known of the children's ages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guests {
    pub party: Party,
    pub ages: ChildAges,
}

impl Guests {
    /// A party of whose children nothing is known: nobody is exempt from anything.
    #[must_use]
    pub fn of(party: Party) -> Self {
        Self { party, ages: ChildAges::default() }
    }

    /// A party with the ages of some or all of its children, in years. Refuses more ages than children, and ages over
    /// [`OLDEST_CHILD`].
    pub fn told(party: Party, ages: &[u8]) -> Result<Self, AgesRefusal> {
        if ages.len() > usize::from(party.children) {
            return Err(AgesRefusal::TooMany);
        }
        if ages.iter().any(|age| *age > OLDEST_CHILD) {
            return Err(AgesRefusal::TooOld);
        }
        Ok(Self { party, ages: ChildAges::of(ages) })
    }

    /// The same for ages that were judged before.
    #[must_use]
    pub fn with_ages(party: Party, ages: &[u8]) -> Self {
        Self { party, ages: ChildAges::of(ages) }
    }

    /// Adults and children (A8).
    pub(super) fn counted(self) -> u64 {
        u64::from(self.party.adults) + u64::from(self.party.children)
    }

    /// Those of them who pay a tax from which children under `age` are exempt.
    pub(super) fn taxed(self, age: Option<u8>) -> u64 {
        let exempt = age.map_or(0, |age| self.ages.under(age)).min(self.party.children.into());
        self.counted() - exempt
    }
}

/// How many children there are of each age, 0 to 17.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChildAges([u8; 18]);

impl ChildAges {
    /// Ages over 17 are not kept: nobody of that age is a child.
    #[must_use]
    pub fn of(ages: &[u8]) -> Self {
        let mut kept = [0_u8; 18];
        for age in ages {
            if let Some(count) = kept.get_mut(usize::from(*age)) {
                *count = count.saturating_add(1);
            }
        }
        Self(kept)
    }

    fn under(self, age: u8) -> u64 {
        self.0.iter().take(age.into()).map(|count| u64::from(*count)).sum()
    }
}

/// Which of a listing's rates is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rate {
    #[default]
    Standard,
    /// Cheaper, without refunds; where the host offers none it costs what the standard rate costs.
    NonRefundable,
}

/// A coupon that has been found valid (P8); it never takes off more than the accommodation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coupon<'a> {
    pub code: &'a str,
    pub off: Off,
    pub funded_by: Funder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    /// A share of the accommodation, `most` at most.
    Share {
        bp: u32,
        most: Option<i64>,
    },
    Amount(i64),
}

/// Who bears a coupon: the host's earns the host less, the platform's only costs the guest less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Funder {
    Host,
    Platform,
}
