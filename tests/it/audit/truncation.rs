//! Old entries go, and a signed checkpoint stays in their place.

use super::{append, keys, seal, sql, truncate, verify, write};
use crate::support::{TestDb, on_both};
use std::time::Duration;
use stopover::platform::audit;
use stopover::platform::db::{Db, DbError, Engine};
use stopover::platform::tasks::Running;

const DAY: i64 = 86_400;

on_both!(entries_go_after_400_days_and_the_chain_goes_on, async |db: TestDb| {
    // More than two pieces of 200.
    write(&db, 0, 520).await;
    seal(&db).await;
    db.clock.advance_seconds(200 * DAY);
    write(&db, 520, 30).await;
    seal(&db).await;
    db.clock.advance_seconds(200 * DAY);
    assert_eq!(truncate(&db).await.unwrap(), 0, "400 days to the moment are not more than 400 days");
    db.clock.advance_seconds(1);
    assert_eq!(truncate(&db).await.unwrap(), 520);
    let report = verify(&db).await;
    assert_eq!((report.sealed, report.end.seq, report.faults.as_slice()), (30, 550, &[][..]));

    write(&db, 550, 5).await;
    seal(&db).await;
    db.clock.advance_seconds(200 * DAY);
    assert_eq!(truncate(&db).await.unwrap(), 30);
    let report = verify(&db).await;
    assert_eq!((report.sealed, report.end.seq, report.faults.as_slice()), (5, 555, &[][..]));

    // All of it may go; what follows is tied to the last checkpoint.
    db.clock.advance_seconds(400 * DAY);
    assert_eq!(truncate(&db).await.unwrap(), 5);
    assert_eq!((verify(&db).await.sealed, verify(&db).await.faults.len()), (0, 0));
    write(&db, 555, 2).await;
    seal(&db).await;
    let report = verify(&db).await;
    assert_eq!((report.sealed, report.end.seq, report.faults.as_slice()), (2, 557, &[][..]));
});

on_both!(what_was_never_sealed_is_not_deleted, async |db: TestDb| {
    append(&db, 1).await.unwrap();
    db.clock.advance_seconds(500 * DAY);
    assert_eq!(truncate(&db).await.unwrap(), 0);
    assert_eq!(verify(&db).await.waiting, 1);
});

on_both!(a_broken_chain_is_not_deleted, async |db: TestDb| {
    write(&db, 0, 9).await;
    seal(&db).await;
    let take_down = match db.engine() {
        Engine::Sqlite => "DROP TRIGGER audit_unchanged",
        Engine::Postgres => "ALTER TABLE audit DISABLE TRIGGER USER",
    };
    sql(&db, take_down).await.unwrap();
    sql(&db, "UPDATE audit SET diff = '{}' WHERE id = (SELECT audit_id FROM audit_seals WHERE seq = 4)").await.unwrap();
    db.clock.advance_seconds(500 * DAY);
    match truncate(&db).await {
        Err(DbError::Unusable(sentence)) => assert!(sentence.contains("broken at 4"), "{sentence}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(verify(&db).await.faults[0].seq, Some(4));
});

on_both!(the_task_deletes_too, async |db: TestDb| {
    write(&db, 0, 4).await;
    seal(&db).await;
    db.clock.advance_seconds(401 * DAY);
    let running = Running::start(vec![audit::sealer(Db::clone(&db), keys())]);
    let begun = std::time::Instant::now();
    while verify(&db).await.sealed > 0 {
        assert!(begun.elapsed() < Duration::from_secs(5), "the old entries are still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running.stop(Duration::from_secs(5)).await;
    assert_eq!(verify(&db).await.end.seq, 4);
});
