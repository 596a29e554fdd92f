//! Leaving: a day that can be called off, then nothing that tells who it was, not even after an older backup.

use crate::support::homes::{self, id};
use crate::support::town::{Asker, Town, email_of, password_of};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value, json};
use stopover::platform::db::{Conn, DbError, Engine, SCHEMA};
use stopover::platform::mail::{self, Letter};
use stopover::values::Instant;

const DAY: i64 = 86_400;

/// Every text in every table.
pub(crate) fn dump(conn: &mut Conn<'_>) -> Result<Vec<String>, DbError> {
    let mut found = Vec::new();
    for table in SCHEMA.split("CREATE TABLE IF NOT EXISTS ").skip(1) {
        let (name, rest) = table.split_once(" (").unwrap();
        for line in rest.split_once("\n);").unwrap().0.lines() {
            let mut words = line.split_whitespace();
            let (Some(column), Some(kind)) = (words.next(), words.next()) else { continue };
            let text = match (kind.trim_end_matches(','), conn.engine()) {
                ("TEXT" | "JSONB", _) | ("BYTEA", Engine::Sqlite) => format!("CAST({column} AS TEXT)"),
                ("BYTEA", Engine::Postgres) => format!("encode({column}, 'escape')"),
                _ => continue,
            };
            // Bytes that are no text are none of ours to read here.
            let sql = match conn.engine() {
                Engine::Sqlite => format!("SELECT quote({text}) FROM {name} WHERE {column} IS NOT NULL"),
                Engine::Postgres => format!("SELECT {text} FROM {name} WHERE {column} IS NOT NULL"),
            };
            conn.each(&sql, &[], |row| {
                found.push(format!("{name}.{column}: {}", row.get::<String>(0).unwrap_or_default()));
                Ok(())
            })?;
        }
    }
    Ok(found)
}

async fn leave(town: &Town, asker: &Asker) -> Value {
    town.ask(asker, Method::DELETE, "/me", None).await.expect(202).json()
}

/// Ada with everything somebody can have, and where her home is.
async fn ada_and_her_things(town: &Town, db: &TestDb) -> (Asker, Value, uuid::Uuid) {
    let ada = town.newcomer("Ada").await;
    let profile = json!({"name": "Wilhelmina", "about": "Collects barometers", "location": "Schenectady", "languages": ["fy"]});
    town.ask(&ada, Method::PATCH, "/me", Some(&profile)).await.expect(200);
    let me = town.get(&ada, "/me").await.json();
    let home = homes::home(db, &me["id"], "Attic of Wilhelmina").await;
    homes::review(db, home, &me["id"], "Wilhelmina", "Slept like a stone").await;
    let closed = json!({"edits": [{"from": "2026-07-01", "to": "2026-07-04", "blocked": true, "note": "Wilhelmina rests"}]});
    town.ask(&ada, Method::PATCH, &format!("/listings/{home}/calendar"), Some(&closed)).await.expect(200);
    town.ask(&ada, Method::PUT, &format!("/listings/{home}/units"), Some(&json!({"names": ["Wing of Wilhelmina"]}))).await.expect(200);
    town.post(&ada, "/me/tokens", json!({"name": "Wilhelmina's robot", "scopes": ["account:read"]})).await.expect(201);
    town.ask(&ada, Method::POST, "/me/export", None).await.expect(202);
    town.run_jobs().await;
    (ada, me, home)
}

on_both!(whoever_leaves_may_stay_after_all, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    town.ask(&ada, Method::POST, "/me/stay", None).await.expect_problem(409, "conflict");
    assert_eq!(leave(&town, &ada).await["erase_at"], "2026-07-01T12:00:00Z");
    assert!(town.letters().await.last().unwrap().text.contains("2026-07-01"));
    let me = town.get(&ada, "/me").await.expect(200).json();
    assert_eq!((me["state"].as_str(), me["erase_at"].as_str()), (Some("leaving"), Some("2026-07-01T12:00:00Z")));
    town.clock.advance_seconds(240);
    // Asked again, the day stays.
    assert_eq!(leave(&town, &ada).await["erase_at"], "2026-07-01T12:00:00Z");
    town.ask(&ada, Method::POST, "/me/stay", None).await.expect(204);
    assert!(town.letters().await.last().unwrap().subject.contains("stays"));
    town.clock.advance_seconds(40 * DAY);
    town.run_jobs().await;
    let ada = town.log_in("Ada").await;
    assert_eq!(town.get(&ada, "/me").await.expect(200).json()["name"], "Ada");
    town.clock.advance_seconds(600);
    town.ask(&ada, Method::DELETE, "/me", None).await.expect_problem(403, "proof_needed");
});

