//! Odd questions: each is refused as a problem that names its parameter, or is ordinary text; none breaks anything,
//! and none finds more than was asked for.

use super::lot::Lot;
use super::stage::{House, encode};
use crate::support::{TestDb, on_both};
use poem::Request;
use poem::http::{Method, Uri};
use stopover::platform::db::Engine;

/// Query, status, code, and the parameter that the pointer names (empty: none).
const REFUSED: &[(&str, u16, &str, &str)] = &[
    ("bbox=1,2,3", 400, "invalid_parameter", "bbox"),
    ("bbox=1,2,3,4,5", 400, "invalid_parameter", "bbox"),
    ("bbox=", 400, "invalid_parameter", "bbox"),
    ("bbox=a,b,c,d", 400, "invalid_parameter", "bbox"),
    ("bbox=NaN,1,2,3", 400, "invalid_parameter", "bbox"),
    ("bbox=-inf,1,inf,3", 400, "invalid_parameter", "bbox"),
    ("bbox=1e400,1,2,3", 400, "invalid_parameter", "bbox"),
    ("bbox=-181,0,0,1", 422, "out_of_range", "bbox"),
    ("bbox=0,0,180.0001,1", 422, "out_of_range", "bbox"),
    ("bbox=0,-90.1,1,1", 422, "out_of_range", "bbox"),
    ("bbox=0,2,1,1", 422, "out_of_range", "bbox"),
    ("near=42", 400, "invalid_parameter", "near"),
    ("near=42;-73", 400, "invalid_parameter", "near"),
    ("near=NaN,NaN", 400, "invalid_parameter", "near"),
    ("near=91,0", 422, "out_of_range", "near"),
    ("near=0,181", 422, "out_of_range", "near"),
    ("near=42,-73&bbox=0,0,1,1", 422, "out_of_range", "near"),
    ("near=42,-73&radius_km=0", 422, "out_of_range", "radius_km"),
    ("near=42,-73&radius_km=-1", 422, "out_of_range", "radius_km"),
    ("near=42,-73&radius_km=501", 422, "out_of_range", "radius_km"),
    ("near=42,-73&radius_km=NaN", 422, "out_of_range", "radius_km"),
    ("near=42,-73&radius_km=inf", 422, "out_of_range", "radius_km"),
    ("near=42,-73&radius_km=far", 400, "invalid_parameter", "radius_km"),
    ("radius_km=5", 422, "out_of_range", "radius_km"),
    ("bbox=0,0,1,1&radius_km=5", 422, "out_of_range", "radius_km"),
    ("sort=distance", 422, "out_of_range", "sort"),
    ("sort=distance&bbox=0,0,1,1", 422, "out_of_range", "sort"),
    ("sort=cheapest", 400, "invalid_parameter", "sort"),
    ("sort=", 400, "invalid_parameter", "sort"),
    ("check_in=2026-07-05&check_out=2026-07-03", 422, "invalid_dates", "check_out"),
    ("check_in=2026-07-05&check_out=2026-07-05", 422, "invalid_dates", "check_out"),
    ("check_in=2026-07-05&check_out=2027-07-06", 422, "invalid_dates", "check_out"),
    ("check_in=2026-07-05", 422, "invalid_dates", "check_out"),
    ("check_out=2026-07-05", 422, "invalid_dates", "check_in"),
    ("check_in=2026-07-05T15:00:00Z&check_out=2026-07-07", 422, "invalid_dates", "check_in"),
    ("check_in=2026-07-05&check_out=2026-07-07T10:00", 422, "invalid_dates", "check_out"),
    ("check_in=2026-02-30&check_out=2026-03-02", 400, "invalid_parameter", "check_in"),
    ("check_in=2026-7-5&check_out=2026-07-07", 400, "invalid_parameter", "check_in"),
    ("check_in=tomorrow&check_out=2026-07-07", 400, "invalid_parameter", "check_in"),
    ("check_in=&check_out=2026-07-07", 400, "invalid_parameter", "check_in"),
    ("check_in=99999-01-01&check_out=2026-07-07", 400, "invalid_parameter", "check_in"),
    ("check_in=2026-07-05&check_out=2026-07-07&plus_minus=4", 422, "out_of_range", "plus_minus"),
    ("check_in=2026-07-05&check_out=2026-07-07&plus_minus=-1", 400, "invalid_parameter", "plus_minus"),
    ("check_in=2026-07-05&check_out=2026-07-07&plus_minus=", 400, "invalid_parameter", "plus_minus"),
    ("plus_minus=2", 422, "invalid_dates", "check_in"),
    ("check_in=2026-07-05&plus_minus=2", 422, "invalid_dates", "check_out"),
    ("flex=week", 422, "invalid_dates", "months"),
    ("months=2026-07", 422, "invalid_dates", "flex"),
    ("flex=fortnight&months=2026-07", 400, "invalid_parameter", "flex"),
    ("flex=week&months=", 400, "invalid_parameter", "months"),
    ("flex=week&months=2026-13", 400, "invalid_parameter", "months"),
    ("flex=week&months=2026-7", 400, "invalid_parameter", "months"),
    ("flex=week&months=2026-07-01", 400, "invalid_parameter", "months"),
    ("flex=week&months=2026-07,", 400, "invalid_parameter", "months"),
    ("flex=week&months=1899-12", 400, "invalid_parameter", "months"),
    ("flex=week&months=2026-06,2026-07,2026-08,2026-09,2026-10,2026-11,2026-12,2027-01,2027-02,2027-03,2027-04,2027-05,2027-06", 422, "out_of_range", "months"),
    ("nights=5", 422, "invalid_dates", "window_from"),
    ("nights=5&window_from=2026-07-01", 422, "invalid_dates", "window_to"),
    ("window_from=2026-07-01&window_to=2026-07-31", 422, "invalid_dates", "nights"),
    ("nights=0&window_from=2026-07-01&window_to=2026-07-31", 422, "out_of_range", "nights"),
    ("nights=366&window_from=2026-07-01&window_to=2027-07-02", 422, "out_of_range", "nights"),
    ("nights=-5&window_from=2026-07-01&window_to=2026-07-31", 400, "invalid_parameter", "nights"),
    ("nights=31&window_from=2026-07-01&window_to=2026-07-31", 422, "invalid_dates", "window_to"),
    ("nights=3&window_from=2026-07-31&window_to=2026-07-01", 422, "invalid_dates", "window_to"),
    ("nights=3&window_from=2026-07-01&window_to=2027-07-03", 422, "invalid_dates", "window_to"),
    ("nights=3&window_from=2026-07-01T10:00&window_to=2026-07-31", 422, "invalid_dates", "window_from"),
    ("nights=3&window_from=july&window_to=2026-07-31", 400, "invalid_parameter", "window_from"),
    ("flex=week&months=2026-07&check_in=2026-07-05&check_out=2026-07-07", 422, "invalid_dates", "check_in"),
    ("flex=week&months=2026-07&nights=5", 422, "invalid_dates", "nights"),
    ("nights=3&window_from=2026-07-01&window_to=2026-07-31&check_out=2026-07-07", 422, "invalid_dates", "check_out"),
    ("nights=3&window_from=2026-07-01&window_to=2026-07-31&plus_minus=2", 422, "invalid_dates", "plus_minus"),
    ("adults=0", 422, "out_of_range", "adults"),
    ("adults=-1", 400, "invalid_parameter", "adults"),
    ("adults=101", 422, "out_of_range", "adults"),
    ("adults=999999", 400, "invalid_parameter", "adults"),
    ("adults=abc", 400, "invalid_parameter", "adults"),
    ("adults=1e3", 400, "invalid_parameter", "adults"),
    ("adults=2.0", 400, "invalid_parameter", "adults"),
    ("adults=", 400, "invalid_parameter", "adults"),
    ("adults=%D9%A2", 400, "invalid_parameter", "adults"),
    ("children=-1", 400, "invalid_parameter", "children"),
    ("children=101", 422, "out_of_range", "children"),
    ("infants=21", 422, "out_of_range", "infants"),
    ("pets=21", 422, "out_of_range", "pets"),
    ("pets=999999999999999999999", 400, "invalid_parameter", "pets"),
    ("price_min=-1", 422, "out_of_range", "price_min"),
    ("price_max=-1", 422, "out_of_range", "price_max"),
    ("price_min=200&price_max=100", 422, "out_of_range", "price_max"),
    ("price_max=9223372036854775808", 400, "invalid_parameter", "price_max"),
    ("price_min=1.50", 400, "invalid_parameter", "price_min"),
    ("price_min=", 400, "invalid_parameter", "price_min"),
    ("price_basis=total", 422, "out_of_range", "price_basis"),
    ("price_basis=total&price_max=1", 422, "out_of_range", "price_basis"),
    ("price_basis=weekly", 400, "invalid_parameter", "price_basis"),
    ("currency=DOLLARS", 400, "invalid_parameter", "currency"),
    ("currency=", 400, "invalid_parameter", "currency"),
    ("currency=%24", 400, "invalid_parameter", "currency"),
    ("room_type=castle", 400, "invalid_parameter", "room_type"),
    ("room_type=entire_home&room_type=castle", 400, "invalid_parameter", "room_type"),
    ("amenities=wify", 422, "out_of_range", "amenities"),
    ("amenities=wifi&amenities=", 422, "out_of_range", "amenities"),
    ("amenities=wifi,pool", 422, "out_of_range", "amenities"),
    ("bedrooms_min=51", 422, "out_of_range", "bedrooms_min"),
    ("bedrooms_min=-1", 400, "invalid_parameter", "bedrooms_min"),
    ("bedrooms_min=300", 400, "invalid_parameter", "bedrooms_min"),
    ("beds_min=101", 422, "out_of_range", "beds_min"),
    ("bathrooms_min=-1", 422, "out_of_range", "bathrooms_min"),
    ("bathrooms_min=1.25", 422, "out_of_range", "bathrooms_min"),
    ("bathrooms_min=51", 422, "out_of_range", "bathrooms_min"),
    ("bathrooms_min=NaN", 422, "out_of_range", "bathrooms_min"),
    ("rating_min=6", 422, "out_of_range", "rating_min"),
    ("rating_min=-0.1", 422, "out_of_range", "rating_min"),
    ("rating_min=NaN", 422, "out_of_range", "rating_min"),
    ("rating_min=4.875", 422, "out_of_range", "rating_min"),
    ("min_reviews=-1", 400, "invalid_parameter", "min_reviews"),
    ("min_reviews=4294967296", 400, "invalid_parameter", "min_reviews"),
    ("instant_book=maybe", 400, "invalid_parameter", "instant_book"),
    ("top_host=", 400, "invalid_parameter", "top_host"),
    ("host_id=42", 400, "invalid_parameter", "host_id"),
    ("facets=2", 400, "invalid_parameter", "facets"),
    ("limit=0", 422, "out_of_range", "limit"),
    ("limit=101", 422, "out_of_range", "limit"),
    ("limit=100000", 400, "invalid_parameter", "limit"),
    ("limit=-1", 400, "invalid_parameter", "limit"),
    ("cursor=", 400, "invalid_cursor", "cursor"),
    ("cursor=abc", 400, "invalid_cursor", "cursor"),
    ("cursor=%27%3B--", 400, "invalid_cursor", "cursor"),
    ("city=", 400, "invalid_parameter", "city"),
    ("city=%20", 400, "invalid_parameter", "city"),
    ("adlts=2", 400, "unknown_parameter", "adlts"),
    ("ADULTS=2", 400, "unknown_parameter", "ADULTS"),
    ("adults%5B%5D=2", 400, "unknown_parameter", "adults[]"),
    ("=5", 400, "unknown_parameter", ""),
    ("adults=1&adults=2", 400, "repeated_parameter", "adults"),
    ("q=a&q=b", 400, "repeated_parameter", "q"),
    ("check_in=2026-07-05&check_in=2026-07-06&check_out=2026-07-08", 400, "repeated_parameter", "check_in"),
    ("q=%00", 400, "invalid_encoding", ""),
    ("q=a%00b", 400, "invalid_encoding", ""),
    ("q=%", 400, "invalid_encoding", ""),
    ("q=%zz", 400, "invalid_encoding", ""),
    ("q=%C3", 400, "invalid_encoding", ""),
    ("city=%FF%FE", 400, "invalid_encoding", ""),
];

