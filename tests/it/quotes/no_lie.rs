//! No lie (docs/RULES.md, A17): what search, `why` and the heat map say a stay costs is what a quote says at the same moment, and what
//! they leave out is refused.

use super::{ask, expect_sums, run, wish};
use crate::reading::street;
use crate::search::dice::Dice;
use crate::support::town::{Asker, Town};
use crate::support::{TestDb, long, on_both};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use stopover::platform::config::FeePreset;
use stopover::platform::db::{Json as Document, Value};
use stopover::values::{Instant, Night};
use uuid::Uuid;

/// The clock's date; the homes are in New York, where it is still morning.
const TODAY: &str = "2026-06-01";

fn date(day: i64) -> String {
    Night::parse(TODAY).unwrap().plus(i32::try_from(day).unwrap()).to_string()
}

/// A home with all that may make its stays cost something else, or be refused.
async fn home(db: &TestDb, dice: &mut Dice, plans: bool) -> Uuid {
    const TERMS: &str = "UPDATE listings SET price_minor = $2, min_nights = $3, max_nights = $4, notice_days = $5, window_days = $6, preparation_nights = $7,
        arrival_days = $8, departure_days = $9, gap_nights = $10, capacity = $11, max_pets = $12, pricing = $13 WHERE id = $1";
    let (listing, _) = street::home(db).await;
    let plan = if plans { plan(dice) } else { json!({}) };
    let days = |dice: &mut Dice| if dice.once_in(6) { dice.between(1, 127) } else { 127 };
    let terms: Vec<Value> = vec![
        listing.into(),
        dice.between(1, 30_000).into(),
        dice.between(1, 3).into(),
        dice.between(4, 40).into(),
        dice.between(0, 3).into(),
        dice.between(60, 365).into(),
        dice.between(0, 2).into(),
        days(dice).into(),
        days(dice).into(),
        (if dice.once_in(5) { 3_i64 } else { 0 }).into(),
        dice.between(2, 8).into(),
        dice.between(0, 2).into(),
        Document(plan.to_string()).into(),
    ];
    run(db, TERMS, terms).await;
    calendar(db, dice, listing.0).await;
    listing.0
}

async fn calendar(db: &TestDb, dice: &mut Dice, listing: Uuid) {
    const DAYS: &str = "INSERT INTO day_overrides (listing_id, source, from_night, to_night, price_minor, min_nights, closed_to_arrival) VALUES ($1, 'host', $2, $3, $4, $5, $6)";
    const BLOCK: &str = "INSERT INTO calendar_blocks (id, listing_id, from_night, to_night, reason, note, created_at) VALUES ($1, $2, $3, $4, 'owner', '', $5)";
    const STAY: &str = "INSERT INTO external_nights (listing_id, feed, from_night, to_night) VALUES ($1, 'elsewhere', $2, $3)";
    let night = |day: i64| Value::from(Night::parse(&date(day)).unwrap());
    let mut day = 0;
    for _ in 0..6 {
        day += dice.between(0, 8);
        let to = day + dice.between(1, 6);
        let price = (!dice.once_in(3)).then(|| dice.between(1, 50_000));
        let min = dice.once_in(3).then(|| dice.between(1, 5));
        run(db, DAYS, vec![listing.into(), night(day), night(to), price.into(), min.into(), dice.once_in(6).then_some(true).into()]).await;
        day = to;
    }
    for sql in [BLOCK, STAY, STAY] {
        let from = dice.between(0, 60);
        let to = from + dice.between(1, 4);
        let params = if sql == STAY {
            vec![listing.into(), night(from), night(to)]
        } else {
            vec![Uuid::now_v7().into(), listing.into(), night(from), night(to), Instant(0).into()]
        };
        run(db, sql, params).await;
    }
}

fn plan(dice: &mut Dice) -> Json {
    let mut plan = json!({});
    if dice.once_in(2) {
        plan["weekend"] = json!({"price": dice.between(1, 40_000)});
    }
    if dice.once_in(2) {
        let from = dice.between(0, 40);
        let to = from + dice.between(3, 30);
        plan["seasons"] = json!([{"name": "Season", "from": date(from), "to": date(to), "price": dice.between(1, 60_000)}]);
    }
    if dice.once_in(2) {
        plan["los"] = json!([{"min_nights": dice.between(2, 5), "off_bp": dice.between(1, 3_000)}, {"min_nights": 7, "off_bp": dice.between(3_000, 5_000)}]);
    }
    if dice.once_in(2) {
        plan["lead"] = json!({"early": [{"days": dice.between(30, 60), "off_bp": dice.between(1, 2_000)}], "last_minute": [{"days": dice.between(3, 10), "off_bp": dice.between(1, 2_000)}]});
    }
    if dice.once_in(2) {
        plan["extra_guest"] = json!({"included": dice.between(1, 3), "fee": dice.between(1, 5_000)});
    }
    let scopes = ["per_stay", "per_night", "per_guest", "per_guest_night", "per_pet", "percent_accommodation"];
    let fees = (0..dice.below(4)).map(|n| {
        let scope = *dice.pick(&scopes);
        let (name, amount) = if scope == "percent_accommodation" { ("bp", dice.between(1, 2_000)) } else { ("amount", dice.between(1, 9_000)) };
        let collected = if dice.once_in(3) { "at_property" } else { "at_booking" };
        json!({"key": format!("fee_{n}"), "name": "Fee", "scope": scope, name: amount, "mandatory": !dice.once_in(4), "refund_rule": "with_room",
            "taxable": dice.once_in(2), "collected": collected})
    });
    plan["fees"] = fees.collect();
    let taxes = (0..dice.below(3)).map(|n| {
        let collected = if dice.once_in(3) { "at_property" } else { "at_booking" };
        let mut tax = json!({"key": format!("tax_{n}"), "name": "Tax", "remitted_by": "host", "collected": collected});
        if dice.once_in(2) {
            tax["bp"] = dice.between(1, 2_500).into();
            tax["inclusive"] = dice.once_in(3).into();
        } else {
            tax["amount"] = dice.between(1, 900).into();
            tax["basis"] = json!("guest_night");
            tax["age_exempt_below"] = dice.between(1, 17).into();
            tax["max_nights"] = dice.between(1, 9).into();
        }
        tax
    });
    plan["taxes"] = taxes.collect();
    plan
}

