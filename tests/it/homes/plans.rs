//! Homes are found by index.

use crate::support::{TestDb, on_both, uses_index};
use stopover::features::listings;
use stopover::values::{Instant, ListingId, Night, UserId};

on_both!(homes_and_their_lists_are_found_by_index, async |db: TestDb| {
    let (listing, user) = (ListingId::new(), UserId::new());
    for sql in [listings::HOME, listings::TRANSLATIONS] {
        uses_index(&db, sql, vec![listing.into()]).await;
    }
    uses_index(&db, listings::HOST_APPROVED, vec![user.into()]).await;
    uses_index(&db, listings::TAKEN, vec![listing.into(), Night(20_000).into(), Instant(0).into()]).await;
    for sql in listings::list_statements() {
        uses_index(&db, &sql, vec![listing.into(), 20_i64.into()]).await;
    }
});
