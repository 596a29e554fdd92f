//! What time does: holds run out, guests arrive and leave.

use super::{Stage, acts, path};
use crate::support::people::run;
use crate::support::{TestDb, on_both};
use serde_json::json;
use stopover::values::Instant;

on_both!(an_unpaid_hold_runs_out_and_its_nights_are_free_at_once, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = stage.book(&stage.guest, "2026-06-10", "2026-06-13").await;
    stage.town.clock.advance_seconds(15 * 60);
    assert_eq!(stage.taken().await, [] as [u32; 0], "nobody had to remove anything");
    let guest = stage.town.log_in("Gustav").await;
    stage.act(&guest, &booking, "withdraw", json!({})).await.expect_problem(409, "invalid_transition");
    stage.town.run_jobs().await;
    let over = stage.read(&guest, &booking).await;
    assert_eq!((over["state"].as_str(), over["ended_at"].as_str()), (Some("expired"), Some("2026-06-01T12:15:00Z")));
    assert_eq!(over["history"][1]["side"], "system");
    // For ten minutes somebody else may have them.
    let again = stage.try_book(&guest, "2026-06-11", "2026-06-14").await;
    assert_eq!(again.expect_problem(409, "hold_limit").header("retry-after"), "600");
    let second = stage.town.newcomer("Stella").await;
    let other = stage.book(&second, "2026-06-11", "2026-06-14").await;
    stage.act(&second, &other, "withdraw", json!({})).await.expect(200);
    stage.town.clock.advance_seconds(600);
    stage.book(&guest, "2026-06-11", "2026-06-14").await;
});

on_both!(guests_arrive_and_leave_by_the_clock_of_the_home, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = stage.book(&stage.guest, "2026-06-10", "2026-06-13").await;
    sold(&db).await;
    // An hour after check-in nobody has done anything; who asks for something gets it on top of what was due.
    stage.town.clock.set("2026-06-10T20:00:00Z");
    stage.town.run_jobs().await;
    let host = stage.town.log_in("Hannah").await;
    let there = stage.read(&host, &booking).await;
    assert_eq!((there["state"].as_str(), there["history"][1]["at"].as_str()), (Some("in_stay"), Some("2026-06-10T19:00:00Z")));
    assert_eq!(there["allowed_actions"], json!(["check_out", "cancel"]));
    stage.town.clock.set("2026-06-13T15:00:00Z");
    stage.town.run_jobs().await;
    let host = stage.town.log_in("Hannah").await;
    let gone = stage.read(&host, &booking).await;
    assert_eq!((gone["state"].as_str(), acts(&gone)), (Some("completed"), vec!["book", "check_in", "check_out"]));
    assert_eq!((gone["ended_at"].as_str(), gone["due_at"].clone()), (Some("2026-06-13T15:00:00Z"), json!(null)));
});

on_both!(hosts_let_guests_in_early_and_see_them_off, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = stage.book(&stage.guest, "2026-06-10", "2026-06-13").await;
    stage.act(&stage.host, &booking, "check-in", json!(null)).await.expect_problem(409, "invalid_transition");
    sold(&db).await;
    stage.act(&stage.host, &booking, "check-in", json!(null)).await.expect_problem(409, "too_early");
    stage.town.clock.set("2026-06-10T07:00:00Z");
    let host = stage.town.log_in("Hannah").await;
    stage.act(&host, &booking, "no-show", json!(null)).await.expect_problem(409, "invalid_transition");
    let there = stage.act(&host, &booking, "check-in", json!(null)).await.expect(200).json();
    assert_eq!((there["state"].as_str(), there["due_at"].as_str()), (Some("in_stay"), Some("2026-06-13T15:00:00Z")));
    stage.act(&host, &booking, "no-show", json!(null)).await.expect_problem(409, "too_early");
    // They leave on the second day: the third night is free again, the first is over.
    stage.town.clock.set("2026-06-11T20:00:00Z");
    let host = stage.town.log_in("Hannah").await;
    let noted = stage.act(&host, &booking, "no-show", json!(null)).await.expect(200).json();
    assert_eq!((noted["no_show_at"].as_str(), noted["state"].as_str()), (Some("2026-06-11T20:00:00Z"), Some("in_stay")));
    stage.act(&host, &booking, "no-show", json!(null)).await.expect_problem(409, "invalid_transition");
    let gone = stage.act(&host, &booking, "check-out", json!(null)).await.expect(200).json();
    assert_eq!((gone["state"].as_str(), stage.taken().await), (Some("completed"), vec![11]));
    stage.town.get(&host, &path(&booking)).await.expect(200);
});

/// Confirms every booking by hand: a story about time needs no payments.
async fn sold(db: &TestDb) {
    run(db, "UPDATE bookings SET state = 'confirmed', confirmed_at = $1, due_at = check_in_at", vec![Instant(1).into()]).await;
    run(db, "UPDATE booked_nights SET kind = 'booking', expires_at = NULL", vec![]).await;
}
