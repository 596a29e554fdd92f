//! `calendar.csv` of Inside Airbnb: a row is a day of a listing. `adjusted_price` is not read.

use super::super::rules::days::Facts;
use super::super::rules::fields;
use super::super::survey::Survey;
use super::super::table::{Misfit, Row};
use crate::values::{Currency, Night};

pub(super) const REQUIRED: [&str; 3] = ["listing_id", "date", "available"];

/// Notes a day.
pub(super) fn survey(survey: &mut Survey, row: &Row<'_>, file: &str, currency: Currency) -> Result<(), Misfit> {
    let Some(owner) = survey.owner_or_bad(file, row.line, row.needed("listing_id")?) else { return Ok(()) };
    let day = row.must("date", "a date such as 2026-07-03", Night::parse)?;
    let nights = |text: &str, most: i64| fields::whole(text, 1, i64::from(u32::MAX)).and_then(|nights| u16::try_from(nights.min(most)).ok());
    let facts = Facts {
        open: row.must("available", "t or f", fields::flag)?,
        price_minor: row.maybe("price", "a price", |t| fields::price(t, currency))?.unwrap_or(0),
        min_nights: row.maybe("minimum_nights", "a number of nights", |t| nights(t, fields::MINIMUM_MAX))?.unwrap_or(0),
        max_nights: row.maybe("maximum_nights", "a number of nights", |t| nights(t, fields::NIGHTS_MAX))?.unwrap_or(0),
    };
    survey.book.add(owner, row.line, day, day.plus(1), facts);
    Ok(())
}
