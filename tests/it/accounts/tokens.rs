//! Personal access tokens: no more than their scopes, no longer than their days, gone at once when they end.

use crate::support::homes::{id, until};
use crate::support::town::{Asker, Reply, Town, email_of, password_of};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value, json};
use stopover::platform::config::Config;
use stopover::platform::db::DbError;

async fn make(town: &Town, asker: &Asker, scopes: &[&str]) -> Reply {
    town.post(asker, "/me/tokens", json!({"name": "Calendar", "scopes": scopes})).await
}

fn bearer(token: &Value) -> Asker {
    Asker { bearer: Some(token["token"].as_str().unwrap().to_owned()), ..Asker::default() }
}

async fn sql(db: &TestDb, sql: &'static str, user: &Value) {
    let user = id(user);
    let written: Result<u64, DbError> = db.write(move |tx, _| tx.execute(sql, &[user.into()])).await;
    assert_eq!(written.unwrap(), 1);
}

on_both!(a_token_does_what_its_scopes_say_and_no_more, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let reading = make(&town, &ada, &["account:read"]).await;
    let made = reading.expect(201).json();
    assert!(made["token"].as_str().unwrap().starts_with("sto_") && made["token"].as_str().unwrap().len() == 47);
    assert_eq!(reading.header("location"), format!("/api/v1/me/tokens/{}", made["id"].as_str().unwrap()));
    assert_eq!(made["expires_at"], "2026-08-30T12:00:00Z");
    assert!(town.letters().await.last().unwrap().text.contains("\"Calendar\""));
    let program = bearer(&made);
    town.get(&program, "/me").await.expect(200);
    town.ask(&program, Method::PATCH, "/me", Some(&json!({"about": "x"}))).await.expect_problem(403, "scope_missing");
    // Where strangers may go, a token needs no scope.
    town.get(&program, "/search/stays").await.expect(200);

    let writing = bearer(&make(&town, &ada, &["account:write", "listings:read"]).await.expect(201).json());
    town.ask(&writing, Method::PATCH, "/me", Some(&json!({"about": "x"}))).await.expect(200);
    town.get(&writing, "/me").await.expect_problem(403, "scope_missing");

    // Whatever it may: not where a session is asked for.
    let all = ["account:read", "account:write", "listings:read", "listings:write", "bookings:read", "bookings:write"];
    let mighty = bearer(&make(&town, &ada, &all).await.expect(201).json());
    let path = format!("/me/tokens/{}", made["id"].as_str().unwrap());
    for (method, path) in [
        (Method::GET, "/me/tokens"),
        (Method::POST, "/me/tokens"),
        (Method::DELETE, path.as_str()),
        (Method::GET, "/me/sessions"),
        (Method::POST, "/me/password"),
        (Method::POST, "/me/email"),
        (Method::POST, "/me/export"),
        (Method::POST, "/me/stay"),
        (Method::DELETE, "/me"),
        (Method::POST, "/auth/prove"),
    ] {
        let reply = town.ask(&mighty, method.clone(), path, (method == Method::POST).then_some(&json!({}))).await;
        assert_eq!(reply.status, 403, "{method} {path}: {}", reply.text());
    }

    let list = town.get(&ada, "/me/tokens").await.expect(200).json();
    assert_eq!(list["data"].as_array().unwrap().len(), 3);
    assert!(!list.to_string().contains("sto_"));
    assert_eq!(list["data"][2]["scopes"], json!(["account:read"]));
    until(async || town.get(&ada, "/me/tokens").await.json()["data"][2]["last_used_at"].is_string()).await;
});