on_both!(nothing_tells_who_it_was, async |db: TestDb| {
    let (town, other) = (Town::new(&db).await, Town::node(&db, |_| ()).await);
    let (ada, me, home) = ada_and_her_things(&town, &db).await;
    let nobody = Asker::default();
    let (page, reviews) = (format!("/listings/{home}"), format!("/listings/{home}/reviews"));
    for town in [&town, &other] {
        homes::until(async || town.get(&nobody, "/search/stays?q=wilhelmina").await.json()["total"] == 1).await;
        town.get(&nobody, &page).await.expect(200);
    }
    leave(&town, &ada).await;
    town.run_jobs().await;
    // What else may lie about: a wrong guess, a forgotten password, an invitation, a letter that cannot leave.
    town.post(&nobody, "/auth/login", json!({"email": "ADA@example.org", "password": "x"})).await.expect_problem(401, "wrong_credentials");
    town.clock.advance_seconds(30 * DAY - 10);
    town.post(&nobody, "/auth/password/forgot", json!({"email": "ada@example.org"})).await.expect(202);
    let keys = std::sync::Arc::clone(&town.tools().keys);
    let stuck = move |tx: &mut stopover::platform::db::Tx<'_>, now: Instant| {
        let letter = |to: &str| Letter { to: to.into(), to_name: "Wilhelmina".into(), subject: "Hi".into(), text: "Hi".into() };
        mail::post(tx, now, &keys, &letter("ada@example.org"))?;
        mail::post(tx, now, &keys, &letter("bo@example.org"))?;
        tx.execute("UPDATE jobs SET run_at = $1 WHERE kind = 'mail.send'", &[now.plus_seconds(400 * DAY).into()])?;
        tx.execute(
            "INSERT INTO one_time_tokens (digest, purpose, payload, created_at, expires_at) VALUES ('x', 'invite', '{\"email\": \"Ada@Example.org\"}', $1, $2)",
            &[now.into(), now.plus_seconds(DAY).into()],
        )
    };
    let _: u64 = db.write(stuck).await.unwrap();
    town.run_jobs().await;
    assert_eq!(town.get(&nobody, &format!("/users/{}", me["id"].as_str().unwrap())).await.json()["name"], "Wilhelmina");
    town.clock.advance_seconds(10);
    town.run_jobs().await;

    let texts = db.read(dump).await.unwrap();
    assert!(texts.len() > 50, "the dump is empty");
    for canary in ["wilhelmina", "ada@", "barometers", "schenectady", "zanzibarova", "seven purple", "argon2", "203.0.113.7", "view of the lark"] {
        let seen: Vec<&String> = texts.iter().filter(|text| text.to_lowercase().contains(canary)).collect();
        assert!(seen.is_empty(), "{canary}: {seen:?}");
    }
    let letters: Result<i64, DbError> =
        db.read(|conn| Ok(conn.first("SELECT COUNT(*) FROM jobs WHERE kind = 'mail.send'", &[], |row| row.get(0))?.unwrap())).await;
    assert_eq!(letters.unwrap(), 1, "only the letter to somebody else waits");
    for town in [&town, &other] {
        homes::until(async || town.get(&nobody, "/search/stays?q=wilhelmina").await.json()["total"] == 0).await;
        homes::until(async || town.get(&nobody, "/search/stays?q=zanzibarova").await.json()["total"] == 0).await;
        homes::until(async || town.get(&nobody, &page).await.status == 404).await;
        let public = town.get(&nobody, &format!("/users/{}", me["id"].as_str().unwrap())).await.expect(200).json();
        assert_eq!((&public["name"], &public["about"], &public["languages"]), (&json!("Deleted user"), &json!(""), &json!([])));
        homes::until(async || town.get(&ada, "/me").await.status == 401).await;
    }
    town.post(&nobody, "/auth/login", json!({"email": email_of("Ada"), "password": password_of("Ada")})).await.expect_problem(401, "wrong_credentials");
    let body: Result<(String, String), DbError> =
        db.read(|conn| Ok(conn.first("SELECT body, author_name FROM reviews", &[], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap())).await;
    assert_eq!(body.unwrap(), ("Slept like a stone".into(), "Deleted user".into()));
    town.get(&nobody, &reviews).await.expect(404);
    // The address is free again.
    let again = town.newcomer("Ada").await;
    assert_ne!(town.get(&again, "/me").await.json()["id"], me["id"]);
});

