//! The rows of the threat model about data that lie somewhere: a copy of everything in the wrong hands (T17), and one's own data,
//! taken along and erased (T25). The others are in `threats.rs`.

use super::erasure;
use super::factors::{set_up, ticket};
use super::passkeys;
use super::threats::login;
use crate::support::homes::id;
use crate::support::town::{Asker, Town, email_of, password_of, unpacked};
use crate::support::{TestDb, TestHome, off_thread, on_both};
use poem::http::Method;
use serde_json::json;
use std::path::Path;
use stopover::platform::db::{Db, DbResult, Engine};
use uuid::Uuid;

on_both!(t17_a_copy_of_the_data_holds_no_secret, async |db: TestDb| {
    let town = Town::new(&db).await;
    let nobody = Asker::default();
    let mut secrets = vec![password_of("Ada"), password_of("Bo"), "nine yellow lanterns".to_owned()];
    let ada = town.newcomer("Ada").await;
    town.newcomer("Bo").await;
    let first = login(&town, &nobody, &email_of("Ada"), &password_of("Ada")).await.json();
    let second = town.post(&nobody, "/auth/refresh", json!({"refresh_token": first["refresh_token"]})).await.expect(200).json();
    for login in [&first, &second] {
        secrets.extend(["access_token", "refresh_token", "device_token"].iter().filter_map(|name| login[*name].as_str().map(str::to_owned)));
    }
    let cookie = town.post(&nobody, "/auth/login", json!({"email": email_of("Ada"), "password": password_of("Ada"), "browser": true})).await;
    secrets.push(cookie.header("set-cookie").split(['=', ';']).nth(1).unwrap().to_owned());
    secrets.push(cookie.json()["csrf_token"].as_str().unwrap().to_owned());
    secrets.push(ada.bearer.clone().unwrap());
    // Letters that wait to be sent, letters that were sent, and links that were used or not.
    town.post(&ada, "/me/email", json!({"email": "ada.new@example.org"})).await.expect(202);
    for name in ["Ada", "Bo"] {
        town.post(&nobody, "/auth/password/forgot", json!({"email": email_of(name)})).await.expect(202);
    }
    let letters = town.letters().await;
    let links = letters.iter().filter(|letter| letter.text.contains("token to POST"));
    secrets.extend(links.map(crate::support::town::Letter::token));
    let used = town.token_for("bo@").await;
    town.post(&nobody, "/auth/password/reset", json!({"token": used, "password": "nine yellow lanterns"})).await.expect(204);
    login(&town, &nobody, &email_of("Ada"), "a wrong but telling password").await.expect(401);
    secrets.push("a wrong but telling password".into());
    town.post(&nobody, "/auth/register", json!({"email": "waiting@example.org", "name": "Waiting", "password": "told while registering"})).await.expect(202);
    secrets.push("told while registering".into());
    // A program's token, asked for so that the answer could be asked for again; the second factor, and what stands in for it.
    let keyed = Asker { headers: vec![("idempotency-key".into(), Uuid::now_v7().to_string())], ..ada.clone() };
    let token = town.post(&keyed, "/me/tokens", json!({"name": "Robot", "scopes": ["account:read"]})).await.expect(201).json();
    secrets.push(token["token"].as_str().unwrap().to_owned());
    let (app, codes) = set_up(&town, &ada).await;
    secrets.push(app.secret.clone());
    secrets.extend(codes.iter().cloned());
    secrets.extend(codes.iter().map(|code| code.replace('-', "")));
    // A login that waits for its code, and one that a passkey begins.
    secrets.push(ticket(&town, "Ada").await);
    let begun = town.post(&nobody, "/auth/passkeys/start", json!({"email": email_of("Ada")})).await.expect(200).json();
    secrets.push(begun["ticket"].as_str().unwrap().to_owned());
    assert!(secrets.len() >= 40 && secrets.iter().all(|secret| secret.len() >= 12), "{secrets:?}");
    let mut copy = dump(&db).await;
    if let TestHome::Sqlite(folder) = &db.home {
        // The files too, with what was deleted and lies about in them.
        read_folder(folder.path(), &mut copy);
    }
    read_folder(town.folder(), &mut copy);
    let copy = String::from_utf8_lossy(&copy);
    let lower = copy.to_lowercase();
    assert!(copy.contains("ada@example.org"), "the copy is worth something");
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    for secret in &secrets {
        assert!(!copy.contains(secret.as_str()) && !lower.contains(&hex(secret.as_bytes())), "the copy holds {secret}");
    }
    let raw = totp_rs::Secret::try_from_base32(&app.secret).unwrap();
    assert!(!lower.contains(&hex(raw.as_ref())), "the copy holds the secret of the app, as bytes");
});

