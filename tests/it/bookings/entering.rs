//! Stays that the host enters: walk-ins, telephone, paid into the host's hand.

use super::{Stage, acts, path};
use crate::support::people::{run, with_role};
use crate::support::town::{Asker, Reply};
use crate::support::{TestDb, on_both};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use stopover::values::Instant;

/// Enters a stay of two adults, as `who`.
pub(super) async fn enter(stage: &Stage, who: &Asker, dates: (&str, &str), more: Json) -> Reply {
    let mut body = json!({"check_in": dates.0, "check_out": dates.1, "adults": 2, "guest_name": "Walter", "paid": "offline_to_host"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    stage.town.post(who, &format!("/listings/{}/bookings", stage.home), body).await
}

/// What a booking's entries come to, by the first word of the accounts' names; and the words of the entries.
pub(super) async fn books(stage: &Stage, finance: &Asker, booking: &Json) -> (Vec<(String, i64)>, Vec<String>) {
    let ledger = stage.town.get(finance, &format!("{}/ledger", path(booking))).await.expect(200).json();
    let (mut sums, mut kinds): (BTreeMap<String, i64>, Vec<String>) = (BTreeMap::new(), Vec::new());
    for entry in ledger["entries"].as_array().or_else(|| ledger["data"].as_array()).unwrap() {
        kinds.push(entry["kind"].as_str().unwrap().to_owned());
        for posting in entry["postings"].as_array().unwrap() {
            let account = posting["account"].as_str().unwrap().split(':').next().unwrap().to_owned();
            *sums.entry(account).or_default() += posting["amount"]["amount"].as_i64().or_else(|| posting["amount"].as_i64()).unwrap();
        }
    }
    (sums.into_iter().filter(|(_, amount)| *amount != 0).collect(), kinds)
}

pub(super) fn told(sums: &[(String, i64)]) -> Vec<(&str, i64)> {
    sums.iter().map(|(account, amount)| (account.as_str(), *amount)).collect()
}

const TONIGHT: (&str, &str) = ("2026-06-01", "2026-06-02");
pub(super) const JUNE: (&str, &str) = ("2026-06-10", "2026-06-13");

on_both!(a_walk_in_is_confirmed_at_once, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    // One night where guests book two at least, and today where they must come earlier: neither binds the host.
    run(&db, "UPDATE listings SET notice_days = 3 WHERE id = $1", vec![stage.home.into()]).await;
    let reply = enter(&stage, &stage.host, TONIGHT, json!({"message": "Came by bicycle"})).await;
    let booking = reply.expect(201).json();
    assert_eq!((reply.header("location"), booking["state"].as_str()), (format!("/api/v1{}", path(&booking)).as_str(), Some("confirmed")));
    assert_eq!((acts(&booking), booking["history"][0]["to"].as_str(), booking["history"][0]["side"].as_str()), (vec!["book"], Some("confirmed"), Some("host")));
    assert_eq!((booking["guest"]["name"].as_str(), booking["guest"]["id"].clone()), (Some("Walter"), json!(null)));
    assert_eq!((booking["total_due"]["amount"].as_i64(), booking["instalments"][0]["state"].as_str()), (Some(10_000), Some("paid")));
    assert_eq!(stage.taken().await, [1]);
    let finance = with_role(&stage.town, &db, "Fiona", "finance").await;
    let (sums, kinds) = books(&stage, &finance, &booking).await;
    assert_eq!(told(&sums), [("host_receivable", 10_000), ("stay_escrow", -10_000)]);
    assert_eq!(kinds, ["confirmed", "paid_offline"]);
    // It is a booking like others: in the host's list, with check-in and check-out, and nobody else gets the night.
    let listed = stage.town.get(&stage.host, "/bookings?role=host").await.expect(200).json();
    assert_eq!(listed["data"][0]["id"], booking["id"]);
    enter(&stage, &stage.host, TONIGHT, json!({})).await.expect_problem(409, "dates_unavailable");
    let letters = stage.town.letters().await.iter().filter(|letter| letter.subject.contains("stay")).count();
    let there = stage.act(&stage.host, &booking, "check-in", json!(null)).await.expect(200).json();
    assert_eq!((there["state"].as_str(), letters), (Some("in_stay"), 0), "nobody is written to: the host was there, the guest has no address");
    assert_eq!(stage.act(&stage.host, &booking, "check-out", json!(null)).await.expect(200).json()["state"], "completed");
});

on_both!(host_and_guest_agree_on_a_price, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let finance = with_role(&stage.town, &db, "Fiona", "finance").await;
    for total in [-1, 90_001] {
        enter(&stage, &stage.host, JUNE, json!({"total": total})).await.expect_problem(422, "out_of_range");
    }
    let booking = enter(&stage, &stage.host, JUNE, json!({"total": 25_000, "paid": "unpaid"})).await.expect(201).json();
    assert_eq!((booking["total_due"]["amount"].as_i64(), booking["total_price"]["amount"].as_i64()), (Some(25_000), Some(25_000)));
    let lines: Vec<(&str, i64)> =
        booking["lines"].as_array().unwrap().iter().map(|line| (line["kind"].as_str().unwrap(), line["amount"]["amount"].as_i64().unwrap())).collect();
    assert_eq!(lines, [("nights", 25_000)]);
    assert_eq!(booking["instalments"][0]["state"], "planned");
    assert_eq!(told(&books(&stage, &finance, &booking).await.0), [("guest_receivable", 25_000), ("stay_escrow", -25_000)]);
    // It is paid in two parts, and not more than is owed.
    let by_hand = async |amount: i64| stage.act(&stage.host, &booking, "payments/by-hand", json!({"amount": amount})).await;
    assert_eq!(by_hand(10_000).await.expect(200).json()["instalments"][0]["state"], "planned");
    by_hand(15_001).await.expect_problem(422, "out_of_range");
    by_hand(0).await.expect_problem(422, "out_of_range");
    assert_eq!(by_hand(15_000).await.expect(200).json()["instalments"][0]["state"], "paid");
    by_hand(1).await.expect_problem(409, "nothing_due");
    let (sums, kinds) = books(&stage, &finance, &booking).await;
    assert_eq!(told(&sums), [("host_receivable", 25_000), ("stay_escrow", -25_000)]);
    assert_eq!(kinds, ["confirmed", "paid_offline", "paid_offline"]);
    // Of a stay that a guest booked, payments tell what was paid.
    let other = stage.book(&stage.guest, "2026-06-20", "2026-06-23").await;
    stage.act(&stage.host, &other, "payments/by-hand", json!({"amount": 1})).await.expect_problem(409, "nothing_due");
    // Nothing is nothing to pay.
    let gift = enter(&stage, &stage.host, ("2026-06-25", "2026-06-26"), json!({"total": 0})).await.expect(201).json();
    assert_eq!((gift["instalments"].clone(), books(&stage, &finance, &gift).await.0), (json!([]), vec![]));
});

