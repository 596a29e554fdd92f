//! A guest books a home that takes guests at once.

use super::{Stage, acts, path};
use crate::support::people::{run, run_any, with_role};
use crate::support::town::Asker;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::json;
use uuid::Uuid;

on_both!(a_quote_becomes_a_booking_whose_nights_are_held, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let quote = stage.quote(&stage.guest, "2026-06-10", "2026-06-13").await;
    let ask = json!({"quote_id": quote["id"], "message": "We come late.\nIs that well?"});
    let reply = stage.town.post(&stage.guest, "/bookings", ask).await;
    let booking = reply.expect(201).json();
    assert_eq!(reply.header("location"), format!("/api/v1{}", path(&booking)));
    assert_eq!(reply.header("etag"), format!("\"{}\"", booking["version"]));
    assert_eq!((booking["state"].as_str(), booking["side"].as_str()), (Some("pending_payment"), Some("guest")));
    assert_eq!(booking["due_at"], "2026-06-01T12:15:00Z");
    assert_eq!(booking["allowed_actions"], json!(["withdraw"]));
    for same in ["total_due", "total_price", "schedule", "cancellation", "lines", "nights", "zone", "check_in_at", "check_out_at"] {
        assert_eq!(booking[same], quote[same], "{same}");
    }
    assert_eq!((acts(&booking), booking["message"].as_str()), (vec!["book"], Some("We come late.\nIs that well?")));
    assert_eq!(stage.taken().await, [10, 11, 12]);
    // Both sides read it, each theirs; nobody's address is told before it is sold.
    let (mine, theirs) = (stage.read(&stage.guest, &booking).await, stage.read(&stage.host, &booking).await);
    assert_eq!((mine["host_payout"].clone(), theirs["side"].as_str()), (json!(null), Some("host")));
    assert_eq!(theirs["host_payout"]["amount"], 30_000);
    assert_eq!((mine["guest"]["name"].as_str(), mine["host"]["email"].clone(), theirs["guest"]["email"].clone()), (Some("Gustav"), json!(null), json!(null)));
    // By its code as people type it.
    let code = booking["code"].as_str().unwrap();
    let typed = format!("/bookings/{}-{}", &code[..4].to_lowercase(), &code[4..]);
    assert_eq!(stage.town.get(&stage.guest, &typed).await.expect(200).json()["id"], booking["id"]);
    // To everybody else it is not there.
    let stranger = stage.town.newcomer("Stella").await;
    for wanted in [path(&booking), format!("/bookings/{}", Uuid::now_v7()), "/bookings/nonsense".into(), typed] {
        stage.town.get(&stranger, &wanted).await.expect_problem(404, "not_found");
    }
    stage.town.get(&Asker::default(), &path(&booking)).await.expect_problem(401, "unauthenticated");
});

on_both!(a_second_guest_is_refused_with_reasons_and_other_dates, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let second = stage.town.newcomer("Stella").await;
    let late = stage.quote(&second, "2026-06-11", "2026-06-14").await;
    stage.book(&stage.guest, "2026-06-10", "2026-06-13").await;
    let refused = stage.town.post(&second, "/bookings", json!({"quote_id": late["id"]})).await;
    let refused = refused.expect_problem(409, "dates_unavailable").json();
    assert_eq!(refused["reasons"], json!(["dates_unavailable"]));
    assert_eq!(refused["nearest_available"][0], json!({"check_in": "2026-06-13", "check_out": "2026-06-16"}));
    // The day on which one leaves is the day on which another comes.
    stage.book(&second, "2026-06-13", "2026-06-15").await;
    assert_eq!(stage.taken().await, [10, 11, 12, 13, 14]);
});

on_both!(a_quote_is_booked_once, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    run(&db, "UPDATE listings SET unit_count = 3 WHERE id = $1", vec![stage.home.into()]).await;
    let quote = stage.quote(&stage.guest, "2026-06-10", "2026-06-13").await;
    let ask = json!({"quote_id": quote["id"]});
    let first = stage.town.post(&stage.guest, "/bookings", ask.clone()).await.expect(201).json();
    let again = stage.town.post(&stage.guest, "/bookings", ask).await;
    assert_eq!(again.expect_problem(409, "quote_used").json()["booking_id"], first["id"]);
});

