//! Flexible searches obey the one function that decides, stay by stay: homes with every rule, random windows, clocks
//! on both sides of midnight; and their pages go on where they ended.

use super::dice::Dice;
use super::lot::{Lot, build_all};
use super::stage::{House, ids_of};
use super::street::{Home, party, street};
use crate::support::{TestDb, long, on_both};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use stopover::features::calendar::rules::Party;
use stopover::values::{Instant, Night, NightRange, Stay};

const TODAY: &str = "2026-06-01";
const MOMENTS: [&str; 5] = ["2026-06-01T12:00:00Z", "2026-06-02T03:59:59Z", "2026-06-02T10:00:00Z", "2026-06-02T15:00:00Z", "2026-06-04T00:00:00Z"];

/// Parameters, and the stays they stand for, the preferred first.
struct Asked {
    query: String,
    stays: Vec<Stay>,
}

fn asked(dice: &mut Dice, now: Instant) -> Asked {
    let today = Night::parse(&now.to_string()[..10]).unwrap();
    let nights = *dice.pick(&[1, 2, 3, 4, 5, 7, 10, 14]);
    let from = today.plus(i32::try_from(dice.between(-6, 70)).unwrap());
    let stay = |arrival: Night| Stay::new(arrival, arrival.plus(nights)).unwrap();
    if dice.once_in(2) {
        let shift = *dice.pick(&[1, 2, 3, 7, 14]);
        let mut shifts: Vec<i32> = (-shift..=shift).collect();
        shifts.sort_by_key(|days| (days.abs(), *days));
        let query = format!("check_in={from}&check_out={}&plus_minus={shift}", from.plus(nights));
        return Asked { query, stays: shifts.into_iter().map(|days| stay(from.plus(days))).collect() };
    }
    let arrivals = *dice.pick(&[1, 5, 21, 62]);
    let query = format!("nights={nights}&window_from={from}&window_to={}", from.plus(arrivals - 1 + nights));
    Asked { query, stays: (0..arrivals).map(|days| stay(from.plus(days))).collect() }
}

/// What each home offers: the total, the place by preference, the stay; best first.
fn offers(homes: &[Home], stays: &[Stay], party: Party, now: Instant, fits: impl Fn(&Home, i64) -> bool) -> BTreeMap<String, Vec<(i64, usize, Night)>> {
    let of = |home: &Home| {
        let open = stays.iter().enumerate().filter(|(_, stay)| home.takes(**stay, party, now));
        let mut found: Vec<_> = open.map(|(place, stay)| (home.total(*stay), place, stay.check_in())).filter(|(total, ..)| fits(home, *total)).collect();
        found.sort_unstable();
        found
    };
    homes.iter().map(|home| (home.id(), of(home))).filter(|(_, found)| !found.is_empty()).collect()
}

/// The totals and arrivals that each home is said to be best for, and those that it is.
fn told(page: &Json) -> BTreeMap<String, Vec<(i64, String)>> {
    let dates = |dates: &Json| (dates["total"]["amount"].as_i64().unwrap(), dates["check_in"].as_str().unwrap().to_owned());
    let of = |card: &Json| (card["id"].as_str().unwrap().to_owned(), card["best_dates"].as_array().unwrap().iter().map(dates).collect());
    page["data"].as_array().unwrap().iter().map(of).collect()
}

fn best(offers: &BTreeMap<String, Vec<(i64, usize, Night)>>) -> BTreeMap<String, Vec<(i64, String)>> {
    let first = |offers: &[(i64, usize, Night)]| offers.iter().take(4).map(|(total, _, arrival)| (*total, arrival.to_string())).collect();
    offers.iter().map(|(id, offers)| (id.clone(), first(offers))).collect()
}

fn expect_best(card: &Json, offers: &[(i64, usize, Night)], nights: u16, query: &str) {
    let total = &card["stay"]["total"];
    let best = offers.iter().take(4).map(|(amount, _, arrival)| {
        json!({ "check_in": arrival.to_string(), "check_out": arrival.plus(nights.into()).to_string(), "total": { "amount": amount, "currency": total["currency"] } })
    });
    assert_eq!(card["best_dates"], Json::Array(best.collect()), "{query}");
    assert_eq!((&total["amount"], &card["stay"]["nights"]), (&json!(offers[0].0), &json!(nights)), "{query}");
}

