//! Nobody finds the house: strangers are shown a point beside it, whatever they ask, and however often its pin is moved (V8).
#![expect(clippy::float_arithmetic, reason = "coordinates are measured, not counted")]

use super::stage::{act, found, make, patch, town, whole};
use crate::support::homes::until;
use crate::support::town::{Asker, Town};
use crate::support::{TestDb, on_both};
use serde_json::{Value, json};

/// Metres between two points.
fn metres(a: (f64, f64), b: (f64, f64)) -> f64 {
    ((a.0 - b.0).powi(2) + ((a.1 - b.1) * a.0.to_radians().cos()).powi(2)).sqrt() * 111_195.0
}

fn point(value: &Value) -> (f64, f64) {
    (value["lat"].as_f64().unwrap(), value["lng"].as_f64().unwrap())
}

/// The point that a series of ever smaller boxes comes to.
async fn cornered(town: &Town) -> (f64, f64) {
    let (mut south, mut north, mut west, mut east) = (38.0, 39.5, -10.0, -8.5);
    for _ in 0..22 {
        let middle = f64::midpoint(south, north);
        if found(town, &format!("q=swift&bbox={west},{south},{east},{middle}")).await == 1 {
            north = middle
        } else {
            south = middle
        }
        let middle = f64::midpoint(west, east);
        if found(town, &format!("q=swift&bbox={west},{south},{middle},{north}")).await == 1 { east = middle } else { west = middle }
    }
    (f64::midpoint(south, north), f64::midpoint(west, east))
}

on_both!(no_series_of_questions_finds_the_house, async |db: TestDb| {
    let town = town(&db).await;
    let (ada, nobody) = (town.newcomer("Ada").await, Asker::default());
    let id = make(&town, &ada, whole("Attic of the swift")).await;
    act(&town, &ada, &id, "publish").await.expect(200);
    until(async || found(&town, "q=swift").await == 1).await;
    let exact = (38.711, -9.136);
    let page = town.get(&nobody, &format!("/listings/{id}")).await;
    let public = point(&page.json()["location"]);
    assert!((149.0..=501.0).contains(&metres(exact, public)), "{} m", metres(exact, public));
    let boxed = cornered(&town).await;
    assert!(metres(boxed, public) < 2.0, "boxes lead to {boxed:?}, the public point is {public:?}");
    // Distances are measured from the public point: none at it, the offset at the house.
    for (near, expected) in [(public, 0.0), (exact, metres(exact, public) / 1_000.0)] {
        let hit = town.get(&nobody, &format!("/search/stays?q=swift&near={},{}&radius_km=5&sort=distance", near.0, near.1)).await;
        let distance = hit.expect(200).json()["data"][0]["distance_km"].as_f64().unwrap();
        assert!((distance - expected).abs() < 0.02, "{distance} km instead of {expected}");
        assert!(!hit.text().contains("38.711,") && !hit.text().contains("-9.136,"));
    }
    for path in [format!("/listings/{id}"), "/search/stays?q=swift".into(), "/search/suggest?q=attic".into()] {
        let text = town.get(&nobody, &path).await.text();
        assert!(!text.contains("38.711,") && !text.contains("38.711}") && !text.contains("-9.136}") && !text.contains("Rua da Bica"), "{text}");
    }
});

on_both!(a_corrected_pin_leaves_the_public_point_alone, async |db: TestDb| {
    let town = town(&db).await;
    let ada = town.newcomer("Ada").await;
    let id = make(&town, &ada, whole("Attic of the swift")).await;
    let own = town.get(&ada, &format!("/me/listings/{id}")).await.json();
    let (mut last, mut exact) = (point(&own["public_location"]), (38.711, -9.136));
    let mut kept = 0;
    // The host drags the pin about, in steps of some 40 m, to all sides.
    for step in 0..16 {
        let angle = f64::from(step) * 0.9;
        exact = (exact.0 + 0.000_36 * angle.sin(), exact.1 + 0.000_36 * angle.cos());
        let place = json!({"lat": exact.0, "lng": exact.1, "city": "Lisbon", "country": "PT"});
        let moved = patch(&town, &ada, &id, json!({"location": place})).await.expect(200).json();
        let public = point(&moved["public_location"]);
        assert!((149.0..=501.0).contains(&metres(exact, public)), "step {step}: {} m", metres(exact, public));
        kept += i32::from(public == last);
        last = public;
    }
    // Where the point lies near the edge of its ring, every step outwards makes a new one; those inwards never do.
    assert!(kept >= 4, "{kept} of 16 corrections kept the point");
    // A real move takes the point along.
    let porto = json!({"lat": 41.15, "lng": -8.61, "city": "Porto", "country": "PT"});
    let moved = patch(&town, &ada, &id, json!({"location": porto})).await.expect(200).json();
    assert!((149.0..=501.0).contains(&metres((41.15, -8.61), point(&moved["public_location"]))));
    let madeira = json!({"lat": 32.65, "lng": -16.91, "city": "Funchal", "country": "PT"});
    assert_eq!(patch(&town, &ada, &id, json!({"location": madeira})).await.expect(200).json()["zone"], "Atlantic/Madeira");
});
