//! Entries stand with their change and get their seals.

use super::{append, keys, seal, sql, user, verify, write};
use crate::support::{TestDb, on_both};
use std::time::Duration;
use stopover::platform::audit::{self, Actor, Entry, Filter};
use stopover::platform::db::{Db, DbError, Engine};
use stopover::platform::tasks::Running;
use stopover::values::Origin;

on_both!(an_entry_stands_or_falls_with_its_change, async |db: TestDb| {
    let change = |fails: bool| {
        move |tx: &mut stopover::platform::db::Tx<'_>, now| {
            tx.execute("INSERT INTO instance (name, value) VALUES ('changed', 'yes')", &[])?;
            let origin = Origin::inside("test");
            let diff = serde_json::json!({ "changed": ["no", "yes"] });
            let entry = Entry { action: "settings.changed", actor: Actor::Console, on_behalf_of: None, object: None, reason: None, diff, origin: &origin };
            audit::append(tx, now, &entry)?;
            if fails { Err(DbError::Unusable("changed my mind".into())) } else { Ok(()) }
        }
    };
    db.write(change(true)).await.unwrap_err();
    assert_eq!((seal(&db).await, verify(&db).await.waiting), (0, 0));
    db.write(change(false)).await.unwrap();
    assert_eq!((verify(&db).await.waiting, seal(&db).await), (1, 1));
    let rows = db.read(|conn| audit::list(conn, &Filter::default(), None, 10)).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].action.as_str(), rows[0].actor, rows[0].diff.as_str()), ("settings.changed", Actor::Console, r#"{"changed":["no","yes"]}"#));
    assert_eq!((rows[0].request_id.as_str(), &rows[0].address), ("test", &None));
});

on_both!(the_chain_holds_from_the_first_entry_on, async |db: TestDb| {
    assert_eq!(verify(&db).await.faults, [], "an empty trail");
    // More than one piece, and in several rounds.
    write(&db, 0, 250).await;
    assert_eq!(seal(&db).await, 250);
    write(&db, 250, 3).await;
    assert_eq!(seal(&db).await, 3);
    let report = verify(&db).await;
    assert_eq!((report.sealed, report.waiting, report.end.seq, report.faults.as_slice()), (253, 0, 253, &[][..]));
});

