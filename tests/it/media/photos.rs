//! Adding, describing, ordering and removing; what the public page, the card and the export show.

use super::stage::{Stage, alt, file, jpeg};
use crate::support::homes::until;
use crate::support::town::Asker;
use crate::support::{TestDb, on_both, uses_index};
use poem::http::Method;
use serde_json::json;
use std::sync::Arc;
use stopover::features::listings::Guard as _;
use stopover::features::media;
use stopover::platform::config::Config;
use stopover::platform::db::Value;
use stopover::values::Instant;
use uuid::Uuid;

on_both!(photos_appear_where_guests_look, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let page = format!("/listings/{}", stage.listing);
    assert_eq!(stage.town.get(&Asker::default(), &page).await.expect(200).json()["photos"], json!([]));
    let parts = [alt("A blue door in the snow 😀"), file("door.jpg", jpeg(1_500, 1_000, 1)), file("bed.jpg", jpeg(300, 200, 2))];
    let added = stage.upload(&parts).await;
    added.expect(201);
    assert_eq!(added.header("location"), format!("/api/v1{}", stage.path()));
    let data = added.json()["data"].as_array().unwrap().clone();
    let widths = |at: usize| data[at]["files"].as_array().unwrap().iter().map(|file| file["width"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!((widths(0), widths(1)), (vec![480, 1_024, 1_500], vec![300]));
    assert_eq!((&data[0]["alt"], &data[1]["alt"]), (&json!("A blue door in the snow 😀"), &json!("")));
    assert_eq!((&data[0]["width"], &data[0]["height"], &data[0]["version"]), (&json!(1_500), &json!(1_000), &json!(1)));
    assert!(data[0]["blurhash"].as_str().unwrap().len() > 6);
    assert_eq!(stage.list().await, data);
    // The public page, as soon as the news has gone round, and everybody's list.
    until(async || stage.town.get(&Asker::default(), &page).await.json()["photos"] == json!(data)).await;
    let shown = stage.town.get(&Asker::default(), &page).await.json();
    assert_eq!(shown["photo_url"], data[0]["files"][1]["url"], "cards show the middle size of the first");
    assert_eq!(stage.town.get(&Asker::default(), &stage.path()).await.expect(200).json()["data"], json!(data));
    // And the card of a search.
    until(async || stage.town.get(&Asker::default(), "/search/stays?q=loft").await.json()["data"][0]["photo_url"] == data[0]["files"][1]["url"]).await;
});

on_both!(a_host_describes_orders_and_removes, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let (a, b, c) = (stage.add(1).await, stage.add(2).await, stage.add(3).await);
    let one = |photo: &serde_json::Value| format!("{}/{}", stage.path(), photo["id"].as_str().unwrap());
    let ask = |method: Method, path: String, tag: &str, body: Option<serde_json::Value>| {
        let headers = if tag.is_empty() { Vec::new() } else { vec![("if-match".to_owned(), tag.to_owned())] };
        let asker = Asker { headers, ..stage.host.clone() };
        let town = &stage.town;
        async move { town.ask(&asker, method, &path, body.as_ref()).await }
    };
    // Words.
    let described = ask(Method::PATCH, one(&a), "\"1\"", Some(json!({"alt": " Kitchen "}))).await;
    assert_eq!((described.expect(200).json()["alt"].clone(), described.header("etag")), (json!("Kitchen"), "\"2\""));
    ask(Method::PATCH, one(&a), "\"1\"", Some(json!({"alt": "Late"}))).await.expect_problem(412, "stale");
    ask(Method::PATCH, one(&a), "", Some(json!({"alt": "a\nb"}))).await.expect_problem(422, "invalid_alt");
    ask(Method::PATCH, one(&a), "", Some(json!({"alt": "x", "hash": "y"}))).await.expect(400);
    ask(Method::PATCH, format!("{}/{}", stage.path(), Uuid::now_v7()), "", Some(json!({"alt": "x"}))).await.expect_problem(404, "not_found");
    // Order, on condition of the list's tag.
    let order = format!("{}/order", stage.path());
    let tag = stage.town.get(&stage.host, &stage.path()).await.header("etag").to_owned();
    let wanted = json!({"photos": [c["id"], a["id"], b["id"]]});
    let ordered = ask(Method::PUT, order.clone(), &tag, Some(wanted.clone())).await;
    assert_eq!(ordered.expect(200).json()["data"][0]["id"], c["id"]);
    assert_eq!(ordered.header("etag"), stage.town.get(&stage.host, &stage.path()).await.header("etag"));
    ask(Method::PUT, order.clone(), &tag, Some(wanted.clone())).await.expect_problem(412, "stale");
    for odd in [json!([a["id"]]), json!([a["id"], a["id"], b["id"]]), json!([a["id"], b["id"], Uuid::now_v7()]), json!([])] {
        ask(Method::PUT, order.clone(), "", Some(json!({"photos": odd}))).await.expect_problem(422, "photo_order");
    }
    let page = format!("/listings/{}", stage.listing);
    until(async || stage.town.get(&stage.host, &page).await.json()["photo_url"] == c["files"][1]["url"]).await;
    // Removal.
    ask(Method::DELETE, one(&c), "\"9\"", None).await.expect_problem(412, "stale");
    ask(Method::DELETE, one(&c), "", None).await.expect(204);
    ask(Method::DELETE, one(&c), "", None).await.expect_problem(404, "not_found");
    until(async || stage.town.get(&stage.host, &page).await.json()["photo_url"] == a["files"][1]["url"]).await;
    ask(Method::DELETE, one(&a), "", None).await.expect(204);
    ask(Method::DELETE, one(&b), "", None).await.expect(204);
    until(async || stage.town.get(&stage.host, &page).await.json()["photo_url"].is_null()).await;
    assert!(stage.list().await.is_empty());
});

