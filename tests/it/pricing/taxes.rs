//! Operators tax places.

use super::{events, golden, host, pointers, put, run, total, with, with_role};
use crate::support::homes;
use crate::support::town::{Asker, Town};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::features::pricing;
use stopover::platform::config::FeePreset;
use stopover::platform::db::DbResult;
use stopover::values::Currency;
use uuid::Uuid;

fn vat() -> Json {
    json!({"country": "us", "rule": {"key": "vat", "name": "VAT", "bp": 1_000, "remitted_by": "platform", "collected": "at_booking"}, "reason": "the law"})
}

fn city_tax(city: &str) -> Json {
    json!({"country": "US", "city": city, "currency": "USD", "reason": "the council",
        "rule": {"key": "city_tax", "name": "City tax", "amount": 250, "basis": "guest_night", "age_exempt_below": 18, "max_nights": 5,
            "remitted_by": "platform", "collected": "at_booking"}})
}

on_both!(the_golden_stay_is_answered, async |db: TestDb| {
    let town = Town::with(&db, |config| config.fees.model = FeePreset::Split).await;
    let (ada, home) = host(&town, &db, "Ada").await;
    let otto = with_role(&town, &db, "Otto", "operator").await;
    run(&db, "UPDATE listings SET departure_days = 127 WHERE id = $1", vec![home.into()]).await;
    put(&town, &ada, &format!("/listings/{home}/pricing"), json!({"base_price": 10_000, "plan": golden()})).await.expect(200);
    for body in [vat(), city_tax(" ALBANY"), city_tax("Troy")] {
        let made = town.post(&otto, "/admin/taxes", body).await;
        let id = homes::id(&made.expect(201).json()["id"]);
        assert_eq!(made.header("location"), format!("/api/v1/admin/taxes/{id}"));
        assert_eq!(events(&db, "listings.replaced", id).await, 1);
    }
    let week = "check_in=2026-06-04&check_out=2026-06-11";
    assert_eq!(total(&town, home, &format!("{week}&adults=3")).await, 105_132, "P21");
    assert_eq!(total(&town, home, &format!("{week}&adults=2&children=1")).await, 105_132, "nobody knows that the child is one");
    assert_eq!(total(&town, home, &format!("{week}&adults=2&children=1&child_age=17")).await, 105_132 - 1_250);
    assert_eq!(total(&town, home, &format!("{week}&adults=1&children=2&child_age=4&child_age=9")).await, 105_132 - 2_500);
    let why = |query: String| {
        let town = &town;
        async move { town.get(&Asker::default(), &format!("/listings/{home}/why?{query}")).await }
    };
    why(format!("{week}&adults=2&children=1&child_age=4&child_age=9")).await.expect_problem(422, "out_of_range");
    why(format!("{week}&adults=2&children=1&child_age=18")).await.expect_problem(422, "out_of_range");
    why(format!("{week}&child_age=old")).await.expect_problem(400, "invalid_parameter");
    let shown = town.get(&ada, &format!("/listings/{home}/pricing")).await.expect(200).json();
    let keys: Vec<&str> = shown["place_taxes"].as_array().unwrap().iter().map(|tax| tax["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["vat", "city_tax"], "that of Troy is not for Albany");

    // The book of all taxes says the same as the look-up for one home.
    let found: DbResult<_> = db.read(pricing::tax_book).await;
    let (book, usd) = (found.unwrap(), Currency::parse("USD").unwrap());
    let keys = |country: &str, city: &str, currency| book.at(country, city, currency).into_iter().map(|rule| rule.key).collect::<Vec<_>>();
    assert_eq!(keys("US", "albany", usd), ["vat", "city_tax"]);
    assert_eq!(keys("US", "Albany", Currency::parse("EUR").unwrap()), ["vat"], "amounts hold in their own currency");
    assert_eq!(keys("US", "Boston", usd), ["vat"]);
    assert_eq!(keys("CA", "Albany", usd), [""; 0]);
});

on_both!(taxes_are_changed_on_condition_and_with_a_reason, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (_, home) = host(&town, &db, "Ada").await;
    let otto = with_role(&town, &db, "Otto", "operator").await;
    let fred = with_role(&town, &db, "Fred", "finance").await;
    town.get(&fred, "/admin/taxes").await.expect_problem(403, "forbidden");
    let nights = "check_in=2026-06-08&check_out=2026-06-10";
    let key = with(&otto, "idempotency-key", "one");
    let made = town.post(&key, "/admin/taxes", vat()).await.expect(201).json();
    assert_eq!(town.post(&key, "/admin/taxes", vat()).await.expect(201).json()["id"], made["id"], "made once");
    assert_eq!((&made["country"], &made["city"], &made["currency"], &made["version"]), (&json!("US"), &Json::Null, &Json::Null, &json!(1)));
    assert_eq!(made["rule"]["applies_to"], json!(["accommodation", "extra_guests", "fees"]));
    assert_eq!(total(&town, home, nights).await, 22_000);

    let path = format!("/admin/taxes/{}", made["id"].as_str().unwrap());
    let read = town.get(&otto, &path).await;
    assert_eq!((read.expect(200).json(), read.header("etag")), (made.clone(), "\"1\""));
    let mut dearer = vat();
    dearer["rule"]["bp"] = json!(2_000);
    put(&town, &with(&otto, "if-match", "\"2\""), &path, dearer.clone()).await.expect_problem(412, "stale");
    let changed = put(&town, &with(&otto, "if-match", "\"1\""), &path, dearer.clone()).await;
    assert_eq!((&changed.expect(200).json()["version"], changed.header("etag")), (&json!(2), "\"2\""));
    assert_eq!(total(&town, home, nights).await, 24_000);

    let reason = json!({"reason": "repealed"});
    town.ask(&with(&otto, "if-match", "\"1\""), Method::DELETE, &path, Some(&reason)).await.expect_problem(412, "stale");
    town.ask(&otto, Method::DELETE, &path, Some(&json!({"reason": " "}))).await.expect_problem(422, "invalid_reason");
    town.ask(&otto, Method::DELETE, &path, Some(&reason)).await.expect(204);
    town.ask(&otto, Method::DELETE, &path, Some(&reason)).await.expect_problem(404, "not_found");
    put(&town, &otto, &path, dearer).await.expect_problem(404, "not_found");
    town.get(&otto, &path).await.expect_problem(404, "not_found");
    assert_eq!(total(&town, home, nights).await, 20_000);
    let trail = town.get(&otto, &format!("/admin/audit?object_kind=tax&object={}", made["id"].as_str().unwrap())).await.expect(200).json();
    let told: Vec<(&str, &str)> =
        trail["data"].as_array().unwrap().iter().map(|entry| (entry["action"].as_str().unwrap(), entry["reason"].as_str().unwrap())).collect();
    assert_eq!(told, [("tax.removed", "repealed"), ("tax.changed", "the law"), ("tax.made", "the law")]);
});

on_both!(taxes_that_cannot_be_kept_are_refused_and_lists_are_paged, async |db: TestDb| {
    let town = Town::new(&db).await;
    let otto = with_role(&town, &db, "Otto", "operator").await;
    let mut wrong = city_tax("Troy\u{7}");
    wrong["country"] = json!("USA");
    wrong["currency"] = Json::Null;
    wrong["rule"]["max_nights"] = json!(0);
    wrong["rule"]["bp"] = json!(5);
    let reply = town.post(&otto, "/admin/taxes", wrong).await;
    let mut named = pointers(reply.expect_problem(422, "invalid_pricing"));
    named.sort_unstable();
    assert_eq!(named, ["/body/city", "/body/country", "/body/currency", "/body/rule/age_exempt_below", "/body/rule/bp", "/body/rule/max_nights"]);
    let mut dated = vat();
    dated["rule"]["valid_from"] = json!("2026-07-01T00:00");
    assert_eq!(pointers(town.post(&otto, "/admin/taxes", dated).await.expect_problem(422, "invalid_pricing")), ["/body/rule/valid_from"]);
    town.post(&otto, "/admin/taxes", json!({"country": "US", "reason": "x"})).await.expect_problem(400, "invalid_body");

    for _ in 0..20 {
        town.post(&otto, "/admin/taxes", vat()).await.expect(201);
    }
    town.post(&otto, "/admin/taxes", vat()).await.expect_problem(409, "too_many_taxes");
    town.post(&otto, "/admin/taxes", city_tax("Troy")).await.expect(201);
    let mut canadian = vat();
    canadian["country"] = json!("CA");
    town.post(&otto, "/admin/taxes", canadian).await.expect(201);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = town.get(&otto, &format!("/admin/taxes?country=us&limit=9{cursor}")).await.expect(200).json();
        seen.extend(page["data"].as_array().unwrap().iter().map(|tax| homes::id(&tax["id"])));
        assert_eq!(page["has_more"].as_bool().unwrap(), page["next_cursor"].is_string());
        let Some(next) = page["next_cursor"].as_str() else { break };
        town.get(&otto, &format!("/admin/taxes?limit=9&cursor={next}")).await.expect_problem(400, "invalid_cursor");
        cursor = format!("&cursor={next}");
    }
    let sorted: std::collections::BTreeSet<Uuid> = seen.iter().copied().collect();
    assert_eq!((seen.len(), sorted.len()), (21, 21));
    assert_eq!(town.get(&otto, "/admin/taxes?limit=100").await.expect(200).json()["data"].as_array().unwrap().len(), 22);
});
