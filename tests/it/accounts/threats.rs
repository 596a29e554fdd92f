//! The rows of the threat model that concern accounts, each as a story under its own number. T6 (other people's things) is
//! `matrix.rs`, T17 and T25 (what lies in the data) are `threats_data.rs`.

use super::cast::{run, user_of};
use crate::support::town::{Asker, Reply, Town, email_of, password_of};
use crate::support::{TestDb, long, off_thread, on_both};
use poem::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use stopover::platform::audit;
use stopover::platform::db::{Db, DbResult};
use stopover::values::Instant;
use uuid::Uuid;

fn from(address: &str) -> Asker {
    Asker { address: Some(address.to_owned()), ..Asker::default() }
}

pub(super) async fn login(town: &Town, asker: &Asker, email: &str, password: &str) -> Reply {
    town.post(asker, "/auth/login", json!({"email": email, "password": password})).await
}

/// How many passwords were hashed so far.
async fn hashes(town: &Town) -> u64 {
    let numbers = town.get(&from("127.0.0.1"), "//metrics").await.expect(200).text();
    let line = numbers.lines().find_map(|line| line.strip_prefix("stopover_password_hashes_total ")).unwrap();
    line.parse().unwrap()
}

async fn count(db: &Db, sql: &'static str) -> i64 {
    let found: DbResult<Option<i64>> = db.read(move |conn| conn.first(sql, &[], |row| row.get(0))).await;
    found.unwrap().unwrap()
}

on_both!(t1_credential_stuffing, async |db: TestDb| {
    let town = Town::with(&db, |config| config.limits.enabled = true).await;
    // One machine with a list of stolen pairs: few of its tries are looked at, and the rest cost no hash.
    let (mut refused, before) = (0, hashes(&town).await);
    for n in 0..200 {
        let reply = login(&town, &from("203.0.113.9"), &format!("person{n}@example.org"), "a leaked password").await;
        match reply.status.as_u16() {
            401 => {}
            429 => {
                assert!(reply.header("retry-after").parse::<u32>().unwrap() >= 1);
                refused += 1;
            }
            other => panic!("{other}: {}", reply.text()),
        }
    }
    let looked_at = hashes(&town).await - before;
    assert_eq!(looked_at + refused, 200, "what is refused is not hashed");
    assert!(looked_at <= 40, "{looked_at} of 200 tries were looked at");
    // Many machines against one account: the tries from each are few, the account closes its ears, and its owner's device gets in.
    let town = Town::node(&db, |_| ()).await;
    town.newcomer("Ada").await;
    let known = login(&town, &from("192.0.2.1"), &email_of("Ada"), &password_of("Ada")).await.expect(200).json();
    let before = hashes(&town).await;
    let mut slow = 0;
    for n in 0..150 {
        let reply = login(&town, &from(&format!("100.64.{n}.1")), &email_of("Ada"), "a leaked password").await;
        slow += u64::from(reply.status == 429);
    }
    assert_eq!((hashes(&town).await - before, slow), (100, 50));
    let device = json!({"email": email_of("Ada"), "password": password_of("Ada"), "device_token": known["device_token"]});
    town.post(&from("192.0.2.1"), "/auth/login", device).await.expect(200);
});

