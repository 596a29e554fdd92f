//! Words: what is being typed finds what it begins, a typing error is forgiven, a stem is a stem.

use super::lot::{Lot, build_all};
use super::stage::{House, encode, ids_of};
use crate::support::{TestDb, on_both};

on_both!(words_are_found_in_every_form, async |db: TestDb| {
    let lots = vec![
        Lot::new("Beachfront bungalow").described("Steps from the beaches"),
        Lot::new("Quiet studio").described("near the lighthouse").with("neighbourhood", "Jamaica Plain"),
        Lot::new("Loft with a terrace").described("a bungalow is not what it is"),
    ];
    let ids: Vec<String> = lots.iter().map(|lot| lot.id.to_string()).collect();
    build_all(&db, lots).await;
    let house = House::open(&db).await;
    let found = async |q: &str| -> Vec<usize> {
        let mut places: Vec<usize> = house.walk(&format!("q={}", encode(q)), 2).await.iter().map(|id| ids.iter().position(|i| i == id).unwrap()).collect();
        places.sort_unstable();
        places
    };
    for (q, expected) in [
        ("bungalow", vec![0, 2]),
        ("bungalows ", vec![0, 2]),
        ("beach ", vec![0]),
        ("beach", vec![0]),
        ("bea", vec![0]),
        ("bea ", vec![]),
        ("lig", vec![1]),
        ("light", vec![1]),
        ("light ", vec![]),
        ("lighthuose ", vec![1]),
        ("lighthose", vec![1]),
        ("lighthousse", vec![1]),
        ("lighthxxse", vec![]),
        // The dictionary has it, so it is meant as it stands.
        ("quiet ", vec![1]),
        ("quite", vec![1]),
        ("jamaica plain studio", vec![1]),
        ("studio jamaica", vec![1]),
        ("bungalow terrace", vec![2]),
        ("bungalow lighthouse", vec![]),
        ("wifi entire loft", vec![0, 1, 2]),
        ("ada", vec![0, 1, 2]),
    ] {
        assert_eq!(found(q).await, expected, "{q:?}");
    }
    // A title counts more than a description.
    let page = house.find("q=bungalow").await;
    assert_eq!(ids_of(&page)[0], ids[0]);
});

on_both!(suggestions_complete_places_and_titles, async |db: TestDb| {
    let lots = vec![
        Lot::new("Quiet studio").with("neighbourhood", "Jamaica Plain").with("city", "Boston"),
        Lot::new("Bold boat").with("neighbourhood", "Back Bay").with("city", "Boston"),
        Lot::new("Draft of a boat").with("state", "draft").with("city", "Bordeaux"),
    ];
    build_all(&db, lots).await;
    let house = House::open(&db).await;
    let suggest = async |q: &str| house.get(&format!("/search/suggest?q={}", encode(q))).await.ok(q)["data"].clone();
    let texts = |data: &serde_json::Value| {
        data.as_array().unwrap().iter().map(|s| (s["kind"].as_str().unwrap().to_owned(), s["text"].as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    let pair = |kind: &str, text: &str| (kind.to_owned(), text.to_owned());
    assert_eq!(texts(&suggest("bo").await), [pair("city", "Boston"), pair("listing", "Bold boat")]);
    assert_eq!(suggest("bo").await[0]["listings"], 2);
    assert_eq!(texts(&suggest("ba").await), [pair("neighbourhood", "Back Bay")]);
    assert_eq!(texts(&suggest("plain").await), [pair("neighbourhood", "Jamaica Plain")]);
    assert_eq!(texts(&suggest("🏖️").await), []);
    assert_eq!(texts(&suggest("zzz").await), []);
});
