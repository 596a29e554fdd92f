//! Promises of cards for deposits: which of them are renewed, and what becomes of those that are not. A stay of seven nights, whose promise is asked for a day
//! before it and is let go of a day after.

use super::Stage;
use super::deposits::is;
use crate::support::people::run;
use crate::support::{TestDb, on_both};
use serde_json::{Value as Json, json};
use stopover::values::{Clock, Instant};
use uuid::Uuid;

const WEEK: (&str, &str) = ("2026-06-10", "2026-06-17");

impl Stage {
    /// A stage whose host wants 200.00 to be promised.
    async fn promising(db: &TestDb) -> Self {
        let stage = Self::new(db).await;
        stage.asks_for(json!({"kind": "card_hold", "amount": 20_000})).await;
        stage
    }

    /// Gustav leaves the deposit with a card.
    async fn leaves(&self, booking: &Json, card: &str) -> Json {
        let seen = self.act("Gustav", booking, "payments", json!({"payment_method": card, "what": "deposit"})).await.expect(200).json();
        self.settle().await;
        seen
    }

    /// Gustav proves who he is for the newest payment.
    async fn proves(&self, booking: &Json) {
        let seen = self.seen_by("Gustav", booking).await;
        let payment = seen["payments"].as_array().unwrap().iter().rev().find(|payment| payment["state"] == "requires_action").unwrap();
        let (guest, path) = (self.who("Gustav").await, format!("/payments/sandbox/{}/authenticate", payment["id"].as_str().unwrap()));
        self.town.post(&guest, &path, json!({"outcome": "pass"})).await.expect(200);
        self.settle().await;
    }

    /// A stay of a week, paid with a card that is refused whenever Gustav is not there; so the deposit is refused too.
    async fn proven(&self) -> Json {
        let booking = self.book("Gustav", WEEK, "card_3ds").await;
        self.proves(&booking).await;
        self.at("2026-06-09T19:00:00Z").await;
        assert_eq!((self.deposit(&booking).await, self.letters_about("a deposit is due").await), (is("failed", 0), 1));
        booking
    }

    async fn next_at(&self, booking: &Json) -> String {
        self.seen_by("Gustav", booking).await["deposit"]["next_at"].as_str().unwrap_or("never").to_owned()
    }
}

on_both!(a_promise_of_another_card_than_the_one_that_was_left_stands, async |db: TestDb| {
    let stage = Stage::promising(&db).await;
    let booking = stage.proven().await;
    stage.leaves(&booking, "card_ok").await;
    assert_eq!((stage.deposit(&booking).await, stage.next_at(&booking).await), (is("authorized", 0), "2026-06-18T15:00:00Z".to_owned()));
    // After six days it is not thrown away: the card of the stay would be refused.
    for instant in ["2026-06-15T19:00:00Z", "2026-06-15T19:01:00Z", "2026-06-16T18:50:00Z"] {
        stage.at(instant).await;
        assert_eq!((stage.deposit(&booking).await, stage.tries(&booking).await), (is("authorized", 0), vec!["voided".to_owned(), "authorized".to_owned()]));
    }
    // Its bank ends it after seven; then the guest is asked again, as for a first one.
    stage.at("2026-06-16T19:00:00Z").await;
    stage.at("2026-06-16T19:01:00Z").await;
    assert_eq!((stage.deposit(&booking).await, stage.letters_about("a deposit is due").await), (is("failed", 0), 2));
    assert!(stage.letters_about("a deposit was not left").await == 0 && stage.next_at(&booking).await != "never");
    stage.is_sound().await;
});

on_both!(a_card_for_a_stay_that_is_paid_otherwise_stands, async |db: TestDb| {
    let stage = Stage::promising(&db).await;
    // Gustav has left a card with an earlier stay.
    stage.book("Gustav", ("2026-07-10", "2026-07-12"), "card_ok").await;
    let booking = stage.book("Gustav", WEEK, "bank_transfer").await;
    let payment = booking["payments"][0]["id"].as_str().unwrap();
    stage.staff(&format!("/admin/payments/{payment}/confirm"), json!({"reason": "statement of 1 June"})).await.expect(200);
    stage.settle().await;
    stage.at("2026-06-09T19:00:00Z").await;
    assert_eq!((stage.deposit(&booking).await, stage.letters_about("a deposit is due").await), (is("failed", 0), 1));
    stage.leaves(&booking, "card_ok").await;
    assert_eq!((stage.deposit(&booking).await, stage.next_at(&booking).await), (is("authorized", 0), "2026-06-18T15:00:00Z".to_owned()));
    stage.at("2026-06-16T18:50:00Z").await;
    assert_eq!((stage.deposit(&booking).await, stage.tries(&booking).await), (is("authorized", 0), vec!["authorized".to_owned()]));
    stage.is_sound().await;
});

