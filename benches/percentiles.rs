//! Searches in process, each timed on its own, on one thread: the percentiles that docs/PERFORMANCE.md has goals for.
//!
//! The warm-up asks other questions of the same kind (another seed), so that no question is timed that was asked
//! before, while the sets of frequent words are as warm as on a server that has run for a minute.
//!
//!     cargo bench --bench percentiles -- whole
//!
//! asks only the kinds of questions whose name holds "whole".
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on stops at the line where that shows")]

mod support;

use std::hint::black_box;
use support::questions::{Questions, Topic};
use support::table::{self, Times};

fn main() {
    let count = support::number("STOPOVER_BENCH_QUESTIONS").unwrap_or(5_000);
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    for mix in support::mixes() {
        let corpus = support::corpus::open(mix);
        let questions = Questions::of(&corpus);
        table::head(&format!("Searches, {} listings, {} corpus, one thread", corpus.listings, mix.name()));
        for topic in Topic::ALL.into_iter().filter(|topic| wanted.is_empty() || wanted.iter().any(|part| topic.name().contains(part))) {
            let mut found = 0;
            for ask in questions.ask(topic, 11, count) {
                found += corpus.parts.search.answer(&ask, corpus.now).unwrap().total;
            }
            let asks = questions.ask(topic, 7, count);
            let times = Times::of(&asks, |ask| drop(black_box(corpus.parts.search.answer(ask, corpus.now).unwrap())));
            table::row(&format!("{} ({} found on average)", topic.name(), found / count.max(1)), &times, topic.goal());
        }
    }
}
