//! Money that people hand on: transfers that staff confirm, cash, lists of staff, and what guests may take with them.

use super::*;
use crate::support::people::with_role;
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::features::payments::{PaymentData, State};
use stopover::platform::privacy::PersonalData;

on_both!(staff_confirm_what_arrived_and_what_was_paid_out, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let finance = with_role(&stage.town, &db, "Fina", "finance").await;
    let booking = BookingId(Uuid::now_v7());
    let id = stage.ask(stage.wanted(booking, "transfer", Capture::Now), "manual").await.unwrap();
    stage.settle(booking).await;
    assert_eq!((stage.payment(booking).await.state, stage.news(id).await), (State::Created, Vec::<String>::new()));
    let path = format!("/admin/payments/{id}/confirm");
    stage.town.post(&stage.asker, &path, json!({"reason": "I paid"})).await.expect(403);
    let keyed = Asker { headers: vec![("idempotency-key".into(), "once".into())], ..finance.clone() };
    let first = stage.town.post(&keyed, &path, json!({"reason": "on the statement of 1 June"})).await;
    assert_eq!(first.expect(200).json()["state"], "captured");
    assert_eq!(stage.town.post(&keyed, &path, json!({"reason": "on the statement of 1 June"})).await.text(), first.text());
    stage.town.post(&finance, &path, json!({"reason": "again"})).await.expect_problem(409, "payment_state");
    let refunds = stage.write(move |tx, now| payments::refund(tx, now, booking, 4_000, "left early")).await.unwrap();
    stage.run().await;
    assert_eq!(stage.payment(booking).await.refunded, 0, "nobody has paid it out");
    let body = json!({"reason": "transfer of 2 June", "refund_id": refunds[0]});
    let done = stage.town.post(&finance, &path, body.clone()).await.expect(200).json();
    assert_eq!((&done["refunded"]["amount"], &done["refunds"][0]["state"]), (&json!(4_000), &json!("succeeded")));
    stage.town.post(&finance, &path, body).await.expect_problem(409, "payment_state");
    stage.town.post(&finance, &path, json!({"reason": "x", "refund_id": Uuid::now_v7()})).await.expect_problem(404, "not_found");
    // What a provider takes is confirmed by the provider.
    let (card, id) = stage.charged("card_3ds", Capture::Now).await;
    let path = format!("/admin/payments/{id}/confirm");
    stage.town.post(&finance, &path, json!({"reason": "let them in"})).await.expect_problem(409, "payment_state");
    assert_eq!(stage.payment(card).await.state, State::RequiresAction);
});

on_both!(cash_is_confirmed_by_whoever_may, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = BookingId(Uuid::now_v7());
    let id = stage.ask(stage.wanted(booking, "cash", Capture::Now), "cash").await.unwrap();
    stage.settle(booking).await;
    let payments = stage.payments.clone();
    stage.write(move |tx, now| payments.arrived(tx, now, id)).await.unwrap();
    assert_eq!(stage.news(id).await, ["captured"]);
    let payments = stage.payments.clone();
    assert!(stage.write(move |tx, now| payments.arrived(tx, now, id)).await.is_err());
    let paid = stage.town.tools().db.read(move |conn| payments::paid(conn, booking)).await;
    assert_eq!(DbResult::unwrap(paid).captured, 10_000);
});

on_both!(staff_read_lists_page_by_page, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let finance = with_role(&stage.town, &db, "Fina", "finance").await;
    let mut made = Vec::new();
    for card in ["card_ok", "card_declined", "card_dispute", "card_ok", "card_dispute"] {
        made.push(stage.charged(card, Capture::Now).await);
    }
    stage.pass(3_600).await;
    let read = async |path: &str| stage.town.get(&finance, path).await.expect(200).json();
    let ids = |page: &Json| -> Vec<Uuid> { page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().parse().unwrap()).collect() };
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = read(&format!("/admin/payments?limit=2{cursor}")).await;
        found.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let newest_first: Vec<Uuid> = made.iter().rev().map(|(_, id)| id.0).collect();
    assert_eq!(found, newest_first);
    assert_eq!(ids(&read("/admin/payments?state=failed").await), [made[1].1.0]);
    assert_eq!(ids(&read(&format!("/admin/payments?booking={}", made[2].0)).await), [made[2].1.0]);
    assert_eq!(ids(&read("/admin/payments?provider=manual").await).len(), 0);
    assert_eq!(ids(&read("/admin/payments?provider=sandbox&state=captured").await).len(), 4);
    let disputes = read("/admin/disputes?state=opened&limit=1").await;
    assert_eq!((disputes["data"][0]["amount"]["amount"].as_i64(), disputes["has_more"].as_bool()), (Some(10_000), Some(true)));
    assert_eq!(read("/admin/disputes?state=won").await["data"], json!([]));
    stage.town.get(&finance, &format!("/admin/disputes?cursor={}", disputes["next_cursor"].as_str().unwrap())).await.expect_problem(400, "invalid_cursor");
    stage.town.get(&finance, "/admin/payments?state=lost").await.expect(400);
    stage.town.ask(&stage.asker, Method::GET, "/admin/payments", None).await.expect(403);
});

on_both!(means_of_payment_go_with_their_owner, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = BookingId(Uuid::now_v7());
    stage.ask(Charge { keep: true, ..stage.wanted(booking, "card_ok", Capture::Later) }, "sandbox").await.unwrap();
    let guest = stage.guest;
    let blockers = async || DbResult::unwrap(stage.town.tools().db.read(move |conn| PaymentData.blocks_erasure(conn, guest)).await).len();
    stage.settle(booking).await;
    assert_eq!(blockers().await, 1, "money is promised");
    let id = stage.payment(booking).await.id;
    stage.write(move |tx, now| payments::capture(tx, now, id)).await.unwrap();
    stage.run().await;
    assert_eq!(blockers().await, 0);
    let erased: DbResult<()> = stage.town.tools().db.write(move |tx, now| PaymentData.erase(tx, now, guest)).await;
    erased.unwrap();
    assert_eq!((stage.count("SELECT COUNT(*) FROM payment_customers").await, stage.payment(booking).await.captured), (0, 10_000));
});
