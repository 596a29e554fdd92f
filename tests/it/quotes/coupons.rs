//! Coupons: hosts and staff make them, guests use them, bookings count them.

use super::{ask, count, expect_sums, host, plan, run, wish, with, with_role};
use crate::support::homes;
use crate::support::town::{Asker, Town};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::features::quotes::{give_back, redeem};
use stopover::platform::config::FeePreset;
use stopover::platform::db::DbResult;
use stopover::platform::error::{Error, Result};
use stopover::values::{BookingId, Instant, UserId};
use uuid::Uuid;

async fn amounts(town: &Town, asker: &Asker, home: Uuid, code: &str) -> Json {
    let quote = ask(town, asker, wish(home, "2026-07-01", "2026-07-04", json!({"coupon": code}))).await;
    quote.expect(201).json()
}

async fn refused(town: &Town, asker: &Asker, home: Uuid, code: &str) -> String {
    let reply = ask(town, asker, wish(home, "2026-07-01", "2026-07-04", json!({"coupon": code}))).await;
    reply.expect_problem(422, "coupon_invalid").json()["reason"].as_str().unwrap().to_owned()
}

on_both!(a_coupon_is_borne_by_whoever_made_it, async |db: TestDb| {
    let town = Town::with(&db, |config| config.fees.model = FeePreset::Split).await;
    let (ada, home) = host(&town, &db, "Ada").await;
    let fin = with_role(&town, &db, "Fin", "finance").await;
    let plain = ask(&town, &ada, wish(home, "2026-07-01", "2026-07-04", json!({}))).await.expect(201).json();
    assert_eq!((&plain["total_price"]["amount"], &plain["host"]["host_payout"]["amount"]), (&json!(33_600), &json!(29_100)));
    let made = town.post(&ada, &format!("/listings/{home}/coupons"), json!({"code": "Sømmer", "percent_bp": 1_000, "most": 2_000})).await;
    let coupon = made.expect(201).json();
    assert_eq!((&coupon["funded_by"], &coupon["most"], &coupon["listing_id"]), (&json!("host"), &json!({"amount": 2_000, "currency": "USD"}), &json!(home)));
    let of_host = amounts(&town, &ada, home, " SØMMER ").await;
    // 30 000 less 2 000, and the fees on what is left.
    assert_eq!((&of_host["total_price"]["amount"], &of_host["host"]["host_payout"]["amount"]), (&json!(31_360), &json!(27_160)));
    assert_eq!((&of_host["coupon"], &of_host["lines"][1]["key"]), (&json!("Sømmer"), &json!("Sømmer")));
    let asked = json!({"code": "welcome", "amount": 5_000, "currency": "USD", "reason": "a launch"});
    town.post(&fin, "/admin/coupons", asked.clone()).await.expect(201);
    let of_platform = amounts(&town, &ada, home, "WELCOME").await;
    assert_eq!((&of_platform["total_price"]["amount"], &of_platform["host"]["host_payout"]["amount"]), (&json!(28_600), &json!(29_100)));
    // The host's own comes first where codes are the same.
    town.post(&ada, &format!("/listings/{home}/coupons"), json!({"code": "Welcome", "amount": 1})).await.expect(201);
    assert_eq!(amounts(&town, &ada, home, "welcome").await["coupon"], "Welcome");
    expect_sums(&db).await;
    // What a platform's coupon takes off is never more than the accommodation.
    town.post(&fin, "/admin/coupons", json!({"code": "HUGE", "amount": 99_999_999, "currency": "USD", "reason": "a slip"})).await.expect(201);
    assert_eq!(amounts(&town, &ada, home, "HUGE").await["total_price"]["amount"], 3_600);

    let (bad_reason, no_currency) = (json!({"code": "abc", "percent_bp": 1, "reason": " "}), json!({"code": "abc", "amount": 1, "reason": "x"}));
    town.post(&fin, "/admin/coupons", bad_reason).await.expect_problem(422, "invalid_reason");
    town.post(&fin, "/admin/coupons", no_currency).await.expect_problem(422, "invalid_currency");
    town.post(&fin, "/admin/coupons", asked).await.expect_problem(409, "coupon_exists");
    town.post(&ada, &format!("/listings/{home}/coupons"), json!({"code": "sømmer", "amount": 1})).await.expect_problem(409, "coupon_exists");
    town.post(&ada, &format!("/listings/{home}/coupons"), json!({"code": "x", "amount": 1})).await.expect_problem(422, "out_of_range");
    let trail = town.get(&fin, "/admin/audit?action=coupon.made").await.expect(200).json();
    assert_eq!((trail["data"].as_array().unwrap().len(), &trail["data"][1]["reason"]), (4, &json!(null)));
    assert_eq!(trail["data"][0]["reason"], "a slip");
});

