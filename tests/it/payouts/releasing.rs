//! When a stay's money becomes its host's.

use super::{JUNE, Stage, money};
use crate::support::people::run;
use crate::support::{TestDb, homes, on_both};
use poem::http::Method;
use serde_json::json;
use stopover::features::ledger;
use stopover::platform::db::DbError;
use stopover::values::{BookingId, Currency};

on_both!(a_stay_is_released_a_day_after_check_in, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-11T18:50:00Z").await;
    assert_eq!(stage.seen().await.0, []);
    let before = stage.balances(&booking).await;
    let held = ["stay_escrow", "fee_deferred", "tax_held"].map(|account| before[account]);
    assert_eq!(held[0], -30_000);
    stage.at("2026-06-11T19:00:00Z").await;
    // 3 % of 300.00 are the host's fee.
    assert_eq!(stage.seen().await.0, [(29_100, 0, Some("no_method".to_owned()))]);
    let after = stage.balances(&booking).await;
    assert_eq!((after["host_payable"], after["rev_host_fee"], after["rev_guest_fee"], after["tax_payable"]), (-29_100, -900, held[1], held[2]));
    assert!(held.iter().zip(["stay_escrow", "fee_deferred", "tax_held"]).all(|(_, account)| !after.contains_key(account)));
    // Once.
    stage.at("2026-06-20T19:00:00Z").await;
    assert_eq!(stage.balances(&booking).await, after);
    stage.is_sound().await;
});

on_both!(what_is_kept_of_a_stay_that_was_called_off_waits_for_the_same_day, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-10T12:00:00Z").await;
    let over = stage.act("Gustav", &booking, "cancel", json!({})).await.expect(200).json();
    assert_eq!(over["state"], "cancelled");
    stage.settle().await;
    let kept = stage.balances(&booking).await;
    assert!(kept["stay_escrow"] < 0 && !kept.contains_key("host_payable"));
    stage.at("2026-06-11T18:50:00Z").await;
    assert_eq!(stage.balances(&booking).await, kept);
    stage.at("2026-06-11T19:00:00Z").await;
    let after = stage.balances(&booking).await;
    assert_eq!(-after["host_payable"], -kept["stay_escrow"] + kept["stay_escrow"] * 3 / 100);
    stage.is_sound().await;
    // Of what was given up in time nothing is left to release.
    let early = stage.book("Gustav", ("2026-07-10", "2026-07-12"), "card_ok").await;
    stage.act("Gustav", &early, "cancel", json!({})).await.expect(200);
    stage.at("2026-07-20T12:00:00Z").await;
    assert!(stage.balances(&early).await.is_empty());
    stage.is_sound().await;
});

on_both!(no_host_leaves_before_a_stay_has_given_them_its_money, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let late = stage.book("Gustav", JUNE, "card_ok").await;
    let early = stage.book("Gustav", ("2026-09-10", "2026-09-12"), "card_ok").await;
    stage.act("Gustav", &early, "cancel", json!({})).await.expect(200);
    stage.at("2026-06-10T12:00:00Z").await;
    stage.act("Gustav", &late, "cancel", json!({})).await.expect(200);
    stage.settle().await;
    run(&db, "UPDATE listings SET state = 'archived' WHERE id = $1", vec![stage.home.into()]).await;
    let leave = async || {
        let host = stage.who("Hannah").await;
        stage.town.ask(&host, Method::DELETE, "/me", None).await
    };
    assert!(stage.balances(&late).await["stay_escrow"] < 0);
    let blocked = leave().await;
    let reasons = blocked.expect_problem(409, "erasure_blocked").json()["reasons"].clone();
    assert_eq!((reasons.as_array().unwrap().len(), reasons[0]["reason"].as_str()), (1, Some("money_open")), "{reasons}");
    assert!(reasons[0]["message"].as_str().unwrap().contains("after check-in"), "{reasons}");
    // Then it is theirs, and the books of the host say so. What was given up in full holds nobody, however late it would have been.
    stage.at("2026-06-11T19:00:00Z").await;
    let reasons = leave().await.expect_problem(409, "erasure_blocked").json()["reasons"].clone();
    assert_eq!(reasons.as_array().unwrap().len(), 1, "{reasons}");
    assert!(reasons[0]["message"].as_str().unwrap().starts_with("You are still to get"), "{reasons}");
});

on_both!(a_stay_with_a_thousand_entries_stops_nobody, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let long = stage.book("Gustav", ("2026-06-10", "2026-08-19"), "card_ok").await;
    let short = stage.book("Gustav", ("2026-08-20", "2026-08-22"), "card_ok").await;
    let (booking, usd) = (BookingId(homes::id(&long["id"])), Currency::parse("USD").unwrap());
    let posted: Result<(), DbError> = db
        .write(move |tx, now| {
            for n in 0..501 {
                ledger::post(tx, now, &ledger::to_give_back(booking, &format!("{n}"), usd, 1))?;
                ledger::post(tx, now, &ledger::not_owed(booking, &format!("{n}"), usd, 1))?;
            }
            Ok(())
        })
        .await;
    posted.unwrap();
    stage.until("2026-08-21T19:00:00Z").await;
    assert_eq!(stage.balances(&short).await["host_payable"], -19_400);
    stage.is_sound().await;
});

