//! What is still owed when a stay is over, what an open claim keeps back, and taxes that were handed on too early.

use super::{JUNE, Stage, money};
use crate::support::people::run;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::platform::db::DbResult;

impl Stage {
    /// A stay of which 20 % were paid, and nothing else can be charged.
    async fn half_paid(&self, db: &TestDb) -> Json {
        let plan = json!({"base_price": 10_000, "plan": {"instalments": {"kind": "deposit", "deposit_bp": 2_000, "balance_days": 0}}});
        let host = self.who("Hannah").await;
        self.town.ask(&host, Method::PUT, &format!("/listings/{}/pricing", self.home), Some(&plan)).await.expect(200);
        let booking = self.book("Gustav", JUNE, "card_ok").await;
        run(db, "UPDATE payment_customers SET method_sealed = NULL WHERE provider = $1", vec!["sandbox".into()]).await;
        for day in ["10", "11", "12", "13"] {
            self.at(&format!("2026-06-{day}T19:00:00Z")).await;
        }
        booking
    }

    /// State and next day of the second instalment.
    async fn second(&self, booking: &Json) -> (String, Option<String>) {
        let who = self.who("Gustav").await;
        let seen = self.town.get(&who, &format!("/bookings/{}", booking["id"].as_str().unwrap())).await.expect(200).json();
        let part = &seen["instalments"][1];
        assert_eq!(seen["state"], "completed");
        (part["state"].as_str().unwrap().to_owned(), part["next_at"].as_str().map(|at| at[..10].to_owned()))
    }
}

on_both!(an_instalment_is_asked_for_after_the_stay_and_paid_late, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = stage.half_paid(&db).await;
    // Refused for the fourth time, after check-out: sixteen days, the longest pause.
    assert_eq!(stage.second(&booking).await, ("failed".to_owned(), Some("2026-06-29".to_owned())));
    let owed = stage.balances(&booking).await;
    assert!(owed["guest_receivable"] > 0 && !owed.contains_key("host_payable"), "nothing is released that is not paid: {owed:?}");
    stage.act("Gustav", &booking, "payments", json!({"payment_method": "card_ok"})).await.expect(200);
    assert_eq!(stage.second(&booking).await, ("paid".to_owned(), None));
    stage.at("2026-06-14T00:00:00Z").await;
    let paid = stage.balances(&booking).await;
    assert_eq!((paid.get("guest_receivable"), paid["host_payable"]), (None, -29_100));
    stage.is_sound().await;
});

on_both!(what_is_never_paid_is_told_and_kept, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = stage.half_paid(&db).await;
    for day in ["2026-06-29", "2026-07-15", "2026-07-31"] {
        stage.at(&format!("{day}T20:00:00Z")).await;
    }
    assert_eq!(stage.second(&booking).await, ("failed".to_owned(), None));
    let letters = stage.town.letters().await;
    assert_eq!(letters.iter().filter(|letter| letter.subject.contains("an instalment is not paid")).count(), 2, "both sides are told");
    let noted: DbResult<Option<i64>> =
        db.read(|conn| conn.first("SELECT COUNT(*) FROM audit WHERE action = 'booking.never_paid'", &[], |row| row.get(0))).await;
    assert_eq!(noted.unwrap(), Some(1));
    stage.at("2026-10-01T20:00:00Z").await;
    let owed = stage.balances(&booking).await;
    assert!(owed["guest_receivable"] > 0 && !owed.contains_key("host_payable"), "{owed:?}");
    stage.is_sound().await;
    stage.act("Gustav", &booking, "payments", json!({"payment_method": "card_ok"})).await.expect(200);
    assert_eq!(stage.second(&booking).await.0, "paid");
});

on_both!(an_open_claim_keeps_back_what_its_stay_earns, async |db: TestDb| {
    let stage = Stage::with(&db, |config| config.payouts.release_hours = 120).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-14T12:00:00Z").await;
    let body = json!({"items": [{"what": "A lamp", "amount": 7_500}], "description": ""});
    let claim = stage.act("Hannah", &booking, "claims", body).await.expect(201).json();
    stage.at("2026-06-16T12:00:00Z").await;
    assert!(!stage.balances(&booking).await.contains_key("host_payable"), "it was due at the fifteenth");
    stage.act("Hannah", &booking, &format!("claims/{}/withdraw", claim["id"].as_str().unwrap()), json!({})).await.expect(200);
    stage.at("2026-06-16T14:00:00Z").await;
    assert_eq!(stage.balances(&booking).await["host_payable"], -29_100);
    stage.is_sound().await;
});

on_both!(a_tax_that_was_handed_on_too_early_is_made_up_for_by_the_next, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = stage.book("Gustav", ("2026-06-10", "2026-06-20"), "card_ok").await;
    stage.at("2026-06-11T19:00:00Z").await;
    let owed = -stage.balances(&booking).await["tax_payable"];
    let ask = |amount: i64| json!({"tax": "vat", "currency": "USD", "amount": amount, "reason": "second quarter"});
    stage.staff("/admin/taxes/remittances", ask(owed)).await.expect(201);
    // The host sends the guest away: what was released goes back, with its tax.
    stage.act("Hannah", &booking, "cancel", json!({})).await.expect(200);
    stage.settle().await;
    let ahead = stage.balances(&booking).await.get("tax_payable").copied().unwrap_or(0) + owed;
    assert!(ahead > 0, "the tax of nights that nobody sleeps is not owed: {ahead}");
    stage.is_sound().await;
    let finance = stage.who("Fiona").await;
    let report = stage.town.get(&finance, "/admin/ledger/invariants").await.expect(200).json();
    assert!(report["notes"].to_string().contains("the next taxes make up for it"), "{report}");
    let refused = stage.staff("/admin/taxes/remittances", ask(1)).await.expect_problem(409, "remittance_too_large").json();
    assert!(refused["detail"].as_str().unwrap().contains("more of this tax was handed on"), "{refused}");
    // The next stay's tax is netted with it.
    let next = stage.book("Gustav", ("2026-07-10", "2026-07-20"), "card_ok").await;
    stage.at("2026-07-11T19:00:00Z").await;
    let more = -stage.balances(&next).await["tax_payable"];
    let rest = stage.staff("/admin/taxes/remittances", ask(more)).await.expect_problem(409, "remittance_too_large").json();
    assert!(rest["owed"].as_i64().unwrap() < more);
    let done = stage.staff("/admin/taxes/remittances", ask(rest["owed"].as_i64().unwrap())).await.expect(201).json();
    assert_eq!(money(&done["still_owed"]), 0);
    stage.is_sound().await;
});
