//! A host claims damage after a stay.

use super::entering::books;
use super::giving::{days_later, insiders, paid};
use super::{Stage, path};
use crate::support::people::{run, run_any, user_of, with_role};
use crate::support::town::{Asker, Reply};
use crate::support::{TestDb, homes, on_both};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::features::claims::ClaimData;
use stopover::features::payments::State as Paying;
use stopover::features::payments::provider::message_of;
use stopover::features::payments::rules::facts::Facts;
use stopover::platform::db::DbResult;
use stopover::platform::privacy::PersonalData;
use stopover::values::{BookingId, PaymentId};

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

    /// A claim that the guest agrees to pay, and for which nothing can be charged.
    async fn due_claim(&self, db: &TestDb, booking: &Json) -> Json {
        run(db, "UPDATE payment_customers SET method_sealed = NULL WHERE provider = $1", vec!["sandbox".into()]).await;
        let claim = self.file(booking).await;
        let due = self.on_claim(&self.guest, &claim, "answer", json!({"amount": 7_500})).await.expect(200).json();
        assert_eq!(due["state"], "due");
        due
    }

    async fn pay_claim(&self, who: &Asker, claim: &Json, method: &str) -> Reply {
        self.on_claim(who, claim, "payments", json!({"payment_method": method})).await
    }

    async fn decide_claim(&self, who: &Asker, claim: &Json, amount: i64, reason: &str) -> Reply {
        self.town.post(who, &format!("/admin/claims/{}/decide", claim["id"].as_str().unwrap()), json!({"amount": amount, "reason": reason})).await
    }

    /// The payments for claims about a booking, oldest first.
    async fn for_claims(&self, who: &Asker, booking: &Json) -> Vec<Json> {
        let all = self.town.get(who, &format!("{}/payments", path(booking))).await.expect(200).json()["data"].as_array().unwrap().clone();
        all.into_iter().filter(|payment| payment["purpose"].as_str().unwrap().starts_with("claim:")).collect()
    }

    /// Nothing waits to go back, nothing is owed, and the host was given this many payments for damage.
    async fn expect_given(&self, booking: &Json, times: usize) {
        let finance = self.town.log_in("Fiona").await;
        let (sums, kinds) = books(self, &finance, booking).await;
        assert!(sums.iter().all(|(account, _)| account != "refund_payable" && account != "guest_receivable"), "{sums:?}");
        assert_eq!(kinds.iter().filter(|kind| *kind == "claim_charged").count(), times, "{kinds:?}");
    }

    /// The sandbox says, in a message of its own, that it has taken a payment after all.
    async fn takes_late(&self, db: &TestDb, payment: &Json, event: &str) {
        let id = homes::id(&payment["id"]);
        run(db, "UPDATE sandbox_charges SET state = 'captured', captured_minor = amount_minor WHERE payment_id = $1", vec![id.into()]).await;
        let (amount, booking) = (payment["amount"]["amount"].as_i64(), BookingId(homes::id(&payment["booking_id"])));
        let reference = Some(format!("sb_ch_{}", id.simple()));
        let facts = Facts { reference, amount, state: Some(Paying::Captured), captured: amount, ..Facts::of(PaymentId(id), booking) };
        let tools = self.town.tools();
        let (signature, body) = message_of(tools, tools.clock.now(), event, "payment", Some(&facts));
        let sandbox = Asker { headers: vec![("sandbox-signature".into(), signature)], ..Asker::default() };
        let sent = self.town.send(&sandbox, Method::POST, "/payments/webhooks/sandbox", Some("application/json"), poem::Body::from(body)).await;
        sent.expect(200);
        for _ in 0..2 {
            self.town.run_jobs().await;
        }
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
    // The stay itself was released before.
    assert_eq!((hosts, kinds.iter().filter(|kind| *kind == "claim_charged").count()), (Some(-37_500), 1), "{sums:?}");
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
    decide(5_000, "Old\nand worn").await.expect_problem(422, "out_of_range");
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
        (json!({"items": [{"what": "A lamp\n- a chair: nothing", "amount": 5}]}), 422),
        (json!({"items": [{"what": "A lamp\ta chair", "amount": 5}]}), 422),
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

on_both!(a_claim_is_paid_once_whatever_comes_late, async |db: TestDb| {
    let (stage, booking) = after_a_stay(&db).await;
    let claim = stage.due_claim(&db, &booking).await;
    assert_eq!(stage.pay_claim(&stage.guest, &claim, "card_declined").await.expect(200).json()["state"], "due");
    assert_eq!(stage.pay_claim(&stage.guest, &claim, "card_ok").await.expect(200).json()["state"], "paid");
    // The bank had refused the first card, and takes the money all the same; it says so twice.
    let first = stage.for_claims(&stage.guest, &booking).await.remove(0);
    for event in ["late", "late again"] {
        stage.takes_late(&db, &first, event).await;
    }
    let payments = stage.for_claims(&stage.guest, &booking).await;
    let back: Vec<_> = payments.iter().map(|one| (one["state"].as_str().unwrap(), one["refunded"]["amount"].as_i64().unwrap())).collect();
    assert_eq!(back, [("captured", 7_500), ("captured", 0)]);
    assert_eq!((payments[0]["refunds"].as_array().unwrap().len(), stage.claim(&stage.guest, &booking).await["state"].as_str()), (1, Some("paid")));
    stage.expect_given(&booking, 1).await;
    let letters = stage.town.letters().await;
    assert_eq!(letters.iter().filter(|letter| letter.to.contains("gustav@") && letter.subject.contains("goes back")).count(), 1);
});

on_both!(what_is_due_may_be_withdrawn_and_money_on_its_way_goes_back, async |db: TestDb| {
    let (mut stage, booking) = after_a_stay(&db).await;
    let claim = stage.due_claim(&db, &booking).await;
    assert_eq!(stage.pay_claim(&stage.guest, &claim, "card_late_success").await.expect(200).json()["state"], "due");
    stage.on_claim(&stage.guest, &claim, "withdraw", json!(null)).await.expect_problem(409, "claim_state");
    let gone = stage.on_claim(&stage.host, &claim, "withdraw", json!(null)).await.expect(200).json();
    assert_eq!((gone["state"].as_str(), gone["due_at"].clone(), gone["ended_at"].is_string()), (Some("withdrawn"), json!(null), true));
    stage.pay_claim(&stage.guest, &claim, "card_ok").await.expect_problem(409, "nothing_due");
    // The bank could not let go of it any more.
    stage.town.clock.advance_seconds(20 * 60);
    for _ in 0..3 {
        stage.town.run_jobs().await;
    }
    (stage.host, stage.guest) = (stage.town.log_in("Hannah").await, stage.town.log_in("Gustav").await);
    let payment = stage.for_claims(&stage.guest, &booking).await.remove(0);
    assert_eq!((payment["state"].as_str(), payment["refunded"]["amount"].as_i64()), (Some("captured"), Some(7_500)), "{payment}");
    stage.expect_given(&booking, 0).await;
    // There is room for another one.
    stage.file(&booking).await;
});

on_both!(what_nobody_pays_lapses_after_a_month, async |db: TestDb| {
    let (stage, booking) = after_a_stay(&db).await;
    let claim = stage.due_claim(&db, &booking).await;
    assert_eq!(claim["due_at"], "2026-07-08T12:00:00Z");
    // The bank asks for a proof, which the guest never gives.
    stage.pay_claim(&stage.guest, &claim, "card_3ds").await.expect(200);
    let blocked = stage.town.ask(&stage.guest, Method::DELETE, "/me", None).await.expect_problem(409, "erasure_blocked").json();
    assert!(blocked["reasons"].to_string().contains("open_claims"), "{blocked}");
    // Nobody has looked when the month is over; whoever comes finds it so.
    stage.town.clock.set("2026-07-08T12:00:00Z");
    let guest = stage.town.log_in("Gustav").await;
    stage.pay_claim(&guest, &claim, "card_ok").await.expect_problem(409, "nothing_due");
    stage.town.run_jobs().await;
    let letters = stage.town.letters().await;
    for to in ["gustav@", "hannah@"] {
        assert_eq!(letters.iter().filter(|letter| letter.to.contains(to) && letter.text.contains("were not paid in time")).count(), 1, "{to}");
    }
    let over = stage.claim(&guest, &booking).await;
    assert_eq!((over["state"].as_str(), over["due_at"].clone(), over["ended_at"].as_str()), (Some("lapsed"), json!(null), Some("2026-07-08T12:00:00Z")));
    assert_eq!(stage.for_claims(&guest, &booking).await[0]["state"], "voided");
    stage.town.ask(&guest, Method::DELETE, "/me", None).await.expect(202);
});

on_both!(staff_close_what_nobody_pays, async |db: TestDb| {
    let (stage, booking) = after_a_stay(&db).await;
    let claim = stage.due_claim(&db, &booking).await;
    stage.pay_claim(&stage.guest, &claim, "bank_transfer").await.expect(200);
    let finance = stage.town.log_in("Fiona").await;
    stage.decide_claim(&finance, &claim, 5_000, "Rather less").await.expect_problem(409, "claim_state");
    let closed = stage.decide_claim(&finance, &claim, 0, "They have agreed elsewhere").await.expect(200).json();
    assert_eq!(
        (closed["state"].as_str(), closed["settled"]["amount"].as_i64(), closed["decision"].as_str()),
        (Some("rejected"), Some(0), Some("They have agreed elsewhere"))
    );
    let letters = stage.town.letters().await;
    assert_eq!(letters.iter().filter(|letter| letter.text.contains("They have agreed elsewhere")).count(), 2, "both sides");
    assert_eq!(stage.for_claims(&stage.guest, &booking).await[0]["state"], "voided");
    stage.decide_claim(&finance, &claim, 0, "Once more").await.expect_problem(409, "claim_state");
});

on_both!(nobody_of_staff_decides_their_own_case, async |db: TestDb| {
    let (stage, booking) = after_a_stay(&db).await;
    insiders(&stage, &db, "full").await;
    let finance = stage.town.log_in("Fiona").await;
    let claim = stage.act(&finance, &booking, "claims", damage()).await.expect(201).json();
    stage.on_claim(&stage.guest, &claim, "answer", json!({"amount": 0})).await.expect(200);
    stage.on_claim(&finance, &claim, "escalate", json!(null)).await.expect(200);
    for level in ["full", "messages", "calendar"] {
        run(&db, "UPDATE co_hosts SET level = $1", vec![level.into()]).await;
        stage.decide_claim(&finance, &claim, 7_500, "Mine").await.expect_problem(403, "own_case");
    }
    for name in ["Gustav", "Hannah"] {
        let own = stage.town.log_in(name).await;
        stage.decide_claim(&own, &claim, 0, "Mine").await.expect_problem(403, "own_case");
    }
    run(&db, "DELETE FROM co_hosts", vec![]).await;
    // With a proof of a while ago nobody decides.
    stage.town.clock.advance_seconds(301);
    stage.decide_claim(&finance, &claim, 0, "Old").await.expect_problem(403, "proof_needed");
    let finance = stage.town.log_in("Fiona").await;
    assert_eq!(stage.decide_claim(&finance, &claim, 0, "Old").await.expect(200).json()["state"], "rejected");
});

on_both!(the_fortnight_begins_when_the_guest_has_left, async |db: TestDb| {
    let mut stage = Stage::new(&db).await;
    let booking = paid(&stage, ("2026-06-03", "2026-06-10")).await;
    days_later(&mut stage, 3).await;
    stage.act(&stage.host, &booking, "check-out", json!(null)).await.expect(200);
    stage.town.clock.advance_seconds(14 * 86_400 + 1);
    let host = stage.town.log_in("Hannah").await;
    let late = stage.act(&host, &booking, "claims", damage()).await.expect_problem(409, "too_late").json();
    assert_eq!(late["until"], "2026-06-18T12:00:00Z");
});

on_both!(a_claim_is_filed_in_the_moment_the_stay_is_over, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = paid(&stage, ("2026-06-03", "2026-06-06")).await;
    // Nobody has written down that the guest came and left.
    stage.town.clock.set("2026-06-06T14:59:59Z");
    let host = stage.town.log_in("Hannah").await;
    stage.act(&host, &booking, "claims", damage()).await.expect_problem(409, "claim_state");
    stage.town.clock.advance_seconds(1);
    stage.act(&host, &booking, "claims", damage()).await.expect(201);
    assert_eq!(stage.read(&host, &booking).await["state"], "completed");
});

