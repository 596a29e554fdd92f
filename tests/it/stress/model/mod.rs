//! Random histories of a booking against a small model that was written from docs/RULES.md by hand: the same states, the same money, the
//! same nights, and all invariants of the books.
//!
//! 2,000 histories; a failure prints its seed, and `STOPOVER_SEED=` plays that one alone.

mod by_hand;
mod play;

use crate::support::{TestDb, long, off_thread};
use play::Stage;
use stopover::platform::db::Engine;

/// Histories on one database, before it is thrown away: looking at all the books grows with them.
const A_DATABASE: u64 = 50;

/// `STOPOVER_SEED=`: one history to be played again.
#[expect(clippy::disallowed_methods, reason = "the test run has no configuration of its own")]
fn wanted() -> Option<u64> {
    std::env::var("STOPOVER_SEED").ok().map(|text| text.parse().expect("STOPOVER_SEED is a number"))
}

async fn histories(engine: Engine, seeds: std::ops::Range<u64>) {
    let seeds: Vec<u64> = wanted().map_or_else(|| seeds.collect(), |seed| vec![seed]);
    for piece in seeds.chunks(usize::try_from(A_DATABASE).unwrap()) {
        let db = TestDb::quick(engine).await;
        let stage = Stage::set(&db).await;
        let piece = piece.to_vec();
        off_thread(move || {
            for seed in piece {
                stage.play(seed);
            }
        })
        .await;
        off_thread(move || drop(db)).await;
    }
}

fn times() -> u64 {
    if long() { 10 } else { 1 }
}

// Two halves, so that both cores have something to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn histories_go_as_the_model_says_on_sqlite() {
    histories(Engine::Sqlite, 0..1_000 * times()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_histories_go_as_the_model_says_on_sqlite() {
    histories(Engine::Sqlite, 1_000_000..1_000_000 + 950 * times()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn histories_go_as_the_model_says_on_postgres() {
    histories(Engine::Postgres, 2_000_000..2_000_000 + 50 * times()).await;
}
