//! A POST that is sent again is answered again, and done once.

use super::stage::{Answer, Node, things};
use crate::support::{TestDb, off_thread, on_both, uses_index};
use futures_util::future::join_all;
use poem::http::Method;
use serde_json::json;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use stopover::platform::db::{Db, DbError};
use stopover::platform::idempotency::{FIND, FORGET, SWEEP, forget};
use stopover::values::UserId;
use uuid::Uuid;

fn node(db: &TestDb) -> Node {
    Node::of(db, db, |_| ())
}

/// How many answers are stored.
async fn stored(db: &Db) -> i64 {
    let count: Result<_, DbError> = db.read(|conn| conn.first("SELECT COUNT(*) FROM idempotency_keys", &[], |row| row.get(0))).await;
    count.unwrap().unwrap()
}

on_both!(the_same_request_gets_the_same_answer_and_acts_once, async |db: TestDb| {
    let node = node(&db);
    let make = || node.post("/things", "k-1").json(json!({"title": "Attic, “quoted”"})).send();
    let first = make().await;
    assert_eq!((first.status.as_u16(), first.is_replay()), (201, false), "{first:?}");
    assert!(first.header("location").starts_with("/api/v1/things/0") && first.header("etag") == "\"1\"");
    for _ in 0..3 {
        let again = make().await;
        assert_eq!(again.told(), first.told());
        assert!(again.is_replay());
    }
    assert_eq!((things(&db).await, node.runs.load(SeqCst), stored(&db).await), (1, 1, 1));
    // A restart forgets nothing.
    let restarted = self::node(&db);
    assert_eq!(restarted.post("/things", "k-1").json(json!({"title": "Attic, “quoted”"})).send().await.told(), first.told());
    // Without a key each request stands for itself.
    for _ in 0..2 {
        assert_eq!(node.ask(Method::POST, "/things").by(1).json(json!({"title": "Attic"})).send().await.status.as_u16(), 201);
    }
    assert_eq!((things(&db).await, stored(&db).await), (3, 1));
});

on_both!(a_key_belongs_to_one_person_and_one_path, async |db: TestDb| {
    let node = node(&db);
    let body = || json!({"title": "Attic"});
    let first = node.post("/things", "k").json(body()).send().await;
    let others = [
        node.post("/things", "k").by(2).json(body()).send().await,
        node.post("/things", "K").json(body()).send().await,
        node.post("/things/apart", "k").json(body()).send().await,
    ];
    assert!(others.iter().all(|other| other.status.is_success() && !other.is_replay() && other.body != first.body), "{others:?}");
    assert_eq!(things(&db).await, 4);
    // A token of the same person is the same person.
    let by_token = node.post("/things", "k").header("authorization", "Token 1").json(body()).send().await;
    assert_eq!((by_token.told(), by_token.is_replay()), (first.told(), true));
});

on_both!(another_request_under_a_used_key_is_refused, async |db: TestDb| {
    let node = node(&db);
    let first = node.post("/things", "k").json(json!({"title": "Attic"})).send().await;
    node.post("/things", "k").json(json!({"title": "Cellar"})).send().await.problem(422, "idempotency_key_reused");
    node.post("/things", "k").json(json!({"title": "Attic "})).send().await.problem(422, "idempotency_key_reused");
    assert_eq!(node.post("/things", "k").json(json!({"title": "Attic"})).send().await.told(), first.told());
    assert_eq!(things(&db).await, 1);
});

on_both!(fifty_copies_at_once_act_once, async |db: TestDb| {
    let node = node(&db);
    let answers: Vec<Answer> = join_all((0..50).map(|_| node.post("/things", "k").json(json!({"title": "Attic"})).send())).await;
    let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status.as_u16() == 201).collect();
    assert_eq!(made.iter().filter(|answer| !answer.is_replay()).count(), 1);
    assert!(made.iter().all(|answer| answer.told() == made[0].told()));
    for busy in answers.iter().filter(|answer| answer.status.as_u16() != 201) {
        busy.problem(409, "still_running");
        assert_eq!(busy.header("retry-after"), "1");
    }
    assert_eq!((things(&db).await, stored(&db).await), (1, 1));
    assert!(node.post("/things", "k").json(json!({"title": "Attic"})).send().await.is_replay());
});

