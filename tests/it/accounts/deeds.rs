//! Acts of staff on condition, and what outlives a suspension.

use super::cast::user_of;
use super::staff::{path_of, with_role};
use crate::support::town::{Asker, Reply, Town, email_of, password_of};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value, json};
use stopover::platform::db::DbResult;

const DAY: i64 = 86_400;

/// Asks on condition that the account is still what `tag` says.
async fn on_condition(town: &Town, asker: &Asker, method: Method, path: &str, tag: &str, body: Value) -> Reply {
    let asker = Asker { headers: vec![("if-match".into(), tag.into())], ..asker.clone() };
    town.ask(&asker, method, path, Some(&body)).await
}

on_both!(who_decides_on_what_they_read_is_told_when_it_has_changed, async |db: TestDb| {
    let town = Town::new(&db).await;
    let otto = with_role(&town, &db, "Otto", "operator").await;
    town.newcomer("Ada").await;
    let (page, roles, suspend) = (path_of(&db, "Ada", "").await, path_of(&db, "Ada", "/roles").await, path_of(&db, "Ada", "/suspend").await);
    let read = town.get(&otto, &page).await;
    let tag = read.expect(200).header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", read.json()["version"]));
    let moderator = json!({"roles": ["moderator"], "reason": "helps"});
    on_condition(&town, &otto, Method::PUT, &roles, &tag, moderator.clone()).await.expect(204);
    // Somebody else read her account before she became a moderator.
    let stale = on_condition(&town, &otto, Method::PUT, &roles, &tag, json!({"roles": [], "reason": "tidy"})).await;
    let now = town.get(&otto, &page).await.header("etag").to_owned();
    assert_eq!(stale.expect_problem(412, "stale").json()["etag"], json!(now));
    let reason = json!({"reason": "spam"});
    on_condition(&town, &otto, Method::POST, &suspend, &tag, reason.clone()).await.expect_problem(412, "stale");
    assert_eq!(town.get(&otto, &page).await.json()["roles"], json!(["moderator"]));
    on_condition(&town, &otto, Method::POST, &suspend, &now, reason).await.expect(204);
});

on_both!(who_is_leaving_is_leaving_again_after_a_suspension, async |db: TestDb| {
    let town = Town::new(&db).await;
    let mona = with_role(&town, &db, "Mona", "moderator").await;
    let ada = town.newcomer("Ada").await;
    let day = town.ask(&ada, Method::DELETE, "/me", None).await.expect(202).json()["erase_at"].take();
    let (page, reason) = (path_of(&db, "Ada", "").await, json!({"reason": "a complaint"}));
    let standing = async || {
        let seen = town.get(&mona, &page).await.expect(200).json();
        (seen["state"].as_str().unwrap().to_owned(), seen["erase_at"].clone())
    };
    town.post(&mona, &path_of(&db, "Ada", "/suspend").await, reason.clone()).await.expect(204);
    assert_eq!(standing().await, ("suspended".to_owned(), day.clone()));
    town.post(&mona, &path_of(&db, "Ada", "/restore").await, reason.clone()).await.expect(204);
    assert_eq!(standing().await, ("leaving".to_owned(), day));
    let ada = town.log_in("Ada").await;
    town.ask(&ada, Method::POST, "/me/stay", None).await.expect(204);
    assert_eq!(standing().await, ("active".to_owned(), Value::Null));
    // A suspension does not keep the data of somebody who wanted them gone.
    town.ask(&ada, Method::DELETE, "/me", None).await.expect(202);
    town.post(&mona, &path_of(&db, "Ada", "/suspend").await, reason).await.expect(204);
    let user = user_of(&db, "Ada").await;
    town.clock.advance_seconds(30 * DAY);
    town.run_jobs().await;
    let state: DbResult<Option<String>> =
        db.read(move |conn| conn.first("SELECT state FROM accounts WHERE user_id = $1", &[user.into()], |row| row.get(0))).await;
    assert_eq!(state.unwrap().as_deref(), Some("erased"));
    let login = json!({"email": email_of("Ada"), "password": password_of("Ada")});
    town.post(&Asker::default(), "/auth/login", login).await.expect_problem(401, "wrong_credentials");
});
