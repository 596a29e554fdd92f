//! Hosts set what their homes cost.

use super::{events, golden, host, pointers, priced, put, run, total, with, with_role};
use crate::support::town::{Asker, Town};
use crate::support::{TestDb, on_both};
use serde_json::{Value as Json, json};
use stopover::features::calendar::Party;
use stopover::features::pricing::{Ask, Guests};
use stopover::platform::config::FeePreset;
use stopover::platform::db::DbResult;
use stopover::values::{Instant, Night, Stay, UserId};
use uuid::Uuid;

on_both!(a_plan_is_set_read_and_felt, async |db: TestDb| {
    let town = Town::with(&db, |config| config.fees.model = FeePreset::Split).await;
    let (ada, home) = host(&town, &db, "Ada").await;
    let path = format!("/listings/{home}/pricing");
    let week = "check_in=2026-06-04&check_out=2026-06-11&adults=3";
    run(&db, "UPDATE listings SET departure_days = 127 WHERE id = $1", vec![home.into()]).await;
    assert_eq!(total(&town, home, week).await, 70_000 + 8_400, "seven nights and the platform's fee");

    let first = town.get(&ada, &path).await;
    let before = first.expect(200).json();
    assert_eq!((&before["base_price"], &before["currency"], &before["plan"]), (&json!(10_000), &json!("USD"), &json!({})));
    assert_eq!(before["platform_fees"], json!({"guest_bp": 1_200, "guest_min": null, "guest_max": null, "host_bp": 300}));
    assert_eq!((first.header("cache-control"), &before["place_taxes"]), ("no-store", &json!([])));
    let tag = first.header("etag").to_owned();
    town.get(&with(&ada, "if-none-match", &tag), &path).await.expect(304);

    let news = events(&db, "listing.changed", home).await;
    let body = json!({"base_price": 10_000, "currency": "USD", "plan": golden()});
    let changed = put(&town, &with(&ada, "if-match", &tag), &path, body.clone()).await;
    let view = changed.expect(200).json();
    assert_eq!(view["plan"]["weekend"], json!({"days": ["friday", "saturday"], "price": 12_000}));
    assert_eq!(view["plan"]["fees"], golden()["fees"]);
    assert_eq!(town.get(&ada, &path).await.header("etag"), changed.header("etag"));
    put(&town, &with(&ada, "if-match", &tag), &path, body.clone()).await.expect_problem(412, "stale");
    assert_eq!(events(&db, "listing.changed", home).await, news + 1);
    // What is read can be sent back, and changes nothing.
    let again = json!({"base_price": view["base_price"], "currency": view["currency"], "plan": view["plan"]});
    put(&town, &ada, &path, again).await.expect(200);
    assert_eq!(events(&db, "listing.changed", home).await, news + 1);

    // 83 100 and the fee of 9 972 (P21, without taxes); one night's price is that of its day.
    assert_eq!(total(&town, home, week).await, 93_072);
    let days = town.get(&Asker::default(), &format!("/listings/{home}/calendar?from=2026-06-04&to=2026-06-08")).await.expect(200).json();
    let prices: Vec<i64> = days["data"].as_array().unwrap().iter().map(|day| day["price"]["amount"].as_i64().unwrap()).collect();
    assert_eq!(prices, [10_000, 12_000, 12_000, 10_000]);
    let stay = Stay::new(Night::parse("2026-06-04").unwrap(), Night::parse("2026-06-11").unwrap()).unwrap();
    let guests = Guests::of(Party { adults: 3, children: 0, infants: 0, pets: 0 });
    assert_eq!(priced(&town, &db, home, Ask::standard(stay, guests, 3)).await.total_price, 93_072);

    // Everything can be taken back; an import leaves alone what a host has set.
    put(&town, &ada, &path, json!({"base_price": 9_000, "plan": {}})).await.expect(200);
    assert_eq!(total(&town, home, week).await, 63_000 + 7_560);
    let edited: DbResult<Option<String>> =
        db.read(move |conn| conn.first("SELECT CAST(edited_fields AS TEXT) FROM listings WHERE id = $1", &[home.into()], |row| row.get(0))).await;
    assert_eq!(serde_json::from_str::<Json>(&edited.unwrap().unwrap()).unwrap(), json!(["price_minor"]));
});

