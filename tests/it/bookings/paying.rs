//! A stay is paid, with the cards of the sandbox.

use super::{Stage, acts, path};
use crate::support::people::{run, with_role};
use crate::support::town::{Asker, Reply};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::values::Clock;

/// Books with a card.
async fn book_with(stage: &Stage, guest: &Asker, dates: (&str, &str), card: &str) -> Reply {
    let quote = stage.quote(guest, dates.0, dates.1).await;
    stage.town.post(guest, "/bookings", json!({"quote_id": quote["id"], "payment_method": card})).await
}

const JUNE: (&str, &str) = ("2026-06-10", "2026-06-13");

/// The balances of a booking's accounts in the books, by the first word of their names.
async fn balances(stage: &Stage, finance: &Asker, booking: &Json) -> Vec<(String, i64)> {
    let ledger = stage.town.get(finance, &format!("{}/ledger", path(booking))).await.expect(200).json();
    let mut found: std::collections::BTreeMap<String, i64> = std::collections::BTreeMap::new();
    for entry in ledger["entries"].as_array().or_else(|| ledger["data"].as_array()).unwrap() {
        for posting in entry["postings"].as_array().unwrap() {
            let account = posting["account"].as_str().unwrap().split(':').next().unwrap().to_owned();
            let amount = posting["amount"]["amount"].as_i64().or_else(|| posting["amount"].as_i64()).unwrap();
            // What the provider keeps for itself is not what this is about.
            let account = if account == "exp_psp" { "psp".to_owned() } else { account };
            *found.entry(account).or_default() += amount;
        }
    }
    found.into_iter().filter(|(_, amount)| *amount != 0).collect()
}

fn told(balances: &[(String, i64)]) -> Vec<(&str, i64)> {
    balances.iter().map(|(account, amount)| (account.as_str(), *amount)).collect()
}

on_both!(a_good_card_confirms_the_stay_in_one_call, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = book_with(&stage, &stage.guest, JUNE, "card_ok").await.expect(201).json();
    assert_eq!((booking["state"].as_str(), acts(&booking)), (Some("confirmed"), vec!["book", "pay"]));
    assert_eq!(booking["payments"][0]["state"], "captured");
    assert_eq!((booking["instalments"][0]["state"].as_str(), booking["instalments"][0]["amount"]["amount"].as_i64()), (Some("paid"), Some(30_000)));
    assert_eq!(booking["due_at"], booking["check_in_at"]);
    // Both sides know each other now, and were written to.
    assert!(booking["host"]["email"].is_string());
    let theirs = stage.read(&stage.host, &booking).await;
    assert!(theirs["guest"]["email"].is_string() && theirs["payments"][0]["action_url"].is_null());
    let letters = stage.town.letters().await;
    assert_eq!(letters.iter().filter(|letter| letter.subject.contains("is confirmed")).count(), 2);
    // The nights stay sold when the hold would have run out.
    stage.town.clock.advance_seconds(3_600);
    assert_eq!(stage.taken().await, [10, 11, 12]);
    let finance = with_role(&stage.town, &db, "Fiona", "finance").await;
    let balances = balances(&stage, &finance, &booking).await;
    assert_eq!(told(&balances), [("psp", 30_000), ("stay_escrow", -30_000)]);
});

on_both!(a_refused_card_is_said_and_another_one_does, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let quote = stage.quote(&stage.guest, JUNE.0, JUNE.1).await;
    let mut keyed = stage.guest.clone();
    keyed.headers.push(("idempotency-key".into(), "one".into()));
    let ask = json!({"quote_id": quote["id"], "payment_method": "card_declined"});
    let refused = stage.town.post(&keyed, "/bookings", ask.clone()).await;
    let problem = refused.expect_problem(402, "payment_failed").json();
    assert_eq!(problem["due_at"], "2026-06-01T12:15:00Z");
    // Sent again it is answered again; nothing is charged twice.
    let again = stage.town.post(&keyed, "/bookings", ask).await;
    assert_eq!((again.status.as_u16(), again.body.clone()), (402, refused.body.clone()));
    let booking = json!({"id": problem["booking_id"]});
    let waits = stage.read(&stage.guest, &booking).await;
    assert_eq!((waits["state"].as_str(), waits["payments"][0]["state"].as_str()), (Some("pending_payment"), Some("failed")));
    let paid = stage.act(&stage.guest, &booking, "payments", json!({"payment_method": "card_ok"})).await.expect(200).json();
    assert_eq!((paid["state"].as_str(), paid["payments"].as_array().unwrap().len()), (Some("confirmed"), 2));
    stage.act(&stage.guest, &booking, "payments", json!({"payment_method": "card_ok"})).await.expect_problem(409, "nothing_due");
    stage.act(&stage.host, &booking, "payments", json!({"payment_method": "card_ok"})).await.expect_problem(403, "forbidden");
});

