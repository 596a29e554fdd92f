//! Homes of everybody in the matrix, and the requests about them. For `cast.rs`.

use super::cast::{Cast, Request, Who, run, run_any};
use serde_json::json;
use uuid::Uuid;

impl Cast<'_> {
    /// A request about a home, or about the operator's own fields; `None` for other operations.
    pub(super) async fn request_of_homes(&self, operation: &str, who: Who) -> Option<Request> {
        let deed = Some(json!({"reason": "the matrix asks"}));
        let (state, body) = match operation {
            "createListing" => {
                let place = json!({"lat": 38.7, "lng": -9.1, "city": "Lisbon", "country": "PT"});
                let home =
                    json!({"title": "Hut", "room_type": "entire_home", "property_type": "tiny_home", "capacity": 2, "currency": "EUR", "location": place});
                return Some(Request { body: Some(home), ..Request::default() });
            }
            "readOwnListing" | "archiveListing" | "readAnyListing" => ("draft", None),
            "changeListing" => ("draft", Some(json!({"max_pets": 1}))),
            "putListingTexts" => ("draft", Some(json!({"title": "Hütte"}))),
            "dropListingTexts" | "submitListing" | "publishListing" => ("draft", None),
            "pauseListing" => ("published", None),
            "approveListing" | "rejectListing" => ("submitted", deed),
            "withholdListing" | "releaseListing" => ("published", deed),
            "addCustomField" | "changeCustomField" | "removeCustomField" => return Some(self.request_of_fields(operation).await),
            _ => return None,
        };
        let id = self.own_home(who, state).await;
        if operation == "dropListingTexts" {
            let text = "INSERT INTO listing_texts (listing_id, language, description, neighbourhood_text) VALUES ($1, 'de', 'Klein', '')";
            run(self.db, text, vec![id.into()]).await;
        }
        if operation == "releaseListing" {
            run(self.db, "UPDATE listings SET withheld = TRUE WHERE id = $1", vec![id.into()]).await;
        }
        Some(Request { id: Some(id), body, ..Request::default() })
    }

    /// A home that could be published: of theirs, where they are somebody.
    async fn own_home(&self, who: Who, state: &'static str) -> Uuid {
        const HOME: &str =
            "INSERT INTO listings (id, host_id, state, title, room_type, property_type, city, country, neighbourhood, lat, lng, public_lat, public_lng,
            zone, currency, price_minor, capacity, bedrooms, beds, bathrooms_halves, bathroom_shared, amenities, amenities_other, instant_book,
            photo_url, max_infants, max_pets, min_nights, max_nights, notice_days, cutoff_minute, window_days, window_strict, preparation_nights,
            arrival_days, departure_days, gap_nights, fill_gaps, unit_count, rating_count, rating_sum_centi, review_scores, review_count,
            calendar_version, edited_fields, version, created_at, updated_at)
            SELECT $1, $2, $3, 'Hut', room_type, property_type, city, country, neighbourhood, lat, lng, public_lat, public_lng,
            zone, currency, price_minor, capacity, bedrooms, beds, bathrooms_halves, bathroom_shared, amenities, amenities_other, instant_book,
            '/x.jpg', max_infants, max_pets, min_nights, max_nights, notice_days, cutoff_minute, window_days, window_strict, preparation_nights,
            arrival_days, departure_days, gap_nights, fill_gaps, unit_count, rating_count, rating_sum_centi, review_scores, review_count,
            calendar_version, edited_fields, 1, created_at, updated_at FROM listings WHERE id = $4";
        const TEXT: &str = "INSERT INTO listing_texts (listing_id, language, description, neighbourhood_text) VALUES ($1, '', 'Small.', '')";
        const PRIVATE: &str = "INSERT INTO listing_private (listing_id, sealed) VALUES ($1, $2)";
        let id = Uuid::now_v7();
        let host = self.user(who).filter(|_| !who.shows_nothing_valid()).unwrap_or(self.host);
        run(self.db, HOME, vec![id.into(), host.into(), state.into(), self.listing.into()]).await;
        run(self.db, TEXT, vec![id.into()]).await;
        let sealed = self.town.tools().keys.seal(&format!("listing_private.sealed {id}"), br#"{"address": "By the wood"}"#);
        run(self.db, PRIVATE, vec![id.into(), sealed.into()]).await;
        id
    }

    async fn request_of_fields(&self, operation: &str) -> Request {
        const FIELD: &str = "INSERT INTO custom_fields (key, label, kind, choices, required, searchable, version, created_at, updated_at)
            VALUES ('pool', 'Pool', 'boolean', '[]', FALSE, FALSE, 1, $1, $1)";
        run_any(self.db, "DELETE FROM custom_fields", vec![]).await;
        let mut body = json!({"reason": "the matrix asks"});
        match operation {
            "addCustomField" => {
                body["key"] = "pool".into();
                body["label"] = "Pool".into();
                body["kind"] = "boolean".into();
            }
            _ => run(self.db, FIELD, vec![stopover::values::Instant(0).into()]).await,
        }
        if operation == "changeCustomField" {
            body["label"] = "Swimming pool".into();
        }
        Request { body: Some(body), ..Request::default() }
    }
}