/// All rows of all tables as text, blobs in hexadecimal.
async fn dump(db: &Db) -> Vec<u8> {
    let (own, engine) = (db.clone(), db.engine());
    let dumped: DbResult<String> = off_thread(move || {
        own.snapshot(|conn| {
            let list = match engine {
                Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
                Engine::Postgres => "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public'",
            };
            let (mut all, tables) = (String::new(), conn.query(list, &[], |row| row.get::<String>(0))?);
            assert!(tables.len() > 15);
            for table in tables {
                let row = match engine {
                    Engine::Sqlite => {
                        let columns = conn.query(&format!("SELECT name FROM pragma_table_info('{table}')"), &[], |row| row.get::<String>(0))?;
                        columns.iter().map(|column| format!("quote({column})")).collect::<Vec<_>>().join(" || ',' || ")
                    }
                    Engine::Postgres => "CAST(t AS TEXT)".into(),
                };
                for line in conn.query(&format!("SELECT {row} FROM {table} t"), &[], |row| row.get::<String>(0))? {
                    all.push_str(&line);
                    all.push('\n');
                }
            }
            Ok(all)
        })
    })
    .await;
    dumped.unwrap().into_bytes()
}

/// Everything below a folder but the outbox, whose letters are the mailboxes of this instance.
fn read_folder(folder: &Path, into: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "outbox") {
            read_folder(&path, into);
        } else if path.is_file() {
            into.extend(std::fs::read(&path).unwrap());
        }
    }
}

