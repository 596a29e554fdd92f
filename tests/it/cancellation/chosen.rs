//! Hosts choose a policy of the operator's, guests are promised it, and it is what they get.

use super::{Stage, keys, mix, pointers};
use crate::support::town::Asker;
use crate::support::{TestDb, on_both};
use serde_json::{Value as Json, json};

const POLICY: &str = "house_mix";

fn amount(money: &Json) -> i64 {
    money["amount"].as_i64().unwrap_or_else(|| panic!("{money}"))
}

on_both!(a_host_chooses_what_is_there, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    stage.choose(json!({"short_policy": POLICY})).await.expect_problem(422, "invalid_fields");
    let made = stage.make(mix(POLICY)).await.expect(201).json();
    let long = json!({"key": "our_months", "name": "Months", "stays": "long", "reason": "x",
        "rows": [{"days_before": 60, "kept_bp": 0}, {"days_before": 0, "first_nights": 28, "kept_bp": 0}],
        "after_check_in": {"further_nights": 27, "kept_bp": 0}});
    stage.make(long).await.expect(201);
    let choices = stage.town.get(&Asker::default(), "/reference/listing-choices").await.expect(200).json();
    assert_eq!((keys(&choices["short_policies"])[6..].to_vec(), keys(&choices["long_policies"])[2..].to_vec()), (vec![POLICY], vec!["our_months"]));
    // Each for stays of its length.
    let both = stage.choose(json!({"short_policy": "our_months", "long_policy": POLICY})).await;
    assert_eq!(pointers(both.expect_problem(422, "invalid_fields")), ["/body/short_policy", "/body/long_policy"]);
    let chosen = stage.choose(json!({"short_policy": POLICY, "long_policy": "our_months"})).await.expect(200).json();
    assert_eq!((chosen["short_policy"].as_str(), chosen["long_policy"].as_str()), (Some(POLICY), Some("our_months")));
    let page = stage.town.get(&Asker::default(), &format!("/listings/{}", stage.home)).await.expect(200).json();
    assert_eq!(page["short_policy"], POLICY);
    let months = stage.quote(&Asker::default(), "2026-09-01", "2026-10-11").await.expect(201).json()["cancellation"].clone();
    assert_eq!((months["policy"].as_str(), months["grace_hours"].clone()), (Some("our_months"), json!(null)));
    assert_eq!((months["steps"][0]["until"].as_str(), amount(&months["steps"][1]["kept"])), (Some("2026-07-03T19:00:00Z"), 280_000));

    // Retired: who has it keeps it, who gave it up cannot have it again.
    stage.retire(&made).await.expect(200);
    stage.choose(json!({"short_policy": POLICY, "title": "Under the wren"})).await.expect(200);
    let quote = stage.quote(&Asker::default(), "2026-06-20", "2026-06-25").await.expect(201).json();
    assert_eq!(quote["cancellation"]["policy"], POLICY);
    stage.choose(json!({"short_policy": "firm"})).await.expect(200);
    stage.choose(json!({"short_policy": POLICY})).await.expect_problem(422, "invalid_fields");
    let choices = stage.town.get(&Asker::default(), "/reference/listing-choices").await.expect(200).json();
    assert_eq!(keys(&choices["short_policies"]).len(), 6);
});

on_both!(a_booking_keeps_the_table_it_was_promised, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let made = stage.make(mix(POLICY)).await.expect(201).json();
    stage.choose(json!({"short_policy": POLICY})).await.expect(200);
    let gustav = stage.town.newcomer("Gustav").await;
    // Five nights at 100.00; check-in is at 19:00 UTC.
    let quote = stage.quote(&gustav, "2026-06-20", "2026-06-25").await.expect(201).json();
    let step = |until: &str, kept: i64| json!({"until": format!("{until}T19:00:00Z"), "kept": {"amount": kept, "currency": "USD"}});
    let steps = json!([step("2026-06-06", 0), step("2026-06-13", 15_000), step("2026-06-18", 32_000), step("2026-06-20", 40_000)]);
    assert_eq!((quote["cancellation"]["steps"].clone(), quote["cancellation"]["grace_hours"].clone()), (steps.clone(), json!(24)));
    let booking = stage.town.post(&gustav, "/bookings", json!({"quote_id": quote["id"], "payment_method": "card_ok"})).await.expect(201).json();
    assert_eq!((booking["state"].as_str(), booking["cancellation"]["steps"].clone()), (Some("confirmed"), steps));
    // The host chooses another one, and the operator retires this one: what is booked stands.
    stage.choose(json!({"short_policy": "non_refundable"})).await.expect(200);
    stage.retire(&made).await.expect(200);
    let path = format!("/bookings/{}", booking["id"].as_str().unwrap());
    let preview = async |at: &str| stage.town.get(&gustav, &format!("{path}/cancellation-preview?at={at}")).await.expect(200).json();
    for (at, refund) in [
        // A day to think again: it is confirmed more than 7 days before check-in.
        ("2026-06-02T12:00:00Z", 50_000),
        ("2026-06-06T19:00:00Z", 50_000),
        ("2026-06-06T19:00:01Z", 35_000),
        ("2026-06-13T19:00:01Z", 18_000),
        ("2026-06-18T19:00:00Z", 18_000),
        ("2026-06-18T19:00:01Z", 10_000),
        ("2026-06-20T19:00:00Z", 10_000),
        // A night is spent and two more are kept, and half of the others.
        ("2026-06-21T12:00:00Z", 10_000),
        ("2026-06-21T19:00:01Z", 5_000),
    ] {
        assert_eq!(amount(&preview(at).await["refund"]), refund, "{at}");
    }
    stage.town.clock.set("2026-06-18T18:00:00Z");
    let gustav = stage.town.log_in("Gustav").await;
    stage.town.post(&gustav, &format!("{path}/cancel"), json!({})).await.expect(200);
    stage.town.run_jobs().await;
    let over = stage.town.get(&gustav, &path).await.expect(200).json();
    assert_eq!((over["state"].as_str(), over["cancellation"]["policy"].as_str()), (Some("cancelled"), Some(POLICY)));
    assert_eq!(amount(&over["payments"][0]["refunded"]), 18_000);
});