on_both!(the_same_key_books_once, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let quote = stage.quote(&stage.guest, "2026-06-10", "2026-06-13").await;
    let mut keyed = stage.guest.clone();
    keyed.headers.push(("idempotency-key".into(), "one".into()));
    let ask = json!({"quote_id": quote["id"]});
    let first = stage.town.post(&keyed, "/bookings", ask.clone()).await;
    let again = stage.town.post(&keyed, "/bookings", ask).await;
    assert_eq!((again.expect(201).body.clone(), again.header("idempotent-replayed")), (first.expect(201).body.clone(), "true"));
});

on_both!(what_cannot_be_booked_is_refused, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let quote = stage.quote(&stage.host, "2026-06-10", "2026-06-13").await;
    stage.town.post(&stage.host, "/bookings", json!({"quote_id": quote["id"]})).await.expect_problem(403, "own_listing");
    // Of whoever helps there too.
    let helper = stage.town.newcomer("Helga").await;
    let me = stage.town.get(&helper, "/me").await.expect(200).json();
    let helps = "INSERT INTO co_hosts (listing_id, user_id, level, version, created_at) VALUES ($1, $2, 'calendar', 1, $3)";
    let now = stopover::values::Instant(1);
    run(&db, helps, vec![stage.home.into(), crate::support::homes::id(&me["id"]).into(), now.into()]).await;
    let quote = stage.quote(&helper, "2026-06-10", "2026-06-13").await;
    stage.town.post(&helper, "/bookings", json!({"quote_id": quote["id"]})).await.expect_problem(403, "own_listing");
    // Somebody else's quote is not there; an old one is too late.
    let quote = stage.quote(&stage.guest, "2026-06-10", "2026-06-13").await;
    stage.town.post(&helper, "/bookings", json!({"quote_id": quote["id"]})).await.expect_problem(404, "not_found");
    stage.town.clock.advance_seconds(15 * 60);
    let guest = stage.town.log_in("Gustav").await;
    stage.town.post(&guest, "/bookings", json!({"quote_id": quote["id"]})).await.expect_problem(409, "quote_expired");
    // Odd bodies.
    let long = "é".repeat(2_001);
    for (body, status) in [
        (json!({}), 400),
        (json!({"quote_id": "x"}), 400),
        (json!({"quote_id": Uuid::nil(), "price": 1}), 400),
        (json!({"quote_id": quote["id"], "message": long}), 422),
        (json!({"quote_id": quote["id"], "message": "a\u{0}b"}), 422),
        (json!({"quote_id": Uuid::nil()}), 404),
    ] {
        let reply = stage.town.post(&guest, "/bookings", body.clone()).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
    }
    stage.town.post(&Asker::default(), "/bookings", json!({"quote_id": quote["id"]})).await.expect_problem(401, "unauthenticated");
});

on_both!(one_guest_holds_only_so_much, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    for (from, to) in [("2026-06-03", "2026-06-05"), ("2026-06-05", "2026-06-07"), ("2026-06-07", "2026-06-09")] {
        stage.book(&stage.guest, from, to).await;
    }
    let fourth = stage.try_book(&stage.guest, "2026-06-09", "2026-06-11").await;
    fourth.expect_problem(409, "hold_limit");
    assert_eq!(stage.taken().await, [3, 4, 5, 6, 7, 8], "what was refused took nothing");
    // Requests count with them.
    run(&db, "UPDATE listings SET instant_book = FALSE WHERE id = $1", vec![stage.home.into()]).await;
    run_any(&db, "UPDATE bookings SET state = 'requested' WHERE check_in < '2026-06-07'", vec![]).await;
    stage.book(&stage.guest, "2026-06-09", "2026-06-11").await;
    stage.book(&stage.guest, "2026-06-11", "2026-06-13").await;
    stage.try_book(&stage.guest, "2026-06-13", "2026-06-15").await.expect_problem(409, "hold_limit");
});

