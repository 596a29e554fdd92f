//! Homes and reviews of people in a story, written by hand: nobody can make them over the API yet.

use crate::support::TestDb;
use serde_json::Value as Json;
use std::time::Duration;
use stopover::platform::db::DbError;
use stopover::platform::events::{self, Kind};
use stopover::values::ListingId;
use uuid::Uuid;

pub(crate) fn id(text: &Json) -> Uuid {
    text.as_str().unwrap().parse().unwrap()
}

/// A published home of `host`, with its news in the event log.
pub(crate) async fn home(db: &TestDb, host: &Json, title: &'static str) -> Uuid {
    const HOME: &str =
        "INSERT INTO listings (id, host_id, state, title, room_type, property_type, city, country, neighbourhood, lat, lng, public_lat, public_lng,
        zone, currency, price_minor, capacity, bedrooms, beds, bathrooms_halves, bathroom_shared, amenities, amenities_other, instant_book,
        max_infants, max_pets, min_nights, max_nights, notice_days, cutoff_minute, window_days, window_strict, preparation_nights, arrival_days,
        departure_days, gap_nights, fill_gaps, unit_count, rating_count, rating_sum_centi, review_scores, review_count, calendar_version,
        edited_fields, version, created_at, updated_at)
        VALUES ($1, $2, 'published', $4, 'entire_home', 'entire_loft', 'Albany', 'US', 'Center Square', 42.6543219, -73.7612345,
        42.655, -73.76, 'America/New_York', 'USD', 10000, 4, 2, 3, 3, FALSE, '[\"wifi\"]', '[\"A view of the lark\"]', TRUE,
        5, 0, 2, 30, 0, 1080, 365, FALSE, 0, 127, 31, 0, TRUE, 1, 0, 0, '{}', 0, 1, '[]', 7, $3, $3)";
    const TEXT: &str = "INSERT INTO listing_texts (listing_id, language, description, neighbourhood_text) VALUES ($1, '', 'Ring at Zanzibarova.', 'Quiet.')";
    let (listing, host) = (ListingId::new(), id(host));
    let written: Result<(), DbError> = db
        .write(move |tx, now| {
            tx.execute(HOME, &[listing.into(), host.into(), now.into(), title.into()])?;
            tx.execute(TEXT, &[listing.into()])?;
            events::append(tx, Kind::ListingChanged, listing.0, &serde_json::json!({}), now)
        })
        .await;
    written.unwrap();
    listing.0
}

/// A review that `author` wrote.
pub(crate) async fn review(db: &TestDb, listing: Uuid, author: &Json, name: &'static str, body: &'static str) {
    const REVIEW: &str = "INSERT INTO reviews (id, listing_id, author_id, author_name, written_on, overall, body, created_at)
        VALUES ($1, $2, $3, $4, '2026-05-01', 5, $5, $6)";
    let author = id(author);
    let params = move |now: stopover::values::Instant| [Uuid::now_v7().into(), listing.into(), author.into(), name.into(), body.into(), now.into()];
    let written: Result<u64, DbError> = db.write(move |tx, now| tx.execute(REVIEW, &params(now))).await;
    written.unwrap();
}

/// Waits until `holds`, two seconds at most.
pub(crate) async fn until(holds: impl AsyncFn() -> bool) {
    for _ in 0..40 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it was waited for two seconds in vain");
}