on_both!(t25_ones_own_data_are_handed_out_once_and_gone_for_good, async |db: TestDb| {
    const DAY: i64 = 86_400;
    let keep = tempfile::tempdir().unwrap();
    let folder = keep.path().to_owned();
    let town = Town::with(&db, |config| config.data_dir = folder.clone()).await;
    let (ada, eve) = (town.newcomer("Ada").await, town.newcomer("Eve").await);
    let profile = json!({"name": "Wilhelmina", "about": "Collects barometers", "location": "Schenectady"});
    town.ask(&ada, Method::PATCH, "/me", Some(&profile)).await.expect(200);
    assert_eq!(town.get(&ada, "/me").await.json()["has_passkeys"], false);
    let (_, passkey) = passkeys::add(&town, &ada, "Thumbprint").await;
    let me = town.get(&ada, "/me").await.expect(200).json();
    assert_eq!(me["has_passkeys"], true);
    let token = town.post(&ada, "/me/tokens", json!({"name": "Robot", "scopes": ["account:read"]})).await.expect(201).json();
    let robot = Asker { bearer: Some(token["token"].as_str().unwrap().into()), ..Asker::default() };
    let user = id(&me["id"]);
    let linked: DbResult<u64> = db
        .write(move |tx, now| {
            const LINK: &str =
                "INSERT INTO oidc_links (id, user_id, provider, issuer, subject, created_at) VALUES ($1, $2, 'home', 'https://id.example', 'subject-4711', $3)";
            tx.execute(LINK, &[Uuid::now_v7().into(), user.into(), now.into()])
        })
        .await;
    assert_eq!(linked.unwrap(), 1);
    // Whoever sits down at her unlocked screen takes nothing along and erases nothing; nor does a program of hers.
    town.clock.advance_seconds(301);
    for (method, path) in [(Method::POST, "/me/export"), (Method::DELETE, "/me")] {
        town.ask(&ada, method.clone(), path, None).await.expect_problem(403, "proof_needed");
        town.ask(&robot, method, path, None).await.expect(403);
    }
    town.post(&ada, "/auth/prove", json!({"password": password_of("Ada")})).await.expect(204);
    let path = format!("/me/exports/{}", town.ask(&ada, Method::POST, "/me/export", None).await.expect(202).json()["id"].as_str().unwrap());
    town.run_jobs().await;
    let file = format!("{path}/file");
    for path in [&path, &file] {
        let eves = town.log_in("Eve").await;
        town.get(&eves, path).await.expect_problem(404, "not_found");
        town.get(&robot, path).await.expect(403);
        town.get(&Asker::default(), path).await.expect_problem(401, "unauthenticated");
    }
    let copy = town.get(&ada, &file).await;
    let of = |name: &str| unpacked(&copy.expect(200).body, name);
    assert_eq!((&of("profile.json")["about"], &of("profile.json")["has_passkeys"]), (&json!("Collects barometers"), &json!(true)));
    let keys = of("passkeys.json");
    assert_eq!((&keys[0]["id"], &keys[0]["name"], &keys[0]["last_used_at"]), (&json!(passkey), &json!("Thumbprint"), &json!(null)));
    assert_eq!(keys[0].as_object().unwrap().len(), 4, "{keys}");
    let providers = of("providers.json");
    assert_eq!((&providers[0]["provider"], &providers[0]["issuer"]), (&json!("home"), &json!("https://id.example")));
    assert!(!providers.to_string().contains("subject"), "{providers}");
    // The day comes.
    town.ask(&ada, Method::DELETE, "/me", None).await.expect(202);
    town.clock.advance_seconds(30 * DAY);
    town.run_jobs().await;
    let canaries = ["wilhelmina", "ada@", "barometers", "schenectady", "thumbprint", "robot", "subject-4711", "seven purple kettles ada"];
    let nothing_left = async || {
        let texts = db.read(erasure::dump).await.unwrap();
        assert!(texts.len() > 20, "the dump is empty");
        for canary in canaries {
            let seen: Vec<&String> = texts.iter().filter(|text| text.to_lowercase().contains(canary)).collect();
            assert!(seen.is_empty(), "{canary}: {seen:?}");
        }
    };
    nothing_left().await;
    for asker in [&ada, &robot] {
        town.get(asker, "/me").await.expect(401);
    }
    login(&town, &Asker::default(), &email_of("Ada"), &password_of("Ada")).await.expect_problem(401, "wrong_credentials");
    assert_eq!(town.log_in("Eve").await.bearer.is_some(), eve.bearer.is_some(), "nobody else is touched");
    drop(town);
    // A backup from before that day is restored: she is in it, and nothing in it knows that she left. The list beside it does.
    let restored: DbResult<u64> = db
        .write(move |tx, now| {
            tx.execute("DELETE FROM erasures", &[])?;
            tx.execute("UPDATE users SET name = 'Wilhelmina', about = 'Collects barometers', location = 'Schenectady' WHERE id = $1", &[user.into()])?;
            let link = "INSERT INTO oidc_links (id, user_id, provider, issuer, subject, created_at) VALUES ($1, $2, 'home', 'x', 'subject-4711', $3)";
            tx.execute(link, &[Uuid::now_v7().into(), user.into(), now.into()])?;
            let account = "UPDATE accounts SET email = 'ada@example.org', email_key = 'ada@example.org', state = 'active' WHERE user_id = $1";
            tx.execute(account, &[user.into()])
        })
        .await;
    assert_eq!(restored.unwrap(), 1);
    let town = Town::with(&db, |config| config.data_dir = folder.clone()).await;
    nothing_left().await;
    let public = town.get(&Asker::default(), &format!("/users/{user}")).await.json();
    assert_eq!(public["name"], "Deleted user");
});