on_both!(photos_are_their_hosts_alone, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let photo = stage.add(1).await;
    let stranger = stage.town.newcomer("Bo").await;
    let one = format!("{}/{}", stage.path(), photo["id"].as_str().unwrap());
    let files_before = stage.files().len();
    stage.upload_as(&stranger, &[file("x.jpg", jpeg(300, 200, 9))]).await.expect_problem(403, "forbidden");
    stage.upload_as(&Asker::default(), &[file("x.jpg", jpeg(300, 200, 9))]).await.expect_problem(401, "unauthenticated");
    stage.town.ask(&stranger, Method::DELETE, &one, None).await.expect_problem(403, "forbidden");
    stage.town.ask(&stranger, Method::PATCH, &one, Some(&json!({"alt": "mine"}))).await.expect_problem(403, "forbidden");
    assert_eq!((stage.files().len(), stage.list().await.len()), (files_before, 1));
    // A listing that is not published is nobody else's to know of.
    let written: Result<u64, stopover::platform::db::DbError> = db.write(|tx, _| tx.execute("UPDATE listings SET state = 'draft'", &[])).await;
    written.unwrap();
    stage.town.get(&stranger, &stage.path()).await.expect_problem(404, "not_found");
    stage.town.get(&Asker::default(), &stage.path()).await.expect_problem(404, "not_found");
    stage.upload_as(&stranger, &[file("x.jpg", jpeg(300, 200, 9))]).await.expect_problem(404, "not_found");
    assert_eq!(stage.list().await.len(), 1);
    // One's own photo is not found under another listing.
    let other = crate::support::homes::home(&db, &stage.town.get(&stage.host, "/me").await.json()["id"], "Another").await;
    let astray = format!("/listings/{other}/photos/{}", photo["id"].as_str().unwrap());
    stage.town.ask(&stage.host, Method::DELETE, &astray, None).await.expect_problem(404, "not_found");
});

on_both!(a_listing_has_only_so_many_photos, async |db: TestDb| {
    let stage = Stage::with(&db, |config| (config.media.photos_per_listing, config.media.photos_per_upload) = (3, 2)).await;
    let photo = |seed| file("x.jpg", jpeg(100, 80, seed));
    stage.upload(&[photo(1), photo(2), photo(3)]).await.expect_problem(413, "body_too_large");
    stage.upload(&[photo(1), photo(2)]).await.expect(201);
    stage.upload(&[photo(3), photo(4)]).await.expect_problem(409, "too_many_photos");
    stage.upload(&[photo(3)]).await.expect(201);
    stage.upload(&[photo(4)]).await.expect_problem(409, "too_many_photos");
    assert_eq!(stage.list().await.len(), 3);
});

