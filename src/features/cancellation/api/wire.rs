//! Policies as JSON, in and out.

use crate::features::cancellation::rules::{Deadline, GraceRule, Kept, Later, OwnTable, Policy, Preset, Row, Rules};
use crate::features::cancellation::store::OwnPolicy;
use crate::platform::error::{Error, FieldError, Kind, Result};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

/// Nights of the stays whose terms are shown as those of a long policy, and of a short one.
const LONG: u16 = 28;
const SHORT: u16 = 1;

/// Which stays a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(super) enum PolicyStays {
    /// Under 28 nights.
    Short,
    /// Of 28 nights and more.
    Long,
}

/// Whoever cancels so long before check-in or earlier, and later than the row before, leaves the host so much of the room.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
struct PolicyRow {
    /// Dates before check-in at the wall time of arrival, 0 to 365. Either these or hours.
    days_before: Option<u16>,
    /// Hours before the instant of check-in, 0 to 720.
    hours_before: Option<u16>,
    /// Nights from the first on that are kept whole; none unless said.
    #[oai(default)]
    first_nights: u16,
    /// What is kept of the other nights, in basis points.
    kept_bp: u32,
}

/// A time after the confirmation in which nothing is kept.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
struct PolicyGrace {
    /// 1 to 168.
    hours: u16,
    /// Only for stays that are confirmed so many days before check-in or earlier, 0 to 365.
    confirmed_days: u16,
    /// It ends so many days before check-in at the latest.
    latest_days: Option<u16>,
}

/// What is kept once guests are there, besides the nights that are spent.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
struct PolicyAfterCheckIn {
    /// So many nights after the spent ones, whole; null: everything is kept.
    further_nights: Option<u16>,
    /// What is kept of the nights after those, in basis points.
    #[oai(default)]
    kept_bp: u32,
}

#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
pub(super) struct OwnPolicyAsk {
    /// What homes name it by: up to 40 small letters, digits and `_`. It stays, and is never used again.
    #[oai(validator(max_length = 80))]
    key: String,
    /// What people read; up to 60 characters.
    #[oai(validator(max_length = 240))]
    name: String,
    /// A table that is known by name, instead of rows, grace and `after_check_in`: `classic_strict`.
    preset: Option<String>,
    /// `short`, unless given.
    stays: Option<PolicyStays>,
    /// 1 to 10, from early to late; the last one is of 0 days or hours.
    #[oai(default, validator(max_items = 20))]
    rows: Vec<PolicyRow>,
    /// Absent: for short stays 24 hours when it is confirmed 7 days before check-in or earlier; none for long ones.
    grace: Option<PolicyGrace>,
    /// Absent: everything is kept.
    after_check_in: Option<PolicyAfterCheckIn>,
    /// Why, 1 to 500 characters; kept in the audit trail.
    #[oai(validator(max_length = 2_000))]
    pub(super) reason: String,
}

/// A cancellation policy of the operator's own.
#[derive(Object)]
pub(super) struct OwnPolicyView {
    id: Uuid,
    key: String,
    name: String,
    stays: PolicyStays,
    rows: Vec<PolicyRow>,
    /// Absent: there is none.
    #[oai(skip_serializing_if_is_none)]
    grace: Option<PolicyGrace>,
    after_check_in: PolicyAfterCheckIn,
    /// RFC 3339, UTC; null: hosts can choose it.
    retired_at: Option<String>,
    created_at: String,
    version: i64,
}

/// The terms of a cancellation policy.
#[derive(Object)]
pub(super) struct PolicyTermsView {
    key: String,
    /// What the operator calls it; null for a standard policy.
    name: Option<String>,
    /// Absent: for stays of any length.
    #[oai(skip_serializing_if_is_none)]
    stays: Option<PolicyStays>,
    rows: Vec<PolicyRow>,
    /// Absent: there is none.
    #[oai(skip_serializing_if_is_none)]
    grace: Option<PolicyGrace>,
    after_check_in: PolicyAfterCheckIn,
    /// No further home can choose it.
    retired: bool,
}

/// The terms of every standard policy.
pub(super) fn standards() -> Vec<PolicyTermsView> {
    Policy::ALL.into_iter().map(terms_of).collect()
}