on_both!(odd_parameters_are_refused_and_named, async |db: TestDb| {
    Lot::new("Attic").build(&db).await;
    let house = House::open(&db).await;
    let mut wrong = Vec::new();
    for (query, status, code, name) in REFUSED {
        if let Err(complaint) = refuses(&house, &format!("/search/stays?{query}"), *status, code, name).await {
            wrong.push(complaint);
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), REFUSED.len(), wrong.join("\n"));
});

/// Whether the answer is the problem that it should be.
async fn refuses(house: &House, path: &str, status: u16, code: &str, name: &str) -> Result<(), String> {
    let answer = house.get(path).await;
    let told = serde_json::from_str::<serde_json::Value>(&answer.text).unwrap_or_default();
    let pointer = told["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned();
    let named = name.is_empty() || pointer == format!("/query/{name}");
    let problem =
        answer.header("content-type") == Some("application/problem+json") && told["request_id"].is_string() && told["status"] == answer.status.as_u16();
    if answer.status.as_u16() == status && told["code"] == code && named && problem {
        return Ok(());
    }
    Err(format!("{path}: wanted {status} {code} {name}, got {} {} {pointer}", answer.status, answer.text.chars().take(160).collect::<String>()))
}

on_both!(any_text_is_text, async |db: TestDb| {
    let title = "Größe «Café» 北京 🏖️";
    Lot::new(title).described("a quiet place").build(&db).await;
    let house = House::open(&db).await;
    for (q, found) in [
        ("quiet", 1),
        ("GROSSE", 0),
        ("grösse", 0),
        ("größe", 1),
        ("cafe", 1),
        ("北京", 1),
        ("京北", 0),
        ("🏖️", 0),
        ("\"quiet", 1),
        ("'quiet place", 1),
        ("quiet\" OR \"", 0),
        ("title:quiet", 0),
        ("title:*", 0),
        ("+quiet -quiet", 1),
        ("quiet~2 quiet^9 [a TO b]", 0),
        ("(quiet", 1),
        ("quiet)", 1),
        ("quiet*", 1),
        ("*", 0),
        ("\\", 0),
        ("{} <script>", 0),
        ("%' OR 1=1 --", 0),
        ("\u{202e}teiuq\u{202c}", 0),
        ("\u{200b}\u{200d}\u{feff}", 0),
        ("مكان هادئ", 0),
        ("quiet\u{0301}\u{0301}", 1),
        ("\n\t\r", 1),
        ("\u{1}quiet", 1),
        ("\u{10ffff}", 0),
    ] {
        let page = house.find(&format!("q={}", encode(q))).await;
        assert_eq!(page["total"], found, "{q:?}");
    }
    let marks = format!("e{}", "\u{301}".repeat(199));
    for long in [marks, "x".repeat(200), "北".repeat(200), "😀".repeat(200), "a ".repeat(100), "\"".repeat(200)] {
        house.find(&format!("q={}", encode(&long))).await;
        house.get(&format!("/search/suggest?q={}", encode(&long))).await.ok("suggest");
    }
    for (q, status, code) in [("x".repeat(201), 422, "out_of_range"), ("x".repeat(8_000), 422, "out_of_range"), ("x".repeat(10_240), 414, "uri_too_long")] {
        refuses(&house, &format!("/search/stays?q={q}"), status, code, "").await.unwrap();
        refuses(&house, &format!("/search/suggest?q={q}"), status, code, "").await.unwrap();
    }
    refuses(&house, "/search/suggest", 400, "invalid_parameter", "q").await.unwrap();
    refuses(&house, "/search/suggest?q=", 422, "out_of_range", "q").await.unwrap();
    refuses(&house, "/search/suggest?q=a&limit=21", 422, "out_of_range", "limit").await.unwrap();
});

on_both!(cursors_are_good_for_their_own_search_only, async |db: TestDb| {
    for n in 0..5 {
        Lot::new(&format!("Home {n}")).build(&db).await;
    }
    let house = House::open(&db).await;
    let query = "limit=2&sort=price&amenities=wifi";
    let cursor = house.find(query).await["next_cursor"].as_str().unwrap().to_owned();
    db.clock.advance_seconds(3_601);
    refuses(&house, &format!("/search/stays?{query}&cursor={cursor}"), 400, "invalid_cursor", "cursor").await.unwrap();
    let cursor = house.find(query).await["next_cursor"].as_str().unwrap().to_owned();
    // The page may have another length, and be counted.
    assert_eq!(house.find(&format!("limit=1&facets=true&sort=price&amenities=wifi&cursor={cursor}")).await["total"], 5);
    for other in [
        "sort=price",
        "sort=-price&amenities=wifi",
        "sort=price&amenities=wifi&adults=2",
        "sort=price&amenities=wifi&q=home",
        "sort=price&amenities=wifi&price_max=1",
    ] {
        refuses(&house, &format!("/search/stays?{other}&cursor={cursor}"), 400, "invalid_cursor", "cursor").await.unwrap();
    }
    for n in 0..cursor.len() {
        let mut forged = cursor.clone().into_bytes();
        forged[n] = if forged[n] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        refuses(&house, &format!("/search/stays?{query}&cursor={forged}"), 400, "invalid_cursor", "cursor").await.unwrap();
        refuses(&house, &format!("/search/stays?{query}&cursor={}", &cursor[..n]), 400, "invalid_cursor", "cursor").await.unwrap();
    }
    refuses(&house, &format!("/search/stays?{query}&cursor={}", "A".repeat(5_000)), 400, "invalid_cursor", "cursor").await.unwrap();
    // Of another instance: its key is another.
    let (elsewhere, mut foreign) = (TestDb::new(Engine::Sqlite).await, String::new());
    for n in 0..5 {
        Lot::new(&format!("Home {n}")).build(&elsewhere).await;
    }
    foreign.push_str(House::open(&elsewhere).await.find(query).await["next_cursor"].as_str().unwrap());
    refuses(&house, &format!("/search/stays?{query}&cursor={foreign}"), 400, "invalid_cursor", "cursor").await.unwrap();
});

on_both!(other_addresses_are_as_strict, async |db: TestDb| {
    let home = Lot::new("Attic").build(&db).await;
    let house = House::open(&db).await;
    let nobody = stopover::values::ListingId::new();
    for (path, status, code) in [
        (format!("/listings/{nobody}"), 404, "not_found"),
        (format!("/listings/{nobody}/calendar"), 404, "not_found"),
        (format!("/listings/{nobody}/why?check_in=2026-07-01&check_out=2026-07-02"), 404, "not_found"),
        (format!("/listings/{nobody}/reviews"), 404, "not_found"),
        (format!("/users/{nobody}"), 404, "not_found"),
        ("/listings/42".into(), 400, "invalid_parameter"),
        ("/listings/%00".into(), 400, "invalid_encoding"),
        ("/listings/..%2F..%2Fetc".into(), 400, "invalid_parameter"),
        (format!("/listings/{home}/calendar?from=2026-07-05&to=2026-07-01"), 422, "invalid_dates"),
        (format!("/listings/{home}/calendar?from=2026-07-05&to=2029-07-01"), 422, "invalid_dates"),
        (format!("/listings/{home}/reviews?cursor=abc"), 400, "invalid_cursor"),
        (format!("/listings/{home}?x=1"), 400, "unknown_parameter"),
        ("/search/stay".into(), 404, "not_found"),
        ("/search".into(), 404, "not_found"),
    ] {
        refuses(&house, &path, status, code, "").await.unwrap();
    }
});

on_both!(methods_are_kept_apart, async |db: TestDb| {
    Lot::new("Attic").build(&db).await;
    let house = House::open(&db).await;
    let path = "/api/v1/search/stays?limit=1";
    let (get, head) = (house.call(Method::GET, path).await, house.call(Method::HEAD, path).await);
    assert_eq!((head.status.as_u16(), head.text.as_str(), head.header("etag")), (200, "", get.header("etag")));
    let options = house.call(Method::OPTIONS, path).await;
    assert!(options.status.is_success() && options.header("allow").is_some_and(|allow| allow.contains("GET")), "{options:?}");
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
        let answer = house.call(method.clone(), path).await;
        assert_eq!(answer.status, 405, "{method}: {}", answer.text);
        assert_eq!(answer.json()["code"], "method_not_allowed");
    }
    let uri: Uri = path.parse().unwrap();
    let large = Request::builder().method(Method::GET).uri(uri).header("x-large", "x".repeat(1 << 20)).finish();
    let answer = house.send(large).await;
    assert!(answer.status.as_u16() < 500, "{answer:?}");
});
