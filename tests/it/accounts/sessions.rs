//! Tokens that are exchanged, copied, ended; cookies; two nodes.

use crate::support::people::{run, user_of};
use crate::support::town::{Asker, Town, email_of, password_of};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

async fn login(town: &Town, name: &str) -> Value {
    town.post(&Asker::default(), "/auth/login", json!({"email": email_of(name), "password": password_of(name)})).await.expect(200).json()
}

fn bearer(login: &Value) -> Asker {
    Asker { bearer: Some(login["access_token"].as_str().unwrap().into()), ..Asker::default() }
}

on_both!(a_refresh_token_is_good_once_and_its_copy_ends_the_session, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.newcomer("Ada").await;
    let nobody = Asker::default();
    let refresh = async |token: &Value| town.post(&nobody, "/auth/refresh", json!({"refresh_token": token})).await;
    let first = login(&town, "Ada").await;
    let second = refresh(&first["refresh_token"]).await.expect(200).json();
    // The answer was lost: the same successor within ten seconds.
    let again = refresh(&first["refresh_token"]).await.expect(200).json();
    assert_eq!(again["refresh_token"], second["refresh_token"]);
    town.clock.advance_seconds(11);
    town.get(&bearer(&second), "/auth/session").await.expect(200);
    refresh(&first["refresh_token"]).await.expect_problem(401, "token_reused");
    refresh(&second["refresh_token"]).await.expect_problem(401, "invalid_token");
    town.get(&bearer(&second), "/auth/session").await.expect_problem(401, "invalid_token");
    assert!(town.letters().await.last().unwrap().subject.contains("a session was ended"));
});

on_both!(fifty_at_once_get_one_successor, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.newcomer("Ada").await;
    let first = login(&town, "Ada").await;
    let nobody = Asker::default();
    let tries = (0..50).map(|_| town.post(&nobody, "/auth/refresh", json!({"refresh_token": first["refresh_token"]})));
    let replies = futures_util::future::join_all(tries).await;
    let mut successors: Vec<String> = replies.iter().map(|reply| reply.expect(200).json()["refresh_token"].to_string()).collect();
    successors.sort();
    successors.dedup();
    assert_eq!(successors.len(), 1);
    town.post(&nobody, "/auth/refresh", json!({"refresh_token": serde_json::from_str::<Value>(&successors[0]).unwrap()})).await.expect(200);
});

on_both!(sessions_are_listed_and_ended, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.newcomer("Ada").await;
    let bo = town.newcomer("Bo").await;
    let phone = Asker { headers: vec![("user-agent".into(), "Phone".into())], address: Some("198.51.100.77".into()), ..Asker::default() };
    let phone_login = town.post(&phone, "/auth/login", json!({"email": email_of("Ada"), "password": password_of("Ada")})).await.json();
    let desk = bearer(&login(&town, "Ada").await);
    let list = town.get(&desk, "/me/sessions").await.expect(200).json();
    let sessions = list["data"].as_array().unwrap();
    assert_eq!(sessions.len(), 3);
    let of_phone = sessions.iter().find(|session| session["id"] == phone_login["session_id"]).unwrap();
    assert_eq!(
        (of_phone["device"].as_str(), of_phone["address_prefix"].as_str(), of_phone["current"].as_bool()),
        (Some("Phone"), Some("198.51.100.0/24"), Some(false))
    );
    let path = format!("/me/sessions/{}", phone_login["session_id"].as_str().unwrap());
    // Somebody else's session is not there.
    town.ask(&bo, Method::DELETE, &path, None).await.expect_problem(404, "not_found");
    town.ask(&desk, Method::DELETE, &path, None).await.expect(204);
    town.get(&bearer(&phone_login), "/auth/session").await.expect_problem(401, "invalid_token");
    let ended = town.ask(&desk, Method::DELETE, "/me/sessions?keep_current=true", None).await.expect(200).json();
    assert_eq!(ended["ended"], 1);
    town.get(&desk, "/auth/session").await.expect(200);
    town.ask(&desk, Method::POST, "/auth/logout", None).await.expect(204);
    town.get(&desk, "/auth/session").await.expect_problem(401, "invalid_token");
    town.get(&bo, "/auth/session").await.expect(200);
});

