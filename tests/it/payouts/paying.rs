//! Hosts are paid: by their provider, by hand, once, and never what is not there.

use super::{IBAN, JUNE, Stage, money, owned};
use crate::support::{TestDb, long, off_thread, on_both};
use serde_json::json;
use std::sync::Arc;
use stopover::features::ledger;
use stopover::features::payments::{Nobody, Payments};
use stopover::features::payouts::{self, Payouts};
use stopover::platform::db::DbError;
use stopover::values::{BookingId, Currency};
use uuid::Uuid;

on_both!(a_provider_sends_the_payout_and_the_host_is_told, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.leave("sandbox", "sb_acct_hannah").await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-11T19:00:00Z").await;
    stage.at("2026-06-12T20:00:00Z").await;
    assert_eq!(stage.seen().await, (vec![], owned(&[(29_100, "paid")])));
    assert!(stage.town.letters().await.iter().any(|letter| letter.subject.contains("you are paid") && letter.to.contains("hannah")));
    // Every account of the stay, and what the host was owed, is at nothing; the sandbox agrees with the books.
    let after = stage.balances(&booking).await;
    assert_eq!(after["host_payable"], -29_100, "the payout is no entry of the stay");
    stage.is_sound().await;
    let host = stage.who("Hannah").await;
    let statement = stage.town.get(&host, "/earnings/statements/2026-06").await.expect(200).json();
    let section = &statement["sections"][0];
    let lines: Vec<_> = section["lines"].as_array().unwrap().iter().map(|line| (line["what"].as_str().unwrap(), money(&line["amount"]))).collect();
    assert_eq!(lines, [("stay", 29_100), ("payout", -29_100)]);
    assert_eq!((money(&section["opening"]), money(&section["closing"]), money(&section["sums"]["gross"])), (0, 0, 30_000));
    assert_eq!(section["lines"][0]["booking_code"], booking["code"]);
    let csv = stage.town.get(&host, "/earnings/statements/2026-06?format=csv").await;
    assert!(csv.expect(200).header("content-type").starts_with("text/csv"));
    assert!(csv.text().contains("stay,") && csv.text().contains("300.00,-9.00,0.00,291.00"), "{}", csv.text());
    let html = stage.town.get(&host, "/earnings/statements/2026-06?format=html").await;
    assert!(html.expect(200).header("content-type").starts_with("text/html"));
    assert!(html.text().contains("291.00 USD") && html.text().contains("Hannah"));
    let empty = stage.town.get(&host, "/earnings/statements/2026-05").await.expect(200).json();
    assert_eq!(empty["sections"], json!([]));
    for bad in ["2026-13", "2026-06-31", "2026-06-1"] {
        stage.town.get(&host, &format!("/earnings/statements/{bad}")).await.expect_problem(400, "invalid_parameter");
    }
    // The year adds up to the same, and so do the days of the month.
    let year = stage.town.get(&host, "/earnings?year=2026").await.expect(200).json();
    assert_eq!((year["data"].as_array().unwrap().len(), &year["data"][0]["sums"]), (1, &section["sums"]));
    let mut lines = 0;
    for day in ["2026-06-10", "2026-06-11", "2026-06-12"] {
        let day = stage.town.get(&host, &format!("/earnings/statements/{day}")).await.expect(200).json();
        lines += day["sections"][0]["lines"].as_array().map_or(0, Vec::len);
    }
    assert_eq!(lines, 2);
    // What is Hannah's is nobody else's.
    let id = stage.town.get(&host, "/payouts").await.json()["data"][0]["id"].as_str().unwrap().to_owned();
    stage.town.get(&host, &format!("/payouts/{id}")).await.expect(200);
    let guest = stage.who("Gustav").await;
    stage.town.get(&guest, &format!("/payouts/{id}")).await.expect_problem(404, "not_found");
    assert_eq!(stage.town.get(&guest, "/payouts").await.expect(200).json()["data"], json!([]));
});

