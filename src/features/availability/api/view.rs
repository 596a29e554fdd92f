//! The calendar and the answers of `why` as JSON.

use crate::features::availability::rules::{DayOutlook, DayTold};
use crate::features::availability::service::{CalendarPage, Why};
use crate::features::calendar::{Numbers, Rule, Verdict};
use crate::features::pricing::StayPrice;
use crate::platform::wire::{DateView, MoneyView};
use crate::values::{Currency, Money, Stay};
use poem_openapi::Object;
use uuid::Uuid;

/// Days of a listing's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct CalendarView {
    /// First day.
    from: DateView,
    /// First day that is not shown.
    to: DateView,
    data: Vec<DayView>,
}

/// A day of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
struct DayView {
    date: DateView,
    /// The night that begins on this date is neither past nor taken.
    available: bool,
    /// Price of that night; null while the host has not said it.
    price: Option<MoneyView>,
    /// Fewest nights of a stay that begins on this date.
    min_nights: u16,
    /// Most nights of a stay that begins on this date.
    max_nights: u16,
    closed_to_arrival: bool,
    closed_to_departure: bool,
    /// At least one stay that begins on this date can be booked now.
    check_in_ok: bool,
    /// At least one stay that ends on this date can be booked now.
    check_out_ok: bool,
    /// To the people of the listing: `free`, `held`, `booked`, `blocked`, `external`, `prep` or `closed`.
    #[oai(skip_serializing_if_is_none)]
    status: Option<String>,
    /// To the people of the listing: units that can still be had for that night alone.
    #[oai(skip_serializing_if_is_none)]
    units_free: Option<u16>,
    /// To the people of the listing: why it is blocked (`owner`, `maintenance`, `other`), or the name of the calendar that has it.
    #[oai(skip_serializing_if_is_none)]
    reason: Option<String>,
    /// To the people of the listing: what was written beside the block.
    #[oai(skip_serializing_if_is_none)]
    note: Option<String>,
    /// To the people of the listing: who has a unit that night, holds included.
    #[oai(skip_serializing_if_is_none)]
    bookings: Option<Vec<Uuid>>,
}

impl CalendarView {
    pub(super) fn of(page: &CalendarPage) -> Self {
        let told = page.told.iter().map(Some).chain(std::iter::repeat(None));
        let data = page.days.iter().zip(told).map(|((day, price), told)| DayView::of(day, *price, told)).collect();
        Self { from: DateView(page.range.from), to: DateView(page.range.to), data }
    }
}

impl DayView {
    fn of(day: &DayOutlook, price: Option<Money>, told: Option<&DayTold>) -> Self {
        Self {
            date: DateView(day.date),
            available: day.available,
            price: price.map(MoneyView::from),
            min_nights: day.min_nights,
            max_nights: day.max_nights,
            closed_to_arrival: day.closed_to_arrival,
            closed_to_departure: day.closed_to_departure,
            check_in_ok: day.check_in_ok,
            check_out_ok: day.check_out_ok,
            status: told.map(|told| told.status.name().to_owned()),
            units_free: told.map(|told| told.units_free),
            reason: told.and_then(|told| told.reason.clone()),
            note: told.and_then(|told| told.note.clone()),
            bookings: told.map(|told| told.bookings.iter().map(|booking| booking.0).collect()),
        }
    }
}

/// Why a stay can or cannot be booked.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct WhyView {
    check_in: DateView,
    check_out: DateView,
    nights: u16,
    /// Every rule passes.
    bookable: bool,
    /// Codes of the rules that do not pass; the first is the primary reason.
    reasons: Vec<String>,
    /// Every rule with its answer.
    rules: Vec<RuleView>,
    /// Up to three other stays of the same length that can be booked, within 60 days, the nearest first.
    nearest: Vec<StayView>,
    /// What the stay costs; null where it cannot be booked.
    stay: Option<StayPriceView>,
}

/// A rule and its answer; what was asked for and where the limit lies are told where the rule is about a number or a date.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
struct RuleView {
    code: String,
    passes: bool,
    actual: Option<u16>,
    limit: Option<u16>,
    actual_date: Option<DateView>,
    limit_date: Option<DateView>,
}

/// The dates of a stay.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
struct StayView {
    check_in: DateView,
    check_out: DateView,
}

/// What a stay costs.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
struct StayPriceView {
    nights: u16,
    /// Everything that must be paid, at booking and at the property: nights, discounts, extra guests, fees and taxes.
    total: MoneyView,
    /// `total` divided by the nights, rounded down.
    average_nightly: MoneyView,
}

impl WhyView {
    pub(super) fn of(why: &Why) -> Self {
        let nights = why.stay.nights();
        Self {
            check_in: DateView(why.stay.check_in()),
            check_out: DateView(why.stay.check_out()),
            nights,
            bookable: why.is_bookable(),
            reasons: why.rules.iter().filter(|(_, verdict)| !verdict.passes).map(|(rule, _)| rule.code().to_owned()).collect(),
            rules: why.rules.iter().map(RuleView::of).collect(),
            nearest: why.nearest.iter().map(StayView::of).collect(),
            stay: why.price.map(|price| StayPriceView::of(nights, price, why.currency)),
        }
    }
}

impl RuleView {
    fn of((rule, verdict): &(Rule, Verdict)) -> Self {
        let bare = Self { code: rule.code().to_owned(), passes: verdict.passes, actual: None, limit: None, actual_date: None, limit_date: None };
        match verdict.numbers {
            Numbers::None => bare,
            Numbers::Count { actual, limit } => Self { actual: Some(actual), limit: Some(limit), ..bare },
            Numbers::Date { actual, limit } => Self { actual_date: Some(DateView(actual)), limit_date: Some(DateView(limit)), ..bare },
        }
    }
}

impl StayView {
    fn of(stay: &Stay) -> Self {
        Self { check_in: DateView(stay.check_in()), check_out: DateView(stay.check_out()) }
    }
}

impl StayPriceView {
    fn of(nights: u16, price: StayPrice, currency: Currency) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, currency));
        Self { nights, total: money(price.total), average_nightly: money(price.average_nightly) }
    }
}
