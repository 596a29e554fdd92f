//! Whoever takes the guards down and changes the books is found, and the first wrong number is named.
//!
//! Each attempt is made in a transaction, looked at in the same transaction, and undone.

use super::{inspect, keys, post, seal, sql, stays, whole_stay};
use crate::support::{TestDb, off_thread, on_both};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use stopover::features::ledger::{self, Report};
use stopover::platform::db::{Db, DbError, DbResult, Engine, Lane, Tx, Value};
use stopover::values::Instant;
use uuid::Uuid;

/// Entries in the books that are tampered with.
const ENTRIES: i64 = 36;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_tamperings_are_all_found() {
    let db = TestDb::new(Engine::Sqlite).await;
    tamper(&db, 400).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tamperings_are_found_on_postgres() {
    let db = TestDb::new(Engine::Postgres).await;
    tamper(&db, 3 * u64::try_from(KINDS.len()).unwrap()).await;
}

on_both!(the_sealer_does_not_cover_up_what_was_cut_off, async |db: TestDb| {
    stays(&db, 0, 2).await;
    seal(&db).await;
    sql(&db, take_down(db.engine())).await.unwrap();
    let gone = "DELETE FROM ledger_postings WHERE entry_id IN (SELECT entry_id FROM ledger_seals WHERE seq > 7);
        DELETE FROM ledger_entries WHERE id IN (SELECT entry_id FROM ledger_seals WHERE seq > 7);
        DELETE FROM ledger_seals WHERE seq > 7";
    sql(&db, gone).await.unwrap();
    let first = |report: &Report| report.findings.iter().find(|finding| finding.invariant == "L6").unwrap().what.clone();
    assert_eq!(first(&inspect(&db).await), "entry 8 and all up to 12 are missing at the end");
    stays(&db, 50, 1).await;
    assert_eq!(seal(&db).await, 6);
    assert_eq!(first(&inspect(&db).await), "entry 8 is missing");
});

on_both!(entries_that_nobody_numbers_are_named, async |db: TestDb| {
    post(&db, whole_stay(1).remove(0)).await.unwrap();
    db.clock.advance_seconds(9);
    let report = inspect(&db).await;
    assert_eq!((report.waiting, report.findings.len()), (1, 0), "a sealer may be on its way");
    db.clock.advance_seconds(2);
    let findings = inspect(&db).await.findings;
    assert!(findings.len() == 1 && findings[0].what.contains("1 entries wait for a seal, the oldest since 2026-06-01T12:00:00Z"), "{findings:?}");
});

fn take_down(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "DROP TRIGGER ledger_entries_unchanged; DROP TRIGGER ledger_entries_kept; DROP TRIGGER ledger_postings_unchanged; DROP TRIGGER ledger_postings_kept;
             DROP TRIGGER ledger_seals_unchanged; DROP TRIGGER ledger_seals_kept; DROP TRIGGER ledger_postings_closed; DROP TRIGGER ledger_waiting_balanced"
        }
        Engine::Postgres => {
            "DROP TRIGGER ledger_entries_unchanged ON ledger_entries; DROP TRIGGER ledger_entries_kept ON ledger_entries;
             DROP TRIGGER ledger_postings_unchanged ON ledger_postings; DROP TRIGGER ledger_postings_kept ON ledger_postings;
             DROP TRIGGER ledger_seals_unchanged ON ledger_seals; DROP TRIGGER ledger_seals_kept ON ledger_seals;
             DROP TRIGGER ledger_postings_closed ON ledger_postings; DROP TRIGGER ledger_waiting_balanced ON ledger_waiting"
        }
    }
}

/// Undoes the transaction and carries out what was found.
enum Undo {
    Found(Report, Expected),
    Failed(DbError),
}

impl From<DbError> for Undo {
    fn from(error: DbError) -> Self {
        Self::Failed(error)
    }
}

