//! Passkeys: added, used, copied, mistaken, taken away.

use super::authenticator::{Authenticator, ORIGIN};
use super::factors::{bearer, set_up, strong};
use crate::support::town::{Asker, Reply, Town, email_of, password_of};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value, json};
use stopover::platform::db::DbResult;

async fn start_adding(town: &Town, asker: &Asker) -> Value {
    town.ask(asker, Method::POST, "/me/passkeys/start", None).await.expect(200).json()
}

async fn finish_adding(town: &Town, asker: &Asker, started: &Value, name: &str, credential: Value) -> Reply {
    town.post(asker, "/me/passkeys/finish", json!({"ticket": started["ticket"], "name": name, "credential": credential})).await
}

/// Adds a passkey; answers its device and its id.
pub(super) async fn add(town: &Town, asker: &Asker, name: &str) -> (Authenticator, String) {
    let started = start_adding(town, asker).await;
    let mut device = Authenticator::new();
    let credential = device.create(&started["options"], ORIGIN);
    let added = finish_adding(town, asker, &started, name, credential).await.expect(201).json();
    (device, added["id"].as_str().unwrap().to_owned())
}

async fn start_login(town: &Town, email: Option<&str>) -> Value {
    town.post(&Asker::default(), "/auth/passkeys/start", json!({"email": email})).await.expect(200).json()
}

async fn finish_login(town: &Town, started: &Value, credential: &Value) -> Reply {
    town.post(&Asker::default(), "/auth/passkeys/finish", json!({"ticket": started["ticket"], "credential": credential})).await
}

/// Logs in with a passkey, as whoever answers.
async fn log_in(town: &Town, device: &mut Authenticator) -> Reply {
    let started = start_login(town, None).await;
    finish_login(town, &started, &device.get(&started["options"], ORIGIN)).await
}

on_both!(a_passkey_is_added_and_opens_the_door, async |db: TestDb| {
    let (town, other_node) = (Town::new(&db).await, Town::node(&db, |_| ()).await);
    let ada = town.newcomer("Ada").await;
    let started = start_adding(&town, &ada).await;
    let options = &started["options"];
    assert_eq!((&options["rp"]["id"], &options["rp"]["name"]), (&json!("localhost"), &json!("Stopover")));
    assert_eq!((&options["user"]["name"], &options["authenticatorSelection"]["residentKey"]), (&json!(email_of("Ada")), &json!("preferred")));
    let mut device = Authenticator::new();
    let credential = device.create(options, ORIGIN);
    let added = finish_adding(&town, &ada, &started, "Her phone", credential.clone()).await;
    let view = added.expect(201).json();
    assert_eq!(added.header("location"), format!("/api/v1/me/passkeys/{}", view["id"].as_str().unwrap()));
    assert!(town.letters().await.last().unwrap().subject.contains("a passkey was added"));
    finish_adding(&town, &ada, &started, "Again", credential).await.expect_problem(410, "ticket_unknown");
    // A login that any node may finish, with an address and without, is a strong one. It asks for no code.
    set_up(&town, &ada).await;
    let found = start_login(&town, None).await;
    assert_eq!(found["options"]["allowCredentials"], json!([]));
    let inside = finish_login(&other_node, &found, &device.get(&found["options"], ORIGIN)).await;
    assert_eq!(strong(&town, &bearer(&inside)).await, true);
    let named = start_login(&town, Some(&email_of("Ada"))).await;
    assert_eq!(named["options"]["allowCredentials"].as_array().unwrap().len(), 1);
    finish_login(&town, &named, &device.get(&named["options"], ORIGIN)).await.expect(200);
    let list = town.get(&ada, "/me/passkeys").await.expect(200).json();
    assert_eq!((&list["data"][0]["name"], list["data"][0]["last_used_at"].is_string()), (&json!("Her phone"), true));
    // In a browser the session is in a cookie.
    let started = start_login(&town, None).await;
    let ask = json!({"ticket": started["ticket"], "credential": device.get(&started["options"], ORIGIN), "browser": true});
    let reply = town.post(&Asker::default(), "/auth/passkeys/finish", ask).await;
    assert!(reply.expect(200).header("set-cookie").starts_with("__Host-stopover="));
});