on_both!(what_the_host_took_the_host_hands_back, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let finance = with_role(&stage.town, &db, "Fiona", "finance").await;
    let booking = enter(&stage, &stage.host, JUNE, json!({})).await.expect(201).json();
    let preview = stage.town.get(&stage.host, &format!("{}/cancellation-preview", path(&booking))).await.expect(200).json();
    assert_eq!((preview["refund"]["amount"].as_i64(), preview["cancelled"]["amount"].as_i64()), (Some(30_000), Some(0)));
    let over = stage.act(&stage.host, &booking, "cancel", json!({})).await.expect(200).json();
    assert_eq!((over["state"].as_str(), stage.taken().await.len()), (Some("cancelled"), 3), "whoever lets a guest down does not sell the nights again");
    let (sums, kinds) = books(&stage, &finance, &booking).await;
    assert_eq!((told(&sums), kinds.last().map(String::as_str)), (vec![], Some("returned_offline")));
    // The guest called off, and said so on the telephone: as the policy has it, and the nights are free.
    let booking = enter(&stage, &stage.host, ("2026-06-20", "2026-06-23"), json!({"paid": "unpaid"})).await.expect(201).json();
    let over = stage.act(&stage.host, &booking, "cancel", json!({"as": "guest", "reason": "They called"})).await.expect(200).json();
    assert_eq!((over["state"].as_str(), stage.taken().await), (Some("cancelled"), vec![10, 11, 12]));
    assert_eq!(books(&stage, &finance, &booking).await.0, []);
    // A guest with an account speaks for themselves.
    let theirs = stage.book(&stage.guest, "2026-06-26", "2026-06-28").await;
    stage.act(&stage.host, &theirs, "cancel", json!({"as": "guest"})).await.expect_problem(403, "forbidden");
});

on_both!(a_stay_that_was_entered_is_changed_at_once, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let finance = with_role(&stage.town, &db, "Fiona", "finance").await;
    let booking = enter(&stage, &stage.host, JUNE, json!({})).await.expect(201).json();
    let shorter = stage.act(&stage.host, &booking, "alterations", json!({"check_out": "2026-06-12"})).await.expect(201).json();
    assert_eq!((shorter["state"].as_str(), stage.taken().await), (Some("applied"), vec![10, 11]));
    assert_eq!(told(&books(&stage, &finance, &booking).await.0), [("host_receivable", 20_000), ("stay_escrow", -20_000)]);
    let longer = stage.act(&stage.host, &booking, "alterations", json!({"check_out": "2026-06-14"})).await.expect(201).json();
    assert_eq!((longer["state"].as_str(), stage.taken().await), (Some("applied"), vec![10, 11, 12, 13]));
    let sums = books(&stage, &finance, &booking).await.0;
    assert_eq!(told(&sums), [("guest_receivable", 20_000), ("host_receivable", 20_000), ("stay_escrow", -40_000)]);
    stage.act(&stage.host, &booking, "payments/by-hand", json!({"amount": 20_000})).await.expect(200);
});