on_both!(the_task_seals_within_a_second_and_once_more_at_the_end, async |db: TestDb| {
    let running = Running::start(vec![audit::sealer(Db::clone(&db), keys())]);
    write(&db, 0, 3).await;
    let begun = std::time::Instant::now();
    while verify(&db).await.sealed < 3 {
        assert!(begun.elapsed() < Duration::from_secs(5), "the entries were not sealed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    append(&db, 4).await.unwrap();
    running.stop(Duration::from_secs(5)).await;
    let report = verify(&db).await;
    assert_eq!((report.sealed, report.waiting, report.faults.as_slice()), (4, 0, &[][..]));
});

on_both!(many_writers_and_two_sealers_make_one_chain, async |db: TestDb| {
    let other = if db.engine() == Engine::Postgres { db.another_node().await.unwrap() } else { Db::clone(&db) };
    let running = Running::start(vec![audit::sealer(Db::clone(&db), keys()), audit::sealer(other.clone(), keys())]);
    let mut writers = Vec::new();
    for writer in 0..16_u64 {
        let node = if writer % 2 == 0 { Db::clone(&db) } else { other.clone() };
        writers.push(tokio::spawn(async move {
            for round in 0..10 {
                let slow = node.engine() == Engine::Postgres;
                node.write(move |tx, now| {
                    let origin = Origin::inside("test");
                    let diff = serde_json::json!({ "round": [writer, round] });
                    let actor = Actor::User(user(writer));
                    let entry = Entry { action: "profile.changed", actor, on_behalf_of: None, object: None, reason: None, diff, origin: &origin };
                    audit::append(tx, now, &entry)?;
                    // Older ids are committed after younger ones.
                    std::thread::sleep(Duration::from_millis(if slow { (writer * 7 + round * 5) % 25 } else { 0 }));
                    if writer == 3 { Err(DbError::Unusable("changed my mind".into())) } else { Ok(()) }
                })
                .await
                .map_or_else(|error| assert_eq!(writer, 3, "{error}"), |()| ());
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    running.stop(Duration::from_secs(10)).await;
    let report = verify(&db).await;
    assert_eq!((report.sealed, report.waiting, report.faults.as_slice()), (150, 0, &[][..]));
});

on_both!(entries_that_nobody_seals_are_named, async |db: TestDb| {
    write(&db, 0, 2).await;
    db.clock.advance_seconds(9);
    assert_eq!((verify(&db).await.waiting, verify(&db).await.faults.len()), (2, 0), "a sealer may be on its way");
    db.clock.advance_seconds(2);
    let faults = verify(&db).await.faults;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].what.contains("2 entries wait for a seal, the oldest since 2026-06-01T12:00:00Z"), "{faults:?}");
});

on_both!(the_database_refuses_to_change_or_delete, async |db: TestDb| {
    write(&db, 0, 3).await;
    seal(&db).await;
    let mut forbidden = vec![
        "UPDATE audit SET reason = 'x'",
        "UPDATE audit SET reason = reason",
        "UPDATE audit_seals SET seq = seq + 1",
        "DELETE FROM audit",
        "DELETE FROM audit_seals",
        "DELETE FROM audit_seals WHERE seq = 1",
        "INSERT INTO audit_seals (seq, audit_id, hash) SELECT seq, audit_id, hash FROM audit_seals WHERE seq = 1 ON CONFLICT (seq) DO UPDATE SET hash = excluded.hash",
    ];
    forbidden.extend(match db.engine() {
        Engine::Sqlite => ["REPLACE INTO audit_seals SELECT * FROM audit_seals WHERE seq = 2", "REPLACE INTO audit SELECT * FROM audit"],
        Engine::Postgres => ["TRUNCATE audit", "TRUNCATE audit, audit_seals, audit_checkpoints CASCADE"],
    });
    for statement in forbidden {
        let answer = sql(&db, statement).await;
        assert!(matches!(answer, Err(DbError::Constraint(_))), "{statement}: {answer:?}");
    }
    // With a checkpoint the entries it covers may go, the others may not.
    db.write(|tx, now| {
        let hash: Vec<u8> = vec![0; 32];
        let insert = "INSERT INTO audit_checkpoints (seq, hash, signature, at) VALUES (1, $1, $2, $3)";
        tx.execute(insert, &[hash.clone().into(), hash.into(), now.into()]).map(drop)
    })
    .await
    .unwrap();
    for statement in [
        "UPDATE audit_checkpoints SET seq = 3",
        "DELETE FROM audit_checkpoints",
        "DELETE FROM audit_seals WHERE seq <= 2",
        "DELETE FROM audit WHERE id IN (SELECT audit_id FROM audit_seals WHERE seq >= 1)",
    ] {
        let answer = sql(&db, statement).await;
        assert!(matches!(answer, Err(DbError::Constraint(_))), "{statement}: {answer:?}");
    }
    sql(&db, "DELETE FROM audit WHERE id IN (SELECT audit_id FROM audit_seals WHERE seq = 1); DELETE FROM audit_seals WHERE seq = 1").await.unwrap();
});

on_both!(guards_that_were_taken_down_are_put_up_at_the_next_opening, async |db: TestDb| {
    write(&db, 0, 1).await;
    let down = match db.engine() {
        Engine::Sqlite => "DROP TRIGGER audit_unchanged",
        Engine::Postgres => "DROP TRIGGER audit_unchanged ON audit",
    };
    sql(&db, down).await.unwrap();
    sql(&db, "UPDATE audit SET reason = 'x'").await.unwrap();
    let again = db.another_node().await.unwrap();
    assert!(matches!(sql(&again, "UPDATE audit SET reason = 'y'").await, Err(DbError::Constraint(_))));
});
