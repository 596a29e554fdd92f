//! What the test cards do, from the first call to what comes hours later.

use super::*;
use poem::http::Method;
use serde_json::json;
use stopover::features::payments::{SAVED, State, refund_of};

on_both!(every_card_does_what_its_name_says, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    for (card, state, failure) in [
        ("card_ok", State::Captured, None),
        ("card_declined", State::Failed, Some("card_declined")),
        ("card_insufficient_funds", State::Failed, Some("insufficient_funds")),
        ("card_expired", State::Failed, Some("expired_card")),
        ("card_nobody_knows", State::Failed, Some("unknown_card")),
        ("card_3ds", State::RequiresAction, None),
        ("card_late_success", State::Created, None),
        ("card_refund_fails", State::Captured, None),
    ] {
        let (booking, id) = stage.charged(card, Capture::Now).await;
        let payment = stage.payment(booking).await;
        assert_eq!((payment.state, payment.failure.as_deref()), (state, failure), "{card}");
        let news = stage.news(id).await;
        assert_eq!(news.len(), usize::from(state != State::Created), "{card}: {news:?}");
        let captured = state == State::Captured;
        assert_eq!((payment.captured, payment.fee), (if captured { 10_000 } else { 0 }, captured.then_some(175)), "{card}");
    }
    // Off session nobody is there to prove anything.
    let booking = BookingId(Uuid::now_v7());
    stage.ask(Charge { off_session: true, ..stage.wanted(booking, "card_3ds", Capture::Now) }, "sandbox").await.unwrap();
    stage.settle(booking).await;
    assert_eq!(stage.payment(booking).await.failure.as_deref(), Some("authentication_required"));
    stage.expect_same_books().await;
});

on_both!(a_call_that_broke_is_made_again_and_one_that_was_heard_is_not, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    for card in ["card_error_once", "card_timeout_once"] {
        let (booking, id) = stage.charge(card, Capture::Now).await;
        assert!(!stage.settle(booking).await, "{card}");
        assert_eq!(stage.payment(booking).await.state, State::Created);
        stage.pass(2).await;
        assert_eq!((stage.payment(booking).await.state, stage.news(id).await), (State::Captured, vec!["captured".to_owned()]), "{card}");
    }
    assert_eq!(stage.count("SELECT COUNT(*) FROM sandbox_book WHERE kind = 'capture'").await, 2);
    stage.expect_same_books().await;
});

on_both!(a_promise_is_taken_let_go_or_lapses, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let (taken, id) = stage.charged("card_ok", Capture::Later).await;
    stage.write(move |tx, now| payments::capture(tx, now, id)).await.unwrap();
    // Asked for twice, it is taken once.
    stage.write(move |tx, now| payments::capture(tx, now, id)).await.unwrap();
    stage.run().await;
    stage.write(move |tx, now| payments::capture(tx, now, id)).await.unwrap();
    assert_eq!(stage.news(id).await, ["authorized", "captured"]);
    let (let_go, id) = stage.charged("card_ok", Capture::Later).await;
    stage.write(move |tx, now| payments::void(tx, now, id)).await.unwrap();
    assert!(stage.write(move |tx, now| payments::capture(tx, now, id)).await.is_err(), "what is to be let go cannot be taken");
    stage.run().await;
    assert_eq!(stage.news(id).await, ["authorized", "voided"]);
    let (_, lapses) = stage.charged("card_lapses", Capture::Later).await;
    let (_, stands) = stage.charged("card_ok", Capture::Later).await;
    stage.pass(3_601).await;
    assert_eq!((stage.news(lapses).await, stage.news(stands).await), (vec!["authorized".into(), "voided".to_owned()], vec!["authorized".to_owned()]));
    stage.pass(7 * 86_400).await;
    assert_eq!(stage.news(stands).await, ["authorized", "voided"]);
    let states = [stage.payment(taken).await.state, stage.payment(let_go).await.state];
    assert_eq!(states, [State::Captured, State::Voided]);
    stage.expect_same_books().await;
});

