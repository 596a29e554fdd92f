//! What a stranger, or a provider gone wrong, may try at the door. None of it opens it, and none of it makes an account.

use super::issuer::{Issuer, Signed, form};
use super::{back, bearer, log_in, settings, start, town};
use crate::support::town::{Asker, Town};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value, json};
use stopover::values::{Clock as _, Instant};

/// One login is refused, and the next honest one is let in.
async fn refused(town: &Town, issuer: &Issuer, what: &str, code: &str, claims: impl Fn(&mut Value) + Send + 'static) {
    issuer.behave(|manners| manners.claims = Box::new(claims));
    let reply = log_in(town, issuer, "mallory").await;
    let status = if code == "email_unverified" { 403 } else { 401 };
    assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (status, Some(code)), "{what}: {}", reply.text());
    issuer.behave(|manners| manners.claims = Box::new(|_| ()));
}

on_both!(tokens_that_prove_nothing_open_nothing, async |db: TestDb| {
    let (town, issuer) = town(&db, |_| ()).await;
    let now = town.clock.now().0 / Instant::SECOND;
    let set = |name: &'static str, value: Value| move |claims: &mut Value| claims[name] = value.clone();
    let drop = |name: &'static str| move |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove(name));
    let no = "provider_refused";
    refused(&town, &issuer, "issuer", no, set("iss", json!("https://evil.example"))).await;
    refused(&town, &issuer, "audience", no, set("aud", json!("another client"))).await;
    refused(&town, &issuer, "audiences", no, set("aud", json!(["stopover", "another client"]))).await;
    refused(&town, &issuer, "party", no, set("azp", json!("another client"))).await;
    refused(&town, &issuer, "nonce", no, set("nonce", json!("another nonce"))).await;
    refused(&town, &issuer, "no nonce", no, drop("nonce")).await;
    refused(&town, &issuer, "expired", no, set("exp", json!(now - 31))).await;
    refused(&town, &issuer, "old", no, set("iat", json!(now - 3_600))).await;
    refused(&town, &issuer, "from the future", no, set("iat", json!(now + 3_600))).await;
    refused(&town, &issuer, "hash of another access token", no, set("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA"))).await;
    refused(&town, &issuer, "empty subject", no, set("sub", json!(""))).await;
    refused(&town, &issuer, "long subject", no, set("sub", json!("x".repeat(256)))).await;
    refused(&town, &issuer, "unverified", "email_unverified", set("email_verified", json!(false))).await;
    refused(&town, &issuer, "nothing said about it", "email_unverified", drop("email_verified")).await;
    refused(&town, &issuer, "no address", "email_unverified", drop("email")).await;
    refused(&town, &issuer, "no real address", "email_unverified", set("email", json!("mallory"))).await;
    for signed in [Signed::Not, Signed::BySecret, Signed::ByAnotherKey, Signed::Broken] {
        issuer.behave(|manners| manners.signed = signed);
        log_in(&town, &issuer, "mallory").await.expect_problem(401, no);
    }
    for signed in [Signed::Es256, Signed::Rs256] {
        issuer.behave(|manners| manners.signed = signed);
        log_in(&town, &issuer, "ada").await.expect(200);
    }
    // Mallory has no account: a registration with that address would find one otherwise.
    assert!(town.letters().await.is_empty());
    issuer.behave(|manners| manners.signed = Signed::Es256);
    let mallory = log_in(&town, &issuer, "mallory").await.expect(200).json();
    assert_eq!(town.get(&bearer(&mallory), "/me/oidc").await.expect(200).json()["data"][0]["last_used_at"], Value::Null, "made just now");
});

