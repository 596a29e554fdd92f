//! What guests get back afterwards, and how they get in.

use super::entering::books;
use super::{Stage, path};
use crate::support::people::{run, user_of, with_role};
use crate::support::town::Asker;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::values::Instant;

const DAY: i64 = 86_400;

/// A stay that was paid, on the days of `dates`.
pub(super) async fn paid(stage: &Stage, dates: (&str, &str)) -> Json {
    let quote = stage.quote(&stage.guest, dates.0, dates.1).await;
    stage.town.post(&stage.guest, "/bookings", json!({"quote_id": quote["id"], "payment_method": "card_ok"})).await.expect(201).json()
}

/// Lets `days` go by, and everything that is due happen.
pub(super) async fn days_later(stage: &mut Stage, days: i64) {
    stage.town.clock.advance_seconds(days * DAY);
    stage.town.run_jobs().await;
    (stage.host, stage.guest) = (stage.town.log_in("Hannah").await, stage.town.log_in("Gustav").await);
}

/// Host and guest are both of staff who handle money, and so is Fiona, who helps with the home.
pub(super) async fn insiders(stage: &Stage, db: &TestDb, level: &'static str) {
    const GRANT: &str = "INSERT INTO account_roles (user_id, role, granted_at) VALUES ($1, 'finance', $2)";
    const HELPS: &str = "INSERT INTO co_hosts (listing_id, user_id, level, version, created_at) VALUES ($1, $2, $3, 1, $4)";
    for name in ["Gustav", "Hannah"] {
        run(db, GRANT, vec![user_of(db, name).await.into(), Instant(1).into()]).await;
    }
    run(db, HELPS, vec![stage.home.into(), user_of(db, "Fiona").await.into(), level.into(), Instant(1).into()]).await;
}

on_both!(a_host_gives_something_back_afterwards, async |db: TestDb| {
    let mut stage = Stage::new(&db).await;
    with_role(&stage.town, &db, "Fiona", "finance").await;
    let booking = paid(&stage, ("2026-06-03", "2026-06-06")).await;
    let ask = |amount: i64| json!({"amount": amount, "reason": "The shower was cold"});
    stage.act(&stage.host, &booking, "refunds", ask(5_000)).await.expect_problem(409, "too_early");
    days_later(&mut stage, 6).await;
    assert_eq!(stage.read(&stage.guest, &booking).await["state"], "completed");
    stage.act(&stage.guest, &booking, "refunds", ask(5_000)).await.expect_problem(403, "forbidden");
    for (body, status) in [(json!({"amount": 5_000, "reason": " "}), 422), (ask(0), 422), (ask(-5), 422), (json!({"amount": 5_000}), 400)] {
        let reply = stage.act(&stage.host, &booking, "refunds", body.clone()).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
    }
    let mut keyed = stage.host.clone();
    keyed.headers.push(("idempotency-key".into(), "shower".into()));
    for _ in 0..2 {
        let given = stage.act(&keyed, &booking, "refunds", ask(5_000)).await.expect(200).json();
        assert_eq!(given["payments"][0]["refunds"].as_array().unwrap().len(), 1, "{given}");
    }
    let too_much = stage.act(&stage.host, &booking, "refunds", ask(25_001)).await.expect_problem(409, "refund_too_large").json();
    assert_eq!(too_much["most"], 25_000);
    stage.act(&stage.host, &booking, "refunds", ask(25_000)).await.expect(200);
    stage.act(&stage.host, &booking, "refunds", ask(1)).await.expect_problem(409, "refund_too_large");
    stage.town.run_jobs().await;
    let finance = stage.town.log_in("Fiona").await;
    let (sums, kinds) = books(&stage, &finance, &booking).await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "refunded_late").count(), 2);
    let hosts = sums.iter().find(|(account, _)| account == "host_receivable").map(|(_, amount)| *amount);
    assert_eq!(hosts, None, "what was released is taken back, and no more: {sums:?}");
    let after = stage.read(&stage.guest, &booking).await;
    assert_eq!(after["payments"][0]["refunds"].as_array().unwrap().iter().filter(|refund| refund["state"] == "succeeded").count(), 2);
    let letters = stage.town.letters().await;
    assert_eq!(letters.iter().filter(|letter| letter.subject.contains("a refund was granted")).count(), 4, "both sides, twice");
});

