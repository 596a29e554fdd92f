//! What the seasons of a listing's prices say about the length of stays (docs/RULES.md, A11); their prices are told by `pricing`.

use super::DayOverride;
use crate::values::{Night, NightRange};
use serde::Deserialize;
use std::num::NonZeroU16;

/// The part of `listings.pricing` that is read here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Plan {
    seasons: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    from: String,
    to: String,
    #[serde(default)]
    priority: i64,
    #[serde(default)]
    min_nights: Option<u16>,
    #[serde(default)]
    max_nights: Option<u16>,
}

/// A season, as far as it limits the length of stays that begin in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Season {
    pub range: NightRange,
    /// The highest wins; among equals the shorter, then the one that stands later in the list (P4).
    pub priority: i64,
    pub min_nights: Option<NonZeroU16>,
    pub max_nights: Option<NonZeroU16>,
}

/// The seasons in the JSON of a price plan that limit stays; those without a say, and dates that are none, are left out.
pub fn read(pricing: &str) -> Result<Vec<Season>, serde_json::Error> {
    if pricing == "{}" {
        return Ok(Vec::new());
    }
    let plan: Plan = serde_json::from_str(pricing)?;
    let season = |row: &Row| {
        let (min_nights, max_nights) = (row.min_nights.and_then(NonZeroU16::new), row.max_nights.and_then(NonZeroU16::new));
        let range = NightRange::new(Night::parse(&row.from)?, Night::parse(&row.to)?);
        (range.nights() > 0 && (min_nights.is_some() || max_nights.is_some())).then_some(Season { range, priority: row.priority, min_nights, max_nights })
    };
    Ok(plan.seasons.iter().filter_map(season).collect())
}

/// The seasons as overrides of the days from `from` on, to be laid under all others ([`super::lay`]). For each field the highest season
/// that says something about it counts.
#[must_use]
pub fn overrides(seasons: &[Season], from: Night) -> Vec<DayOverride> {
    let mut rising: Vec<&Season> = seasons.iter().filter(|season| season.range.to > from).collect();
    // Sorting keeps the order of equals, so the last of a kind is the newest.
    rising.sort_by_key(|season| (season.priority, std::cmp::Reverse(season.range.nights())));
    let mut edges: Vec<Night> = rising.iter().flat_map(|season| [season.range.from, season.range.to]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut laid: Vec<DayOverride> = Vec::new();
    for range in edges.windows(2).map(|pair| NightRange::new(pair[0], pair[1])) {
        let here = || rising.iter().rev().filter(|season| season.range.contains(range.from));
        let (min_nights, max_nights) = (here().find_map(|season| season.min_nights), here().find_map(|season| season.max_nights));
        match laid.last_mut() {
            _ if min_nights.is_none() && max_nights.is_none() => {}
            Some(last) if last.range.to == range.from && (last.min_nights, last.max_nights) == (min_nights, max_nights) => last.range.to = range.to,
            _ => laid.push(DayOverride { min_nights, max_nights, ..DayOverride::plain(range) }),
        }
    }
    laid
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"{"weekend": {"days": ["friday"], "price": 900}, "seasons": [
        {"name": "Summer", "from": "2030-06-01", "to": "2030-09-01", "priority": 1, "price": 20000, "min_nights": 4, "max_nights": 21},
        {"name": "Fair", "from": "2030-07-10", "to": "2030-07-20", "priority": 5, "min_nights": 7},
        {"name": "Week of boats", "from": "2030-07-15", "to": "2030-07-22", "priority": 5, "min_nights": 3},
        {"name": "Dear", "from": "2030-08-01", "to": "2030-08-05", "priority": 9, "price": 30000}]}"#;

    #[test]
    fn the_highest_season_that_says_something_counts() {
        let seasons = read(PLAN).unwrap();
        assert_eq!(seasons.len(), 3, "a season of prices alone says nothing here");
        let days = overrides(&seasons, Night::parse("2030-01-01").unwrap());
        let told: Vec<_> = days
            .iter()
            .map(|day| (day.range.from.to_string(), day.range.to.to_string(), day.min_nights.unwrap().get(), day.max_nights.unwrap().get()))
            .collect();
        let day = |from: &str, to: &str, min, max| (from.to_owned(), to.to_owned(), min, max);
        assert_eq!(
            told,
            [
                day("2030-06-01", "2030-07-10", 4, 21),
                day("2030-07-10", "2030-07-15", 7, 21),
                // Both have priority 5: the shorter one wins.
                day("2030-07-15", "2030-07-22", 3, 21),
                day("2030-07-22", "2030-09-01", 4, 21),
            ]
        );
        assert_eq!(overrides(&seasons, Night::parse("2030-09-01").unwrap()), []);
        assert_eq!(read("{}").unwrap(), []);
        assert_eq!(read(r#"{"seasons": [{"from": "soon", "to": "2030-07-22", "min_nights": 3}]}"#).unwrap(), []);
    }

    #[test]
    fn among_equals_the_newer_wins() {
        let plan = r#"{"seasons": [{"from": "2030-07-01", "to": "2030-07-08", "min_nights": 3}, {"from": "2030-07-04", "to": "2030-07-11", "min_nights": 5}]}"#;
        let days = overrides(&read(plan).unwrap(), Night(0));
        assert_eq!(days.iter().map(|day| day.min_nights.unwrap().get()).collect::<Vec<_>>(), [3, 5]);
        assert_eq!(days[1].range.from.to_string(), "2030-07-04");
    }
}
