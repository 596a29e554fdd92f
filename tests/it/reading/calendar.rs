//! Calendars and `why`: from rows to days, on both engines. The clock stands at 2026-06-01T12:00Z, 8 o'clock in Albany.

use super::street::{Door, home, write};
use crate::support::{TestDb, on_both, uses_index};
use serde_json::{Value as Json, json};
use stopover::features::calendar::{self, calendar_of, causes, overrides};
use stopover::platform::db::{DbError, Value};
use stopover::values::{BookingId, Instant, ListingId, Night, NightRange};
use uuid::Uuid;

fn night(text: &str) -> Night {
    Night::parse(text).unwrap()
}

fn range(from: &str, to: &str) -> NightRange {
    NightRange::new(night(from), night(to))
}

/// Books nights for good, or holds them until an instant.
async fn book(db: &TestDb, listing: ListingId, slot: i64, from: &str, to: &str, until: Option<&str>) {
    const BOOK: &str = "INSERT INTO booked_nights (listing_id, slot, night, kind, booking_id, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let booking = BookingId::new();
    let expires: Value = until.map(|text| Instant::parse(text).unwrap()).into();
    for night in range(from, to).iter() {
        let kind = if until.is_some() { "hold" } else { "booking" };
        write(db, BOOK, vec![listing.into(), slot.into(), night.into(), kind.into(), booking.into(), expires.clone()]).await;
    }
}

async fn block(db: &TestDb, listing: ListingId, from: &str, to: &str) {
    const BLOCK: &str =
        "INSERT INTO calendar_blocks (id, listing_id, from_night, to_night, reason, note, created_at) VALUES ($1, $2, $3, $4, 'owner', 'Aunt May', $5)";
    write(db, BLOCK, vec![Uuid::now_v7().into(), listing.into(), night(from).into(), night(to).into(), Instant(0).into()]).await;
}

async fn external(db: &TestDb, listing: ListingId, from: &str, to: &str) {
    const TAKE: &str = "INSERT INTO external_nights (listing_id, feed, from_night, to_night) VALUES ($1, 'elsewhere', $2, $3)";
    write(db, TAKE, vec![listing.into(), night(from).into(), night(to).into()]).await;
}

async fn price(db: &TestDb, listing: ListingId, source: &str, from: &str, to: &str, price: Option<i64>, min: Option<i64>) {
    const SET: &str = "INSERT INTO day_overrides (listing_id, source, from_night, to_night, price_minor, min_nights) VALUES ($1, $2, $3, $4, $5, $6)";
    write(db, SET, vec![listing.into(), source.into(), night(from).into(), night(to).into(), price.into(), min.into()]).await;
}

on_both!(causes_are_read_each_for_itself, async |db: TestDb| {
    let (listing, _) = home(&db).await;
    let (other, _) = home(&db).await;
    book(&db, listing, 0, "2026-06-10", "2026-06-13", None).await;
    book(&db, listing, 0, "2026-06-13", "2026-06-15", None).await;
    book(&db, listing, 1, "2026-06-11", "2026-06-12", Some("2026-06-01T12:10:00Z")).await;
    book(&db, listing, 1, "2026-06-20", "2026-06-21", Some("2026-06-01T12:00:00Z")).await;
    book(&db, other, 0, "2026-06-01", "2026-06-03", None).await;
    block(&db, listing, "2026-05-01", "2026-05-20").await;
    block(&db, listing, "2025-05-01", "2025-05-20").await;
    external(&db, listing, "2026-06-25", "2026-06-28").await;
    let read = async |now: &str| {
        let now = Instant::parse(now).unwrap();
        db.read_cut::<_, DbError, _>(move |conn| causes(conn, listing, night("2026-06-01"), now)).await.unwrap()
    };
    let found = read("2026-06-01T12:00:00Z").await;
    assert_eq!(found.blocks, [range("2026-05-01", "2026-05-20")], "what ended long ago is left out");
    let booked = [range("2026-06-10", "2026-06-13"), range("2026-06-13", "2026-06-15")];
    let ranges = |causes: &calendar::Causes| causes.stays.iter().map(|held| held.range).collect::<Vec<_>>();
    assert_eq!(ranges(&found), [booked[0], booked[1], range("2026-06-11", "2026-06-12"), range("2026-06-25", "2026-06-28")], "an expired hold is no cause");
    assert_eq!(found.stays.iter().map(|held| held.slot).collect::<Vec<_>>(), [Some(0), Some(0), Some(1), None]);
    assert_eq!(ranges(&read("2026-06-01T12:10:00Z").await), [booked[0], booked[1], range("2026-06-25", "2026-06-28")]);
});

