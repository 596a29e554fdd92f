//! What guests leave against damage, and get back. Deposits go back seven days after check-out, at 15 o'clock UTC.

use super::{JUNE, Stage, money};
use crate::support::people::run;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::platform::config::HostPenalty;

/// A stay of eight nights: too long for a card's promise.
const LONG: (&str, &str) = ("2026-06-10", "2026-06-18");

impl Stage {
    /// Hannah asks for a deposit, at 100.00 a night.
    pub(super) async fn asks_for(&self, deposit: Json) -> Json {
        let (host, body) = (self.who("Hannah").await, json!({"base_price": 10_000, "plan": {"deposit": deposit}}));
        self.town.ask(&host, Method::PUT, &format!("/listings/{}/pricing", self.home), Some(&body)).await.json()
    }

    pub(super) async fn seen_by(&self, who: &str, booking: &Json) -> Json {
        let who = self.who(who).await;
        self.town.get(&who, &format!("/bookings/{}", booking["id"].as_str().unwrap())).await.expect(200).json()
    }

    /// How the deposit stands, and what lies in the books for it.
    pub(super) async fn deposit(&self, booking: &Json) -> (String, i64) {
        let seen = self.seen_by("Gustav", booking).await;
        let held = self.balances(booking).await.get("deposit_held").copied().unwrap_or(0);
        (seen["deposit"]["state"].as_str().unwrap().to_owned(), -held)
    }

    /// The states of the payments for the deposit, oldest first.
    pub(super) async fn tries(&self, booking: &Json) -> Vec<String> {
        let seen = self.seen_by("Gustav", booking).await;
        let deposits = seen["payments"].as_array().unwrap().iter().filter(|payment| payment["purpose"] == "deposit").cloned().collect::<Vec<_>>();
        deposits.iter().map(|payment| payment["state"].as_str().unwrap().to_owned()).collect()
    }

    pub(super) async fn letters_about(&self, subject: &str) -> usize {
        self.town.letters().await.iter().filter(|letter| letter.subject.contains(subject)).count()
    }
}

fn charged(amount: i64) -> Json {
    json!({"kind": "charge_refund", "amount": amount})
}

pub(super) fn is(state: &str, held: i64) -> (String, i64) {
    (state.to_owned(), held)
}

on_both!(a_deposit_is_charged_with_the_booking_and_goes_back, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let plain = stage.book("Gustav", ("2026-07-10", "2026-07-12"), "card_ok").await;
    assert_eq!(plain["deposit"], json!(null));
    stage.asks_for(charged(20_000)).await;
    let guest = stage.who("Gustav").await;
    let page = stage.town.get(&guest, &format!("/listings/{}", stage.home)).await.expect(200).json();
    assert_eq!(
        (page["deposit"]["kind"].as_str(), money(&page["deposit"]["amount"]), page["deposit"]["days_before"].clone()),
        (Some("charge_refund"), 20_000, json!(null))
    );
    let wish = json!({"listing_id": stage.home, "check_in": JUNE.0, "check_out": JUNE.1, "adults": 2});
    let quote = stage.town.post(&guest, "/quotes", wish).await.expect(201).json();
    let told = &quote["deposit"];
    assert_eq!((money(&told["amount"]), told["due_at"].clone(), told["back_at"].as_str()), (20_000, json!(null), Some("2026-06-20T15:00:00Z")));
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    assert_eq!(booking["total_due"], quote["total_due"], "it is no part of the price");
    stage.settle().await;
    assert_eq!(stage.deposit(&booking).await, is("held", 20_000));
    stage.at("2026-06-20T14:50:00Z").await;
    assert_eq!(stage.deposit(&booking).await, is("held", 20_000));
    stage.is_sound().await;
    stage.at("2026-06-20T15:00:00Z").await;
    assert_eq!(stage.deposit(&booking).await, is("returned", 0));
    assert!(!stage.balances(&booking).await.contains_key("refund_payable"));
    assert_eq!(stage.letters_about("deposit goes back").await, 1);
    stage.is_sound().await;
});