on_both!(what_was_never_asked_for_is_let_go_without_a_call, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let (booking, id) = stage.charge("card_ok", Capture::Now).await;
    stage.write(move |tx, now| payments::void(tx, now, id)).await.unwrap();
    assert!(stage.settle(booking).await);
    assert_eq!((stage.news(id).await, stage.count("SELECT COUNT(*) FROM sandbox_charges").await), (vec!["voided".to_owned()], 0));
});

on_both!(a_late_success_is_told_although_it_was_to_be_let_go, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let (booking, id) = stage.charged("card_late_success", Capture::Now).await;
    assert_eq!(stage.news(id).await, Vec::<String>::new());
    stage.town.clock.advance_seconds(15 * 60);
    stage.write(move |tx, now| payments::void(tx, now, id)).await.unwrap();
    stage.run().await;
    assert_eq!(stage.payment(booking).await.state, State::Created, "the sandbox is at it and cannot let go");
    stage.pass(5 * 60).await;
    assert_eq!((stage.payment(booking).await.state, stage.news(id).await), (State::Captured, vec!["captured".to_owned()]));
    stage.write(move |tx, now| payments::refund(tx, now, booking, 10_000, "too late")).await.unwrap();
    stage.run().await;
    assert_eq!(stage.payment(booking).await.refunded, 10_000);
    stage.expect_same_books().await;
});

on_both!(disputes_are_opened_won_and_lost, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let mut found = Vec::new();
    for card in ["card_dispute", "card_dispute_won", "card_dispute_lost"] {
        found.push(stage.charged(card, Capture::Now).await);
    }
    let (_, id) = found[1];
    let booking = found[1].0;
    stage.write(move |tx, now| payments::refund(tx, now, booking, 4_000, "some")).await.unwrap();
    stage.pass(3_600).await;
    assert_eq!(stage.news(id).await, ["captured", "refunded 4000", "dispute opened 6000"]);
    let paid = stage.town.tools().db.read(move |conn| payments::paid(conn, booking)).await;
    let paid: payments::Paid = DbResult::unwrap(paid);
    assert_eq!((paid.captured, paid.refunded, paid.disputed), (10_000, 4_000, 6_000));
    stage.expect_same_books().await;
    stage.pass(2 * 3_600).await;
    assert_eq!(stage.news(found[0].1).await.last().unwrap(), "dispute opened 10000");
    assert_eq!(stage.news(found[1].1).await.last().unwrap(), "dispute won 6000");
    assert_eq!(stage.news(found[2].1).await.last().unwrap(), "dispute lost 10000");
    stage.expect_same_books().await;
});

on_both!(refunds_go_to_the_newest_payment_first_and_never_above_what_was_paid, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = BookingId(Uuid::now_v7());
    for (purpose, amount) in [(Purpose::Booking, 6_000), (Purpose::Instalment(2), 3_000), (Purpose::Deposit, 9_000)] {
        stage.ask(Charge { purpose, amount, ..stage.wanted(booking, "card_ok", Capture::Now) }, "sandbox").await.unwrap();
    }
    assert!(stage.settle(booking).await);
    let back = async |amount: i64, key: &'static str| stage.write(move |tx, now| payments::refund(tx, now, booking, amount, key)).await;
    assert_eq!(back(4_000, "first").await.unwrap().len(), 2);
    // The same again is the same, before and after it arrived.
    assert_eq!(back(4_000, "first").await.unwrap().len(), 2);
    assert!(back(5_001, "second").await.is_err(), "more than is left");
    stage.run().await;
    assert_eq!(back(4_000, "first").await.unwrap().len(), 2);
    assert_eq!(back(5_000, "second").await.unwrap().len(), 1);
    stage.run().await;
    let refunded: Vec<i64> = stage.of(booking).await.iter().map(|one| one.payment.refunded).collect();
    assert_eq!(refunded, [6_000, 3_000, 0], "the deposit is not the stay's");
    let deposit = stage.of(booking).await[2].payment.id;
    stage.write(move |tx, now| refund_of(tx, now, deposit, 9_000, "deposit")).await.unwrap();
    stage.run().await;
    assert_eq!(stage.of(booking).await[2].payment.refunded, 9_000);
    stage.expect_same_books().await;
});