on_both!(cash_comes_with_no_payout, async |db: TestDb| {
    let (stage, booking) = after_a_stay(&db).await;
    let claim = stage.due_claim(&db, &booking).await;
    stage.pay_claim(&stage.guest, &claim, "cash").await.expect(200);
    let payment = stage.for_claims(&stage.guest, &booking).await.remove(0);
    let finance = stage.town.log_in("Fiona").await;
    let address = format!("/admin/payments/{}/confirm", payment["id"].as_str().unwrap());
    stage.town.post(&finance, &address, json!({"reason": "The host says so"})).await.expect(200);
    assert_eq!(stage.claim(&stage.host, &booking).await["state"], "paid");
    let letters = stage.town.letters().await;
    let told = letters.iter().rfind(|letter| letter.to.contains("hannah@")).unwrap();
    assert!(told.text.contains("into your hand") && !told.text.contains("payout"), "{told:?}");
    stage.expect_given(&booking, 0).await;
});

on_both!(words_go_with_either_side, async |db: TestDb| {
    let (stage, booking) = after_a_stay(&db).await;
    let finance = stage.town.log_in("Fiona").await;
    for name in ["Gustav", "Hannah"] {
        run_any(&db, "DELETE FROM claims", vec![]).await;
        let claim = stage.file(&booking).await;
        stage.on_claim(&stage.guest, &claim, "answer", json!({"amount": 2_000, "message": "It was old"})).await.expect(200);
        stage.on_claim(&stage.host, &claim, "escalate", json!(null)).await.expect(200);
        stage.decide_claim(&finance, &claim, 0, "It was old").await.expect(200);
        let user = user_of(&db, name).await;
        let erased: DbResult<()> = db.write(move |tx, now| ClaimData.erase(tx, now, user)).await;
        erased.unwrap();
        let left = stage.claim(&finance, &booking).await;
        for words in ["lamp", "chair", "departure", "old"] {
            assert!(!left.to_string().contains(words), "{name}: {left}");
        }
        assert_eq!((left["amount"]["amount"].as_i64(), left["items"][1]["amount"]["amount"].as_i64()), (Some(7_500), Some(2_500)));
    }
});
