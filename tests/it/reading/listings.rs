//! The page of a listing, the profile of its host, the lists to choose from.

use super::street::{Door, home, write};
use crate::support::{TestDb, off_thread, on_both, uses_index};
use stopover::features::listings;
use stopover::platform::db::Db;
use stopover::platform::instance;
use stopover::values::{ListingId, UserId};

on_both!(a_page_tells_everything_but_the_exact_place, async |db: TestDb| {
    let (listing, host) = home(&db).await;
    let answer = Door::of(&db).get(&format!("/listings/{listing}")).await;
    let page = answer.ok();
    assert_eq!(answer.caching.as_deref(), Some("no-cache"));
    assert!(!answer.text.contains("42.6543") && !answer.text.contains("73.7612"), "{}", answer.text);
    for (member, expected) in [
        ("/id", serde_json::json!(listing)),
        ("/title", "Attic of the lark".into()),
        ("/description", "Under the roof.".into()),
        ("/location/lat", 42.655.into()),
        ("/bathrooms", 1.5.into()),
        ("/rating", 4.87.into()),
        ("/review_scores/cleanliness", 4.9.into()),
        ("/amenities/0/key", "wifi".into()),
        ("/amenities/0/group", "internet_and_office".into()),
        ("/other_amenities/0", "A view of the lark".into()),
        ("/nightly/amount", 10_000.into()),
        ("/nightly/currency", "USD".into()),
        ("/same_day_until", "18:00".into()),
        ("/departure_days/4", "friday".into()),
        ("/departure_days/5", serde_json::Value::Null),
        ("/registration_number", serde_json::Value::Null),
        ("/host/id", serde_json::json!(host)),
        ("/host/member_since", "2015-03-01".into()),
        ("/version", 7.into()),
    ] {
        assert_eq!(page.pointer(member).cloned().unwrap_or_default(), expected, "{member}");
    }
});

on_both!(a_page_is_kept_until_it_is_forgotten, async |db: TestDb| {
    let ((listing, _), door) = (home(&db).await, Door::of(&db));
    let path = format!("/listings/{listing}");
    let first = door.get(&path).await;
    write(&db, "UPDATE listings SET title = 'Cellar', version = 8 WHERE id = $1", vec![listing.into()]).await;
    assert_eq!(door.get(&path).await.text, first.text, "kept");
    let tag = first.tag.unwrap();
    let again = door.get_if_changed(&path, &tag).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    door.pages.forget(listing);
    let fresh = door.get_if_changed(&path, &tag).await;
    assert_eq!((fresh.status.as_u16(), fresh.json()["title"].as_str()), (200, Some("Cellar")));
    write(&db, "UPDATE listings SET state = 'paused' WHERE id = $1", vec![listing.into()]).await;
    door.pages.forget_all();
    door.refuses(&path, 404, "not_found").await;
});

on_both!(only_published_listings_are_seen, async |db: TestDb| {
    let ((listing, _), door) = (home(&db).await, Door::of(&db));
    for (state, sql) in [
        ("draft", "UPDATE listings SET state = 'draft' WHERE id = $1"),
        ("importing", "UPDATE listings SET state = 'importing' WHERE id = $1"),
        ("archived", "UPDATE listings SET state = 'archived' WHERE id = $1"),
    ] {
        write(&db, sql, vec![listing.into()]).await;
        for room in ["", "/calendar", "/why?check_in=2026-07-01&check_out=2026-07-03", "/reviews"] {
            let answer = door.get(&format!("/listings/{listing}{room}")).await;
            assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (404, Some("not_found")), "{state}{room}");
        }
    }
    door.refuses(&format!("/listings/{}", ListingId::new()), 404, "not_found").await;
    door.refuses("/listings/42", 400, "invalid_parameter").await;
    door.refuses(&format!("/listings/{listing}?fancy=1"), 400, "unknown_parameter").await;
});

on_both!(a_profile_counts_the_published_listings, async |db: TestDb| {
    let ((_, host), door) = (home(&db).await, Door::of(&db));
    let answer = door.get(&format!("/users/{host}")).await;
    let profile = answer.ok();
    assert_eq!((profile["name"].as_str(), profile["listing_count"].as_i64(), profile["response_rate"].as_i64()), (Some("Ada"), Some(1), Some(97)));
    assert_eq!((profile["languages"][0].as_str(), profile["member_since"].as_str()), (Some("en"), Some("2015-03-01")));
    assert!(answer.tag.is_some());
    door.refuses(&format!("/users/{}", ListingId::new()), 404, "not_found").await;
});

on_both!(the_lists_to_choose_from, async |db: TestDb| {
    let door = Door::of(&db);
    assert_eq!(door.get("/reference/property-types").await.ok(), serde_json::json!({ "data": [] }));
    let ((first, _), (second, _), _) = (home(&db).await, home(&db).await, home(&db).await);
    write(&db, "UPDATE listings SET property_type = 'camper_rv' WHERE id = $1", vec![first.into()]).await;
    write(&db, "UPDATE listings SET property_type = 'yurt', state = 'paused' WHERE id = $1", vec![second.into()]).await;
    let types = door.get("/reference/property-types").await;
    assert_eq!(types.ok(), serde_json::json!({ "data": [{ "slug": "camper_rv", "name": "Camper rv" }, { "slug": "entire_loft", "name": "Entire loft" }] }));
    assert_eq!(types.caching.as_deref(), Some("public, max-age=86400"));
    let amenities = door.get("/reference/amenities").await.ok();
    assert!(amenities["data"].as_array().unwrap().iter().any(|amenity| amenity["key"] == "wifi" && amenity["group"] == "internet_and_office"));
});

on_both!(the_secret_of_an_instance_is_made_once, async |db: TestDb| {
    let nodes: Vec<Db> = (0..4).map(|_| Db::clone(&db)).collect();
    let secrets: Vec<_> = nodes.into_iter().map(|node| tokio::spawn(off_thread(move || instance::secret(&node).unwrap()))).collect();
    let mut keys = Vec::new();
    for secret in secrets {
        keys.push(secret.await.unwrap().derive("test"));
    }
    assert!(keys.iter().all(|key| *key == keys[0]));
    assert_ne!(keys[0], [0; 32]);
});

on_both!(pages_and_profiles_are_found_by_index, async |db: TestDb| {
    for sql in listings::STATEMENTS.iter() {
        uses_index(&db, sql, vec![ListingId::new().into()]).await;
    }
    uses_index(&db, listings::STANDING, vec![ListingId::new().into(), UserId::new().into()]).await;
});
