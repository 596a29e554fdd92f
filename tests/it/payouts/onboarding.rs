//! Accounts at the payment provider that are opened from here.

use super::{IBAN, JUNE, Stage};
use crate::support::people::run;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::json;

on_both!(a_host_has_an_account_opened_and_is_paid_to_it, async |db: TestDb| {
    let stage = Stage::with(&db, |config| config.cors.origins = vec!["https://stay.example".into()]).await;
    let ours = stage.town.tools().config.base_url();
    let host = stage.who("Hannah").await;
    let open = async |body| stage.town.post(&host, "/payout-methods/onboarding", body).await;
    let first = open(json!({})).await.expect(200).json();
    assert_eq!(
        (first["url"].as_str(), first["method"]["kind"].as_str(), first["method"]["state"].as_str()),
        (Some(ours.as_str()), Some("sandbox"), Some("waiting"))
    );
    // Again: another page for the same account.
    let again = open(json!({"return_url": "https://stay.example/done"})).await.expect(200).json();
    assert_eq!((again["url"].as_str(), &again["method"]), (Some("https://stay.example/done"), &first["method"]));
    let list = stage.town.get(&host, "/payout-methods").await.expect(200).json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    for bad in ["https://evil.example/", "javascript:alert(1)", "/me"] {
        open(json!({"return_url": bad})).await.expect_problem(422, "out_of_range");
    }
    // Another account was left since: this one is left anew, and counts days later.
    stage.leave("bank", IBAN).await;
    let back = open(json!({})).await.expect(200).json();
    assert_eq!((&back["method"]["account"], &back["method"]["state"]), (&first["method"]["account"], &json!("waiting")));
    assert_ne!(back["method"]["id"], first["method"]["id"]);
    let letters = stage.town.letters().await;
    assert_eq!(letters.iter().filter(|letter| letter.subject.contains("a new account for your payouts")).count(), 3);
    stage.book("Gustav", JUNE, "card_ok").await;
    stage.until("2026-06-14T12:00:00Z").await;
    let paid = stage.town.get(&stage.who("Hannah").await, "/payouts").await.expect(200).json();
    assert_eq!((paid["data"][0]["kind"].as_str(), paid["data"][0]["state"].as_str()), (Some("sandbox"), Some("paid")), "{paid}");
});

on_both!(an_account_that_failed_is_left_anew, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let host = stage.who("Hannah").await;
    let open = async || stage.town.post(&host, "/payout-methods/onboarding", json!({})).await.expect(200).json();
    let first = open().await;
    run(&db, "UPDATE payout_methods SET failed_at = created_at", vec![]).await;
    let second = open().await;
    assert_ne!(first["method"]["id"], second["method"]["id"]);
    assert_eq!(first["method"]["account"], second["method"]["account"]);
    let path = format!("/payout-methods/{}", second["method"]["id"].as_str().unwrap());
    stage.town.ask(&host, Method::DELETE, &path, None).await.expect(204);
});
