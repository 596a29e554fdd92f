//! Rate limits and client addresses at the edge.

use super::stage::{Answer, Node};
use crate::support::TestDb;
use poem::http::Method;
use std::sync::atomic::Ordering::SeqCst;
use stopover::platform::config::{Config, Cors, Limits, Network, Rate};
use stopover::platform::db::Engine;

async fn node(change: impl FnOnce(&mut Config)) -> (Node, TestDb) {
    let db = TestDb::new(Engine::Sqlite).await;
    let node = Node::of(&db, &db, |config| {
        let few = |n| Rate { burst: n, ..Rate::per_minute(n) };
        config.limits = Limits { anonymous_read: few(3), anonymous_search: few(2), anonymous_write: few(2), read: few(5), login: few(2), ..Limits::default() };
        change(config);
    });
    (node, db)
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status.as_u16()).collect()
}

macro_rules! times {
    ($n:expr, $ask:expr) => {{
        let mut answers = Vec::new();
        for _ in 0..$n {
            answers.push($ask.send().await);
        }
        answers
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_too_many_is_told_when_to_come_back() {
    let (node, _db) = node(|config| config.cors = Cors { origins: vec!["https://app.example".into()] }).await;
    let answers = times!(4, node.get("/things").header("origin", "https://app.example"));
    assert_eq!(statuses(&answers), [200, 200, 200, 429]);
    assert_eq!((answers[0].header("ratelimit-policy"), answers[0].header("ratelimit")), ("\"anon\";q=3;w=60", "\"anon\";r=2;t=20"));
    let refused = &answers[3];
    let body = refused.problem(429, "too_many_requests");
    assert_eq!((refused.header("content-type"), refused.header("ratelimit")), ("application/problem+json", "\"anon\";r=0;t=60"));
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&wait) && body["detail"].as_str().unwrap().contains(&format!("in {wait} s")), "{body}");
    for name in ["ratelimit", "ratelimit-policy", "retry-after", "idempotent-replayed"] {
        assert!(refused.header("access-control-expose-headers").contains(name), "{name}");
    }
    assert!(answers.iter().all(|answer| answer.header("x-ratelimit-limit").is_empty()), "the old names are behind a switch");
    assert_eq!(node.metrics.limited.get(), 1);
    // Searches, writes and neighbours are counted for themselves; loopback is nobody special.
    assert_eq!(statuses(&times!(3, node.get("/search/things"))), [200, 200, 429]);
    assert_eq!(statuses(&times!(3, node.ask(Method::POST, "/things/anonymous"))), [201, 201, 429]);
    assert_eq!(statuses(&times!(4, node.get("/things").from("127.0.0.1:1"))), [200, 200, 200, 429]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_requests_count_too() {
    let (node, _db) = node(|_| ()).await;
    let answers = [
        node.get("/things?unknown=1").send().await,
        node.get("/nowhere").send().await,
        node.get("/things").header("authorization", "Bearer forged").send().await,
        node.get("/things").header("authorization", "Bearer forged").send().await,
    ];
    assert_eq!(statuses(&answers), [400, 404, 401, 429]);
    assert!(answers.iter().all(|answer| answer.header("ratelimit").starts_with("\"anon\";r=")), "{answers:?}");
    // Browsers ask before they call; that is free.
    assert_eq!(node.ask(Method::OPTIONS, "/things").send().await.status.as_u16(), 204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_counted_by_account_wherever_they_are() {
    let (node, _db) = node(|config| config.limits.legacy_headers = true).await;
    assert_eq!(statuses(&times!(4, node.get("/things"))), [200, 200, 200, 429]);
    let answers = times!(3, node.get("/things").by(1));
    assert_eq!(statuses(&answers), [200; 3], "the address is exhausted, the account is not");
    assert_eq!(["limit", "remaining", "reset"].map(|name| answers[0].header(&format!("x-ratelimit-{name}")).to_owned()), ["5", "4", "12"]);
    assert_eq!(statuses(&times!(3, node.get("/things").by(1).from("198.51.100.7:1"))), [200, 200, 429]);
    assert_eq!(statuses(&times!(6, node.get("/things").by(2))), [200, 200, 200, 200, 200, 429]);
    assert_eq!(statuses(&times!(6, node.get("/things").header("authorization", "Token 1"))), [200, 200, 200, 200, 200, 429], "a token has its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tries_are_counted_by_address_before_anything_costly() {
    let (node, _db) = node(|_| ()).await;
    assert_eq!(statuses(&times!(4, node.ask(Method::POST, "/login").by(1))), [200, 200, 429, 429]);
    assert_eq!(node.runs.load(SeqCst), 2);
    assert_eq!(statuses(&times!(1, node.ask(Method::POST, "/login").from("198.51.100.7:1"))), [200]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_trusted_proxies_say_who_the_client_is() {
    let (node, _db) = node(|config| config.http.trusted_proxies = Network::parse("10.0.0.0/8").into_iter().collect()).await;
    let whereabouts = |peer: &'static str, told: &'static str| node.get("/where").from(peer).header("x-forwarded-for", told).send();
    assert_eq!(whereabouts("10.0.0.1:1", "6.6.6.6, 192.0.2.77").await.body, "192.0.2.77");
    assert_eq!(whereabouts("203.0.113.5:1", "192.0.2.77").await.body, "203.0.113.5");
    // A stranger who calls themselves somebody else each time is still one stranger.
    let mut answers = Vec::new();
    for n in 0..4 {
        answers.push(node.get("/things").from("203.0.113.6:1").header("x-forwarded-for", &format!("192.0.2.{n}")).send().await);
    }
    assert_eq!(statuses(&answers), [200, 200, 200, 429]);
    // Behind the proxy everybody is counted for themselves, whatever they say in front of what the proxy saw.
    let mut behind = Vec::new();
    for (spoof, seen) in [("1.1.1.1", "192.0.2.1"), ("1.1.1.2", "192.0.2.1"), ("1.1.1.3", "192.0.2.1"), ("1.1.1.4", "192.0.2.1"), ("1.1.1.4", "192.0.2.2")] {
        behind.push(node.get("/things").from("10.0.0.1:1").header("x-forwarded-for", &format!("{spoof}, {seen}")).send().await);
    }
    assert_eq!(statuses(&behind), [200, 200, 200, 429, 200]);
}