on_both!(a_journey_is_finished_by_who_began_it_and_once, async |db: TestDb| {
    let (town, issuer) = town(&db, |_| ()).await;
    let nobody = Asker::default();
    let finish = async |body: Value| town.post(&nobody, "/auth/oidc/home/finish", body).await;
    let (mine, theirs) = (start(&town, json!({})).await, start(&town, json!({})).await);
    let (my_code, my_state) = issuer.authorize(mine["url"].as_str().unwrap(), "ada");
    let (their_code, their_state) = issuer.authorize(theirs["url"].as_str().unwrap(), "mallory");
    // Somebody else's state, and their code behind my own state: the proof key does not fit.
    finish(back(&mine, &their_code, &their_state)).await.expect_problem(401, "provider_refused");
    finish(back(&theirs, &my_code, &their_state)).await.expect_problem(401, "provider_refused");
    // A ticket is used up by the first try, right or wrong.
    finish(back(&mine, &my_code, &my_state)).await.expect_problem(401, "provider_refused");
    let again = start(&town, json!({})).await;
    let (code, state) = issuer.authorize(again["url"].as_str().unwrap(), "ada");
    let asked = issuer.asked().len();
    finish(json!({"ticket": "x".repeat(43), "code": code, "state": state})).await.expect_problem(401, "provider_refused");
    let mixed = json!({"ticket": again["ticket"], "code": code, "state": state, "iss": "https://evil.example"});
    finish(mixed).await.expect_problem(401, "provider_refused");
    assert_eq!(issuer.asked().len(), asked, "the provider is not asked about any of these");
    finish(back(&again, &code, &state)).await.expect(200);
    finish(back(&again, &code, &state)).await.expect_problem(401, "provider_refused");
    // The same code with a ticket of its own.
    let fresh = start(&town, json!({})).await;
    let (_, state) = issuer.authorize(fresh["url"].as_str().unwrap(), "ada");
    finish(back(&fresh, &code, &state)).await.expect_problem(401, "provider_refused");
    // Ten minutes are enough for anybody.
    let late = start(&town, json!({})).await;
    let (code, state) = issuer.authorize(late["url"].as_str().unwrap(), "ada");
    town.clock.advance_seconds(601);
    finish(back(&late, &code, &state)).await.expect_problem(401, "provider_refused");
});

on_both!(a_ticket_of_one_provider_is_no_ticket_of_another, async |db: TestDb| {
    let other = Issuer::new(db.clock.clone());
    let second = settings("work", &other.url);
    let (town, issuer) = town(&db, |config| config.oidc.push(second)).await;
    let nobody = Asker::default();
    let list = town.get(&nobody, "/auth/oidc").await.expect(200).json();
    assert_eq!(list, json!({"data": [{"id": "home", "name": "The home"}, {"id": "work", "name": "The work"}]}));
    let begun = start(&town, json!({})).await;
    let (code, state) = issuer.authorize(begun["url"].as_str().unwrap(), "ada");
    town.post(&nobody, "/auth/oidc/work/finish", back(&begun, &code, &state)).await.expect_problem(401, "provider_refused");
    assert!(other.asked().iter().all(|line| line != "POST /token"), "the code of one provider never reaches another");
    // The same subject at another issuer is somebody else.
    log_in(&town, &issuer, "ada").await.expect(200);
    let work = town.post(&nobody, "/auth/oidc/work/start", json!({})).await.expect(200).json();
    let (code, state) = other.authorize(work["url"].as_str().unwrap(), "ada");
    town.post(&nobody, "/auth/oidc/work/finish", back(&work, &code, &state)).await.expect_problem(409, "link_needed");
    town.post(&nobody, "/auth/oidc/elsewhere/start", json!({})).await.expect_problem(404, "not_found");
});

on_both!(nobody_is_sent_to_another_site, async |db: TestDb| {
    let (town, _issuer) = town(&db, |_| ()).await;
    for (browser, redirect) in [
        (true, "//evil.example"),
        (true, "/\\evil.example"),
        (true, "https://evil.example/"),
        (true, "app.example:/back"),
        (true, "/a/../../b"),
        (true, "javascript:alert(1)"),
        (false, "https://evil.example/"),
        (false, "/trips"),
        (false, "app.example:/back/"),
        (false, "app.example:/back?x=y"),
        (false, "APP.example:/back"),
    ] {
        let reply = town.post(&Asker::default(), "/auth/oidc/home/start", json!({"browser": browser, "redirect": redirect})).await;
        reply.expect_problem(422, "redirect_not_allowed");
    }
    let app = start(&town, json!({"redirect": "app.example:/back"})).await;
    assert_eq!(form(app["url"].as_str().unwrap().split_once('?').unwrap().1)["redirect_uri"], "app.example:/back");
});