on_both!(two_nodes_act_once, async |db: TestDb| {
    // SQLite is meant for one server, but holds to the promise between two handles as well.
    let other = db.another_node().await.unwrap();
    let nodes = [node(&db), Node::of(&db, &other, |_| ())];
    for round in 0..10 {
        let key = format!("k-{round}");
        let copies = (0..20).map(|n| nodes[n % 2].post("/things", &key).json(json!({"title": "Attic"})).send());
        let answers: Vec<Answer> = join_all(copies).await;
        let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status.as_u16() == 201).collect();
        assert_eq!(made.iter().filter(|answer| !answer.is_replay()).count(), 1, "round {round}: {answers:?}");
        assert!(made.iter().all(|answer| answer.told() == made[0].told()));
        assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 201 | 409)), "{answers:?}");
        assert_eq!(things(&db).await, round + 1);
    }
    drop(nodes);
    off_thread(move || drop(other)).await;
});

on_both!(a_copy_of_a_running_request_is_told_to_wait, async |db: TestDb| {
    let node = node(&db);
    let (first, copy) = tokio::join!(node.post("/things/slow/a", "k").send(), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        node.post("/things/slow/a", "k").send().await
    });
    assert_eq!(first.status.as_u16(), 201);
    copy.problem(409, "still_running");
    // Another path is another use.
    let (one, two) = tokio::join!(node.post("/things/slow/b", "k").send(), node.post("/things/slow/c", "k").send());
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (201, 201));
    assert_eq!(node.runs.load(SeqCst), 3);
});

on_both!(a_client_that_goes_away_finds_the_answer_later, async |db: TestDb| {
    let node = node(&db);
    let cut_off = |path: &'static str| tokio::time::timeout(Duration::from_millis(200), node.post(path, "k").send());
    // Before the transaction: it never happened, and the key is free again.
    assert!(cut_off("/things/slow/a").await.is_err(), "it was to be slow");
    assert_eq!((things(&db).await, stored(&db).await), (0, 0));
    assert!(!node.post("/things/slow/a", "k").send().await.is_replay());
    // Within the transaction: it goes on alone, and its answer is there for whoever asks again, at this server or another.
    assert!(cut_off("/things/inside").await.is_err(), "it was to be slow");
    node.post("/things/inside", "k").send().await.problem(409, "still_running");
    let other = self::node(&db).post("/things/inside", "k").send().await;
    assert_eq!((other.status.as_u16(), other.is_replay()), (201, true), "{other:?}");
    let again = node.post("/things/inside", "k").send().await;
    assert_eq!((again.told(), again.is_replay()), (other.told(), true));
    assert_eq!(things(&db).await, 2);
});

on_both!(refusals_are_kept_and_breakage_is_not, async |db: TestDb| {
    let node = node(&db);
    let first = node.post("/things/refused", "k").send().await;
    first.problem(409, "conflict");
    let again = node.post("/things/refused", "k").send().await;
    assert_eq!(again.told(), first.told(), "with the request id of the first");
    assert!(again.is_replay() && again.header("x-request-id") != first.header("x-request-id"));
    assert_eq!((node.runs.load(SeqCst), things(&db).await), (1, 0), "a refusal undoes its writes");

    let node = self::node(&db);
    node.post("/things/stumbling", "k").send().await.problem(500, "internal");
    assert_eq!(things(&db).await, 0);
    let second = node.post("/things/stumbling", "k").send().await;
    assert_eq!((second.status.as_u16(), second.is_replay()), (200, false));
    assert_eq!(node.post("/things/stumbling", "k").send().await.told(), second.told());
    assert_eq!((node.runs.load(SeqCst), things(&db).await), (2, 1));
    // What never got as far as the handler may be corrected under the same key.
    node.post("/things", "fix").json(json!({"title": ""})).send().await.problem(422, "out_of_range");
    assert_eq!(node.post("/things", "fix").json(json!({"title": "Attic"})).send().await.status.as_u16(), 201);
});