on_both!(of_too_many_sessions_the_first_ends_also_of_those_of_one_moment, async |db: TestDb| {
    // Written in another order than they began in, all at the same instant.
    const COPY: &str = "INSERT INTO sessions (id, user_id, kind, secret_digest, generation, rotated_at, device, address_prefix, proven_at, strong, method,
        created_at, last_used_at, idle_until, expires_at) SELECT $1, user_id, kind, $2, generation, rotated_at, device, address_prefix, proven_at, strong,
        method, created_at, last_used_at, idle_until, expires_at FROM sessions WHERE user_id = $3 ORDER BY id LIMIT 1";
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let user = user_of(&db, "Ada").await;
    let mut ids: Vec<Uuid> = (0..49).map(|_| Uuid::now_v7()).collect();
    ids.reverse();
    for id in &ids {
        run(&db, COPY, vec![(*id).into(), id.to_string().into(), user.into()]).await;
    }
    town.get(&ada, "/auth/session").await.expect(200);
    let newest = bearer(&login(&town, "Ada").await);
    // What began first is over, the rest stand, and so it goes on.
    town.get(&ada, "/auth/session").await.expect_problem(401, "invalid_token");
    let left = async || -> Vec<String> {
        let list = town.get(&newest, "/me/sessions").await.expect(200).json();
        list["data"].as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(left().await.len(), 50);
    login(&town, "Ada").await;
    let first = ids.last().unwrap().to_string();
    let left = left().await;
    assert!(left.len() == 50 && !left.contains(&first));
    assert!(ids[..48].iter().all(|id| left.contains(&id.to_string())));
});

on_both!(sessions_run_out, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.newcomer("Ada").await;
    let mut last = login(&town, "Ada").await;
    let nobody = Asker::default();
    town.clock.advance_seconds(16 * 60);
    town.get(&bearer(&last), "/auth/session").await.expect_problem(401, "invalid_token");
    // Used again and again it lasts ninety days, and no longer.
    for _ in 0..4 {
        town.clock.advance_seconds(21 * 86_400);
        last = town.post(&nobody, "/auth/refresh", json!({"refresh_token": last["refresh_token"]})).await.expect(200).json();
    }
    town.clock.advance_seconds(7 * 86_400);
    town.post(&nobody, "/auth/refresh", json!({"refresh_token": last["refresh_token"]})).await.expect_problem(401, "invalid_token");
    // Unused it lasts thirty.
    let idle = login(&town, "Ada").await;
    town.clock.advance_seconds(30 * 86_400);
    town.post(&nobody, "/auth/refresh", json!({"refresh_token": idle["refresh_token"]})).await.expect_problem(401, "invalid_token");
});

on_both!(a_browser_keeps_its_session_in_a_cookie, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.newcomer("Ada").await;
    let reply = town.post(&Asker::default(), "/auth/login", json!({"email": email_of("Ada"), "password": password_of("Ada"), "browser": true})).await;
    let view = reply.expect(200).json();
    assert!(view["access_token"].is_null() && view["refresh_token"].is_null(), "{view}");
    let cookie = reply.header("set-cookie").to_owned();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert!(pair.starts_with("__Host-stopover="));
    for attribute in ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"] {
        assert!(attributes.contains(attribute), "{cookie}");
    }
    let with = |headers: &[(&str, &str)]| Asker {
        headers: [("cookie", pair)].iter().chain(headers).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..Asker::default()
    };
    let csrf = view["csrf_token"].as_str().unwrap();
    assert_eq!(town.get(&with(&[]), "/auth/session").await.expect(200).json()["csrf_token"], csrf);
    for headers in [
        vec![],
        vec![("x-csrf-token", "wrong")],
        vec![("x-csrf-token", csrf), ("sec-fetch-site", "cross-site")],
        vec![("x-csrf-token", csrf), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")],
        vec![("x-csrf-token", csrf), ("origin", "null")],
        vec![("x-csrf-token", csrf), ("origin", "http://127.0.0.1:8080.evil.example")],
    ] {
        town.ask(&with(&headers), Method::DELETE, "/me/sessions?keep_current=true", None).await.expect_problem(403, "csrf_failed");
    }
    town.ask(&with(&[("x-csrf-token", csrf), ("sec-fetch-site", "same-origin")]), Method::DELETE, "/me/sessions?keep_current=true", None).await.expect(200);
    // A token that was sent on purpose counts alone, good or bad.
    town.get(&with(&[("authorization", "Bearer nonsense")]), "/auth/session").await.expect_problem(401, "invalid_token");
    let out = town.ask(&with(&[("x-csrf-token", csrf)]), Method::POST, "/auth/logout", None).await;
    assert!(out.expect(204).header("set-cookie").contains("Max-Age=0"));
    town.get(&with(&[]), "/auth/session").await.expect_problem(401, "unauthenticated");
});

on_both!(what_ends_on_one_node_ends_on_the_other_within_a_second, async |db: TestDb| {
    let (here, there) = (Town::new(&db).await, Town::node(&db, |_| ()).await);
    here.newcomer("Ada").await;
    for how in ["logout", "password"] {
        let login = login(&here, "Ada").await;
        let ada = bearer(&login);
        here.get(&ada, "/auth/session").await.expect(200);
        there.get(&ada, "/auth/session").await.expect(200);
        if how == "logout" {
            here.ask(&ada, Method::POST, "/auth/logout", None).await.expect(204);
        } else {
            here.ask(&ada, Method::DELETE, "/me/sessions", None).await.expect(200);
        }
        here.get(&ada, "/auth/session").await.expect_problem(401, "invalid_token");
        let mut waited = 0;
        while there.get(&ada, "/auth/session").await.status != 401 {
            waited += 50;
            assert!(waited <= 1_000, "{how} was not felt within a second");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
});