on_both!(nobody_pays_with_what_is_not_there, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    for method in ["", "a b", "card/ok", "no_such_card"] {
        let reply = book_with(&stage, &stage.guest, JUNE, method).await;
        assert!(matches!(reply.status.as_u16(), 402 | 422), "{method}: {}", reply.text());
    }
});

on_both!(a_host_accepts_and_the_promised_money_is_taken, async |db: TestDb| {
    let stage = Stage::asking(&db).await;
    let booking = book_with(&stage, &stage.guest, JUNE, "card_ok").await.expect(201).json();
    assert_eq!((booking["state"].as_str(), booking["payments"][0]["state"].as_str()), (Some("requested"), Some("authorized")));
    let finance = with_role(&stage.town, &db, "Fiona", "finance").await;
    assert_eq!(balances(&stage, &finance, &booking).await, [], "promises are not in the books");
    let accepted = stage.act(&stage.host, &booking, "accept", json!(null)).await.expect(200).json();
    assert_eq!((accepted["state"].as_str(), acts(&accepted)), (Some("confirmed"), vec!["book", "accept", "pay"]));
    // Another one is declined: nothing is taken.
    let second = stage.town.newcomer("Stella").await;
    let other = book_with(&stage, &second, ("2026-06-20", "2026-06-22"), "card_ok").await.expect(201).json();
    stage.act(&stage.host, &other, "decline", json!({"reason": "other"})).await.expect(200);
    stage.town.run_jobs().await;
    let over = stage.read(&second, &other).await;
    assert_eq!((over["state"].as_str(), over["payments"][0]["state"].as_str()), (Some("declined"), Some("voided")));
});

on_both!(a_promise_that_ends_before_it_is_taken_is_told, async |db: TestDb| {
    let stage = Stage::asking(&db).await;
    let booking = book_with(&stage, &stage.guest, JUNE, "card_lapses").await.expect(201).json();
    assert_eq!((booking["state"].as_str(), booking["payments"][0]["state"].as_str()), (Some("requested"), Some("authorized")));
    stage.town.clock.advance_seconds(50 * 60);
    // The provider is slow: the host agrees, and the hour of the promise is over before it is taken.
    const SLOW: &str = "UPDATE provider_calls SET state = 'waiting', lease = id, lease_until = $1";
    run(&db, SLOW, vec![stage.town.clock.now().plus_seconds(3 * 3_600).into()]).await;
    let host = stage.town.log_in("Hannah").await;
    let accepted = stage.act(&host, &booking, "accept", json!(null)).await.expect(200).json();
    assert_eq!(accepted["state"], "pending_payment");
    stage.town.clock.advance_seconds(11 * 60);
    for _ in 0..3 {
        stage.town.run_jobs().await;
    }
    let guest = stage.town.log_in("Gustav").await;
    let waits = stage.read(&guest, &booking).await;
    assert_eq!((waits["state"].as_str(), waits["payments"][0]["state"].as_str()), (Some("pending_payment"), Some("voided")));
    let told = async || {
        let letters = stage.town.letters().await;
        letters.iter().filter(|letter| letter.to.contains("gustav") && letter.subject.contains("your payment was refused")).count()
    };
    assert_eq!(told().await, 1);
    // A card that fails is told once, not again when it is let go of for another one.
    stage.act(&guest, &booking, "payments", json!({"payment_method": "card_declined"})).await.expect_problem(402, "payment_failed");
    let paid = stage.act(&guest, &booking, "payments", json!({"payment_method": "card_ok"})).await.expect(200).json();
    stage.town.run_jobs().await;
    assert_eq!((paid["state"].as_str(), told().await), (Some("confirmed"), 2));
});

