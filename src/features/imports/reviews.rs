//! Writing reviews: after all listings, in the order of their file.

use super::draft::Review;
use super::piece::Stamp;
use super::progress::{Pace, Progress, Stage};
use super::report::ImportError;
use super::service::{Announcer, Dump, announce, ask, write};
use super::store;
use super::survey::Survey;
use crate::platform::db::{Db, Value};
use crate::values::{ListingId, ReviewId};
use std::collections::HashSet;

/// Rows gathered for one transaction.
#[derive(Default)]
struct Pile {
    rows: Vec<Value>,
    ids: HashSet<String>,
    listings: Vec<ListingId>,
}

impl Pile {
    fn add(&mut self, review: Review, listing: ListingId, stamp: &Stamp) {
        // One statement must not meet the same review twice; the first row of the file counts.
        if !self.ids.insert(review.external_id.clone()) {
            return;
        }
        if self.listings.last() != Some(&listing) {
            self.listings.push(listing);
        }
        self.rows.extend([
            ReviewId::new().into(),
            listing.into(),
            stamp.source.as_str().into(),
            review.external_id.into(),
            review.author.into(),
            review.written_on.into(),
            review.body.into(),
            stamp.at.into(),
        ]);
    }
}

/// Writes all reviews of the dump; answers how many are new or have changed.
pub(super) fn write_reviews(
    db: &Db,
    (survey, dump): (&Survey, &dyn Dump),
    ids: &[ListingId],
    (stamp, pace): (&Stamp, Pace),
    announcer: &mut Announcer,
    progress: &dyn Progress,
) -> Result<u64, ImportError> {
    let (mut pile, mut read, mut written) = (Pile::default(), 0, 0);
    let mut put = |pile: &mut Pile, read: u64| {
        written += write_pile(db, std::mem::take(pile), announcer)?;
        ask(progress, Stage::Reviews, read, 0)
    };
    dump.reviews(survey, &mut |review| {
        let Some(listing) = ids.get(review.listing as usize) else { return Ok(()) };
        pile.add(review, *listing, stamp);
        read += 1;
        if pile.ids.len() >= pace.rows() / 2 { put(&mut pile, read) } else { Ok(()) }
    })?;
    if !pile.rows.is_empty() {
        put(&mut pile, read)?;
    }
    Ok(written)
}

fn write_pile(db: &Db, pile: Pile, announcer: &mut Announcer) -> Result<u64, ImportError> {
    let touched: Vec<ListingId> = pile.listings.iter().copied().filter(|_| !announcer.is_loud()).collect();
    let told = touched.len();
    let written = write(db, move |tx, now| {
        let written = store::write_reviews(tx, &pile.rows)?;
        if written > 0 {
            touched.iter().try_for_each(|listing| announce(tx, *listing, now))?;
        }
        Ok(written)
    })?;
    if written > 0 {
        announcer.count(told as u64);
    }
    Ok(written)
}
