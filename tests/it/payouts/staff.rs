//! What staff stop and write down.

use super::{IBAN, JUNE, Stage, owned};
use crate::support::{TestDb, on_both};
use serde_json::json;

on_both!(staff_stop_the_payouts_of_a_host, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.leave("bank", IBAN).await;
    stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-11T19:00:00Z").await;
    stage.at("2026-06-12T20:00:00Z").await;
    assert_eq!(stage.seen().await.1, owned(&[(29_100, "created")]));
    let path = format!("/admin/users/{}/payouts", stage.host);
    stage.staff(&format!("{path}/unhold"), json!({"reason": "why not"})).await.expect_problem(409, "payouts_not_held");
    let held = stage.staff(&format!("{path}/hold"), json!({"reason": "a court asks"})).await.expect(200).json();
    assert_eq!((held["reason"].as_str(), held["balances"][0]["waits_for"].as_str()), (Some("a court asks"), Some("held")));
    stage.staff(&format!("{path}/hold"), json!({"reason": "again"})).await.expect_problem(409, "payouts_held");
    assert_eq!(stage.seen().await, (vec![(29_100, 0, Some("held".to_owned()))], owned(&[(29_100, "cancelled")])));
    stage.at("2026-06-14T20:00:00Z").await;
    assert_eq!(stage.seen().await.1.len(), 1);
    let finance = stage.who("Fiona").await;
    let holds = stage.town.get(&finance, "/admin/payout-holds").await.expect(200).json();
    assert_eq!(holds["data"][0]["host_id"].as_str(), Some(stage.host.to_string().as_str()));
    stage.staff(&format!("{path}/unhold"), json!({"reason": "settled"})).await.expect(200);
    stage.at("2026-06-15T21:00:00Z").await;
    assert_eq!(stage.seen().await.1, owned(&[(29_100, "created"), (29_100, "cancelled")]));
    let nobody = uuid::Uuid::now_v7();
    stage.staff(&format!("/admin/users/{nobody}/payouts/hold"), json!({"reason": "x"})).await.expect_problem(404, "not_found");
    stage.is_sound().await;
});

on_both!(a_tax_is_handed_on_and_no_more_of_it_than_is_owed, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-11T19:00:00Z").await;
    let owed = -stage.balances(&booking).await["tax_payable"];
    assert!(owed > 100);
    let ask = |amount: i64| json!({"tax": "vat", "currency": "USD", "amount": amount, "reason": "second quarter"});
    let refused = stage.staff("/admin/taxes/remittances", ask(owed + 1)).await;
    assert_eq!(refused.expect_problem(409, "remittance_too_large").json()["owed"], owed);
    for (body, code) in [
        (json!({"tax": "V A T", "currency": "USD", "amount": 1, "reason": "x"}), "out_of_range"),
        (json!({"tax": "vat", "currency": "usd", "amount": 1, "reason": "x"}), "out_of_range"),
        (json!({"tax": "vat", "currency": "USD", "amount": 0, "reason": "x"}), "out_of_range"),
        (json!({"tax": "vat", "currency": "USD", "amount": 1, "reason": ""}), "invalid_reason"),
    ] {
        stage.staff("/admin/taxes/remittances", body).await.expect_problem(422, code);
    }
    // At once: only one of two that are too much together.
    let finance = stage.who("Fiona").await;
    let both = futures_util::future::join_all((0..4).map(|_| stage.town.post(&finance, "/admin/taxes/remittances", ask(owed - 10)))).await;
    let statuses: Vec<u16> = both.iter().map(|reply| reply.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    let rest = stage.staff("/admin/taxes/remittances", ask(10)).await.expect(201).json();
    assert_eq!(rest["still_owed"]["amount"], 0);
    stage.is_sound().await;
});