on_both!(a_restored_backup_brings_nobody_back, async |db: TestDb| {
    let keep = tempfile::tempdir().unwrap();
    let folder = keep.path().to_owned();
    let town = Town::with(&db, |config| config.data_dir = folder.clone()).await;
    let (ada, me, _) = ada_and_her_things(&town, &db).await;
    leave(&town, &ada).await;
    town.clock.advance_seconds(30 * DAY);
    town.run_jobs().await;
    drop(town);
    let list = std::fs::read_to_string(folder.join("erasures.jsonl")).unwrap();
    assert!(list.contains(me["id"].as_str().unwrap()) && list.lines().count() == 1);

    // The backup is older: she is in it again, and nothing there knows that she left.
    let user = id(&me["id"]);
    let restored: Result<u64, DbError> = db
        .write(move |tx, _| {
            tx.execute("DELETE FROM erasures", &[])?;
            tx.execute("UPDATE users SET name = 'Wilhelmina', about = 'Collects barometers' WHERE id = $1", &[user.into()])?;
            let account = "UPDATE accounts SET email = 'ada@example.org', email_key = 'ada@example.org', state = 'active' WHERE user_id = $1";
            tx.execute(account, &[user.into()])
        })
        .await;
    assert_eq!(restored.unwrap(), 1);
    let town = Town::with(&db, |config| config.data_dir = folder.clone()).await;
    let public = town.get(&Asker::default(), &format!("/users/{}", me["id"].as_str().unwrap())).await.json();
    assert_eq!(public["name"], "Deleted user");
    let texts = db.read(dump).await.unwrap();
    assert!(!texts.iter().any(|text| text.contains("barometers") || text.contains("ada@")));
    // A node that has no list yet writes what the database knows.
    let fresh = tempfile::tempdir().unwrap();
    let second = fresh.path().to_owned();
    drop(Town::node(&db, |config| config.data_dir = second.clone()).await);
    assert!(std::fs::read_to_string(second.join("erasures.jsonl")).unwrap().contains(me["id"].as_str().unwrap()));
});

on_both!(the_last_operator_stays, async |db: TestDb| {
    let town = Town::with(&db, |config| config.accounts.erasure_days = 0).await;
    let (ada, bo) = (town.newcomer("Ada").await, town.newcomer("Bo").await);
    for asker in [&ada, &bo] {
        let user = id(&town.get(asker, "/me").await.json()["id"]);
        let sql = "INSERT INTO account_roles (user_id, role, granted_at) SELECT user_id, 'operator', created_at FROM accounts WHERE user_id = $1";
        let granted: Result<u64, DbError> = db.write(move |tx, _| tx.execute(sql, &[user.into()])).await;
        assert_eq!(granted.unwrap(), 1);
    }
    // Both ask while there are two; the second one who is due has to wait.
    leave(&town, &ada).await;
    leave(&town, &bo).await;
    town.run_jobs().await;
    town.clock.advance_seconds(2 * 3_600);
    town.run_jobs().await;
    town.run_jobs().await;
    let erased: Result<i64, DbError> =
        db.read(|conn| Ok(conn.first("SELECT COUNT(*) FROM accounts WHERE state = 'erased'", &[], |row| row.get(0))?.unwrap())).await;
    assert_eq!(erased.unwrap(), 1);
    let staying = if town.post(&Asker::default(), "/auth/login", json!({"email": email_of("Bo"), "password": password_of("Bo")})).await.status == 200 {
        "Bo"
    } else {
        "Ada"
    };
    let last = town.log_in(staying).await;
    town.ask(&last, Method::POST, "/me/stay", None).await.expect(204);
    let refused = town.ask(&last, Method::DELETE, "/me", None).await;
    assert_eq!(refused.expect_problem(409, "erasure_blocked").json()["reasons"][0]["reason"], "last_operator");
});