on_both!(a_deposit_is_charged_on_its_day_and_asked_for_again, async |db: TestDb| {
    let stage = Stage::with(&db, |config| config.cancellation.host_penalty = HostPenalty::Standard).await;
    stage.asks_for(json!({"kind": "charge_refund", "amount": 20_000, "days_before": 5})).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    assert_eq!((booking["deposit"]["state"].as_str(), booking["deposit"]["next_at"].as_str()), (Some("planned"), Some("2026-06-05T19:00:00Z")));
    // The card that was left is gone: nothing can be charged, however often.
    run(&db, "UPDATE payment_customers SET method_sealed = NULL WHERE provider = $1", vec!["sandbox".into()]).await;
    stage.at("2026-06-05T19:00:00Z").await;
    assert_eq!((stage.deposit(&booking).await, stage.letters_about("a deposit is due").await), (is("failed", 0), 1));
    let address = format!("/bookings/{}/cancellation-preview", booking["id"].as_str().unwrap());
    let penalty = async || money(&stage.town.get(&stage.who("Hannah").await, &address).await.expect(200).json()["host_penalty"]);
    assert!(penalty().await > 0);
    stage.at("2026-06-06T19:00:00Z").await;
    stage.at("2026-06-07T19:00:00Z").await;
    assert_eq!((stage.letters_about("a deposit is due").await, stage.letters_about("a deposit was not left").await), (3, 1));
    assert_eq!(penalty().await, 0, "the host may call off");
    stage.at("2026-06-08T19:00:00Z").await;
    let seen = stage.seen_by("Gustav", &booking).await;
    assert_eq!((seen["state"].as_str(), seen["deposit"]["next_at"].clone()), (Some("confirmed"), json!(null)), "the stay stands");
    // The guest leaves it by themselves.
    let pay = |method: &str| json!({"payment_method": method, "what": "deposit"});
    stage.act("Gustav", &booking, "payments", pay("cash")).await.expect_problem(422, "invalid_payment_method");
    stage.act("Hannah", &booking, "payments", pay("card_ok")).await.expect_problem(403, "forbidden");
    stage.act("Gustav", &booking, "payments", pay("card_declined")).await.expect_problem(402, "payment_failed");
    let left = stage.act("Gustav", &booking, "payments", pay("card_ok")).await.expect(200).json();
    assert_eq!(left["deposit"]["state"], "held");
    stage.act("Gustav", &booking, "payments", pay("card_ok")).await.expect_problem(409, "nothing_due");
    stage.act("Gustav", &booking, "payments", json!({"payment_method": "card_ok"})).await.expect_problem(409, "nothing_due");
    assert!(penalty().await > 0);
    stage.at("2026-06-20T15:00:00Z").await;
    assert_eq!(stage.deposit(&booking).await, is("returned", 0));
    stage.is_sound().await;
});

on_both!(a_host_without_a_deposit_calls_off_and_keeps_the_nights, async |db: TestDb| {
    let stage = Stage::with(&db, |config| config.cancellation.host_penalty = HostPenalty::Standard).await;
    stage.asks_for(json!({"kind": "charge_refund", "amount": 20_000, "days_before": 6})).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    run(&db, "UPDATE payment_customers SET method_sealed = NULL WHERE provider = $1", vec!["sandbox".into()]).await;
    for day in ["04", "05", "06"] {
        stage.at(&format!("2026-06-{day}T19:00:00Z")).await;
    }
    let over = stage.act("Hannah", &booking, "cancel", json!({})).await.expect(200).json();
    assert_eq!((over["state"].as_str(), over["deposit"]["state"].as_str()), (Some("cancelled"), Some("cancelled")));
    stage.settle().await;
    assert!(stage.balances(&booking).await.is_empty(), "everything went back, and there is no penalty");
    stage.book("Gustav", JUNE, "card_ok").await;
    stage.is_sound().await;
});

