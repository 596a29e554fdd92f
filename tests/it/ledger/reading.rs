//! `/admin/ledger`, pages and statements, the command line's export.

use super::{booking, eur, host, keys, post, psp, seal, stays, whole_stay};
use crate::support::people::with_role;
use crate::support::town::Town;
use crate::support::{TestDb, off_thread, on_both, uses_index};
use serde_json::Value as Json;
use stopover::features::ledger::{self, Account, EntryKind, Filter, Format, Place, balance_sql};
use stopover::platform::db::{Db, DbResult};
use stopover::values::{Instant, Origin};
use uuid::Uuid;

/// All pages of a list.
async fn all(town: &Town, asker: &crate::support::town::Asker, query: &str) -> Vec<Json> {
    let (mut rows, mut cursor): (Vec<Json>, Option<String>) = (Vec::new(), None);
    loop {
        let next = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page = town.get(asker, &format!("/admin/ledger?limit=4{query}{next}")).await.expect(200).json();
        rows.extend(page["data"].as_array().unwrap().clone());
        assert_eq!(page["has_more"].as_bool().unwrap(), !page["next_cursor"].is_null());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return rows,
        }
    }
}

on_both!(those_who_handle_money_read_the_books, async |db: TestDb| {
    let town = Town::new(&db).await;
    let finance = with_role(&town, &db, "Fina", "finance").await;
    let begun = db.clock.as_ref();
    stays(&db, 1, 3).await;
    begun.advance_seconds(600);
    let entry = whole_stay(9).remove(0).asked_in(&Origin { request_id: "request 9".into(), address: None });
    post(&db, entry).await.unwrap();
    seal(&db).await;

    let rows = all(&town, &finance, "").await;
    assert_eq!(rows.len(), 19);
    let numbers: Vec<i64> = rows.iter().map(|row| row["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=19).rev().collect::<Vec<i64>>(), "newest first, nothing twice");
    assert_eq!((rows[0]["request_id"].as_str(), rows[0]["kind"].as_str()), (Some("request 9"), Some("confirmed")));
    assert_eq!(rows[0]["memo"], "=1+1, \"by telephone\"; \u{1f6b2}");
    for row in &rows {
        let sum: i64 = row["postings"].as_array().unwrap().iter().map(|posting| posting["amount"]["amount"].as_i64().unwrap()).sum();
        assert_eq!(sum, 0, "{row}");
    }
    for (query, expected) in [
        (format!("&booking_id={}", booking(2)), 4),
        (format!("&booking_id={}&kind=captured", booking(2)), 1),
        ("&kind=confirmed".to_owned(), 4),
        ("&account=psp:sandbox".to_owned(), 9),
        (format!("&account=host_payable:{}", host(1)), 2),
        (format!("&account=stay_escrow:{}", booking(9)), 1),
        ("&account=exp_promo".to_owned(), 0),
        ("&from=2026-06-01T12:10:00Z".to_owned(), 1),
        ("&to=2026-06-01T12:10:00Z".to_owned(), 18),
        ("&from=2026-06-01T12:00:00Z&to=2026-06-01T12:00:01Z&account=exp_psp".to_owned(), 3),
    ] {
        assert_eq!(all(&town, &finance, &query).await.len(), expected, "{query}");
    }
    let cursor = town.get(&finance, "/admin/ledger?limit=2").await.json()["next_cursor"].as_str().unwrap().to_owned();
    town.get(&finance, &format!("/admin/ledger?kind=captured&cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
    for bad in ["account=psp", "account=nonsense", "account=stay_escrow:1", "kind=E01", "from=yesterday", "booking_id=1", "limit=0", "limit=101", "page=2"] {
        assert_eq!(town.get(&finance, &format!("/admin/ledger?{bad}")).await.status.as_u16() / 100, 4, "{bad}");
    }
});

on_both!(the_trial_balance_and_the_check_are_answered, async |db: TestDb| {
    let town = Town::new(&db).await;
    let finance = with_role(&town, &db, "Fina", "finance").await;
    let empty = town.get(&finance, "/admin/ledger/accounts").await.expect(200).json();
    assert_eq!((empty["balanced"].as_bool(), empty["data"].as_array().map(Vec::len)), (Some(true), Some(0)));
    stays(&db, 1, 3).await;
    let trial = town.get(&finance, "/admin/ledger/accounts").await.expect(200).json();
    let line = |account: &str| trial["data"].as_array().unwrap().iter().find(|line| line["account"] == account).cloned().unwrap();
    assert_eq!(line("psp:sandbox"), serde_json::json!({"account": "psp:sandbox", "class": "asset", "balance": {"amount": 68_769, "currency": "EUR"}}));
    assert_eq!(line("stay_escrow")["balance"]["amount"], 0);
    assert_eq!((line("rev_guest_fee")["class"].as_str(), trial["sums"].clone()), (Some("income"), serde_json::json!([{"amount": 0, "currency": "EUR"}])));
    let report = town.get(&finance, "/admin/ledger/invariants").await.expect(200).json();
    assert_eq!((report["holds"].as_bool(), report["findings"].as_array().map(Vec::len)), (Some(true), Some(0)), "{report}");
    // Guests hear nothing of it.
    let guest = town.newcomer("Gus").await;
    town.get(&guest, "/admin/ledger").await.expect_problem(403, "forbidden");
});

on_both!(a_booking_shows_its_books, async |db: TestDb| {
    stays(&db, 1, 2).await;
    let view = |for_staff: bool| db.read(move |conn| ledger::ledger_view(conn, booking(1), for_staff));
    let text = |view: DbResult<ledger::LedgerView>| poem_openapi::types::ToJSON::to_json_string(&view.unwrap());
    let (guests, staffs) = (text(view(false).await), text(view(true).await));
    assert!(!guests.contains("by telephone") && staffs.contains("by telephone"));
    let json: Json = serde_json::from_str(&guests).unwrap();
    assert_eq!(json["data"].as_array().unwrap().len(), 4);
    let escrow = json["balances"].as_array().unwrap().iter().find(|line| line["account"] == format!("stay_escrow:{}", booking(1))).unwrap();
    assert_eq!(escrow["balance"]["amount"], 0);
});

on_both!(statements_find_their_rows_through_an_index, async |db: TestDb| {
    let after = Place { at: Instant(1), id: Uuid::nil() };
    for filter in [
        Filter::default(),
        Filter { from: Some(Instant(1)), to: Some(Instant(2)), ..Filter::default() },
        Filter { account: Some(psp()), ..Filter::default() },
        Filter { booking: Some(booking(1)), ..Filter::default() },
        Filter { kind: Some(EntryKind::Captured), ..Filter::default() },
        Filter { account: Some(Account::HostPayable(host(1))), kind: Some(EntryKind::Netted), ..Filter::default() },
    ] {
        for after in [None, Some(&after)] {
            let (sql, params) = ledger::list_sql(&filter, after, 20);
            uses_index(&db, &sql, params).await;
        }
    }
    for account in [Account::StayEscrow(booking(1)), Account::HostPayable(host(1)), Account::PayoutTransit(Uuid::nil())] {
        uses_index(&db, balance_sql(&account), vec![account.name().into(), eur().code().into()]).await;
    }
});

on_both!(a_span_of_the_books_is_exported, async |db: TestDb| {
    stays(&db, 1, 1).await;
    db.clock.advance_seconds(86_400);
    stays(&db, 2, 1).await;
    let node = Db::clone(&db);
    off_thread(move || {
        let export = |from: Option<&str>, to: Option<&str>| {
            let (mut text, instant) = (Vec::new(), |text: &str| Instant::parse(text).unwrap());
            let count = ledger::export(&node, Format::Csv, from.map(instant), to.map(instant), &mut text).unwrap();
            (count, String::from_utf8(text).unwrap())
        };
        assert_eq!(export(None, None).0, 0, "without numbers yet");
        ledger::seal_all(&node, &keys()).unwrap();
        let (count, text) = export(None, None);
        assert_eq!((count, text.lines().count()), (12, 1 + 2 * 20));
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let (mut sum, mut last) = (0, 0);
        for row in rows.records() {
            let row = row.unwrap();
            sum += row[12].parse::<i64>().unwrap();
            let number: i64 = row[0].parse().unwrap();
            assert!(number >= last && !row[7].starts_with('='), "{row:?}");
            last = number;
        }
        assert_eq!((sum, last), (0, 12));
        assert_eq!(export(Some("2026-06-02T00:00:00Z"), None).0, 6);
        assert_eq!(export(None, Some("2026-06-02T00:00:00Z")).0, 6);
        assert_eq!(export(Some("2026-06-03T00:00:00Z"), None).0, 0);
        let broken = ledger::export(&node, Format::Hledger, None, None, &mut Full).unwrap_err();
        assert!(format!("{broken:#}").contains("the books cannot be written"), "{broken:#}");
    })
    .await;
});

/// A disk without room.
struct Full;

impl std::io::Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
