//! From booking to invoice to credit note: every total is the quote's, and the ledger's.

use super::{JUNE, documents, moment, owned, paper};
use crate::payouts::Stage;
use crate::support::{TestDb, on_both};
use serde_json::{Value as Json, json};

fn amount(of: &Json) -> i64 {
    of["amount"].as_i64().unwrap()
}

on_both!(a_stay_is_invoiced_when_it_is_over, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    let total = amount(&booking["total_due"]);
    let receipt = paper(&stage, "Gustav", &booking, "receipt").await.expect(200).json();
    assert_eq!((amount(&receipt["paid"]), receipt["payments"].as_array().unwrap().len()), (total, 1));
    assert_eq!((receipt["payments"][0]["description"].as_str(), receipt["recipient"]["name"].as_str()), (Some("Payment (card)"), Some("Gustav")));
    paper(&stage, "Gustav", &booking, "invoice").await.expect_problem(404, "no_invoice_yet");
    assert_eq!(documents(&stage, "Fiona", &booking).await, []);
    stage.at("2026-06-12T12:00:00Z").await;
    paper(&stage, "Gustav", &booking, "invoice").await.expect_problem(404, "no_invoice_yet");
    stage.at("2026-06-13T18:00:00Z").await;

    // 300.00 and 10 % VAT are the host's to charge, 12 % of 300.00 the platform's, which keeps 3 % of the host's.
    let invoice = paper(&stage, "Gustav", &booking, "invoice").await.expect(200).json();
    assert_eq!((amount(&invoice["total"]), &invoice["number"], &invoice["issued_on"]), (33_000, &json!("INV-2026-000001"), &json!("2026-06-13")));
    assert_eq!(
        (&invoice["issuer"]["name"], &invoice["recipient"]["name"], &invoice["stay"]["home"]),
        (&json!("Hannah"), &json!("Gustav"), &json!("Under the lark"))
    );
    assert_eq!((&invoice["items"][0]["description"], &invoice["items"][0]["quantity"]), (&json!("Accommodation"), &json!(3)));
    assert_eq!((&invoice["taxes"][0]["name"], amount(&invoice["taxes"][0]["amount"])), (&json!("VAT"), 3_000));
    let all = [
        ("invoice host-guest", "INV-2026-000001", 33_000),
        ("invoice platform-guest", "INV-2026-000001", 3_600),
        ("invoice platform-host", "INV-2026-000002", 900),
    ];
    assert_eq!(documents(&stage, "Fiona", &booking).await, owned(&all));
    assert_eq!(documents(&stage, "Gustav", &booking).await, owned(&all[..2]));
    assert_eq!(documents(&stage, "Hannah", &booking).await, owned(&[all[0], all[2]]));
    assert_eq!(all[0].2 + all[1].2, total, "what a guest is charged is what the quote said");
    let books = stage.balances(&booking).await;
    assert_eq!((books["rev_guest_fee"], books["rev_host_fee"], books["tax_payable"]), (-3_600, -900, -3_000), "{books:?}");
    assert_eq!(-books["host_payable"], 33_000 - 3_000 - 900);

    // The host gives something back: a credit note each, and the invoice is what it was.
    stage.act("Hannah", &booking, "refunds", json!({"amount": 5_000, "reason": "The shower was cold"})).await.expect(200);
    stage.at("2026-06-14T12:00:00Z").await;
    stage.settle().await;
    let credits = [("credit_note host-guest", "CRN-2026-000001", 5_000), ("credit_note platform-host", "CRN-2026-000001", 150)];
    let every: Vec<_> = all.into_iter().chain(credits).collect();
    assert_eq!(documents(&stage, "Fiona", &booking).await, owned(&every));
    assert_eq!(paper(&stage, "Gustav", &booking, "invoice").await.expect(200).json(), invoice);
    let list = paper(&stage, "Gustav", &booking, "documents").await.expect(200).json();
    let credit = &list["data"][2];
    assert_eq!((&credit["corrects"], &credit["issued_on"]), (&json!("INV-2026-000001"), &json!("2026-06-14")));
    assert!(!list.to_string().contains("shower"), "what people write to each other is on no paper");
    let receipt = paper(&stage, "Hannah", &booking, "receipt").await.expect(200).json();
    assert_eq!((amount(&receipt["paid"]), amount(&receipt["payments"][1]["amount"])), (total - 5_000, -5_000));
    let books = stage.balances(&booking).await;
    assert_eq!(books["rev_host_fee"], -(900 - 150));
    // A second time, of which nobody had heard yet.
    stage.act("Hannah", &booking, "refunds", json!({"amount": 1, "reason": "And a towel was missing"})).await.expect(200);
    moment(&stage).await;
    assert_eq!(documents(&stage, "Gustav", &booking).await.last().unwrap(), &("credit_note host-guest".into(), "CRN-2026-000002".into(), 1));
});

