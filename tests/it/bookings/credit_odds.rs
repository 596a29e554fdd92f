//! Who may not give credit, and what becomes of credit that nobody can have any more.

use super::credit::{later, with_credit};
use super::giving::{insiders, paid};
use super::{Stage, entering::JUNE};
use crate::support::people::{run, user_of, with_role};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::json;

on_both!(nobody_gives_credit_to_a_guest_of_a_home_of_theirs, async |db: TestDb| {
    let mut stage = Stage::new(&db).await;
    for name in ["Fiona", "Oskar"] {
        with_role(&stage.town, &db, name, "finance").await;
    }
    insiders(&stage, &db, "calendar").await;
    let gives = async |stage: &Stage, name: &str, to: &str| stage.gives(&db, &stage.town.log_in(name).await, to, 500, "USD").await;
    gives(&stage, "Hannah", "Gustav").await.expect(200);
    // Held, booked, under way and over: as with goodwill, somebody else decides.
    stage.book(&stage.guest, "2026-06-20", "2026-06-22").await;
    gives(&stage, "Hannah", "Gustav").await.expect_problem(403, "own_case");
    paid(&stage, ("2026-06-03", "2026-06-06")).await;
    for days in [0, 3, 4] {
        later(&mut stage, days).await;
        for name in ["Hannah", "Fiona"] {
            gives(&stage, name, "Gustav").await.expect_problem(403, "own_case");
        }
        gives(&stage, "Oskar", "Gustav").await.expect(200);
    }
    // A stay that came to nothing, and the guests of others, are nobody's own case.
    let stella = stage.town.newcomer("Stella").await;
    let booking = stage.book(&stella, "2026-06-24", "2026-06-26").await;
    gives(&stage, "Fiona", "Stella").await.expect_problem(403, "own_case");
    assert_eq!(booking["state"], "pending_payment");
    stage.town.clock.advance_seconds(16 * 60);
    later(&mut stage, 0).await;
    gives(&stage, "Fiona", "Stella").await.expect(200);
    stage.is_sound().await;
});

on_both!(credit_of_somebody_who_is_gone_is_given_up_whoever_calls_off, async |db: TestDb| {
    let (stage, finance) = with_credit(&db, 30_000).await;
    let booking = stage.book_by_credit(JUNE).await.expect(201).json();
    // As after a backup was put back that is older than the erasure.
    const GONE: &str = "UPDATE accounts SET email = '', email_key = 'erased', password_hash = NULL, state = 'erased' WHERE user_id = $1";
    run(&db, GONE, vec![user_of(&db, "Gustav").await.into()]).await;
    stage.act(&stage.host, &booking, "cancel", json!({})).await.expect(200);
    let lines = stage.town.get(&finance, "/admin/ledger/accounts").await.expect(200).json();
    let on = |account: &str| {
        let line = lines["data"].as_array().unwrap().iter().find(|line| line["account"] == account).cloned();
        line.map_or(0, |line| line["balance"]["amount"].as_i64().unwrap())
    };
    assert_eq!((on("guest_credit"), on("exp_goodwill")), (0, 0), "it went back to where it came from");
    stage.is_sound().await;
});

on_both!(whoever_leaves_is_told_that_their_credit_goes, async |db: TestDb| {
    let (stage, _finance) = with_credit(&db, 700).await;
    let nora = stage.town.newcomer("Nora").await;
    for who in [&stage.guest, &nora] {
        stage.town.ask(who, Method::DELETE, "/me", None).await.expect(202);
    }
    let letters = stage.town.letters().await;
    let told = |name: &str| {
        let letter = letters.iter().find(|letter| letter.to.contains(name) && letter.subject.contains("will be erased")).unwrap();
        letter.text.contains("credit").then(|| letter.text.contains("7.00"))
    };
    assert_eq!((told("gustav"), told("nora")), (Some(true), None));
});
