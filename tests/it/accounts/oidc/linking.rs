//! Whose account a provider opens: newcomers, links, second factors, suspended people.

use super::super::passkeys;
use super::{back, bearer, log_in, start, town};
use crate::support::town::{Asker, Town, email_of};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value, json};
use stopover::platform::config::Registration;
use stopover::platform::db::Lane;

async fn change(town: &Town, sql: &'static str) {
    let db = town.tools().db.clone();
    crate::support::off_thread(move || db.write_blocking(Lane::Urgent, move |tx, _| tx.execute(sql, &[])).unwrap()).await;
}

on_both!(a_newcomer_of_a_provider_has_an_account_at_once, async |db: TestDb| {
    let (town, issuer) = town(&db, |_| ()).await;
    let login = log_in(&town, &issuer, "Ada").await.expect(200).json();
    assert_eq!((login["status"].as_str(), login["ticket"].is_null()), (Some("logged_in"), true));
    let ada = bearer(&login);
    let session = town.get(&ada, "/auth/session").await.expect(200).json();
    assert_eq!(session["strong"], false);
    assert_eq!(town.get(&ada, "/me/sessions").await.json()["data"][0]["method"], "oidc");
    // The next login finds it by the subject, whatever the address is by then.
    issuer.behave(|manners| manners.claims = Box::new(|claims| claims["email"] = json!("ada.new@example.org")));
    let again = log_in(&town, &issuer, "Ada").await.expect(200).json();
    assert_eq!(town.get(&bearer(&again), "/auth/session").await.json()["user_id"], session["user_id"]);
    let links = town.get(&ada, "/me/oidc").await.expect(200).json();
    let link = &links["data"][0];
    assert_eq!((link["provider"].as_str(), link["provider_name"].as_str(), link["last_used_at"].is_string()), (Some("home"), Some("The home"), true));
    // It is the only way in, until there is a password.
    let path = format!("/me/oidc/{}", link["id"].as_str().unwrap());
    town.ask(&ada, Method::DELETE, &path, None).await.expect_problem(409, "last_way_in");
    town.post(&Asker::default(), "/auth/password/forgot", json!({"email": email_of("Ada")})).await.expect(202);
    let token = town.token_for("Ada@").await;
    town.post(&Asker::default(), "/auth/password/reset", json!({"token": token, "password": "nine yellow lanterns"})).await.expect(204);
    let ada = bearer(&log_in(&town, &issuer, "Ada").await.expect(200).json());
    town.ask(&ada, Method::DELETE, &path, None).await.expect(204);
    town.ask(&ada, Method::DELETE, &path, None).await.expect_problem(404, "not_found");
    // Unlinked, the provider is a stranger with an address that is free; the old one is not.
    issuer.behave(|manners| manners.claims = Box::new(|_| ()));
    log_in(&town, &issuer, "Ada").await.expect_problem(409, "link_needed");
});

on_both!(a_passkey_is_a_way_in_too, async |db: TestDb| {
    let (town, issuer) = town(&db, |_| ()).await;
    let ada = bearer(&log_in(&town, &issuer, "Ada").await.expect(200).json());
    let links = town.get(&ada, "/me/oidc").await.expect(200).json();
    let link = format!("/me/oidc/{}", links["data"][0]["id"].as_str().unwrap());
    let (_, first) = passkeys::add(&town, &ada, "Phone").await;
    let (_, second) = passkeys::add(&town, &ada, "Key").await;
    // Of two ways in that are taken away at once one stays, and so does the last one.
    let first = format!("/me/passkeys/{first}");
    town.ask(&ada, Method::DELETE, &first, None).await.expect(204);
    let second = format!("/me/passkeys/{second}");
    let (a, b) = futures_util::future::join(town.ask(&ada, Method::DELETE, &link, None), town.ask(&ada, Method::DELETE, &second, None)).await;
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409], "{} {}", a.text(), b.text());
    let (gone, last) = if a.status == 204 { (link, second) } else { (second, link) };
    town.ask(&ada, Method::DELETE, &last, None).await.expect_problem(409, "last_way_in");
    town.ask(&ada, Method::DELETE, &gone, None).await.expect_problem(404, "not_found");
});

