//! `blocked.csv` (taken nights) and `prices.csv` (prices by night) of a folder.

use super::super::rules::days::Facts;
use super::super::rules::fields;
use super::super::survey::Survey;
use super::super::table::{Misfit, Row};
use crate::values::Night;

pub(super) const BLOCKED: [&str; 3] = ["listing_id", "start", "end"];
pub(super) const PRICES: [&str; 2] = ["listing_id", "nightly"];

/// More nights than that in a row are a typing error.
const RANGE_NIGHTS_MAX: i32 = 3_660;
const DATE: &str = "a date such as 2026-07-03";

/// Notes a stretch of taken nights; the end is exclusive.
pub(super) fn blocked(survey: &mut Survey, row: &Row<'_>, file: &str) -> Result<(), Misfit> {
    let Some(owner) = survey.owner_or_bad(file, row.line, row.needed("listing_id")?) else { return Ok(()) };
    let from = row.must("start", DATE, Night::parse)?;
    let to = row.must("end", DATE, Night::parse)?;
    if to <= from || from.days_until(to) > RANGE_NIGHTS_MAX {
        return Err(Misfit::new("end", format!("{to} is not 1 to {RANGE_NIGHTS_MAX} nights after the start, {from}")));
    }
    survey.taken.push((owner, from, to));
    Ok(())
}

/// Notes a listing's prices: `12000x30;15000x2` is 30 nights at 120.00 and then two at 150.00, from the row's `start`
/// or else from `first`. An empty price leaves those nights at the base price.
pub(super) fn prices(survey: &mut Survey, row: &Row<'_>, file: &str, first: Option<Night>) -> Result<(), Misfit> {
    let Some(owner) = survey.owner_or_bad(file, row.line, row.needed("listing_id")?) else { return Ok(()) };
    let start = row.maybe("start", DATE, Night::parse)?.or(first);
    let mut from = start.ok_or_else(|| Misfit::new("start", "no day is named on which the prices begin, and there is no meta.json that names one"))?;
    let runs = row.must("nightly", "prices such as 12000x30;15000x2", runs)?;
    for (price_minor, nights) in runs {
        let to = from.plus(nights);
        survey.book.add(owner, row.line, from, to, Facts { open: true, min_nights: 0, max_nights: 0, price_minor });
        from = to;
    }
    Ok(())
}

/// Prices and for how many nights each; no more than ten years together.
fn runs(text: &str) -> Option<Vec<(i64, i32)>> {
    let mut left = RANGE_NIGHTS_MAX;
    text.split(';')
        .map(|run| {
            let (price, nights) = run.split_once('x')?;
            let price = if price.is_empty() { 0 } else { fields::whole(price, 1, fields::PRICE_MAX)? };
            let nights: i32 = nights.parse().ok().filter(|nights| (1..=left).contains(nights))?;
            left -= nights;
            Some((price, nights))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_run_length_coded() {
        assert_eq!(runs("12000x30;15000x2"), Some(vec![(12_000, 30), (15_000, 2)]));
        assert_eq!(runs("x5;9x1"), Some(vec![(0, 5), (9, 1)]));
        for bad in ["", "12000", "12000x", "0x3", "-5x3", "5x0", "5x-1", "5x1;;", "5x999999", "5x3000;6x3000"] {
            assert_eq!(runs(bad), None, "{bad}");
        }
    }
}