on_both!(a_month_that_is_too_long_is_asked_for_day_by_day, async |db: TestDb| {
    if !long() {
        return;
    }
    let stage = Stage::new(&db).await;
    let (host, booking, usd) = (stage.host, BookingId(Uuid::now_v7()), Currency::parse("USD").unwrap());
    for _ in 0..21 {
        let posted: Result<(), DbError> = db
            .write(move |tx, now| {
                for _ in 0..500 {
                    ledger::post(tx, now, &ledger::claim_from_deposit(booking, Uuid::now_v7(), host, usd, 1))?;
                }
                Ok(())
            })
            .await;
        posted.unwrap();
        stage.town.clock.advance_seconds(7_200);
    }
    let hannah = stage.who("Hannah").await;
    let refused = stage.town.get(&hannah, "/earnings/statements/2026-06").await;
    assert!(refused.expect_problem(422, "statement_too_long").text().contains("2026-06-01"), "{}", refused.text());
    let (mut lines, mut closing) = (0, 0);
    for day in ["2026-06-01", "2026-06-02", "2026-06-03"] {
        let day = stage.town.get(&hannah, &format!("/earnings/statements/{day}")).await.expect(200).json();
        let section = &day["sections"][0];
        assert_eq!(money(&section["opening"]), closing);
        (lines, closing) = (lines + section["lines"].as_array().unwrap().len(), money(&section["closing"]));
    }
    assert_eq!((lines, closing), (10_500, 10_500));
    let year = stage.town.get(&hannah, "/earnings?year=2026").await.expect(200).json();
    assert_eq!(money(&year["data"][0]["sums"]["earned"]), 10_500);
});

on_both!(a_closed_account_gives_the_money_back_until_there_is_another, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.leave("sandbox", "sb_acct_closed").await;
    stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-11T19:00:00Z").await;
    stage.at("2026-06-12T20:00:00Z").await;
    let (open, made) = stage.seen().await;
    assert_eq!((open, made), (vec![(29_100, 0, Some("method_failed".to_owned()))], owned(&[(29_100, "failed")])));
    assert!(stage.town.letters().await.iter().any(|letter| letter.subject.contains("payout has failed")));
    // It is not tried there again.
    stage.at("2026-06-14T20:00:00Z").await;
    assert_eq!(stage.seen().await.1.len(), 1);
    stage.leave("sandbox", "sb_acct_other").await;
    assert_eq!(stage.seen().await.0, [(29_100, 0, Some("method_is_new".to_owned()))]);
    stage.at("2026-06-18T21:00:00Z").await;
    assert_eq!(stage.seen().await, (vec![], owned(&[(29_100, "paid"), (29_100, "failed")])));
    stage.is_sound().await;
});

on_both!(staff_pay_by_hand, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.leave("bank", IBAN).await;
    stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-11T19:00:00Z").await;
    stage.at("2026-06-12T20:00:00Z").await;
    assert_eq!(stage.seen().await, (vec![], owned(&[(29_100, "created")])));
    let csv = stage.staff("/admin/payouts/export", json!({"reason": "Friday's run"})).await;
    assert!(csv.expect(200).text().contains("\"Hannah Höst\",\"DE89370400440532013000\",291.00,USD"), "{}", csv.text());
    let finance = stage.who("Fiona").await;
    let waiting = stage.town.get(&finance, "/admin/payouts?state=sent").await.expect(200).json();
    let id = waiting["data"][0]["id"].as_str().unwrap().to_owned();
    stage.staff(&format!("/admin/payouts/{id}/paid"), json!({"reason": " "})).await.expect_problem(422, "invalid_reason");
    let failed = stage.staff(&format!("/admin/payouts/{id}/failed"), json!({"reason": "account closed"})).await.expect(200).json();
    // Why is for staff alone.
    assert_eq!((failed["state"].as_str(), failed["failure"].as_str()), (Some("failed"), Some("told_by_staff")));
    let operator = stage.who("Olga").await;
    assert!(stage.town.get(&operator, "/admin/audit?action=payout.failed").await.expect(200).text().contains("account closed"));
    stage.staff(&format!("/admin/payouts/{id}/paid"), json!({"reason": "no"})).await.expect_problem(409, "payout_state");
    assert_eq!(stage.seen().await.0, [(29_100, 0, Some("method_failed".to_owned()))]);
    stage.leave("bank", "GB82 WEST 1234 5698 7654 32").await;
    stage.at("2026-06-17T20:00:00Z").await;
    let finance = stage.who("Fiona").await;
    let waiting = stage.town.get(&finance, &format!("/admin/payouts?state=created&host={}&currency=USD", stage.host)).await.expect(200).json();
    let id = waiting["data"][0]["id"].as_str().unwrap().to_owned();
    let paid = stage.staff(&format!("/admin/payouts/{id}/paid"), json!({"reason": "statement 12"})).await.expect(200).json();
    assert_eq!(paid["state"], "paid");
    assert_eq!(stage.seen().await, (vec![], owned(&[(29_100, "paid"), (29_100, "failed")])));
    stage.is_sound().await;
});

