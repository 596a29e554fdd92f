//! Making and changing a home.

use super::stage::{act, least, make, patch, pointers, run, town, whole};
use crate::support::town::Asker;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value, json};
use stopover::platform::db::DbResult;
use uuid::Uuid;

on_both!(a_home_begins_as_a_draft_that_its_host_alone_sees, async |db: TestDb| {
    let town = town(&db).await;
    let (ada, bo, nobody) = (town.newcomer("Ada").await, town.newcomer("Bo").await, Asker::default());
    let made = town.post(&ada, "/listings", least("Attic of the swift")).await;
    let view = made.expect(201).json();
    let id = view["id"].as_str().unwrap();
    assert_eq!((made.header("location"), made.header("etag")), (format!("/api/v1/me/listings/{id}").as_str(), "\"1\""));
    assert_eq!((view["state"].as_str(), view["version"].as_i64()), (Some("draft"), Some(1)));
    let missing: Vec<&str> = view["missing"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    assert_eq!(missing, ["/description", "/base_price", "/rooms", "/bathrooms", "/private/address"]);

    let own = town.get(&ada, &format!("/me/listings/{id}")).await;
    let page = own.expect(200).json();
    assert_eq!((own.header("etag"), own.header("cache-control")), ("\"1\"", "no-store"));
    for (member, expected) in [
        ("/zone", json!("Europe/Lisbon")),
        ("/check_in_time", json!("15:00")),
        ("/check_out_time", json!("11:00")),
        ("/booking_mode", json!("request")),
        ("/base_price", Value::Null),
        ("/max_infants", json!(5)),
        ("/short_policy", json!("flexible")),
        ("/location/lat", json!(38.711)),
        ("/location/neighbourhood", json!("Alfama")),
    ] {
        assert_eq!(page.pointer(member).cloned().unwrap_or_default(), expected, "{member}");
    }
    town.get(&nobody, &format!("/listings/{id}")).await.expect_problem(404, "not_found");
    // What is foreign looks like what is not there, whatever is tried.
    for (method, path, body) in [
        (Method::GET, "/me/listings/ID", None),
        (Method::PATCH, "/listings/ID", Some(json!({"title": "Mine"}))),
        (Method::DELETE, "/listings/ID", None),
        (Method::POST, "/listings/ID/publish", None),
        (Method::POST, "/listings/ID/submit", None),
        (Method::POST, "/listings/ID/pause", None),
        (Method::PUT, "/listings/ID/texts/de", Some(json!({"title": "Meins"}))),
        (Method::DELETE, "/listings/ID/texts/de", None),
    ] {
        let mut answers = Vec::new();
        for one in [id.to_owned(), Uuid::now_v7().to_string()] {
            let reply = town.ask(&bo, method.clone(), &path.replace("ID", &one), body.as_ref()).await;
            reply.expect_problem(404, "not_found");
            answers.push(reply.text().replace(&one, "").replace(reply.header("x-request-id"), ""));
        }
        assert_eq!(answers[0], answers[1], "{method} {path}");
    }
});

on_both!(every_bad_field_is_named_at_once, async |db: TestDb| {
    let town = town(&db).await;
    let ada = town.newcomer("Ada").await;
    let nothing = town.post(&ada, "/listings", json!({})).await;
    nothing.expect_problem(422, "invalid_fields");
    assert_eq!(pointers(&nothing), ["/body/title", "/body/room_type", "/body/property_type", "/body/capacity", "/body/location", "/body/currency"]);
    let bad = json!({
        "title": "a\u{0}b", "summary": "x".repeat(501), "language": "klingon!", "room_type": "cave", "property_type": "hole", "capacity": 0,
        "max_infants": 21, "max_pets": -1, "unit_count": 501, "rooms": [{"kind": "cellar", "name": "a\nb", "beds": [{"kind": "nails", "count": 0}]}],
        "bathrooms": 100.5, "amenities": ["wifi", "dragon"], "other_amenities": ["x".repeat(81)], "accessibility": ["wings"],
        "location": {"lat": 91, "lng": 0, "city": " ", "country": "XX"}, "zone": "Mars/Olympus", "check_in_time": "25:00", "check_out_time": "9:00",
        "booking_mode": "never", "registration_number": "!!", "short_policy": "kind", "long_policy": "flexible", "currency": "ABC", "base_price": 0,
        "custom": {"view": "sea"}, "private": {"address": "x".repeat(501), "access_code": "1\n2"},
    });
    let expected = [
        "title",
        "summary",
        "language",
        "room_type",
        "property_type",
        "capacity",
        "max_infants",
        "max_pets",
        "unit_count",
        "registration_number",
        "short_policy",
        "long_policy",
        "check_in_time",
        "check_out_time",
        "rooms/0/kind",
        "rooms/0/name",
        "rooms/0/beds/0/kind",
        "rooms/0/beds/0/count",
        "bathrooms",
        "amenities/1",
        "other_amenities/0",
        "accessibility/0",
        "location",
        "location/city",
        "location/country",
        "zone",
        "booking_mode",
        "currency",
        "base_price",
        "custom/view",
        "private/address",
        "private/access_code",
    ];
    let refused = town.post(&ada, "/listings", bad).await;
    refused.expect_problem(422, "invalid_fields");
    assert_eq!(pointers(&refused), expected.map(|field| format!("/body/{field}")));
    for one in refused.json()["errors"].as_array().unwrap() {
        assert!(one["message"].as_str().unwrap().len() > 10 && one["code"].as_str().unwrap().len() > 5, "{one}");
    }
    for unreadable in [json!({"capacity": "4"}), json!({"rooms": {}}), json!({"state": "published"}), json!({"host_id": "x"})] {
        town.post(&ada, "/listings", unreadable).await.expect_problem(400, "invalid_body");
    }
    let count: DbResult<Option<i64>> = db.read(|conn| conn.first("SELECT COUNT(*) FROM listings", &[], |row| row.get(0))).await;
    assert_eq!(count.unwrap(), Some(0));
});

on_both!(a_change_changes_what_it_names_and_nothing_else, async |db: TestDb| {
    let town = town(&db).await;
    let ada = town.newcomer("Ada").await;
    let id = make(&town, &ada, whole("Attic of the swift")).await;
    let own = format!("/me/listings/{id}");
    let before = town.get(&ada, &own).await.json();
    assert_eq!((before["bedrooms"].as_i64(), before["beds"].as_i64(), before["missing"].as_array().map(Vec::len)), (Some(1), Some(2), Some(0)));
    assert_eq!((before["amenities"].clone(), before["edited_fields"].clone()), (json!(["wifi", "kitchen"]), json!([])));
    let changed = patch(&town, &ada, &id, json!({"title": "Cafe\u{301} 東京 🏡", "max_pets": 2, "summary": null})).await;
    let after = changed.expect(200).json();
    assert_eq!((changed.header("etag"), after["title"].as_str(), after["summary"].as_str()), ("\"2\"", Some("Café 東京 🏡"), Some("")));
    let differing: Vec<&String> = before.as_object().unwrap().keys().filter(|key| before[*key] != after[*key]).collect();
    assert_eq!(differing, ["edited_fields", "max_pets", "summary", "title", "version"]);
    assert_eq!(after["edited_fields"], json!(["title", "max_pets", "summary"]), "an import leaves them alone");
    // The same again changes nothing; nor does nothing.
    for same in [json!({"max_pets": 2}), json!({})] {
        assert_eq!(patch(&town, &ada, &id, same).await.expect(200).json()["version"], 2);
    }
    let stale = Asker { headers: vec![("if-match".into(), "\"1\"".into())], ..ada.clone() };
    patch(&town, &stale, &id, json!({"title": "Late"})).await.expect_problem(412, "stale");
    let fresh = Asker { headers: vec![("if-match".into(), "\"2\"".into())], ..ada.clone() };
    assert_eq!(patch(&town, &fresh, &id, json!({"title": "In time", "rooms": []})).await.expect(200).json()["beds"], Value::Null);
    // What was changed, and by whom, without the words.
    let trail: DbResult<Vec<String>> =
        db.read(|conn| conn.query("SELECT diff FROM audit WHERE action = 'listing.changed' ORDER BY id", &[], |row| row.get(0))).await;
    let trail = trail.unwrap();
    assert_eq!(trail.len(), 2);
    assert!(trail[0].contains("\"max_pets\":[0,2]") && trail[0].contains("\"title\":[\"hash:") && !trail[0].contains("Caf"), "{}", trail[0]);
});

on_both!(a_draft_sent_twice_with_its_key_is_made_once, async |db: TestDb| {
    let town = town(&db).await;
    let ada = town.newcomer("Ada").await;
    let keyed = Asker { headers: vec![("idempotency-key".into(), "draft-1".into())], ..ada.clone() };
    let first = town.post(&keyed, "/listings", whole("Once")).await;
    let again = town.post(&keyed, "/listings", whole("Once")).await;
    assert_eq!((first.expect(201).text(), again.header("idempotent-replayed")), (again.expect(201).text(), "true"));
    town.post(&keyed, "/listings", whole("Twice")).await.expect_problem(422, "idempotency_key_reused");
    // The key is looked up before the body is judged: what was answered stands, whatever fits today.
    town.post(&keyed, "/listings", json!({"title": 5})).await.expect_problem(422, "idempotency_key_reused");
    let unfit = Asker { headers: vec![("idempotency-key".into(), "draft-2".into())], ..ada.clone() };
    for _ in 0..2 {
        town.post(&unfit, "/listings", json!({"title": 5})).await.expect_problem(400, "invalid_body");
    }
    let count: DbResult<Option<i64>> = db.read(|conn| conn.first("SELECT COUNT(*) FROM listings", &[], |row| row.get(0))).await;
    assert_eq!(count.unwrap(), Some(1));
    // What is kept for the replay holds no secret.
    let kept: DbResult<Vec<Vec<u8>>> = db.read(|conn| conn.query("SELECT body FROM idempotency_keys WHERE body IS NOT NULL", &[], |row| row.get(0))).await;
    assert!(kept.unwrap().iter().all(|body| !String::from_utf8_lossy(body).contains("zanzibar")));
});

on_both!(whoever_helps_with_all_of_a_home_changes_it_and_does_not_end_it, async |db: TestDb| {
    const HELPS: &str = "INSERT INTO co_hosts (listing_id, user_id, level, version, created_at) SELECT l.id, a.user_id, $2, 1, a.created_at
        FROM listings l JOIN accounts a ON a.email_key = 'bo@example.org' WHERE l.id = $1";
    let town = town(&db).await;
    let (ada, bo) = (town.newcomer("Ada").await, town.newcomer("Bo").await);
    let id = make(&town, &ada, least("Attic")).await;
    run(&db, HELPS, vec![id.parse::<Uuid>().unwrap().into(), "full".into()]).await;
    patch(&town, &bo, &id, json!({"max_pets": 1})).await.expect(200);
    town.get(&bo, &format!("/me/listings/{id}")).await.expect(200);
    act(&town, &bo, &id, "publish").await.expect_problem(422, "listing_incomplete");
    town.ask(&bo, Method::DELETE, &format!("/listings/{id}"), None).await.expect_problem(403, "forbidden");
    let other = make(&town, &ada, least("Cellar")).await;
    run(&db, HELPS, vec![other.parse::<Uuid>().unwrap().into(), "calendar".into()]).await;
    patch(&town, &bo, &other, json!({"max_pets": 1})).await.expect_problem(403, "forbidden");
});

on_both!(what_no_host_has_priced_has_no_price, async |db: TestDb| {
    let town = town(&db).await;
    let ada = town.newcomer("Ada").await;
    let id = make(&town, &ada, least("Attic of the swift")).await;
    let shown = async || {
        let days = town.get(&ada, &format!("/listings/{id}/calendar?from=2026-07-01&to=2026-07-03")).await.expect(200).json();
        let mine = town.get(&ada, "/me/listings").await.expect(200).json();
        let pricing = town.get(&ada, &format!("/listings/{id}/pricing")).await.expect(200).json();
        let prices = days["data"].as_array().unwrap().iter().map(|day| day["price"]["amount"].clone()).collect::<Vec<_>>();
        (prices, mine["data"][0]["nightly"]["amount"].clone(), pricing["base_price"].clone())
    };
    assert_eq!(shown().await, (vec![Value::Null, Value::Null], Value::Null, Value::Null));
    // One day has a price before the home has.
    let edit = json!({"edits": [{"from": "2026-07-02", "to": "2026-07-03", "price": {"amount": 12_000, "currency": "EUR"}}]});
    town.ask(&ada, Method::PATCH, &format!("/listings/{id}/calendar"), Some(&edit)).await.expect(200);
    assert_eq!(shown().await, (vec![Value::Null, json!(12_000)], Value::Null, Value::Null));
    patch(&town, &ada, &id, json!({"base_price": 9_500})).await.expect(200);
    assert_eq!(shown().await, (vec![json!(9_500), json!(12_000)], json!(9_500), json!(9_500)));
});
