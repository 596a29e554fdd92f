//! Every field of every body that does not fit is named, whatever the operation (docs/API.md).

use super::cast::{Cast, Request};
use super::matrix::{ask, bodies, document};
use crate::support::{TestDb, on_both};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

/// How a body is spoilt, where that shows, and what it is called.
fn spoilt(schema: &Json, body: &Map<String, Json>) -> Vec<(Map<String, Json>, String, &'static str)> {
    let mut all = Vec::new();
    let mut with = |name: &str, value: Option<Json>, code| {
        let mut other = body.clone();
        match value {
            Some(value) => other.insert(name.to_owned(), value),
            None => other.remove(name),
        };
        all.push((other, format!("/body/{name}"), code));
    };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        with(name, None, "required");
        let member = &schema["properties"][name];
        if member["type"].is_string() || member["$ref"].is_string() {
            with(name, Some(Json::Null), "invalid_type");
        }
    }
    for (name, member) in schema["properties"].as_object().unwrap() {
        match member["type"].as_str() {
            Some("string") => {
                with(name, Some(json!(7)), "invalid_type");
                with(name, Some(json!(true)), "invalid_type");
            }
            Some(_) => with(name, Some(json!("x")), "invalid_type"),
            None => {}
        }
    }
    with("nobody_asked", Some(json!(1)), "unknown_field");
    all
}

on_both!(every_field_that_does_not_fit_is_named, async |db: TestDb| {
    let cast = Cast::gather(&db).await;
    let document = document();
    let (mut tried, mut codes) = (0, BTreeSet::new());
    for (operation, who, request, body) in bodies(&cast, &document).await {
        for (body, pointer, code) in spoilt(ask(&document, &operation.spec), &body) {
            let request = Request { body: Some(Json::Object(body.clone())), ..request.clone() };
            let reply = cast.send(who, &operation.method, &operation.path, &request).await;
            let problem = reply.expect_problem(400, "invalid_body").json();
            let named: Vec<&Json> = problem["errors"].as_array().unwrap().iter().collect();
            assert!(named.iter().any(|one| one["pointer"] == pointer && one["code"] == code), "{}: {pointer} {code} is not in {problem}", operation.id);
            assert_eq!(named.len(), 1, "{}: {problem}", operation.id);
            tried += 1;
            codes.insert(code);
        }
    }
    assert!(tried > 500 && codes.len() == 3, "only {tried} bodies were tried: {codes:?}");
});
