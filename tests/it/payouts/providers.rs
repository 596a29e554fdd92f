//! What a provider refuses, and what it leaves without an answer.

use super::{JUNE, Stage, owned};
use crate::support::people::run;
use crate::support::{TestDb, off_thread, on_both};
use parking_lot::Mutex;
use poem::http::HeaderMap;
use serde_json::json;
use std::sync::Arc;
use stopover::features::payments::provider::{Again, Answer, Authorize, Forged, GiveBack, Message, PaidOut, PayOut, Provider, Total, Trouble};
use stopover::features::payments::rules::facts::Facts;
use stopover::features::payments::{Nobody, Payments};
use stopover::features::payouts::{self, Payouts};
use stopover::platform::jobs::Jobs;
use stopover::values::Instant;

/// Sends no money, and says why as it was told to; counts how often it was asked.
struct Moody {
    says: Mutex<Trouble>,
    asked: Mutex<usize>,
}

fn nothing() -> Trouble {
    Trouble::NotMade("there is no line".into())
}

fn no(code: &str) -> Trouble {
    Trouble::Refused { code: code.into(), facts: Box::default() }
}

impl Provider for Moody {
    fn name(&self) -> &'static str {
        "sandbox"
    }
    fn authorize(&self, _call: &Authorize) -> Answer {
        Err(nothing())
    }
    fn capture(&self, _call: &Again) -> Answer {
        Err(nothing())
    }
    fn void(&self, _call: &Again) -> Answer {
        Err(nothing())
    }
    fn refund(&self, _call: &GiveBack) -> Answer {
        Err(nothing())
    }
    fn look_up(&self, _whom: &Again) -> Result<Option<Facts>, Trouble> {
        Ok(None)
    }
    fn payout(&self, _call: &PayOut) -> Result<PaidOut, Trouble> {
        *self.asked.lock() += 1;
        Err(self.says.lock().clone())
    }
    fn verify_webhook(&self, _now: Instant, _headers: &HeaderMap, _body: &[u8]) -> Result<Message, Forged> {
        Err(Forged("nothing is heard of it"))
    }
    fn report(&self, _from: Instant, _to: Instant) -> Result<Option<Vec<Total>>, Trouble> {
        Ok(None)
    }
}

/// Hannah is owed 291.00, and the provider is in this mood.
async fn owed(db: &TestDb, says: Trouble) -> (Stage, Arc<Moody>, Payouts, Jobs) {
    let stage = Stage::new(db).await;
    stage.leave("sandbox", "sb_acct_hannah").await;
    stage.book("Gustav", JUNE, "card_ok").await;
    // The daily run is a day away; the others are ours.
    stage.at("2026-06-05T12:00:00Z").await;
    let never = Instant::parse("2030-01-01T00:00:00Z").unwrap();
    run(db, "UPDATE jobs SET run_at = $1 WHERE kind = 'payouts.batch'", vec![never.into()]).await;
    stage.at("2026-06-11T19:00:00Z").await;
    assert_eq!(stage.seen().await, (vec![(29_100, 0, None)], vec![]));
    let moody = Arc::new(Moody { says: Mutex::new(says), asked: Mutex::new(0) });
    let provider: Arc<dyn Provider> = moody.clone();
    let payments = Payments::with(stage.town.tools(), vec![provider], Arc::new(Nobody));
    let mine = Payouts::new(stage.town.tools(), &payments, Arc::new([]));
    let jobs = Jobs::new(stage.town.tools().db.clone(), payouts::jobs(&mine));
    (stage, moody, mine, jobs)
}

/// Makes payouts of what hosts are owed, and has them sent.
async fn pay(mine: &Payouts, jobs: &Jobs) -> u64 {
    let (mine, jobs) = (mine.clone(), jobs.clone());
    off_thread(move || {
        let made = payouts::pay_hosts(&mine, || false).unwrap();
        assert!(jobs.run_due() > 0);
        made
    })
    .await
}

on_both!(what_is_none_of_the_hosts_leaves_their_account_alone, async |db: TestDb| {
    let (stage, moody, mine, jobs) = owed(&db, no("balance_insufficient")).await;
    assert_eq!(pay(&mine, &jobs).await, 1);
    assert_eq!(stage.seen().await, (vec![(29_100, 0, None)], owned(&[(29_100, "failed")])));
    // The next run makes another one; that the account is closed is for the host.
    *moody.says.lock() = no("no_account");
    assert_eq!(pay(&mine, &jobs).await, 1);
    assert_eq!(stage.seen().await, (vec![(29_100, 0, Some("method_failed".to_owned()))], owned(&[(29_100, "failed"), (29_100, "failed")])));
    assert_eq!(*moody.asked.lock(), 2);
    let failed = stage.town.letters().await.into_iter().filter(|letter| letter.subject.contains("payout has failed")).count();
    assert_eq!(failed, 1, "only about the account");
    stage.is_sound().await;
});

on_both!(a_provider_is_asked_for_twenty_hours, async |db: TestDb| {
    let (stage, moody, mine, jobs) = owed(&db, nothing()).await;
    pay(&mine, &jobs).await;
    let host = stage.who("Hannah").await;
    let id = stage.town.get(&host, "/payouts").await.json()["data"][0]["id"].as_str().unwrap().to_owned();
    let reason = json!({"reason": "the provider knows nothing of it"});
    let half_hours = async |count: usize| {
        for _ in 0..count {
            stage.town.clock.advance_seconds(1_800);
            let jobs = jobs.clone();
            off_thread(move || jobs.run_due()).await;
        }
    };
    half_hours(39).await;
    let asked = *moody.asked.lock();
    assert!(asked > 20, "{asked}");
    assert_eq!(stage.seen().await.1, owned(&[(29_100, "sent")]));
    stage.staff(&format!("/admin/payouts/{id}/failed"), reason.clone()).await.expect_problem(409, "payout_state");
    // Later a copy of the call might be a second payout.
    half_hours(4).await;
    assert!(*moody.asked.lock() <= asked + 1);
    let node = stage.town.tools().db.clone();
    let told = off_thread(move || payouts::check(&node)).await;
    assert!(told.as_ref().is_err_and(|why| why.contains(&id)), "{told:?}");
    stage.staff(&format!("/admin/payouts/{id}/failed"), reason).await.expect(200);
    assert_eq!(stage.seen().await.1, owned(&[(29_100, "failed")]));
    stage.is_sound().await;
});
