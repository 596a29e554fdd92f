//! Imports tried with the cut of Boston in `tests/data/boston-cut` and small files made on the spot.

use crate::support::{TestDb, off_thread, on_both};

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use stopover::features::imports::*;
use stopover::platform::db::{Conn, Db, DbResult, Lane};
use stopover::values::{Currency, Night, Zone};

fn cut(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/boston-cut").join(name)
}

/// Makes a test on both engines of a body that blocks; it gets a fresh database and a folder to work in.
macro_rules! import_test {
    ($name:ident, $body:expr) => {
        on_both!($name, async |db: TestDb| {
            let inner: Db = (*db).clone();
            off_thread(move || {
                let folder = tempfile::tempdir().unwrap();
                let body: fn(&Db, &Path) = $body;
                body(&inner, folder.path());
            })
            .await;
        });
    };
}

fn boston() -> InsideAirbnbAsk {
    InsideAirbnbAsk {
        listings: ImportFile::Path(cut("listings.csv.gz")),
        calendar: Some(ImportFile::Path(cut("calendar.csv.gz"))),
        reviews: None,
        city: "Boston".into(),
        country: "us".into(),
        currency: Currency::parse("USD").unwrap(),
        zone: Zone::parse("America/New_York").unwrap(),
        shift_to: Night::parse("2026-11-22"),
        strict: true,
        pace: Pace::Alone,
    }
}

