//! What happens when calls break: in the middle, before, after, and together. The sandbox's own books say what really happened.

use super::*;
use poem::http::HeaderMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use stopover::features::payments::provider::{Again, Answer, Authorize, Forged, GiveBack, Message, PaidOut, PayOut, Trouble};
use stopover::features::payments::rules::facts::Facts;
use stopover::features::payments::{Made, State};

/// What may go wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// The provider says no, and may say yes in a while.
    No,
    /// Nothing happens.
    Before,
    /// It happens, and nobody hears of it.
    After,
    /// It happens, and this process dies.
    Dies,
}

pub(super) type Chance = Box<dyn Fn() -> Fault + Send + Sync>;

/// A bad line to the sandbox.
struct Line {
    sandbox: Sandbox,
    chance: Chance,
    calls: Arc<AtomicUsize>,
    /// For so many seconds nothing is found.
    lag: i64,
}

impl Line {
    fn call<T>(&self, make: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
        self.calls.fetch_add(1, SeqCst);
        match (self.chance)() {
            Fault::None => make(),
            Fault::No => Err(Trouble::Refused { code: "not_now".into(), facts: Box::default() }),
            Fault::Before => Err(Trouble::NotMade("429".into())),
            Fault::After => make().and_then(|_lost| Err(Trouble::Unknown("500 after it was done".into()))),
            Fault::Dies => {
                drop(make());
                panic!("the process dies here");
            }
        }
    }
}

impl Provider for Line {
    fn name(&self) -> &'static str {
        self.sandbox.name()
    }
    fn authorize(&self, call: &Authorize) -> Answer {
        self.call(|| self.sandbox.authorize(call))
    }
    fn capture(&self, call: &Again) -> Answer {
        self.call(|| self.sandbox.capture(call))
    }
    fn void(&self, call: &Again) -> Answer {
        self.call(|| self.sandbox.void(call))
    }
    fn refund(&self, call: &GiveBack) -> Answer {
        self.call(|| self.sandbox.refund(call))
    }
    fn look_up(&self, whom: &Again) -> Result<Option<Facts>, Trouble> {
        match (self.chance)() {
            Fault::None | Fault::No => self.sandbox.look_up(whom),
            _ => Err(Trouble::NotMade("429".into())),
        }
    }
    fn finds_after_seconds(&self) -> i64 {
        self.lag
    }
    fn payout(&self, call: &PayOut) -> Result<PaidOut, Trouble> {
        self.sandbox.payout(call)
    }
    fn verify_webhook(&self, now: Instant, headers: &HeaderMap, body: &[u8]) -> Result<Message, Forged> {
        self.sandbox.verify_webhook(now, headers, body)
    }
    fn report(&self, from: Instant, to: Instant) -> Result<Option<Vec<Total>>, Trouble> {
        self.sandbox.report(from, to)
    }
}

pub(super) async fn stage(db: &TestDb, chance: Chance) -> (Stage, Arc<AtomicUsize>) {
    lagging(db, chance, 0).await
}

pub(super) async fn lagging(db: &TestDb, chance: Chance, lag: i64) -> (Stage, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    (Stage::between(db, move |sandbox| Arc::new(Line { sandbox, chance, calls: counted, lag })).await, calls)
}

/// Faults in this order, then none.
pub(super) fn script(faults: &'static [Fault]) -> Chance {
    let at = AtomicUsize::new(0);
    Box::new(move || faults.get(at.fetch_add(1, SeqCst)).copied().unwrap_or(Fault::None))
}

on_both!(who_dies_between_the_call_and_the_record_pays_once, async |db: TestDb| {
    let (stage, calls) = stage(&db, script(&[Fault::Dies])).await;
    let (booking, id) = stage.charge("card_ok", Capture::Now).await;
    stage.run().await;
    assert_eq!((stage.payment(booking).await.state, calls.load(SeqCst)), (State::Created, 1));
    // As long as whoever died may still be at it, nobody else is.
    stage.pass(30).await;
    assert_eq!(calls.load(SeqCst), 1);
    stage.pass(31).await;
    stage.pass(60).await;
    assert_eq!((stage.payment(booking).await.state, stage.news(id).await), (State::Captured, vec!["captured".to_owned()]));
    assert_eq!(calls.load(SeqCst), 1, "it was looked at, not made again");
    assert_eq!(stage.count("SELECT COUNT(*) FROM sandbox_book WHERE kind = 'capture'").await, 1);
    // The same with what goes back.
    stage.expect_same_books().await;
});

