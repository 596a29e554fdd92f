//! A home whose host wants to be asked first.

use super::{Stage, acts, path};
use crate::support::people::run;
use crate::support::{TestDb, on_both};
use serde_json::json;

on_both!(a_host_accepts_and_the_guest_has_a_day_to_pay, async |db: TestDb| {
    let stage = Stage::asking(&db).await;
    let booking = stage.book(&stage.guest, "2026-06-10", "2026-06-13").await;
    assert_eq!((booking["state"].as_str(), booking["due_at"].as_str()), (Some("requested"), Some("2026-06-02T12:00:00Z")));
    assert_eq!(stage.taken().await, [10, 11, 12]);
    let letters = stage.town.letters().await;
    let letter = letters.last().unwrap();
    assert!(letter.to.contains("hannah@") && letter.text.contains("Under the lark, 2026-06-10 to 2026-06-13"), "{letter:?}");
    // The guest cannot answer for the host.
    stage.act(&stage.guest, &booking, "accept", json!(null)).await.expect_problem(409, "invalid_transition");
    let accepted = stage.act(&stage.host, &booking, "accept", json!(null)).await.expect(200).json();
    assert_eq!((accepted["state"].as_str(), acts(&accepted)), (Some("pending_payment"), vec!["book", "accept"]));
    assert_eq!(stage.taken().await, [10, 11, 12]);
    // Long after a payment hold would have run out the nights are still held.
    stage.town.clock.advance_seconds(24 * 3_600 - 1);
    stage.town.run_jobs().await;
    assert_eq!(stage.taken().await, [10, 11, 12]);
    stage.town.clock.advance_seconds(1);
    assert_eq!(stage.taken().await, [] as [u32; 0]);
    stage.town.clock.advance_seconds(60);
    stage.town.run_jobs().await;
    let guest = stage.town.log_in("Gustav").await;
    let over = stage.read(&guest, &booking).await;
    assert_eq!(
        (over["state"].as_str(), over["ended_at"].as_str()),
        (Some("expired"), Some("2026-06-02T12:00:00Z")),
        "when it was due, not when it was noticed"
    );
});

on_both!(a_host_declines_with_a_reason, async |db: TestDb| {
    let stage = Stage::asking(&db).await;
    let booking = stage.book(&stage.guest, "2026-06-10", "2026-06-13").await;
    for (body, status) in [(json!({}), 400), (json!({"reason": "I do not like them"}), 422), (json!({"reason": 5}), 400)] {
        let reply = stage.act(&stage.host, &booking, "decline", body.clone()).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
    }
    let declined = stage.act(&stage.host, &booking, "decline", json!({"reason": "house_rules"})).await.expect(200).json();
    assert_eq!((declined["state"].as_str(), declined["allowed_actions"].clone()), (Some("declined"), json!([])));
    assert_eq!(stage.taken().await, [] as [u32; 0]);
    let letters = stage.town.letters().await;
    assert!(letters.last().unwrap().to.contains("gustav@") && letters.last().unwrap().text.contains("house_rules"));
    stage.act(&stage.host, &booking, "accept", json!(null)).await.expect_problem(409, "invalid_transition");
});

on_both!(a_request_that_nobody_answers_is_void_after_a_day, async |db: TestDb| {
    let stage = Stage::asking(&db).await;
    let booking = stage.book(&stage.guest, "2026-06-10", "2026-06-13").await;
    stage.town.clock.advance_seconds(24 * 3_600);
    // Nobody has looked yet; whoever comes first finds it so.
    let host = stage.town.log_in("Hannah").await;
    stage.act(&host, &booking, "accept", json!(null)).await.expect_problem(409, "invalid_transition");
    let second = stage.town.newcomer("Stella").await;
    let other = stage.book(&second, "2026-06-11", "2026-06-14").await;
    assert_eq!(other["state"], "requested");
    let guest = stage.town.log_in("Gustav").await;
    let over = stage.read(&guest, &booking).await;
    assert_eq!((over["state"].as_str(), acts(&over)), (Some("expired"), vec!["book", "expire"]), "the claim of somebody else wrote it down");
    let to: Vec<String> = stage.town.letters().await.into_iter().filter(|letter| letter.subject.contains("expired")).map(|letter| letter.to).collect();
    assert_eq!(to.len(), 2, "both sides are told: {to:?}");
});

on_both!(a_request_for_today_is_void_at_check_in, async |db: TestDb| {
    let stage = Stage::asking(&db).await;
    // 15:00 in Albany is 19:00 UTC.
    let booking = stage.book(&stage.guest, "2026-06-01", "2026-06-03").await;
    assert_eq!(booking["due_at"], "2026-06-01T19:00:00Z");
});

on_both!(who_comes_too_soon_asks_where_the_host_allows_it, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    run(&db, "UPDATE listings SET notice_days = 3, notice_as_request = TRUE WHERE id = $1", vec![stage.home.into()]).await;
    let soon = stage.book(&stage.guest, "2026-06-03", "2026-06-05").await;
    let later = stage.book(&stage.guest, "2026-06-05", "2026-06-07").await;
    assert_eq!((soon["state"].as_str(), later["state"].as_str()), (Some("requested"), Some("pending_payment")));
});

on_both!(co_hosts_answer_when_they_have_all_rights, async |db: TestDb| {
    let stage = Stage::asking(&db).await;
    let booking = stage.book(&stage.guest, "2026-06-10", "2026-06-13").await;
    for (name, level, status) in [("Carl", "calendar", 404), ("Mia", "messages", 403), ("Fay", "full", 200)] {
        let helper = stage.town.newcomer(name).await;
        let me = stage.town.get(&helper, "/me").await.expect(200).json();
        let helps = "INSERT INTO co_hosts (listing_id, user_id, level, version, created_at) VALUES ($1, $2, $3, 1, $4)";
        let params = vec![stage.home.into(), crate::support::homes::id(&me["id"]).into(), level.into(), stopover::values::Instant(1).into()];
        run(&db, helps, params).await;
        let seen = stage.town.get(&helper, &path(&booking)).await.status;
        assert_eq!(seen, if level == "calendar" { 404 } else { 200 }, "{level}");
        let reply = stage.act(&helper, &booking, "accept", json!(null)).await;
        assert_eq!(reply.status, status, "{level}: {}", reply.text());
    }
});
