//! Search with dates obeys the one function that decides: homes with every rule, random questions, clocks that stand
//! just before and after midnight somewhere.

use super::dice::Dice;
use super::lot::build_all;
use super::stage::{House, ids_of};
use super::street::{Home, party, street};
use crate::support::{TestDb, long, on_both};
use std::collections::{BTreeMap, BTreeSet};
use stopover::features::calendar::rules::Party;
use stopover::values::{Instant, Night, Stay};

const TODAY: &str = "2026-06-01";

/// Noon, both sides of midnight in New York, Tokyo, Kiritimati and Pago Pago, two days on, and a month on.
const MOMENTS: [&str; 11] = [
    "2026-06-01T12:00:00Z",
    "2026-06-02T03:59:59Z",
    "2026-06-02T04:00:00Z",
    "2026-06-02T09:59:59Z",
    "2026-06-02T10:00:00Z",
    "2026-06-02T10:59:59Z",
    "2026-06-02T11:00:00Z",
    "2026-06-02T14:59:59Z",
    "2026-06-02T15:00:00Z",
    "2026-06-04T00:00:00Z",
    "2026-07-03T12:00:00Z",
];

fn stay(dice: &mut Dice, now: Instant) -> Stay {
    let utc = Night::parse(&now.to_string()[..10]).unwrap();
    let arrival = utc.plus(i32::try_from(if dice.once_in(3) { dice.between(-2, 6) } else { dice.between(0, 75) }).unwrap());
    let nights = *dice.pick(&[1, 2, 2, 3, 3, 4, 5, 6, 7, 10, 14, 21]);
    Stay::new(arrival, arrival.plus(nights)).unwrap()
}

fn dates(stay: Stay) -> String {
    format!("check_in={}&check_out={}", stay.check_in(), stay.check_out())
}

on_both!(searches_with_dates_obey_every_rule, async |db: TestDb| {
    let mut dice = Dice::new(3);
    let homes = street(&mut dice, 60, Night::parse(TODAY).unwrap());
    build_all(&db, homes.iter().map(|home| home.lot.clone()).collect()).await;
    let house = House::open(&db).await;
    let mut found = 0;
    for moment in MOMENTS {
        db.clock.set(moment);
        let now = Instant::parse(moment).unwrap();
        for _ in 0..if long() { 300 } else { 40 } {
            let (stay, (party, guests)) = (stay(&mut dice, now), party(&mut dice));
            let expected: BTreeMap<String, i64> = homes.iter().filter(|home| home.takes(stay, party, now)).map(|home| (home.id(), home.total(stay))).collect();
            let query = format!("{}&{guests}&limit=100", dates(stay));
            // Holds that ran out when the clock was set are noticed within a moment.
            let page = house.until(&query, |page| ids_of(page).into_iter().collect::<BTreeSet<_>>() == expected.keys().cloned().collect()).await;
            assert_eq!(page["total"], expected.len(), "{moment} {query}");
            for card in page["data"].as_array().unwrap() {
                assert_eq!(card["stay"]["total"]["amount"], expected[card["id"].as_str().unwrap()], "{moment} {query}");
            }
            found += expected.len();
            prices(&house, &homes, &mut dice, stay, party, &guests, now).await;
        }
    }
    assert!(found > 1_000, "only {found} homes were found at all");
});

/// Bounds on the price mean one currency: asked for, or the only one there is; several are refused.
async fn prices(house: &House, homes: &[Home], dice: &mut Dice, stay: Stay, party: Party, guests: &str, now: Instant) {
    let takers: Vec<&Home> = homes.iter().filter(|home| home.takes(stay, party, now)).collect();
    let present: BTreeSet<&str> = takers.iter().map(|home| home.currency).collect();
    let by_total = dice.once_in(2);
    let nights = i64::from(stay.nights());
    let price = |home: &Home| if by_total { home.total(stay) } else { home.total(stay) / nights };
    let (one, other) = (price(dice.pick(homes)), price(dice.pick(homes)));
    let (min, max) = (one.min(other), one.max(other));
    let basis = if by_total { "total" } else { "nightly" };
    let query = format!("{}&{guests}&limit=100&price_basis={basis}&price_min={min}&price_max={max}", dates(stay));
    if present.len() > 1 {
        let answer = house.get(&format!("/search/stays?{query}")).await;
        let problem = answer.json();
        assert_eq!((answer.status.as_u16(), problem["code"].as_str()), (422, Some("currency_needed")), "{query}");
        let told: BTreeSet<&str> = problem["currencies"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
        assert_eq!(told, present, "{query}");
    }
    for currency in ["USD", "EUR", "JPY", "CHF"] {
        let expected: BTreeSet<String> =
            takers.iter().filter(|home| home.currency == currency && (min..=max).contains(&price(home))).map(|home| home.id()).collect();
        let page = house.find(&format!("{query}&currency={currency}&sort=price")).await;
        assert_eq!(ids_of(&page).into_iter().collect::<BTreeSet<_>>(), expected, "{query}&currency={currency}");
        let totals: Vec<i64> = page["data"].as_array().unwrap().iter().map(|card| card["stay"]["total"]["amount"].as_i64().unwrap()).collect();
        assert!(totals.is_sorted(), "{query}: {totals:?}");
    }
}

on_both!(search_and_why_never_disagree, async |db: TestDb| {
    let mut dice = Dice::new(4);
    let homes = street(&mut dice, 40, Night::parse(TODAY).unwrap());
    build_all(&db, homes.iter().map(|home| home.lot.clone()).collect()).await;
    let house = House::open(&db).await;
    let now = Instant::parse("2026-06-01T12:00:00Z").unwrap();
    let (mut yes, mut no) = (0, 0);
    for _ in 0..if long() { 100 } else { 15 } {
        let (stay, (party, guests)) = (stay(&mut dice, now), party(&mut dice));
        let without_dates = house.find(&format!("{guests}&limit=100")).await;
        let fitting: BTreeSet<String> = homes.iter().filter(|home| home.fits(party)).map(Home::id).collect();
        assert_eq!(ids_of(&without_dates).into_iter().collect::<BTreeSet<_>>(), fitting, "{guests}");
        let page = house.find(&format!("{guests}&limit=100&{}", dates(stay))).await;
        let hits: BTreeMap<&str, &serde_json::Value> =
            page["data"].as_array().unwrap().iter().map(|card| (card["id"].as_str().unwrap(), &card["stay"])).collect();
        for id in &fitting {
            let question = format!("/listings/{id}/why?{}&{guests}", dates(stay));
            let why = house.get(&question).await.ok(&question);
            assert_eq!(why["bookable"].as_bool(), Some(hits.contains_key(id.as_str())), "{question}: {why}");
            match hits.get(id.as_str()) {
                Some(stay) => assert_eq!(**stay, why["stay"], "{question}"),
                None => assert!(!why["reasons"].as_array().unwrap().is_empty(), "{question}: {why}"),
            }
            if hits.contains_key(id.as_str()) { yes += 1 } else { no += 1 }
        }
    }
    assert!(yes > 20 && no > 20, "{yes} yes, {no} no");
});
