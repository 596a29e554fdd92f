//! Stays that are booked. The clock stands at 2026-06-01T12:00Z, 8 o'clock in Albany.

mod agreed;
mod asking;
mod booking;
mod changes;
mod claims;
mod credit;
mod credit_odds;
mod entering;
mod giving;
mod paying;
mod plans;
mod silence;
mod stuck;
mod time;
mod triples;

use crate::support::people::run;
use crate::support::town::{Asker, Reply, Town};
use crate::support::{TestDb, homes};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::values::Clock;
use uuid::Uuid;

/// A town with a host, their home at 100.00 USD a night in Albany for four guests and at least two nights, and a guest.
struct Stage {
    town: Town,
    host: Asker,
    home: Uuid,
    guest: Asker,
}

impl Stage {
    async fn new(db: &TestDb) -> Self {
        let town = Town::new(db).await;
        let host = town.newcomer("Hannah").await;
        let me = town.get(&host, "/me").await.expect(200).json();
        let home = homes::home(db, &me["id"], "Under the lark").await;
        run(db, "UPDATE listings SET departure_days = 127 WHERE id = $1", vec![home.into()]).await;
        let guest = town.newcomer("Gustav").await;
        Self { town, host, home, guest }
    }

    /// The same with a host who wants to be asked.
    async fn asking(db: &TestDb) -> Self {
        let stage = Self::new(db).await;
        run(db, "UPDATE listings SET instant_book = FALSE WHERE id = $1", vec![stage.home.into()]).await;
        stage
    }

    async fn quote(&self, guest: &Asker, check_in: &str, check_out: &str) -> Json {
        let wish = json!({"listing_id": self.home, "check_in": check_in, "check_out": check_out, "adults": 2});
        self.town.post(guest, "/quotes", wish).await.expect(201).json()
    }

    /// Asks for a quote and books it.
    async fn try_book(&self, guest: &Asker, check_in: &str, check_out: &str) -> Reply {
        let quote = self.quote(guest, check_in, check_out).await;
        self.town.post(guest, "/bookings", json!({"quote_id": quote["id"]})).await
    }

    async fn book(&self, guest: &Asker, check_in: &str, check_out: &str) -> Json {
        self.try_book(guest, check_in, check_out).await.expect(201).json()
    }

    async fn read(&self, who: &Asker, booking: &Json) -> Json {
        self.town.get(who, &path(booking)).await.expect(200).json()
    }

    /// An act of somebody on a booking.
    async fn act(&self, who: &Asker, booking: &Json, act: &str, body: Json) -> Reply {
        let body = Some(body).filter(|body| !body.is_null());
        self.town.ask(who, Method::POST, &format!("{}/{act}", path(booking)), body.as_ref()).await
    }

    /// The nights of June that the home's public calendar says are taken, as days of the month.
    async fn taken(&self) -> Vec<u32> {
        let calendar = self.town.get(&Asker::default(), &format!("/listings/{}/calendar?from=2026-06-01&to=2026-07-01", self.home)).await.expect(200).json();
        let days = calendar["days"].as_array().or_else(|| calendar["data"].as_array()).unwrap().clone();
        // Nights that are over are nobody's any more.
        let today = self.town.clock.now().plus_seconds(-4 * 3_600).to_string()[..10].to_owned();
        let coming = days.into_iter().filter(|day| *day["date"].as_str().unwrap() >= *today);
        let taken = coming.filter(|day| day["status"] == "unavailable" || day["available"] == false);
        taken.map(|day| day["date"].as_str().unwrap()[8..].parse().unwrap()).collect()
    }
}

fn path(booking: &Json) -> String {
    format!("/bookings/{}", booking["id"].as_str().unwrap())
}

/// The acts of a booking's history.
fn acts(booking: &Json) -> Vec<&str> {
    booking["history"].as_array().unwrap().iter().map(|step| step["act"].as_str().unwrap()).collect()
}
