//! Numbers of documents: no gap, none twice, whatever happens meanwhile.

use crate::support::{TestDb, on_both, uses_index};
use std::collections::BTreeSet;
use stopover::features::documents::{self, Document, Invoice, Issue, Kind, Party, STATEMENTS, Sheet, StayFacts};
use stopover::platform::db::{Db, DbError, DbResult, Value};
use stopover::values::{Currency, Night};
use uuid::Uuid;

fn sheet(issued: &str) -> Sheet {
    let date = |text| Night::parse(text).unwrap();
    let stay = StayFacts { code: "K7Q2M9XD".into(), home: "Under the lark".into(), check_in: date("2026-06-04"), check_out: date("2026-06-11"), guests: 2 };
    let (issuer, recipient) = (Party { name: "Lark Stays".into(), ..Party::default() }, Party { name: "Bo".into(), ..Party::default() });
    let currency = Currency::parse("EUR").unwrap();
    Invoice { issued: date(issued), issuer, recipient, stay, currency, items: vec![], taxes: vec![], discount: 0, notes: vec![] }.sheet()
}

async fn issue(db: &Db, kind: Kind, issuer: &str, source: String, issued: &str) -> DbResult<Uuid> {
    let (issuer, sheet) = (issuer.to_owned(), sheet(issued));
    db.write(move |tx, now| documents::issue(tx, now, &Issue { kind, issuer: &issuer, source: &source, sheet: &sheet })).await
}

async fn number(db: &Db) -> usize {
    db.write::<_, DbError, _>(|tx, _| documents::number_waiting(tx, 7)).await.unwrap()
}

async fn find(db: &Db, id: Uuid) -> Document {
    db.read::<_, DbError, _>(move |conn| documents::one(conn, id)).await.unwrap().unwrap()
}

on_both!(statements_use_indexes, async |db: TestDb| {
    for (sql, kinds) in STATEMENTS {
        let params = kinds.chars().map(|kind| match kind {
            'u' => Value::Uuid(Uuid::nil()),
            't' => Value::Text("x".into()),
            _ => Value::Int(1),
        });
        uses_index(&db, sql, params.collect()).await;
    }
});

on_both!(each_series_is_numbered_by_itself_and_the_same_source_once, async |db: TestDb| {
    let first = issue(&db, Kind::Invoice, "platform", "booking:1:invoice".into(), "2026-06-01").await.unwrap();
    assert_eq!(issue(&db, Kind::Invoice, "platform", "booking:1:invoice".into(), "2026-06-02").await.unwrap(), first);
    assert_eq!((find(&db, first).await.name(), find(&db, first).await.numbered()), (None, None));
    let mut others = Vec::new();
    for (kind, issuer, source, issued) in [
        (Kind::Invoice, "platform", "booking:2:invoice", "2026-12-31"),
        (Kind::Receipt, "platform", "booking:1:receipt", "2026-06-01"),
        (Kind::Invoice, "host:a", "booking:1:host", "2026-06-01"),
        (Kind::Invoice, "platform", "booking:3:invoice", "2027-01-01"),
    ] {
        others.push(issue(&db, kind, issuer, source.into(), issued).await.unwrap());
    }
    assert_eq!(number(&db).await, 5);
    assert_eq!(number(&db).await, 0);
    let mut names = vec![find(&db, first).await.name().unwrap()];
    for id in others {
        names.push(find(&db, id).await.name().unwrap());
    }
    assert_eq!(names, ["INV-2026-000001", "INV-2026-000002", "RCT-2026-000001", "INV-2026-000001", "INV-2027-000001"]);
    let kept = db.read::<_, DbError, _>(|conn| documents::by_source(conn, "booking:1:invoice")).await.unwrap().unwrap();
    assert_eq!((kept.id, kept.sheet.issued), (first, Night::parse("2026-06-01").unwrap()), "a document keeps what it said");
    assert_eq!(kept.numbered().unwrap().number, "INV-2026-000001");
    assert!(documents::html(&kept.numbered().unwrap()).contains("INV-2026-000001"));
    assert!(documents::pdf(&kept.numbered().unwrap()).unwrap().starts_with(b"%PDF-"));
});

on_both!(there_is_no_gap_with_many_writers_failures_and_two_who_number, async |db: TestDb| {
    let other = db.another_node().await.unwrap_or_else(|_| Db::clone(&db));
    let writers = (0..40).map(|at| {
        let db = Db::clone(&db);
        async move {
            let source = format!("booking:{at}:invoice");
            if at % 4 == 3 {
                // Its transaction comes to nothing.
                let sheet = sheet("2026-06-01");
                let undone: DbResult<()> = db
                    .write(move |tx, now| {
                        documents::issue(tx, now, &Issue { kind: Kind::Invoice, issuer: "platform", source: &source, sheet: &sheet })?;
                        Err(DbError::Unusable("a change of mind".into()))
                    })
                    .await;
                assert!(undone.is_err());
            } else {
                issue(&db, Kind::Invoice, "platform", source, "2026-06-01").await.unwrap();
            }
        }
    });
    let numbering = async {
        for _ in 0..12 {
            futures_util::future::join(number(&db), number(&other)).await;
            tokio::task::yield_now().await;
        }
    };
    futures_util::future::join(futures_util::future::join_all(writers), numbering).await;
    while number(&db).await > 0 {}
    let numbers: DbResult<Vec<i64>> = db.read(|conn| conn.query("SELECT number FROM documents ORDER BY number", &[], |row| row.get(0))).await;
    let numbers = numbers.unwrap();
    assert_eq!(numbers.iter().copied().collect::<BTreeSet<i64>>(), (1..=30).collect::<BTreeSet<i64>>());
    assert_eq!(numbers.len(), 30);
});
