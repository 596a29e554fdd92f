//! Searches in process, by kind and corpus: means of batches. `benches/percentiles.rs` times single questions.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on stops at the line where that shows")]

mod support;

use criterion::{BenchmarkId, Criterion};
use std::hint::black_box;
use std::time::Duration;
use support::questions::{Questions, Topic};

/// Questions a kind; the bench goes round them.
const QUESTIONS: usize = 1_000;

fn main() {
    let mut criterion =
        Criterion::default().configure_from_args().sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    for mix in support::mixes() {
        let corpus = support::corpus::open(mix);
        let questions = Questions::of(&corpus);
        let mut group = criterion.benchmark_group(format!("search/{}/{}", mix.name(), corpus.listings));
        for topic in Topic::ALL {
            let asks = questions.ask(topic, 7, QUESTIONS);
            let mut next = (0..asks.len()).cycle();
            group.bench_function(BenchmarkId::from_parameter(topic.name()), |bencher| {
                bencher.iter(|| {
                    let ask = &asks[next.next().unwrap()];
                    black_box(corpus.parts.search.answer(ask, corpus.now).unwrap())
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
