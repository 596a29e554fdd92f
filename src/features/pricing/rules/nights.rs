//! Prices of single nights (P4), and of stays that cost nothing but their nights (P5).

use super::ask::Terms;
use super::plan::{Plan, Season};
use crate::features::calendar::Days;
use crate::values::{Night, NightRange, Stay};
use std::num::NonZeroI64;

/// What a stay costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StayPrice {
    /// Minor units, everything mandatory.
    pub total: i64,
    /// `total` divided by the nights, rounded down: presentation only (P18).
    pub average_nightly: i64,
}

impl StayPrice {
    #[must_use]
    pub fn of(total: i64, stay: Stay) -> Self {
        Self { total, average_nightly: total / i64::from(stay.nights()) }
    }
}

/// The price of one night where the plan says nothing: the day's override, else the base price.
#[must_use]
pub fn nightly(base: i64, days: &Days, night: Night) -> i64 {
    days.at(night).and_then(|day| day.price_minor).map_or(base, NonZeroI64::get)
}

/// The price of a stay where the plan says nothing and nobody takes fees or taxes: the sum of its nights (P5).
///
/// Walks the overrides that touch the stay instead of its nights, so a long stay costs no more than a short one.
#[must_use]
pub fn stay_price(base: i64, days: &Days, stay: Stay) -> StayPrice {
    let range = stay.range();
    let first = days.overrides.partition_point(|day| day.range.to <= range.from);
    let mut total = i128::from(base) * i128::from(stay.nights());
    for day in days.overrides[first..].iter().take_while(|day| day.range.from < range.to) {
        if let Some(price) = day.price_minor {
            let nights = day.range.from.max(range.from).days_until(day.range.to.min(range.to));
            total += (i128::from(price.get()) - i128::from(base)) * i128::from(nights);
        }
    }
    StayPrice::of(i64::try_from(total).unwrap_or(i64::MAX), stay)
}

/// The price of the night: the day's override, else the season's, else the weekend's, else the base price; at least one minor unit
/// (P4).
#[must_use]
pub fn night_price(terms: &Terms<'_>, night: Night) -> i64 {
    said_price(terms, night).max(1)
}

/// [`night_price`], to be shown; `None` where its host has not said yet what it costs.
#[must_use]
pub fn told_night_price(terms: &Terms<'_>, night: Night) -> Option<i64> {
    Some(said_price(terms, night)).filter(|price| *price > 0)
}

/// Zero where nobody has said it: a draft may have no base price.
fn said_price(terms: &Terms<'_>, night: Night) -> i64 {
    let by_day = terms.days.at(night).and_then(|day| day.price_minor).map(NonZeroI64::get);
    by_day.or_else(|| season_at(terms.plan, night).map(|(_, price)| price)).unwrap_or_else(|| by_week(terms, night))
}

fn by_week(terms: &Terms<'_>, night: Night) -> i64 {
    terms.plan.weekend.filter(|weekend| weekend.days.contains(night)).map_or(terms.base, |weekend| weekend.price)
}

/// The season whose price counts on `night`: the highest priority, of these the shortest, of these the one made last.
fn season_at(plan: &Plan, night: Night) -> Option<(&Season, i64)> {
    let mut found: Option<(&Season, i64)> = None;
    for season in &plan.seasons {
        let Some(price) = season.price.filter(|_| season.range().contains(night)) else { continue };
        let rank = |season: &Season| (season.priority, std::cmp::Reverse(season.range().nights()));
        if found.is_none_or(|(best, _)| rank(season) >= rank(best)) {
            found = Some((season, price));
        }
    }
    found
}

impl Season {
    pub(super) fn range(&self) -> NightRange {
        NightRange::new(self.from, self.to)
    }
}

/// The nights of `range`, stretch by stretch in their order: with the price of each, or with none where the weekday decides. Walks overrides
/// and seasons instead of nights.
fn each_stretch(terms: &Terms<'_>, range: NightRange, mut take: impl FnMut(NightRange, Option<i64>)) {
    let mut from = range.from;
    let mut next = terms.days.overrides.partition_point(|day| day.range.to <= from);
    while from < range.to {
        let day = terms.days.overrides.get(next);
        let to = match day {
            Some(day) if day.range.from <= from => {
                let to = day.range.to.min(range.to);
                match day.price_minor {
                    Some(price) => take(NightRange::new(from, to), Some(price.get().max(1))),
                    None => by_season(terms, NightRange::new(from, to), &mut take),
                }
                next += 1;
                to
            }
            _ => {
                let to = day.map_or(range.to, |day| day.range.from.min(range.to));
                by_season(terms, NightRange::new(from, to), &mut take);
                to
            }
        };
        from = to;
    }
}

/// Nights without overrides.
fn by_season(terms: &Terms<'_>, range: NightRange, take: &mut impl FnMut(NightRange, Option<i64>)) {
    let mut from = range.from;
    while from < range.to {
        let edges = terms.plan.seasons.iter().flat_map(|season| [season.from, season.to]);
        let to = edges.filter(|edge| *edge > from).fold(range.to, Night::min);
        take(NightRange::new(from, to), season_at(terms.plan, from).map(|(_, price)| price.max(1)));
        from = to;
    }
}

/// [`night_price`] of every night of `range`.
pub(super) fn night_prices(terms: &Terms<'_>, range: NightRange) -> Vec<i64> {
    let mut prices = Vec::with_capacity(usize::try_from(range.nights()).unwrap_or(0));
    each_stretch(terms, range, |stretch, price| match price {
        Some(price) => prices.extend(stretch.iter().map(|_| price)),
        None => prices.extend(stretch.iter().map(|night| by_week(terms, night).max(1))),
    });
    prices
}

/// The nights of `range` as pairs of a price and how many of them cost that; the pairs come in no particular order and a price
/// may come twice.
pub(super) fn each_price(terms: &Terms<'_>, range: NightRange, mut take: impl FnMut(i64, i64)) {
    each_stretch(terms, range, |stretch, price| match price {
        Some(price) => take(price, i64::from(stretch.from.days_until(stretch.to))),
        None => by_weekdays(terms, stretch, &mut take),
    });
}

/// Nights without overrides and seasons.
fn by_weekdays(terms: &Terms<'_>, range: NightRange, take: &mut impl FnMut(i64, i64)) {
    let nights = i64::from(range.from.days_until(range.to));
    let dearer = terms.plan.weekend.map_or(0, |weekend| weekend.days.nights_in(range.from, range.to));
    if let Some(weekend) = terms.plan.weekend {
        take(weekend.price.max(1), dearer);
    }
    take(terms.base.max(1), nights - dearer);
}

/// What the nights of `range` cost.
pub(super) fn subtotal(terms: &Terms<'_>, range: NightRange) -> i128 {
    let mut sum: i128 = 0;
    each_price(terms, range, |price, nights| sum = sum.saturating_add(i128::from(price) * i128::from(nights)));
    sum
}