on_both!(lists_are_of_ones_own_side, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let second = stage.town.newcomer("Stella").await;
    let first = stage.book(&stage.guest, "2026-06-10", "2026-06-13").await;
    let other = stage.book(&second, "2026-06-20", "2026-06-23").await;
    let ids = async |who: &Asker, query: &str| {
        let page = stage.town.get(who, &format!("/bookings{query}")).await.expect(200).json();
        page["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&stage.guest, "").await, [first["id"].clone()]);
    assert_eq!(ids(&stage.guest, "?role=host").await, [] as [serde_json::Value; 0]);
    assert_eq!(ids(&stage.host, "?role=host").await, [other["id"].clone(), first["id"].clone()]);
    assert_eq!(ids(&stage.host, "?role=host&from=2026-06-13&to=2026-06-21").await, [other["id"].clone()]);
    assert_eq!(ids(&stage.host, "?role=host&to=2026-06-20").await, [first["id"].clone()]);
    assert_eq!(ids(&stage.host, "?role=host&state=requested").await.len(), 0);
    assert_eq!(ids(&stage.host, &format!("?role=host&state=pending_payment&listing_id={}", stage.home)).await.len(), 2);
    assert_eq!(ids(&stage.host, &format!("?role=host&listing_id={}", Uuid::nil())).await.len(), 0);
    // Page by page.
    let page = stage.town.get(&stage.host, "/bookings?role=host&limit=1").await.expect(200).json();
    let next = format!("/bookings?role=host&limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    let page = stage.town.get(&stage.host, &next).await.expect(200).json();
    assert_eq!((page["data"][0]["id"].clone(), page["has_more"].as_bool()), (first["id"].clone(), Some(false)));
    let foreign = next.replace("role=host", "role=guest");
    stage.town.get(&stage.host, &foreign).await.expect_problem(400, "invalid_cursor");
    // Everybody's are for operators.
    stage.town.get(&stage.host, "/bookings?role=everybody").await.expect_problem(403, "forbidden");
    let operator = with_role(&stage.town, &db, "Olga", "operator").await;
    assert_eq!(ids(&operator, "?role=everybody").await.len(), 2);
    for (query, status) in [("?state=booked", 422), ("?from=2026-06-01T00:00:00Z", 422), ("?from=x", 400), ("?role=admin", 400), ("?limit=0", 422)] {
        assert_eq!(stage.town.get(&stage.guest, &format!("/bookings{query}")).await.status, status, "{query}");
    }
});

on_both!(two_at_once_take_the_same_nights_once, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let mut quotes = Vec::new();
    for n in 0..6 {
        let guest = stage.town.newcomer(&format!("Guest{n}")).await;
        let quote = stage.quote(&guest, "2026-06-10", "2026-06-13").await;
        quotes.push((guest, quote["id"].clone()));
    }
    let tries = quotes.iter().map(|(guest, quote)| stage.town.post(guest, "/bookings", json!({"quote_id": quote})));
    let replies = futures_util::future::join_all(tries).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.expect_problem(409, "dates_unavailable");
    }
});

on_both!(acts_honour_if_match, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let booking = stage.book(&stage.guest, "2026-06-10", "2026-06-13").await;
    let mut stale = stage.guest.clone();
    stale.headers.push(("if-match".into(), "\"77\"".into()));
    stage.act(&stale, &booking, "withdraw", json!({})).await.expect_problem(412, "stale");
    let mut fresh = stage.guest.clone();
    fresh.headers.push(("if-match".into(), format!("\"{}\"", booking["version"])));
    let gone = stage.town.ask(&fresh, Method::POST, &format!("{}/withdraw", path(&booking)), Some(&json!({"reason": "Plans changed"}))).await;
    let gone = gone.expect(200).json();
    assert_eq!((gone["state"].as_str(), acts(&gone)), (Some("withdrawn"), vec!["book", "withdraw"]));
    assert_eq!((gone["history"][1]["reason"].as_str(), stage.taken().await.len()), (Some("Plans changed"), 0));
    let twice = stage.act(&stage.guest, &booking, "withdraw", json!({})).await;
    let twice = twice.expect_problem(409, "invalid_transition").json();
    assert_eq!((twice["state"].as_str(), twice["allowed_transitions"].clone()), (Some("withdrawn"), json!([])));
});
