//! Pages and exports.

use super::{seal, user, write};
use crate::support::{TestDb, off_thread, on_both, uses_index};
use sha2::{Digest, Sha256};
use stopover::platform::audit::{self, Actor, Cursor, Filter, Row};
use stopover::platform::db::Db;
use stopover::values::Instant;
use uuid::Uuid;

/// All pages of a list, three rows each.
async fn all(db: &Db, filter: Filter<'static>) -> Vec<Row> {
    let (mut rows, mut after): (Vec<Row>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = db.read(move |conn| audit::list(conn, &filter, after.as_ref(), 3)).await.unwrap();
        let Some(last) = page.last() else { return rows };
        after = Some(last.cursor());
        rows.extend(page);
    }
}

on_both!(lists_are_filtered_and_paged_newest_first, async |db: TestDb| {
    for n in 0..20 {
        write(&db, n, 1).await;
        // Pairs share an instant.
        db.clock.advance_seconds(i64::try_from(n % 2).unwrap());
    }
    let rows = all(&db, Filter::default()).await;
    assert_eq!(rows.len(), 20);
    assert!(rows.is_sorted_by_key(|row| std::cmp::Reverse((row.at, row.id))), "newest first, nothing twice");
    assert_eq!(rows[0].request_id, "request 19");
    assert_eq!((rows[1].address.as_deref(), rows[1].reason.as_deref()), (Some("203.0.113.0/24"), Some("spam, \u{1f6b2} and \"quotes\"")));

    let instant = |text| Instant::parse(text).unwrap();
    let (from, to) = (instant("2026-06-01T12:00:02Z"), instant("2026-06-01T12:00:04Z"));
    type Passes = Box<dyn Fn(&Row) -> bool>;
    let filters: [(Filter<'static>, Passes); 6] = [
        (Filter { actor: Some(user(1)), ..Filter::default() }, Box::new(|row| row.actor == Actor::User(user(1)))),
        (Filter { object: Some(("user", user(1).0)), ..Filter::default() }, Box::new(|row| row.object == Some(("user".into(), user(1).0)))),
        (Filter { action: Some("user.suspended"), ..Filter::default() }, Box::new(|row| row.action == "user.suspended")),
        (Filter { from: Some(from), to: Some(to), ..Filter::default() }, Box::new(move |row| from <= row.at && row.at < to)),
        (
            Filter { actor: Some(user(0)), action: Some("user.suspended"), object: Some(("user", user(1).0)), from: Some(from), to: None },
            Box::new(move |row| {
                row.actor == Actor::User(user(0)) && row.action == "user.suspended" && row.object == Some(("user".into(), user(1).0)) && row.at >= from
            }),
        ),
        (Filter { object: Some(("listing", user(1).0)), ..Filter::default() }, Box::new(|_| false)),
    ];
    for (at, (filter, passes)) in filters.into_iter().enumerate() {
        let expected: Vec<Row> = rows.iter().filter(|row| passes(row)).cloned().collect();
        assert_eq!(expected.is_empty(), at == 5, "{filter:?}");
        assert_eq!(all(&db, filter).await, expected, "{filter:?}");
    }
});

on_both!(lists_are_read_through_an_index, async |db: TestDb| {
    let after = Cursor { at: Instant(1), id: Uuid::nil() };
    for filter in [
        Filter::default(),
        Filter { actor: Some(user(1)), ..Filter::default() },
        Filter { object: Some(("user", user(1).0)), ..Filter::default() },
        Filter { action: Some("user.suspended"), ..Filter::default() },
        Filter { from: Some(Instant(5)), to: Some(Instant(9)), actor: Some(user(1)), ..Filter::default() },
    ] {
        for after in [None, Some(&after)] {
            let (sql, params) = audit::list_sql(&filter, after, 50);
            uses_index(&db, &sql, params).await;
        }
    }
});

on_both!(an_export_can_be_checked_by_anybody, async |db: TestDb| {
    write(&db, 0, 25).await;
    seal(&db).await;
    write(&db, 25, 1).await;
    let copy = Db::clone(&db);
    let (lines, count) = off_thread(move || {
        let mut out = Vec::new();
        let count = copy.snapshot(|conn| audit::export_jsonl(conn, &mut out)).unwrap();
        (String::from_utf8(out).unwrap(), count)
    })
    .await;
    assert_eq!((lines.lines().count(), count), (25, 25), "what has no seal yet is left for the next time");
    let mut hash = vec![0_u8; 32];
    for (at, line) in lines.lines().enumerate() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["seq"], at + 1);
        let mut sha = Sha256::new();
        sha.update(&hash);
        sha.update(bytes_of(&line));
        hash = sha.finalize().to_vec();
        assert_eq!(line["hash"], hash.iter().map(|b| format!("{b:02x}")).collect::<String>(), "{line}");
    }
});

/// The bytes of an exported line, as docs/OPERATIONS.md tells how to make them.
pub(super) fn bytes_of(line: &serde_json::Value) -> Vec<u8> {
    let mut bytes = vec![1];
    for name in ["id", "at", "actor", "actor_id", "on_behalf_of", "action", "object_kind", "object_id", "reason", "diff", "request_id", "address"] {
        let Some(text) = line[name].as_str() else {
            bytes.push(0);
            continue;
        };
        let value = match name {
            "id" | "actor_id" | "on_behalf_of" | "object_id" => Uuid::parse_str(text).unwrap().as_bytes().to_vec(),
            "at" => Instant::parse(text).unwrap().0.to_be_bytes().to_vec(),
            _ => text.as_bytes().to_vec(),
        };
        bytes.push(1);
        bytes.extend((value.len() as u64).to_be_bytes());
        bytes.extend(value);
    }
    bytes
}