on_both!(a_guest_takes_the_stay_into_their_account, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let known = enter(&stage, &stage.host, JUNE, json!({"guest_email": crate::support::town::email_of("Gustav"), "paid": "unpaid"})).await.expect(201).json();
    let unknown = enter(&stage, &stage.host, ("2026-06-20", "2026-06-22"), json!({"guest_email": "nobody@example.org"})).await.expect(201).json();
    // The answers do not tell which address has an account.
    for booking in [&known, &unknown] {
        assert_eq!(booking["guest"], json!({"id": null, "name": "Walter", "email": null}));
    }
    let letters = stage.town.letters().await;
    let (to_known, to_unknown) = (&letters[letters.len() - 2], &letters[letters.len() - 1]);
    assert!(to_known.text.contains("Hello Gustav") && to_known.text.contains("Under the lark"), "{to_known:?}");
    assert!(!to_unknown.text.contains("Walter") && !to_unknown.text.contains("lark"), "no words of whoever typed the address: {to_unknown:?}");
    let token = |text: &str| text.lines().find(|line| line.len() == 32 && line.bytes().all(|byte| byte.is_ascii_hexdigit())).unwrap().to_owned();
    let token = token(&to_known.text);
    stage.town.get(&stage.guest, &path(&known)).await.expect_problem(404, "not_found");
    let stranger = stage.town.newcomer("Stella").await;
    for (who, booking, token) in
        [(&stranger, &known, token.as_str()), (&stage.guest, &unknown, &token), (&stage.guest, &known, "0"), (&stage.host, &known, &token)]
    {
        stage.act(who, booking, "join", json!({"token": token})).await.expect_problem(404, "not_found");
    }
    for _ in 0..2 {
        let mine = stage.act(&stage.guest, &known, "join", json!({"token": token})).await.expect(200).json();
        assert_eq!((mine["side"].as_str(), mine["guest"]["name"].as_str()), (Some("guest"), Some("Gustav")));
    }
    // What is still owed the guest may pay by card now.
    let paid = stage.act(&stage.guest, &known, "payments", json!({"payment_method": "card_ok"})).await.expect(200).json();
    assert_eq!(paid["instalments"][0]["state"], "paid");
    assert_eq!(stage.town.get(&stage.guest, "/bookings").await.expect(200).json()["data"][0]["id"], known["id"]);
});

on_both!(who_may_enter_stays, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    enter(&stage, &stage.guest, JUNE, json!({})).await.expect_problem(403, "forbidden");
    for (name, level, status) in [("Carl", "calendar", 403), ("Mia", "messages", 403), ("Fay", "full", 201)] {
        let helper = stage.town.newcomer(name).await;
        let me = stage.town.get(&helper, "/me").await.expect(200).json();
        let helps = "INSERT INTO co_hosts (listing_id, user_id, level, version, created_at) VALUES ($1, $2, $3, 1, $4)";
        run(&db, helps, vec![stage.home.into(), crate::support::homes::id(&me["id"]).into(), level.into(), Instant(1).into()]).await;
        let reply = enter(&stage, &helper, JUNE, json!({})).await;
        assert_eq!(reply.status, status, "{level}: {}", reply.text());
    }
    assert!(stage.town.letters().await.last().unwrap().to.contains("hannah@"), "the host hears of what others enter");
    let operator = with_role(&stage.town, &db, "Olga", "operator").await;
    enter(&stage, &operator, ("2026-06-20", "2026-06-22"), json!({})).await.expect_problem(422, "invalid_reason");
    let entered = enter(&stage, &operator, ("2026-06-20", "2026-06-22"), json!({"reason": "The host is ill"})).await.expect(201).json();
    assert_eq!(entered["side"], "staff");
    for (odd, status) in [
        (json!({"guest_name": ""}), 422),
        (json!({"guest_name": "a\u{0}b"}), 422),
        (json!({"guest_email": "nonsense"}), 422),
        (json!({"paid": "never"}), 400),
        (json!({"adults": 5}), 409),
        (json!({"check_out": "2026-06-10"}), 422),
        (json!({"options": ["sauna"]}), 422),
    ] {
        let reply = enter(&stage, &stage.host, JUNE, odd.clone()).await;
        assert_eq!(reply.status, status, "{odd}: {}", reply.text());
    }
    run(&db, "UPDATE listings SET state = 'draft' WHERE id = $1", vec![stage.home.into()]).await;
    enter(&stage, &stage.host, ("2026-06-25", "2026-06-27"), json!({})).await.expect_problem(409, "listing_state");
});
