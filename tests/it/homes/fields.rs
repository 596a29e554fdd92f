//! Fields that the operator added.

use super::stage::{act, found, make, patch, pointers, town, whole, with_role};
use crate::support::homes::until;
use crate::support::town::Asker;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value, json};

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

/// Homes with what they say in fields of the operator's own.
const HOMES: usize = 14;

/// What one of the homes says; every third says nothing in a field.
fn said(n: usize) -> Value {
    let mut said = json!({});
    let all = [
        ("view", json!(["Lake  Zürich", "lake zurich", "the sea"][n % 3])),
        ("pool", json!(["none", "shared", "own"][n / 2 % 3])),
        ("lift", json!(n % 4 == 0)),
        ("floor", if n % 5 == 0 { json!(2.5) } else { json!(n % 6) }),
        ("built", json!(format!("19{:02}-06-01", 10 + 7 * n % 80))),
        ("secret", json!("nobody asks")),
    ];
    for (at, (key, value)) in all.into_iter().enumerate() {
        if (n + at) % 3 != 2 || key == "secret" {
            said[key] = value;
        }
    }
    said
}

/// Whether a home passes a filter, read naively.
fn passes(said: &Value, name: &str, asked: &str) -> bool {
    let key = name.trim_end_matches("_min").trim_end_matches("_max");
    let Some(value) = said.get(key) else { return false };
    let folded = |text: &str| text.to_lowercase().replace('ü', "u").split_whitespace().collect::<Vec<_>>().join(" ");
    let ordered = |least: bool, order: std::cmp::Ordering| order.is_eq() || order.is_gt() == least;
    match key {
        "view" => folded(value.as_str().unwrap()) == folded(asked),
        "floor" if name == key => value.as_f64() == asked.parse().ok(),
        "floor" => ordered(name.ends_with("_min"), value.as_f64().unwrap().partial_cmp(&asked.parse().unwrap()).unwrap()),
        "built" if name != key => ordered(name.ends_with("_min"), value.as_str().unwrap().cmp(asked)),
        _ => value.as_str().map_or_else(|| value.to_string() == asked, |text| text == asked),
    }
}

on_both!(homes_are_filtered_by_the_sites_own_fields, async |db: TestDb| {
    let town = town(&db).await;
    let ada = town.newcomer("Ada").await;
    let olga = with_role(&town, &db, "Olga", "operator").await;
    for (key, kind) in [("view", "text"), ("pool", "choice"), ("lift", "boolean"), ("floor", "number"), ("built", "date"), ("secret", "text")] {
        let choices = if kind == "choice" { json!(["none", "shared", "own"]) } else { json!([]) };
        let field = json!({"key": key, "label": key, "kind": kind, "choices": choices, "searchable": key != "secret", "reason": "Guests ask"});
        town.post(&olga, "/admin/custom-fields", field).await.expect(201);
    }
    for n in 0..HOMES {
        let mut home = whole("Attic of the swift");
        home["custom"] = said(n);
        let id = make(&town, &ada, home).await;
        act(&town, &ada, &id, "publish").await.expect(200);
    }
    let count = |n: usize| i64::try_from(n).unwrap();
    until(async || found(&town, "").await == count(HOMES)).await;
    let (mut some, all): (usize, Vec<Value>) = (0, (0..HOMES).map(said).collect());
    let filters = [
        ("view", vec!["Lake Zürich", "LAKE ZURICH", "the sea", "the hill"]),
        ("pool", vec!["none", "shared", "own"]),
        ("lift", vec!["true", "false"]),
        ("floor", vec!["2.5", "3", "3.0", "77"]),
        ("floor_min", vec!["2.5", "0", "6"]),
        ("floor_max", vec!["2.5", "-1"]),
        ("built", vec!["1910-06-01", "1911-06-01"]),
        ("built_min", vec!["1938-06-01", "1950-01-01"]),
        ("built_max", vec!["1938-06-01", "1909-01-01"]),
    ];
    let each: Vec<(&str, &str)> = filters.iter().flat_map(|(name, values)| values.iter().map(|value| (*name, *value))).collect();
    let parameter = |(name, value): (&str, &str)| format!("custom.{name}={}", value.replace(' ', "%20").replace('ü', "%C3%BC"));
    for first in &each {
        for second in each.iter().filter(|second| second.0 != first.0) {
            let expected = all.iter().filter(|said| passes(said, first.0, first.1) && passes(said, second.0, second.1)).count();
            assert_eq!(found(&town, &format!("{}&{}", parameter(*first), parameter(*second))).await, count(expected), "{first:?} {second:?}");
            some += usize::from(expected > 0);
        }
    }
    assert!(some > 100, "only {some} filters found anything");
    // What is no field, not searched, or cannot be read is refused; a page goes on under the same filters.
    for (query, code) in [
        ("custom.moat=1", "unknown_parameter"),
        ("custom.=1", "unknown_parameter"),
        ("custom.secret=nobody%20asks", "unknown_parameter"),
        ("custom.pool_min=own", "unknown_parameter"),
        ("customs=1", "unknown_parameter"),
        ("custom.floor=high", "invalid_parameter"),
        ("custom.lift=yes", "invalid_parameter"),
        ("custom.pool=lake", "invalid_parameter"),
        ("custom.built_min=1950-02-30", "invalid_parameter"),
        ("custom.view=%20", "invalid_parameter"),
        ("custom.lift=true&custom.lift=false", "repeated_parameter"),
    ] {
        town.get(&Asker::default(), &format!("/search/stays?{query}")).await.expect_problem(400, code);
    }
    let page = town.get(&Asker::default(), "/search/stays?custom.pool=own&limit=1").await.expect(200).json();
    let cursor = page["next_cursor"].as_str().unwrap();
    town.get(&Asker::default(), &format!("/search/stays?custom.pool=own&limit=1&cursor={cursor}")).await.expect(200);
    town.get(&Asker::default(), &format!("/search/stays?custom.pool=none&limit=1&cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
    // A home says something else; the operator takes a field back.
    let mine = town.get(&ada, "/me/listings?limit=100").await.expect(200).json();
    let id = mine["data"][0]["id"].as_str().unwrap();
    patch(&town, &ada, id, json!({"custom": {"view": "the river"}})).await.expect(200);
    until(async || found(&town, "custom.view=the%20river").await == 1).await;
    let change = json!({"searchable": false, "reason": "Nobody asks"});
    town.ask(&olga, Method::PATCH, "/admin/custom-fields/lift", Some(&change)).await.expect(200);
    until(async || town.get(&Asker::default(), "/search/stays?custom.lift=true").await.status == 400).await;
    assert_eq!(found(&town, "custom.view=the%20river").await, 1, "after all was read again");
});