on_both!(a_card_is_promised_for_short_stays_and_charged_for_long_ones, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.asks_for(json!({"kind": "card_hold", "amount": 20_000})).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    let long = stage.book("Gustav", ("2026-07-10", "2026-07-18"), "card_ok").await;
    stage.settle().await;
    assert_eq!((booking["deposit"]["kind"].as_str(), long["deposit"]["kind"].as_str()), (Some("card_hold"), Some("charge_refund")));
    assert_eq!((stage.deposit(&booking).await, stage.deposit(&long).await), (is("planned", 0), is("held", 20_000)));
    stage.act("Gustav", &booking, "payments", json!({"payment_method": "card_ok", "what": "deposit"})).await.expect_problem(409, "nothing_due");
    stage.at("2026-06-09T19:00:00Z").await;
    assert_eq!((stage.deposit(&booking).await, stage.tries(&booking).await), (is("authorized", 0), vec!["authorized".to_owned()]));
    stage.at("2026-06-14T14:50:00Z").await;
    assert_eq!(stage.tries(&booking).await, ["authorized"]);
    stage.at("2026-06-14T15:00:00Z").await;
    assert_eq!((stage.deposit(&booking).await, stage.tries(&booking).await), (is("returned", 0), vec!["voided".to_owned()]));
    stage.act("Gustav", &long, "cancel", json!({})).await.expect(200);
    stage.settle().await;
    assert_eq!(stage.deposit(&long).await, is("returned", 0));
    stage.is_sound().await;
    // A promise that ends too early is asked for again.
    let lapses = stage.book("Gustav", ("2026-06-20", "2026-06-24"), "card_lapses").await;
    stage.at("2026-06-19T19:00:00Z").await;
    stage.at("2026-06-19T20:00:00Z").await;
    stage.at("2026-06-19T20:01:00Z").await;
    assert_eq!(stage.tries(&lapses).await, ["voided", "authorized"]);
});

on_both!(a_promise_that_has_grown_old_is_renewed, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.asks_for(json!({"kind": "card_hold", "amount": 20_000})).await;
    let booking = stage.book("Gustav", ("2026-06-10", "2026-06-17"), "card_ok").await;
    stage.at("2026-06-09T19:00:00Z").await;
    stage.at("2026-06-15T18:50:00Z").await;
    assert_eq!((stage.deposit(&booking).await, stage.tries(&booking).await), (is("authorized", 0), vec!["authorized".to_owned()]));
    let next = stage.seen_by("Gustav", &booking).await["deposit"]["next_at"].clone();
    assert_eq!(next, "2026-06-15T19:00:00Z", "after six days");
    stage.at("2026-06-15T19:00:00Z").await;
    stage.at("2026-06-15T19:01:00Z").await;
    assert_eq!((stage.deposit(&booking).await, stage.tries(&booking).await), (is("authorized", 0), vec!["voided".to_owned(), "authorized".to_owned()]));
    assert_eq!(stage.letters_about("a deposit is due").await, 0, "nobody has to do anything");
    stage.at("2026-06-18T14:50:00Z").await;
    assert_eq!(stage.deposit(&booking).await, is("authorized", 0));
    stage.at("2026-06-18T15:00:00Z").await;
    assert_eq!((stage.deposit(&booking).await, stage.tries(&booking).await), (is("returned", 0), vec!["voided".to_owned(); 2]));
    stage.is_sound().await;

    // A promise is not to grow old after guests have left: then it is renewed an hour before they do.
    let five = stage.book("Gustav", ("2026-06-20", "2026-06-25"), "card_ok").await;
    stage.at("2026-06-19T19:00:00Z").await;
    stage.at("2026-06-25T13:50:00Z").await;
    assert_eq!(stage.tries(&five).await, ["authorized"]);
    stage.at("2026-06-25T14:00:00Z").await;
    stage.at("2026-06-25T14:01:00Z").await;
    assert_eq!((stage.deposit(&five).await, stage.tries(&five).await), (is("authorized", 0), vec!["voided".to_owned(), "authorized".to_owned()]));
    // A claim takes the new one.
    stage.at("2026-06-25T16:00:00Z").await;
    let body = json!({"items": [{"what": "A lamp", "amount": 7_500}], "description": ""});
    stage.act("Hannah", &five, "claims", body).await.expect(201);
    stage.settle().await;
    assert_eq!((stage.deposit(&five).await, stage.tries(&five).await), (is("held", 20_000), vec!["voided".to_owned(), "captured".to_owned()]));
    stage.is_sound().await;
});

