//! A copy of one's data: asked for, made by a job, fetched from any node, gone after two days.

use crate::support::homes;
use crate::support::town::{Town, unpacked};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::json;
use stopover::platform::db::DbError;

const HOUR: i64 = 3_600;

on_both!(everything_about_somebody_is_in_the_file_and_nobody_else_gets_it, async |db: TestDb| {
    let (here, there) = (Town::new(&db).await, Town::node(&db, |_| ()).await);
    let (ada, bo) = (here.newcomer("Ada").await, here.newcomer("Bo").await);
    let me = here.get(&ada, "/me").await.json();
    let home = homes::home(&db, &me["id"], "Attic of the lark").await;
    homes::review(&db, home, &me["id"], "Ada", "Slept like a stone").await;
    here.ask(&ada, Method::PATCH, "/me", Some(&json!({"about": "Likes guests"}))).await.expect(200);
    let token = here.post(&ada, "/me/tokens", json!({"name": "Calendar", "scopes": ["account:read"]})).await.expect(201).json();

    let asked = here.ask(&ada, Method::POST, "/me/export", None).await;
    let view = asked.expect(202).json();
    let path = format!("/me/exports/{}", view["id"].as_str().unwrap());
    assert_eq!((asked.header("location"), view["state"].as_str()), (format!("/api/v1{path}").as_str(), Some("waiting")));
    let file = format!("{path}/file");
    here.get(&ada, &file).await.expect_problem(409, "export_not_ready");
    let again = here.ask(&ada, Method::POST, "/me/export", None).await;
    assert_eq!(again.expect_problem(429, "export_recent").header("retry-after"), "86400");

    let letter = here.letters().await.last().unwrap().clone();
    assert!(letter.to.contains("ada@") && letter.text.contains(&format!("/api/v1{file}")), "{}", letter.text);
    let view = here.get(&ada, &path).await.expect(200).json();
    assert_eq!((view["state"].as_str(), view["expires_at"].as_str()), (Some("ready"), Some("2026-06-03T12:00:00Z")));
    for path in [&path, &file] {
        here.get(&bo, path).await.expect_problem(404, "not_found");
    }

    // The other node has the bytes too.
    let fetched = there.get(&ada, &file).await;
    fetched.expect(200);
    assert_eq!(fetched.header("content-disposition"), "attachment; filename=\"export-2026-06-01.zip\"");
    assert_eq!(i64::try_from(fetched.body.len()).unwrap(), view["size"].as_i64().unwrap());
    let of = |name: &str| unpacked(&fetched.body, name);
    assert_eq!((&of("profile.json")["email"], &of("profile.json")["about"]), (&json!("ada@example.org"), &json!("Likes guests")));
    assert_eq!(of("listings.json")[0]["lat"], 42.654_321_9);
    assert_eq!(of("listing_texts.json")[0]["description"], "Ring at Zanzibarova.");
    assert_eq!((&of("reviews.json")[0]["body"], &of("tokens.json")[0]["name"]), (&json!("Slept like a stone"), &json!("Calendar")));
    assert_eq!(of("sessions.json").as_array().unwrap().len(), 1);
    let actions: Vec<String> = of("audit.json").as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect();
    for action in ["account.verified", "session.started", "profile.changed", "token.made", "export.asked"] {
        assert!(actions.iter().any(|found| found == action), "{action} is not in {actions:?}");
    }
    let whole: String =
        ["profile.json", "sessions.json", "tokens.json", "audit.json", "listings.json", "reviews.json"].iter().map(|name| of(name).to_string()).collect();
    for secret in [token["token"].as_str().unwrap(), ada.bearer.as_deref().unwrap(), "argon2", "bo@example.org", "digest"] {
        assert!(!whole.contains(secret), "{secret}");
    }

    // Fresh proof, and two days.
    here.clock.advance_seconds(600);
    here.get(&ada, &file).await.expect_problem(403, "proof_needed");
    here.clock.advance_seconds(24 * HOUR);
    let ada = here.log_in("Ada").await;
    here.get(&ada, &file).await.expect(200);
    here.ask(&ada, Method::POST, "/me/export", None).await.expect(202);
    here.clock.advance_seconds(24 * HOUR);
    let ada = here.log_in("Ada").await;
    here.get(&ada, &file).await.expect_problem(404, "not_found");
    here.run_jobs().await;
    here.clock.advance_seconds(49 * HOUR);
    here.run_jobs().await;
    let left: Result<i64, DbError> =
        db.read(|conn| Ok(conn.first("SELECT (SELECT COUNT(*) FROM exports) + (SELECT COUNT(*) FROM export_pieces)", &[], |row| row.get(0))?.unwrap())).await;
    assert_eq!(left.unwrap(), 0);
});

on_both!(of_two_at_once_one_is_taken_on, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let ask = || town.ask(&ada, Method::POST, "/me/export", None);
    let replies = futures_util::future::join_all((0..8).map(|_| ask())).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 202).count(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.status == 429).count(), 7);
});