on_both!(bad_wishes_are_refused, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let ask = |name: &str, scopes: Value, days: Value| json!({"name": name, "scopes": scopes, "expires_in_days": days});
    for (body, code) in [
        (ask("", json!(["account:read"]), json!(1)), "invalid_name"),
        (ask("x", json!([]), json!(1)), "unknown_scope"),
        (ask("x", json!(["everything"]), json!(1)), "unknown_scope"),
        (ask("x", json!(["account:read"]), json!(0)), "out_of_range"),
        (ask("x", json!(["account:read"]), json!(366)), "out_of_range"),
    ] {
        town.post(&ada, "/me/tokens", body).await.expect_problem(422, code);
    }
    make(&town, &ada, &["account:read", "admin"]).await.expect_problem(403, "forbidden");
    make(&town, &Asker::default(), &["account:read"]).await.expect_problem(401, "unauthenticated");
    for _ in 0..50 {
        make(&town, &ada, &["account:read"]).await.expect(201);
    }
    make(&town, &ada, &["account:read"]).await.expect_problem(409, "too_many_tokens");
    town.clock.advance_seconds(600);
    make(&town, &ada, &["account:read"]).await.expect_problem(403, "proof_needed");
});

on_both!(admin_is_for_staff_who_have_shown_two_factors, async |db: TestDb| {
    let strict = |config: &mut Config| config.accounts.staff_second_factor = Some(true);
    let (town, lax) = (Town::with(&db, strict).await, Town::node(&db, |_| ()).await);
    let ada = town.newcomer("Ada").await;
    let me = town.get(&ada, "/me").await.json()["id"].clone();
    sql(&db, "INSERT INTO account_roles (user_id, role, granted_at) SELECT user_id, 'operator', created_at FROM accounts WHERE user_id = $1", &me).await;
    make(&town, &ada, &["admin"]).await.expect_problem(403, "second_factor_needed");
    make(&lax, &ada, &["admin"]).await.expect(201);
    sql(&db, "UPDATE sessions SET strong = TRUE WHERE user_id = $1", &me).await;
    // The gate believes for some seconds what it has read.
    town.clock.advance_seconds(6);
    make(&town, &ada, &["admin"]).await.expect(201);
});

on_both!(it_ends_at_once_on_both_nodes_and_when_its_days_are_over, async |db: TestDb| {
    let (here, there) = (Town::new(&db).await, Town::node(&db, |_| ()).await);
    let (ada, bo) = (here.newcomer("Ada").await, here.newcomer("Bo").await);
    let made = make(&here, &ada, &["account:read"]).await.expect(201).json();
    let program = bearer(&made);
    let path = format!("/me/tokens/{}", made["id"].as_str().unwrap());
    there.get(&program, "/me").await.expect(200);
    here.get(&program, "/me").await.expect(200);
    here.ask(&bo, Method::DELETE, &path, None).await.expect_problem(404, "not_found");
    here.ask(&ada, Method::DELETE, &path, None).await.expect(204);
    here.get(&program, "/me").await.expect_problem(401, "invalid_token");
    until(async || there.get(&program, "/me").await.status == 401).await;
    here.ask(&ada, Method::DELETE, &path, None).await.expect_problem(404, "not_found");

    let wish = json!({"name": "Short", "scopes": ["account:read"], "expires_in_days": 1});
    let short = bearer(&here.post(&ada, "/me/tokens", wish).await.expect(201).json());
    here.get(&short, "/me").await.expect(200);
    here.clock.advance_seconds(86_400);
    here.get(&short, "/me").await.expect_problem(401, "invalid_token");
    let login = json!({"email": email_of("Ada"), "password": password_of("Ada")});
    let ada = Asker { bearer: here.post(&Asker::default(), "/auth/login", login).await.json()["access_token"].as_str().map(Into::into), ..Asker::default() };
    assert_eq!(here.get(&ada, "/me/tokens").await.json()["data"], json!([]));

    let last = bearer(&make(&here, &ada, &["account:read"]).await.expect(201).json());
    here.get(&last, "/me").await.expect(200);
    let me = here.get(&ada, "/me").await.json()["id"].clone();
    sql(&db, "UPDATE accounts SET state = 'suspended' WHERE user_id = $1", &me).await;
    here.clock.advance_seconds(6);
    here.get(&last, "/me").await.expect_problem(401, "invalid_token");
});
