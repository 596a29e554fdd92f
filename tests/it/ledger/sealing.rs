//! Numbers without gaps, and what the database itself refuses.

use super::{inspect, keys, post, seal, sql, stays, whole_stay};
use crate::support::{TestDb, on_both};
use std::time::Duration;
use stopover::features::ledger::{self, Filter};
use stopover::platform::db::{Db, DbError, Engine};
use stopover::platform::tasks::Running;
use uuid::Uuid;

on_both!(many_writers_and_two_sealers_make_one_chain_without_gaps, async |db: TestDb| {
    let other = if db.engine() == Engine::Postgres { db.another_node().await.unwrap() } else { Db::clone(&db) };
    let running = Running::start(vec![ledger::sealer(Db::clone(&db), keys()), ledger::sealer(other.clone(), keys())]);
    let mut writers = Vec::new();
    for writer in 0..12_u64 {
        let node = if writer % 2 == 0 { Db::clone(&db) } else { other.clone() };
        writers.push(tokio::spawn(async move {
            for round in 0..6 {
                let slow = node.engine() == Engine::Postgres;
                let wrote = node
                    .write(move |tx, now| {
                        for entry in whole_stay(writer * 100 + round) {
                            ledger::post(tx, now, &entry)?;
                        }
                        // Older ids are committed after younger ones.
                        std::thread::sleep(Duration::from_millis(if slow { (writer * 7 + round * 5) % 25 } else { 0 }));
                        if writer == 3 { Err(DbError::Unusable("changed my mind".into())) } else { Ok(()) }
                    })
                    .await;
                assert_eq!(wrote.is_err(), writer == 3, "{wrote:?}");
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    running.stop(Duration::from_secs(10)).await;
    let report = inspect(&db).await;
    assert_eq!((report.sealed, report.waiting, report.findings.as_slice()), (11 * 6 * 5, 0, &[][..]));
    let mut numbers: Vec<i64> = Vec::new();
    let mut after = None;
    loop {
        let page = db.read(move |conn| ledger_page(conn, after)).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(*last);
        numbers.extend(page.iter().map(|(_, _, number)| *number));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=330).collect::<Vec<i64>>());
});

fn ledger_page(
    conn: &mut stopover::platform::db::Conn<'_>,
    after: Option<(stopover::values::Instant, Uuid, i64)>,
) -> Result<Vec<(stopover::values::Instant, Uuid, i64)>, DbError> {
    let after = after.map(|(at, id, _)| ledger::Place { at, id });
    let (sql, params) = ledger::list_sql(&Filter::default(), after.as_ref(), 50);
    conn.query(&sql, &params, |row| Ok((row.get(2)?, row.get(0)?, row.get(1)?)))
}

on_both!(the_database_refuses_to_change_or_delete, async |db: TestDb| {
    stays(&db, 1, 2).await;
    seal(&db).await;
    let mut forbidden = vec![
        "UPDATE ledger_entries SET memo = 'x'",
        "UPDATE ledger_postings SET amount = amount",
        "UPDATE ledger_postings SET amount = amount * 2",
        "UPDATE ledger_seals SET seq = seq + 1",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_postings WHERE line = 0",
        "DELETE FROM ledger_seals WHERE seq = 1",
        // Added to an entry that stands, balanced as it may be.
        "INSERT INTO ledger_postings (entry_id, line, account, currency, amount, at)
            SELECT entry_id, line + 50, account, currency, amount, at FROM ledger_postings",
        "INSERT INTO ledger_postings (entry_id, line, account, currency, amount, at) SELECT id, 50, 'exp_psp', 'EUR', 1, at FROM ledger_entries",
        "INSERT INTO ledger_postings (entry_id, line, account, currency, amount, at) SELECT id, 50, 'exp_psp', 'EUR', 0, at FROM ledger_entries",
        "INSERT INTO ledger_entries (id, at, kind, source, currency, memo) SELECT id, at, kind, 'x', currency, memo FROM ledger_entries",
    ];
    forbidden.extend(match db.engine() {
        Engine::Sqlite => ["REPLACE INTO ledger_entries SELECT * FROM ledger_entries", "REPLACE INTO ledger_postings SELECT * FROM ledger_postings"],
        Engine::Postgres => ["TRUNCATE ledger_postings", "TRUNCATE ledger_entries, ledger_postings, ledger_seals CASCADE"],
    });
    for statement in forbidden {
        let answer = sql(&db, statement).await;
        assert!(matches!(answer, Err(DbError::Constraint(_) | DbError::Unique)), "{statement}: {answer:?}");
    }
    assert_eq!(inspect(&db).await.findings, []);
});

on_both!(what_does_not_balance_is_refused_by_the_database_too, async |db: TestDb| {
    post(&db, whole_stay(1).remove(0)).await.unwrap();
    let entry = "INSERT INTO ledger_entries (id, at, kind, source, currency, memo) VALUES ($1, $2, 'captured', 'by hand', 'EUR', '')";
    for (amounts, allowed) in [(vec![5, -4], false), (vec![5], false), (vec![], false), (vec![5, -5], true)] {
        let answer = db
            .write(move |tx, now| {
                let id = Uuid::now_v7();
                tx.execute(entry, &[id.into(), now.into()])?;
                let rows: Vec<String> = amounts.iter().enumerate().map(|(line, amount)| format!("($1, {line}, 'exp_psp', 'EUR', {amount}, $2)")).collect();
                if !rows.is_empty() {
                    let insert = format!("INSERT INTO ledger_postings (entry_id, line, account, currency, amount, at) VALUES {}", rows.join(", "));
                    tx.execute(&insert, &[id.into(), now.into()])?;
                }
                tx.execute("INSERT INTO ledger_waiting (entry_id) VALUES ($1)", &[id.into()])
            })
            .await;
        match answer {
            Ok(_) => assert!(allowed),
            Err(DbError::Constraint(_)) => assert!(!allowed),
            Err(error) => panic!("{error}"),
        }
    }
});

on_both!(guards_that_were_taken_down_are_put_up_at_the_next_opening, async |db: TestDb| {
    stays(&db, 1, 1).await;
    let on = |table: &str| if db.engine() == Engine::Postgres { format!(" ON {table}") } else { String::new() };
    let down = format!(
        "DROP TRIGGER ledger_entries_unchanged{}; DROP TRIGGER ledger_postings_closed{}; DROP TRIGGER ledger_waiting_balanced{}",
        on("ledger_entries"),
        on("ledger_postings"),
        on("ledger_waiting")
    );
    db.write(move |tx, _| tx.batch(&down)).await.unwrap();
    sql(&db, "UPDATE ledger_entries SET memo = 'x'").await.unwrap();
    let again = db.another_node().await.unwrap();
    for statement in [
        "UPDATE ledger_entries SET memo = 'y'",
        "INSERT INTO ledger_postings (entry_id, line, account, currency, amount, at) SELECT id, 50, 'exp_psp', 'EUR', 1, at FROM ledger_entries",
    ] {
        assert!(matches!(sql(&again, statement).await, Err(DbError::Constraint(_))), "{statement}");
    }
});