on_both!(two_operators_who_are_due_at_once_leave_one, async |db: TestDb| {
    let (here, there) = (Town::new(&db).await, Town::node(&db, |_| ()).await);
    for round in 0..6 {
        // Both ask while there are two, so that nothing keeps either from asking.
        const GRANT: &str = "INSERT INTO account_roles (user_id, role, granted_at) SELECT user_id, 'operator', created_at FROM accounts
            WHERE state <> 'erased' ON CONFLICT (user_id, role) DO NOTHING";
        for name in [format!("Ada{round}"), format!("Bo{round}")] {
            here.newcomer(&name).await;
        }
        let _: u64 = db.write(|tx, _| tx.execute(GRANT, &[])).await.unwrap();
        for name in [format!("Ada{round}"), format!("Bo{round}")] {
            leave(&here, &here.log_in(&name).await).await;
        }
        here.clock.advance_seconds(31 * DAY);
        // The nodes carry it out at the same moment.
        futures_util::future::join(here.run_jobs(), there.run_jobs()).await;
        here.clock.advance_seconds(2 * 3_600);
        futures_util::future::join(here.run_jobs(), there.run_jobs()).await;
        const LEFT: &str = "SELECT COUNT(*) FROM account_roles r JOIN accounts a ON a.user_id = r.user_id WHERE a.state IN ('active', 'leaving')";
        let left: Result<i64, DbError> = db.read(|conn| Ok(conn.first(LEFT, &[], |row| row.get(0))?.unwrap())).await;
        assert_eq!(left.unwrap(), 1, "round {round}");
    }
});

on_both!(what_is_kept_long_enough_is_forgotten, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let nobody = Asker::default();
    town.post(&nobody, "/auth/password/forgot", json!({"email": email_of("Ada")})).await.expect(202);
    town.post(&nobody, "/auth/login", json!({"email": email_of("Ada"), "password": "x"})).await.expect_problem(401, "wrong_credentials");
    town.ask(&ada, Method::POST, "/auth/logout", None).await.expect(204);
    let counts = async || -> [i64; 3] {
        let counted: Result<Vec<i64>, DbError> = db
            .read(|conn| {
                let count = |conn: &mut Conn<'_>, table: &str| conn.first(&format!("SELECT COUNT(*) FROM {table}"), &[], |row| row.get(0));
                ["sessions", "one_time_tokens", "login_failures"].iter().map(|table| Ok(count(conn, table)?.unwrap())).collect()
            })
            .await;
        counted.unwrap().try_into().unwrap()
    };
    town.run_jobs().await;
    let [sessions, links, failures] = counts().await;
    assert!(sessions == 1 && links == 1 && failures >= 1);
    town.clock.advance_seconds(3_600 + 1);
    town.run_jobs().await;
    assert_eq!(counts().await, [1, 0, failures]);
    town.clock.advance_seconds(2 * DAY);
    town.run_jobs().await;
    assert_eq!(counts().await, [1, 0, 0]);
    town.clock.advance_seconds(87 * DAY);
    town.run_jobs().await;
    assert_eq!(counts().await, [1, 0, 0], "device data are kept for ninety days");
    town.clock.advance_seconds(2 * DAY);
    town.run_jobs().await;
    assert_eq!(counts().await, [0, 0, 0]);
});