on_both!(a_refund_that_fails_can_be_tried_again, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let (booking, id) = stage.charged("card_refund_fails", Capture::Now).await;
    for key in ["first", "second"] {
        stage.write(move |tx, now| payments::refund(tx, now, booking, 10_000, key)).await.unwrap();
        stage.run().await;
    }
    assert_eq!(stage.news(id).await, ["captured", "refund failed 10000 refused_by_bank", "refund failed 10000 refused_by_bank"]);
    stage.expect_same_books().await;
});

on_both!(one_living_payment_for_each_purpose, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = BookingId(Uuid::now_v7());
    let ask = async |card: &'static str| stage.ask(stage.wanted(booking, card, Capture::Now), "sandbox").await;
    ask("card_declined").await.unwrap();
    assert!(ask("card_ok").await.is_err(), "one is under way");
    stage.settle(booking).await;
    ask("card_ok").await.unwrap();
    stage.settle(booking).await;
    assert!(ask("card_ok").await.is_err(), "it is paid");
    let states: Vec<State> = stage.of(booking).await.iter().map(|one| one.payment.state).collect();
    assert_eq!(states, [State::Voided, State::Captured], "what failed is let go, so that it cannot succeed beside the other");
    for bad in ["", "card ok", "card_ok\n", &"x".repeat(201)] {
        assert!(stage.ask(stage.wanted(BookingId(Uuid::now_v7()), bad, Capture::Now), "sandbox").await.is_err(), "{bad:?}");
    }
});

on_both!(a_card_that_was_left_pays_later, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let later = |booking| Charge { purpose: Purpose::Instalment(2), off_session: true, ..stage.wanted(booking, SAVED, Capture::Now) };
    let booking = BookingId(Uuid::now_v7());
    assert!(stage.ask(later(booking), "sandbox").await.is_err(), "nothing was left");
    stage.ask(Charge { keep: true, ..stage.wanted(booking, "card_ok", Capture::Now) }, "sandbox").await.unwrap();
    stage.settle(booking).await;
    stage.ask(later(booking), "sandbox").await.unwrap();
    stage.settle(booking).await;
    assert!(stage.of(booking).await.iter().all(|one| one.payment.state == State::Captured));
    assert_eq!(stage.count("SELECT COUNT(*) FROM payments WHERE method_sealed IS NOT NULL").await, 0, "tokens of what is over are kept nowhere else");
    assert_eq!(stage.count("SELECT COUNT(*) FROM payment_customers WHERE method_sealed LIKE '%card_ok%'").await, 0, "it is sealed");
});

on_both!(a_guest_proves_who_they_are, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let other = stage.town.newcomer("Otto").await;
    for (capture, outcome, state) in [(Capture::Now, "pass", "captured"), (Capture::Later, "pass", "authorized"), (Capture::Now, "fail", "failed")] {
        let (booking, id) = stage.charged("card_3ds", capture).await;
        let payment = stage.payment(booking).await;
        let url = format!("http://127.0.0.1:8080/api/v1/payments/sandbox/{id}/authenticate");
        assert_eq!(stage.payments.action(&payment).unwrap(), Some(payments::NextAction::Open(url)));
        let (path, body) = (format!("/payments/sandbox/{id}/authenticate"), json!({"outcome": outcome}));
        stage.town.post(&other, &path, body.clone()).await.expect_problem(404, "not_found");
        let proven = stage.town.post(&stage.asker, &path, body.clone()).await;
        assert_eq!(proven.expect(200).json()["state"], state);
        // Again nothing changes, and the other outcome is none.
        stage.town.post(&stage.asker, &path, body).await.expect(200);
        let opposite = json!({"outcome": if outcome == "pass" { "fail" } else { "pass" }});
        stage.town.post(&stage.asker, &path, opposite).await.expect_problem(409, "payment_state");
        assert_eq!(stage.payments.action(&stage.payment(booking).await).unwrap(), None);
    }
    stage.town.ask(&stage.asker, Method::GET, &format!("/admin/payments/{}", Uuid::now_v7()), None).await.expect(403);
});