on_both!(a_coupon_holds_where_and_when_it_says, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, home) = host(&town, &db, "Ada").await;
    let me = town.get(&ada, "/me").await.expect(200).json();
    let second = homes::home(&db, &me["id"], "Beside the lark").await;
    run(&db, "UPDATE listings SET departure_days = 127 WHERE id = $1", vec![second.into()]).await;
    let (bo, other) = host(&town, &db, "Bo").await;
    let anybody = Asker::default();
    let make = async |more: Json| {
        let mut body = json!({"percent_bp": 1_000});
        more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        town.post(&ada, &format!("/listings/{home}/coupons"), body).await.expect(201).json()
    };
    let here = make(json!({"code": "here"})).await;
    make(json!({"code": "mine", "everywhere": true})).await;
    make(json!({"code": "later", "valid_from": "2026-06-01T12:00:01Z"})).await;
    make(json!({"code": "before", "valid_to": "2026-06-01T11:59:59Z"})).await;
    make(json!({"code": "long", "min_nights": 4})).await;
    for (at, code, answer) in [
        (second, "here", "unknown"),
        (other, "mine", "unknown"),
        (home, "later", "not_yet"),
        (home, "before", "over"),
        (home, "long", "too_few_nights"),
        (home, "none", "unknown"),
    ] {
        assert_eq!(refused(&town, &anybody, at, code).await, answer, "{code}");
    }
    for (at, code) in [(home, "here"), (home, "mine"), (second, "mine")] {
        assert_eq!(amounts(&town, &anybody, at, code).await["total_price"]["amount"], 27_000, "{code}");
    }
    town.clock.advance_seconds(1);
    amounts(&town, &anybody, home, "later").await;

    // Pages, newest first; only for those who may edit the prices.
    let path = format!("/listings/{home}/coupons");
    let page = town.get(&ada, &format!("{path}?limit=3")).await.expect(200).json();
    let next = town.get(&ada, &format!("{path}?limit=3&cursor={}", page["next_cursor"].as_str().unwrap())).await.expect(200).json();
    let codes: Vec<&Json> = page["data"].as_array().unwrap().iter().chain(next["data"].as_array().unwrap()).map(|coupon| &coupon["code"]).collect();
    assert_eq!(codes, [&json!("long"), &json!("before"), &json!("later"), &json!("mine"), &json!("here")]);
    assert_eq!((&page["has_more"], &next["has_more"]), (&json!(true), &json!(false)));
    town.get(&ada, &format!("{path}?cursor=nonsense")).await.expect_problem(400, "invalid_cursor");
    assert_eq!(town.get(&ada, &format!("/listings/{second}/coupons")).await.expect(200).json()["data"].as_array().unwrap().len(), 1);
    town.get(&bo, &path).await.expect_problem(403, "forbidden");
    town.post(&bo, &path, json!({"code": "theft", "percent_bp": 1})).await.expect_problem(403, "forbidden");
    // A co-host for everything makes coupons for the home, and none for the others.
    const HELP: &str =
        "INSERT INTO co_hosts (listing_id, user_id, level, version, created_at) SELECT $1, user_id, 'full', 1, $2 FROM accounts WHERE email = 'bo@example.org'";
    run(&db, HELP, vec![home.into(), Instant(0).into()]).await;
    town.post(&bo, &path, json!({"code": "help", "percent_bp": 1})).await.expect(201);
    town.post(&bo, &path, json!({"code": "more", "percent_bp": 1, "everywhere": true})).await.expect_problem(403, "forbidden");

    // Ended, its code is free again; quotes that have it keep it.
    let quote = amounts(&town, &anybody, home, "here").await;
    let end = format!("/coupons/{}", here["id"].as_str().unwrap());
    town.ask(&with(&ada, "if-match", "\"7\""), Method::DELETE, &end, None).await.expect_problem(412, "stale");
    town.ask(&ada, Method::DELETE, &end, None).await.expect(204);
    town.ask(&ada, Method::DELETE, &end, None).await.expect(204);
    assert_eq!(refused(&town, &anybody, home, "here").await, "unknown");
    assert_eq!(town.get(&anybody, &format!("/quotes/{}", quote["id"].as_str().unwrap())).await.expect(200).json(), quote);
    make(json!({"code": "here"})).await;
    let foreign = town.newcomer("Cy").await;
    let mine = town.get(&ada, &path).await.expect(200).json()["data"][0]["id"].as_str().unwrap().to_owned();
    town.ask(&foreign, Method::DELETE, &format!("/coupons/{mine}"), None).await.expect_problem(404, "not_found");
    let otto = with_role(&town, &db, "Otto", "operator").await;
    let reason = json!({"reason": "x"});
    town.ask(&otto, Method::DELETE, &format!("/admin/coupons/{mine}"), Some(&reason)).await.expect_problem(404, "not_found");
    assert_eq!(count(&db, "SELECT COUNT(*) FROM audit WHERE action = 'coupon.ended'").await, 1);
});

