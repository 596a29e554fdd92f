//! What localstripe lacks, against our own fake: keys by which copies are known, search, Connect, transfers, disputes, reports; and messages in
//! Stripe's words.

use super::fake::{Fake, Wrong};
use super::*;
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::features::payments::State;
use stopover::features::payments::provider::{PayOut, PaidOut, signed};

on_both!(what_was_done_and_not_heard_is_not_done_again, async |db: TestDb| {
    let fake = off_thread(Fake::start).await;
    let stage = stage(&db, &fake.url()).await;
    for wrong in [Wrong::Silence, Wrong::Broken, Wrong::TooMany] {
        let before = (fake.times("POST /v1/payment_intents"), fake.times("POST /v1/refunds"));
        fake.spoil("/payment_intents", wrong);
        let (booking, id) = stage.striped(|charge| Charge { capture: Capture::Later, ..charge }).await;
        assert_eq!(stage.payment(booking).await.state, State::Created, "{wrong:?}");
        assert!(stage.settle(booking).await);
        fake.spoil("/capture", wrong);
        stage.write(move |tx, now| payments::capture(tx, now, id)).await.unwrap();
        assert!(!stage.settle(booking).await && stage.settle(booking).await, "{wrong:?}");
        fake.spoil("/refunds", wrong);
        stage.write(move |tx, now| payments::refund(tx, now, booking, 2_500, "back")).await.unwrap();
        assert!(!stage.settle(booking).await && stage.settle(booking).await, "{wrong:?}");
        let payment = stage.payment(booking).await;
        assert_eq!((payment.state, payment.captured, payment.refunded), (State::Captured, 10_000, 2_500), "{wrong:?}");
        assert_eq!(stage.news(id).await, ["authorized", "captured", "refunded 2500"], "{wrong:?}");
        let after = (fake.times("POST /v1/payment_intents"), fake.times("POST /v1/refunds"));
        assert_eq!(after, (before.0 + 1, before.1 + 1), "{wrong:?}: done twice");
    }
    let captured: i64 = fake.state.lock().unwrap().intents.values().map(|intent| intent["amount_received"].as_i64().unwrap()).sum();
    assert_eq!(captured, 30_000);
});

on_both!(hosts_have_accounts_and_are_paid_by_transfers, async |db: TestDb| {
    let fake = off_thread(Fake::start).await;
    let stage = stage(&db, &fake.url()).await;
    let (settings, host, payments) = (settings(&fake.url()), stage.guest, stage.payments.clone());
    let reference = off_thread(move || {
        let stripe = Stripe::new(&settings, &Outbound::open(&Config::default()));
        let account = stripe.open_account("account of a host", host).unwrap();
        assert_eq!(stripe.open_account("account of a host", host).unwrap(), account, "the same key makes one account");
        assert!(stripe.account_page(&account, "https://stay.example/back").unwrap().ends_with(&account));
        let call = PayOut { key: "payout 1".into(), payout: Uuid::nil(), destination: account, amount: 7_000, currency: Currency::parse("EUR").unwrap() };
        let PaidOut { reference } = payments.pay_out("stripe", &call).unwrap();
        assert_eq!(payments.pay_out("stripe", &call).unwrap(), PaidOut { reference: reference.clone() }, "the same key sends money once");
        assert!(payments.pay_out("sandbox", &call).is_err(), "the sandbox is not there beside Stripe");
        reference
    })
    .await;
    assert!(reference.starts_with("tr_"));
    stage.striped(|charge| charge).await;
    let payments = stage.payments.clone();
    let totals = off_thread(move || payments.report("stripe", Instant(0), Instant(i64::MAX / 4)).unwrap().unwrap()).await;
    assert_eq!(totals, [Total { currency: "EUR".into(), captured: 10_000, fees: 320, paid_out: 7_000, ..Total::default() }]);
});

async fn send(stage: &Stage, secret: &str, event: &Json) -> crate::support::town::Reply {
    let body = event.to_string().into_bytes();
    let signature = signed(secret.as_bytes(), stage.town.clock.now(), &body);
    let asker = Asker { headers: vec![("stripe-signature".into(), signature)], ..Asker::default() };
    stage.town.send(&asker, Method::POST, "/payments/webhooks/stripe", Some("application/json"), poem::Body::from(body)).await
}

use stopover::values::Clock as _;

on_both!(messages_in_its_words_are_understood, async |db: TestDb| {
    let fake = off_thread(Fake::start).await;
    let stage = stage(&db, &fake.url()).await;
    let (booking, id) = stage.striped(|charge| charge).await;
    let intent = stage.payment(booking).await.reference.unwrap();
    let event = |id: &str, kind: &str, object: Json| json!({"id": id, "type": kind, "livemode": false, "data": {"object": object}});
    let dispute = |status: &str| {
        json!({
            "id": "dp_1", "payment_intent": intent, "amount": 10_000, "currency": "eur", "status": status, "reason": "fraudulent",
            "balance_transactions": [{"fee": 1_500}],
        })
    };
    let outcome = async |event: &Json| send(&stage, WEBHOOK_SECRET, event).await.expect(200).json()["outcome"].as_str().unwrap().to_owned();
    assert_eq!(outcome(&event("evt_1", "charge.dispute.created", dispute("needs_response"))).await, "applied");
    assert_eq!(outcome(&event("evt_1", "charge.dispute.created", dispute("needs_response"))).await, "nothing");
    assert_eq!(outcome(&event("evt_2", "charge.dispute.closed", dispute("won"))).await, "applied");
    assert_eq!(outcome(&event("evt_3", "customer.updated", json!({"id": "cus_1"}))).await, "nothing");
    assert_eq!(outcome(&event("evt_4", "payment_intent.succeeded", json!({"id": "pi_of_others", "amount": 5, "currency": "eur", "status": "succeeded"}))).await, "waits");
    assert_eq!(stage.payment(booking).await.state, State::Captured);
    assert_eq!(stage.news(id).await[0], "captured");
    // Of real money, of another account, with another secret.
    let live = json!({"id": "evt_5", "type": "x", "livemode": true, "data": {"object": {}}});
    send(&stage, WEBHOOK_SECRET, &live).await.expect_problem(400, "invalid_signature");
    let theirs = json!({"id": "evt_6", "type": "x", "livemode": false, "account": "acct_theirs", "data": {"object": {}}});
    send(&stage, WEBHOOK_SECRET, &theirs).await.expect_problem(400, "invalid_signature");
    let ours = json!({"id": "evt_7", "type": "x", "livemode": false, "account": "acct_ours", "data": {"object": {}}});
    send(&stage, WEBHOOK_SECRET, &ours).await.expect(200);
    send(&stage, "whsec_somebody_elses", &ours).await.expect_problem(400, "invalid_signature");
    assert_eq!(stage.count("SELECT COUNT(*) FROM provider_events").await, 5);
    // The sandbox is not there beside Stripe.
    stage.town.send(&Asker::default(), Method::POST, "/payments/webhooks/sandbox", Some("application/json"), poem::Body::from("{}")).await.expect(404);
    stage.town.post(&stage.asker, &format!("/payments/sandbox/{id}/authenticate"), json!({"outcome": "pass"})).await.expect(404);
});
