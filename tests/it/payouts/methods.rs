//! Where hosts want their money.

use super::{IBAN, JUNE, Stage, owned};
use crate::support::people::run;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::json;
use stopover::platform::db::DbError;

on_both!(a_new_account_counts_after_three_days, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let made = stage.leave("bank", IBAN).await;
    assert_eq!((made["state"].as_str(), made["account"].as_str(), made["active_at"].as_str()), (Some("waiting"), Some("…3000"), Some("2026-06-04T12:00:00Z")));
    let letters = stage.town.letters().await;
    let letter = letters.iter().find(|letter| letter.subject.contains("a new account for your payouts")).unwrap();
    assert!(letter.text.contains("…3000") && !letter.text.contains("DE89370400440532013000"));
    // It lies sealed.
    let sealed: Result<Option<String>, DbError> = db.read(|conn| conn.first("SELECT details_sealed FROM payout_methods", &[], |row| row.get(0))).await;
    assert!(!sealed.unwrap().unwrap().contains("0532013000"));
    let state = async || {
        let host = stage.who("Hannah").await;
        let list = stage.town.get(&host, "/payout-methods").await.expect(200).json();
        list["data"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    stage.town.clock.set("2026-06-04T12:00:00Z");
    assert_eq!(state().await, ["active"]);
    let second = stage.leave("sandbox", "sb_acct_hannah").await;
    assert_eq!(state().await, ["waiting", "replaced"]);
    let host = stage.who("Hannah").await;
    let path = format!("/payout-methods/{}", second["id"].as_str().unwrap());
    stage.town.ask(&host, Method::DELETE, &path, None).await.expect(204);
    stage.town.ask(&host, Method::DELETE, &path, None).await.expect_problem(404, "not_found");
    assert_eq!(state().await, ["active"]);
    // While a change waits nothing is paid anywhere.
    stage.book("Gustav", JUNE, "card_ok").await;
    stage.town.clock.set("2026-06-10T12:00:00Z");
    stage.leave("bank", "some account 12345").await;
    stage.at("2026-06-12T20:00:00Z").await;
    assert_eq!(stage.seen().await.0, [(29_100, 0, Some("method_is_new".to_owned()))]);
    let operator = stage.who("Olga").await;
    for action in ["payout_method.added", "payout_method.removed"] {
        let trail = stage.town.get(&operator, &format!("/admin/audit?action={action}")).await.expect(200).json();
        assert!(!trail["data"].as_array().unwrap().is_empty(), "{action}");
    }
});

on_both!(only_a_fresh_proof_changes_where_money_goes, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let made = stage.leave("bank", IBAN).await;
    let host = stage.who("Hannah").await;
    let before = stopover::values::Clock::now(&*stage.town.clock).plus_seconds(-301);
    run(&db, "UPDATE sessions SET proven_at = $1", vec![before.into()]).await;
    let stale = stage.town.post(&host, "/payout-methods", json!({"kind": "bank", "holder": "H", "account": IBAN})).await;
    stale.expect_problem(403, "proof_needed");
    stage.town.ask(&host, Method::DELETE, &format!("/payout-methods/{}", made["id"].as_str().unwrap()), None).await.expect_problem(403, "proof_needed");
    // And it is nobody else's.
    let guest = stage.who("Gustav").await;
    stage.town.ask(&guest, Method::DELETE, &format!("/payout-methods/{}", made["id"].as_str().unwrap()), None).await.expect_problem(404, "not_found");
});

on_both!(what_is_no_account_is_refused, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let host = stage.who("Hannah").await;
    for (kind, holder, account, code) in [
        ("bank", "H", "DE89 3704 0044 0532 0130 01", "invalid_account"),
        ("bank", "H", "x", "invalid_account"),
        ("bank", " ", IBAN, "invalid_account"),
        ("bank", "H\u{0}", IBAN, "invalid_account"),
        ("sandbox", "H", IBAN, "invalid_account"),
        ("stripe", "H", "acct_1abc", "unknown_payout_kind"),
        ("gold", "H", IBAN, "unknown_payout_kind"),
    ] {
        let reply = stage.town.post(&host, "/payout-methods", json!({"kind": kind, "holder": holder, "account": account})).await;
        assert!(reply.status == 422 || (holder.contains('\u{0}') && reply.status == 400), "{kind} {account}: {}", reply.text());
        if reply.status == 422 {
            reply.expect_problem(422, code);
        }
    }
    for _ in 0..10 {
        stage.leave("bank", IBAN).await;
    }
    let host = stage.who("Hannah").await;
    let more = stage.town.post(&host, "/payout-methods", json!({"kind": "bank", "holder": "H", "account": IBAN})).await;
    more.expect_problem(409, "too_many_payout_methods");
});

on_both!(a_removed_account_stops_what_was_not_sent, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let made = stage.leave("bank", IBAN).await;
    stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-11T19:00:00Z").await;
    stage.at("2026-06-12T20:00:00Z").await;
    assert_eq!(stage.seen().await.1, owned(&[(29_100, "created")]));
    // Nobody leaves with money that is owed.
    let host = stage.who("Hannah").await;
    run(&db, "UPDATE listings SET state = 'archived' WHERE id = $1", vec![stage.home.into()]).await;
    let blocked = stage.town.ask(&host, Method::DELETE, "/me", None).await;
    assert!(blocked.text().contains("payout_under_way"), "{}", blocked.text());
    stage.town.ask(&host, Method::DELETE, &format!("/payout-methods/{}", made["id"].as_str().unwrap()), None).await.expect(204);
    stage.staff("/admin/payouts/export", json!({"reason": "Friday's run"})).await.expect(200);
    assert_eq!(stage.seen().await, (vec![(29_100, 0, Some("no_method".to_owned()))], owned(&[(29_100, "cancelled")])));
    stage.is_sound().await;
});
