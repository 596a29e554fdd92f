//! Valid requests for the operations about damage claims. For `matrix.rs`.

use super::bookings_cast::As;
use super::cast::{Cast, Request, Who, run, run_any, user_of};
use serde_json::{Value as Json, json};
use stopover::platform::db::Value;
use stopover::values::{Clock, Instant};
use uuid::Uuid;

impl Cast<'_> {
    pub(super) async fn request_about_claims(&self, operation: &str, who: Who) -> Option<Request> {
        let (side, state, body): (As, &str, Option<Json>) = match operation {
            "fileClaim" => (As::Host, "", Some(json!({"items": [{"what": "A lamp", "amount": 500}]}))),
            "listBookingClaims" => (As::Guest, "open", None),
            "answerClaim" => (As::Guest, "open", Some(json!({"amount": 0}))),
            "acceptClaimOffer" | "escalateClaim" => (As::Host, "contested", None),
            "withdrawClaim" => (As::Host, "open", None),
            "payClaim" => (As::Guest, "due", Some(json!({"payment_method": "card_ok"}))),
            "listClaims" => return Some(Request::default()),
            "decideClaim" => (As::Guest, "escalated", Some(json!({"amount": 1, "reason": "the matrix asks"}))),
            _ => return None,
        };
        run_any(self.db, "DELETE FROM claims", vec![]).await;
        let booking = self.booking(who, side, "in_stay").await;
        let now = self.town.clock.now();
        let over = "UPDATE bookings SET state = 'completed', due_at = NULL, check_out_at = $2, ended_at = $2, provider = '' WHERE id = $1";
        run(self.db, over, vec![booking.into(), now.into()]).await;
        let claim = if state.is_empty() { Uuid::nil() } else { self.claim(booking, state, operation == "decideClaim").await };
        if operation == "decideClaim" {
            return Some(Request { id: Some(claim), body, ..Request::default() });
        }
        let parts = if matches!(operation, "fileClaim" | "listBookingClaims") { Vec::new() } else { vec![("{cid}", claim)] };
        Some(Request { id: Some(booking), parts, body, ..Request::default() })
    }

    /// A claim about a booking; `elsewhere`: between people who decide nothing.
    async fn claim(&self, booking: Uuid, state: &str, elsewhere: bool) -> Uuid {
        const FILED: &str = "INSERT INTO claims (id, booking_id, host_id, guest_id, state, items, amount_minor, currency, description, offered_minor, answer,
            settled_minor, decision, due_at, version, created_at, updated_at)
            SELECT $1, id, host_id, guest_id, $3, '{\"items\": []}', 500, currency, '', 400, '', 400, '', $4, 1, $5, $5 FROM bookings WHERE id = $2";
        let (id, now) = (Uuid::now_v7(), self.town.clock.now());
        let due: Option<Instant> = matches!(state, "open" | "contested").then(|| now.plus_seconds(3_600));
        let params: Vec<Value> = vec![id.into(), booking.into(), state.into(), due.into(), now.into()];
        run(self.db, FILED, params).await;
        if elsewhere {
            let rita = user_of(self.db, "Rita").await;
            run(self.db, "UPDATE claims SET host_id = $2, guest_id = $2 WHERE id = $1", vec![id.into(), rita.into()]).await;
        }
        id
    }
}