on_both!(what_waits_for_its_turn_more_than_once_is_not_forgotten, async |db: TestDb| {
    let (stage, _) = stage(&db, script(&[Fault::Dies])).await;
    let (booking, id) = stage.charge("card_ok", Capture::Later).await;
    stage.run().await;
    stage.write(move |tx, now| payments::void(tx, now, id)).await.unwrap();
    stage.run().await;
    // Whoever died has the first call for a minute. The second one comes after it, and looks again and again; long before the sweep.
    for seconds in [2, 2, 2, 2, 30, 30, 2, 2] {
        stage.pass(seconds).await;
    }
    assert_eq!(stage.payment(booking).await.state, State::Voided);
    assert_eq!(stage.count("SELECT COUNT(*) FROM provider_calls WHERE state = 'waiting'").await, 0);
    stage.expect_same_books().await;
});

on_both!(the_same_call_is_never_made_by_two_at_once, async |db: TestDb| {
    let (stage, calls) = stage(&db, script(&[])).await;
    let (booking, id) = stage.charge("card_ok", Capture::Now).await;
    let mut all = Vec::new();
    for _ in 0..16 {
        let payments = stage.payments.clone();
        all.push(tokio::spawn(async move { payments.settle(booking, Duration::from_secs(20)).await.unwrap() }));
    }
    stage.run().await;
    for one in all {
        assert!(one.await.unwrap());
    }
    assert_eq!((calls.load(SeqCst), stage.news(id).await), (1, vec!["captured".to_owned()]));
    stage.expect_same_books().await;
});

on_both!(two_who_ask_at_once_for_the_same_are_told_of_one, async |db: TestDb| {
    let (stage, _) = stage(&db, script(&[])).await;
    let booking = BookingId(Uuid::now_v7());
    let asked = futures_util::future::join_all((0..8).map(|_| stage.ask(stage.wanted(booking, "card_ok", Capture::Now), "sandbox"))).await;
    assert_eq!(asked.iter().filter(|one| one.is_ok()).count(), 1);
    stage.settle(booking).await;
    let back = (0..8).map(|at| stage.write(move |tx, now| payments::refund(tx, now, booking, 6_000, &format!("key {at}"))));
    assert_eq!(futures_util::future::join_all(back).await.iter().filter(|one| one.is_ok()).count(), 1, "6,000 of 10,000 go back once");
    let same = (0..8).map(|_| stage.write(move |tx, now| payments::refund(tx, now, booking, 4_000, "the same key")));
    let same: Vec<_> = futures_util::future::join_all(same).await.into_iter().map(Result::unwrap).collect();
    assert!(same.iter().all(|ids| *ids == same[0]));
    stage.run().await;
    assert_eq!(stage.payment(booking).await.refunded, 10_000);
    stage.expect_same_books().await;
});

/// Of so many runs, each with a seed of its own, on lines that break in every way, the sums are the same on both sides.
async fn sums_agree(db: &TestDb, runs: usize) {
    let seed = Arc::new(AtomicU64::new(0x5eed));
    let mine = Arc::clone(&seed);
    let chance: Chance = Box::new(move || {
        let drawn = mine.fetch_update(SeqCst, SeqCst, |seed| Some(next(seed))).unwrap();
        match next(drawn) % 10 {
            0 => Fault::Before,
            1 | 2 => Fault::After,
            _ => Fault::None,
        }
    });
    let (stage, _) = stage(db, chance).await;
    let at_once = 16;
    for first in (0..runs).step_by(at_once) {
        futures_util::future::join_all((first..(first + at_once).min(runs)).map(|run| one_run(&stage, 1_000 + run as u64))).await;
    }
    stage.expect_same_books().await;
    let captured = stage.count("SELECT COUNT(*) FROM payments WHERE state = 'captured'").await;
    assert!(usize::try_from(captured).unwrap() > runs / 3, "only {captured} were paid");
    assert_eq!(stage.count("SELECT COUNT(*) FROM provider_calls WHERE state = 'waiting'").await, 0);
    let twice = "SELECT COUNT(*) FROM (SELECT payment_id, said FROM heard GROUP BY payment_id, said HAVING COUNT(*) > 1 AND said NOT LIKE 'ref%') AS twice";
    assert_eq!(stage.count(twice).await, 0, "somebody was told twice");
}

