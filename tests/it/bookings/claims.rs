//! A host claims damage after a stay.

use super::entering::books;
use super::giving::{days_later, paid};
use super::{Stage, path};
use crate::support::people::{run, with_role};
use crate::support::town::{Asker, Reply};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value as Json, json};

/// A paid stay that is over since two days.
async fn after_a_stay(db: &TestDb) -> (Stage, Json) {
    let mut stage = Stage::new(db).await;
    with_role(&stage.town, db, "Fiona", "finance").await;
    let booking = paid(&stage, ("2026-06-03", "2026-06-06")).await;
    days_later(&mut stage, 7).await;
    (stage, booking)
}

fn damage() -> Json {
    json!({"items": [{"what": "A lamp", "amount": 5_000}, {"what": "A chair", "amount": 2_500}], "description": "Found at departure"})
}

impl Stage {
    async fn file(&self, booking: &Json) -> Json {
        self.act(&self.host, booking, "claims", damage()).await.expect(201).json()
    }

    /// An act of somebody on a claim.
    async fn on_claim(&self, who: &Asker, claim: &Json, act: &str, body: Json) -> Reply {
        let address = format!("/bookings/{}/claims/{}/{act}", claim["booking_id"].as_str().unwrap(), claim["id"].as_str().unwrap());
        let body = Some(body).filter(|body| !body.is_null());
        self.town.ask(who, Method::POST, &address, body.as_ref()).await
    }

    async fn claim(&self, who: &Asker, booking: &Json) -> Json {
        self.town.get(who, &format!("{}/claims", path(booking))).await.expect(200).json()["data"][0].clone()
    }
}

on_both!(a_guest_agrees_and_is_charged, async |db: TestDb| {
    let (stage, booking) = after_a_stay(&db).await;
    let claim = stage.file(&booking).await;
    assert_eq!((claim["state"].as_str(), claim["amount"]["amount"].as_i64(), claim["offered"].clone()), (Some("open"), Some(7_500), json!(null)));
    let letters = stage.town.letters().await;
    assert!(letters.last().unwrap().to.contains("gustav@") && letters.last().unwrap().text.contains("A lamp"), "{:?}", letters.last());
    stage.act(&stage.host, &booking, "claims", damage()).await.expect_problem(409, "claim_open");
    for amount in [-1, 7_501] {
        stage.on_claim(&stage.guest, &claim, "answer", json!({"amount": amount})).await.expect_problem(422, "out_of_range");
    }
    stage.on_claim(&stage.host, &claim, "answer", json!({"amount": 7_500})).await.expect_problem(409, "claim_state");
    let done = stage.on_claim(&stage.guest, &claim, "answer", json!({"amount": 7_500, "message": "Sorry"})).await.expect(200).json();
    assert_eq!((done["state"].as_str(), done["settled"]["amount"].as_i64(), done["answer"].as_str()), (Some("paid"), Some(7_500), Some("Sorry")));
    let finance = stage.town.log_in("Fiona").await;
    let (sums, kinds) = books(&stage, &finance, &booking).await;
    let hosts = sums.iter().find(|(account, _)| account == "host_payable").map(|(_, amount)| *amount);
    assert_eq!((hosts, kinds.iter().filter(|kind| *kind == "claim_charged").count()), (Some(-37_500), 1), "the stay itself, and the damage: {sums:?}");
    stage.on_claim(&stage.guest, &claim, "payments", json!({"payment_method": "card_ok"})).await.expect_problem(409, "nothing_due");
    stage.on_claim(&stage.host, &claim, "withdraw", json!(null)).await.expect_problem(409, "claim_state");
});

on_both!(staff_decide_what_is_contested, async |db: TestDb| {
    let (stage, booking) = after_a_stay(&db).await;
    let claim = stage.file(&booking).await;
    let finance = stage.town.log_in("Fiona").await;
    let decide = async |amount: i64, reason: &str| {
        let address = format!("/admin/claims/{}/decide", claim["id"].as_str().unwrap());
        stage.town.post(&finance, &address, json!({"amount": amount, "reason": reason})).await
    };
    stage.on_claim(&stage.host, &claim, "escalate", json!(null)).await.expect_problem(409, "claim_state");
    let offered = stage.on_claim(&stage.guest, &claim, "answer", json!({"amount": 2_000})).await.expect(200).json();
    assert_eq!((offered["state"].as_str(), offered["offered"]["amount"].as_i64()), (Some("contested"), Some(2_000)));
    decide(5_000, "Half of it").await.expect_problem(409, "claim_state");
    assert_eq!(stage.on_claim(&stage.host, &claim, "escalate", json!(null)).await.expect(200).json()["state"], "escalated");
    let listed = stage.town.get(&finance, "/admin/claims").await.expect(200).json();
    assert_eq!((listed["data"][0]["id"].clone(), listed["has_more"].as_bool()), (claim["id"].clone(), Some(false)));
    assert_eq!(stage.town.get(&finance, "/admin/claims?state=open").await.expect(200).json()["data"], json!([]));
    stage.town.get(&finance, "/admin/claims?state=odd").await.expect_problem(422, "out_of_range");
    decide(7_501, "Too much").await.expect_problem(422, "out_of_range");
    decide(5_000, " ").await.expect_problem(422, "invalid_reason");
    assert_eq!(decide(5_000, "The chair was old").await.expect(200).json()["state"], "due");
    stage.town.run_jobs().await;
    let paid = stage.claim(&stage.guest, &booking).await;
    assert_eq!((paid["state"].as_str(), paid["settled"]["amount"].as_i64(), paid["decision"].as_str()), (Some("paid"), Some(5_000), Some("The chair was old")));
    // Another one, about which staff find nothing to pay.
    let second = stage.file(&booking).await;
    stage.on_claim(&stage.guest, &second, "answer", json!({"amount": 0})).await.expect(200);
    stage.on_claim(&stage.host, &second, "accept", json!(null)).await.expect_problem(409, "claim_state");
    stage.on_claim(&stage.host, &second, "escalate", json!(null)).await.expect(200);
    let address = format!("/admin/claims/{}/decide", second["id"].as_str().unwrap());
    let rejected = stage.town.post(&finance, &address, json!({"amount": 0, "reason": "It was old"})).await.expect(200).json();
    assert_eq!(rejected["state"], "rejected");
});