on_both!(flexible_searches_obey_every_rule_stay_by_stay, async |db: TestDb| {
    let mut dice = Dice::new(13);
    let homes = street(&mut dice, 60, Night::parse(TODAY).unwrap());
    build_all(&db, homes.iter().map(|home| home.lot.clone()).collect()).await;
    let house = House::open(&db).await;
    let (mut found, mut some_not) = (0, 0);
    for moment in MOMENTS {
        db.clock.set(moment);
        let now = Instant::parse(moment).unwrap();
        for _ in 0..if long() { 200 } else { 30 } {
            let (asked, (party, guests)) = (asked(&mut dice, now), party(&mut dice));
            let nights = asked.stays[0].nights();
            let expected = offers(&homes, &asked.stays, party, now, |_, _| true);
            let query = format!("{}&{guests}&limit=100", asked.query);
            // Holds that ran out when the clock was set are noticed within a moment.
            let page = house.until(&query, |page| told(page) == best(&expected)).await;
            assert_eq!(page["total"], expected.len(), "{moment} {query}");
            for card in page["data"].as_array().unwrap() {
                expect_best(card, &expected[card["id"].as_str().unwrap()], nights, &query);
            }
            found += expected.len();
            some_not += homes.len() - expected.len();
            let (currency, one, other) = (*dice.pick(&["USD", "EUR", "JPY"]), dice.pick(&homes).total(asked.stays[0]), dice.pick(&homes).total(asked.stays[0]));
            let bounds = one.min(other)..=one.max(other);
            let expected = offers(&homes, &asked.stays, party, now, |home, total| home.currency == currency && bounds.contains(&total));
            for (sort, sign) in [("price", 1), ("-price", -1)] {
                let query = format!("{query}&currency={currency}&price_basis=total&price_min={}&price_max={}&sort={sort}", bounds.start(), bounds.end());
                let page = house.find(&query).await;
                let cards = page["data"].as_array().unwrap();
                let mut sorted: Vec<(i64, &String)> = expected.iter().map(|(id, offers)| (sign * offers[0].0, id)).collect();
                sorted.sort_unstable();
                assert_eq!(ids_of(&page), sorted.iter().map(|(_, id)| (*id).clone()).collect::<Vec<_>>(), "{query}");
                cards.iter().for_each(|card| expect_best(card, &expected[card["id"].as_str().unwrap()], nights, &query));
            }
        }
    }
    assert!(found > 500 && some_not > 500, "{found} found, {some_not} not");
});

on_both!(months_are_searched_for_weekends_weeks_and_months, async |db: TestDb| {
    let night = |text: &str| Night::parse(text).unwrap();
    let mut lot = Lot::new("Mill").with("min_nights", 2_i64);
    // Of August, the weekend of the 14th is free, and nothing else; of September, all but the first week.
    lot.blocks = vec![NightRange::new(night("2026-08-01"), night("2026-08-14")), NightRange::new(night("2026-08-16"), night("2026-09-08"))];
    let id = lot.build(&db).await.to_string();
    let house = House::open(&db).await;
    let best = async |query: &str| -> Vec<String> {
        let page = house.find(query).await;
        let Some(card) = page["data"].get(0) else { return vec![] };
        assert_eq!(card["id"], id.as_str());
        card["best_dates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|dates| format!("{}/{}", dates["check_in"].as_str().unwrap(), &dates["check_out"].as_str().unwrap()[5..]))
            .collect()
    };
    assert_eq!(best("flex=weekend&months=2026-08").await, ["2026-08-14/08-16"]);
    assert_eq!(best("flex=weekend&months=2026-08,2026-09").await, ["2026-08-14/08-16", "2026-09-11/09-13", "2026-09-18/09-20", "2026-09-25/09-27"]);
    assert_eq!(best("flex=week&months=2026-08").await, Vec::<String>::new());
    assert_eq!(best("flex=week&months=2026-09").await, ["2026-09-08/09-15", "2026-09-09/09-16", "2026-09-10/09-17", "2026-09-11/09-18"]);
    assert_eq!(best("flex=month&months=2026-09").await[0], "2026-09-08/10-06");
    assert_eq!(best("nights=2&window_from=2026-08-01&window_to=2026-08-31").await, ["2026-08-14/08-16"]);
    assert_eq!(best("nights=3&window_from=2026-08-01&window_to=2026-09-10").await, Vec::<String>::new());
    assert_eq!(best("check_in=2026-09-06&check_out=2026-09-09&plus_minus=3").await, ["2026-09-08/09-11", "2026-09-09/09-12"]);
    assert_eq!(best("check_in=2026-09-10&check_out=2026-09-12&plus_minus=1").await, ["2026-09-10/09-12", "2026-09-09/09-11", "2026-09-11/09-13"]);
    assert!(house.find("flex=weekend&months=2025-08").await["total"] == 0, "the past is not for sale");
});

on_both!(flexible_pages_go_on_where_they_ended_and_the_clock_stands_still, async |db: TestDb| {
    let mut dice = Dice::new(17);
    let homes = street(&mut dice, 50, Night::parse(TODAY).unwrap());
    build_all(&db, homes.iter().map(|home| home.lot.clone()).collect()).await;
    let house = House::open(&db).await;
    for query in
        ["nights=3&window_from=2026-06-01&window_to=2026-07-20", "flex=weekend&months=2026-06,2026-07", "check_in=2026-06-10&check_out=2026-06-14&plus_minus=7"]
    {
        for rest in ["", "&sort=price&currency=USD", "&sort=-price&currency=EUR", "&sort=newest"] {
            let query = format!("{query}{rest}");
            let whole = house.find(&format!("{query}&limit=100")).await;
            assert!(whole["total"].as_u64().unwrap() > 3, "{query}");
            assert_eq!(house.walk(&query, 3).await, ids_of(&whole), "{query}");
        }
    }
    // A cursor is good for the dates it was made with, and for no others.
    let page = house.find("flex=week&months=2026-07&limit=2").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    for other in ["flex=week&months=2026-08", "flex=weekend&months=2026-07", "nights=7&window_from=2026-07-01&window_to=2026-08-05"] {
        assert_eq!(house.get(&format!("/search/stays?{other}&limit=2&cursor={cursor}")).await.json()["code"], "invalid_cursor", "{other}");
    }
});
