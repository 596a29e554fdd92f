//! Percentiles of individually timed things, printed as rows of a table that docs/PERFORMANCE.md can take over.

use std::time::{Duration, Instant};

/// Times of single runs, shortest first.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// Times each thing on its own.
    pub(crate) fn of<T>(things: &[T], mut run: impl FnMut(&T)) -> Self {
        Self::new(
            things
                .iter()
                .map(|thing| {
                    let begun = Instant::now();
                    run(thing);
                    begun.elapsed()
                })
                .collect(),
        )
    }

    /// The time that so many per mille do not exceed.
    pub(crate) fn at(&self, per_mille: usize) -> Duration {
        let place = (self.0.len() * per_mille).div_ceil(1_000).clamp(1, self.0.len().max(1)) - 1;
        self.0.get(place).copied().unwrap_or_default()
    }

    pub(crate) fn mean(&self) -> Duration {
        self.0.iter().sum::<Duration>() / u32::try_from(self.0.len().max(1)).unwrap()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

/// The head of the table, times in milliseconds.
pub(crate) fn head(title: &str) {
    println!("\n{title}, milliseconds\n");
    println!("| what | n | mean | p50 | p90 | p99 | max | goal p50 / p99 |");
    println!("|---|---|---|---|---|---|---|---|");
}

/// A row of the table; the goal (p50 and p99, which may be infinite) says whether it is met.
pub(crate) fn row(what: &str, times: &Times, goal: Option<(f64, f64)>) {
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    let shown = |per_mille| format!("{:.4}", ms(times.at(per_mille)));
    let goal = goal.map_or_else(String::new, |(p50, p99)| {
        let met = ms(times.at(500)) <= p50 && ms(times.at(990)) <= p99;
        let said = if met { "met" } else { "missed" };
        if p99.is_finite() { format!("{p50} / {p99}: {said}") } else { format!("{p50:.4}: {said}") }
    });
    println!("| {what} | {} | {:.4} | {} | {} | {} | {} | {goal} |", times.count(), ms(times.mean()), shown(500), shown(900), shown(990), shown(1_000));
}