on_both!(what_does_not_fit_opens_nothing, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, bo) = (town.newcomer("Ada").await, town.newcomer("Bo").await);
    // Adding: another site, another challenge, somebody else's ticket, nobody's presence.
    let started = start_adding(&town, &ada).await;
    let mut device = Authenticator::new();
    for origin in ["https://evil.example", "http://localhost:8081", "https://localhost:8080", "http://localhost.evil.example:8080"] {
        let credential = device.create(&started["options"], origin);
        finish_adding(&town, &ada, &started, "Phone", credential).await.expect_problem(403, "passkey_refused");
    }
    let other = start_adding(&town, &ada).await;
    let credential = device.create(&other["options"], ORIGIN);
    finish_adding(&town, &ada, &started, "Phone", credential.clone()).await.expect_problem(403, "passkey_refused");
    finish_adding(&town, &bo, &other, "Phone", credential.clone()).await.expect_problem(410, "ticket_unknown");
    let mut careless = Authenticator::new();
    careless.flags = 0x01;
    let unverified = careless.create(&other["options"], ORIGIN);
    finish_adding(&town, &ada, &other, "Phone", unverified).await.expect_problem(403, "passkey_refused");
    for shape in [json!({}), json!("text"), json!({"id": "x", "rawId": "!", "type": "public-key", "response": {}})] {
        finish_adding(&town, &ada, &other, "Phone", shape).await.expect_problem(403, "passkey_refused");
    }
    finish_adding(&town, &ada, &other, "", credential.clone()).await.expect_problem(422, "invalid_name");
    finish_adding(&town, &ada, &other, "Phone", credential).await.expect(201);
    // Logging in: the same, and a stranger's key, and a ticket of the other kind.
    let started = start_login(&town, None).await;
    for origin in ["https://evil.example", "http://localhost:8081"] {
        finish_login(&town, &started, &device.get(&started["options"], origin)).await.expect_problem(403, "passkey_refused");
    }
    let other = start_login(&town, None).await;
    finish_login(&town, &started, &device.get(&other["options"], ORIGIN)).await.expect_problem(403, "passkey_refused");
    let mut stranger = Authenticator::new();
    finish_login(&town, &started, &stranger.get(&started["options"], ORIGIN)).await.expect_problem(403, "passkey_refused");
    stranger.id = device.id.clone();
    finish_login(&town, &started, &stranger.get(&started["options"], ORIGIN)).await.expect_problem(403, "passkey_refused");
    let mut nameless = device.get(&started["options"], ORIGIN);
    nameless["response"]["userHandle"] = Value::Null;
    finish_login(&town, &started, &nameless).await.expect_problem(403, "passkey_refused");
    device.flags = 0x01;
    finish_login(&town, &started, &device.get(&started["options"], ORIGIN)).await.expect_problem(403, "passkey_refused");
    device.flags = 0x05;
    let adding = start_adding(&town, &ada).await;
    let mixed = json!({"ticket": adding["ticket"], "credential": device.get(&started["options"], ORIGIN)});
    town.post(&Asker::default(), "/auth/passkeys/finish", mixed).await.expect_problem(410, "ticket_unknown");
    // Ada's key does not log Bo in, whose login it was.
    let of_bo = start_login(&town, Some(&email_of("Bo"))).await;
    finish_login(&town, &of_bo, &device.get(&of_bo["options"], ORIGIN)).await.expect_problem(403, "passkey_refused");
    // And after all that the right answer still counts, for five minutes.
    let right = device.get(&started["options"], ORIGIN);
    finish_login(&town, &started, &right).await.expect(200);
    let late = start_login(&town, None).await;
    town.clock.advance_seconds(301);
    finish_login(&town, &late, &device.get(&late["options"], ORIGIN)).await.expect_problem(410, "ticket_unknown");
});