on_both!(the_hosts_word_lies_over_imports, async |db: TestDb| {
    let (listing, _) = home(&db).await;
    price(&db, listing, "inside", "2026-06-10", "2026-06-20", Some(20_000), Some(3)).await;
    price(&db, listing, "host", "2026-06-12", "2026-06-14", Some(15_000), None).await;
    let found = db.read_cut::<_, DbError, _>(move |conn| overrides(conn, listing, night("2026-06-01"))).await.unwrap();
    let told: Vec<_> = found.iter().map(|day| (day.range, day.price_minor.map(i64::from), day.min_nights.map(u16::from))).collect();
    assert_eq!(
        told,
        [
            (range("2026-06-10", "2026-06-12"), Some(20_000), Some(3)),
            (range("2026-06-12", "2026-06-14"), Some(15_000), Some(3)),
            (range("2026-06-14", "2026-06-20"), Some(20_000), Some(3)),
        ]
    );
});

on_both!(a_stranger_sees_days_and_never_causes, async |db: TestDb| {
    let ((listing, _), door) = (home(&db).await, Door::of(&db));
    book(&db, listing, 0, "2026-06-05", "2026-06-06", None).await;
    block(&db, listing, "2026-06-06", "2026-06-07").await;
    external(&db, listing, "2026-06-07", "2026-06-08").await;
    price(&db, listing, "host", "2026-06-10", "2026-06-11", Some(12_345), Some(4)).await;
    let answer = door.get(&format!("/listings/{listing}/calendar")).await;
    let page = answer.ok();
    let days = page["data"].as_array().unwrap();
    assert_eq!((days.len(), page["from"].as_str(), page["to"].as_str()), (31, Some("2026-06-01"), Some("2026-07-02")));
    let mut taken: Vec<Json> = days[4..7].to_vec();
    for day in &mut taken {
        assert_eq!(day["available"], false, "{day}");
        for varying in ["date", "check_out_ok", "closed_to_departure"] {
            day.as_object_mut().unwrap().remove(varying);
        }
    }
    assert!(taken.iter().all(|day| *day == taken[0]), "a booking, a block and a feed look alike: {taken:?}");
    assert!(!answer.text.contains("owner") && !answer.text.contains("Aunt May") && !answer.text.contains("elsewhere"));
    let first = json!({
        "date": "2026-06-10", "available": true, "price": { "amount": 12_345, "currency": "USD" }, "min_nights": 4, "max_nights": 30,
        "closed_to_arrival": false, "closed_to_departure": false, "check_in_ok": true, "check_out_ok": true,
    });
    assert_eq!(days[9], first);
    // Saturday 6 June: no departures on weekends. Friday 5 June: the last two nights before it are free.
    assert_eq!(
        (days[5]["closed_to_departure"].as_bool(), days[4]["check_out_ok"].as_bool(), days[4]["check_in_ok"].as_bool()),
        (Some(true), Some(true), Some(false))
    );
    // Today can be booked until six in the evening, New York time.
    assert_eq!(days[0]["check_in_ok"], true);
    db.clock.set("2026-06-01T22:00:00Z");
    assert_eq!(door.get(&format!("/listings/{listing}/calendar")).await.ok()["data"][0]["check_in_ok"], false);
});

on_both!(odd_dates_are_refused_and_odd_ranges_too, async |db: TestDb| {
    let ((listing, _), door) = (home(&db).await, Door::of(&db));
    for (query, status, code) in [
        ("from=2026-06-01T00:00:00Z", 422, "invalid_dates"),
        ("from=2026-06-10&to=2026-06-10", 422, "invalid_dates"),
        ("from=2026-06-10&to=2026-06-01", 422, "invalid_dates"),
        ("from=2026-06-01&to=2028-06-01", 422, "invalid_dates"),
        ("from=yesterday", 400, "invalid_parameter"),
        ("from=2026-02-30", 400, "invalid_parameter"),
        ("from=", 400, "invalid_parameter"),
        ("form=2026-06-01", 400, "unknown_parameter"),
    ] {
        door.refuses(&format!("/listings/{listing}/calendar?{query}"), status, code).await;
    }
    let page = door.get(&format!("/listings/{listing}/calendar?from=2026-06-01&to=2028-05-31")).await.ok();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(730));
    let past = door.get(&format!("/listings/{listing}/calendar?from=1999-12-31&to=2000-01-02")).await.ok();
    assert!(past["data"].as_array().unwrap().iter().all(|day| day["available"] == false && day["check_in_ok"] == false));
});

