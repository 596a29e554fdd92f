//! Stays that the house entered, paid partly by hand, partly by card; and what becomes of an agreed price.

use super::entering::{JUNE, books, enter, told};
use super::{Stage, path};
use crate::support::people::with_role;
use crate::support::town::email_of;
use crate::support::{TestDb, on_both};
use serde_json::{Value as Json, json};

/// A stay that the host entered, in the account of the guest.
async fn joined(stage: &Stage, more: Json) -> Json {
    let mut body = json!({"paid": "unpaid", "guest_email": email_of("Gustav")});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let booking = enter(stage, &stage.host, JUNE, body).await.expect(201).json();
    let letters = stage.town.letters().await;
    let text = &letters.iter().rev().find(|letter| letter.subject.contains("a stay was noted for you")).unwrap().text;
    let token = text.lines().map(str::trim).find(|line| line.len() == 32 && line.chars().all(|c| c.is_ascii_hexdigit())).unwrap();
    stage.act(&stage.guest, &booking, "join", json!({"token": token})).await.expect(200);
    booking
}

on_both!(what_was_paid_by_hand_is_not_charged_again, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    with_role(&stage.town, &db, "Fiona", "finance").await;
    let booking = joined(&stage, json!({})).await;
    let pay = async |card: &str| stage.act(&stage.guest, &booking, "payments", json!({"payment_method": card})).await;
    // A card that is refused costs nobody the stay, and is not tried again by itself.
    pay("card_declined").await;
    stage.town.run_jobs().await;
    let refused = stage.read(&stage.guest, &booking).await;
    assert_eq!((refused["state"].as_str(), refused["instalments"][0]["state"].as_str()), (Some("confirmed"), Some("planned")));
    stage.town.clock.advance_seconds(8 * 86_400);
    stage.town.run_jobs().await;
    let (host, guest) = (stage.town.log_in("Hannah").await, stage.town.log_in("Gustav").await);
    assert_eq!(stage.read(&guest, &booking).await["state"], "confirmed");
    stage.act(&host, &booking, "payments/by-hand", json!({"amount": 10_000})).await.expect(200);
    stage.act(&guest, &booking, "payments", json!({"payment_method": "card_ok"})).await.expect(200);
    stage.town.run_jobs().await;
    let paid = stage.read(&guest, &booking).await;
    let charged: Vec<i64> = paid["payments"].as_array().unwrap().iter().map(|payment| payment["captured"]["amount"].as_i64().unwrap_or(0)).collect();
    assert_eq!(charged.iter().sum::<i64>(), 20_000, "{paid}");
    assert_eq!(paid["instalments"][0]["state"], "paid");
    let finance = stage.town.log_in("Fiona").await;
    let sums = books(&stage, &finance, &booking).await.0;
    assert!(!sums.iter().any(|(account, _)| account == "guest_receivable"), "{sums:?}");
});

on_both!(while_the_guest_pays_the_host_takes_nothing, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = joined(&stage, json!({})).await;
    stage.act(&stage.guest, &booking, "payments", json!({"payment_method": "bank_transfer"})).await.expect(200);
    stage.act(&stage.host, &booking, "payments/by-hand", json!({"amount": 30_000})).await.expect_problem(409, "payment_under_way");
});

on_both!(a_change_keeps_the_agreed_price_of_a_night, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let finance = with_role(&stage.town, &db, "Fiona", "finance").await;
    let booking = enter(&stage, &stage.host, JUNE, json!({"total": 25_000, "paid": "unpaid"})).await.expect(201).json();
    let change = async |check_out: &str| stage.act(&stage.host, &booking, "alterations", json!({"check_out": check_out})).await.expect(201).json();
    change("2026-06-12").await;
    let shorter = stage.read(&stage.host, &booking).await;
    // 250.00 for three nights: 83.34, 83.33, 83.33, whichever of them bears the cent.
    let two = shorter["total_due"]["amount"].as_i64().unwrap();
    assert!((16_666..=16_667).contains(&two), "{two}");
    assert_eq!(shorter["lines"].as_array().unwrap().len(), 1, "no fee and no tax comes on top");
    change("2026-06-14").await;
    let longer = stage.read(&stage.host, &booking).await["total_due"]["amount"].as_i64().unwrap();
    assert_eq!(longer, two + 2 * (two / 2));
    assert_eq!(told(&books(&stage, &finance, &booking).await.0), [("guest_receivable", longer), ("stay_escrow", -longer)]);
    // What is a gift stays one.
    let gift = enter(&stage, &stage.host, ("2026-06-20", "2026-06-22"), json!({"total": 0})).await.expect(201).json();
    stage.act(&stage.host, &gift, "alterations", json!({"check_out": "2026-06-24"})).await.expect(201);
    assert_eq!(stage.town.get(&stage.host, &path(&gift)).await.expect(200).json()["total_due"]["amount"], 0);
});
