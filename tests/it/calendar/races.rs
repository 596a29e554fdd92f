//! Many want the same nights at once.

use super::stage::{Stage, claim, open_house, reasons, stay, wanted};
use crate::support::{TestDb, on_both};
use std::collections::BTreeMap;
use std::sync::Arc;
use stopover::features::calendar::Unavailable;
use stopover::platform::db::DbResult;
use stopover::values::{BookingId, Night, NightRange, Stay};
use tokio::task::JoinSet;

const TASKS: u64 = 64;

/// Looks random and is the same each time.
fn some(seed: u64, bound: u64) -> i32 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    i32::try_from((x >> 33) % bound).unwrap()
}

fn asked(seed: u64) -> Stay {
    let first = stay("2026-07-01", "2026-07-02").check_in().plus(some(seed, 40));
    Stay::new(first, first.plus(1 + some(seed + 1_000, 7))).unwrap()
}

/// What stands in the table: unit and nights of every booking.
async fn taken(db: &TestDb) -> BTreeMap<BookingId, (i64, Vec<Night>)> {
    let read: DbResult<Vec<(BookingId, i64, Night)>> = db
        .read(|conn| {
            conn.query("SELECT booking_id, slot, night FROM booked_nights ORDER BY booking_id, night", &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        })
        .await;
    let mut found: BTreeMap<BookingId, (i64, Vec<Night>)> = BTreeMap::new();
    for (booking, slot, night) in read.unwrap() {
        let entry = found.entry(booking).or_insert((slot, Vec::new()));
        assert_eq!(entry.0, slot, "a stay is in one unit throughout");
        entry.1.push(night);
    }
    found
}

async fn race(db: TestDb, units: i64) {
    let stage = Stage::set(&db).await;
    open_house(&db, stage.listing, units).await;
    let (db, listing) = (Arc::new(db), stage.listing);
    let mut tasks: JoinSet<(BookingId, Stay, Result<u16, Unavailable>)> = JoinSet::new();
    for seed in 0..TASKS {
        let db = Arc::clone(&db);
        tasks.spawn(async move {
            let wanted = wanted(listing, asked(seed));
            (wanted.booking, wanted.stay, claim(&db, &wanted).await.map(|claimed| claimed.slot))
        });
    }
    let (mut won, mut lost) = (BTreeMap::new(), Vec::new());
    while let Some(done) = tasks.join_next().await {
        let (booking, stay, outcome) = done.unwrap();
        match outcome {
            Ok(_) => assert!(won.insert(booking, stay).is_none()),
            Err(refused) => {
                assert_eq!(reasons(&refused), ["dates_unavailable"]);
                lost.push(stay);
            }
        }
    }
    assert!(!won.is_empty() && !lost.is_empty(), "{} won, {} lost", won.len(), lost.len());
    let taken = taken(&db).await;
    assert_eq!(taken.keys().collect::<Vec<_>>(), won.keys().collect::<Vec<_>>(), "who won has nights, who lost has none");
    for (booking, (slot, nights)) in &taken {
        assert_eq!(*nights, won[booking].range().iter().collect::<Vec<_>>());
        for (other, (slot_of_other, _)) in taken.iter().filter(|(other, _)| *other != booking) {
            assert!(slot != slot_of_other || !won[booking].range().overlaps(won[other].range()), "two in one bed");
        }
    }
    // Nobody was refused nights that were free: each of the refused would still find all units taken on some night.
    let on = |night: Night| won.values().filter(|stay| stay.range().contains(night)).count();
    for stay in lost {
        let range: NightRange = stay.range();
        assert!(range.iter().any(|night| on(night) == usize::try_from(units).unwrap()), "{range:?} was refused without need");
    }
}

on_both!(sixty_four_at_once_in_one_unit, async |db: TestDb| race(db, 1).await);

on_both!(sixty_four_at_once_in_three_units, async |db: TestDb| race(db, 3).await);
