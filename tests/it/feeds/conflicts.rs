//! Nights that are taken here and there: nothing is cancelled, the host is told, and it stays on the list until it is over.

use super::*;
use crate::support::on_both;
use stopover::features::calendar::{self, Claim, Lifetime, Party};
use stopover::values::{BookingId, Night, Stay};

async fn open(stage: &Stage) -> Vec<String> {
    let all = stage.get("/conflicts").await;
    all["data"].as_array().unwrap().iter().map(|one| format!("{}/{}", one["from"].as_str().unwrap(), one["to"].as_str().unwrap())).collect()
}

on_both!(a_stay_that_is_sold_twice_is_told_and_kept, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[("2026-07-03", "2026-07-08", "Reserved"), ("2026-07-20", "2026-07-22", "Reserved")])));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    let booking = book(&db, stage.home, 0, &["2026-07-01", "2026-07-02", "2026-07-03", "2026-07-04"]).await;
    let feed = stage.connect(&site).await;
    let page = stage.get("/conflicts").await;
    let conflict = &page["data"][0];
    assert_eq!((conflict["from"].as_str(), conflict["to"].as_str(), page["has_more"].as_bool()), (Some("2026-07-03"), Some("2026-07-05"), Some(false)));
    assert_eq!((conflict["booking_id"].as_str(), conflict["feed_id"].as_str()), (Some(booking.to_string().as_str()), Some(feed.as_str())));
    let letters = async || stage.town.letters().await.into_iter().filter(|letter| letter.subject.contains("taken twice")).collect::<Vec<_>>();
    assert!(letters().await[0].text.contains("2026-07-03 to 2026-07-05"), "{:?}", letters().await);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM booked_nights").await, 4, "nothing was cancelled");
    // The same again is not told again, and what was seen to stays so.
    stage.sync(&feed).await;
    let id = conflict["id"].as_str().unwrap();
    stage.ask(Method::POST, &format!("/conflicts/{id}/resolve"), None).await.expect(204);
    stage.ask(Method::POST, &format!("/conflicts/{id}/resolve"), None).await.expect_problem(404, "not_found");
    site.says(Says::Calendar(calendar(&[("2026-07-03", "2026-07-08", "Reserved")])));
    stage.sync(&feed).await;
    assert_eq!((open(&stage).await.len(), letters().await.len()), (0, 1));
    assert_eq!(stage.get("/conflicts?resolved=true").await["data"][0]["how"], "by_host");
    // Other nights are another conflict, and are over when the other site has none.
    site.says(Says::Calendar(calendar(&[("2026-07-02", "2026-07-08", "Reserved")])));
    stage.sync(&feed).await;
    assert_eq!((open(&stage).await, letters().await.len()), (vec!["2026-07-02/2026-07-05".to_owned()], 2));
    site.says(Says::Calendar(calendar(&[("2026-07-05", "2026-07-08", "Reserved")])));
    stage.sync(&feed).await;
    assert_eq!(open(&stage).await, Vec::<String>::new());
    let all = stage.get("/conflicts?resolved=true&limit=1").await;
    assert_eq!((all["data"][0]["how"].as_str(), all["has_more"].as_bool()), (Some("gone"), Some(true)));
    let next = stage.get(&format!("/conflicts?resolved=true&limit=1&cursor={}", all["next_cursor"].as_str().unwrap())).await;
    assert_eq!((next["data"][0]["how"].as_str(), next["has_more"].as_bool()), (Some("by_host"), Some(false)));
});

on_both!(what_another_site_has_learnt_from_us_is_no_conflict, async |db: TestDb| {
    let echo = calendar(&[("2026-07-01", "2026-07-03", "CLOSED - Not available")]);
    let site = Site::new(Says::Calendar(echo.clone()));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    book(&db, stage.home, 0, &["2026-07-01", "2026-07-02"]).await;
    let feed = stage.connect(&site).await;
    assert_eq!(open(&stage).await.len(), 1, "it cannot know of our booking");
    let (_, path) = stage.export(json!({"name": "Elsewhere", "source_feed": feed})).await;
    stage.told(&path).await;
    stage.sync(&feed).await;
    // The feed says the same: what is open is looked at when it is read whole.
    stage.ask(Method::PATCH, &format!("/feeds/{feed}"), Some(json!({"name": "B"}))).await.expect(200);
    stage.town.run_jobs().await;
    assert_eq!(open(&stage).await, Vec::<String>::new(), "it has fetched our calendar");
    site.says(Says::Calendar(calendar(&[("2026-07-01", "2026-07-03", "Reserved")])));
    stage.ask(Method::PATCH, &format!("/feeds/{feed}"), Some(json!({"name": "C"}))).await.expect(200);
    stage.town.run_jobs().await;
    assert_eq!(open(&stage).await.len(), 1, "the same nights, but sold");
});

on_both!(a_stay_that_another_site_repeats_keeps_its_unit, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[])));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    change(&db, "UPDATE listings SET unit_count = 2, min_nights = 1, departure_days = 127 WHERE id = $1", stage.home).await;
    let first = book(&db, stage.home, 0, &["2026-07-10", "2026-07-11", "2026-07-12"]).await;
    let second = book(&db, stage.home, 1, &["2026-07-14", "2026-07-15", "2026-07-16"]).await;
    // The site learns of the first unit, and closes its nights there.
    let feed = stage.connect(&site).await;
    let (_, path) = stage.export(json!({"name": "Back", "slot": 0, "source_feed": feed})).await;
    stage.told(&path).await;
    site.says(Says::Calendar(calendar(&[("2026-07-10", "2026-07-13", "CLOSED - Not available")])));
    stage.sync(&feed).await;
    assert_eq!((taken(&db, stage.home).await, open(&stage).await), (vec!["2026-07-10/2026-07-13".to_owned()], vec![]));
    // Four nights across both stays have room if the second one moves; the first one is where the other site thinks it is.
    let claim = Claim {
        listing: ListingId(stage.home),
        stay: Stay::new(Night::parse("2026-07-12").unwrap(), Night::parse("2026-07-16").unwrap()).unwrap(),
        party: Party { adults: 2, children: 0, infants: 0, pets: 0 },
        booking: BookingId::new(),
        lifetime: Lifetime::Booking,
        by: None,
        waived: Vec::new(),
    };
    let claimed: DbResult<_> = db.write(move |tx, now| calendar::claim(tx, now, &claim)).await;
    let claimed = claimed.unwrap().unwrap();
    assert_eq!((claimed.slot, claimed.moved), (1, vec![BookingId(second)]));
    let slot: DbResult<Vec<i64>> =
        db.read(move |conn| conn.query("SELECT DISTINCT slot FROM booked_nights WHERE booking_id = $1", &[first.into()], |row| row.get(0))).await;
    assert_eq!(slot.unwrap(), [0]);
});