on_both!(why_names_every_rule_and_the_nearest_dates, async |db: TestDb| {
    let ((listing, _), door) = (home(&db).await, Door::of(&db));
    block(&db, listing, "2026-07-06", "2026-07-08").await;
    price(&db, listing, "host", "2026-07-01", "2026-07-02", Some(10_001), None).await;
    let why = |query: &str| format!("/listings/{listing}/why?{query}");
    let good = door.get(&why("check_in=2026-07-01&check_out=2026-07-03&adults=2&children=2")).await.ok();
    assert_eq!((good["bookable"].as_bool(), &good["reasons"]), (Some(true), &json!([])));
    assert_eq!(
        good["stay"],
        json!({ "nights": 2, "total": { "amount": 20_001, "currency": "USD" }, "average_nightly": { "amount": 10_000, "currency": "USD" } })
    );
    assert_eq!(good["rules"].as_array().map(Vec::len), Some(14));
    assert_eq!(good["rules"][2], json!({ "code": "over_capacity", "passes": true, "actual": 4, "limit": 4 }));
    let bad = door.get(&why("check_in=2026-07-07&check_out=2026-07-08&adults=5&pets=1")).await.ok();
    assert_eq!((bad["bookable"].as_bool(), &bad["stay"]), (Some(false), &Json::Null));
    assert_eq!(bad["reasons"], json!(["over_capacity", "pets_not_allowed", "min_nights", "dates_unavailable"]));
    assert_eq!(bad["nearest"], json!([]), "no date helps a party that is too large");
    let taken = door.get(&why("check_in=2026-07-06&check_out=2026-07-08")).await.ok();
    assert_eq!(taken["reasons"], json!(["dates_unavailable"]));
    // By distance; the stays one day away would end on a blocked day or on a weekend.
    let free = |check_in: &str, check_out: &str| json!({ "check_in": check_in, "check_out": check_out });
    let nearest = [free("2026-07-04", "2026-07-06"), free("2026-07-08", "2026-07-10"), free("2026-07-01", "2026-07-03")];
    assert_eq!(taken["nearest"], json!(nearest));
    for (query, status, code) in [
        ("check_in=2026-07-03&check_out=2026-07-03", 422, "invalid_dates"),
        ("check_in=2026-07-03&check_out=2026-07-01", 422, "invalid_dates"),
        ("check_in=2026-07-03&check_out=2027-07-04", 422, "invalid_dates"),
        ("check_in=2026-07-03T10:00&check_out=2026-07-04", 422, "invalid_dates"),
        ("check_in=2026-07-03&check_out=2026-07-05&adults=0", 422, "out_of_range"),
        ("check_in=2026-07-03&check_out=2026-07-05&adults=-1", 400, "invalid_parameter"),
        ("check_in=2026-07-03&check_out=2026-07-05&adults=two", 400, "invalid_parameter"),
        ("check_in=2026-07-03", 400, "invalid_parameter"),
    ] {
        door.refuses(&why(query), status, code).await;
    }
});

on_both!(calendars_are_found_by_index, async |db: TestDb| {
    let value = |letter: char| -> Value {
        match letter {
            'U' => ListingId::new().into(),
            'D' => night("2026-06-01").into(),
            'I' => Instant(0).into(),
            'N' => 1_i64.into(),
            'T' => "host".into(),
            'B' => true.into(),
            'J' => stopover::platform::db::Json("[]".into()).into(),
            other => panic!("no value for {other}"),
        }
    };
    for (sql, kinds) in calendar::statements() {
        uses_index(&db, sql, kinds.chars().map(value).collect()).await;
    }
    let nobody = db.read_cut::<_, DbError, _>(|conn| calendar_of(conn, ListingId::new(), None, Instant(0))).await.unwrap();
    assert_eq!(nobody, None);
});