on_both!(sixty_four_runs_at_once_pay_once, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.leave("bank", IBAN).await;
    stage.book("Gustav", JUNE, "card_ok").await;
    // The daily run is a day away; the others are ours.
    stage.town.clock.set("2026-06-05T12:00:00Z");
    stage.settle().await;
    let never = stopover::values::Instant::parse("2030-01-01T00:00:00Z").unwrap();
    crate::support::people::run(&db, "UPDATE jobs SET run_at = $1 WHERE kind = 'payouts.batch'", vec![never.into()]).await;
    stage.at("2026-06-11T19:00:00Z").await;
    assert_eq!(stage.seen().await.0, [(29_100, 0, None)]);
    let payments = Payments::with(stage.town.tools(), Vec::new(), Arc::new(Nobody));
    let all = Payouts::new(stage.town.tools(), &payments, Arc::new([]));
    let made: u64 = off_thread(move || {
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..64).map(|_| scope.spawn(|| payouts::pay_hosts(&all, || false).unwrap())).collect();
            runs.into_iter().map(|run| run.join().unwrap()).sum()
        })
    })
    .await;
    assert_eq!((made, stage.seen().await), (1, (vec![], owned(&[(29_100, "created")]))));
    stage.is_sound().await;
});

on_both!(what_a_host_owes_is_taken_off_first, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.leave("sandbox", "sb_acct_hannah").await;
    let first = stage.book("Gustav", JUNE, "card_ok").await;
    stage.book("Gustav", ("2026-06-20", "2026-06-22"), "card_ok").await;
    stage.at("2026-06-11T19:00:00Z").await;
    stage.at("2026-06-12T16:00:00Z").await;
    assert_eq!(stage.seen().await.1, owned(&[(29_100, "paid")]));
    // After the payout the host calls off: two nights were slept, the third goes back.
    stage.act("Hannah", &first, "cancel", json!({})).await.expect(200);
    stage.settle().await;
    assert_eq!(stage.seen().await.0, [(0, 9_700, None)]);
    stage.at("2026-06-21T19:00:00Z").await;
    stage.at("2026-06-22T20:00:00Z").await;
    assert_eq!(stage.seen().await, (vec![], owned(&[(9_700, "paid"), (29_100, "paid")])));
    let host = stage.who("Hannah").await;
    assert_eq!(money(&stage.town.get(&host, "/payouts").await.json()["data"][0]["netted"]), 9_700);
    stage.is_sound().await;
});

on_both!(little_waits_for_more_and_new_hosts_wait, async |db: TestDb| {
    let stage = Stage::with(&db, |config| {
        config.payouts.new_host_days = 30;
        config.payouts.minimum.insert("USD".into(), 30_000);
    })
    .await;
    stage.leave("sandbox", "sb_acct_hannah").await;
    stage.book("Gustav", JUNE, "card_ok").await;
    stage.book("Gustav", ("2026-07-20", "2026-07-22"), "card_ok").await;
    stage.at("2026-06-12T20:00:00Z").await;
    assert_eq!(stage.seen().await.0, [(29_100, 0, Some("new_host".to_owned()))]);
    stage.at("2026-07-15T20:00:00Z").await;
    assert_eq!(stage.seen().await.0, [(29_100, 0, Some("minimum".to_owned()))]);
    stage.at("2026-07-22T20:00:00Z").await;
    stage.at("2026-07-23T21:00:00Z").await;
    assert_eq!(stage.seen().await, (vec![], owned(&[(48_500, "paid")])));
    stage.is_sound().await;
});