async fn one_run(stage: &Stage, seed: u64) {
    let mut seed = next(seed);
    let mut draw = |sides: u64| {
        seed = next(seed);
        (seed >> 33) % sides
    };
    let cards = ["card_ok", "card_ok", "card_ok", "card_declined", "card_timeout_once", "card_error_once", "card_refund_fails"];
    let card = cards[usize::try_from(draw(7)).unwrap()];
    let capture = if draw(2) == 0 { Capture::Now } else { Capture::Later };
    let booking = BookingId(Uuid::now_v7());
    let amount = 100 + i64::try_from(draw(100_000)).unwrap();
    let id = stage.ask(Charge { amount, ..stage.wanted(booking, card, capture) }, "sandbox").await.unwrap();
    if draw(4) == 0 {
        // The message about it comes before the answer, and twice.
        early_message(stage, id).await;
    }
    until_settled(stage, booking).await;
    if stage.payment(booking).await.state == State::Authorized {
        if draw(4) == 0 {
            stage.write(move |tx, now| payments::void(tx, now, id)).await.unwrap();
        } else {
            stage.write(move |tx, now| payments::capture(tx, now, id)).await.unwrap();
        }
        until_settled(stage, booking).await;
    }
    for key in ["a", "b"] {
        let part = 1 + i64::try_from(draw(amount.unsigned_abs())).unwrap();
        // More than is left is refused, which is fine.
        drop(stage.write(move |tx, now| payments::refund(tx, now, booking, part, key)).await);
    }
    until_settled(stage, booking).await;
}

/// Makes the first call behind our back, as if its answer was late, and sends what the sandbox says of it twice.
async fn early_message(stage: &Stage, id: PaymentId) {
    const CALL: &str = "SELECT id FROM provider_calls WHERE payment_id = $1";
    let db = stage.town.tools().db.clone();
    let call: DbResult<Option<Uuid>> = db.read(move |conn| conn.first(CALL, &[id.into()], |row| row.get(0))).await;
    let (payments, call, tools) = (stage.payments.clone(), call.unwrap().unwrap(), stage.town.tools().clone());
    off_thread(move || {
        let made = payments.make(call).unwrap();
        let sandbox = Sandbox::new(&tools);
        let whom = Again {
            key: String::new(),
            payment: id,
            booking: BookingId(Uuid::nil()),
            amount: 0,
            currency: Currency::parse("EUR").unwrap(),
            reference: None,
            customer: None,
        };
        let Some(facts) = sandbox.look_up(&whom).unwrap() else { return made };
        for _ in 0..2 {
            let (signature, body) = payments::provider::message_of(&tools, tools.clock.now(), &format!("early {id}"), "payment", Some(&facts));
            let mut headers = HeaderMap::new();
            headers.insert("sandbox-signature", signature.parse().unwrap());
            payments.take_message("sandbox", &headers, &body).unwrap();
        }
        made
    })
    .await;
}

async fn until_settled(stage: &Stage, booking: BookingId) {
    for _ in 0..60 {
        if stage.payments.settle(booking, Duration::from_secs(30)).await.unwrap() {
            return;
        }
    }
    panic!("calls of {booking} are never answered");
}

/// A generator of numbers (splitmix64), so that a seed tells the whole run.
fn next(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

on_both!(what_was_taken_is_the_same_on_both_sides_however_lines_break, async |db: TestDb| {
    sums_agree(&db, if crate::support::long() { 10_000 } else { 2_000 }).await;
});

on_both!(a_call_without_a_provider_waits_and_is_seen, async |db: TestDb| {
    let (stage, _) = stage(&db, script(&[])).await;
    let booking = BookingId(Uuid::now_v7());
    stage.ask(stage.wanted(booking, "pm_card_visa", Capture::Now), "stripe").await.unwrap();
    assert!(!stage.settle(booking).await);
    assert!(stage.checked().await.is_ok());
    stage.town.clock.advance_seconds(601);
    assert!(stage.checked().await.unwrap_err().contains("1 calls"));
    let payments = stage.payments.clone();
    assert_eq!(off_thread(move || payments.make(Uuid::now_v7()).unwrap()).await, Made::Done, "a call that nobody stored");
});
