//! A change that was agreed to, and whose money never comes, does not keep the booking for ever.

use super::{Stage, path};
use crate::support::{TestDb, on_both};
use serde_json::json;

on_both!(a_change_that_nobody_pays_for_is_over_after_a_day, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let quote = stage.quote(&stage.guest, "2026-06-10", "2026-06-13").await;
    let booking = stage.town.post(&stage.guest, "/bookings", json!({"quote_id": quote["id"], "payment_method": "card_ok"})).await.expect(201).json();
    let proposed = stage.act(&stage.host, &booking, "alterations", json!({"check_out": "2026-06-14"})).await.expect(201).json();
    let answer = format!("alterations/{}/accept", proposed["id"].as_str().unwrap());
    // The bank asks for a proof, which the guest never gives.
    let paying = stage.act(&stage.guest, &booking, &answer, json!({"payment_method": "card_3ds"})).await.expect(200).json();
    assert_eq!(paying["state"], "paying");
    stage.town.clock.advance_seconds(86_399);
    stage.town.run_jobs().await;
    let guest = stage.town.log_in("Gustav").await;
    let again = json!({"check_out": "2026-06-15"});
    stage.act(&guest, &booking, "alterations", again.clone()).await.expect_problem(409, "alteration_open");
    stage.town.clock.advance_seconds(1 + 15);
    stage.town.run_jobs().await;
    stage.town.run_jobs().await;
    let list = stage.town.get(&guest, &format!("{}/alterations", path(&booking))).await.expect(200).json();
    assert_eq!(list["data"][0]["state"], "expired");
    let as_before = stage.read(&guest, &booking).await;
    assert_eq!((as_before["check_out"].as_str(), as_before["payments"][1]["state"].as_str()), (Some("2026-06-13"), Some("voided")));
    // The next one is free to be proposed.
    stage.act(&guest, &booking, "alterations", again).await.expect(201);
});
