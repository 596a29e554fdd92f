//! Fields that the operator added.

use super::stage::{act, found, make, patch, pointers, town, whole, with_role};
use crate::support::homes::until;
use crate::support::town::Asker;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::json;

on_both!(an_operator_adds_fields_and_hosts_fill_them, async |db: TestDb| {
    let town = town(&db).await;
    let ada = town.newcomer("Ada").await;
    let olga = with_role(&town, &db, "Olga", "operator").await;
    let mo = with_role(&town, &db, "Mo", "moderator").await;
    let view = json!({"key": "view", "label": "What you see", "kind": "text", "required": true, "searchable": true, "reason": "Guests ask"});
    town.post(&mo, "/admin/custom-fields", view.clone()).await.expect_problem(403, "forbidden");
    let added = town.post(&olga, "/admin/custom-fields", view.clone()).await;
    assert_eq!((added.expect(201).header("location"), added.header("etag")), ("/api/v1/admin/custom-fields/view", "\"1\""));
    town.post(&olga, "/admin/custom-fields", view).await.expect_problem(409, "field_exists");
    let pool = json!({"key": "pool", "label": "Pool", "kind": "choice", "choices": ["none", "shared", "own"], "reason": "Guests ask"});
    town.post(&olga, "/admin/custom-fields", pool).await.expect(201);
    for (bad, pointer) in [
        (json!({"key": "Bad key", "label": "x", "kind": "text", "reason": "r"}), "/body/key"),
        (json!({"key": "k", "label": " ", "kind": "text", "reason": "r"}), "/body/label"),
        (json!({"key": "k", "label": "x", "kind": "choice", "reason": "r"}), "/body/choices"),
        (json!({"key": "k", "label": "x", "kind": "text", "choices": ["a"], "reason": "r"}), "/body/choices"),
        (json!({"key": "k", "label": "x", "kind": "date", "searchable": true, "reason": "r"}), "/body/searchable"),
        (json!({"key": "k", "label": "x", "kind": "text", "reason": " "}), "/body/reason"),
    ] {
        assert_eq!(pointers(&town.post(&olga, "/admin/custom-fields", bad).await)[0], pointer);
    }
    let choices = town.get(&Asker::default(), "/reference/listing-choices").await.expect(200).json();
    assert_eq!((choices["custom"][1]["key"].as_str(), choices["beds"][0]["key"].as_str()), (Some("view"), Some("single")));

    let id = make(&town, &ada, whole("Attic of the swift")).await;
    assert_eq!(pointers(&act(&town, &ada, &id, "publish").await), ["/custom/view"]);
    let refused = patch(&town, &ada, &id, json!({"custom": {"view": 5, "pool": "lake", "moat": true}})).await;
    assert_eq!(pointers(refused.expect_problem(422, "invalid_fields")), ["/body/custom/moat", "/body/custom/pool", "/body/custom/view"]);
    patch(&town, &ada, &id, json!({"custom": {"view": "Zanzibarbay and the bridge", "pool": "own"}})).await.expect(200);
    // One key is changed without the others.
    let changed = patch(&town, &ada, &id, json!({"custom": {"pool": "shared"}})).await.expect(200).json();
    assert_eq!(changed["custom"], json!({"pool": "shared", "view": "Zanzibarbay and the bridge"}));
    act(&town, &ada, &id, "publish").await.expect(200);
    until(async || found(&town, "q=zanzibarbay").await == 1).await;
    assert_eq!(found(&town, "q=shared").await, 0, "the pool is not searched");
    let page = format!("/listings/{id}");
    assert_eq!(town.get(&Asker::default(), &page).await.json()["custom"]["pool"], "shared");

    let change = |body: serde_json::Value| {
        let (town, olga) = (&town, &olga);
        async move { town.ask(olga, Method::PATCH, "/admin/custom-fields/pool", Some(&body)).await }
    };
    change(json!({"searchable": true, "reason": "Guests look for it"})).await.expect(200);
    until(async || found(&town, "q=shared").await == 1).await;
    change(json!({"choices": ["none", "own"], "reason": "Simpler"})).await.expect(200);
    until(async || town.get(&Asker::default(), &page).await.json()["custom"].get("pool").is_none()).await;
    town.ask(&olga, Method::DELETE, "/admin/custom-fields/view", Some(&json!({"reason": "Nobody reads it"}))).await.expect(204);
    until(async || found(&town, "q=zanzibarbay").await == 0).await;
    until(async || town.get(&Asker::default(), &page).await.json()["custom"] == json!({})).await;
    town.ask(&olga, Method::DELETE, "/admin/custom-fields/view", Some(&json!({"reason": "Again"}))).await.expect_problem(404, "not_found");
    assert_eq!(town.get(&mo, "/admin/custom-fields").await.expect(200).json()["data"].as_array().unwrap().len(), 1);
});
