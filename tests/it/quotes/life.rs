//! A quote's life: it is kept, read by whom it is for, runs out, is made anew, and goes.

use super::{ask, count, host, plan, run, wish, with};
use crate::support::homes;
use crate::support::town::{Asker, Town, unpacked};
use crate::support::{TestDb, on_both};
use serde_json::json;
use stopover::features::quotes::{self, QuoteId};
use stopover::platform::error::{Error, Result};
use stopover::values::{ListingId, UserId};
use uuid::Uuid;

fn code(refused: &Error) -> &'static str {
    let Error::Refused(refused) = refused else { panic!("{refused}") };
    refused.code
}

on_both!(a_promise_holds_while_it_lasts, async |db: TestDb| {
    let town = Town::with(&db, |config| config.quotes.minutes = 20).await;
    let (ada, home) = host(&town, &db, "Ada").await;
    let (bo, cy, anybody) = (town.newcomer("Bo").await, town.newcomer("Cy").await, Asker::default());
    let wish = wish(home, "2026-07-01", "2026-07-04", json!({}));
    let quote = ask(&town, &bo, wish.clone()).await.expect(201).json();
    let path = format!("/quotes/{}", quote["id"].as_str().unwrap());
    let read = town.get(&bo, &path).await;
    assert_eq!((read.expect(200).json(), read.header("cache-control")), (quote.clone(), "no-store"));
    town.get(&with(&bo, "if-none-match", read.header("etag")), &path).await.expect(304);
    // To everybody else it is not there.
    let nowhere = format!("/quotes/{}", Uuid::new_v4());
    for asker in [&anybody, &cy, &ada] {
        let foreign = town.get(asker, &path).await.expect_problem(404, "not_found").json()["detail"].clone();
        assert_eq!(foreign, town.get(asker, &nowhere).await.expect_problem(404, "not_found").json()["detail"]);
    }
    // The host thinks again; what is promised stays.
    plan(&town, &ada, home, json!({"weekend": {"price": 99_900}})).await;
    assert_eq!(town.get(&bo, &path).await.expect(200).json()["total_price"], quote["total_price"]);
    town.clock.advance_seconds(20 * 60 - 1);
    // Access tokens last for a quarter of an hour.
    let (bo, cy) = (town.log_in("Bo").await, town.log_in("Cy").await);
    town.get(&bo, &path).await.expect(200);
    town.clock.advance_seconds(1);
    town.get(&bo, &path).await.expect_problem(410, "gone");
    // A stranger's quote is read by whoever knows its id.
    let stranger = ask(&town, &anybody, wish).await.expect(201).json();
    let path = format!("/quotes/{}", stranger["id"].as_str().unwrap());
    for asker in [&anybody, &cy] {
        town.get(asker, &path).await.expect(200);
    }
    assert_eq!(homes::id(&stranger["id"]).get_version_num(), 4, "an id that can be guessed");
});

on_both!(bookings_load_a_quote_or_make_it_anew, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, home) = host(&town, &db, "Ada").await;
    let bo = town.newcomer("Bo").await;
    let me = UserId(homes::id(&town.get(&bo, "/me").await.expect(200).json()["id"]));
    let made = ask(&town, &bo, wish(home, "2026-07-01", "2026-07-04", json!({"children_ages": [4]}))).await.expect(201).json();
    let id = QuoteId(homes::id(&made["id"]));
    let load = async |by: Option<UserId>| -> Result<quotes::Quote> { db.write(move |tx, now| quotes::load(tx, now, by, id)).await };
    let quote = load(Some(me)).await.unwrap();
    assert_eq!((quote.listing, quote.by, quote.promise.price.total_due), (ListingId(home), Some(me), 30_000));
    assert_eq!((quote.hash.as_str(), quote.hash.len()), (made["hash"].as_str().unwrap(), 64));
    assert_eq!(code(&load(None).await.unwrap_err()), "not_found");
    assert_eq!(code(&load(Some(UserId::new())).await.unwrap_err()), "not_found");

    town.clock.advance_seconds(15 * 60);
    assert_eq!(code(&load(Some(me)).await.unwrap_err()), "quote_expired");
    plan(
        &town,
        &ada,
        home,
        json!({"fees": [{"key": "c", "name": "Cleaning", "scope": "per_stay", "amount": 4_000, "mandatory": true,
        "refund_rule": "never", "taxable": false, "collected": "at_booking"}]}),
    )
    .await;
    let config = town.tools().config.clone();
    let anew = async || -> Result<quotes::Quote> {
        let config = config.clone();
        db.write(move |tx, now| quotes::requote(tx, now, Some(me), &config, id)).await
    };
    let fresh = anew().await.unwrap();
    assert_eq!((&fresh.asked, &fresh.hash, fresh.promise.price.total_due), (&quote.asked, &quote.hash, 34_000));
    assert!(fresh.id != quote.id && fresh.expires_at > quote.expires_at && fresh.listing_version > quote.listing_version);
    run(&db, "UPDATE listings SET max_nights = 2 WHERE id = $1", vec![home.into()]).await;
    assert_eq!(code(&anew().await.unwrap_err()), "dates_unavailable");
});