on_both!(an_operation_that_does_not_ask_is_kept_too, async |db: TestDb| {
    let node = node(&db);
    let make = || node.post("/things/apart", "k").json(json!({"title": "Attic"})).send();
    let first = make().await;
    let again = make().await;
    assert_eq!((first.status.as_u16(), again.told(), again.is_replay()), (200, first.told(), true));
    let nothing = node.post("/things/clear", "k").send().await;
    let still = node.post("/things/clear", "k").send().await;
    assert_eq!((nothing.status.as_u16(), still.told(), still.is_replay()), (204, nothing.told(), true));
    assert_eq!(things(&db).await, 2);
});

on_both!(secrets_are_not_stored, async |db: TestDb| {
    let node = node(&db);
    let first = node.post("/things/secret", "k").send().await;
    assert!(first.status.as_u16() == 201 && first.body.contains("hunter2"));
    let again = node.post("/things/secret", "k").send().await.problem(409, "already_done");
    assert_eq!(again["outcome"], json!({"status": 201, "location": first.header("location")}));
    assert_eq!(things(&db).await, 1);
    let bodies: Result<Option<i64>, DbError> =
        db.read(|conn| conn.first("SELECT COUNT(*) FROM idempotency_keys WHERE body IS NOT NULL", &[], |row| row.get(0))).await;
    assert_eq!(bodies.unwrap(), Some(0));
});

on_both!(strangers_have_no_keys_and_bad_keys_are_named, async |db: TestDb| {
    let node = node(&db);
    for key in ["k", "k", "not a key"] {
        let made = node.ask(Method::POST, "/things/anonymous").header("idempotency-key", key).send().await;
        assert_eq!((made.status.as_u16(), made.is_replay()), (201, false));
    }
    assert_eq!((things(&db).await, stored(&db).await), (3, 0));
    for bad in ["", "a b", &"x".repeat(256)] {
        let refused = node.post("/things", bad).json(json!({"title": "Attic"})).send().await.problem(400, "invalid_parameter");
        assert_eq!(refused["errors"][0]["pointer"], "/header/Idempotency-Key");
    }
    let longest = "~".repeat(255);
    assert_eq!(node.post("/things", &longest).json(json!({"title": "Attic"})).send().await.status.as_u16(), 201);
    // Other methods have no use for it.
    assert_eq!(node.get("/things").by(1).header("idempotency-key", "not a key").send().await.status.as_u16(), 200);
    let document = &node.spec["paths"]["/api/v1/things"];
    let named = |method: &str| document[method]["parameters"].as_array().into_iter().flatten().any(|p| p["name"] == "Idempotency-Key" && p["in"] == "header");
    assert!(named("post") && !named("get"), "{document}");
    assert_eq!(document["post"]["parameters"][0]["required"], false);
});

on_both!(answers_are_kept_for_seventy_two_hours, async |db: TestDb| {
    let node = node(&db);
    let make = || node.post("/things", "k").json(json!({"title": "Attic"})).send();
    let first = make().await;
    db.clock.advance_seconds(72 * 3_600);
    assert_eq!(make().await.told(), first.told());
    // A second later it is over, whether somebody has swept or not.
    db.clock.advance_seconds(1);
    let fresh = node.post("/things", "k").json(json!({"title": "Cellar"})).send().await;
    assert_eq!((fresh.status.as_u16(), fresh.is_replay(), stored(&db).await), (201, false, 1));
    assert_eq!(node.post("/things", "k").json(json!({"title": "Cellar"})).send().await.told(), fresh.told());
    // An erasure forgets what is stored for somebody.
    let gone: Result<u64, DbError> = db.write(|tx, _| forget(tx, UserId(Uuid::from_u128(1)))).await;
    assert_eq!((gone.unwrap(), stored(&db).await), (1, 0));
});

on_both!(stored_answers_are_found_by_indexes, async |db: TestDb| {
    let (user, now) = (UserId(Uuid::from_u128(1)), db.now());
    uses_index(&db, FIND, vec![user.into(), "/x".into(), "k".into(), now.into()]).await;
    uses_index(&db, FORGET, vec![user.into()]).await;
    uses_index(&db, SWEEP, vec![now.into()]).await;
});
