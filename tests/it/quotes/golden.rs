//! The golden stay (docs/RULES.md, P21) over HTTP, and who sees what of it.

use super::{ask, expect_sums, host, plan, run, wish, with_role};
use crate::support::town::{Asker, Town};
use crate::support::{TestDb, on_both};
use serde_json::{Value as Json, json};
use stopover::platform::config::FeePreset;
use uuid::Uuid;

fn golden() -> Json {
    json!({
        "weekend": {"price": 12_000},
        "los": [{"min_nights": 7, "off_bp": 1_000}],
        "extra_guest": {"included": 2, "fee": 1_500},
        "fees": [{"key": "cleaning", "name": "Cleaning", "scope": "per_stay", "amount": 6_000, "mandatory": true,
            "refund_rule": "before_check_in", "taxable": true, "collected": "at_booking"}],
    })
}

/// A home in euros with the golden plan and the taxes of its place.
async fn golden_home(town: &Town, db: &TestDb) -> (Asker, Uuid) {
    let (ada, home) = host(town, db, "Ada").await;
    run(db, "UPDATE listings SET currency = 'EUR', short_policy = 'moderate' WHERE id = $1", vec![home.into()]).await;
    plan(town, &ada, home, golden()).await;
    let otto = with_role(town, db, "Otto", "operator").await;
    let place = |rule: Json| json!({"country": "US", "city": "Albany", "currency": "EUR", "rule": rule, "reason": "the law"});
    let vat = json!({"key": "vat", "name": "VAT", "bp": 1_000, "remitted_by": "platform", "collected": "at_booking"});
    let city = json!({"key": "city_tax", "name": "City tax", "amount": 250, "basis": "guest_night", "age_exempt_below": 18, "max_nights": 5,
        "remitted_by": "platform", "collected": "at_booking"});
    for rule in [vat, city] {
        town.post(&otto, "/admin/taxes", place(rule)).await.expect(201);
    }
    (ada, home)
}

