//! Cancellation policies of the operator's own: made, chosen by hosts, promised to guests, retired. The clock stands at 2026-06-01T12:00Z, 8 o'clock
//! in Albany; guests come in at 15 o'clock.

mod chosen;

use crate::support::people::{run, with_role};
use crate::support::town::{Asker, Reply, Town};
use crate::support::{TestDb, homes, on_both, uses_index};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::features::cancellation;
use stopover::platform::db::Value;
use stopover::values::Instant;
use uuid::Uuid;

on_both!(statements_use_indexes, async |db: TestDb| {
    for (sql, kinds) in cancellation::STATEMENTS {
        let params = kinds.chars().map(|kind| match kind {
            'u' => Value::Uuid(Uuid::nil()),
            't' => Value::Text("x".into()),
            'n' => Value::Int(1),
            'i' => Value::Instant(Instant(1)),
            other => panic!("no parameter of kind {other}"),
        });
        uses_index(&db, sql, params.collect()).await;
    }
});

/// The worked example of docs/RULES.md.
fn mix(key: &str) -> Json {
    json!({"key": key, "name": "House mix", "reason": "Hosts asked for it",
        "rows": [
            {"days_before": 14, "kept_bp": 0},
            {"days_before": 7, "kept_bp": 3_000},
            {"hours_before": 48, "first_nights": 2, "kept_bp": 4_000},
            {"days_before": 0, "first_nights": 3, "kept_bp": 5_000}],
        "after_check_in": {"further_nights": 2, "kept_bp": 5_000}})
}

/// A town with an operator, and Hannah with a home at 100.00 USD a night in Albany.
struct Stage {
    town: Town,
    olga: Asker,
    hannah: Asker,
    home: Uuid,
}

impl Stage {
    async fn new(db: &TestDb) -> Self {
        let town = Town::new(db).await;
        let hannah = town.newcomer("Hannah").await;
        let me = town.get(&hannah, "/me").await.expect(200).json();
        let home = homes::home(db, &me["id"], "Under the lark").await;
        run(db, "UPDATE listings SET departure_days = 127, max_nights = 60 WHERE id = $1", vec![home.into()]).await;
        let olga = with_role(&town, db, "Olga", "operator").await;
        Self { town, olga, hannah, home }
    }

    async fn make(&self, ask: Json) -> Reply {
        self.town.post(&self.olga, "/admin/cancellation-policies", ask).await
    }

    async fn retire(&self, policy: &Json) -> Reply {
        let path = format!("/admin/cancellation-policies/{}/retire", policy["id"].as_str().unwrap());
        self.town.post(&self.olga, &path, json!({"reason": "Too many words"})).await
    }

    /// Hannah chooses for her home.
    async fn choose(&self, change: Json) -> Reply {
        self.town.ask(&self.hannah, Method::PATCH, &format!("/listings/{}", self.home), Some(&change)).await
    }

    async fn quote(&self, who: &Asker, check_in: &str, check_out: &str) -> Reply {
        let wish = json!({"listing_id": self.home, "check_in": check_in, "check_out": check_out, "adults": 2});
        self.town.post(who, "/quotes", wish).await
    }
}

fn keys(list: &Json) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect()
}

