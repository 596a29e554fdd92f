//! Valid requests for the operations about damage claims, and for goodwill: of stays in which staff who decide have no part. For `matrix.rs`.

use super::bookings_cast::As;
use super::cast::{Cast, Request, Who, run, run_any};
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
            "giveGoodwill" => return self.request_for_goodwill(who).await,
            "decideClaim" => (As::Guest, "escalated", Some(json!({"amount": 1, "reason": "the matrix asks"}))),
            _ => return None,
        };
        run_any(self.db, "DELETE FROM claims", vec![]).await;
        let booking = self.booking(who, side, "in_stay").await;
        let now = self.town.clock.now();
        let over = "UPDATE bookings SET state = 'completed', due_at = NULL, check_out_at = $2, ended_at = $2, provider = '' WHERE id = $1";
        run(self.db, over, vec![booking.into(), now.into()]).await;
        if operation == "decideClaim" {
            run(self.db, "UPDATE bookings SET guest_id = host_id WHERE id = $1", vec![booking.into()]).await;
            return Some(Request { id: Some(self.claim(booking, state).await), body, ..Request::default() });
        }
        let claim = if state.is_empty() { Uuid::nil() } else { self.claim(booking, state).await };
        let parts = if matches!(operation, "fileClaim" | "listBookingClaims") { Vec::new() } else { vec![("{cid}", claim)] };
        Some(Request { id: Some(booking), parts, body, ..Request::default() })
    }

    /// A stay that was paid, in the home of somebody who decides nothing.
    async fn request_for_goodwill(&self, who: Who) -> Option<Request> {
        const ELSEWHERE: &str = "UPDATE bookings SET host_id = $2, listing_id = $3 WHERE id = $1";
        let request = self.request_about_bookings("giveGoodwill", who).await?;
        run(self.db, ELSEWHERE, vec![request.id?.into(), self.host.into(), self.listing.into()]).await;
        Some(request)
    }

    /// A claim about a booking.
    async fn claim(&self, booking: Uuid, state: &str) -> Uuid {
        const FILED: &str = "INSERT INTO claims (id, booking_id, host_id, guest_id, state, items, amount_minor, currency, description, offered_minor, answer,
            settled_minor, decision, due_at, version, created_at, updated_at)
            SELECT $1, id, host_id, guest_id, $3, '{\"items\": []}', 500, currency, '', 400, '', 400, '', $4, 1, $5, $5 FROM bookings WHERE id = $2";
        let (id, now) = (Uuid::now_v7(), self.town.clock.now());
        let due: Option<Instant> = matches!(state, "open" | "contested").then(|| now.plus_seconds(3_600));
        let params: Vec<Value> = vec![id.into(), booking.into(), state.into(), due.into(), now.into()];
        run(self.db, FILED, params).await;
        id
    }
}