on_both!(the_golden_stay_is_quoted_line_by_line, async |db: TestDb| {
    let town = Town::with(&db, |config| config.fees.model = FeePreset::Split).await;
    let (ada, home) = golden_home(&town, &db).await;
    let bo = town.newcomer("Bo").await;
    let asked = wish(home, "2026-06-04", "2026-06-11", json!({"adults": 3}));
    let reply = ask(&town, &bo, asked.clone()).await;
    let quote = reply.expect(201).json();
    assert_eq!(reply.header("location"), format!("/api/v1/quotes/{}", quote["id"].as_str().unwrap()));
    let lines: Vec<(&str, i64)> =
        quote["lines"].as_array().unwrap().iter().map(|line| (line["key"].as_str().unwrap(), line["amount"]["amount"].as_i64().unwrap())).collect();
    assert_eq!(
        lines,
        [
            ("nights", 50_000),
            ("nights", 24_000),
            ("length_of_stay", -7_400),
            ("extra_guests", 10_500),
            ("cleaning", 6_000),
            ("service_fee", 9_972),
            ("vat", 8_310),
            ("city_tax", 3_750)
        ]
    );
    let of = |name: &str| (quote[name]["amount"].as_i64().unwrap(), quote[name]["currency"].as_str().unwrap());
    assert_eq!((of("total_due"), of("total_price"), of("due_at_property")), ((105_132, "EUR"), (105_132, "EUR"), (0, "EUR")));
    assert_eq!((of("accommodation"), of("room"), of("base")), ((66_600, "EUR"), (77_100, "EUR"), (83_100, "EUR")));
    assert_eq!((of("service_fee"), of("taxes"), of("taxes_included"), of("average_nightly")), ((9_972, "EUR"), (12_060, "EUR"), (0, "EUR"), (15_018, "EUR")));
    let nights = |name: &str| quote["night_prices"].as_array().unwrap().iter().map(|night| night[name].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(nights("price"), [10_000, 12_000, 12_000, 10_000, 10_000, 10_000, 10_000]);
    assert_eq!(nights("allocated"), [10_493, 12_318, 12_317, 10_493, 10_493, 10_493, 10_493]);
    assert_eq!(quote["night_prices"][6]["date"], "2026-06-10");
    assert_eq!(quote["schedule"], json!([{"due_at": null, "amount": {"amount": 105_132, "currency": "EUR"}}]));
    // Of the moderate policy the free days are over; what is left is the step that ends at check-in, 15 o'clock in Albany.
    let cancellation = &quote["cancellation"];
    assert_eq!((&cancellation["policy"], &cancellation["grace_hours"]), (&json!("moderate"), &json!(null)));
    assert_eq!(cancellation["steps"], json!([{"until": "2026-06-04T19:00:00Z", "kept": {"amount": 43_796, "currency": "EUR"}}]));
    assert_eq!((&cancellation["after_check_in_further_nights"], &cancellation["after_check_in_rest_bp"]), (&json!(1), &json!(5_000)));
    assert_eq!((&quote["check_in_at"], &quote["check_out_at"]), (&json!("2026-06-04T19:00:00Z"), &json!("2026-06-11T15:00:00Z")));
    assert_eq!((&quote["created_at"], &quote["expires_at"]), (&json!("2026-06-01T12:00:00Z"), &json!("2026-06-01T12:15:00Z")));

    // Guests never see what the host is paid; the host's people and those who handle money do.
    assert_eq!(quote["host"], json!(null));
    assert!(!reply.text().contains("host_fee") && !reply.text().contains("80607"), "{}", reply.text());
    let own = ask(&town, &ada, asked.clone()).await.expect(201).json();
    assert_eq!(own["host"], json!({"host_fee": {"amount": 2_493, "currency": "EUR"}, "host_payout": {"amount": 80_607, "currency": "EUR"}}));
    assert_eq!(own["lines"].as_array().unwrap().len(), 9);
    assert_eq!(own["hash"], quote["hash"], "the same wish");
    let stranger = ask(&town, &Asker::default(), asked).await.expect(201).json();
    let path = format!("/quotes/{}", stranger["id"].as_str().unwrap());
    assert_eq!(town.get(&bo, &path).await.expect(200).json()["host"], json!(null));
    assert_eq!(town.get(&ada, &path).await.expect(200).json()["host"], own["host"]);
    assert_eq!(town.get(&with_role(&town, &db, "Fin", "finance").await, &path).await.expect(200).json()["host"], own["host"]);

    // What `why` and the heat map say is the same; children are exempt from the city's tax where their age is known.
    let anybody = Asker::default();
    let why = town.get(&anybody, &format!("/listings/{home}/why?check_in=2026-06-04&check_out=2026-06-11&adults=3")).await.expect(200).json();
    assert_eq!(why["stay"]["total"], quote["total_price"]);
    let map = town.get(&anybody, &format!("/listings/{home}/price-calendar?month=2026-06&nights=7&adults=3")).await.expect(200).json();
    let day = |date: usize| &map["data"][date - 1];
    assert_eq!((map["data"].as_array().unwrap().len(), &map["currency"]), (30, &json!("EUR")));
    assert_eq!((&day(4)["check_in"], &day(4)["total_price"], &day(4)["reason"]), (&json!("2026-06-04"), &quote["total_price"], &json!(null)));
    let child = json!({"adults": 2, "children_ages": [7]});
    let young = ask(&town, &anybody, wish(home, "2026-06-04", "2026-06-11", child)).await.expect(201).json();
    assert_eq!(young["total_price"]["amount"], 105_132 - 1_250);
    let unknown = json!({"adults": 2, "children": 1});
    let grown = ask(&town, &anybody, wish(home, "2026-06-04", "2026-06-11", unknown)).await.expect(201).json();
    assert_eq!((&grown["total_price"]["amount"], &grown["children"]), (&json!(105_132), &json!(1)));
    assert_eq!(expect_sums(&db).await, 5);
});

on_both!(long_and_cheaper_stays_have_their_own_terms, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, home) = host(&town, &db, "Ada").await;
    run(&db, "UPDATE listings SET max_nights = 90 WHERE id = $1", vec![home.into()]).await;
    let anybody = Asker::default();
    let cheaper = |more: Json| wish(home, "2026-09-01", "2026-09-04", more);
    ask(&town, &anybody, cheaper(json!({"rate_plan": "non_refundable"}))).await.expect_problem(422, "rate_not_offered");
    let fee = |key: &str, name: &str| {
        json!({"key": key, "name": name, "scope": "per_night", "amount": 500, "mandatory": key == "linen", "refund_rule": "with_room",
            "taxable": false, "collected": "at_property"})
    };
    plan(
        &town,
        &ada,
        home,
        json!({"non_refundable": {"off_bp": 1_000}, "fees": [fee("parking", "Parking"), fee("linen", "Linen")],
        "instalments": {"kind": "deposit", "deposit_bp": 3_000, "balance_days": 30}}),
    )
    .await;
    let plain = ask(&town, &anybody, cheaper(json!({}))).await.expect(201).json();
    assert_eq!(
        (&plain["total_due"]["amount"], &plain["total_price"]["amount"], &plain["due_at_property"]["amount"]),
        (&json!(30_000), &json!(31_500), &json!(1_500))
    );
    assert_eq!((&plain["cancellation"]["policy"], &plain["cancellation"]["grace_hours"]), (&json!("flexible"), &json!(24)));
    let parts = json!([{"due_at": null, "amount": {"amount": 9_000, "currency": "USD"}}, {"due_at": "2026-08-02T19:00:00Z", "amount": {"amount": 21_000, "currency": "USD"}}]);
    assert_eq!(plain["schedule"], parts);
    let both = ask(&town, &anybody, cheaper(json!({"rate_plan": "non_refundable", "options": ["parking"]}))).await.expect(201).json();
    assert_eq!((&both["total_due"]["amount"], &both["total_price"]["amount"]), (&json!(27_000), &json!(30_000)));
    assert_eq!(
        (&both["cancellation"]["policy"], &both["rate_plan"], &both["options"]),
        (&json!("non_refundable"), &json!("non_refundable"), &json!(["parking"]))
    );
    assert_ne!(both["hash"], plain["hash"]);
    for options in [json!(["linen"]), json!(["breakfast"]), json!(["parking", "\u{7}"])] {
        ask(&town, &anybody, cheaper(json!({"options": options}))).await.expect_problem(422, "unknown_option");
    }
    // From 28 nights on the long policy counts, and the stay is paid by the month.
    let long = ask(&town, &anybody, wish(home, "2026-09-01", "2026-10-06", json!({}))).await.expect(201).json();
    assert_eq!((&long["cancellation"]["policy"], &long["cancellation"]["after_check_in_further_nights"]), (&json!("firm_long"), &json!(30)));
    assert_eq!(long["schedule"][1]["due_at"], "2026-10-01T19:00:00Z");
    assert_eq!(expect_sums(&db).await, 3);
});
