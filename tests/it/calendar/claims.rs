//! Stays take nights and give them back.

use super::stage::{MIN_NIGHTS, PREPARATION, Stage, book, claim, hold, open_house, reasons, set, stay, wanted};
use crate::support::{TestDb, on_both};
use serde_json::json;
use stopover::features::calendar::{self, Claim, Lifetime, Party, Rule};
use stopover::platform::db::{DbError, DbResult};
use stopover::values::{BookingId, Instant};

on_both!(two_guests_cannot_sleep_in_one_bed, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let (first, claimed) = book(&db, stage.listing, "2026-07-06", "2026-07-10").await;
    assert_eq!((claimed.slot, claimed.gap, claimed.lapsed.len()), (0, 0, 0));
    let late = claim(&db, &wanted(stage.listing, stay("2026-07-08", "2026-07-14"))).await.unwrap_err();
    assert_eq!(reasons(&late), ["dates_unavailable"]);
    assert_eq!(late.nearest[0], stay("2026-07-10", "2026-07-16"));
    // Who leaves makes room for who comes on the same day.
    book(&db, stage.listing, "2026-07-10", "2026-07-13").await;
    let given_back: DbResult<_> = db.write(move |tx, now| calendar::release(tx, now, None, first)).await;
    assert_eq!(given_back.unwrap().map(|taken| taken.range), Some(stay("2026-07-06", "2026-07-10").range()));
    let nothing: DbResult<_> = db.write(move |tx, now| calendar::release(tx, now, None, first)).await;
    assert_eq!(nothing.unwrap(), None);
    book(&db, stage.listing, "2026-07-08", "2026-07-10").await;
    let kinds: Vec<String> = stage.log().await.iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["booking", "release", "booking", "booking"]);
});

on_both!(all_rules_bind_unless_they_are_waived, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let party = Party { adults: 5, children: 0, infants: 0, pets: 0 };
    let ask = Claim { party, ..wanted(stage.listing, stay("2026-07-06", "2026-07-07")) };
    assert_eq!(reasons(&claim(&db, &ask).await.unwrap_err()), ["over_capacity", "min_nights"]);
    let waived = vec![Rule::OverCapacity, Rule::MinNights, Rule::DatesUnavailable];
    claim(&db, &Claim { waived: waived.clone(), ..ask.clone() }).await.unwrap();
    let again = Claim { waived, booking: BookingId::new(), ..ask };
    assert_eq!(reasons(&claim(&db, &again).await.unwrap_err()), ["dates_unavailable"], "that nights are taken binds everybody");
    let nowhere = wanted(stopover::values::ListingId::new(), stay("2026-07-06", "2026-07-08"));
    assert_eq!(reasons(&claim(&db, &nowhere).await.unwrap_err()), ["listing_not_bookable"]);
});

on_both!(a_hold_runs_out_at_its_instant, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let held = hold(&db, stage.listing, "2026-07-06", "2026-07-08", "2026-06-01T12:15:00Z").await;
    let late = wanted(stage.listing, stay("2026-07-06", "2026-07-08"));
    assert!(claim(&db, &late).await.is_err());
    db.clock.set("2026-06-01T12:14:59Z");
    assert!(claim(&db, &late).await.is_err());
    db.clock.set("2026-06-01T12:15:00Z");
    let confirmed: DbResult<bool> = db.write(move |tx, now| calendar::confirm(tx, now, None, held)).await;
    assert!(!confirmed.unwrap(), "too late");
    assert_eq!(claim(&db, &late).await.unwrap().lapsed, [held]);
    // In time, a hold becomes a booking that does not run out.
    let kept = hold(&db, stage.listing, "2026-07-13", "2026-07-15", "2026-06-01T12:30:00Z").await;
    let confirmed: DbResult<bool> = db.write(move |tx, now| calendar::confirm(tx, now, None, kept)).await;
    assert!(confirmed.unwrap());
    db.clock.set("2026-06-01T13:00:00Z");
    assert!(claim(&db, &wanted(stage.listing, stay("2026-07-13", "2026-07-15"))).await.is_err());
});

on_both!(a_booking_remembers_its_preparation, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    open_house(&db, stage.listing, 1).await;
    set(&db, stage.listing, PREPARATION, 3).await;
    assert_eq!(book(&db, stage.listing, "2026-07-10", "2026-07-14").await.1.gap, 3);
    // The host prepares faster from now on; what is booked keeps what it was promised.
    set(&db, stage.listing, PREPARATION, 1).await;
    for (from, to) in [("2026-07-16", "2026-07-18"), ("2026-07-05", "2026-07-08")] {
        assert_eq!(reasons(&claim(&db, &wanted(stage.listing, stay(from, to))).await.unwrap_err()), ["dates_unavailable"], "{from}");
    }
    assert_eq!(book(&db, stage.listing, "2026-07-17", "2026-07-19").await.1.gap, 1);
    book(&db, stage.listing, "2026-07-05", "2026-07-07").await;
    assert_eq!(reasons(&claim(&db, &wanted(stage.listing, stay("2026-07-19", "2026-07-21"))).await.unwrap_err()), ["dates_unavailable"]);
    book(&db, stage.listing, "2026-07-20", "2026-07-22").await;
});

