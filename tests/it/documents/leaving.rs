//! Whoever leaves takes their name along; numbers, amounts and dates stay (V5).

use super::{JUNE, documents};
use crate::accounts::dump;
use crate::payouts::Stage;
use crate::support::people::run;
use crate::support::town::unpacked;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::json;

const DAY: i64 = 86_400;

on_both!(names_go_and_amounts_stay, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    run(&db, "UPDATE users SET name = 'Wilhelmina' WHERE name = 'Gustav'", vec![]).await;
    run(&db, "UPDATE users SET name = 'Zanzibarova' WHERE name = 'Hannah'", vec![]).await;
    run(&db, "UPDATE listings SET title = 'Attic of Zanzibarova' WHERE id = $1", vec![stage.home.into()]).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-13T18:00:00Z").await;
    stage.at("2026-06-20T12:00:00Z").await;
    let before = documents(&stage, "Fiona", &booking).await;
    assert_eq!(before.len(), 3);

    // The copy of one's data names one's documents.
    for (name, many) in [("Gustav", 2), ("Hannah", 2)] {
        let who = stage.who(name).await;
        let asked = stage.town.ask(&who, Method::POST, "/me/export", None).await.expect(202).json();
        stage.settle().await;
        let file = stage.town.get(&who, &format!("/me/exports/{}/file", asked["id"].as_str().unwrap())).await;
        let list = unpacked(&file.expect(200).body, "documents.json");
        assert_eq!(list.as_array().unwrap().len(), many, "{list}");
        assert_eq!((&list[0]["number"], &list[0]["total"]), (&json!("INV-2026-000001"), &json!(33_000)));
    }

    let gustav = stage.who("Gustav").await;
    stage.town.ask(&gustav, Method::DELETE, "/me", None).await.expect(202);
    stage.town.clock.advance_seconds(30 * DAY);
    stage.settle().await;
    let finance = stage.who("Fiona").await;
    let invoice = format!("/bookings/{}/invoice", booking["id"].as_str().unwrap());
    let told = stage.town.get(&finance, &invoice).await.expect(200).json();
    assert_eq!((&told["recipient"]["name"], &told["issuer"]["name"]), (&json!("Deleted user"), &json!("Zanzibarova")));
    assert_eq!(documents(&stage, "Fiona", &booking).await, before);
    let texts = db.read(dump).await.unwrap();
    let seen: Vec<&String> = texts.iter().filter(|text| text.to_lowercase().contains("wilhelmina")).collect();
    assert!(seen.is_empty(), "{seen:?}");

    // The host goes too; what is still owed to them would keep them.
    let clear = "DELETE FROM ledger_balances WHERE account LIKE 'host_payable:%'";
    run(&db, clear, vec![]).await;
    let hannah = stage.who("Hannah").await;
    stage.town.ask(&hannah, Method::DELETE, "/me", None).await.expect(202);
    stage.town.clock.advance_seconds(30 * DAY);
    stage.settle().await;
    let finance = stage.who("Fiona").await;
    let told = stage.town.get(&finance, &invoice).await.expect(200).json();
    assert_eq!((&told["issuer"]["name"], &told["stay"]["home"]), (&json!("Deleted user"), &json!("")));
    assert_eq!(documents(&stage, "Fiona", &booking).await, before);
    let texts = db.read(dump).await.unwrap();
    let seen: Vec<&String> = texts.iter().filter(|text| text.to_lowercase().contains("zanzibarova") && text.starts_with("document")).collect();
    assert!(seen.is_empty(), "{seen:?}");
});