on_both!(what_is_kept_of_a_stay_that_was_called_off_is_invoiced, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let kept = stage.book("Gustav", JUNE, "card_ok").await;
    let total = amount(&kept["total_due"]);
    // Within a day of check-in the first night is kept.
    stage.at("2026-06-10T12:00:00Z").await;
    let gustav = stage.who("Gustav").await;
    let preview = stage.town.get(&gustav, &format!("/bookings/{}/cancellation-preview", kept["id"].as_str().unwrap())).await.expect(200).json();
    stage.act("Gustav", &kept, "cancel", json!({})).await.expect(200);
    moment(&stage).await;
    let all = documents(&stage, "Gustav", &kept).await;
    let charged: i64 = all.iter().map(|(_, _, total)| total).sum();
    assert_eq!(charged, amount(&preview["kept"]), "{preview} {all:?}");
    assert!(charged > 0 && charged < total);
    let invoice = paper(&stage, "Gustav", &kept, "invoice").await.expect(200).json();
    assert!(invoice["notes"][0].as_str().unwrap().contains("called off"), "{invoice}");
    assert_eq!((amount(&invoice["items"][0]["amount"]), amount(&invoice["taxes"][0]["amount"])), (10_000, 1_000));
    let receipt = paper(&stage, "Gustav", &kept, "receipt").await.expect(200).json();
    assert_eq!(amount(&receipt["paid"]), total - amount(&preview["refund"]));
    assert_eq!(amount(&receipt["paid"]), charged);

    // Of a stay that its host calls off nothing is kept, and nothing invoiced.
    let given_up = stage.book("Gustav", ("2026-07-10", "2026-07-13"), "card_ok").await;
    stage.act("Hannah", &given_up, "cancel", json!({})).await.expect(200);
    moment(&stage).await;
    assert_eq!(documents(&stage, "Fiona", &given_up).await, []);
    paper(&stage, "Gustav", &given_up, "invoice").await.expect_problem(404, "no_invoice_yet");
    assert_eq!(amount(&paper(&stage, "Gustav", &given_up, "receipt").await.expect(200).json()["paid"]), 0);
});

on_both!(coupons_and_stays_that_hosts_enter_have_papers_too, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let finance = stage.who("Fiona").await;
    let coupon = json!({"code": "welcome", "amount": 5_000, "currency": "USD", "reason": "a launch"});
    stage.town.post(&finance, "/admin/coupons", coupon).await.expect(201);
    let gustav = stage.who("Gustav").await;
    let wish = json!({"listing_id": stage.home, "check_in": JUNE.0, "check_out": JUNE.1, "adults": 2, "coupon": "welcome"});
    let quote = stage.town.post(&gustav, "/quotes", wish).await.expect(201).json();
    let booking = stage.town.post(&gustav, "/bookings", json!({"quote_id": quote["id"], "payment_method": "card_ok"})).await.expect(201).json();
    let stay = json!({"check_in": "2026-06-14", "check_out": "2026-06-16", "guest_name": "Walter", "paid": "offline_to_host", "total": 15_000});
    let hannah = stage.who("Hannah").await;
    let entered = stage.town.post(&hannah, &format!("/listings/{}/bookings", stage.home), stay).await.expect(201).json();
    stage.at("2026-06-13T18:00:00Z").await;
    let charged: i64 = documents(&stage, "Gustav", &booking).await.iter().map(|(_, _, total)| total).sum();
    assert_eq!(charged, amount(&quote["total_due"]));
    let invoice = paper(&stage, "Gustav", &booking, "invoice").await.expect(200).json();
    assert_eq!((amount(&invoice["discount"]), amount(&invoice["total"])), (5_000, charged - 3_600));

    stage.at("2026-06-16T18:00:00Z").await;
    let invoice = paper(&stage, "Hannah", &entered, "invoice").await.expect(200).json();
    assert_eq!((&invoice["recipient"]["name"], amount(&invoice["total"]), &invoice["number"]), (&json!("Walter"), 15_000, &json!("INV-2026-000002")));
    let receipt = paper(&stage, "Hannah", &entered, "receipt").await.expect(200).json();
    assert_eq!((&receipt["payments"][0]["description"], amount(&receipt["paid"])), (&json!("Payment to the host"), 15_000));
    assert_eq!(documents(&stage, "Hannah", &entered).await[1], ("invoice platform-host".into(), "INV-2026-000003".into(), 450));
});

on_both!(nothing_was_paid_yet, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let gustav = stage.who("Gustav").await;
    let wish = json!({"listing_id": stage.home, "check_in": JUNE.0, "check_out": JUNE.1, "adults": 2});
    let quote = stage.town.post(&gustav, "/quotes", wish).await.expect(201).json();
    let held = stage.town.post(&gustav, "/bookings", json!({"quote_id": quote["id"]})).await.expect(201).json();
    paper(&stage, "Gustav", &held, "receipt").await.expect_problem(404, "no_receipt_yet");
    stage.at("2026-06-02T12:00:00Z").await;
    paper(&stage, "Gustav", &held, "invoice").await.expect_problem(404, "no_invoice_yet");
    assert_eq!(documents(&stage, "Fiona", &held).await, []);
});