on_both!(a_booking_that_cannot_be_read_keeps_no_other_back, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let broken = stage.book("Gustav", JUNE, "card_ok").await;
    let whole = stage.book("Gustav", ("2026-06-20", "2026-06-22"), "card_ok").await;
    run(&db, "UPDATE bookings SET promise = '{}' WHERE id = $1", vec![homes::id(&broken["id"]).into()]).await;
    stage.at("2026-06-21T19:00:00Z").await;
    assert_eq!(stage.balances(&whole).await["host_payable"], -19_400);
    // Nor do the timers wait for it.
    stage.at("2026-06-23T19:00:00Z").await;
    let id = homes::id(&whole["id"]);
    let state: Result<Option<String>, DbError> =
        db.read(move |conn| conn.first("SELECT state FROM bookings WHERE id = $1", &[id.into()], |row| row.get(0))).await;
    assert_eq!(state.unwrap().as_deref(), Some("completed"));
});

on_both!(a_disputed_payment_freezes_its_stay, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = stage.book("Gustav", JUNE, "card_dispute").await;
    let won = stage.book("Gustav", ("2026-06-20", "2026-06-22"), "card_dispute_won").await;
    stage.at("2026-06-01T13:30:00Z").await;
    stage.at("2026-06-01T16:30:00Z").await;
    stage.at("2026-06-12T12:00:00Z").await;
    let frozen = stage.balances(&booking).await;
    assert!(frozen["dispute_suspense"] > 0 && frozen["stay_escrow"] == -30_000 && !frozen.contains_key("host_payable"), "{frozen:?}");
    stage.at("2026-06-22T12:00:00Z").await;
    assert_eq!(stage.balances(&won).await["host_payable"], -19_400);
    stage.is_sound().await;
});

on_both!(long_stays_are_released_in_parts, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    // 70 nights.
    let booking = stage.book("Gustav", ("2026-06-10", "2026-08-19"), "card_ok").await;
    let whole = stage.balances(&booking).await;
    let base = -whole["stay_escrow"];
    stage.at("2026-06-11T19:00:00Z").await;
    let first = stage.balances(&booking).await;
    assert_eq!(first["stay_escrow"], -(base - base * 30 / 70));
    stage.at("2026-07-11T18:50:00Z").await;
    assert_eq!(stage.balances(&booking).await["stay_escrow"], first["stay_escrow"]);
    stage.at("2026-07-11T19:00:00Z").await;
    assert!(stage.balances(&booking).await["stay_escrow"] > first["stay_escrow"]);
    // The last instalment is charged; then nobody looks for a while.
    stage.at("2026-08-10T12:00:00Z").await;
    stage.at("2026-08-30T12:00:00Z").await;
    let all = stage.balances(&booking).await;
    assert!(["stay_escrow", "fee_deferred", "tax_held"].iter().all(|account| !all.contains_key(*account)));
    assert_eq!((all["tax_payable"], all["rev_guest_fee"]), (whole["tax_held"], whole["fee_deferred"]));
    assert_eq!(all["host_payable"] + all["rev_host_fee"], -base);
    let host = stage.who("Hannah").await;
    let year = stage.town.get(&host, "/earnings?year=2026").await.expect(200).json();
    let months: Vec<_> =
        year["data"].as_array().unwrap().iter().map(|month| (month["month"].as_str().unwrap(), month["sums"]["stays"].as_i64().unwrap())).collect();
    assert_eq!(months, [("2026-06", 1), ("2026-07", 1), ("2026-08", 1)]);
    assert_eq!(year["data"].as_array().unwrap().iter().map(|month| money(&month["sums"]["earned"])).sum::<i64>(), -all["host_payable"]);
    stage.is_sound().await;
});

on_both!(a_host_who_calls_off_a_long_stay_keeps_what_was_slept, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = stage.book("Gustav", ("2026-06-10", "2026-07-20"), "card_ok").await;
    stage.at("2026-06-13T12:00:00Z").await;
    assert!(stage.balances(&booking).await.contains_key("host_payable"));
    let host = stage.who("Hannah").await;
    let preview = stage.town.get(&host, &format!("/bookings/{}/cancellation-preview", booking["id"].as_str().unwrap())).await.expect(200).json();
    stage.act("Hannah", &booking, "cancel", json!({})).await.expect(200);
    stage.settle().await;
    stage.at("2026-07-30T12:00:00Z").await;
    let after = stage.balances(&booking).await;
    let got = -after.get("host_payable").unwrap_or(&0) - after.get("host_receivable").unwrap_or(&0);
    assert_eq!(got, money(&preview["host_payout"]), "to the cent: {after:?}");
    assert!(["stay_escrow", "fee_deferred", "tax_held", "refund_payable", "guest_receivable"].iter().all(|account| !after.contains_key(*account)), "{after:?}");
    stage.is_sound().await;
});

on_both!(only_what_was_paid_for_is_released, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let host = stage.who("Hannah").await;
    let plan = json!({"base_price": 10_000, "plan": {"instalments": {"kind": "deposit", "deposit_bp": 2_000, "balance_days": 5}}});
    stage.town.ask(&host, poem::http::Method::PUT, &format!("/listings/{}/pricing", stage.home), Some(&plan)).await.expect(200);
    let booking = stage.book("Gustav", ("2026-06-20", "2026-06-23"), "card_ok").await;
    assert!(stage.balances(&booking).await["guest_receivable"] > 0);
    // Nobody asked for the rest in time.
    crate::support::people::run(&db, "UPDATE booking_instalments SET next_at = NULL WHERE state = 'planned'", vec![]).await;
    stage.at("2026-06-22T12:00:00Z").await;
    assert!(!stage.balances(&booking).await.contains_key("host_payable"), "{:?}", stage.balances(&booking).await);
    let guest = stage.who("Gustav").await;
    stage.town.post(&guest, &format!("/bookings/{}/payments", booking["id"].as_str().unwrap()), json!({"payment_method": "card_ok"})).await.expect(200);
    stage.at("2026-06-22T14:00:00Z").await;
    assert_eq!(stage.balances(&booking).await["host_payable"], -29_100);
    stage.is_sound().await;
});
