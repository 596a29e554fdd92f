//! Wishes that cannot be fulfilled: every one is told why.

use super::{ask, count, host, plan, run, wish};
use crate::support::town::{Asker, Town};
use crate::support::{TestDb, on_both};
use serde_json::{Value as Json, json};
use stopover::values::Instant;
use uuid::Uuid;

on_both!(what_cannot_be_booked_is_refused_as_why_says, async |db: TestDb| {
    const BLOCK: &str = "INSERT INTO calendar_blocks (id, listing_id, from_night, to_night, reason, note, created_at) VALUES ($1, $2, '2026-07-10', '2026-07-12', 'owner', '', $3)";
    let town = Town::new(&db).await;
    let (_, home) = host(&town, &db, "Ada").await;
    run(&db, BLOCK, vec![Uuid::now_v7().into(), home.into(), Instant(0).into()]).await;
    let anybody = Asker::default();
    for (check_in, check_out, more, query) in [
        ("2026-07-09", "2026-07-11", json!({}), ""),
        ("2026-05-30", "2026-06-02", json!({}), ""),
        ("2026-07-01", "2026-07-02", json!({"adults": 5, "pets": 1}), "&pets=1"),
        ("2026-07-01", "2026-08-05", json!({"infants": 6}), "&infants=6"),
        ("2027-06-10", "2027-06-12", json!({}), ""),
    ] {
        let refused = ask(&town, &anybody, wish(home, check_in, check_out, more.clone())).await;
        let problem = refused.expect_problem(409, "dates_unavailable").json();
        let adults = more["adults"].as_i64().unwrap_or(2);
        let why =
            town.get(&anybody, &format!("/listings/{home}/why?check_in={check_in}&check_out={check_out}&adults={adults}{query}")).await.expect(200).json();
        assert_eq!((&problem["reasons"], &problem["nearest_available"]), (&why["reasons"], &why["nearest"]), "{check_in}");
        assert!(!problem["reasons"].as_array().unwrap().is_empty());
    }
    let refused = ask(&town, &anybody, wish(home, "2026-07-09", "2026-07-11", json!({}))).await.json();
    assert_eq!(
        (&refused["reasons"], &refused["nearest_available"][0]),
        (&json!(["dates_unavailable"]), &json!({"check_in": "2026-07-08", "check_out": "2026-07-10"}))
    );
    let map = town.get(&anybody, &format!("/listings/{home}/price-calendar?month=2026-07&nights=2")).await.expect(200).json();
    let told: Vec<(Json, Json)> = (7..12).map(|day| (map["data"][day]["total_price"]["amount"].clone(), map["data"][day]["reason"].clone())).collect();
    let free = (json!(20_000), json!(null));
    let taken = (json!(null), json!("dates_unavailable"));
    assert_eq!(told, [free.clone(), taken.clone(), taken.clone(), taken, free]);
    for (path, status, code) in [
        ("month=2026-13&nights=2", 400, "invalid_parameter"),
        ("month=9999-01&nights=2", 400, "invalid_parameter"),
        ("month=2026-07", 400, "invalid_parameter"),
        ("month=2026-07&nights=366", 422, "out_of_range"),
        ("month=2026-07&nights=2&adults=0", 422, "out_of_range"),
        ("month=2026-07&nights=2&child_age=4", 422, "out_of_range"),
        ("month=2026-07&nights=2&price=1", 400, "unknown_parameter"),
    ] {
        town.get(&anybody, &format!("/listings/{home}/price-calendar?{path}")).await.expect_problem(status, code);
    }
    town.get(&anybody, &format!("/listings/{}/price-calendar?month=2026-07&nights=2", Uuid::now_v7())).await.expect_problem(404, "not_found");
    assert_eq!(count(&db, "SELECT COUNT(*) FROM quotes").await, 0);
});

on_both!(odd_wishes_are_told_what_is_wrong, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, home) = host(&town, &db, "Ada").await;
    plan(&town, &ada, home, json!({"weekend": {"price": 100_000_000_000_i64}})).await;
    let anybody = Asker::default();
    let ages: Vec<u8> = vec![5; 10_000];
    for (more, code, pointer) in [
        (json!({"check_in": "9999-01-01", "check_out": "9999-01-05"}), "invalid_dates", "/body/check_in"),
        (json!({"check_in": "2026-07-01T00:00:00Z"}), "invalid_dates", "/body/check_in"),
        (json!({"check_out": "2026-07-01"}), "invalid_dates", "/body/check_out"),
        (json!({"check_out": "2027-07-02"}), "invalid_dates", "/body/check_out"),
        (json!({"adults": 0}), "out_of_range", "/body/adults"),
        (json!({"adults": -1}), "out_of_range", "/body/adults"),
        (json!({"children": 10_000}), "out_of_range", "/body/children"),
        (json!({"children_ages": ages}), "out_of_range", "/body/children_ages"),
        (json!({"children_ages": [18]}), "out_of_range", "/body/children_ages/0"),
        (json!({"infants": 9_223_372_036_854_775_807_i64}), "out_of_range", "/body/infants"),
        (json!({"infants": 1e30}), "out_of_range", "/body/infants"),
        (json!({"options": ["x", "x"]}), "unknown_option", "/body/options"),
        (json!({"options": ["x"]}), "unknown_option", "/body/options"),
        (json!({"coupon": "ŞÖMMÈR–💶"}), "coupon_invalid", "/body/coupon"),
        (json!({"coupon": "ŞÖMMÈR"}), "coupon_invalid", "/body/coupon"),
        (json!({"coupon": "x".repeat(20_000)}), "coupon_invalid", "/body/coupon"),
        (json!({"coupon": "' OR 1=1 --"}), "coupon_invalid", "/body/coupon"),
    ] {
        let refused = ask(&town, &anybody, wish(home, "2026-07-01", "2026-07-04", more.clone())).await;
        let problem = refused.expect_problem(422, code).json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{more}");
    }
    for more in [
        json!({"total_price": 1}),
        json!({"price": {"amount": 1, "currency": "USD"}}),
        json!({"adults": "two"}),
        json!({"adults": 1.5}),
        json!({"rate_plan": "gratis"}),
        json!({"children_ages": [null]}),
    ] {
        ask(&town, &anybody, wish(home, "2026-07-01", "2026-07-04", more)).await.expect_problem(400, "invalid_body");
    }
    // No such listing, and one that is not published, look alike.
    ask(&town, &anybody, wish(Uuid::now_v7(), "2026-07-01", "2026-07-04", json!({}))).await.expect_problem(404, "not_found");
    run(&db, "UPDATE listings SET state = 'paused' WHERE id = $1", vec![home.into()]).await;
    ask(&town, &anybody, wish(home, "2026-07-01", "2026-07-04", json!({}))).await.expect_problem(404, "not_found");
    assert_eq!(count(&db, "SELECT COUNT(*) FROM quotes").await, 0);
});

on_both!(a_price_that_cannot_be_written_is_refused, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (_, home) = host(&town, &db, "Ada").await;
    run(&db, "UPDATE listings SET price_minor = $2 WHERE id = $1", vec![home.into(), i64::MAX.into()]).await;
    ask(&town, &Asker::default(), wish(home, "2026-07-01", "2026-07-04", json!({}))).await.expect_problem(422, "price_too_large");
});
