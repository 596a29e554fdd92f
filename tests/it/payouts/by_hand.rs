//! Money that staff send themselves: each payout is on one list, and is ended once, whoever does what at the same time.

use super::{IBAN, JUNE, Stage, owned};
use crate::support::people::run;
use crate::support::{TestDb, off_thread, on_both};
use futures_util::future::{join, join_all};
use poem::http::Method;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use stopover::features::payments::{Nobody, Payments};
use stopover::features::payouts::{self, Payouts};
use stopover::platform::db::{Db, DbError};
use stopover::values::Instant;

const EXPORT: &str = "/admin/payouts/export";

fn why() -> Json {
    json!({"reason": "Friday's run"})
}

/// A payout of 291.00 to Hannah's bank waits for somebody to send it. Answers the account too.
async fn put_aside(db: &TestDb) -> (Stage, Json) {
    let stage = Stage::new(db).await;
    let method = stage.leave("bank", IBAN).await;
    stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-11T19:00:00Z").await;
    stage.at("2026-06-12T20:00:00Z").await;
    assert_eq!(stage.seen().await, (vec![], owned(&[(29_100, "created")])));
    (stage, method)
}

/// Hannah takes the account away.
async fn remove(stage: &Stage, method: &Json) {
    let host = stage.who("Hannah").await;
    stage.town.ask(&host, Method::DELETE, &format!("/payout-methods/{}", method["id"].as_str().unwrap()), None).await.expect(204);
}

async fn id_of(stage: &Stage, state: &str) -> String {
    let finance = stage.who("Fiona").await;
    let all = stage.town.get(&finance, &format!("/admin/payouts?state={state}")).await.expect(200).json();
    all["data"][0]["id"].as_str().unwrap().to_owned()
}

on_both!(what_was_taken_out_is_neither_stopped_nor_listed_twice, async |db: TestDb| {
    let (stage, method) = put_aside(&db).await;
    let list = async |again: bool| stage.staff(&format!("{EXPORT}?again={again}"), why()).await.expect(200).text();
    let first = list(false).await;
    assert!(first.contains("\"DE89370400440532013000\",291.00,USD,\r\n"), "{first}");
    let id = id_of(&stage, "sent").await;
    assert!(first.contains(&id));
    assert_eq!((list(false).await.lines().count(), stage.seen().await.1), (1, owned(&[(29_100, "sent")])));
    // Nobody stops what may be on its way, and a list that was lost is had again.
    remove(&stage, &method).await;
    stage.staff(&format!("/admin/users/{}/payouts/hold", stage.host), json!({"reason": "a court asks"})).await.expect(200);
    let again = list(true).await;
    assert!(again.contains("\"DE89370400440532013000\",291.00,USD,2026-06-12T20:00:00Z\r\n"), "{again}");
    // However long that takes: `doctor` asks about providers.
    stage.at("2026-06-16T20:00:00Z").await;
    let node = Db::clone(&db);
    off_thread(move || payouts::check(&node)).await.unwrap();
    assert_eq!(stage.seen().await.1, owned(&[(29_100, "sent")]));
    stage.staff(&format!("/admin/payouts/{id}/paid"), json!({"reason": "statement 12"})).await.expect(200);
    assert_eq!((list(true).await.lines().count(), stage.seen().await.1), (1, owned(&[(29_100, "paid")])));
    // Only now the account is forgotten.
    let sealed: Result<Option<String>, DbError> = db.read(|conn| conn.first("SELECT details_sealed FROM payout_methods", &[], |row| row.get(0))).await;
    assert_eq!(sealed.unwrap().as_deref(), Some(""));
    let operator = stage.who("Olga").await;
    let trail = stage.town.get(&operator, "/admin/audit?action=payouts.exported").await;
    assert!(trail.expect(200).text().contains(&id), "{}", trail.text());
    stage.is_sound().await;
});

on_both!(lists_at_once_have_each_payout_once, async |db: TestDb| {
    let (stage, _) = put_aside(&db).await;
    let finance = stage.who("Fiona").await;
    let lists = join_all((0..4).map(|_| stage.town.post(&finance, EXPORT, why()))).await;
    let rows: usize = lists.iter().map(|list| list.expect(200).text().lines().count() - 1).sum();
    assert_eq!((rows, stage.seen().await.1), (1, owned(&[(29_100, "sent")])));
    stage.is_sound().await;
});

on_both!(a_payout_that_is_told_of_and_stopped_at_once_ends_once, async |db: TestDb| {
    let (stage, method) = put_aside(&db).await;
    let path = format!("/admin/payouts/{}/paid", id_of(&stage, "created").await);
    remove(&stage, &method).await;
    let finance = stage.who("Fiona").await;
    let lists = join_all((0..4).map(|_| stage.town.post(&finance, EXPORT, why())));
    let told = join_all((0..4).map(|_| stage.town.post(&finance, &path, why())));
    let (lists, told) = join(lists, told).await;
    assert!(lists.iter().all(|list| list.expect(200).text().lines().count() == 1));
    let paid = told.iter().filter(|reply| reply.status == 200).count();
    assert!(paid <= 1);
    assert_eq!(stage.seen().await.1, owned(&[(29_100, if paid == 1 { "paid" } else { "cancelled" })]));
    stage.is_sound().await;
});

on_both!(whoever_is_stopped_has_nothing_put_aside, async |db: TestDb| {
    let (stage, _) = put_aside(&db).await;
    let payments = Payments::with(stage.town.tools(), Vec::new(), Arc::new(Nobody));
    let all = Payouts::new(stage.town.tools(), &payments, Arc::new([]));
    let (finance, path) = (stage.who("Fiona").await, format!("/admin/users/{}/payouts", stage.host));
    for round in 0..8 {
        let runner = all.clone();
        let pay = off_thread(move || payouts::pay_hosts(&runner, || false).unwrap());
        let (held, _made) = join(stage.town.post(&finance, &format!("{path}/hold"), why()), pay).await;
        held.expect(200);
        let made = stage.seen().await.1;
        assert!(made.iter().all(|(_, state)| state == "cancelled"), "{round}: {made:?}");
        stage.town.post(&finance, &format!("{path}/unhold"), why()).await.expect(200);
    }
    stage.is_sound().await;
});

on_both!(whoever_is_stopped_is_on_no_list, async |db: TestDb| {
    const HOLD: &str = "INSERT INTO payout_holds (host_id, reason, created_by, created_at) VALUES ($1, 'x', $1, $2)";
    let (stage, _) = put_aside(&db).await;
    // As it is where the payout was made while staff stopped them.
    run(&db, HOLD, vec![stage.host.into(), Instant(1).into()]).await;
    assert_eq!(stage.staff(EXPORT, why()).await.expect(200).text().lines().count(), 1);
    assert_eq!(stage.seen().await, (vec![(29_100, 0, Some("held".to_owned()))], owned(&[(29_100, "cancelled")])));
    stage.is_sound().await;
});

on_both!(an_account_that_cannot_be_read_is_left_out, async |db: TestDb| {
    let (stage, _) = put_aside(&db).await;
    run(&db, "UPDATE payout_methods SET details_sealed = 'x'", vec![]).await;
    let id = id_of(&stage, "created").await;
    assert_eq!(stage.staff(EXPORT, why()).await.expect(200).text().lines().count(), 1);
    assert_eq!(stage.seen().await.1, owned(&[(29_100, "created")]));
    let operator = stage.who("Olga").await;
    let trail = stage.town.get(&operator, "/admin/audit?action=payouts.exported").await;
    assert!(trail.expect(200).text().contains(&id), "{}", trail.text());
});