fn read<T>(db: &Db, f: impl FnOnce(&mut Conn<'_>) -> DbResult<T>) -> T {
    db.read_blocking(f).unwrap()
}

fn number(db: &Db, sql: &str) -> i64 {
    read(db, |conn| conn.first(sql, &[], |row| row.get(0))).unwrap()
}

fn text(db: &Db, sql: &str) -> String {
    read(db, |conn| conn.first(sql, &[], |row| row.get(0))).unwrap()
}

fn run_sql(db: &Db, sql: &'static str) {
    db.write_blocking(Lane::Urgent, move |tx, _| tx.batch(sql)).unwrap();
}

/// Everything an import may write, as counts.
fn counts(db: &Db) -> Vec<i64> {
    ["users", "listings", "listing_texts", "external_nights", "day_overrides", "reviews", "imports", "events"]
        .map(|table| number(db, &format!("SELECT COUNT(*) FROM {table}")))
        .into()
}

/// Writes files into a folder.
fn files(folder: &Path, files: &[(&str, &[u8])]) {
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn csv_ask(folder: &Path) -> CsvAsk {
    CsvAsk {
        folder: folder.to_owned(),
        currency: Currency::parse("EUR").unwrap(),
        zone: None,
        country: Some("DE".into()),
        source: Some("old".into()),
        public_points: true,
        strict: false,
        pace: Pace::Shared,
    }
}

import_test!(the_cut_of_boston_comes_in_whole_and_twice_is_once, |db, _folder| {
    let report = inside_airbnb(db, &boston(), &Silent).unwrap();
    assert_eq!((report.listings_new, report.listings_changed, report.bad_rows.count), (40, 0, 0));
    assert_eq!(number(db, "SELECT COUNT(*) FROM listings WHERE state IN ('published', 'paused')"), 40);
    assert_eq!(number(db, "SELECT COUNT(*) FROM listings WHERE state = 'paused'"), i64::try_from(report.listings_without_price).unwrap());
    assert_eq!(text(db, "SELECT CAST(MIN(from_night) AS TEXT) FROM external_nights"), "2026-11-22", "the calendar begins where it was moved to");
    assert_eq!(number(db, "SELECT COUNT(*) FROM events WHERE kind = 'listing.changed'"), 40);
    let before = counts(db);
    let again = inside_airbnb(db, &boston(), &Silent).unwrap();
    assert_eq!(again.outcome, Outcome::Unchanged);
    assert_eq!(counts(db), before);
});

import_test!(other_options_write_only_what_is_different, |db, _folder| {
    inside_airbnb(db, &boston(), &Silent).unwrap();
    let strange = InsideAirbnbAsk { strict: false, calendar: None, ..boston() };
    let report = inside_airbnb(db, &strange, &Silent).unwrap();
    assert_eq!(report.listings_new, 0);
    assert_eq!(number(db, "SELECT COUNT(*) FROM external_nights"), 0, "a home without a calendar is free");
    let report = inside_airbnb(db, &boston(), &Silent).unwrap();
    assert_eq!(report.listings_new, 0);
    let whole = counts(db);
    let moved = InsideAirbnbAsk { shift_to: Night::parse("2026-12-01"), ..boston() };
    inside_airbnb(db, &moved, &Silent).unwrap();
    assert_eq!(text(db, "SELECT CAST(MIN(from_night) AS TEXT) FROM external_nights"), "2026-12-01");
    assert_eq!(counts(db)[3..5], whole[3..5], "moved ranges are as many as before");
});

import_test!(what_a_host_edited_and_a_guest_booked_stays, |db, _folder| {
    inside_airbnb(db, &boston(), &Silent).unwrap();
    run_sql(
        db,
        "UPDATE listings SET title = 'Mine', edited_fields = '[\"title\"]' WHERE external_id = '3781';
         INSERT INTO booked_nights (listing_id, slot, night, kind, booking_id)
           SELECT listing_id, 0, from_night, 'booking', listing_id FROM external_nights
           WHERE listing_id = (SELECT id FROM listings WHERE external_id = '3781') ORDER BY from_night LIMIT 1;
         UPDATE listings SET source_hash = NULL WHERE external_id = '3781';
         UPDATE listings SET city = 'Boston', external_id = 'gone' WHERE external_id = '5506';",
    );
    let other = InsideAirbnbAsk { currency: Currency::parse("EUR").unwrap(), ..boston() };
    let report = inside_airbnb(db, &other, &Silent).unwrap();
    assert_eq!((report.listings_new, report.listings_changed, report.listings_gone), (1, 39, 1));
    assert_eq!(text(db, "SELECT title || ' ' || currency FROM listings WHERE external_id = '3781'"), "Mine EUR");
    assert_eq!(number(db, "SELECT COUNT(*) FROM booked_nights"), 1);
    assert_eq!((report.clashes.count, report.clashes.listed[0].listing.as_str()), (1, "3781"));
});

/// Says stop after some reports of writing.
struct StopAfter(AtomicU64);

impl Progress for StopAfter {
    fn report(&self, stage: Stage, _: u64, _: u64) -> ControlFlow<()> {
        if stage == Stage::Listings && self.0.fetch_sub(1, Relaxed) == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

import_test!(an_interrupted_import_leaves_whole_listings_and_is_completed_by_the_next, |db, _folder| {
    let ask = InsideAirbnbAsk { pace: Pace::Shared, ..boston() };
    let stopped = inside_airbnb(db, &ask, &StopAfter(AtomicU64::new(1)));
    assert!(matches!(stopped, Err(ImportError::Stopped(Stage::Listings))), "{stopped:?}");
    let part = counts(db);
    assert!(part[1] > 0 && part[1] < 40, "{part:?}");
    assert_eq!(part[1], part[2], "every listing has its text");
    assert_eq!(read(db, unfinished), [("inside-airbnb".to_owned(), "Boston".to_owned())]);
    let report = inside_airbnb(db, &ask, &Silent).unwrap();
    assert_eq!(i64::try_from(report.listings_new).unwrap(), 40 - part[1]);
    assert!(read(db, unfinished).is_empty());
    assert_eq!(number(db, "SELECT COUNT(*) FROM events WHERE kind = 'listings.replaced'"), 1, "readers reload after a broken run");
    // A clean run of the same files counts 40 of everything that is one a listing.
    assert_eq!(counts(db)[1..3], [40, 40]);
});

import_test!(files_that_cannot_be_used_get_one_sentence_and_change_nothing, |db, folder| {
    let at = |name: &str| ImportFile::Path(folder.join(name));
    let whole = std::fs::read(cut("listings.csv.gz")).unwrap();
    let mut damaged = whole.clone();
    damaged[5_000..5_100].fill(0xff);
    files(
        folder,
        &[
            ("truncated.csv.gz", &whole[..whole.len() / 2]),
            ("damaged.csv.gz", &damaged),
            ("page.html", b"<!doctype html>\n<p>Not found"),
            ("columns.csv", b"id,name,host_id\n1,a,2\n"),
            ("empty.csv", b""),
            ("noise.csv", &[0xff, 0xfe, 0x00, 0x9c, 0x0a, 0x80]),
        ],
    );
    let before = counts(db);
    for (name, sentence) in [
        ("truncated.csv.gz", "truncated.csv.gz ends in the middle: the gzip file is truncated"),
        ("damaged.csv.gz", "damaged.csv.gz cannot be unpacked, it is damaged"),
        ("page.html", "page.html is not the CSV file that is needed here"),
        ("columns.csv", "columns.csv lacks the columns host_name, latitude"),
        ("empty.csv", "empty.csv is empty"),
        ("noise.csv", "noise.csv is not the CSV file that is needed here"),
        ("missing.csv", "missing.csv does not exist"),
        ("", "is a folder, not a file"),
    ] {
        let error = inside_airbnb(db, &InsideAirbnbAsk { listings: at(name), ..boston() }, &Silent).unwrap_err().to_string();
        assert!(error.contains(sentence), "{name}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
    let half = std::fs::read(cut("calendar.csv.gz")).unwrap();
    files(folder, &[("calendar.csv.gz", &half[..half.len() - 20])]);
    let error = inside_airbnb(db, &InsideAirbnbAsk { calendar: Some(at("calendar.csv.gz")), ..boston() }, &Silent).unwrap_err();
    assert!(error.to_string().starts_with("calendar.csv.gz ends in the middle"), "{error}");
    assert_eq!(counts(db), before);
});

const HEADING: &str =
    "id,name,lat,lon,price_cents,room_type,accommodates,host_id,host_name,amenities,min_nights,max_nights,rating,reviews,bathrooms,description";

import_test!(bad_rows_are_named_and_skipped_and_strict_writes_nothing, |db, folder| {
    let long = "x".repeat(10 << 20);
    let rows = [
        "1,Good,52.5,13.4,5000,entire_home,2,h,Ada,\"[\"\"Wifi\"\", \"\"Pets allowed\"\", \"\"A cow\"\"]\",,1125,4.87,31,1.5,\"Two\nlines\"".to_owned(),
        "1,Twice,52.5,13.4,5000,entire_home,2,h,Ada,,,,,,,".to_owned(),
        "2,Far,95,13.4,5000,entire_home,2,h,Ada,,,,,,,".to_owned(),
        "3,Tent,52.5,13.4,5000,tent,2,h,Ada,,,,,,,".to_owned(),
        "4,Short,52.5".to_owned(),
        format!("5,{long},52.5,13.4,5000,entire_home,2,h,Ada,,,,,,,"),
        "6,Words,52.5,13.4,5000,entire_home,2,h,Ada,not json,,,,,,".to_owned(),
        "7,No price,52.5,13.4,,hotel_room,2,h2,,,,,,,,".to_owned(),
        ",No id,52.5,13.4,1,entire_home,2,h,Ada,,,,,,,".to_owned(),
    ];
    // A byte order mark and Windows line ends do no harm.
    let listings = format!("\u{feff}{HEADING}\r\n{}\r\n", rows.join("\r\n"));
    let blocked =
        b"listing_id,start,end\n1,2026-12-01,2026-12-05\n1,2026-12-05,2026-12-07\n2,2026-12-01,2026-12-05\n99,2026-12-01,2026-12-05\n1,2026-12-09,2026-12-09\n";
    let prices = b"listing_id,start,nightly\n1,2026-12-01,5000x2;6000x3;x1;6000x1\n7,2026-12-01,100x1;200x1\n";
    files(folder, &[("listings.csv.gz", &gzip(listings.as_bytes())), ("blocked.csv", blocked), ("prices.csv", prices)]);
    let before = counts(db);
    let strict = csv(db, &CsvAsk { strict: true, ..csv_ask(folder) }, &Silent);
    assert!(matches!(&strict, Err(ImportError::Strict(bad)) if bad.count == 9), "{strict:?}");
    assert_eq!(counts(db), before);

    let report = csv(db, &csv_ask(folder), &Silent).unwrap();
    let bad: Vec<String> = report.bad_rows.listed.iter().map(|bad| format!("{}:{}:{}", bad.file, bad.line, bad.column)).collect();
    let expected = ["4:id", "5:lat", "6:room_type", "7:(row)", "8:name", "9:amenities", "11:id"].map(|place| format!("listings.csv.gz:{place}"));
    assert_eq!(bad[..7], expected);
    assert_eq!(bad[7..], ["blocked.csv:5:listing_id", "blocked.csv:6:end"], "calendars of refused listings raise no complaint");
    assert_eq!((report.listings_new, report.listings_without_price, report.taken_ranges, report.override_ranges), (2, 0, 1, 3));
    let home = "SELECT zone || '|' || max_pets || '|' || REPLACE(CAST(amenities AS TEXT), ' ', '') || '|' || CAST(amenities_other AS TEXT) || '|' || max_nights || '|' || min_nights || '|' || rating_count || '|' || rating_sum_centi || '|' || bathrooms_halves || '|' || state || '|' || country FROM listings WHERE external_id = '1'";
    assert_eq!(text(db, home), r#"Europe/Berlin|5|["wifi","pets_allowed"]|["A cow"]|365|1|31|15097|3|published|DE"#);
    assert_eq!(text(db, "SELECT description FROM listing_texts WHERE description <> ''"), "Two\nlines");
    assert_eq!(number(db, "SELECT price_minor FROM listings WHERE external_id = '7'"), 100, "the most frequent price, the smaller of two");
    assert_eq!(text(db, "SELECT CAST(from_night AS TEXT) || ' ' || CAST(to_night AS TEXT) FROM external_nights"), "2026-12-01 2026-12-07");
});

import_test!(an_endless_field_is_refused_before_it_fills_the_memory, |db, folder| {
    let mut endless = format!("{HEADING}\n1,\"").into_bytes();
    endless.resize(80 << 20, b'x');
    files(folder, &[("listings.csv", &gzip(&endless))]);
    let error = csv(db, &csv_ask(folder), &Silent).unwrap_err().to_string();
    assert!(error.contains("a row is longer than 64 MiB"), "{error}");
});

import_test!(the_demo_comes_once_and_moves_on_while_nobody_has_booked, |db, _folder| {
    let day = |text| Night::parse(text).unwrap();
    let report = demo(db, day("2026-11-22"), Pace::Alone, &Silent).unwrap().unwrap();
    assert_eq!((report.listings_new, report.bad_rows.count), (421, 0));
    assert_eq!(report.reviews, 25_313);
    assert!(demo(db, day("2026-11-29"), Pace::Alone, &Silent).unwrap().is_none(), "a week is not too old");
    let moved = demo(db, day("2026-11-30"), Pace::Alone, &Silent).unwrap().unwrap();
    assert_eq!((moved.listings_new, moved.reviews), (0, 0));
    assert_eq!(text(db, "SELECT CAST(MIN(from_night) AS TEXT) FROM external_nights"), "2026-11-30");
    run_sql(db, "INSERT INTO booked_nights (listing_id, slot, night, kind, booking_id) SELECT id, 0, '2027-01-01', 'booking', id FROM listings LIMIT 1");
    assert!(demo(db, day("2027-01-30"), Pace::Alone, &Silent).unwrap().is_none(), "somebody has booked");
    assert_eq!(number(db, "SELECT COUNT(*) FROM reviews"), 25_313);
});

import_test!(two_imports_at_once_do_not_make_two_of_one_listing, |db, _folder| {
    let results: Vec<_> = std::thread::scope(|scope| {
        let runs = [(); 2].map(|()| scope.spawn(|| inside_airbnb(db, &InsideAirbnbAsk { pace: Pace::Shared, ..boston() }, &Silent)));
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    for result in results.iter().filter_map(|result| result.as_ref().err()) {
        assert!(matches!(result, ImportError::Busy), "{result:?}");
    }
    inside_airbnb(db, &boston(), &Silent).unwrap();
    assert_eq!(number(db, "SELECT COUNT(*) FROM listings"), 40);
});

import_test!(strangers_see_another_point_than_the_home, |db, folder| {
    let listings = format!("{HEADING},host_superhost\n1,Good,52.5,13.4,5000,entire_home,2,h,Ada,,,,,,,,f\n");
    files(folder, &[("listings.csv", listings.as_bytes())]);
    let point = || text(db, "SELECT CAST(public_lat AS TEXT) || ' ' || CAST(public_lng AS TEXT) FROM listings");
    let private = CsvAsk { public_points: false, ..csv_ask(folder) };
    csv(db, &private, &Silent).unwrap();
    assert_eq!(number(db, "SELECT COUNT(*) FROM listings WHERE lat = 52.5 AND lng = 13.4 AND public_lat <> lat AND ABS(public_lat - lat) < 0.0046"), 1);
    let first = point();
    csv(db, &csv_ask(folder), &Silent).unwrap();
    assert_eq!(number(db, "SELECT COUNT(*) FROM listings WHERE public_lat = 52.5 AND public_lng = 13.4"), 1, "as they are, when so asked");
    csv(db, &private, &Silent).unwrap();
    assert_eq!(point(), first, "the same each time");
});

import_test!(a_host_who_changed_is_told_of_for_each_of_their_homes, |db, folder| {
    let row = |badge: &str| format!("{HEADING},host_superhost\n1,Good,52.5,13.4,5000,entire_home,2,h,Ada,,,,,,,,{badge}\n");
    let told = || number(db, "SELECT COUNT(*) FROM events WHERE kind = 'listing.changed'");
    files(folder, &[("listings.csv", row("f").as_bytes())]);
    csv(db, &csv_ask(folder), &Silent).unwrap();
    let before = told();
    files(folder, &[("listings.csv", row("t").as_bytes())]);
    csv(db, &csv_ask(folder), &Silent).unwrap();
    assert_eq!((told() - before, number(db, "SELECT COUNT(*) FROM users WHERE top_host")), (1, 1));
});
