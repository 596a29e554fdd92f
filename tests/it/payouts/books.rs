//! What payouts ask of the books: sums of entries, however many they are.

use crate::support::{TestDb, on_both, uses_index};
use stopover::features::ledger::{self, Account, EntryKind, Filter, Payee, ReleasedTo, Split};
use stopover::platform::db::{DbError, Value};
use stopover::values::{BookingId, Currency, Instant, UserId};
use uuid::Uuid;

/// More than are ever read of one booking.
const MANY: u32 = 1_100;

fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

/// A stay of very many parts, each of 10 with a fee of 1, and money that was paid by hand.
async fn posted(db: &TestDb, booking: BookingId, host: UserId) {
    let done: Result<(), DbError> = db
        .write(move |tx, now| {
            let part = Split { base: 10, ..Split::default() };
            for number in 1..=MANY {
                ledger::post(tx, now, &ledger::released(booking, number, host, usd(), &part, 1))?;
            }
            for (key, amount) in [("by_hand:1", 500), ("by_hand:2", 20), ("by-hand:3", 7)] {
                ledger::post(tx, now, &ledger::paid_offline(booking, key, usd(), amount, Payee::Host(host)))?;
            }
            Ok(())
        })
        .await;
    done.unwrap();
}

on_both!(the_entries_of_a_booking_are_added_up_however_many_they_are, async |db: TestDb| {
    let (booking, host) = (BookingId(Uuid::now_v7()), UserId(Uuid::now_v7()));
    posted(&db, booking, host).await;
    let together = async |currency: Currency, kind: Option<EntryKind>, source: String| {
        let found: Result<ledger::Together, DbError> = db.read(move |conn| ledger::together(conn, (booking, currency), kind, &source)).await;
        found.unwrap()
    };
    let all = i64::from(MANY);
    let released = together(usd(), Some(EntryKind::Released), String::new()).await;
    assert_eq!((released.entries, released.on(&Account::StayEscrow(booking)), released.on(&Account::RevHostFee)), (all, 10 * all, -all));
    assert_eq!((released.on(&Account::HostPayable(host)), released.on(&Account::HostReceivable(host))), (-9 * all, 0));
    let by_hand = together(usd(), None, format!("booking:{booking}:paid_offline:by_hand:")).await;
    assert_eq!((by_hand.entries, by_hand.on(&Account::GuestReceivable(booking))), (2, -520), "a source is read to the letter");
    let whole = together(usd(), None, String::new()).await;
    assert_eq!((whole.entries, whole.accounts.values().sum::<i64>()), (all + 3, 0));
    let eur = together(Currency::parse("EUR").unwrap(), None, String::new()).await;
    assert_eq!(eur, ledger::Together::default());
});

on_both!(what_a_host_was_given_is_added_up_by_kind, async |db: TestDb| {
    let (booking, host) = (BookingId(Uuid::now_v7()), UserId(Uuid::now_v7()));
    posted(&db, booking, host).await;
    let (from, to, all) = (Instant::parse("2026-06-01T12:00:00Z").unwrap(), Instant::parse("2026-06-01T12:00:01Z").unwrap(), i64::from(MANY));
    let read = async |from: Instant, to: Instant| {
        let both: Result<_, DbError> = db
            .read(move |conn| {
                let payable = ledger::by_kind(conn, &Account::HostPayable(host), from, to)?;
                Ok((payable, ledger::by_kind(conn, &Account::HostReceivable(host), from, to)?, ledger::released_to(conn, host, from, to)?))
            })
            .await;
        both.unwrap()
    };
    let (payable, receivable, released) = read(from, to).await;
    assert_eq!(payable, [(EntryKind::Released, usd(), -9 * all)]);
    assert_eq!(receivable, [(EntryKind::PaidOffline, usd(), 527)]);
    assert_eq!(released, [ReleasedTo { currency: usd(), times: all, base: 10 * all, host_fee: -all }]);
    assert_eq!(read(to, to.plus_seconds(60)).await, (vec![], vec![], vec![]));
    // A page has all postings of its entries.
    let page: Result<Vec<ledger::Recorded>, DbError> =
        db.read(move |conn| ledger::list(conn, &Filter { booking: Some(booking), ..Filter::default() }, None, 300)).await;
    let page = page.unwrap();
    assert_eq!(page.len(), 300);
    for recorded in &page {
        let lines = if recorded.entry.kind == EntryKind::Released { 3 } else { 2 };
        assert_eq!((recorded.entry.postings.len(), recorded.entry.check()), (lines, Ok(())), "{recorded:?}");
    }
});

on_both!(sums_find_their_rows_through_an_index, async |db: TestDb| {
    for (sql, kinds) in ledger::SUM_STATEMENTS {
        let params = kinds.chars().map(|kind| match kind {
            'u' => Value::Uuid(Uuid::nil()),
            't' => Value::Text("x".into()),
            _ => Value::Instant(Instant(1)),
        });
        uses_index(&db, sql, params.collect()).await;
    }
    uses_index(&db, &ledger::postings_sql(4), vec![Value::Uuid(Uuid::nil()); 4]).await;
});