on_both!(stays_move_to_make_room, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    open_house(&db, stage.listing, 2).await;
    // Filler pushes the second stay into the other unit, and leaves.
    let (filler, _) = book(&db, stage.listing, "2026-07-06", "2026-07-07").await;
    let (first, at_first) = book(&db, stage.listing, "2026-07-01", "2026-07-04").await;
    let (second, at_second) = book(&db, stage.listing, "2026-07-06", "2026-07-09").await;
    assert_eq!((at_first.slot, at_second.slot), (0, 1));
    let freed: DbResult<_> = db.write(move |tx, now| calendar::release(tx, now, None, filler)).await;
    freed.unwrap();
    let long = wanted(stage.listing, stay("2026-07-02", "2026-07-08"));
    let claimed = claim(&db, &long).await.unwrap();
    assert_eq!((claimed.moved.len(), claimed.moved[0] == first || claimed.moved[0] == second), (1, true));
    let overlap: DbResult<Option<i64>> =
        db.read(|conn| conn.first("SELECT COUNT(DISTINCT booking_id) FROM booked_nights WHERE night = '2026-07-06'", &[], |row| row.get(0))).await;
    assert_eq!(overlap.unwrap(), Some(2));
});

on_both!(pinned_stays_do_not_move, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    open_house(&db, stage.listing, 2).await;
    let (filler, _) = book(&db, stage.listing, "2026-07-06", "2026-07-07").await;
    let (first, _) = book(&db, stage.listing, "2026-07-01", "2026-07-04").await;
    let (second, _) = book(&db, stage.listing, "2026-07-06", "2026-07-09").await;
    let done: Result<(), DbError> = db
        .write(move |tx, now| {
            calendar::release(tx, now, None, filler)?;
            calendar::pin(tx, now, None, first, true)?;
            calendar::pin(tx, now, None, second, true).map(|_| ())
        })
        .await;
    done.unwrap();
    let long = wanted(stage.listing, stay("2026-07-02", "2026-07-08"));
    assert_eq!(reasons(&claim(&db, &long).await.unwrap_err()), ["no_single_unit"]);
    let why = stage.town.get(&stage.ada, &stage.path("why?check_in=2026-07-02&check_out=2026-07-08")).await.json();
    assert_eq!(why["reasons"], json!(["no_single_unit"]));
    // Search asks the same function.
    let query = "/search/stays?check_in=2026-07-02&check_out=2026-07-08";
    crate::support::homes::until(async || stage.town.get(&stage.ada, query).await.json()["total"] == 0).await;
    let done: DbResult<bool> = db.write(move |tx, now| calendar::pin(tx, now, None, second, false)).await;
    assert!(done.unwrap());
    crate::support::homes::until(async || stage.town.get(&stage.ada, query).await.json()["total"] == 1).await;
    assert_eq!(claim(&db, &long).await.unwrap().moved, [second]);
});

on_both!(a_stay_under_way_keeps_its_unit, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    open_house(&db, stage.listing, 2).await;
    // One began today in the first unit; the other comes later, into the second.
    let (filler, _) = book(&db, stage.listing, "2026-06-06", "2026-06-07").await;
    let (_, here) = book(&db, stage.listing, "2026-06-01", "2026-06-04").await;
    let (later, at) = book(&db, stage.listing, "2026-06-06", "2026-06-09").await;
    assert_eq!((here.slot, at.slot), (0, 1));
    let freed: DbResult<_> = db.write(move |tx, now| calendar::release(tx, now, None, filler)).await;
    freed.unwrap();
    let between = claim(&db, &wanted(stage.listing, stay("2026-06-02", "2026-06-08"))).await.unwrap();
    assert_eq!((between.slot, between.moved), (1, vec![later]));
});

on_both!(a_hold_claims_like_a_booking_and_says_so, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    set(&db, stage.listing, MIN_NIGHTS, 1).await;
    let until = Instant::parse("2026-06-01T12:15:00Z").unwrap();
    let ask = Claim { lifetime: Lifetime::Hold { expires_at: until }, ..wanted(stage.listing, stay("2026-07-06", "2026-07-07")) };
    claim(&db, &ask).await.unwrap();
    assert_eq!(stage.words("2026-07-06", "2026-07-08").await, "held free");
    let log = stage.log().await;
    assert_eq!((log[0]["kind"].as_str(), log[0]["became"]["expires_at"].as_str()), (Some("hold"), Some("2026-06-01T12:15:00Z")));
});