/// What must be found: the first wrong number of the chain, or something else that does not hold.
#[derive(Debug, Clone)]
enum Expected {
    Number(i64),
    Invariant(&'static str),
}

async fn tamper(db: &TestDb, rounds: u64) {
    stays(db, 0, u64::try_from(ENTRIES).unwrap() / 6).await;
    seal(db).await;
    let db = Db::clone(db);
    off_thread(move || {
        for round in 0..rounds {
            let (name, kind) = KINDS[usize::try_from(round).unwrap() % KINDS.len()];
            let found = db.write_blocking(Lane::Urgent, move |tx, now| {
                tx.batch(take_down(tx.engine()))?;
                let expected = kind(&mut Attempt { tx, chance: StdRng::seed_from_u64(round) })?;
                Err::<(), _>(Undo::Found(ledger::inspect(tx, &keys(), now, &[])?, expected))
            });
            match found {
                Err(Undo::Found(report, Expected::Number(seq))) => {
                    let first = report.findings.iter().find(|finding| finding.invariant == "L6");
                    let first = first.unwrap_or_else(|| panic!("round {round}, {name}: the chain was found right"));
                    assert!(first.what.starts_with(&format!("entry {seq} ")), "round {round}, {name}: {} instead of {seq}", first.what);
                }
                Err(Undo::Found(report, Expected::Invariant(invariant))) => {
                    assert!(report.findings.iter().any(|finding| finding.invariant == invariant), "round {round}, {name}: {:?}", report.findings);
                }
                Err(Undo::Failed(error)) => panic!("round {round}, {name}: {error}: {:?}", std::error::Error::source(&error)),
                Ok(()) => unreachable!(),
            }
        }
        let now = db.now();
        let report = db.bulk(|conn| ledger::inspect(conn, &keys(), now, &[])).map_err(|error: DbError| error).unwrap();
        assert_eq!((i64::try_from(report.sealed).unwrap(), report.findings.as_slice()), (ENTRIES, &[][..]), "everything was undone");
    })
    .await;
}

struct Attempt<'a, 'b> {
    tx: &'a mut Tx<'b>,
    chance: StdRng,
}

type Kind = fn(&mut Attempt<'_, '_>) -> DbResult<Expected>;

const KINDS: &[(&str, Kind)] = &[
    ("a column of an entry changed", change_entry),
    ("a column of an entry changed", change_entry),
    ("a column of a posting changed", change_posting),
    ("a column of a posting changed", change_posting),
    ("two amounts changed so that the entry balances", |a| {
        let (seq, id) = a.any()?;
        let by = a.chance.random_range(1..50_000_i64);
        for (line, by) in [(0, by), (1, -by)] {
            a.run("UPDATE ledger_postings SET amount = amount + $2 WHERE entry_id = $1 AND line = $3", vec![id.into(), by.into(), line.into()])?;
        }
        Ok(Expected::Number(seq))
    }),
    ("money moved to another account", |a| {
        let (seq, id) = a.any()?;
        a.run("UPDATE ledger_postings SET account = 'rev_penalty' WHERE entry_id = $1 AND line = 1", vec![id.into()])?;
        Ok(Expected::Number(seq))
    }),
    ("postings added that balance", |a| {
        let (seq, id) = a.any()?;
        for (line, amount) in [(60, 5), (61, -5)] {
            let insert = "INSERT INTO ledger_postings (entry_id, line, account, currency, amount, at) SELECT $1, $2, 'exp_psp', 'EUR', $3, at FROM ledger_entries WHERE id = $1";
            a.run(insert, vec![id.into(), line.into(), amount.into()])?;
        }
        Ok(Expected::Number(seq))
    }),
    ("postings removed", |a| {
        let (seq, id) = a.any()?;
        a.run("DELETE FROM ledger_postings WHERE entry_id = $1", vec![id.into()])?;
        Ok(Expected::Number(seq))
    }),
    ("an entry removed with its postings", |a| {
        let (seq, id) = a.any()?;
        a.remove(id)?;
        Ok(Expected::Number(seq))
    }),
    ("an entry removed with its postings and its seal", |a| {
        let (seq, id) = a.any()?;
        a.remove(id)?;
        a.run("DELETE FROM ledger_seals WHERE seq = $1", vec![seq.into()])?;
        Ok(Expected::Number(seq))
    }),
    ("the end cut off", |a| {
        let (from, _) = a.any()?;
        for seq in from..=ENTRIES {
            let id = a.entry_of(seq)?;
            a.remove(id)?;
        }
        a.run("DELETE FROM ledger_seals WHERE seq >= $1", vec![from.into()])?;
        Ok(Expected::Number(from))
    }),
    ("contents swapped", |a| {
        let (one, two) = a.pair();
        let (one_id, two_id, between) = (a.entry_of(one)?, a.entry_of(two)?, Uuid::now_v7());
        for (from, to) in [(one_id, between), (two_id, one_id), (between, two_id)] {
            a.run("UPDATE ledger_entries SET id = $2 WHERE id = $1", vec![from.into(), to.into()])?;
        }
        Ok(Expected::Number(one))
    }),
    ("postings of two entries swapped", |a| {
        // Each stay has six entries, the first of them unlike those of all other stays.
        let (one, two) = (1 + 6 * a.chance.random_range(0..3_i64), 1 + 6 * a.chance.random_range(3..6_i64));
        let (one_id, two_id, between) = (a.entry_of(one)?, a.entry_of(two)?, Uuid::now_v7());
        for (from, to) in [(one_id, between), (two_id, one_id), (between, two_id)] {
            a.run("UPDATE ledger_postings SET entry_id = $2 WHERE entry_id = $1", vec![from.into(), to.into()])?;
        }
        Ok(Expected::Number(one))
    }),
    ("a bit of a hash turned", |a| {
        let (seq, _) = a.any()?;
        let mut hash: Vec<u8> = a.tx.first("SELECT hash FROM ledger_seals WHERE seq = $1", &[seq.into()], |row| row.get(0))?.unwrap();
        hash[a.chance.random_range(0..32_usize)] ^= 1 << a.chance.random_range(0..8);
        a.run("UPDATE ledger_seals SET hash = $2 WHERE seq = $1", vec![seq.into(), hash.into()])?;
        Ok(Expected::Number(seq))
    }),
    ("a seal numbered higher", |a| {
        let (seq, _) = a.any()?;
        a.run("UPDATE ledger_seals SET seq = seq + 1000 WHERE seq = $1", vec![seq.into()])?;
        Ok(Expected::Number(seq))
    }),
    ("an entry put in past the sealer", |a| {
        let (_, like) = a.any()?;
        let (id, entry) = (Uuid::now_v7(), "id, at, kind, source, currency, memo");
        a.run(
            &format!("INSERT INTO ledger_entries ({entry}) SELECT $1, at, kind, 'by hand', currency, memo FROM ledger_entries WHERE id = $2"),
            vec![id.into(), like.into()],
        )?;
        let lines = "INSERT INTO ledger_postings (entry_id, line, account, currency, amount, at) SELECT $1, line, account, currency, amount, at FROM ledger_postings WHERE entry_id = $2";
        a.run(lines, vec![id.into(), like.into()])?;
        Ok(Expected::Invariant("L6"))
    }),
    ("an entry of the queue removed", |a| {
        a.run("INSERT INTO ledger_waiting (entry_id) VALUES ($1)", vec![Uuid::now_v7().into()])?;
        Ok(Expected::Invariant("L6"))
    }),
    ("the head removed", |a| a.tx.batch("DELETE FROM instance WHERE name = 'ledger_head'").map(|()| Expected::Number(ENTRIES))),
    ("a head that somebody else signed", |a| {
        a.tx.batch("UPDATE instance SET value = (SELECT value FROM instance WHERE name = 'ledger_head') || 'A' WHERE name = 'ledger_head'")?;
        Ok(Expected::Number(ENTRIES))
    }),
    ("everything removed", |a| a.tx.batch("DELETE FROM ledger_postings; DELETE FROM ledger_entries; DELETE FROM ledger_seals").map(|()| Expected::Number(1))),
    ("one leg of an entry changed", |a| {
        let (_, id) = a.any()?;
        a.run("UPDATE ledger_postings SET amount = amount + 1 WHERE entry_id = $1 AND line = 0", vec![id.into()])?;
        Ok(Expected::Invariant("L1"))
    }),
    ("one leg of an entry changed, the sum of all", |a| {
        let (_, id) = a.any()?;
        a.run("UPDATE ledger_postings SET amount = amount + 1 WHERE entry_id = $1 AND line = 0", vec![id.into()])?;
        Ok(Expected::Invariant("L2"))
    }),
    ("a balance of a person changed", |a| {
        a.run(
            "UPDATE ledger_balances SET balance = balance - 5 WHERE account = (SELECT MIN(account) FROM ledger_balances WHERE account LIKE 'host_payable:%')",
            vec![],
        )?;
        Ok(Expected::Invariant("balances"))
    }),
    ("a sum of the house changed", |a| {
        a.run("UPDATE ledger_balances SET balance = balance - 5 WHERE account = 'psp:sandbox'", vec![])?;
        Ok(Expected::Invariant("balances"))
    }),
    ("balances removed", |a| a.tx.batch("DELETE FROM ledger_balances").map(|()| Expected::Invariant("balances"))),
];

fn change_entry(a: &mut Attempt<'_, '_>) -> DbResult<Expected> {
    let (seq, id) = a.any()?;
    let stranger: Value = Uuid::from_u128(a.chance.random()).into();
    let (set, value) = match a.chance.random_range(0..9) {
        0 => ("id = $2", stranger),
        1 => ("at = $2", Instant(a.chance.random_range(1..1_000_000_000)).into()),
        2 => ("kind = $2", "goodwill".into()),
        3 => ("source = source || $2", "x".into()),
        4 => ("booking_id = $2", stranger),
        5 => ("currency = $2", "USD".into()),
        6 => ("reverses = $2", stranger),
        7 => ("memo = memo || $2", "x".into()),
        _ => ("request_id = COALESCE(request_id, '') || $2", "x".into()),
    };
    a.run(&format!("UPDATE ledger_entries SET {set} WHERE id = $1"), vec![id.into(), value])?;
    Ok(Expected::Number(seq))
}

fn change_posting(a: &mut Attempt<'_, '_>) -> DbResult<Expected> {
    let (seq, id) = a.any()?;
    let (set, value) = match a.chance.random_range(0..6) {
        0 => ("entry_id = $2", Uuid::from_u128(a.chance.random()).into()),
        1 => ("line = line + $2", 40_i64.into()),
        2 => ("account = account || $2", "x".into()),
        3 => ("currency = $2", "USD".into()),
        4 => ("amount = amount + $2", 1_000_000_000_i64.into()),
        _ => ("at = $2", Instant(a.chance.random_range(1..1_000_000_000)).into()),
    };
    a.run(&format!("UPDATE ledger_postings SET {set} WHERE entry_id = $1 AND line = 1"), vec![id.into(), value])?;
    Ok(Expected::Number(seq))
}

impl Attempt<'_, '_> {
    fn run(&mut self, sql: &str, params: Vec<Value>) -> DbResult<()> {
        let changed = self.tx.execute(sql, &params)?;
        assert!(changed > 0, "{sql} changed nothing");
        Ok(())
    }

    /// A number and its entry.
    fn any(&mut self) -> DbResult<(i64, Uuid)> {
        let seq = self.chance.random_range(1..=ENTRIES);
        Ok((seq, self.entry_of(seq)?))
    }

    /// Two numbers, the smaller first.
    fn pair(&mut self) -> (i64, i64) {
        let one = self.chance.random_range(1..ENTRIES);
        (one, self.chance.random_range(one + 1..=ENTRIES))
    }

    fn entry_of(&mut self, seq: i64) -> DbResult<Uuid> {
        Ok(self.tx.first("SELECT entry_id FROM ledger_seals WHERE seq = $1", &[seq.into()], |row| row.get(0))?.unwrap())
    }

    fn remove(&mut self, id: Uuid) -> DbResult<()> {
        self.run("DELETE FROM ledger_postings WHERE entry_id = $1", vec![id.into()])?;
        self.run("DELETE FROM ledger_entries WHERE id = $1", vec![id.into()])
    }
}
