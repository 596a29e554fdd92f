//! Random histories: whatever guests and hosts do, every account of a finished stay ends at nothing, and hosts get what was promised, or what
//! the outcome of a cancellation says, to the cent.

use super::{Stage, money};
use crate::support::{TestDb, long, on_both};
use serde_json::{Value as Json, json};
use stopover::platform::db::DbError;

/// A small generator, so that a seed is a history (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }
}

on_both!(whatever_happens_hosts_get_what_was_promised, async |db: TestDb| {
    let histories = if long() { 40 } else { 3 };
    let stage = Stage::new(&db).await;
    stage.leave("sandbox", "sb_acct_hannah").await;
    let mut start = jiff::civil::date(2026, 6, 10);
    let mut expected = 0;
    for seed in 1..=histories {
        let seed: u64 = seed;
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let nights = if dice.roll(3) == 0 { 28 + dice.roll(50) } else { 2 + dice.roll(9) };
        let end = start.checked_add(jiff::Span::new().days(i64::try_from(nights).unwrap())).unwrap();
        let policy = ["flexible", "moderate", "firm", "strict"][usize::try_from(dice.roll(4)).unwrap()];
        crate::support::people::run(
            &db,
            "UPDATE listings SET short_policy = $2, price_minor = $3 WHERE id = $1",
            vec![stage.home.into(), policy.into(), i64::try_from(7_000 + dice.roll(9_999)).unwrap().into()],
        )
        .await;
        let booking = stage.book("Gustav", (&start.to_string(), &end.to_string()), "card_ok").await;
        // Somebody calls off before, or during, the stay, or nobody does.
        let (who, day) = (["Gustav", "Hannah"][usize::try_from(dice.roll(2)).unwrap()], dice.roll(nights + 6));
        let called_off = dice.roll(4) != 0;
        let mut gets = payout_of(&db, &booking).await;
        if called_off {
            let moment = start.checked_add(jiff::Span::new().days(i64::try_from(day).unwrap() - 5)).unwrap();
            let wished = format!("{moment}T{:02}:30:00Z", dice.roll(24));
            if stopover::values::Instant::parse(&wished).unwrap() > stopover::values::Clock::now(&*stage.town.clock) {
                stage.until(&wished).await;
            }
            let asker = stage.who(who).await;
            let path = format!("/bookings/{}/cancellation-preview", booking["id"].as_str().unwrap());
            let preview = stage.town.get(&asker, &path).await;
            if preview.status == 200 {
                stage.act(who, &booking, "cancel", json!({})).await.expect(200);
                gets = outcome_of(&db, &booking).await;
            }
            println!("seed {seed}: {nights} nights, {policy}, {who} calls off at {wished}: {}", preview.status);
        }
        stage.until(&format!("{}T12:00:00Z", end.checked_add(jiff::Span::new().days(3)).unwrap())).await;
        let left = stage.balances(&booking).await;
        for account in ["stay_escrow", "fee_deferred", "tax_held", "guest_receivable", "refund_payable"] {
            assert!(!left.contains_key(account), "seed {seed}: {left:?}");
        }
        let got = -left.get("host_payable").unwrap_or(&0) - left.get("host_receivable").unwrap_or(&0);
        assert_eq!(got, gets, "seed {seed}: {left:?}");
        stage.is_sound().await;
        expected += gets;
        start = end.checked_add(jiff::Span::new().days(14)).unwrap();
    }
    // All of it has arrived.
    let last = stopover::values::Clock::now(&*stage.town.clock);
    stage.at(&last.plus_seconds(2 * 86_400).to_string()).await;
    let host = stage.who("Hannah").await;
    let list = stage.town.get(&host, "/payouts?limit=100").await.expect(200).json();
    let paid: i64 = list["data"].as_array().unwrap().iter().filter(|one| one["state"] == "paid").map(|one| money(&one["amount"])).sum();
    let open: i64 = list["balances"].as_array().unwrap().iter().map(|one| money(&one["payable"]) - money(&one["receivable"])).sum();
    assert_eq!(paid + open, expected);
});

async fn payout_of(db: &TestDb, booking: &Json) -> i64 {
    let id: uuid::Uuid = booking["id"].as_str().unwrap().parse().unwrap();
    let found: Result<Option<i64>, DbError> =
        db.read(move |conn| conn.first("SELECT payout_minor FROM bookings WHERE id = $1", &[id.into()], |row| row.get(0))).await;
    found.unwrap().unwrap()
}

/// What the host gets by the outcome of a cancellation.
async fn outcome_of(db: &TestDb, booking: &Json) -> i64 {
    let id: uuid::Uuid = booking["id"].as_str().unwrap().parse().unwrap();
    let found: Result<Option<stopover::platform::db::Json>, DbError> =
        db.read(move |conn| conn.first("SELECT outcome FROM bookings WHERE id = $1", &[id.into()], |row| row.get(0))).await;
    let outcome: Json = serde_json::from_str(&found.unwrap().unwrap().0).unwrap();
    outcome["host_payout"].as_i64().unwrap()
}