fn pointers(reply: &Reply) -> Vec<String> {
    reply.json()["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
}

on_both!(an_operator_makes_lists_and_retires_policies, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.town.post(&stage.hannah, "/admin/cancellation-policies", mix("mine")).await.expect_problem(403, "forbidden");
    let mut once = stage.olga.clone();
    once.headers.push(("idempotency-key".into(), "one".into()));
    let reply = stage.town.post(&once, "/admin/cancellation-policies", mix("house_mix")).await;
    let made = reply.expect(201).json();
    let path = format!("/admin/cancellation-policies/{}", made["id"].as_str().unwrap());
    assert_eq!((reply.header("location"), reply.header("etag")), (format!("/api/v1{path}").as_str(), "\"1\""));
    assert_eq!(stage.town.post(&once, "/admin/cancellation-policies", mix("house_mix")).await.expect(201).json()["id"], made["id"], "made once");
    assert_eq!((made["stays"].as_str(), made["retired_at"].clone(), made["rows"].clone()), (Some("short"), json!(null), shown_rows()));
    assert_eq!(made["grace"], json!({"hours": 24, "confirmed_days": 7}), "C1");
    assert_eq!(made["after_check_in"], json!({"further_nights": 2, "kept_bp": 5_000}));
    let read = stage.town.get(&stage.olga, &path).await;
    assert_eq!((read.expect(200).json(), read.header("etag")), (made.clone(), "\"1\""));
    stage.make(mix("house_mix")).await.expect_problem(409, "policy_exists");

    let strict = json!({"key": "classic", "name": "Strict as it was", "preset": "classic_strict", "reason": "Hosts know it"});
    let classic = stage.make(strict.clone()).await.expect(201).json();
    assert_eq!(classic["grace"], json!({"hours": 48, "confirmed_days": 14}));
    let rows = json!([{"days_before": 7, "first_nights": 0, "kept_bp": 5_000}, {"days_before": 0, "first_nights": 0, "kept_bp": 10_000}]);
    assert_eq!((classic["rows"].clone(), classic["after_check_in"].clone()), (rows, json!({"further_nights": null, "kept_bp": 0})));
    for (field, value) in [("preset", json!("lenient")), ("rows", json!([{"days_before": 0, "kept_bp": 1}])), ("stays", json!("short"))] {
        let mut wrong = strict.clone();
        wrong[field] = value;
        assert_eq!(pointers(stage.make(wrong).await.expect_problem(422, "invalid_policy")), ["/body/preset"]);
    }
    let long = json!({"key": "our_months", "name": "Months", "stays": "long", "reason": "x", "rows": [{"days_before": 0, "first_nights": 28, "kept_bp": 0}]});
    assert_eq!(stage.make(long).await.expect(201).json()["grace"], json!(null));

    let page = stage.town.get(&stage.olga, "/admin/cancellation-policies?limit=2").await.expect(200).json();
    assert_eq!((keys(&page["data"]), page["has_more"].clone()), (vec!["house_mix", "classic"], json!(true)));
    let next = format!("/admin/cancellation-policies?cursor={}", page["next_cursor"].as_str().unwrap());
    let page = stage.town.get(&stage.olga, &next).await.expect(200).json();
    assert_eq!((keys(&page["data"]), page["next_cursor"].clone()), (vec!["our_months"], json!(null)));
    let terms = stage.town.get(&Asker::default(), "/reference/cancellation-policies").await.expect(200).json();
    assert_eq!(keys(&terms["data"])[8..], ["house_mix", "classic", "our_months"], "after the eight standard ones");
    assert_eq!(terms["data"][1]["rows"][1], json!({"days_before": 0, "first_nights": 1, "kept_bp": 5_000}), "moderate");

    let mut stale = stage.olga.clone();
    stale.headers.push(("if-match".into(), "\"2\"".into()));
    stage.town.post(&stale, &format!("{path}/retire"), json!({"reason": "x"})).await.expect_problem(412, "stale");
    stage.town.post(&stage.olga, &format!("{path}/retire"), json!({"reason": " "})).await.expect_problem(422, "invalid_reason");
    for odd in ["x".repeat(501), "a\u{1b}[2J".to_owned()] {
        stage.town.post(&stage.olga, &format!("{path}/retire"), json!({"reason": odd})).await.expect_problem(422, "invalid_reason");
        let mut wordy = mix("wordy");
        wordy["reason"] = json!(odd);
        stage.make(wordy).await.expect_problem(422, "invalid_reason");
    }
    let mut named = mix("named");
    named["name"] = json!("Two\u{2028}lines");
    assert_eq!(pointers(stage.make(named).await.expect_problem(422, "invalid_policy")), ["/body/name"]);
    let retired = stage.retire(&made).await;
    assert_eq!((retired.expect(200).json()["retired_at"].as_str(), retired.header("etag")), (Some("2026-06-01T12:00:00Z"), "\"2\""));
    assert_eq!(stage.retire(&made).await.expect(200).json(), retired.json(), "again changes nothing");
    let terms = stage.town.get(&Asker::default(), "/reference/cancellation-policies").await.expect(200).json();
    assert_eq!(keys(&terms["data"])[8..], ["classic", "our_months"]);
    let old = stage.town.get(&Asker::default(), "/reference/cancellation-policies/house_mix").await.expect(200).json();
    assert_eq!((old["retired"].clone(), old["name"].as_str(), old["rows"].clone()), (json!(true), Some("House mix"), shown_rows()));
    stage.town.get(&Asker::default(), "/reference/cancellation-policies/nothing").await.expect_problem(404, "not_found");
    stage.make(mix("house_mix")).await.expect_problem(409, "policy_exists");

    let trail = format!("/admin/audit?object_kind=cancellation_policy&object={}", made["id"].as_str().unwrap());
    let trail = stage.town.get(&stage.olga, &trail).await.expect(200).json();
    let told: Vec<(&str, &str)> =
        trail["data"].as_array().unwrap().iter().map(|entry| (entry["action"].as_str().unwrap(), entry["reason"].as_str().unwrap())).collect();
    assert_eq!(told, [("cancellation_policy.retired", "Too many words"), ("cancellation_policy.made", "Hosts asked for it")]);
});