on_both!(an_address_alone_links_nothing, async |db: TestDb| {
    let (town, issuer) = town(&db, |_| ()).await;
    let (ada, bo) = (town.newcomer("Ada").await, town.newcomer("Bo").await);
    log_in(&town, &issuer, "ada").await.expect_problem(409, "link_needed");
    let begin = async |who: &Asker| town.post(who, "/me/oidc/home/start", json!({})).await;
    let begun = begin(&ada).await.expect(200).json();
    let (code, state) = issuer.authorize(begun["url"].as_str().unwrap(), "ada");
    // A ticket to link is no ticket to log in, nor one for somebody else, nor the other way round.
    town.post(&Asker::default(), "/auth/oidc/home/finish", back(&begun, &code, &state)).await.expect_problem(401, "provider_refused");
    let begun = begin(&ada).await.expect(200).json();
    let (code, state) = issuer.authorize(begun["url"].as_str().unwrap(), "ada");
    town.post(&bo, "/me/oidc/home/finish", back(&begun, &code, &state)).await.expect_problem(401, "provider_refused");
    let login = start(&town, json!({})).await;
    let (code, state) = issuer.authorize(login["url"].as_str().unwrap(), "ada");
    town.post(&ada, "/me/oidc/home/finish", back(&login, &code, &state)).await.expect_problem(401, "provider_refused");
    // The right way.
    let begun = begin(&ada).await.expect(200).json();
    let (code, state) = issuer.authorize(begun["url"].as_str().unwrap(), "ada");
    town.post(&ada, "/me/oidc/home/finish", back(&begun, &code, &state)).await.expect(204);
    let letter = town.letters().await.pop().unwrap();
    assert!(letter.to.contains("ada@") && letter.text.contains("The home"), "{letter:?}");
    log_in(&town, &issuer, "ada").await.expect(200);
    // Nobody else links the same account.
    let begun = begin(&bo).await.expect(200).json();
    let (code, state) = issuer.authorize(begun["url"].as_str().unwrap(), "ada");
    town.post(&bo, "/me/oidc/home/finish", back(&begun, &code, &state)).await.expect_problem(409, "link_taken");
    let links = town.get(&ada, "/me/oidc").await.json();
    let path = format!("/me/oidc/{}", links["data"][0]["id"].as_str().unwrap());
    town.ask(&bo, Method::DELETE, &path, None).await.expect_problem(404, "not_found");
    // An old proof is not enough to link or unlink.
    town.clock.advance_seconds(301);
    begin(&ada).await.expect_problem(403, "proof_needed");
    town.ask(&ada, Method::DELETE, &path, None).await.expect_problem(403, "proof_needed");
    town.get(&Asker::default(), "/me/oidc").await.expect_problem(401, "unauthenticated");
});

on_both!(a_browser_links_only_with_the_session_that_began_it, async |db: TestDb| {
    let (town, issuer) = town(&db, |_| ()).await;
    let login = |name: &str| json!({"email": email_of(name), "password": crate::support::town::password_of(name), "browser": true});
    for name in ["Ada", "Bo"] {
        town.newcomer(name).await;
    }
    let browser = async |name: &str| {
        let reply = town.post(&Asker::default(), "/auth/login", login(name)).await;
        let cookie = reply.expect(200).header("set-cookie").split(';').next().unwrap().to_owned();
        (cookie, reply.json()["csrf_token"].as_str().unwrap().to_owned())
    };
    let ((ada, csrf), (bo, _)) = (browser("Ada").await, browser("Bo").await);
    let asker = |cookies: &[&str], csrf: &str| Asker {
        headers: vec![("cookie".into(), cookies.join("; ")), ("x-csrf-token".into(), csrf.into()), ("sec-fetch-site".into(), "same-origin".into())],
        ..Asker::default()
    };
    let go = async || {
        let begun = town.post(&asker(&[&ada], &csrf), "/me/oidc/home/start", json!({"browser": true, "redirect": "/account"})).await;
        let ticket = begun.expect(200).header("set-cookie").split(';').next().unwrap().to_owned();
        let (code, state) = issuer.authorize(begun.json()["url"].as_str().unwrap(), "ada");
        (ticket, format!("/auth/oidc/home/callback?code={code}&state={state}"))
    };
    for others in [None, Some(&bo)] {
        let (ticket, path) = go().await;
        let cookies: Vec<&str> = others.into_iter().map(String::as_str).chain([ticket.as_str()]).collect();
        town.get(&asker(&cookies, ""), &path).await.expect_problem(401, "provider_refused");
    }
    let (ticket, path) = go().await;
    let done = town.get(&asker(&[&ada, &ticket], ""), &path).await;
    assert_eq!(done.expect(303).header("location"), "/account");
    assert_eq!(town.get(&asker(&[&ada], ""), "/me/oidc").await.json()["data"].as_array().unwrap().len(), 1);
});