on_both!(t2_enumeration, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.newcomer("Ada").await;
    let mut seen = Vec::new();
    for email in [email_of("Ada"), "nobody@example.org".into()] {
        let hashed = hashes(&town).await;
        let (noted, counted) = (count(&db, "SELECT COUNT(*) FROM audit").await, count(&db, "SELECT COUNT(*) FROM login_failures").await);
        let reply = login(&town, &from("198.51.100.1"), &email, "not the password").await;
        let body = reply.text().replace(reply.header("x-request-id"), "");
        let work = (
            hashes(&town).await - hashed,
            count(&db, "SELECT COUNT(*) FROM audit").await - noted,
            count(&db, "SELECT COUNT(*) FROM login_failures").await - counted,
        );
        seen.push((reply.status, body, work));
    }
    assert_eq!(seen[0], seen[1], "an address that nobody has costs the same work and says the same");
    assert_eq!(seen[0].2, (1, 1, 2));
    // What is sent by mail differs, and only its reader sees it; what is answered does not.
    for path in ["/auth/register", "/auth/password/forgot"] {
        let ask = |email: String| if path.ends_with("register") { json!({"email": email, "name": "Eve"}) } else { json!({"email": email}) };
        let (known, unknown) =
            (town.post(&Asker::default(), path, ask(email_of("Ada"))).await, town.post(&Asker::default(), path, ask("z@example.org".into())).await);
        assert_eq!((known.status, known.body), (unknown.status, unknown.body), "{path}");
    }
    if long() {
        let mut medians = Vec::new();
        for email in [email_of("Ada"), "nobody@example.org".into()] {
            let mut times = Vec::new();
            for n in 0..200_u32 {
                // Few tries a day for each account, so that none is delayed.
                if n % 50 == 0 {
                    town.clock.advance_seconds(90_000);
                }
                let asker = from(&format!("100.{}.{}.1", 64 + n / 200, n % 200));
                let begun = std::time::Instant::now();
                login(&town, &asker, &email, "not the password").await.expect(401);
                times.push(begun.elapsed());
            }
            times.sort_unstable();
            medians.push(times[100].as_micros());
        }
        // Within a tenth of each other.
        assert!(medians[0].abs_diff(medians[1]) * 10 <= medians[1], "medians in microseconds: {medians:?}");
    }
});

on_both!(t3_an_account_prepared_for_somebody_else, async |db: TestDb| {
    let town = Town::new(&db).await;
    let nobody = Asker::default();
    // Eve registers Ada's address and waits.
    let by_eve = json!({"email": email_of("Ada"), "name": "Ada", "password": "eve knows this one"});
    town.post(&nobody, "/auth/register", by_eve).await.expect(202);
    login(&town, &nobody, &email_of("Ada"), "eve knows this one").await.expect_problem(401, "wrong_credentials");
    // Ada opens the letter and sets her own password; what Eve prepared is void.
    let token = town.token_for("ada@").await;
    town.post(&nobody, "/auth/verify-email", json!({"token": token, "password": password_of("Ada")})).await.expect(204);
    login(&town, &nobody, &email_of("Ada"), "eve knows this one").await.expect_problem(401, "wrong_credentials");
    let ada = town.log_in("Ada").await;
    assert_eq!(town.get(&ada, "/me/sessions").await.json()["data"].as_array().unwrap().len(), 1);
    // Eve points her own account at an address that is not hers yet: nothing changes until it is confirmed there.
    let eve = town.newcomer("Eve").await;
    town.post(&eve, "/me/email", json!({"email": email_of("Bo")})).await.expect(202);
    login(&town, &nobody, &email_of("Bo"), &password_of("Eve")).await.expect_problem(401, "wrong_credentials");
    town.newcomer("Bo").await;
    let waiting = town.letters().await.into_iter().find(|letter| letter.to.contains("bo@") && letter.subject.contains("new address")).unwrap();
    town.post(&nobody, "/auth/confirm-email", json!({"token": waiting.token()})).await.expect_problem(409, "email_taken");
});

on_both!(t4_stolen_tokens, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.newcomer("Ada").await;
    let nobody = Asker::default();
    let stolen = login(&town, &nobody, &email_of("Ada"), &password_of("Ada")).await.expect(200).json();
    let refresh = async |token: &Value| town.post(&nobody, "/auth/refresh", json!({"refresh_token": token})).await;
    // The thief is quicker; when the owner comes with the same token, both are out and the owner is told.
    let thief = refresh(&stolen["refresh_token"]).await.expect(200).json();
    let thief_at = |login: &Value| Asker { bearer: Some(login["access_token"].as_str().unwrap().into()), ..Asker::default() };
    town.get(&thief_at(&thief), "/auth/session").await.expect(200);
    town.clock.advance_seconds(60);
    refresh(&stolen["refresh_token"]).await.expect_problem(401, "token_reused");
    town.get(&thief_at(&thief), "/auth/session").await.expect_problem(401, "invalid_token");
    refresh(&thief["refresh_token"]).await.expect_problem(401, "invalid_token");
    assert!(town.letters().await.pop().unwrap().subject.contains("a session was ended"));
    let noted = count(&db, "SELECT COUNT(*) FROM audit WHERE action = 'session.reuse_detected'").await;
    assert_eq!(noted, 1);
    // A copied access token dies by itself within a quarter of an hour.
    let copied = login(&town, &nobody, &email_of("Ada"), &password_of("Ada")).await.json();
    town.clock.advance_seconds(15 * 60 + 31);
    town.get(&thief_at(&copied), "/auth/session").await.expect_problem(401, "invalid_token");
});

