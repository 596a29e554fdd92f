//! `reviews.csv` of Inside Airbnb: first name, date, text; no grade. Their dates are never shifted.

use super::super::draft::Review;
use super::super::rules::{fields, text};
use super::super::survey::Survey;
use super::super::table::{Misfit, Row};
use crate::values::Night;

pub(super) const REQUIRED: [&str; 5] = ["listing_id", "id", "date", "reviewer_name", "comments"];

/// Looks whether the row is good.
pub(super) fn survey(survey: &mut Survey, row: &Row<'_>, file: &str) -> Result<(), Misfit> {
    match survey.owner_or_bad(file, row.line, row.needed("listing_id")?) {
        Some(place) => review(row, |_| Some(place)).map(|_| ()),
        None => Ok(()),
    }
}

/// The review of a row; `None` when nobody knows its listing.
pub(super) fn review(row: &Row<'_>, place: impl Fn(&str) -> Option<u32>) -> Result<Option<Review>, Misfit> {
    row.whole()?;
    let Some(listing) = place(row.needed("listing_id")?) else { return Ok(None) };
    Ok(Some(Review {
        external_id: row.must("id", "an id", fields::id)?.to_owned(),
        listing,
        author: text::one_line(row.text("reviewer_name")?),
        written_on: row.must("date", "a date such as 2026-07-03", Night::parse)?,
        body: text::plain(row.text("comments")?),
    }))
}