on_both!(a_provider_does_not_go_round_the_second_factor_or_a_suspension, async |db: TestDb| {
    let (town, issuer) = town(&db, |_| ()).await;
    log_in(&town, &issuer, "ada").await.expect(200);
    change(&town, "UPDATE accounts SET totp_sealed = 'x', totp_since = updated_at").await;
    let half = log_in(&town, &issuer, "ada").await.expect(200).json();
    assert_eq!((half["status"].as_str(), half["access_token"].is_null(), half["ticket"].is_string()), (Some("code_needed"), true, true), "{half}");
    let reply = town.post(&Asker::default(), "/auth/oidc/home/start", json!({"browser": true})).await;
    let cookie = reply.header("set-cookie").split(';').next().unwrap().to_owned();
    let (code, state) = issuer.authorize(reply.json()["url"].as_str().unwrap(), "ada");
    let asker = Asker { headers: vec![("cookie".into(), cookie)], ..Asker::default() };
    let sent = town.get(&asker, &format!("/auth/oidc/home/callback?code={code}&state={state}")).await;
    assert!(sent.expect(303).header("location").starts_with("/account/code#"), "{:?}", sent.headers);
    assert_eq!(sent.headers.get_all("set-cookie").iter().count(), 1, "no session yet");
    change(&town, "UPDATE accounts SET totp_sealed = NULL, totp_since = NULL, state = 'suspended'").await;
    log_in(&town, &issuer, "ada").await.expect_problem(403, "account_suspended");
});

on_both!(a_closed_site_takes_no_newcomers_from_providers_either, async |db: TestDb| {
    let (closed, issuer) = town(&db, |config| config.accounts.registration = Registration::Closed).await;
    log_in(&closed, &issuer, "ada").await.expect_problem(403, "registration_closed");
    let (invited, issuer) = town(&db, |config| config.accounts.registration = Registration::InviteOnly).await;
    log_in(&invited, &issuer, "ada").await.expect_problem(403, "invitation_needed");
});

on_both!(an_address_told_by_userinfo_counts_too, async |db: TestDb| {
    let (town, issuer) = town(&db, |_| ()).await;
    let told = |subject: &str, verified: Value| Some(json!({"sub": subject, "email": "ada@example.org", "email_verified": verified}));
    issuer.behave(|manners| manners.user_info = told("sub of ada", json!(false)));
    log_in(&town, &issuer, "ada").await.expect_problem(403, "email_unverified");
    issuer.behave(|manners| manners.user_info = told("sub of somebody else", json!(true)));
    log_in(&town, &issuer, "ada").await.expect_problem(401, "provider_refused");
    issuer.behave(|manners| manners.user_info = told("sub of ada", json!(true)));
    log_in(&town, &issuer, "ada").await.expect(200);
});

on_both!(two_first_logins_at_once_make_one_account, async |db: TestDb| {
    let (town, issuer) = town(&db, |_| ()).await;
    let replies = futures_util::future::join_all((0..4).map(|_| log_in(&town, &issuer, "ada"))).await;
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    assert!(statuses.contains(&200) && statuses.iter().all(|status| matches!(status, 200 | 409)), "{statuses:?}");
    log_in(&town, &issuer, "ada").await.expect(200);
});
