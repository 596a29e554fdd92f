//! The folding, tried on what hosts really write.

use super::*;
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};

#[test]
fn the_catalogue_has_unique_keys_and_sound_phrases() {
    assert!(CATALOGUE.len() >= 80);
    let keys: HashSet<_> = CATALOGUE.iter().map(|a| a.key).collect();
    assert_eq!(keys.len(), CATALOGUE.len());
    for amenity in CATALOGUE {
        assert!(!amenity.name.is_empty() && !amenity.when.is_empty(), "{}", amenity.key);
        assert!(amenity.key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", amenity.key);
        for phrase in amenity.when.iter().chain(amenity.unless) {
            assert_eq!(words_of(phrase).trim(), *phrase, "{}: a phrase must be written as it is compared", amenity.key);
        }
        assert_eq!(amenity_keys(amenity.key), [amenity.key]);
    }
}

#[test]
fn what_hosts_write_folds_into_keys() {
    let cases: &[(&str, &[&str])] = &[
        ("LG refrigerator", &["refrigerator"]),
        ("Frigidaire  refrigerator", &["refrigerator"]),
        ("Mini fridge", &["mini_fridge"]),
        ("55 inch HDTV with Roku", &["tv", "streaming"]),
        ("TV with standard cable", &["tv", "cable_tv"]),
        ("HDTV", &["tv"]),
        ("Free dryer – In unit", &["dryer"]),
        ("Paid washer – In building", &["washer"]),
        ("Hair dryer", &["hair_dryer"]),
        ("Drying rack for clothing", &["drying_rack"]),
        ("Dishwasher", &["dishwasher"]),
        ("Conditioner", &["hair_conditioner"]),
        ("Bath & Body Works conditioner", &["hair_conditioner"]),
        ("Air conditioning", &["air_conditioning"]),
        ("Central air conditioning", &["air_conditioning"]),
        ("Window AC unit", &["air_conditioning"]),
        ("AC - split type ductless system", &["air_conditioning"]),
        ("Heating - split type ductless system", &["heating"]),
        ("Portable heater", &["heating"]),
        ("Clothing storage: walk-in closet, closet, and dresser", &["clothing_storage"]),
        ("Pack ’n play/Travel crib - available upon request", &["travel_crib"]),
        ("Pack \\u2019n play/Travel crib", &["travel_crib"]),
        ("Crib - always at the listing", &["crib"]),
        ("Paid parking lot on premises – 1 space", &["paid_parking"]),
        ("Paid street parking off premises", &["paid_parking"]),
        ("Free driveway parking on premises – 2 spaces", &["free_parking"]),
        ("Free residential garage on premises", &["free_parking"]),
        ("Free street parking", &["free_street_parking"]),
        ("BBQ grill: gas", &["bbq_grill"]),
        ("Barbecue utensils", &["barbecue_utensils"]),
        ("GE stainless steel gas stove", &["stove"]),
        ("Stainless steel double oven", &["oven"]),
        ("Coffee maker: drip coffee maker, Keurig coffee machine", &["coffee_maker"]),
        ("Coffee", &["coffee"]),
        ("Hot water kettle", &["kettle"]),
        ("Hot water", &["hot_water"]),
        ("Fast wifi – 93 Mbps", &["wifi", "fast_wifi"]),
        ("Pocket wifi", &["pocket_wifi"]),
        ("Shared outdoor pool - available seasonally, open 24 hours, heated, pool toys", &["pool"]),
        ("Pool table", &["pool_table"]),
        ("Pool view", &[]),
        ("Shared gym nearby", &[]),
        ("Private gym in building", &["gym"]),
        ("Private backyard – Not fully fenced", &["backyard"]),
        ("Private outdoor kitchen", &["outdoor_kitchen"]),
        ("Beach access – Beachfront", &["beach_access"]),
        ("Beach essentials", &["beach_essentials"]),
        ("Children’s bikes", &["childrens_bikes"]),
        ("Children’s books and toys for ages 0-2 years old", &["childrens_books_and_toys"]),
        ("Fireplace guards", &["fireplace_guards"]),
        ("Indoor fireplace: wood-burning", &["fireplace"]),
        ("Smart lock", &["self_check_in", "smart_lock"]),
        ("Baby safety gates", &["baby_safety_gates"]),
        ("Safe", &["safe"]),
        ("Room-darkening shades", &["room_darkening_shades"]),
        ("Long term stays allowed", &["long_term_stays"]),
        ("No TV", &[]),
        ("Heated towel rail", &[]),
        ("Platter of antiques", &[]),
        ("😀 ☃", &[]),
        ("", &[]),
    ];
    for (raw, keys) in cases {
        assert_eq!(amenity_keys(raw), *keys, "{raw}");
        assert_eq!(&*Folder::default().keys(raw), *keys, "{raw}");
    }
}

/// How often each amenity text stands in a `listings.csv.gz` of Inside Airbnb.
fn count_words(path: &Path, counts: &mut HashMap<String, u32>) {
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let column = reader.headers().unwrap().iter().position(|name| name == "amenities").unwrap();
    for record in reader.records() {
        for word in serde_json::from_str::<Vec<String>>(&record.unwrap()[column]).unwrap() {
            *counts.entry(word).or_default() += 1;
        }
    }
}

/// Share of all occurrences that fold into a key, in tenths of a percent, and the commonest texts that do not.
fn coverage(counts: &HashMap<String, u32>) -> (u32, Vec<(&String, &u32)>) {
    let mut left: Vec<_> = counts.iter().filter(|(word, _)| amenity_keys(word).is_empty()).collect();
    left.sort_by_key(|(word, count)| (std::cmp::Reverse(**count), (*word).clone()));
    let (all, missed): (u32, u32) = (counts.values().sum(), left.iter().map(|(_, count)| **count).sum());
    left.truncate(15);
    ((all - missed) * 1_000 / all, left)
}

#[test]
fn nearly_all_amenities_of_real_cities_have_a_key() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut counts = HashMap::new();
    count_words(&root.join("tests/data/boston-cut/listings.csv.gz"), &mut counts);
    count_words(&root.join("data/demo/listings.csv.gz"), &mut counts);
    // All of Boston where it is at hand; the cut and the demo city are always looked at.
    let shared = std::env::var_os("STOPOVER_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let boston = shared.join("data/boston/listings.csv.gz");
    if boston.is_file() {
        count_words(&boston, &mut counts);
    } else {
        println!("only the cut of Boston was looked at");
    }
    let (per_mille, left) = coverage(&counts);
    println!("{per_mille} of 1000 have a key; the commonest of the rest: {left:?}");
    assert!(per_mille >= 950, "{per_mille} of 1000; the commonest of the rest: {left:?}");
}