fn shown_rows() -> Json {
    json!([
        {"days_before": 14, "first_nights": 0, "kept_bp": 0},
        {"days_before": 7, "first_nights": 0, "kept_bp": 3_000},
        {"hours_before": 48, "first_nights": 2, "kept_bp": 4_000},
        {"days_before": 0, "first_nights": 3, "kept_bp": 5_000}])
}

on_both!(tables_that_cannot_be_kept_are_refused_with_every_fault, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let mut wrong = mix("Flexible");
    wrong["name"] = json!("a\u{7}");
    wrong["rows"] = json!([
        {"days_before": 2, "kept_bp": 5_000}, {"hours_before": 48, "kept_bp": 10_001}, {"kept_bp": 0}, {"days_before": 1, "hours_before": 1, "kept_bp": 1}]);
    wrong["grace"] = json!({"hours": 0, "confirmed_days": 7});
    let reply = stage.make(wrong).await;
    let expected = ["/key", "/name", "/rows/1/kept_bp", "/rows/2", "/rows/3", "/rows/1", "/rows/2", "/grace/hours"];
    assert_eq!(pointers(reply.expect_problem(422, "invalid_policy")), expected.map(|place| format!("/body{place}")));
    stage.make(mix("flexible")).await.expect_problem(422, "invalid_policy");
    stage.make(json!({"key": "x", "name": "X", "reason": "x"})).await.expect_problem(422, "invalid_policy");
    stage.make(json!({"key": "x", "name": "X", "reason": "x", "rows": [{"days_before": -1, "kept_bp": 0}]})).await.expect_problem(422, "out_of_range");
    let least = |n: usize| json!({"key": format!("p{n}"), "name": "X", "reason": "x", "rows": [{"days_before": 0, "kept_bp": 1}]});
    for n in 0..50 {
        stage.make(least(n)).await.expect(201);
    }
    let full = stage.make(least(50)).await;
    full.expect_problem(409, "too_many_policies");
    let first = stage.town.get(&stage.olga, "/admin/cancellation-policies?limit=1").await.expect(200).json()["data"][0].clone();
    stage.retire(&first).await.expect(200);
    stage.make(least(50)).await.expect(201);
});
