//! What does not fit is held, and staff let it go on.

use super::*;
use crate::support::people::with_role;
use serde_json::json;
use stopover::features::payments::provider::message_of;
use stopover::features::payments::rules::facts::Facts;
use stopover::features::payments::{Received, State};

async fn say(stage: &Stage, id: &str, facts: &Facts) -> Received {
    let tools = stage.town.tools();
    let (signature, body) = message_of(tools, tools.clock.now(), id, "payment", Some(facts));
    let mut headers = poem::http::HeaderMap::new();
    headers.insert("sandbox-signature", signature.parse().unwrap());
    let payments = stage.payments.clone();
    off_thread(move || payments.take_message("sandbox", &headers, &body)).await.unwrap()
}

on_both!(what_does_not_fit_confirms_nothing_until_staff_have_looked, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let finance = with_role(&stage.town, &db, "Fina", "finance").await;
    let right = |booking: BookingId, payment: PaymentId| Facts {
        reference: Some(format!("sb_ch_{}", payment.0.simple())),
        amount: Some(10_000),
        currency: Some("EUR".into()),
        state: Some(State::Captured),
        captured: Some(10_000),
        ..Facts::of(payment, booking)
    };
    for (at, wrong) in ["amount", "currency", "booking", "captured amount"].into_iter().enumerate() {
        let (booking, payment) = stage.charged("card_ok", Capture::Later).await;
        let right = right(booking, payment);
        let facts = match wrong {
            "amount" => Facts { amount: Some(1), ..right.clone() },
            "currency" => Facts { currency: Some("USD".into()), ..right.clone() },
            "booking" => Facts { booking: Some(BookingId(Uuid::now_v7())), ..right.clone() },
            _ => Facts { captured: Some(9_999), ..right.clone() },
        };
        assert_eq!(say(&stage, &format!("wrong {at}"), &facts).await, Received::Nothing);
        let held = stage.payment(booking).await;
        assert_eq!((held.state, held.held.as_deref()), (State::Authorized, Some(wrong)));
        // What fits waits too.
        assert_eq!(say(&stage, &format!("right {at}"), &right).await, Received::Waits);
        assert_eq!((stage.payment(booking).await.state, stage.news(payment).await), (State::Authorized, vec!["authorized".to_owned()]));
        assert!(stage.checked().await.unwrap_err().contains("1 payments are held"));
        let path = format!("/admin/payments/{payment}/confirm");
        stage.town.post(&finance, &path, json!({"reason": " "})).await.expect_problem(422, "invalid_reason");
        let seen = stage.town.get(&finance, &format!("/admin/payments/{payment}")).await;
        let tag = seen.expect(200).header("etag").to_owned();
        let on_condition = |tag: &str| Asker { headers: vec![("if-match".into(), tag.into())], ..finance.clone() };
        stage.town.post(&on_condition("\"0\""), &path, json!({"reason": "looked"})).await.expect_problem(412, "stale");
        let done = stage.town.post(&on_condition(&tag), &path, json!({"reason": "I have looked at it"})).await;
        assert_eq!(done.expect(200).json()["held"], json!(null));
        // The sandbox is asked, and says what is true: it was promised, not taken.
        stage.run().await;
        assert_eq!(stage.payment(booking).await.state, State::Authorized);
        assert!(stage.checked().await.is_ok());
    }
    let audit = "SELECT COUNT(*) FROM audit WHERE action IN ('payment.held', 'payment.confirmed')";
    assert_eq!(stage.count(audit).await, 8);
    stage.expect_same_books().await;
});

on_both!(what_is_told_under_the_name_of_another_payment_is_held, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let (named, _) = stage.charged("card_ok", Capture::Now).await;
    let (booking, payment) = stage.charge("card_ok", Capture::Now).await;
    assert_eq!(stage.payment(booking).await.reference, None);
    let reference = stage.payment(named).await.reference;
    assert!(reference.is_some());
    let told = Facts { reference, amount: Some(10_000), state: Some(State::Captured), captured: Some(10_000), ..Facts::of(payment, booking) };
    assert_eq!(say(&stage, "under another name", &told).await, Received::Nothing);
    let held = stage.payment(booking).await;
    assert_eq!((held.state, held.held.as_deref(), held.reference), (State::Created, Some("reference"), None));
    assert_eq!(stage.payment(named).await.held, None);
});