on_both!(an_upload_with_a_key_happens_once, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let keyed = Asker { headers: vec![("idempotency-key".into(), "first".into()), ("content-length".into(), "4000".into())], ..stage.host.clone() };
    let parts = [file("x.jpg", jpeg(100, 80, 1))];
    let first = stage.upload_as(&keyed, &parts).await;
    let again = stage.upload_as(&keyed, &parts).await;
    assert_eq!((first.expect(201).body.clone(), again.header("idempotent-replayed")), (again.expect(201).body.clone(), "true"));
    assert_eq!(stage.list().await.len(), 1);
});

on_both!(an_export_lists_photos, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    stage.upload(&[alt("Stairs"), file("../secret/stairs.jpg", jpeg(100, 80, 1))]).await.expect(201);
    let me: Uuid = stage.town.get(&stage.host, "/me").await.json()["id"].as_str().unwrap().parse().unwrap();
    let found = db.clone();
    let zip = crate::support::off_thread(move || {
        let holders = stopover::platform::privacy::Holders::new(vec![Box::new(media::PhotoData)]);
        found.bulk(|conn| holders.export(conn, stopover::values::UserId(me)))
    });
    let bytes: Result<Vec<u8>, stopover::platform::db::DbError> = zip.await;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes.unwrap())).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("photos.json").unwrap(), &mut text).unwrap();
    let photos: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&photos[0]["file_name"], &photos[0]["alt"]), (&json!("stairs.jpg"), &json!("Stairs")));
    assert!(photos[0]["files"][0].as_str().unwrap().starts_with("/media/"));
});

on_both!(the_last_photo_of_a_home_that_guests_see_stays, async |db: TestDb| {
    let stage = Stage::with(&db, |config| config.listings.photo_required = true).await;
    let (first, second) = (stage.add(1).await, stage.add(2).await);
    let one = |photo: &serde_json::Value| format!("{}/{}", stage.path(), photo["id"].as_str().unwrap());
    stage.town.ask(&stage.host, Method::DELETE, &one(&first), None).await.expect(204);
    stage.town.ask(&stage.host, Method::DELETE, &one(&second), None).await.expect_problem(422, "listing_incomplete");
    stage.town.ask(&stage.host, Method::POST, &format!("/listings/{}/pause", stage.listing), None).await.expect(200);
    stage.town.ask(&stage.host, Method::DELETE, &one(&second), None).await.expect(204);
});

on_both!(photos_that_guests_see_keep_their_words, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let photo = stage.add(1).await;
    let one = format!("{}/{}", stage.path(), photo["id"].as_str().unwrap());
    let say = async |alt: &str| stage.town.ask(&stage.host, Method::PATCH, &one, Some(&json!({"alt": alt}))).await;
    say("Attic").await.expect(200);
    assert_eq!(say("").await.expect_problem(422, "listing_incomplete").json()["errors"][0]["pointer"], "/body/alt");
    stage.town.ask(&stage.host, Method::POST, &format!("/listings/{}/pause", stage.listing), None).await.expect(200);
    say("").await.expect(200);
});

on_both!(publishing_can_ask_for_words, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let photo = stage.add(1).await;
    let missing = async |alt_text_required| {
        let listing = stopover::values::ListingId(stage.listing);
        let mut config = Config::default();
        config.media.alt_text_required = alt_text_required;
        let guard = media::PhotoGuard::new(Arc::new(config));
        let counted: Result<usize, stopover::platform::db::DbError> = db.read(move |conn| Ok(guard.missing(conn, listing)?.len())).await;
        counted.unwrap()
    };
    assert_eq!((missing(true).await, missing(false).await), (1, 0));
    let one = format!("{}/{}", stage.path(), photo["id"].as_str().unwrap());
    stage.town.ask(&stage.host, Method::PATCH, &one, Some(&json!({"alt": "Attic"}))).await.expect(200);
    assert_eq!(missing(true).await, 0);
});

on_both!(statements_use_indexes, async |db: TestDb| {
    for (sql, kinds) in media::STATEMENTS {
        let params = kinds.chars().map(|kind| match kind {
            'u' => Value::Uuid(Uuid::nil()),
            't' => Value::Text("x".into()),
            _ => Value::Instant(Instant(0)),
        });
        uses_index(&db, sql, params.collect()).await;
    }
});