/// A stay for somebody: dates, a query for reading, and the body of a wish.
struct Case {
    check_in: String,
    check_out: String,
    nights: i64,
    query: String,
    party: Json,
}

fn case(dice: &mut Dice) -> Case {
    let (from, nights) = (dice.between(-1, 70), dice.between(1, 8));
    let (adults, children, pets) = (dice.between(1, 3), dice.between(0, 2), i64::from(dice.once_in(5)));
    let ages: Vec<i64> = (0..children).map(|_| dice.between(0, 17)).collect();
    let known: String = ages.iter().map(|age| format!("&child_age={age}")).collect();
    Case {
        check_in: date(from),
        check_out: date(from + nights),
        nights,
        query: format!("adults={adults}&children={children}{known}&pets={pets}"),
        party: json!({"adults": adults, "children_ages": ages, "pets": pets}),
    }
}

on_both!(what_is_shown_is_what_is_quoted, async |db: TestDb| {
    let mut dice = Dice::new(17);
    let mut homes = Vec::new();
    for n in 0..16 {
        homes.push(home(&db, &mut dice, n % 4 != 0).await);
    }
    let town = Town::with(&db, |config| config.fees.model = FeePreset::Split).await;
    let anybody = Asker::default();
    let (mut quoted, mut refused) = (0, 0);
    for _ in 0..if long() { 400 } else { 25 } {
        let Case { check_in, check_out, nights, query, party } = case(&mut dice);
        for home in homes.iter().filter(|_| !dice.once_in(3)).collect::<Vec<_>>() {
            let reply = ask(&town, &anybody, wish(*home, &check_in, &check_out, party.clone())).await;
            let answer = reply.json();
            let said = format!("{home} {check_in} {check_out} {query}: {answer}");
            let why = town.get(&anybody, &format!("/listings/{home}/why?check_in={check_in}&check_out={check_out}&{query}")).await.expect(200).json();
            let month =
                town.get(&anybody, &format!("/listings/{home}/price-calendar?month={}&nights={nights}&{query}", &check_in[..7])).await.expect(200).json();
            let day = month["data"].as_array().unwrap().iter().find(|day| day["check_in"] == check_in).unwrap();
            if reply.status == 201 {
                quoted += 1;
                assert_eq!(why["stay"]["total"], answer["total_price"], "{said}");
                assert_eq!((&day["total_price"], &day["reason"]), (&answer["total_price"], &json!(null)), "{said}");
            } else {
                refused += 1;
                assert_eq!((reply.status.as_u16(), &answer["code"]), (409, &json!("dates_unavailable")), "{said}");
                assert_eq!((&why["reasons"], &why["nearest"], &why["stay"]), (&answer["reasons"], &answer["nearest_available"], &json!(null)), "{said}");
                assert_eq!((&day["total_price"], &day["reason"]), (&json!(null), &answer["reasons"][0]), "{said}");
            }
        }
    }
    assert!(quoted > 50 && refused > 50, "{quoted} stays were quoted, {refused} refused: that proves little");
    assert_eq!(expect_sums(&db).await, quoted);
});

on_both!(search_shows_what_can_be_had_for_what_it_costs, async |db: TestDb| {
    let mut dice = Dice::new(71);
    let mut homes = Vec::new();
    for n in 0..12 {
        homes.push(home(&db, &mut dice, n % 4 != 0).await);
    }
    let town = Town::with(&db, |config| config.fees.model = FeePreset::Split).await;
    let anybody = Asker::default();
    let (mut hits, mut left_out) = (0, 0);
    for _ in 0..if long() { 400 } else { 25 } {
        let Case { check_in, check_out, query, party, .. } = case(&mut dice);
        if check_in.as_str() < TODAY {
            continue;
        }
        let page = town.get(&anybody, &format!("/search/stays?check_in={check_in}&check_out={check_out}&{query}&limit=100")).await;
        let page = page.expect(200).json();
        let found: BTreeMap<&str, &Json> = page["data"].as_array().unwrap().iter().map(|card| (card["id"].as_str().unwrap(), &card["stay"]["total"])).collect();
        for home in &homes {
            let reply = ask(&town, &anybody, wish(*home, &check_in, &check_out, party.clone())).await;
            let said = format!("{home} {check_in} {check_out} {query}: {}", reply.text());
            match found.get(home.to_string().as_str()) {
                Some(total) => {
                    hits += 1;
                    assert_eq!(reply.status, 201, "shown, and not to be had: {said}");
                    assert_eq!(**total, reply.json()["total_price"], "{said}");
                }
                None => {
                    left_out += 1;
                    assert_eq!(reply.status, 409, "to be had, and not shown: {said}");
                }
            }
        }
    }
    assert!(hits > 20 && left_out > 20, "{hits} hits, {left_out} left out: that proves little");
    assert_eq!(expect_sums(&db).await, hits);
});