on_both!(money_that_comes_too_late_takes_the_nights_again_or_goes_back, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let finance = with_role(&stage.town, &db, "Fiona", "finance").await;
    // The bank has to look at it: by then the hold has run out, and the nights are free.
    let first = book_with(&stage, &stage.guest, JUNE, "card_late_success").await.expect(201).json();
    assert_eq!(first["state"], "pending_payment");
    stage.town.clock.advance_seconds(86_400);
    stage.town.run_jobs().await;
    stage.town.run_jobs().await;
    let guest = stage.town.log_in("Gustav").await;
    let finance_later = stage.town.log_in("Fiona").await;
    let again = stage.read(&guest, &first).await;
    assert_eq!((again["state"].as_str(), acts(&again)), (Some("confirmed"), vec!["book", "expire", "pay"]));
    assert_eq!(stage.taken().await, [10, 11, 12]);
    // The same where somebody else was quicker.
    let second = book_with(&stage, &guest, ("2026-06-20", "2026-06-23"), "card_late_success").await.expect(201).json();
    stage.town.clock.advance_seconds(16 * 60);
    let quick = stage.town.newcomer("Stella").await;
    let other = book_with(&stage, &quick, ("2026-06-21", "2026-06-24"), "card_ok").await.expect(201).json();
    assert_eq!(other["state"], "confirmed");
    stage.town.clock.advance_seconds(86_400);
    for _ in 0..3 {
        stage.town.run_jobs().await;
    }
    let guest = stage.town.log_in("Gustav").await;
    let finance_last = stage.town.log_in("Fiona").await;
    let over = stage.read(&guest, &second).await;
    assert_eq!((over["state"].as_str(), over["payments"][0]["refunds"][0]["state"].as_str()), (Some("expired"), Some("succeeded")));
    assert_eq!(balances(&stage, &finance_last, &second).await, [], "nobody keeps money without a stay");
    let letters = stage.town.letters().await;
    assert!(letters.iter().any(|letter| letter.subject.contains("goes back")));
    drop((finance, finance_later));
});

on_both!(a_guest_calls_off_as_they_were_shown, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    run(&db, "UPDATE listings SET short_policy = 'firm' WHERE id = $1", vec![stage.home.into()]).await;
    let booking = book_with(&stage, &stage.guest, JUNE, "card_ok").await.expect(201).json();
    // Firm: everything up to 30 days before, half up to 7 days; the first day is free if it is a week before.
    let preview = stage.town.get(&stage.guest, &format!("{}/cancellation-preview", path(&booking))).await.expect(200).json();
    assert_eq!((preview["refund"]["amount"].as_i64(), preview["host_payout"].clone()), (Some(30_000), json!(null)));
    let later = format!("{}/cancellation-preview?at=2026-06-02T13:00:00Z", path(&booking));
    let half = stage.town.get(&stage.guest, &later).await.expect(200).json();
    assert_eq!((half["refund"]["amount"].as_i64(), half["next_deadline"].as_str()), (Some(15_000), Some("2026-06-03T19:00:00Z")));
    assert_eq!(half["next_deadline_local"], "2026-06-03T15:00");
    stage.town.clock.set("2026-06-02T13:00:00Z");
    let guest = stage.town.log_in("Gustav").await;
    let stale = stage.act(&guest, &booking, "cancel", json!({"preview_hash": preview["preview_hash"]})).await;
    assert_eq!(stale.expect_problem(409, "outcome_changed").json()["preview_hash"], half["preview_hash"]);
    let over = stage.act(&guest, &booking, "cancel", json!({"preview_hash": half["preview_hash"], "reason": "Ill"})).await.expect(200).json();
    assert_eq!((over["state"].as_str(), stage.taken().await), (Some("cancelled"), vec![]));
    stage.town.run_jobs().await;
    let over = stage.read(&guest, &over).await;
    assert_eq!(over["payments"][0]["refunds"][0]["state"], "succeeded");
    assert_eq!(over["payments"][0]["refunded"]["amount"], 15_000);
    let finance = with_role(&stage.town, &db, "Fiona", "finance").await;
    let balances = balances(&stage, &finance, &booking).await;
    assert_eq!(told(&balances), [("psp", 15_000), ("stay_escrow", -15_000)], "the kept half waits for the host's release");
    stage.act(&guest, &booking, "cancel", json!({})).await.expect_problem(409, "invalid_transition");
});

on_both!(a_host_who_calls_off_gives_everything_back_and_keeps_no_nights, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = book_with(&stage, &stage.guest, JUNE, "card_ok").await.expect(201).json();
    let over = stage.act(&stage.host, &booking, "cancel", json!({})).await.expect(200).json();
    assert_eq!(over["state"], "cancelled");
    assert_eq!(stage.taken().await, [10, 11, 12], "they stay blocked (C11)");
    stage.town.run_jobs().await;
    let finance = with_role(&stage.town, &db, "Fiona", "finance").await;
    assert_eq!(balances(&stage, &finance, &booking).await, []);
});