on_both!(every_bad_field_is_named, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, home) = host(&town, &db, "Ada").await;
    let path = format!("/listings/{home}/pricing");
    let fee = json!({"key": "a", "name": "A", "scope": "per_night", "mandatory": true, "refund_rule": "never", "taxable": true, "collected": "at_booking"});
    let season = json!({"name": "Summer", "from": "2026-07-01", "to": "2026-07-01", "price": 0});
    let body = json!({"base_price": 0, "plan": {"weekend": {"days": [], "price": 12_000}, "fees": [fee], "seasons": [season], "los": [{"min_nights": 1, "off_bp": 9_001}]}});
    let reply = put(&town, &ada, &path, body).await;
    let mut named = pointers(reply.expect_problem(422, "invalid_pricing"));
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "/body/base_price",
            "/body/plan/fees/0/amount",
            "/body/plan/los/0/min_nights",
            "/body/plan/los/0/off_bp",
            "/body/plan/seasons/0/price",
            "/body/plan/seasons/0/to",
            "/body/plan/weekend/days"
        ]
    );
    let dated = |from: &str| json!({"base_price": 1, "plan": {"seasons": [{"name": "S", "from": from, "to": "2026-08-01"}]}});
    let reply = put(&town, &ada, &path, dated("2026-07-01T00:00:00Z")).await;
    assert_eq!(pointers(reply.expect_problem(422, "invalid_pricing")), ["/body/plan/seasons/0/from"]);
    put(&town, &ada, &path, json!({"base_price": 1, "currency": "EUR", "plan": {}})).await.expect_problem(422, "other_currency");
    put(&town, &ada, &path, json!({"base_price": 1, "currency": "XXZ", "plan": {}})).await.expect_problem(422, "invalid_currency");
    for body in [
        json!({"base_price": 1}),
        json!({"plan": {}}),
        json!({"base_price": 1.5, "plan": {}}),
        json!({"base_price": 1, "plan": {"weekends": {}}}),
        json!({"base_price": 1, "plan": {"weekend": {"days": ["freitag"], "price": 1}}}),
        json!({"base_price": 1, "plan": {}, "version": 9}),
    ] {
        put(&town, &ada, &path, body.clone()).await.expect_problem(400, "invalid_body");
    }
    let below = json!({"base_price": 1, "plan": {"los": [{"min_nights": -7, "off_bp": 1}]}});
    let refused = put(&town, &ada, &path, below).await;
    assert_eq!(pointers(refused.expect_problem(422, "out_of_range")), ["/body/plan/los/0/min_nights"]);
    assert_eq!(town.get(&ada, &path).await.expect(200).json()["base_price"], 10_000);
});

on_both!(only_those_who_may_set_prices, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, home) = host(&town, &db, "Ada").await;
    let (bo, _) = host(&town, &db, "Bo").await;
    let (mona, otto) = (with_role(&town, &db, "Mona", "moderator").await, with_role(&town, &db, "Otto", "operator").await);
    let (path, body) = (format!("/listings/{home}/pricing"), json!({"base_price": 11_000, "plan": {}}));
    put(&town, &bo, &path, body.clone()).await.expect_problem(403, "forbidden");
    town.get(&bo, &path).await.expect_problem(403, "forbidden");
    put(&town, &Asker::default(), &path, body.clone()).await.expect_problem(401, "unauthenticated");
    town.get(&mona, &path).await.expect(200);
    put(&town, &mona, &path, body.clone()).await.expect_problem(403, "forbidden");
    // A co-host for everything may, one for the calendar may not.
    let cohost = |level: &'static str| {
        const LEVEL: &str =
            "INSERT INTO co_hosts (listing_id, user_id, level, version, created_at) SELECT $1, user_id, $2, 1, $3 FROM accounts WHERE email = 'bo@example.org'
            ON CONFLICT (listing_id, user_id) DO UPDATE SET level = excluded.level";
        run(&db, LEVEL, vec![home.into(), level.into(), Instant(0).into()])
    };
    cohost("calendar").await;
    put(&town, &bo, &path, body.clone()).await.expect_problem(403, "forbidden");
    cohost("full").await;
    put(&town, &bo, &path, body.clone()).await.expect(200);
    put(&town, &otto, &path, json!({"base_price": 12_000, "plan": {}})).await.expect(200);
    let trail = town.get(&otto, &format!("/admin/audit?object_kind=listing&object={home}&action=pricing.changed")).await.expect(200).json();
    let changes: Vec<&Json> = trail["data"].as_array().unwrap().iter().map(|entry| &entry["diff"]["base_price"]).collect();
    assert_eq!(changes, [&json!([11_000, 12_000]), &json!([10_000, 11_000])]);

    // Private homes look as if they were not there; archived ones stay as they are.
    run(&db, "UPDATE listings SET state = 'draft' WHERE id = $1", vec![home.into()]).await;
    let (_, stranger) = (town.newcomer("Cy").await, UserId::new());
    let cy = town.log_in("Cy").await;
    let nowhere = town.get(&cy, &format!("/listings/{}/pricing", stranger.0)).await;
    let private = town.get(&cy, &path).await;
    assert_eq!(private.expect_problem(404, "not_found").json()["detail"], nowhere.expect_problem(404, "not_found").json()["detail"]);
    put(&town, &ada, &path, body.clone()).await.expect(200);
    run(&db, "UPDATE listings SET state = 'archived' WHERE id = $1", vec![home.into()]).await;
    put(&town, &ada, &path, body).await.expect_problem(409, "conflict");
    town.get(&ada, &format!("/listings/{}/pricing", Uuid::now_v7())).await.expect_problem(404, "not_found");
});