on_both!(damage_is_paid_out_of_the_deposit_first, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.asks_for(charged(5_000)).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-10T19:00:00Z").await;
    stage.at("2026-06-14T12:00:00Z").await;
    let before = -stage.balances(&booking).await["host_payable"];
    let claimed = |amount: i64| json!({"items": [{"what": "A lamp", "amount": amount}], "description": "Found at departure"});
    let claim = stage.act("Hannah", &booking, "claims", claimed(7_500)).await.expect(201).json();
    // While the claim is open nothing goes back.
    stage.at("2026-06-21T12:00:00Z").await;
    assert_eq!(stage.deposit(&booking).await, is("held", 5_000));
    stage.is_sound().await;
    let answer = |claim: &Json| format!("claims/{}/escalate", claim["id"].as_str().unwrap());
    stage.act("Hannah", &booking, &answer(&claim), json!({})).await.expect(200);
    let decision = json!({"amount": 7_500, "reason": "The photos show it"});
    stage.staff(&format!("/admin/claims/{}/decide", claim["id"].as_str().unwrap()), decision).await.expect(200);
    stage.settle().await;
    let after = stage.balances(&booking).await;
    assert_eq!((-after["host_payable"] - before, after.get("deposit_held")), (7_500, None));
    assert_eq!(stage.deposit(&booking).await, is("returned", 0));
    let seen = stage.seen_by("Gustav", &booking).await;
    assert_eq!(money(&seen["deposit"]["taken"]), 5_000);
    let for_damage: Vec<i64> = seen["payments"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["purpose"].as_str().unwrap().starts_with("claim"))
        .map(|one| money(&one["amount"]))
        .collect();
    assert_eq!(for_damage, [2_500], "the guest pays the rest");
    stage.is_sound().await;
});

on_both!(what_a_withdrawn_claim_took_goes_back, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.asks_for(charged(5_000)).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-11T19:00:00Z").await;
    stage.at("2026-06-14T12:00:00Z").await;
    let before = -stage.balances(&booking).await["host_payable"];
    run(&db, "UPDATE payment_customers SET method_sealed = NULL WHERE provider = $1", vec!["sandbox".into()]).await;
    let body = json!({"items": [{"what": "A lamp", "amount": 7_500}], "description": ""});
    let claim = stage.act("Hannah", &booking, "claims", body).await.expect(201).json();
    let on = |act: &str| format!("claims/{}/{act}", claim["id"].as_str().unwrap());
    let due = stage.act("Gustav", &booking, &on("answer"), json!({"amount": 7_500})).await.expect(200).json();
    assert_eq!((due["state"].as_str(), -stage.balances(&booking).await["host_payable"] - before), (Some("due"), 5_000));
    stage.act("Hannah", &booking, &on("withdraw"), json!({})).await.expect(200);
    stage.at("2026-06-14T12:01:00Z").await;
    assert_eq!((stage.deposit(&booking).await, -stage.balances(&booking).await["host_payable"] - before), (is("returned", 0), 0));
    assert_eq!(money(&stage.seen_by("Gustav", &booking).await["deposit"]["taken"]), 0);
    stage.is_sound().await;
});

on_both!(a_promise_is_taken_for_damage_and_the_rest_goes_back, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.asks_for(json!({"kind": "card_hold", "amount": 20_000})).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    for instant in ["2026-06-09T19:00:00Z", "2026-06-11T19:00:00Z", "2026-06-13T15:00:00Z"] {
        stage.at(instant).await;
    }
    let before = -stage.balances(&booking).await["host_payable"];
    let body = json!({"items": [{"what": "A lamp", "amount": 7_500}], "description": ""});
    let claim = stage.act("Hannah", &booking, "claims", body).await.expect(201).json();
    stage.settle().await;
    assert_eq!(stage.deposit(&booking).await, is("held", 20_000));
    let answer = format!("claims/{}/answer", claim["id"].as_str().unwrap());
    let done = stage.act("Gustav", &booking, &answer, json!({"amount": 7_500})).await.expect(200).json();
    assert_eq!(done["state"], "paid");
    stage.at("2026-06-13T15:01:00Z").await;
    let after = stage.balances(&booking).await;
    assert_eq!((-after["host_payable"] - before, stage.deposit(&booking).await), (7_500, is("returned", 0)));
    let seen = stage.seen_by("Gustav", &booking).await;
    let left = seen["payments"].as_array().unwrap().iter().find(|payment| payment["purpose"] == "deposit").unwrap();
    assert_eq!((money(&left["refunded"]), seen["payments"].as_array().unwrap().len()), (12_500, 2));
    stage.is_sound().await;
});

