//! Valid requests for the operations about bookings. For `matrix.rs`.
//!
//! One booking is made, and put into the state and the hands that each request needs.

use super::cast::{Cast, Request, Who, run, run_any};
use crate::support::homes;
use crate::support::town::{Asker, email_of};
use serde_json::{Value as Json, json};
use stopover::platform::db::{DbResult, Value};
use stopover::values::{Clock, Instant};
use uuid::Uuid;

/// On which side of the booking somebody is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum As {
    Guest,
    Host,
}

impl Cast<'_> {
    pub(super) async fn request_about_bookings(&self, operation: &str, who: Who) -> Option<Request> {
        let (side, state, body): (As, &str, Option<Json>) = match operation {
            "makeBooking" => {
                self.forget_bookings().await;
                let quote = self.quote_elsewhere(who).await;
                return Some(Request { body: Some(json!({"quote_id": quote})), ..Request::default() });
            }
            "enterBooking" | "joinBooking" | "recordBookingPayment" | "grantRefund" | "giveGoodwill" => {
                return Some(self.request_about_the_house(operation, who).await);
            }
            "listBookings" => return Some(Request::default()),
            "readBooking" | "listBookingPayments" | "readStayGuide" | "readBookingLedger" | "listAlterations" => (As::Guest, "confirmed", None),
            "acceptBooking" => (As::Host, "requested", Some(json!({"reason": "the matrix asks"}))),
            "declineBooking" => (As::Host, "requested", Some(json!({"reason": "other"}))),
            "withdrawBooking" => (As::Guest, "pending_payment", Some(json!({}))),
            "checkInBooking" => (As::Host, "confirmed", Some(json!({"reason": "the matrix asks"}))),
            "checkOutBooking" | "markNoShow" => (As::Host, "in_stay", Some(json!({"reason": "the matrix asks"}))),
            "previewCancellation" => (As::Guest, "confirmed", None),
            "cancelBooking" => (As::Guest, "confirmed", Some(json!({}))),
            "payBooking" => (As::Guest, "pending_payment", Some(json!({"payment_method": "card_ok"}))),
            "proposeAlteration" => (As::Host, "confirmed", Some(json!({"adults": 1}))),
            "acceptAlteration" | "declineAlteration" => (As::Host, "confirmed", Some(json!({}))),
            _ => return None,
        };
        let id = self.booking(who, side, state).await;
        let answers = matches!(operation, "acceptAlteration" | "declineAlteration");
        let parts = if answers { vec![("{aid}", self.alteration(id).await)] } else { Vec::new() };
        Some(Request { id: Some(id), parts, body, ..Request::default() })
    }

    /// What hosts and staff do to stays that they enter themselves.
    async fn request_about_the_house(&self, operation: &str, who: Who) -> Request {
        const GIVE: &str = "UPDATE bookings SET host_id = $2, listing_id = $3 WHERE id = $1";
        self.forget_bookings().await;
        let user = self.user(who).unwrap_or(self.host);
        let home = self.home_of_somebody(user).await;
        let stay = |paid: &str| json!({"check_in": "2026-07-01", "check_out": "2026-07-04", "guest_name": "Walter", "paid": paid, "reason": "the matrix asks"});
        if operation == "enterBooking" {
            return Request { id: Some(home), body: Some(stay("unpaid")), ..Request::default() };
        }
        // The host enters a stay, which comes into the hands of whoever asks.
        let theirs = self.home_of_somebody(self.user(Who::Host).unwrap()).await;
        let paid = if operation == "recordBookingPayment" { "unpaid" } else { "offline_to_host" };
        let entered = self.town.post(self.asker(Who::Host), &format!("/listings/{theirs}/bookings"), stay(paid)).await.expect(201).json();
        let id = homes::id(&entered["id"]);
        let why = json!({"amount": 1, "reason": "the matrix asks"});
        match operation {
            "joinBooking" => {
                let rita = super::cast::user_of(self.db, "Rita").await;
                let elsewhere = self.home_of_somebody(rita).await;
                run(self.db, GIVE, vec![id.into(), rita.into(), elsewhere.into()]).await;
                let email = stopover::values::Email::parse(&email_of(&who.person())).unwrap();
                let proof = self.town.tools().keys.derive(&format!("bookings.join {id} {}", email.key()));
                let token: String = proof[..16].iter().map(|byte| format!("{byte:02x}")).collect();
                return Request { id: Some(id), body: Some(json!({"token": token})), ..Request::default() };
            }
            "recordBookingPayment" => {}
            _ => run(self.db, "UPDATE bookings SET state = 'completed', due_at = NULL WHERE id = $1", vec![id.into()]).await,
        }
        run(self.db, GIVE, vec![id.into(), user.into(), home.into()]).await;
        Request { id: Some(id), body: Some(why), ..Request::default() }
    }

    /// A quote that anybody may book: somebody else's home for those who host the usual one.
    async fn quote_elsewhere(&self, who: Who) -> Uuid {
        let home = if who == Who::Host { homes::home(self.db, &json!(self.user(Who::Guest).unwrap().0), "The other home").await } else { self.listing };
        self.quote(home).await
    }

    async fn quote(&self, home: Uuid) -> Uuid {
        let wish = json!({"listing_id": home, "check_in": "2026-07-01", "check_out": "2026-07-03", "adults": 2});
        homes::id(&self.town.post(&Asker::default(), "/quotes", wish).await.expect(201).json()["id"])
    }

    async fn forget_bookings(&self) {
        run_any(self.db, "DELETE FROM booked_nights", vec![]).await;
        for rows in ["booking_alterations", "booking_instalments", "provider_calls", "disputes", "refunds", "payments"] {
            let sql: &'static str = format!("DELETE FROM {rows}").leak();
            run_any(self.db, sql, vec![]).await;
        }
        run_any(self.db, "UPDATE bookings SET state = 'withdrawn', due_at = NULL", vec![]).await;
    }

    /// The booking, in a state, with `who` on one of its sides.
    pub(super) async fn booking(&self, who: Who, side: As, state: &'static str) -> Uuid {
        const PUT: &str = "UPDATE bookings SET state = $2, guest_id = $3, listing_id = $4, host_id = $5, due_at = $6, check_in_at = $7, check_out_at = $8,
            accepted_at = NULL, confirmed_at = $9, ended_at = NULL, no_show_at = NULL, outcome = NULL WHERE id = $1";
        const NIGHT: &str = "INSERT INTO booked_nights (listing_id, slot, night, kind, booking_id, expires_at, gap) VALUES ($1, 0, $2, $3, $4, $5, 0)";
        self.forget_bookings().await;
        let id = self.template().await;
        let (user, rita) = (self.user(who).unwrap_or(self.host), super::cast::user_of(self.db, "Rita").await);
        let (guest, host) = if side == As::Guest { (user, rita) } else { (rita, user) };
        let home = self.home_of_somebody(host).await;
        let (now, day) = (self.town.clock.now(), 86_400);
        // Who is in stay has been there for two days, so that a no-show may be marked.
        let (check_in, check_out, due) = match state {
            "in_stay" => (now.plus_seconds(-2 * day), now.plus_seconds(day), now.plus_seconds(day)),
            "confirmed" => (now.plus_seconds(3_600), now.plus_seconds(3 * day), now.plus_seconds(3_600)),
            _ => (now.plus_seconds(30 * day), now.plus_seconds(33 * day), now.plus_seconds(600)),
        };
        let confirmed: Option<Instant> = matches!(state, "confirmed" | "in_stay").then_some(now);
        let put: Vec<Value> =
            vec![id.into(), state.into(), guest.into(), home.into(), host.into(), due.into(), check_in.into(), check_out.into(), confirmed.into()];
        run(self.db, PUT, put).await;
        let held = confirmed.is_none();
        for day in ["2026-07-01", "2026-07-02"] {
            let night = stopover::values::Night::parse(day).unwrap();
            let (kind, until) = if held { ("hold", Some(due)) } else { ("booking", None) };
            run(self.db, NIGHT, vec![home.into(), night.into(), kind.into(), id.into(), until.into()]).await;
        }
        id
    }

    /// The one booking of the matrix; those that hosts enter have no quote.
    async fn template(&self) -> Uuid {
        let find =
            || self.db.read(|conn| conn.first("SELECT id FROM bookings WHERE quote_id IS NOT NULL ORDER BY created_at, id LIMIT 1", &[], |row| row.get(0)));
        let found: DbResult<Option<Uuid>> = find().await;
        if let Some(id) = found.unwrap() {
            return id;
        }
        let quote = self.quote(self.listing).await;
        let rita = self.town.log_in("Rita").await;
        homes::id(&self.town.post(&rita, "/bookings", json!({"quote_id": quote})).await.expect(201).json()["id"])
    }

    /// A change that the guest proposes: the same stay at the same price.
    async fn alteration(&self, booking: Uuid) -> Uuid {
        const SAME: &str =
            "INSERT INTO booking_alterations (id, booking_id, state, side, made_by, asked, promise, delta_minor, message, expires_at, created_at)
            SELECT $1, id, 'proposed', 'guest', guest_id, asked, promise, 0, '', $3, $4 FROM bookings WHERE id = $2";
        let (id, now) = (Uuid::now_v7(), self.town.clock.now());
        run(self.db, SAME, vec![id.into(), booking.into(), now.plus_seconds(3_600).into(), now.into()]).await;
        id
    }

    /// A published home of somebody.
    async fn home_of_somebody(&self, host: stopover::values::UserId) -> Uuid {
        const FIND: &str = "SELECT id FROM listings WHERE host_id = $1 AND state = 'published' ORDER BY id LIMIT 1";
        let found: DbResult<Option<Uuid>> = self.db.read(move |conn| conn.first(FIND, &[host.into()], |row| row.get(0))).await;
        match found.unwrap() {
            Some(home) => home,
            None => homes::home(self.db, &json!(host.0), "A home with guests").await,
        }
    }
}
