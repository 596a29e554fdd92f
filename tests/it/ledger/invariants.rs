//! What must always hold, and what others add to it.

use super::{booking, eur, held, host, inspect, keys, payer, post, psp, seal, split, stays, whole_stay};
use crate::support::{TestDb, off_thread, on_both};
use std::sync::Arc;
use stopover::features::ledger::{self, Finding, Witness, Witnesses, captured, confirmed, payout_sent, refunded};
use stopover::platform::db::{Conn, Db, DbError, DbResult};
use stopover::values::{BookingId, Currency};
use uuid::Uuid;

/// Knows of one booking that it is over, and what the sandbox says it holds.
struct Knows {
    over: BookingId,
    at_sandbox: i64,
}

impl Witness for Knows {
    fn closed(&self, _conn: &mut Conn<'_>, bookings: &[BookingId]) -> DbResult<Vec<BookingId>> {
        Ok(bookings.iter().copied().filter(|id| *id == self.over).collect())
    }

    fn at_providers(&self, _conn: &mut Conn<'_>) -> DbResult<Vec<(String, Currency, i64)>> {
        Ok(vec![("sandbox".into(), eur(), self.at_sandbox)])
    }

    fn findings(&self, conn: &mut Conn<'_>) -> DbResult<Vec<Finding>> {
        let entries = ledger::of_booking(conn, booking(1))?.len();
        Ok(if entries > 100 { vec![Finding { invariant: "L7", what: "too many".into() }] } else { Vec::new() })
    }
}

async fn found(db: &Db, knows: Knows) -> Vec<String> {
    let (db, witnesses): (Db, Witnesses) = (db.clone(), Arc::new([Box::new(knows) as Box<dyn Witness>]));
    off_thread(move || {
        let now = db.now();
        let report = db.bulk(|conn| ledger::inspect(conn, &keys(), now, &witnesses)).map_err(|error: DbError| error).unwrap();
        report.findings.into_iter().map(|finding| format!("{}: {}", finding.invariant, finding.what)).collect()
    })
    .await
}

on_both!(a_booking_that_is_over_holds_nothing, async |db: TestDb| {
    stays(&db, 1, 3).await;
    for entry in whole_stay(7).into_iter().take(2) {
        post(&db, entry).await.unwrap();
    }
    let at_sandbox = held(&db, psp()).await;
    assert_eq!(found(&db, Knows { over: booking(1), at_sandbox }).await, Vec::<String>::new());
    let open = found(&db, Knows { over: booking(7), at_sandbox }).await;
    assert_eq!(open.len(), 1, "{open:?}");
    assert!(open[0].starts_with(&format!("L3: the booking {} is over, and ", booking(7))), "{open:?}");
    for account in ["stay_escrow", "fee_deferred", "tax_held"] {
        assert!(open[0].contains(&format!("{account}:{} holds -", booking(7))), "{open:?}");
    }
});

on_both!(providers_hold_what_the_books_say, async |db: TestDb| {
    stays(&db, 1, 1).await;
    assert_eq!(found(&db, Knows { over: booking(9), at_sandbox: 22_923 }).await, Vec::<String>::new());
    assert_eq!(found(&db, Knows { over: booking(9), at_sandbox: 5 }).await, ["L8: psp:sandbox holds 22923 EUR, and should hold 5"]);
    seal(&db).await;
    assert_eq!(found(&db, Knows { over: booking(9), at_sandbox: 22_923 }).await, Vec::<String>::new());
});

on_both!(signs_are_watched_over, async |db: TestDb| {
    post(&db, confirmed(booking(1), eur(), &split())).await.unwrap();
    // More than we owe, and more than the guest owed; a provider may pay ahead.
    post(&db, payout_sent(Uuid::from_u128(1), host(1), eur(), 100)).await.unwrap();
    post(&db, captured(&payer(1), 105_133)).await.unwrap();
    post(&db, refunded(&payer(1), Uuid::from_u128(2), 200_000)).await.unwrap();
    let report = inspect(&db).await;
    let mut found: Vec<String> = report.findings.into_iter().map(|finding| format!("{} {}", finding.invariant, finding.what)).collect();
    found.sort();
    assert_eq!(
        found,
        [
            format!("L4 guest_receivable:{} holds -1 EUR, which what we own may not", booking(1)),
            format!("L4 host_payable:{} holds 100 EUR, which what we owe may not", host(1)),
            format!("L4 refund_payable:{} holds 200000 EUR, which what we owe may not", booking(1)),
        ]
    );
    assert_eq!(report.notes, ["psp:sandbox holds -94867 EUR, which what we own may not"]);
});

on_both!(the_doctor_says_it_in_a_sentence, async |db: TestDb| {
    stays(&db, 1, 2).await;
    seal(&db).await;
    let node = Db::clone(&db);
    let sentence = off_thread(move || ledger::check(&node, &keys(), &(Arc::new([]) as Witnesses))).await.unwrap();
    assert!(sentence.starts_with("12 entries, 0 waiting, ") && sentence.contains("head 12:"), "{sentence}");
});