on_both!(bookings_count_uses_and_give_them_back, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, home) = host(&town, &db, "Ada").await;
    plan(&town, &ada, home, json!({})).await;
    let body = json!({"code": "twice", "percent_bp": 1_000, "max_uses": 2, "per_guest": 1});
    let coupon = homes::id(&town.post(&ada, &format!("/listings/{home}/coupons"), body).await.expect(201).json()["id"]);
    let mut guests = Vec::new();
    for name in ["Bo", "Cy", "Di"] {
        let asker = town.newcomer(name).await;
        let id = UserId(homes::id(&town.get(&asker, "/me").await.expect(200).json()["id"]));
        guests.push((asker, id, BookingId::new()));
    }
    let take = async |guest: usize, booking: BookingId| -> Result<()> {
        let user = guests[guest].1;
        db.write(move |tx, now| redeem(tx, now, coupon, user, booking)).await
    };
    let code = |refused: Result<()>| match refused {
        Err(Error::Refused(refused)) => refused.data["reason"].clone(),
        other => panic!("{other:?}"),
    };
    take(0, guests[0].2).await.unwrap();
    take(0, guests[0].2).await.unwrap();
    assert_eq!(code(take(0, BookingId::new()).await), "used_by_you");
    assert_eq!(refused(&town, &guests[0].0, home, "twice").await, "used_by_you");
    amounts(&town, &guests[1].0, home, "twice").await;
    take(1, guests[1].2).await.unwrap();
    assert_eq!(code(take(2, guests[2].2).await), "used_up");
    assert_eq!(refused(&town, &guests[2].0, home, "twice").await, "used_up");
    let booking = guests[1].2;
    let back = async || -> DbResult<()> { db.write(move |tx, _| give_back(tx, booking)).await };
    back().await.unwrap();
    back().await.unwrap();
    assert_eq!(count(&db, "SELECT uses FROM coupons").await, 1);
    take(2, guests[2].2).await.unwrap();

    // Many at once: never more than it is good for.
    run(&db, "UPDATE coupons SET max_uses = 5, per_guest = NULL", vec![]).await;
    let (user, mut all) = (guests[1].1, Vec::new());
    for _ in 0..12 {
        let db = db.clone();
        all.push(tokio::spawn(async move { db.write(move |tx, now| redeem(tx, now, coupon, user, BookingId::new())).await.is_ok() }));
    }
    let mut taken = 0;
    for one in all {
        taken += i32::from(one.await.unwrap());
    }
    assert_eq!((taken, count(&db, "SELECT uses FROM coupons").await, count(&db, "SELECT COUNT(*) FROM coupon_uses").await), (3, 5, 5));
});