on_both!(a_promise_whose_card_was_forgotten_meanwhile_stands, async |db: TestDb| {
    let stage = Stage::promising(&db).await;
    let booking = stage.book("Gustav", WEEK, "card_ok").await;
    stage.at("2026-06-09T19:00:00Z").await;
    assert_eq!(stage.next_at(&booking).await, "2026-06-15T19:00:00Z", "it is to be renewed");
    run(&db, "UPDATE payment_customers SET method_sealed = NULL WHERE provider = $1", vec!["sandbox".into()]).await;
    stage.at("2026-06-15T19:00:00Z").await;
    stage.at("2026-06-15T19:01:00Z").await;
    assert_eq!((stage.deposit(&booking).await, stage.tries(&booking).await), (is("authorized", 0), vec!["authorized".to_owned()]));
    assert_eq!((stage.next_at(&booking).await, stage.letters_about("a deposit is due").await), ("2026-06-18T15:00:00Z".to_owned(), 0));
    stage.is_sound().await;
});

on_both!(a_refused_renewal_is_no_try, async |db: TestDb| {
    let stage = Stage::promising(&db).await;
    let booking = stage.proven().await;
    // The same card, with a proof this time.
    stage.at("2026-06-10T19:00:00Z").await;
    stage.leaves(&booking, "card_3ds").await;
    stage.proves(&booking).await;
    assert_eq!((stage.deposit(&booking).await, stage.next_at(&booking).await), (is("authorized", 0), "2026-06-16T19:00:00Z".to_owned()));
    let before = stage.letters_about("a deposit is due").await;
    assert_eq!(before, 2, "asked for twice in vain");
    stage.at("2026-06-16T19:00:00Z").await;
    stage.at("2026-06-16T19:01:00Z").await;
    assert_eq!((stage.deposit(&booking).await, stage.letters_about("a deposit is due").await), (is("failed", 0), before + 1));
    assert!(stage.letters_about("a deposit was not left").await == 0 && stage.next_at(&booking).await != "never", "they had left it");
    // Left another way it is there again, for the damage too.
    let left = stage.leaves(&booking, "card_ok").await;
    assert_eq!((left["state"].as_str(), left["deposit"]["state"].as_str()), (Some("in_stay"), Some("authorized")));
    stage.at("2026-06-17T16:00:00Z").await;
    stage.act("Hannah", &booking, "claims", json!({"items": [{"what": "A lamp", "amount": 7_500}]})).await.expect(201);
    stage.settle().await;
    assert_eq!(stage.deposit(&booking).await, is("held", 20_000));
    stage.is_sound().await;
});

on_both!(a_claim_is_filed_although_the_promise_is_let_go_of, async |db: TestDb| {
    let stage = Stage::promising(&db).await;
    let booking = stage.book("Gustav", WEEK, "card_ok").await;
    stage.at("2026-06-09T19:00:00Z").await;
    stage.at("2026-06-10T19:00:00Z").await;
    stage.at("2026-06-15T19:00:00Z").await;
    stage.at("2026-06-15T19:01:00Z").await;
    stage.at("2026-06-17T15:00:00Z").await;
    assert_eq!(stage.deposit(&booking).await, is("authorized", 0));
    // It is let go of, and the provider, who is out of reach, has not said so.
    run(&db, "UPDATE payments SET void_asked = TRUE WHERE purpose = $1", vec!["deposit".into()]).await;
    stage.at("2026-06-17T16:00:00Z").await;
    stage.act("Hannah", &booking, "claims", json!({"items": [{"what": "A lamp", "amount": 7_500}]})).await.expect(201);
    assert_eq!(stage.deposit(&booking).await, is("authorized", 0), "nothing is promised that could be taken");
});

on_both!(a_moved_deposit_waits_until_the_old_promise_is_gone, async |db: TestDb| {
    let stage = Stage::promising(&db).await;
    let booking = stage.book("Gustav", WEEK, "card_ok").await;
    stage.at("2026-06-09T19:00:00Z").await;
    assert_eq!(stage.deposit(&booking).await, is("authorized", 0));
    // The provider does not answer for three hours.
    let until = Clock::now(&*stage.town.clock).plus_seconds(3 * 3_600);
    const STUCK: &str = "UPDATE provider_calls SET state = 'waiting', lease = $1, lease_until = $2
        WHERE kind = 'authorize' AND payment_id IN (SELECT id FROM payments WHERE purpose = 'deposit')";
    run(&db, STUCK, vec![Uuid::now_v7().into(), until.into()]).await;
    let change = stage.act("Gustav", &booking, "alterations", json!({"check_out": "2026-06-16"})).await.expect(201).json();
    stage.act("Hannah", &booking, &format!("alterations/{}/accept", change["id"].as_str().unwrap()), json!({})).await.expect(200);
    for hours in 1..=2 {
        stage.at(&Instant::parse("2026-06-09T19:01:00Z").unwrap().plus_seconds(hours * 3_600).to_string()).await;
        assert_eq!((stage.deposit(&booking).await, stage.letters_about("a deposit is due").await), (is("planned", 0), 0), "{hours}");
    }
    // Then the old one is let go of, and the new one is promised.
    for instant in ["2026-06-09T22:05:00Z", "2026-06-09T23:10:00Z", "2026-06-09T23:11:00Z"] {
        stage.at(instant).await;
    }
    assert_eq!((stage.deposit(&booking).await, stage.tries(&booking).await), (is("authorized", 0), vec!["voided".to_owned(), "authorized".to_owned()]));
    assert_eq!(stage.letters_about("a deposit is due").await, 0);
    stage.is_sound().await;
});