on_both!(an_answer_counts_once_and_a_copy_is_noticed, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let (mut device, _) = add(&town, &ada, "Phone").await;
    let started = start_login(&town, None).await;
    let answer = device.get(&started["options"], ORIGIN);
    let tries = futures_util::future::join_all((0..10).map(|_| finish_login(&town, &started, &answer))).await;
    assert_eq!(tries.iter().filter(|reply| reply.status == 200).count(), 1, "ten at once, one gets in");
    finish_login(&town, &started, &answer).await.expect_problem(410, "ticket_unknown");
    // The original goes on counting; a copy made before is behind.
    let before = device.counter;
    log_in(&town, &mut device).await.expect(200);
    let ahead = device.counter;
    device.counter = before;
    log_in(&town, &mut device).await.expect_problem(403, "passkey_refused");
    device.counter = 0;
    log_in(&town, &mut device).await.expect_problem(403, "passkey_refused");
    let noted: DbResult<Vec<String>> = db.read(|conn| conn.query("SELECT diff FROM audit WHERE action = 'session.refused'", &[], |row| row.get(0))).await;
    assert_eq!(noted.unwrap().iter().filter(|diff| diff.contains("counter")).count(), 2);
    device.counter = ahead;
    log_in(&town, &mut device).await.expect(200);
});

