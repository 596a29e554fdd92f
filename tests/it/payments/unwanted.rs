//! Money that nobody wants any more, and money that the provider does not take or let go of at once.

use super::faults::{Fault, lagging, script, stage};
use super::*;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use stopover::features::payments::State;

const CHARGES: &str = "SELECT COUNT(*) FROM sandbox_charges";
const WAITING: &str = "SELECT COUNT(*) FROM provider_calls WHERE state = 'waiting'";

impl Stage {
    async fn let_go(&self, id: PaymentId) {
        self.write(move |tx, now| payments::void(tx, now, id)).await.unwrap();
    }

    async fn take(&self, id: PaymentId) {
        self.write(move |tx, now| payments::capture(tx, now, id)).await.unwrap();
    }

    async fn minutes(&self, minutes: usize) {
        for _ in 0..minutes {
            self.pass(60).await;
        }
    }
}

on_both!(what_is_not_wanted_any_more_is_not_asked_for_after_an_outage, async |db: TestDb| {
    let (stage, calls) = stage(&db, script(&[Fault::Before])).await;
    let (booking, id) = stage.charge("card_ok", Capture::Now).await;
    assert!(!stage.settle(booking).await, "nobody is there");
    stage.town.clock.advance_seconds(15 * 60);
    stage.let_go(id).await;
    stage.pass(25 * 60).await;
    stage.pass(2).await;
    assert_eq!((stage.payment(booking).await.state, stage.news(id).await), (State::Voided, vec!["voided".to_owned()]));
    assert_eq!((calls.load(SeqCst), stage.count(CHARGES).await, stage.count(WAITING).await), (1, 0, 0), "the card was never charged");
    // The booking may be paid another way.
    stage.ask(stage.wanted(booking, "card_ok", Capture::Now), "sandbox").await.unwrap();
    assert!(stage.settle(booking).await);
    stage.expect_same_books().await;
});

on_both!(what_may_not_be_found_yet_is_looked_for_again, async |db: TestDb| {
    let (stage, calls) = lagging(&db, script(&[Fault::Before]), 300).await;
    let (booking, id) = stage.charge("card_ok", Capture::Now).await;
    assert!(!stage.settle(booking).await);
    stage.let_go(id).await;
    stage.minutes(1).await;
    assert_eq!(stage.payment(booking).await.state, State::Created, "a provider that finds things late may have it");
    stage.minutes(30).await;
    assert_eq!((stage.payment(booking).await.state, calls.load(SeqCst), stage.count(CHARGES).await), (State::Voided, 1, 0));
    // One that had been heard is found, and goes back.
    let (heard, id) = stage.charged("card_timeout_once", Capture::Later).await;
    stage.let_go(id).await;
    stage.minutes(2).await;
    assert_eq!((stage.payment(heard).await.state, stage.news(id).await), (State::Voided, vec!["authorized".to_owned(), "voided".to_owned()]));
    stage.expect_same_books().await;
});

on_both!(what_cannot_be_let_go_of_yet_is_let_go_of_later, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let (booking, id) = stage.charged("card_late_success", Capture::Later).await;
    stage.let_go(id).await;
    assert!(stage.settle(booking).await, "nobody waits for what is put off");
    assert_eq!((stage.payment(booking).await.state, stage.count(WAITING).await), (State::Created, 1), "the bank is still at it");
    // After twenty minutes the bank says yes. The promise is let go of when its turn comes.
    stage.minutes(35).await;
    assert_eq!((stage.payment(booking).await.state, stage.news(id).await), (State::Voided, vec!["authorized".to_owned(), "voided".to_owned()]));
    // Who hears of it may ask for it at once.
    let (second, id) = stage.charged("card_late_success", Capture::Later).await;
    stage.let_go(id).await;
    stage.minutes(20).await;
    assert_eq!(stage.payment(second).await.state, State::Authorized);
    stage.let_go(id).await;
    stage.run().await;
    assert_eq!((stage.payment(second).await.state, stage.count(WAITING).await), (State::Voided, 0));
    stage.expect_same_books().await;
});

on_both!(what_is_not_taken_is_asked_for_again_and_then_let_go_of, async |db: TestDb| {
    let no = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&no);
    let (stage, _) = stage(&db, Box::new(move || if asked.load(SeqCst) { Fault::No } else { Fault::None })).await;
    let (soon, first) = stage.charged("card_ok", Capture::Later).await;
    let (never, second) = stage.charged("card_ok", Capture::Later).await;
    no.store(true, SeqCst);
    stage.take(first).await;
    stage.run().await;
    stage.minutes(2).await;
    assert_eq!(stage.payment(soon).await.state, State::Authorized);
    no.store(false, SeqCst);
    stage.minutes(3).await;
    assert_eq!((stage.payment(soon).await.state, stage.count(WAITING).await), (State::Captured, 0), "the next time it is taken");
    no.store(true, SeqCst);
    stage.take(second).await;
    stage.run().await;
    stage.minutes(14).await;
    assert!(!stage.payment(never).await.void_asked);
    stage.minutes(6).await;
    assert!(stage.payment(never).await.void_asked, "five times in a quarter of an hour are enough");
    no.store(false, SeqCst);
    stage.minutes(2).await;
    assert_eq!((stage.payment(never).await.state, stage.news(second).await), (State::Voided, vec!["authorized".to_owned(), "voided".to_owned()]));
    stage.ask(stage.wanted(never, "card_ok", Capture::Now), "sandbox").await.unwrap();
    assert!(stage.settle(never).await);
    stage.expect_same_books().await;
});
