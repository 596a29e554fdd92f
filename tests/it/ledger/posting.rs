//! Entries stand with what they are about, once a source, and balances follow.

use super::{booking, eur, held, host, inspect, payer, post, psp, seal, split, stays, whole_stay};
use crate::support::people::user_of;
use crate::support::town::{Town, unpacked};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::json;
use std::collections::BTreeSet;
use stopover::features::ledger::{self, Account, AccountData, Posted, To, balances_of, captured, confirmed, goodwill, netted, payout_sent, penalty};
use stopover::platform::db::{Db, DbError, DbResult, Engine};
use stopover::platform::privacy::Holders;
use uuid::Uuid;

on_both!(a_stay_is_posted_and_its_accounts_end_at_nothing, async |db: TestDb| {
    stays(&db, 1, 1).await;
    let all: Vec<(Account, i64)> = db
        .read(|conn| balances_of(conn, booking(1)))
        .await
        .map_err(|error: DbError| error)
        .unwrap()
        .into_iter()
        .map(|(account, currency, held)| {
            assert_eq!(currency, eur());
            (account, held)
        })
        .collect();
    let of = |account: Account| all.iter().find(|(name, _)| *name == account).map(|(_, held)| *held);
    assert_eq!(of(Account::StayEscrow(booking(1))), Some(0));
    assert_eq!(of(Account::GuestReceivable(booking(1))), Some(0));
    assert_eq!(of(Account::HostPayable(host(1))), Some(-80_607), "the payout is not the booking's");
    assert_eq!((of(psp()), of(Account::RevGuestFee)), (Some(103_530), Some(-9_972)));
    for (account, expected) in [
        (Account::HostPayable(host(1)), 0),
        (psp(), 22_923),
        (Account::TaxPayable("city_tax".into()), -3_750),
        (Account::TaxHeld(booking(1)), 0),
        (Account::ExpPromo, 0),
    ] {
        assert_eq!(held(&db, account.clone()).await, expected, "{account}");
    }
    let before = db.read_cut(ledger::trial_balance).await.unwrap();
    assert_eq!(seal(&db).await, 6);
    assert_eq!(held(&db, psp()).await, 22_923, "the same once the sealer has added it up");
    assert_eq!(db.read_cut(ledger::trial_balance).await.unwrap(), before);
    assert_eq!(before.iter().map(|line| line.balance).sum::<i64>(), 0);
    let payable = before.iter().find(|line| line.account == "host_payable").unwrap();
    assert_eq!((payable.balance, payable.class.name(), payable.currency.as_str()), (0, "liability", "EUR"));
    assert_eq!(inspect(&db).await.findings, []);
});

on_both!(the_same_source_has_no_second_effect, async |db: TestDb| {
    let Posted::New(id) = post(&db, confirmed(booking(1), eur(), &split())).await.unwrap() else { panic!("not new") };
    let mut other = split();
    other.base += 1;
    assert_eq!(post(&db, confirmed(booking(1), eur(), &other)).await.unwrap(), Posted::Before(id), "whatever it says");
    assert_eq!(held(&db, Account::StayEscrow(booking(1))).await, -83_100);
    // People's balances are not counted twice either.
    post(&db, goodwill("x", eur(), 500, To::Credit(host(1)))).await.unwrap();
    post(&db, goodwill("x", eur(), 500, To::Credit(host(1)))).await.unwrap();
    assert_eq!(held(&db, Account::GuestCredit(host(1))).await, -500);
    assert_eq!(inspect(&db).await.findings, []);
});

on_both!(many_at_once_post_a_source_once, async |db: TestDb| {
    let other = if db.engine() == Engine::Postgres { db.another_node().await.unwrap() } else { Db::clone(&db) };
    let mut posters = Vec::new();
    for n in 0..32_u64 {
        let node = if n % 2 == 0 { Db::clone(&db) } else { other.clone() };
        posters.push(tokio::spawn(async move {
            node.write(move |tx, now| {
                let mut ids = Vec::new();
                // Some the other way round.
                let mut entries = whole_stay(1);
                if n % 3 == 0 {
                    entries.reverse();
                }
                for entry in entries {
                    ids.push((entry.source.clone(), ledger::post(tx, now, &entry)?));
                }
                Ok::<_, DbError>(ids)
            })
            .await
        }));
    }
    let (mut new, mut all) = (0, BTreeSet::new());
    for poster in posters {
        for (source, posted) in poster.await.unwrap().unwrap() {
            new += usize::from(posted.is_new());
            all.insert((source, posted.id()));
        }
    }
    assert_eq!((new, all.len()), (5, 5), "each once, and everybody was told which");
    assert_eq!(seal(&db).await, 5);
    let report = inspect(&db).await;
    assert_eq!((report.sealed, report.findings.as_slice()), (5, &[][..]));
});