on_both!(a_deposit_of_a_stay_that_is_called_off_goes_back, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.asks_for(charged(20_000)).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    stage.settle().await;
    stage.act("Gustav", &booking, "cancel", json!({})).await.expect(200);
    stage.settle().await;
    assert_eq!(stage.deposit(&booking).await, is("returned", 0));
    // Once the guest is there damage can be claimed: it waits as after any stay.
    let begun = stage.book("Gustav", LONG, "card_ok").await;
    stage.at("2026-06-10T20:00:00Z").await;
    stage.act("Gustav", &begun, "cancel", json!({})).await.expect(200);
    stage.settle().await;
    assert_eq!(stage.deposit(&begun).await, is("held", 20_000));
    stage.is_sound().await;
    stage.at("2026-06-17T20:00:00Z").await;
    assert_eq!(stage.deposit(&begun).await, is("returned", 0));
    stage.is_sound().await;
});

on_both!(a_deposit_that_the_bank_takes_back_is_not_owed_any_more, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.asks_for(charged(20_000)).await;
    let booking = stage.book("Gustav", JUNE, "card_dispute_lost").await;
    stage.settle().await;
    assert_eq!(stage.deposit(&booking).await, is("held", 20_000));
    stage.at("2026-06-01T13:30:00Z").await;
    stage.at("2026-06-01T16:30:00Z").await;
    let lost = stage.balances(&booking).await;
    assert_eq!((lost.get("deposit_held"), lost.get("dispute_suspense")), (None, None), "{lost:?}");
    stage.at("2026-06-20T15:00:00Z").await;
    assert_eq!(stage.deposit(&booking).await, is("returned", 0));
    stage.is_sound().await;
});

on_both!(a_changed_stay_moves_its_deposit, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.asks_for(json!({"kind": "card_hold", "amount": 20_000})).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    stage.asks_for(charged(50_000)).await;
    let change = stage.act("Gustav", &booking, "alterations", json!({"check_out": "2026-06-19"})).await.expect(201).json();
    stage.act("Hannah", &booking, &format!("alterations/{}/accept", change["id"].as_str().unwrap()), json!({})).await.expect(200);
    stage.at("2026-06-01T12:01:00Z").await;
    let seen = stage.seen_by("Gustav", &booking).await;
    assert_eq!((seen["deposit"]["kind"].as_str(), money(&seen["deposit"]["amount"])), (Some("charge_refund"), 20_000), "what was agreed on, and nine nights");
    assert_eq!((stage.deposit(&booking).await, seen["deposit"]["next_at"].as_str()), (is("held", 20_000), Some("2026-06-26T15:00:00Z")));
});

on_both!(deposits_are_within_reason, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    for (deposit, pointer) in [
        (charged(0), "amount"),
        (charged(1_000_001), "amount"),
        (json!({"kind": "card_hold"}), "amount"),
        (json!({"kind": "claim_only", "amount": 5}), "amount"),
        (json!({"kind": "charge_refund", "amount": 5, "days_before": 1}), "days_before"),
        (json!({"kind": "charge_refund", "amount": 5, "days_before": 61}), "days_before"),
        (json!({"kind": "card_hold", "amount": 5, "days_before": 5}), "days_before"),
    ] {
        let refused = stage.asks_for(deposit.clone()).await;
        assert_eq!(
            (refused["code"].as_str(), refused["errors"][0]["pointer"].as_str()),
            (Some("invalid_pricing"), Some(&*format!("/body/plan/deposit/{pointer}"))),
            "{deposit}"
        );
    }
    assert_eq!(stage.asks_for(json!({"kind": "claim_only"})).await["plan"]["deposit"]["kind"], "claim_only");
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    assert_eq!(
        (booking["deposit"]["kind"].as_str(), booking["deposit"]["amount"].clone(), booking["deposit"]["state"].clone()),
        (Some("claim_only"), json!(null), json!(null))
    );
});
