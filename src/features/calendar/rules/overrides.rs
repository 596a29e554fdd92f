//! Days that differ from the terms, from several sources laid over each other: the host's word first, then imports, then seasons.

use super::DayOverride;
use crate::values::{Night, NightRange};

/// Lays the host's own overrides over others: per field, the host's word wins. Both inputs and the result are sorted
/// and without overlaps.
#[must_use]
pub fn overlay(host: &[DayOverride], others: &[DayOverride]) -> Vec<DayOverride> {
    let mut edges: Vec<Night> = host.iter().chain(others).flat_map(|day| [day.range.from, day.range.to]).collect();
    edges.sort_unstable();
    edges.dedup();
    let find = |days: &[DayOverride], night: Night| {
        let next = days.partition_point(|day| day.range.from <= night);
        days[..next].last().filter(|day| day.range.contains(night)).copied()
    };
    let mut laid: Vec<DayOverride> = Vec::new();
    for pair in edges.windows(2) {
        let range = NightRange::new(pair[0], pair[1]);
        let day = match (find(host, range.from), find(others, range.from)) {
            (None, None) => continue,
            (Some(only), None) | (None, Some(only)) => DayOverride { range, ..only },
            (Some(host), Some(other)) => DayOverride {
                range,
                price_minor: host.price_minor.or(other.price_minor),
                min_nights: host.min_nights.or(other.min_nights),
                max_nights: host.max_nights.or(other.max_nights),
                closed_to_arrival: host.closed_to_arrival.or(other.closed_to_arrival),
                closed_to_departure: host.closed_to_departure.or(other.closed_to_departure),
            },
        };
        match laid.last_mut() {
            Some(last) if last.range.to == range.from && DayOverride { range, ..*last } == day => last.range.to = range.to,
            _ => laid.push(day),
        }
    }
    laid
}

/// Lays the overrides of several sources over each other: the host's own first, then imports by name, so that the
/// result does not hang on the order of rows; the seasons last.
#[must_use]
pub fn lay(mut by_source: Vec<(&str, Vec<DayOverride>)>) -> Vec<DayOverride> {
    by_source.sort_by_key(|(source, _)| (*source != HOST, *source == SEASONS, *source));
    let mut layers = by_source.into_iter().map(|(_, days)| days);
    let first = layers.next().unwrap_or_default();
    layers.fold(first, |over, under| overlay(&over, &under))
}

/// The source of the overrides that a host made.
pub const HOST: &str = "host";

/// What seasons say of single days, made by [`super::seasons::overrides`]; never stored.
pub const SEASONS: &str = "seasons";
