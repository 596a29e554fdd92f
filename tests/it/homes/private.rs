//! What only confirmed guests are told: sealed, on no public answer, handed to its owner, erased with them.

use super::stage::{self, act, make, patch, town, whole};
use crate::support::homes::until;
use crate::support::town::Asker;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::json;
use std::io::{Cursor, Read};
use stopover::platform::db::DbResult;

const SECRETS: [&str; 4] = ["Rua da Bica", "zanzibar-wren", "4711#", "Swift\""];

async fn sealed(db: &TestDb) -> Vec<String> {
    let read: DbResult<Vec<String>> = db.read(|conn| conn.query("SELECT sealed FROM listing_private", &[], |row| row.get(0))).await;
    read.unwrap()
}

on_both!(codes_lie_sealed_and_are_shown_to_their_host_alone, async |db: TestDb| {
    let town = town(&db).await;
    let (ada, nobody) = (town.newcomer("Ada").await, Asker::default());
    let olga = stage::with_role(&town, &db, "Olga", "moderator").await;
    let id = make(&town, &ada, whole("Attic")).await;
    act(&town, &ada, &id, "publish").await.expect(200);
    let rows = sealed(&db).await;
    assert!(rows.len() == 1 && SECRETS.iter().all(|secret| !rows[0].contains(secret)));
    until(async || town.get(&nobody, &format!("/listings/{id}")).await.status == 200).await;
    for (who, path) in [(&nobody, format!("/listings/{id}")), (&nobody, "/search/stays?q=attic".to_owned()), (&olga, format!("/admin/listings/{id}"))] {
        let text = town.get(who, &path).await.expect(200).text();
        assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{path}: {text}");
    }
    let own = town.get(&ada, &format!("/me/listings/{id}")).await.json();
    assert_eq!((own["private"]["wifi_password"].as_str(), own["private"]["access_code"].as_str()), (Some("zanzibar-wren-9"), Some("4711#")));
    // One is changed without the others; the trail says that, and not what.
    let changed = patch(&town, &ada, &id, json!({"private": {"access_code": null}})).await.expect(200).json();
    assert_eq!((changed["private"]["access_code"].as_str(), changed["private"]["wifi_name"].as_str()), (Some(""), Some("Swift")));
    let trail: DbResult<Vec<String>> = db.read(|conn| conn.query("SELECT diff FROM audit WHERE object_kind = 'listing'", &[], |row| row.get(0))).await;
    assert!(trail.unwrap().iter().all(|diff| SECRETS.iter().all(|secret| !diff.contains(secret))));
});

on_both!(homes_go_into_the_copy_and_away_with_their_host, async |db: TestDb| {
    let town = town(&db).await;
    let ada = town.newcomer("Ada").await;
    let id = make(&town, &ada, whole("Attic")).await;
    town.ask(&ada, Method::PUT, &format!("/listings/{id}/texts/de"), Some(&json!({"title": "Dachboden"}))).await.expect(200);
    act(&town, &ada, &id, "publish").await.expect(200);
    let asked = town.ask(&ada, Method::POST, "/me/export", None).await.expect(202).json();
    town.run_jobs().await;
    let file = town.get(&ada, &format!("/me/exports/{}/file", asked["id"].as_str().unwrap())).await;
    let of = |name: &str| {
        let mut zip = zip::ZipArchive::new(Cursor::new(&file.body)).unwrap();
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    assert_eq!(of("listing_private.json")[0]["private"]["address"], "Rua da Bica 5, 3rd floor");
    assert_eq!((of("listings.json")[0]["rooms"][0]["name"].as_str(), of("listing_texts.json")[1]["title"].as_str()), (Some("Blue room"), Some("Dachboden")));

    town.ask(&ada, Method::DELETE, "/me", None).await.expect(202);
    town.clock.advance_seconds(31 * 86_400);
    town.run_jobs().await;
    assert!(sealed(&db).await.is_empty());
    let left: DbResult<Option<(String, String, String)>> =
        db.read(|conn| conn.first("SELECT state, title, CAST(rooms AS TEXT) FROM listings", &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))).await;
    assert_eq!(left.unwrap().unwrap(), ("archived".into(), "Deleted listing".into(), "[]".into()));
    until(async || town.get(&Asker::default(), &format!("/listings/{id}")).await.status == 404).await;
});