on_both!(nobody_learns_who_has_an_account, async |db: TestDb| {
    let (town, other_node) = (Town::new(&db).await, Town::node(&db, |_| ()).await);
    let ada = town.newcomer("Ada").await;
    town.newcomer("Bo").await;
    add(&town, &ada, "Phone").await;
    let allowed = async |town: &Town, email: &str| start_login(town, Some(email)).await["options"]["allowCredentials"].take();
    let shape = |started: &Value| started["options"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let real = start_login(&town, Some(&email_of("Ada"))).await;
    // Whether nobody has the address, or its owner has no passkey: an id that looks like one, always the same.
    for email in [email_of("Bo"), "nobody@example.org".into(), "somebody@example.org".into()] {
        let first = start_login(&town, Some(&email)).await;
        assert_eq!(shape(&first), shape(&real));
        assert_eq!(first["options"]["allowCredentials"], allowed(&town, &email.to_uppercase()).await);
        assert_eq!(first["options"]["allowCredentials"], allowed(&other_node, &email).await);
        let ids = first["options"]["allowCredentials"].as_array().unwrap();
        assert_eq!((ids.len(), ids[0].as_object().unwrap().len()), (1, real["options"]["allowCredentials"][0].as_object().unwrap().len()));
        let mut device = Authenticator::new();
        finish_login(&town, &first, &device.get(&first["options"], ORIGIN)).await.expect_problem(403, "passkey_refused");
    }
    assert_ne!(allowed(&town, "nobody@example.org").await, allowed(&town, "somebody@example.org").await);
    town.post(&Asker::default(), "/auth/passkeys/start", json!({"email": "no address"})).await.expect_problem(422, "invalid_email");
});

on_both!(passkeys_are_listed_renamed_and_taken_away_by_their_owner, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, bo) = (town.newcomer("Ada").await, town.newcomer("Bo").await);
    let (mut phone, id) = add(&town, &ada, "Phone").await;
    let (_, key) = add(&town, &ada, "Key").await;
    // The authenticator is told which it has already, and nobody adds the same one again.
    let started = start_adding(&town, &ada).await;
    assert_eq!(started["options"]["excludeCredentials"].as_array().unwrap().len(), 2);
    let again = phone.create(&started["options"], ORIGIN);
    finish_adding(&town, &ada, &started, "Twice", again).await.expect_problem(403, "passkey_refused");
    let path = format!("/me/passkeys/{id}");
    let rename = json!({"name": "Her phone"});
    town.ask(&bo, Method::PATCH, &path, Some(&rename)).await.expect_problem(404, "not_found");
    town.ask(&bo, Method::DELETE, &path, None).await.expect_problem(404, "not_found");
    town.ask(&ada, Method::PATCH, &path, Some(&rename)).await.expect(204);
    let names = async |asker: &Asker| {
        let list = town.get(asker, "/me/passkeys").await.expect(200).json();
        list["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((names(&ada).await, names(&bo).await), (vec!["Her phone".to_owned(), "Key".into()], vec![]));
    let started = start_adding(&town, &bo).await;
    let mut impostor = Authenticator::new();
    impostor.id = phone.id.clone();
    let taken = impostor.create(&started["options"], ORIGIN);
    finish_adding(&town, &bo, &started, "Not his", taken).await.expect_problem(409, "passkey_known");
    let fresh = bearer(&log_in(&town, &mut phone).await);
    town.clock.advance_seconds(301);
    town.ask(&ada, Method::DELETE, &path, None).await.expect_problem(403, "proof_needed");
    town.post(&ada, "/auth/prove", json!({"password": password_of("Ada")})).await.expect(204);
    town.ask(&ada, Method::DELETE, &path, None).await.expect(204);
    assert!(town.letters().await.last().unwrap().subject.contains("a passkey was removed"));
    town.get(&fresh, "/auth/session").await.expect_problem(401, "invalid_token");
    log_in(&town, &mut phone).await.expect_problem(403, "passkey_refused");
    town.ask(&ada, Method::DELETE, &path, None).await.expect_problem(404, "not_found");
    town.ask(&ada, Method::DELETE, &format!("/me/passkeys/{key}"), None).await.expect(204);
    assert!(names(&ada).await.is_empty());
});

on_both!(a_passkey_is_a_fresh_proof, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, bo) = (town.newcomer("Ada").await, town.newcomer("Bo").await);
    let (mut device, id) = add(&town, &ada, "Phone").await;
    assert_eq!(strong(&town, &ada).await, false);
    town.clock.advance_seconds(301);
    let path = format!("/me/passkeys/{id}");
    town.ask(&ada, Method::DELETE, &path, None).await.expect_problem(403, "proof_needed");
    let started = start_login(&town, Some(&email_of("Ada"))).await;
    let proof = json!({"ticket": started["ticket"], "credential": device.get(&started["options"], ORIGIN)});
    town.post(&bo, "/auth/prove/passkey", proof.clone()).await.expect_problem(403, "passkey_refused");
    town.post(&Asker::default(), "/auth/prove/passkey", proof.clone()).await.expect_problem(401, "unauthenticated");
    town.post(&ada, "/auth/prove/passkey", proof.clone()).await.expect(204);
    town.post(&ada, "/auth/prove/passkey", proof).await.expect_problem(410, "ticket_unknown");
    assert_eq!(strong(&town, &ada).await, true);
    town.ask(&ada, Method::DELETE, &path, None).await.expect(204);
    assert_eq!(strong(&town, &ada).await, false, "what is gone proves nothing any more");
});

on_both!(suspended_people_and_sites_without_a_name_have_no_passkeys, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let (mut device, _) = add(&town, &ada, "Phone").await;
    let closed: DbResult<u64> = db.write(|tx, _| tx.execute("UPDATE accounts SET state = 'suspended'", &[])).await;
    assert_eq!(closed.unwrap(), 1);
    log_in(&town, &mut device).await.expect_problem(403, "account_suspended");
    for url in ["http://stay.example", "http://192.168.1.2:8080", "https://192.0.2.1"] {
        let elsewhere = Town::node(&db, |config| config.public_url = Some(url.into())).await;
        elsewhere.post(&Asker::default(), "/auth/passkeys/start", json!({})).await.expect_problem(422, "insecure_address");
    }
    let named = Town::node(&db, |config| config.public_url = Some("https://stay.example".into())).await;
    assert_eq!(start_login(&named, None).await["options"]["rpId"], "stay.example");
});