on_both!(what_is_offered_may_be_taken_and_paid_by_another_card, async |db: TestDb| {
    let (stage, booking) = after_a_stay(&db).await;
    run(&db, "UPDATE payment_customers SET method_sealed = NULL WHERE provider = $1", vec!["sandbox".into()]).await;
    let claim = stage.file(&booking).await;
    stage.on_claim(&stage.guest, &claim, "answer", json!({"amount": 2_000})).await.expect(200);
    stage.on_claim(&stage.guest, &claim, "accept", json!(null)).await.expect_problem(409, "claim_state");
    let due = stage.on_claim(&stage.host, &claim, "accept", json!(null)).await.expect(200).json();
    assert_eq!((due["state"].as_str(), due["settled"]["amount"].as_i64()), (Some("due"), Some(2_000)));
    stage.on_claim(&stage.host, &claim, "payments", json!({"payment_method": "card_ok"})).await.expect_problem(403, "forbidden");
    let refused = stage.on_claim(&stage.guest, &claim, "payments", json!({"payment_method": "card_declined"})).await.expect(200).json();
    assert_eq!(refused["state"], "due");
    assert!(stage.town.letters().await.last().unwrap().text.contains("could not be charged"));
    let paid = stage.on_claim(&stage.guest, &claim, "payments", json!({"payment_method": "card_ok"})).await.expect(200).json();
    assert_eq!(paid["state"], "paid");
});

on_both!(a_claim_that_nobody_goes_on_with_lapses, async |db: TestDb| {
    let (mut stage, booking) = after_a_stay(&db).await;
    stage.file(&booking).await;
    stage.town.clock.advance_seconds(72 * 3_600);
    stage.town.run_jobs().await;
    (stage.host, stage.guest) = (stage.town.log_in("Hannah").await, stage.town.log_in("Gustav").await);
    let claim = stage.claim(&stage.host, &booking).await;
    assert_eq!((claim["state"].as_str(), claim["offered"].clone()), (Some("contested"), json!(null)));
    stage.on_claim(&stage.guest, &claim, "answer", json!({"amount": 7_500})).await.expect_problem(409, "claim_state");
    // Nobody has looked when the month is over; whoever comes finds it so.
    stage.town.clock.advance_seconds(27 * 86_400);
    let host = stage.town.log_in("Hannah").await;
    stage.on_claim(&host, &claim, "escalate", json!(null)).await.expect_problem(409, "claim_state");
    stage.town.run_jobs().await;
    let over = stage.claim(&host, &booking).await;
    assert_eq!((over["state"].as_str(), over["ended_at"].is_string()), (Some("lapsed"), true));
});

on_both!(who_may_claim_and_when, async |db: TestDb| {
    let mut stage = Stage::new(&db).await;
    let booking = paid(&stage, ("2026-06-03", "2026-06-06")).await;
    stage.act(&stage.host, &booking, "claims", damage()).await.expect_problem(409, "claim_state");
    days_later(&mut stage, 7).await;
    stage.act(&stage.guest, &booking, "claims", damage()).await.expect_problem(403, "forbidden");
    let stranger = stage.town.newcomer("Stella").await;
    stage.act(&stranger, &booking, "claims", damage()).await.expect_problem(404, "not_found");
    stage.town.get(&stranger, &format!("{}/claims", path(&booking))).await.expect_problem(404, "not_found");
    for (body, status) in [
        (json!({"items": []}), 422),
        (json!({"items": [{"what": "", "amount": 1}]}), 422),
        (json!({"items": [{"what": "A lamp", "amount": 0}]}), 422),
        (json!({"items": [{"what": "A\u{0}lamp", "amount": 5}]}), 422),
        (json!({"items": [{"what": "A lamp"}]}), 400),
        (json!({}), 400),
    ] {
        let reply = stage.act(&stage.host, &booking, "claims", body.clone()).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
    }
    let claim = stage.file(&booking).await;
    stage.on_claim(&stranger, &claim, "answer", json!({"amount": 0})).await.expect_problem(404, "not_found");
    let gone = stage.on_claim(&stage.host, &claim, "withdraw", json!(null)).await.expect(200).json();
    assert_eq!(gone["state"], "withdrawn");
    // A fortnight after check-out is over.
    days_later(&mut stage, 14).await;
    let late = stage.act(&stage.host, &booking, "claims", damage()).await.expect_problem(409, "too_late").json();
    assert!(late["until"].as_str().unwrap().starts_with("2026-06-20T"), "{late}");
});