on_both!(the_platform_gives_out_of_its_own_pocket, async |db: TestDb| {
    let mut stage = Stage::new(&db).await;
    with_role(&stage.town, &db, "Fiona", "finance").await;
    let booking = paid(&stage, ("2026-06-03", "2026-06-06")).await;
    let give = async |stage: &Stage, who: &Asker, amount: i64| {
        let address = format!("/admin{}/goodwill", path(&booking));
        stage.town.ask(who, Method::POST, &address, Some(&json!({"amount": amount, "reason": "We are sorry"}))).await
    };
    let finance = stage.town.log_in("Fiona").await;
    give(&stage, &finance, 3_000).await.expect_problem(409, "too_early");
    give(&stage, &stage.host, 3_000).await.expect_problem(403, "forbidden");
    days_later(&mut stage, 6).await;
    let finance = stage.town.log_in("Fiona").await;
    let reply = give(&stage, &finance, 3_000).await;
    assert_eq!(reply.expect(200).json()["amount"], 3_000);
    give(&stage, &finance, 27_001).await.expect_problem(409, "refund_too_large");
    // What the host grants counts with it.
    stage.act(&stage.host, &booking, "refunds", json!({"amount": 27_001, "reason": "Cold"})).await.expect_problem(409, "refund_too_large");
    stage.act(&stage.host, &booking, "refunds", json!({"amount": 27_000, "reason": "Cold"})).await.expect(200);
    give(&stage, &finance, 1).await.expect_problem(409, "refund_too_large");
    let (sums, kinds) = books(&stage, &finance, &booking).await;
    let given = sums.iter().find(|(account, _)| account == "exp_goodwill").map(|(_, amount)| *amount);
    assert_eq!((given, kinds.iter().filter(|kind| *kind == "goodwill").count()), (Some(3_000), 1));
    // Nobody gives what nobody paid.
    let unpaid = stage.try_book(&stage.guest, "2026-06-20", "2026-06-23").await.expect(201).json();
    stage.act(&stage.guest, &unpaid, "withdraw", json!({})).await.expect(200);
    let address = format!("/admin{}/goodwill", path(&unpaid));
    stage.town.post(&finance, &address, json!({"amount": 1, "reason": "No"})).await.expect_problem(409, "refund_too_large");
});

on_both!(nobody_of_staff_gives_to_themselves, async |db: TestDb| {
    let mut stage = Stage::new(&db).await;
    with_role(&stage.town, &db, "Fiona", "finance").await;
    let booking = paid(&stage, ("2026-06-03", "2026-06-06")).await;
    days_later(&mut stage, 6).await;
    insiders(&stage, &db, "calendar").await;
    let give = async |who: &Asker| {
        let address = format!("/admin{}/goodwill", path(&booking));
        stage.town.post(who, &address, json!({"amount": 3_000, "reason": "We are sorry"})).await
    };
    for name in ["Gustav", "Hannah", "Fiona"] {
        let insider = stage.town.log_in(name).await;
        give(&insider).await.expect_problem(403, "own_case");
    }
    run(&db, "DELETE FROM co_hosts", vec![]).await;
    let finance = stage.town.log_in("Fiona").await;
    // With a proof of a while ago nobody gives.
    stage.town.clock.advance_seconds(301);
    give(&finance).await.expect_problem(403, "proof_needed");
    let finance = stage.town.log_in("Fiona").await;
    give(&finance).await.expect(200);
});

on_both!(guests_are_told_how_to_get_in_when_it_is_time, async |db: TestDb| {
    let mut stage = Stage::new(&db).await;
    let private = json!({"private": {"address": "7 Lark Street", "check_in_instructions": "Ring twice", "wifi_name": "lark", "access_code": "4711"}});
    stage.town.ask(&stage.host, Method::PATCH, &format!("/listings/{}", stage.home), Some(&private)).await.expect(200);
    let guide = async |stage: &Stage, who: &Asker, booking: &Json| stage.town.get(who, &format!("{}/stay-guide", path(booking))).await;
    let held = stage.book(&stage.guest, "2026-06-20", "2026-06-22").await;
    let closed = guide(&stage, &stage.guest, &held).await.expect_problem(403, "stay_guide_closed").json();
    assert_eq!(closed["visible_from"], json!(null), "there may never be a stay");
    // Check-in is at 19:00 UTC; two days before is in time.
    let booking = paid(&stage, ("2026-06-10", "2026-06-12")).await;
    let closed = guide(&stage, &stage.guest, &booking).await.expect_problem(403, "stay_guide_closed").json();
    assert_eq!((closed["visible_from"].as_str(), closed.to_string().contains("Lark Street")), (Some("2026-06-08T19:00:00Z"), false));
    assert_eq!(guide(&stage, &stage.host, &booking).await.expect(200).json()["address"], "7 Lark Street");
    let stranger = stage.town.newcomer("Stella").await;
    guide(&stage, &stranger, &booking).await.expect_problem(404, "not_found");
    stage.town.clock.advance_seconds(7 * 3_600 - 1);
    days_later(&mut stage, 7).await;
    guide(&stage, &stage.guest, &booking).await.expect_problem(403, "stay_guide_closed");
    stage.town.clock.advance_seconds(1);
    let open = guide(&stage, &stage.guest, &booking).await;
    let told = open.expect(200).json();
    assert_eq!(
        (told["access_code"].as_str(), told["check_in_instructions"].as_str(), told["wifi_name"].as_str()),
        (Some("4711"), Some("Ring twice"), Some("lark"))
    );
    assert_eq!(open.header("cache-control"), "no-store");
    days_later(&mut stage, 4).await;
    guide(&stage, &stage.guest, &booking).await.expect_problem(403, "stay_guide_closed");
});