on_both!(staff_decide_how_much_goes_back, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = book_with(&stage, &stage.guest, JUNE, "card_ok").await.expect(201).json();
    let operator = with_role(&stage.town, &db, "Olga", "operator").await;
    for (body, code) in [
        (json!({}), "missing_field"),
        (json!({"as": "staff"}), "out_of_range"),
        (json!({"as": "staff", "refund": -1}), "out_of_range"),
        (json!({"as": "guest", "refund": 5}), "out_of_range"),
    ] {
        stage.act(&operator, &booking, "cancel", body).await.expect_problem(422, code);
    }
    stage.act(&stage.guest, &booking, "cancel", json!({"as": "host"})).await.expect_problem(403, "forbidden");
    let too_much = stage.act(&operator, &booking, "cancel", json!({"as": "staff", "refund": 99_999_999, "reason": "A slip of the finger"})).await;
    assert!(too_much.expect_problem(409, "refund_too_large").json()["most"].as_i64().unwrap() > 12_345);
    stage.act(&operator, &booking, "cancel", json!({"as": "staff", "refund": 12_345, "reason": "A leak"})).await.expect(200);
    stage.town.run_jobs().await;
    let over = stage.read(&stage.guest, &booking).await;
    assert_eq!(over["payments"][0]["refunded"]["amount"], 12_345);
});

on_both!(a_stay_is_made_longer_and_shorter, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = book_with(&stage, &stage.guest, JUNE, "card_ok").await.expect(201).json();
    // The price has gone up since; nights that stay keep theirs.
    let body = json!({"base_price": 20_000, "plan": {}});
    stage.town.ask(&stage.host, Method::PUT, &format!("/listings/{}/pricing", stage.home), Some(&body)).await.expect(200);
    let ask = json!({"check_out": "2026-06-14", "message": "One night more?"});
    let proposed = stage.act(&stage.guest, &booking, "alterations", ask.clone()).await.expect(201).json();
    assert_eq!(
        (proposed["state"].as_str(), proposed["delta"]["amount"].as_i64(), proposed["total_due"]["amount"].as_i64()),
        (Some("proposed"), Some(20_000), Some(50_000))
    );
    stage.act(&stage.guest, &booking, "alterations", ask).await.expect_problem(409, "alteration_open");
    let answer = format!("alterations/{}/accept", proposed["id"].as_str().unwrap());
    stage.act(&stage.guest, &booking, &answer, json!({})).await.expect_problem(403, "forbidden");
    assert_eq!(stage.taken().await, [10, 11, 12], "a proposal holds nothing");
    let applied = stage.act(&stage.host, &booking, &answer, json!({})).await.expect(200).json();
    assert_eq!(applied["state"], "applied");
    let longer = stage.read(&stage.guest, &booking).await;
    assert_eq!(
        (longer["check_out"].as_str(), longer["total_due"]["amount"].as_i64(), acts(&longer)),
        (Some("2026-06-14"), Some(50_000), vec!["book", "pay", "alter"])
    );
    assert_eq!(stage.taken().await, [10, 11, 12, 13]);
    let finance = with_role(&stage.town, &db, "Fiona", "finance").await;
    assert_eq!(told(&balances(&stage, &finance, &booking).await), [("psp", 50_000), ("stay_escrow", -50_000)]);
    // The host asks to end it earlier: two nights of the old price less one of the new.
    let proposed = stage.act(&stage.host, &booking, "alterations", json!({"check_out": "2026-06-12"})).await.expect(201).json();
    assert_eq!(proposed["delta"]["amount"], -30_000);
    let answer = format!("alterations/{}/accept", proposed["id"].as_str().unwrap());
    stage.act(&stage.guest, &booking, &answer, json!({})).await.expect(200);
    stage.town.run_jobs().await;
    assert_eq!(stage.taken().await, [10, 11]);
    assert_eq!(told(&balances(&stage, &finance, &booking).await), [("psp", 20_000), ("stay_escrow", -20_000)]);
    let list = stage.town.get(&stage.host, &format!("{}/alterations", path(&booking))).await.expect(200).json();
    assert_eq!(list["data"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect::<Vec<_>>(), ["applied", "applied"]);
});

