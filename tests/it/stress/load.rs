//! 64 callers want overlapping stays. 10,000 attempts in all; `make test-long` makes 200,000.

use crate::support::town::Town;
use crate::support::{TestDb, long, off_thread, on_both};
use stopover::features::stress::{self, Plan, Report, Until};

async fn load(db: &TestDb, homes: u16, attempts: u64) -> Report {
    let town = Town::new(db).await;
    let tools = town.tools().clone();
    let plan = Plan { callers: 64, homes, until: Until::Attempts(attempts), seed: 7, among_people: false };
    let report = off_thread(move || stress::bookings(&tools, &plan).unwrap()).await;
    assert!(report.is_well(), "{report}");
    assert_eq!(report.attempts, attempts);
    let refused: u64 = report.refused.values().sum();
    assert_eq!(report.accepted + report.withdrawn + refused, attempts, "{report}");
    town.run_jobs().await;
    report
}

on_both!(sixty_four_callers_sell_no_night_twice, async |db: TestDb| {
    // Few homes, so that nearly everything is fought over.
    let attempts = if long() { 100_000 } else { 5_000 };
    let report = load(&db, 12, attempts).await;
    assert!(report.accepted > 100 && report.refused["dates_unavailable"] > 100, "{report}");
    assert!(report.cancelled > 5 && report.withdrawn > 10, "{report}");
});

on_both!(an_instance_with_people_is_left_alone, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.newcomer("Ada").await;
    let tools = town.tools().clone();
    let plan = Plan { callers: 2, homes: 1, until: Until::Attempts(2), seed: 1, among_people: false };
    let refused = off_thread(move || stress::bookings(&tools, &plan).map(|_| ())).await.unwrap_err();
    assert!(refused.to_string().contains("--yes-on-this-database"), "{refused}");
});
