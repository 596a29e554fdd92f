//! A page as it is written by hand: it is JSON, it is what the OpenAPI document promises, and clients may keep it.

use super::dice::Dice;
use super::lot::{Lot, build_all, change};
use super::stage::{House, ids_of};
use super::street::street;
use crate::support::{TestDb, on_both};
use poem::Request;
use poem::http::Uri;
use serde_json::Value as Json;
use stopover::app::openapi_document;
use stopover::platform::events::Kind;
use stopover::values::Night;

/// What is not as the document's `schema` says, with the place where.
fn faults(document: &Json, schema: &Json, value: &Json, place: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return faults(document, document.pointer(reference.trim_start_matches('#')).unwrap(), value, place);
    }
    for part in ["allOf", "anyOf", "oneOf"] {
        if let Some(parts) = schema[part].as_array() {
            return parts.iter().flat_map(|part| faults(document, part, value, place)).collect();
        }
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        return vec![format!("{place}: {value} is none of {allowed:?}")];
    }
    let right = match schema["type"].as_str() {
        Some("object") => return object_faults(document, schema, value, place),
        Some("array") => {
            let Some(items) = value.as_array() else { return vec![format!("{place}: {value} is no list")] };
            return items.iter().enumerate().flat_map(|(n, item)| faults(document, &schema["items"], item, &format!("{place}/{n}"))).collect();
        }
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        // A part that only describes.
        None => true,
        Some(other) => panic!("{place}: a schema of type {other}"),
    };
    if right { vec![] } else { vec![format!("{place}: {value} is no {}", schema["type"])] }
}

fn object_faults(document: &Json, schema: &Json, value: &Json, place: &str) -> Vec<String> {
    let Some(members) = value.as_object() else { return vec![format!("{place}: {value} is no object")] };
    let properties = schema["properties"].as_object().unwrap();
    let required: Vec<&str> = schema["required"].as_array().map(|names| names.iter().filter_map(Json::as_str).collect()).unwrap_or_default();
    let mut found: Vec<String> = required.iter().filter(|name| !members.contains_key(**name)).map(|name| format!("{place}/{name} is missing")).collect();
    for (name, member) in members {
        match properties.get(name) {
            None => found.push(format!("{place}/{name} is not documented")),
            Some(_) if member.is_null() && !required.contains(&name.as_str()) => {}
            Some(schema) => found.extend(faults(document, schema, member, &format!("{place}/{name}"))),
        }
    }
    found
}

fn conforms(page: &Json) {
    let document: Json = serde_json::from_str(&openapi_document(None)).unwrap();
    let found = faults(&document, &document["components"]["schemas"]["SearchPage"], page, "");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_check_finds_what_is_wrong() {
    let document: Json = serde_json::from_str(&openapi_document(None)).unwrap();
    let schema = &document["components"]["schemas"]["SearchPage"];
    let page = serde_json::json!({ "total": "5", "data": [{ "id": 7, "room_type": "castle" }], "has_more": false, "surprise": 1 });
    let found = faults(&document, schema, &page, "").join("\n");
    for part in ["/total: \"5\"", "/data/0/id: 7", "/data/0/room_type: \"castle\"", "/data/0/title is missing", "/surprise is not documented"] {
        assert!(found.contains(part), "{part} is not in\n{found}");
    }
}

on_both!(a_page_is_what_the_document_says, async |db: TestDb| {
    let mut dice = Dice::new(9);
    let mut lots: Vec<Lot> = street(&mut dice, 25, Night::parse("2026-06-01").unwrap()).into_iter().map(|home| home.lot).collect();
    lots.push(Lot::new("Unknowns").with("bedrooms", None::<i64>).with("beds", None::<i64>).with("bathrooms_halves", None::<i64>));
    lots.push(
        Lot::new("Rated")
            .with("rating_count", 3_i64)
            .with("rating_sum_centi", 1_401_i64)
            .with("review_count", 3_i64)
            .with("photo_url", "https://a.example/\"x\".jpg"),
    );
    build_all(&db, lots).await;
    let house = House::open(&db).await;
    conforms(&house.find("city=nowhere&facets=true").await);
    for query in ["", "currency=USD&", "check_in=2026-07-01&check_out=2026-07-03&", "near=42.65,-73.76&sort=distance&"] {
        conforms(&house.find(&format!("{query}limit=1")).await);
        conforms(&house.find(&format!("{query}limit=100&facets=true")).await);
    }
});

on_both!(titles_arrive_as_they_were_written, async |db: TestDb| {
    let odd = [
        "\"quoted\" \\ back\\slash",
        "tab\there",
        "line\nbreak\r",
        "bell\u{7} and \u{1f}",
        "</script><!-- ",
        "\u{2028}\u{2029}",
        "😀 é e\u{301} \u{202e}",
        "\u{7f}\u{fffd}",
        "{}[],:",
        "'; DROP",
    ];
    let lots: Vec<Lot> = odd.iter().map(|title| Lot::new(title).with("neighbourhood", *title).with("city", *title)).collect();
    let ids: Vec<String> = lots.iter().map(|lot| lot.id.to_string()).collect();
    build_all(&db, lots).await;
    let house = House::open(&db).await;
    let page = house.find("facets=true&limit=100").await;
    conforms(&page);
    let cards = page["data"].as_array().unwrap();
    assert_eq!(cards.len(), odd.len());
    for card in cards {
        let title = odd[ids.iter().position(|id| card["id"] == *id.as_str()).unwrap()];
        for member in ["title", "neighbourhood", "city"] {
            assert_eq!(card[member], title);
        }
    }
    let suggested = house.get("/search/suggest?q=quoted").await.ok("suggest");
    assert!(suggested.to_string().contains("quoted"));
});

on_both!(an_answer_is_kept_until_it_changes, async |db: TestDb| {
    let home = Lot::new("Attic").build(&db).await;
    let house = House::open(&db).await;
    let first = house.get("/search/stays").await;
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    let tag = first.header("etag").unwrap().to_owned();
    let again = async |tag: &str| {
        let uri: Uri = "/api/v1/search/stays".parse().unwrap();
        house.send(Request::builder().uri(uri).header("If-None-Match", tag).finish()).await
    };
    let kept = again(&tag).await;
    assert_eq!((kept.status.as_u16(), kept.text.as_str(), kept.header("etag")), (304, "", Some(tag.as_str())));
    assert_eq!(again("\"other\"").await.status, 200);
    change(&db, home, Kind::ListingChanged, "UPDATE listings SET title = 'Cellar' WHERE id = $1", vec![]).await;
    house.until("", |page| page["data"][0]["title"] == "Cellar").await;
    let fresh = again(&tag).await;
    assert_eq!(fresh.status, 200);
    assert_ne!(fresh.header("etag"), Some(tag.as_str()));
});

on_both!(the_link_header_walks_the_pages, async |db: TestDb| {
    build_all(&db, (0..11).map(|n| Lot::new(&format!("Home & garden {n}"))).collect()).await;
    let house = House::open(&db).await;
    let mut path = "/api/v1/search/stays?q=home%20%26%20garden&limit=4&amenities=wifi".to_owned();
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let answer = house.call(poem::http::Method::GET, &path).await;
        seen.extend(ids_of(&answer.ok(&path)));
        pages += 1;
        match answer.header("link") {
            None => break,
            Some(link) => path = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\"")).unwrap().to_owned(),
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), pages), (11, 3));
});