on_both!(an_entry_stands_or_falls_with_its_transaction, async |db: TestDb| {
    let failed: DbResult<()> = db
        .write(|tx, now| {
            ledger::post(tx, now, &confirmed(booking(1), eur(), &split()))?;
            Err(DbError::Unusable("changed my mind".into()))
        })
        .await;
    failed.unwrap_err();
    assert_eq!((seal(&db).await, inspect(&db).await.accounts), (0, 0));
    // What cannot be takes everything else of its transaction with it.
    for amount in [0, -5, i64::MAX] {
        let answer = db
            .write(move |tx, now| {
                ledger::post(tx, now, &confirmed(booking(1), eur(), &split()))?;
                ledger::post(tx, now, &captured(&payer(1), amount))
            })
            .await;
        assert!(matches!(answer, Err(DbError::Unusable(_))), "{answer:?}");
    }
    let mut bent = confirmed(booking(1), eur(), &split());
    bent.postings[0].amount += 1;
    assert!(matches!(post(&db, bent).await, Err(DbError::Unusable(why)) if why.contains("does not balance")));
    assert_eq!(inspect(&db).await.accounts, 0);
});

on_both!(what_is_held_is_spent_once, async |db: TestDb| {
    post(&db, ledger::claim_charged(&payer(1), host(1), 1_000)).await.unwrap();
    let mut spenders = Vec::new();
    for n in 0..16_u64 {
        let node = Db::clone(&db);
        spenders.push(tokio::spawn(async move {
            node.write(move |tx, now| {
                let owed = -ledger::hold(tx, &Account::HostPayable(host(1)), eur())?;
                if owed < 300 {
                    return Ok(false);
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
                ledger::post(tx, now, &payout_sent(Uuid::from_u64_pair(5, n), host(1), eur(), 300)).map(|posted| posted.is_new())
            })
            .await
            .map_err(|error: DbError| error)
            .unwrap()
        }));
    }
    let mut paid = 0;
    for spender in spenders {
        paid += i64::from(spender.await.unwrap());
    }
    assert_eq!((paid, held(&db, Account::HostPayable(host(1))).await), (3, -100));
    assert_eq!(held(&db, Account::PayoutTransit(Uuid::from_u64_pair(5, 99))).await, 0);
    assert_eq!(inspect(&db).await.findings, []);
});

on_both!(corrections_are_reversals_that_name_the_original, async |db: TestDb| {
    stays(&db, 1, 1).await;
    let wrong = post(&db, penalty(booking(1), host(1), eur(), 5_000, 0)).await.unwrap().id();
    let first = db.write(move |tx, now| ledger::reverse(tx, now, wrong, "it was the wrong host")).await.unwrap();
    let again = db.write(move |tx, now| ledger::reverse(tx, now, wrong, "once more")).await.unwrap();
    assert_eq!((first.is_new(), again), (true, Posted::Before(first.id())));
    assert_eq!((held(&db, Account::HostReceivable(host(1))).await, held(&db, Account::RevPenalty).await), (0, 0));
    let entries = db.read(|conn| ledger::of_booking(conn, booking(1))).await.map_err(|error: DbError| error).unwrap();
    let last = entries.last().unwrap();
    assert_eq!((last.id, last.entry.reverses, last.entry.memo.as_str(), last.number), (first.id(), Some(wrong), "it was the wrong host", None));
    assert_eq!(
        entries.iter().map(|recorded| recorded.entry.kind.name()).collect::<Vec<_>>(),
        ["confirmed", "captured", "provider_fee", "released", "penalty", "reversed"]
    );
    seal(&db).await;
    assert_eq!(inspect(&db).await.findings, []);
    assert!(db.write(|tx, now| ledger::reverse(tx, now, Uuid::nil(), "x")).await.is_err());
});

on_both!(netting_leaves_both_accounts_true, async |db: TestDb| {
    post(&db, penalty(booking(1), host(1), eur(), 5_000, 0)).await.unwrap();
    post(&db, ledger::claim_charged(&payer(1), host(1), 8_000)).await.unwrap();
    post(&db, netted(Uuid::from_u128(1), host(1), eur(), 5_000)).await.unwrap();
    assert_eq!((held(&db, Account::HostReceivable(host(1))).await, held(&db, Account::HostPayable(host(1))).await), (0, -3_000));
});

on_both!(whoever_is_owed_something_stays_until_it_is_settled, async |db: TestDb| {
    let town = Town::new(&db).await;
    let asker = town.newcomer("Ada").await;
    let ada = user_of(&db, "Ada").await;
    post(&db, ledger::claim_charged(&payer(1), ada, 8_000)).await.unwrap();
    let refused = town.ask(&asker, Method::DELETE, "/me", None).await;
    let reasons = refused.expect_problem(409, "erasure_blocked").json()["reasons"].clone();
    assert_eq!(reasons, json!([{"reason": "money_open", "message": "You are still to get 80.00 EUR."}]));
    let holders = Holders::new(vec![Box::new(AccountData)]);
    let archive = db.read(move |conn| holders.export(conn, ada)).await.unwrap();
    let told = unpacked(&archive, "ledger.json");
    assert_eq!((told[0]["kind"].as_str(), told[0]["amount"].as_i64(), told.as_array().unwrap().len()), (Some("claim_charged"), Some(-8_000), 1));
    post(&db, payout_sent(Uuid::from_u128(1), ada, eur(), 8_000)).await.unwrap();
    town.ask(&asker, Method::DELETE, "/me", None).await.expect(202);
});