on_both!(a_change_is_declined_taken_back_or_forgotten, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = book_with(&stage, &stage.guest, JUNE, "card_ok").await.expect(201).json();
    let propose = async |who: &Asker| stage.act(who, &booking, "alterations", json!({"check_out": "2026-06-14"})).await.expect(201).json();
    for (who, state) in [(&stage.host, "declined"), (&stage.guest, "withdrawn")] {
        let proposed = propose(&stage.guest).await;
        let answer = format!("alterations/{}/decline", proposed["id"].as_str().unwrap());
        assert_eq!(stage.act(who, &booking, &answer, json!({})).await.expect(200).json()["state"], state);
        stage.act(who, &booking, &answer, json!({})).await.expect_problem(409, "alteration_over");
    }
    let proposed = propose(&stage.guest).await;
    stage.town.clock.advance_seconds(86_400);
    stage.town.run_jobs().await;
    let host = stage.town.log_in("Hannah").await;
    let answer = format!("alterations/{}/accept", proposed["id"].as_str().unwrap());
    stage.act(&host, &booking, &answer, json!({})).await.expect_problem(409, "alteration_over");
    let list = stage.town.get(&host, &format!("{}/alterations", path(&booking))).await.expect(200).json();
    assert_eq!(list["data"][0]["state"], "expired");
    // What cannot be is refused as a quote would be.
    for (ask, status, code) in [
        (json!({"check_out": "2026-06-10"}), 422, "invalid_dates"),
        (json!({"adults": 0}), 422, "out_of_range"),
        (json!({"adults": 9}), 409, "dates_unavailable"),
        (json!({}), 422, "nothing_changed"),
        (json!({"check_in": "2026-01-01", "check_out": "2026-01-05"}), 409, "dates_unavailable"),
    ] {
        let reply = stage.act(&host, &booking, "alterations", ask.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (status, Some(code)), "{ask}: {}", reply.text());
    }
});

on_both!(later_instalments_are_charged_on_their_day_or_the_stay_is_called_off, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let plan = json!({"base_price": 10_000, "plan": {"instalments": {"kind": "deposit", "deposit_bp": 2_000, "balance_days": 5}}});
    stage.town.ask(&stage.host, Method::PUT, &format!("/listings/{}/pricing", stage.home), Some(&plan)).await.expect(200);
    let booking = book_with(&stage, &stage.guest, JUNE, "card_ok").await.expect(201).json();
    let parts = |booking: &Json| {
        booking["instalments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| (part["amount"]["amount"].as_i64().unwrap(), part["state"].as_str().unwrap().to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(parts(&booking), [(6_000, "paid".to_owned()), (24_000, "planned".to_owned())]);
    assert_eq!(booking["instalments"][1]["next_at"], "2026-06-05T19:00:00Z");
    stage.town.clock.set("2026-06-05T19:00:00Z");
    stage.town.run_jobs().await;
    stage.town.run_jobs().await;
    let guest = stage.town.log_in("Gustav").await;
    let paid = stage.read(&guest, &booking).await;
    assert_eq!(parts(&paid), [(6_000, "paid".to_owned()), (24_000, "paid".to_owned())]);
    // A card whose owner has to prove who they are is refused when they are not there: asked again each day, and in the end the stay is called off.
    let second = stage.town.newcomer("Stella").await;
    let other = book_with(&stage, &second, ("2026-06-20", "2026-06-23"), "card_3ds").await.expect(201).json();
    let payment = other["payments"][0]["id"].as_str().unwrap();
    assert!(other["payments"][0]["action_url"].is_string() && other["state"] == "pending_payment");
    stage.town.post(&second, &format!("/payments/sandbox/{payment}/authenticate"), json!({"outcome": "pass"})).await.expect(200);
    stage.town.run_jobs().await;
    assert_eq!(stage.read(&second, &other).await["state"], "confirmed");
    stage.town.clock.set("2026-06-15T19:00:00Z");
    for _ in 0..5 {
        stage.town.run_jobs().await;
        stage.town.run_jobs().await;
        stage.town.clock.advance_seconds(86_400);
    }
    stage.town.run_jobs().await;
    let second = stage.town.log_in("Stella").await;
    let over = stage.read(&second, &other).await;
    assert_eq!(
        (over["state"].as_str(), over["history"].as_array().unwrap().last().unwrap()["reason"].as_str()),
        (Some("cancelled"), Some("unpaid_instalment"))
    );
    assert_eq!(parts(&over).last().unwrap().1, "cancelled");
});
