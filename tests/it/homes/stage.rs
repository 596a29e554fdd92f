//! What hosts send, and how the stories get at it.

use crate::support::TestDb;
pub(super) use crate::support::people::{run, with_role};
use crate::support::town::{Asker, Reply, Town};
use poem::http::Method;
use serde_json::{Value, json};

/// The least that makes a home.
pub(super) fn least(title: &str) -> Value {
    json!({
        "title": title, "room_type": "entire_home", "property_type": "entire_loft", "capacity": 4, "currency": "EUR",
        "location": {"lat": 38.711, "lng": -9.136, "city": "Lisbon", "country": "PT", "neighbourhood": "Alfama"},
    })
}

/// Everything that a home needs to be published, and more.
pub(super) fn whole(title: &str) -> Value {
    let mut home = least(title);
    let more = json!({
        "summary": "Small and high.", "description": "Under the roof, with swifts.", "house_rules": "No drums.", "language": "en",
        "rooms": [{"kind": "bedroom", "name": "Blue room", "beds": [{"kind": "queen", "count": 1}]}, {"kind": "living_room", "beds": [{"kind": "sofa_bed", "count": 1}]}],
        "bathrooms": 1.5, "amenities": ["wifi", "kitchen", "wifi"], "other_amenities": ["A view of the river"], "accessibility": ["lit_path"],
        "base_price": 9_500, "booking_mode": "instant", "check_in_time": "16:00", "check_out_time": "10:30", "short_policy": "moderate",
        "private": {"address": "Rua da Bica 5, 3rd floor", "wifi_name": "Swift", "wifi_password": "zanzibar-wren-9", "access_code": "4711#"},
    });
    home.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    home
}

/// A town in which homes need no photo.
pub(super) async fn town(db: &TestDb) -> Town {
    Town::with(db, |config| config.listings.photo_required = false).await
}

/// Makes a home; answers its id.
pub(super) async fn make(town: &Town, host: &Asker, home: Value) -> String {
    let made = town.post(host, "/listings", home).await;
    made.expect(201).json()["id"].as_str().unwrap().to_owned()
}

pub(super) async fn patch(town: &Town, who: &Asker, id: &str, change: Value) -> Reply {
    town.ask(who, Method::PATCH, &format!("/listings/{id}"), Some(&change)).await
}

/// Does something to a home without saying more: publish, pause, submit.
pub(super) async fn act(town: &Town, who: &Asker, id: &str, what: &str) -> Reply {
    town.ask(who, Method::POST, &format!("/listings/{id}/{what}"), None).await
}

/// A stay of a guest, night by night.
pub(super) async fn stay(db: &TestDb, listing: &str, slot: i64, nights: &[&str]) {
    const NIGHT: &str = "INSERT INTO booked_nights (listing_id, slot, night, kind, booking_id) VALUES ($1, $2, $3, 'booking', $4)";
    let (listing, booking) = (listing.parse::<uuid::Uuid>().unwrap(), uuid::Uuid::now_v7());
    for night in nights {
        let night = stopover::values::Night::parse(night).unwrap();
        run(db, NIGHT, vec![listing.into(), slot.into(), night.into(), booking.into()]).await;
    }
}

/// The pointers of a problem, in order.
pub(super) fn pointers(reply: &Reply) -> Vec<String> {
    reply.json()["errors"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap().to_owned()).collect()
}

/// How many homes a search finds.
pub(super) async fn found(town: &Town, query: &str) -> i64 {
    town.get(&Asker::default(), &format!("/search/stays?{query}")).await.expect(200).json()["total"].as_i64().unwrap()
}
