//! What people say of themselves, and what others see of it, on every node.

use crate::support::homes;
use crate::support::town::{Asker, Town};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value, json};

async fn patch(town: &Town, asker: &Asker, body: Value) -> crate::support::town::Reply {
    town.ask(asker, Method::PATCH, "/me", Some(&body)).await
}

fn with(asker: &Asker, name: &str, value: &str) -> Asker {
    let mut asker = asker.clone();
    asker.headers.push((name.into(), value.into()));
    asker
}

on_both!(what_is_absent_stays_and_null_empties, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let first = town.get(&ada, "/me").await;
    let me = first.expect(200).json();
    assert_eq!((me["name"].as_str(), me["email"].as_str(), me["state"].as_str()), (Some("Ada"), Some("ada@example.org"), Some("active")));
    assert_eq!((me["has_password"].as_bool(), me["two_factor"].as_bool(), &me["roles"], &me["badges"]), (Some(true), Some(false), &json!([]), &json!([])));
    assert_eq!(first.header("cache-control"), "no-store");
    let tag = first.header("etag").to_owned();
    town.get(&with(&ada, "if-none-match", &tag), "/me").await.expect(304);

    let body = json!({"about": "Likes guests", "location": "Albany", "languages": ["EN", "pt-br", "en"], "locale": "de_ch", "currency": "chf"});
    let changed = patch(&town, &with(&ada, "if-match", &tag), body).await;
    let me = changed.expect(200).json();
    assert_eq!(
        (&me["about"], &me["languages"], &me["locale"], &me["currency"]),
        (&json!("Likes guests"), &json!(["en", "pt-BR"]), &json!("de-CH"), &json!("CHF"))
    );
    assert_eq!(town.get(&ada, "/me").await.header("etag"), changed.header("etag"));
    patch(&town, &with(&ada, "if-match", &tag), json!({"about": "x"})).await.expect_problem(412, "stale");

    let me = patch(&town, &ada, json!({"about": null, "languages": null, "locale": null, "currency": null})).await.expect(200).json();
    assert_eq!((&me["about"], &me["languages"], &me["locale"], &me["currency"]), (&json!(""), &json!([]), &Value::Null, &Value::Null));
    assert_eq!((&me["name"], &me["location"]), (&json!("Ada"), &json!("Albany")));
    // Nothing to change: nothing changes.
    assert_eq!(patch(&town, &ada, json!({"location": " Albany "})).await.expect(200).json()["version"], me["version"]);

    for (body, code) in [
        (json!({"name": null}), "invalid_name"),
        (json!({"name": "a\nb"}), "invalid_name"),
        (json!({"about": "x".repeat(5_001)}), "invalid_text"),
        (json!({"location": "a\nb"}), "invalid_text"),
        (json!({"languages": ["klingon!"]}), "invalid_language"),
        (json!({"locale": "x"}), "invalid_language"),
        (json!({"currency": "XXZ"}), "invalid_currency"),
    ] {
        patch(&town, &ada, body).await.expect_problem(422, code);
    }
    for body in [json!({"email": "x@example.org"}), json!({"roles": ["operator"]}), json!({"top_host": true}), json!({"state": "active"})] {
        patch(&town, &ada, body).await.expect_problem(400, "invalid_body");
    }
    town.get(&Asker::default(), "/me").await.expect_problem(401, "unauthenticated");
    patch(&town, &Asker::default(), json!({})).await.expect_problem(401, "unauthenticated");
});

on_both!(a_new_name_is_seen_on_pages_and_in_search_on_every_node, async |db: TestDb| {
    let (here, there) = (Town::new(&db).await, Town::node(&db, |_| ()).await);
    let ada = here.newcomer("Ada").await;
    let me = here.get(&ada, "/me").await.json();
    let home = homes::home(&db, &me["id"], "Attic of the lark").await;
    let (page, nobody) = (format!("/listings/{home}"), Asker::default());
    for town in [&here, &there] {
        assert_eq!(town.get(&nobody, &page).await.expect(200).json()["host"]["name"], "Ada");
    }
    patch(&here, &ada, json!({"name": "Wilhelmina"})).await.expect(200);
    for town in [&here, &there] {
        homes::until(async || town.get(&nobody, &page).await.json()["host"]["name"] == "Wilhelmina").await;
        homes::until(async || town.get(&nobody, "/search/stays?q=wilhelmina").await.json()["total"] == 1).await;
    }
    let public = here.get(&nobody, &format!("/users/{}", me["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&public["name"], &public["badges"]), (&json!("Wilhelmina"), &json!([])));
});

on_both!(two_changes_at_once_both_stand, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let (a, b) = tokio::join!(patch(&town, &ada, json!({"about": "Likes guests"})), patch(&town, &ada, json!({"location": "Albany"})));
    a.expect(200);
    b.expect(200);
    let me = town.get(&ada, "/me").await.json();
    assert_eq!((&me["about"], &me["location"]), (&json!("Likes guests"), &json!("Albany")));
});