on_both!(quotes_go_an_hour_after_they_ran_out, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (_, home) = host(&town, &db, "Ada").await;
    town.run_jobs().await;
    for _ in 0..3 {
        ask(&town, &Asker::default(), wish(home, "2026-07-01", "2026-07-04", json!({}))).await.expect(201);
    }
    town.clock.advance_seconds(75 * 60);
    town.run_jobs().await;
    assert_eq!(count(&db, "SELECT COUNT(*) FROM quotes").await, 3, "they ran out an hour ago, and not more");
    ask(&town, &Asker::default(), wish(home, "2026-07-01", "2026-07-04", json!({}))).await.expect(201);
    town.clock.advance_seconds(11 * 60);
    town.run_jobs().await;
    assert_eq!(count(&db, "SELECT COUNT(*) FROM quotes").await, 1);
});

on_both!(sent_again_it_is_answered_again, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (_, home) = host(&town, &db, "Ada").await;
    let keyed = with(&town.newcomer("Bo").await, "idempotency-key", "once");
    let wish = wish(home, "2026-07-01", "2026-07-04", json!({}));
    let first = ask(&town, &keyed, wish.clone()).await;
    let again = ask(&town, &keyed, wish.clone()).await;
    assert_eq!((first.expect(201).json(), again.header("idempotent-replayed")), (again.expect(201).json(), "true"));
    assert_eq!(count(&db, "SELECT COUNT(*) FROM quotes").await, 1);
    ask(&town, &keyed, super::wish(home, "2026-07-01", "2026-07-05", json!({}))).await.expect_problem(422, "idempotency_key_reused");
    // Without login the header is nobody's.
    for _ in 0..2 {
        ask(&town, &with(&Asker::default(), "idempotency-key", "once"), wish.clone()).await.expect(201);
    }
    assert_eq!(count(&db, "SELECT COUNT(*) FROM quotes").await, 3);
});

on_both!(what_is_personal_is_handed_out_and_erased, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, home) = host(&town, &db, "Ada").await;
    let bo = town.newcomer("Bo").await;
    ask(&town, &bo, wish(home, "2026-07-01", "2026-07-04", json!({}))).await.expect(201);
    ask(&town, &Asker::default(), wish(home, "2026-07-01", "2026-07-04", json!({}))).await.expect(201);
    town.post(&ada, &format!("/listings/{home}/coupons"), json!({"code": "AdasFriends", "percent_bp": 500})).await.expect(201);
    for (asker, file, field) in [(&bo, "quotes.json", "listing_id"), (&ada, "coupons_made.json", "code")] {
        let asked = town.post(asker, "/me/export", json!({})).await;
        let export = asked.expect(202).json();
        town.run_jobs().await;
        let file_of = town.get(asker, &format!("/me/exports/{}/file", export["id"].as_str().unwrap())).await;
        file_of.expect(200);
        assert!(unpacked(&file_of.body, file)[0][field].is_string(), "{file}");
    }
    for name in ["Bo", "Ada"] {
        let asker = town.log_in(name).await;
        town.ask(&asker, poem::http::Method::DELETE, "/me", None).await.expect(202);
    }
    town.clock.advance_seconds(31 * 86_400);
    // The anonymous one is kept out of the sweep's reach, to see that erasure leaves it alone.
    run(&db, "UPDATE quotes SET expires_at = $1", vec![stopover::values::Instant(i64::MAX / 4).into()]).await;
    town.run_jobs().await;
    assert_eq!((count(&db, "SELECT COUNT(*) FROM quotes").await, count(&db, "SELECT COUNT(*) FROM coupons").await), (1, 0));
});

on_both!(a_refusal_does_not_wait_for_whoever_writes, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (_, home) = host(&town, &db, "Ada").await;
    let keyed = with(&town.newcomer("Bo").await, "idempotency-key", "short");
    let too_short = wish(home, "2026-07-01", "2026-07-02", json!({}));
    // Somebody writes, and takes their time.
    let (started, begun) = tokio::sync::oneshot::channel();
    let (go_on, held) = std::sync::mpsc::channel::<()>();
    let (started, held) = (std::sync::Mutex::new(Some(started)), std::sync::Mutex::new(held));
    let writer = db.clone();
    let writing = tokio::spawn(async move {
        let long = writer.write(move |_, _| -> Result<()> {
            if let Some(started) = started.lock().unwrap().take() {
                started.send(()).unwrap();
                held.lock().unwrap().recv().unwrap();
            }
            Ok(())
        });
        long.await
    });
    begun.await.unwrap();
    let refused = tokio::time::timeout(std::time::Duration::from_secs(20), ask(&town, &Asker::default(), too_short.clone())).await;
    refused.expect("a refusal waited for the writer").expect_problem(409, "dates_unavailable");
    go_on.send(()).unwrap();
    writing.await.unwrap().unwrap();
    // With a key it is kept like any other refusal.
    let first = ask(&town, &keyed, too_short.clone()).await;
    run(&db, "UPDATE listings SET min_nights = 1 WHERE id = $1", vec![home.into()]).await;
    let again = ask(&town, &keyed, too_short.clone()).await;
    assert_eq!((first.expect_problem(409, "dates_unavailable").json(), again.header("idempotent-replayed")), (again.expect(409).json(), "true"));
    ask(&town, &Asker::default(), too_short).await.expect(201);
});
