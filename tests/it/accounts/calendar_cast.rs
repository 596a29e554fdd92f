//! Requests about a calendar, each about a home of whoever sends it. For `cast.rs`.

use super::cast::{Cast, Request, Who};
use crate::support::homes;
use serde_json::json;
use uuid::Uuid;

/// Rules as a host would set them.
fn rules() -> serde_json::Value {
    let week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    json!({
        "min_nights": 2, "max_nights": 30, "notice_days": 1, "window_days": 365, "window_strict": false, "preparation_nights": 0,
        "arrival_days": week, "departure_days": week, "gap_nights": 0, "fill_gaps": true,
    })
}

impl Cast<'_> {
    pub(super) const OF_CALENDARS: [&'static str; 6] =
        ["readAvailabilityRules", "setAvailabilityRules", "editCalendar", "readCalendarLog", "readUnits", "setUnits"];

    pub(super) async fn request_of_calendar(&self, operation: &str, who: Who) -> Request {
        let id = match self.user(who) {
            Some(user) => homes::home(self.db, &json!(user.0), "Home of the matrix").await,
            None => Uuid::now_v7(),
        };
        let body = match operation {
            "setAvailabilityRules" => Some(rules()),
            "editCalendar" => Some(json!({"edits": [{"from": "2026-07-01", "to": "2026-07-04", "blocked": true}]})),
            "setUnits" => Some(json!({"names": ["Left", "Right"]})),
            _ => None,
        };
        Request { id: Some(id), body, ..Request::default() }
    }
}
