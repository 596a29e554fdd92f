//! `serve --dev`: a clock that developers move, and what follows it.

use crate::support::homes;
use crate::support::people::run;
use crate::support::town::{Asker, Town, email_of, password_of};
use crate::support::{TestDb, on_both};
use serde_json::{Value as Json, json};
use stopover::app;
use stopover::platform::config::Config;
use stopover::values::Instant;

fn dev(config: &mut Config) {
    config.dev = true;
}

async fn advance(town: &Town, how_far: Json) -> Json {
    town.post(&Asker::default(), "/dev/advance", how_far).await.expect(200).json()
}

async fn now(town: &Town) -> String {
    town.get(&Asker::default(), "/dev/clock").await.expect(200).json()["now"].as_str().unwrap().to_owned()
}

on_both!(time_moves_where_developers_ask_for_it_and_nowhere_else, async |db: TestDb| {
    let town = Town::new(&db).await;
    let anybody = Asker::default();
    town.get(&anybody, "/dev/clock").await.expect_problem(404, "not_found");
    town.post(&anybody, "/dev/advance", json!({"hours": 1})).await.expect_problem(404, "not_found");
    assert!(!app::openapi_document(None).contains("/dev/"));
    let lab = Town::node(&db, dev).await;
    assert!(!lab.get(&anybody, "/openapi.json").await.expect(200).text().contains("/dev/"));
    let before = now(&lab).await;
    let arrived = advance(&lab, json!({"days": 1, "hours": 2, "minutes": 3})).await;
    assert_eq!(arrived["reached"], true);
    let (from, to) = (Instant::parse(&before).unwrap(), Instant::parse(arrived["now"].as_str().unwrap()).unwrap());
    assert_eq!(to, from.plus_seconds(86_400 + 2 * 3_600 + 180));
    assert_eq!(now(&lab).await, to.to_string());
    for (body, code) in [
        (json!({}), "out_of_range"),
        (json!({"hours": -1}), "out_of_range"),
        (json!({"days": 401}), "out_of_range"),
        (json!({"days": 400, "minutes": 1}), "out_of_range"),
    ] {
        lab.post(&anybody, "/dev/advance", body).await.expect_problem(422, code);
    }
    lab.post(&anybody, "/dev/advance", json!({"weeks": 1})).await.expect(400);
    assert_eq!(now(&lab).await, to.to_string());
});

on_both!(what_becomes_due_is_done_in_the_order_of_its_times, async |db: TestDb| {
    let town = Town::with(&db, dev).await;
    // A letter waits in the outbox; another is written a week later by the clock.
    town.post(&Asker::default(), "/auth/register", json!({"email": email_of("Ada"), "name": "Ada"})).await.expect(202);
    let arrived = advance(&town, json!({"minutes": 1})).await;
    assert!(arrived["jobs_run"].as_u64().unwrap() >= 1, "{arrived}");
    let waiting = "SELECT COUNT(*) FROM jobs WHERE state = 'waiting' AND unique_key IS NULL";
    let left: i64 = db.read(move |conn| conn.first(waiting, &[], |row| row.get(0))).await.map(|found: Option<i64>| found.unwrap()).unwrap();
    assert_eq!(left, 0);
    let outbox = std::fs::read_dir(town.folder().join("outbox")).unwrap().count();
    assert!(outbox >= 1, "the letter was written");
});

on_both!(sessions_live_by_the_moved_clock, async |db: TestDb| {
    let town = Town::with(&db, dev).await;
    town.newcomer("Ada").await;
    let nobody = Asker::default();
    let login = town.post(&nobody, "/auth/login", json!({"email": email_of("Ada"), "password": password_of("Ada")})).await.expect(200).json();
    let ada = Asker { bearer: Some(login["access_token"].as_str().unwrap().into()), ..Asker::default() };
    town.get(&ada, "/me").await.expect(200);
    advance(&town, json!({"minutes": 14})).await;
    town.get(&ada, "/me").await.expect(200);
    advance(&town, json!({"minutes": 3})).await;
    town.get(&ada, "/me").await.expect(401);
    let refreshed = town.post(&nobody, "/auth/refresh", json!({"refresh_token": login["refresh_token"]})).await.expect(200).json();
    let ada = Asker { bearer: Some(refreshed["access_token"].as_str().unwrap().into()), ..Asker::default() };
    town.get(&ada, "/me").await.expect(200);
    advance(&town, json!({"days": 31})).await;
    town.post(&nobody, "/auth/refresh", json!({"refresh_token": refreshed["refresh_token"]})).await.expect(401);
    town.log_in("Ada").await;
});

on_both!(today_is_the_day_of_the_moved_clock, async |db: TestDb| {
    let town = Town::with(&db, dev).await;
    let ada = town.newcomer("Ada").await;
    let me = town.get(&ada, "/me").await.expect(200).json();
    let home = homes::home(&db, &me["id"], "Under the lark").await;
    run(&db, "UPDATE listings SET departure_days = 127 WHERE id = $1", vec![home.into()]).await;
    let anybody = Asker::default();
    let stay = json!({"listing_id": home, "check_in": "2026-06-10", "check_out": "2026-06-13", "adults": 2});
    let quote = town.post(&anybody, "/quotes", stay.clone()).await.expect(201).json();
    let path = format!("/quotes/{}", quote["id"].as_str().unwrap());
    advance(&town, json!({"minutes": 16})).await;
    // The quote has run out: it may still be there, or the sweep has been.
    let gone = town.get(&anybody, &path).await;
    assert!([404, 410].contains(&gone.status.as_u16()), "{}", gone.text());
    town.post(&anybody, "/quotes", stay.clone()).await.expect(201);
    let search = "/search/stays?check_in=2026-06-10&check_out=2026-06-13&adults=2";
    town.get(&anybody, search).await.expect(200);
    advance(&town, json!({"days": 30})).await;
    let late = town.post(&anybody, "/quotes", stay).await;
    let said = late.expect_problem(409, "dates_unavailable").json();
    assert!(said["reasons"].to_string().contains("in_past"), "{said}");
    assert!(town.get(&anybody, search).await.status.as_u16() != 200 || town.get(&anybody, search).await.json()["total"] == 0);
});