on_both!(t5_forged_tokens, async |db: TestDb| {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let login = login(&town, &Asker::default(), &email_of("Ada"), &password_of("Ada")).await.json();
    town.post(&Asker::default(), "/auth/password/forgot", json!({"email": email_of("Ada")})).await.expect(202);
    let letter = town.token_for("ada@").await;
    let good = ada.bearer.clone().unwrap();
    let parts: Vec<&str> = good.split('.').collect();
    let (head, claims, mac) = (parts[0], parts[1], parts[2]);
    let read = |part: &str| serde_json::from_slice::<Value>(&BASE64.decode(part).unwrap()).unwrap();
    let with = |part: &str, field: &str, value: Value| {
        let mut changed = read(part);
        changed[field] = value;
        BASE64.encode(changed.to_string())
    };
    let heads = [
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("RS256")),
        ("alg", json!("HS512")),
        ("typ", json!("JWT")),
        ("kid", json!("../../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!("")),
        ("jku", json!("https://evil.example/keys")),
        ("jwk", json!({"kty": "oct", "k": "AAAA"})),
        ("x5u", json!("https://evil.example/cert")),
        ("crit", json!(["exp"])),
    ];
    let bodies = [
        ("sub", json!(Uuid::now_v7())),
        ("aud", json!("else")),
        ("exp", json!(99_999_999_999_i64)),
        ("iss", json!("https://evil.example")),
        ("roles", json!(["operator"])),
    ];
    let mut forged: Vec<String> = heads
        .iter()
        .flat_map(|(field, value)| {
            let head = with(head, field, value.clone());
            [format!("{head}.{claims}.{mac}"), format!("{head}.{claims}.")]
        })
        .collect();
    forged.extend(bodies.iter().map(|(field, value)| format!("{head}.{}.{mac}", with(claims, field, value.clone()))));
    forged.extend([letter, login["refresh_token"].as_str().unwrap().to_owned(), login["device_token"].as_str().unwrap().to_owned()]);
    forged.extend([format!("{good}x"), good[..good.len() - 1].to_owned(), format!("{head}.{claims}"), "sto_made-up".into(), "null".into(), "x".repeat(5_000)]);
    for token in &forged {
        let reply = town.get(&Asker { bearer: Some(token.clone()), ..Asker::default() }, "/auth/session").await;
        reply.expect_problem(401, "invalid_token");
    }
    assert!(forged.len() >= 37, "{}", forged.len());
    // A token belongs into the header, not into the address, where it would be logged.
    town.get(&Asker::default(), &format!("/auth/session?access_token={good}")).await.expect_problem(400, "unknown_parameter");
    town.get(&ada, "/auth/session").await.expect(200);
});

on_both!(t7_fields_that_are_not_yours, async |db: TestDb| {
    let town = Town::new(&db).await;
    for field in ["role", "roles", "state", "verified", "id"] {
        let ask = json!({"email": email_of("Eve"), "name": "Eve", field: "operator"});
        town.post(&Asker::default(), "/auth/register", ask).await.expect_problem(400, "invalid_body");
    }
    let eve = town.newcomer("Eve").await;
    assert_eq!(town.get(&eve, "/auth/session").await.json()["roles"], json!([]));
    // What everybody may read of a person is this, and nothing else: no address, no state, no roles.
    let profile = town.get(&Asker::default(), &format!("/users/{}", user_of(&db, "Eve").await)).await.expect(200).json();
    let fields: Vec<&String> = profile.as_object().unwrap().keys().collect();
    let public = [
        "about",
        "badges",
        "id",
        "identity_verified",
        "languages",
        "listing_count",
        "location",
        "member_since",
        "name",
        "photo_url",
        "response_rate",
        "top_host",
        "version",
    ];
    let fields: BTreeSet<&str> = fields.into_iter().map(String::as_str).collect();
    assert!(fields.is_subset(&public.into()), "{fields:?}");
});

on_both!(t18_the_admin_plane, async |db: TestDb| {
    let town = Town::new(&db).await;
    let nobody = Asker::default();
    // A new instance has nobody: no default password opens anything, and set-up needs what stands on the console.
    for (email, password) in [("admin@example.org", "admin"), ("admin@localhost.local", "password"), ("root@example.org", "")] {
        login(&town, &nobody, email, password).await.expect_problem(401, "wrong_credentials");
    }
    for token in ["", "admin", &"A".repeat(43)] {
        let ask = json!({"token": token, "email": "eve@example.org", "name": "Eve", "password": "seven stolen kettles"});
        town.post(&nobody, "/auth/setup", ask).await.expect_problem(410, "link_unknown");
    }
    assert_eq!(count(&db, "SELECT COUNT(*) FROM accounts").await, 0);
    for path in ["/admin/users", "/admin/audit", "/admin/audit/export", "/admin/audit/verify", "/admin/jobs/dead"] {
        town.get(&nobody, path).await.expect_problem(401, "unauthenticated");
    }
    // Numbers are for this machine; what is unknown says nothing of what runs here.
    let elsewhere = town.get(&from("203.0.113.7"), "//metrics").await;
    assert!(matches!(elsewhere.status.as_u16(), 403 | 404), "{}", elsewhere.status);
    for path in ["//debug", "//admin", "//.env", "//api/v1/admin", "//actuator/health"] {
        town.get(&nobody, path).await.expect_problem(404, "not_found");
    }
    // On a public instance a stolen password of staff is not enough.
    let public = Town::node(&db, |config| config.public_url = Some("https://stay.example".into())).await;
    public.newcomer("Otto").await;
    run(&db, "INSERT INTO account_roles (user_id, role, granted_at) VALUES ($1, 'operator', $2)", vec![user_of(&db, "Otto").await.into(), Instant(0).into()])
        .await;
    let otto = public.log_in("Otto").await;
    for path in ["/admin/users", "/admin/audit", "/admin/audit/export"] {
        public.get(&otto, path).await.expect_problem(403, "second_factor_needed");
    }
});

on_both!(t19_an_insider_removes_traces, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.newcomer("Ada").await;
    town.newcomer("Otto").await;
    run(&db, "INSERT INTO account_roles (user_id, role, granted_at) VALUES ($1, 'operator', $2)", vec![user_of(&db, "Otto").await.into(), Instant(0).into()])
        .await;
    let otto = town.log_in("Otto").await;
    let suspend = format!("/admin/users/{}/suspend", user_of(&db, "Ada").await);
    town.post(&otto, &suspend, json!({"reason": "a private quarrel"})).await.expect(204);
    let seal = async || {
        let tools = town.tools().clone();
        off_thread(move || audit::seal_all(&tools.db, &tools.keys).map(|_| drop(tools)).unwrap()).await;
    };
    seal().await;
    // No operation changes an entry, and the database refuses who tries past the server.
    for method in [Method::DELETE, Method::PUT, Method::PATCH, Method::POST] {
        town.ask(&otto, method, "/admin/audit", None).await.expect(405);
    }
    for sql in
        ["UPDATE audit SET reason = 'spam' WHERE action = 'user.suspended'", "DELETE FROM audit WHERE action = 'user.suspended'", "DELETE FROM audit_seals"]
    {
        let done: DbResult<u64> = db.write(move |tx, _| tx.execute(sql, &[])).await;
        assert!(done.is_err(), "{sql}");
    }
    let report = town.get(&otto, "/admin/audit/verify").await.expect(200).json();
    assert_eq!((&report["intact"], &report["faults"]), (&json!(true), &json!([])));
    // An entry that was slipped in, to blame somebody else, is found.
    const SLIPPED: &str = "INSERT INTO audit (id, at, actor, actor_id, action, diff, request_id) VALUES ($1, $2, 'user', $3, 'user.suspended', '{}', 'x')";
    run(&db, SLIPPED, vec![Uuid::now_v7().into(), Instant(0).into(), user_of(&db, "Ada").await.into()]).await;
    let report = town.get(&otto, "/admin/audit/verify").await.expect(200).json();
    assert_eq!(report["intact"], false, "{report}");
    assert!(report["faults"][0]["what"].as_str().unwrap().contains("past the trail"), "{report}");
});