/// Those of one.
pub(super) fn standard(key: &str) -> Option<PolicyTermsView> {
    Policy::parse(key).map(terms_of)
}

fn terms_of(policy: Policy) -> PolicyTermsView {
    let stays = match policy {
        // The cheaper rate of any stay has it too.
        Policy::NonRefundable => None,
        long if long.is_long() => Some(PolicyStays::Long),
        _ => Some(PolicyStays::Short),
    };
    let rules = policy.rules(if policy.is_long() { LONG } else { SHORT });
    let (rows, grace, after_check_in) = terms(&rules);
    PolicyTermsView { key: policy.name().to_owned(), name: None, stays, rows, grace, after_check_in, retired: false }
}

fn terms(rules: &Rules) -> (Vec<PolicyRow>, Option<PolicyGrace>, PolicyAfterCheckIn) {
    let last = Deadline { days: 0, hours: None, kept: rules.until_check_in };
    let Later { further_nights, rest_bp } = rules.after_check_in;
    let rows = rules.deadlines.iter().chain([&last]).map(PolicyRow::of).collect();
    (rows, rules.grace.map(PolicyGrace::of), PolicyAfterCheckIn { further_nights, kept_bp: rest_bp })
}

impl PolicyTermsView {
    pub(super) fn of(own: &OwnPolicy) -> Self {
        let (rows, grace, after_check_in) = terms(&own.rules);
        let (name, stays) = (Some(own.name.clone()), Some(PolicyStays::of(own.long)));
        Self { key: own.key.clone(), name, stays, rows, grace, after_check_in, retired: own.retired_at.is_some() }
    }
}

impl OwnPolicyView {
    pub(super) fn of(own: &OwnPolicy) -> Self {
        let (rows, grace, after_check_in) = terms(&own.rules);
        Self {
            id: own.id,
            key: own.key.clone(),
            name: own.name.clone(),
            stays: PolicyStays::of(own.long),
            rows,
            grace,
            after_check_in,
            retired_at: own.retired_at.map(|at| at.to_string()),
            created_at: own.created_at.to_string(),
            version: own.version(),
        }
    }
}

impl PolicyStays {
    fn of(long: bool) -> Self {
        if long { Self::Long } else { Self::Short }
    }
}

impl PolicyRow {
    fn of(deadline: &Deadline) -> Self {
        let Deadline { days, hours, kept } = *deadline;
        Self { days_before: hours.is_none().then_some(days), hours_before: hours, first_nights: kept.nights, kept_bp: kept.rest_bp }
    }

    fn row(&self) -> Row {
        Row { days: self.days_before, hours: self.hours_before, kept: Kept { nights: self.first_nights, rest_bp: self.kept_bp } }
    }
}

impl PolicyGrace {
    fn of(grace: GraceRule) -> Self {
        let GraceRule { hours, confirmed_days, latest_days } = grace;
        Self { hours, confirmed_days, latest_days }
    }
}

impl OwnPolicyAsk {
    /// The table that is meant. Refuses a preset that is not known, or that comes with terms.
    pub(super) fn table(self) -> Result<OwnTable> {
        let Some(preset) = &self.preset else {
            let later = self.after_check_in.map_or(Later::ALL, |after| Later { further_nights: after.further_nights, rest_bp: after.kept_bp });
            let grace = self.grace.map(|grace| GraceRule { hours: grace.hours, confirmed_days: grace.confirmed_days, latest_days: grace.latest_days });
            let (long, rows) = (self.stays == Some(PolicyStays::Long), self.rows.iter().map(PolicyRow::row).collect());
            return Ok(OwnTable { key: self.key, name: self.name, long, rows, grace, after_check_in: later });
        };
        let alone = self.rows.is_empty() && self.grace.is_none() && self.after_check_in.is_none() && self.stays.is_none();
        match Preset::parse(preset).filter(|_known| alone) {
            Some(known) => Ok(known.table(self.key, self.name)),
            None => {
                let message = format!("is {}, and comes without terms of its own", Preset::NAMES);
                let refused = Error::refused(Kind::Unacceptable, "invalid_policy", format!("/preset {message}."));
                Err(refused.with_error(FieldError::new("/body/preset", "invalid_policy", message)))
            }
        }
    }
}