on_both!(a_browser_goes_there_and_back, async |db: TestDb| {
    let (town, issuer) = town(&db, |_| ()).await;
    let nobody = Asker::default();
    let reply = town.post(&nobody, "/auth/oidc/home/start", json!({"browser": true, "redirect": "/trips?tab=all"})).await;
    let cookie = reply.expect(200).header("set-cookie").to_owned();
    for part in ["__Host-stopover-oidc=", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax", "; Max-Age=600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let (code, state) = issuer.authorize(reply.json()["url"].as_str().unwrap(), "ada");
    // Providers add what they like.
    let path = format!("/auth/oidc/home/callback?code={code}&state={state}&iss={}&session_state=x&scope=openid+email&authuser=0", issuer.url);
    // Another browser, led here by somebody, is not let in (login CSRF).
    town.get(&nobody, &path).await.expect_problem(401, "provider_refused");
    let other = town.post(&nobody, "/auth/oidc/home/start", json!({"browser": true})).await.header("set-cookie").to_owned();
    let with = |cookie: &str| Asker { headers: vec![("cookie".into(), cookie.split(';').next().unwrap().to_owned())], ..Asker::default() };
    town.get(&with(&other), &path).await.expect_problem(401, "provider_refused");
    let done = town.get(&with(&cookie), &path).await;
    assert_eq!((done.expect(303).header("location"), done.headers.get_all("set-cookie").iter().count()), ("/trips?tab=all", 2));
    let cookies: Vec<&str> = done.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(cookies[0].starts_with("__Host-stopover-oidc=;") && cookies[0].contains("Max-Age=0"), "{cookies:?}");
    town.get(&with(cookies[1]), "/auth/session").await.expect(200);
    town.get(&with(&cookie), &path).await.expect_problem(401, "provider_refused");
    // "Cancel" at the provider.
    town.get(&with(&cookie), "/auth/oidc/home/callback?error=access_denied&state=x").await.expect_problem(401, "provider_refused");
    town.ask(&nobody, Method::POST, "/auth/oidc/home/start", Some(&json!({"browser": true, "to": "x"}))).await.expect_problem(400, "invalid_body");
});

on_both!(a_provider_that_is_down_or_lies_about_itself_is_told_as_such, async |db: TestDb| {
    let dead = settings("dead", "http://127.0.0.1:9/");
    let (town, issuer) = town(&db, |config| config.oidc.push(dead)).await;
    let nobody = Asker::default();
    let down = town.post(&nobody, "/auth/oidc/dead/start", json!({})).await;
    assert_eq!(down.expect_problem(503, "provider_unavailable").header("retry-after"), "10");
    assert!(!down.text().contains("127.0.0.1"), "{}", down.text());
    // It falls silent between start and finish.
    let begun = start(&town, json!({})).await;
    let (code, state) = issuer.authorize(begun["url"].as_str().unwrap(), "ada");
    issuer.behave(|manners| manners.silent = true);
    town.post(&nobody, "/auth/oidc/home/finish", back(&begun, &code, &state)).await.expect_problem(503, "provider_unavailable");
    // It replaces its keys: they are asked for anew.
    issuer.behave(|manners| (manners.silent, manners.kid) = (false, "two".into()));
    log_in(&town, &issuer, "ada").await.expect(200);
    // One that calls itself by another name is not believed at all.
    let liar = Issuer::new(db.clock.clone());
    liar.behave(|manners| manners.alias = Some("https://bank.example".into()));
    let lying = settings("liar", &liar.url);
    let there = Town::node(&db, |config| config.oidc.push(lying)).await;
    there.post(&nobody, "/auth/oidc/liar/start", json!({})).await.expect_problem(503, "provider_unavailable");
});
