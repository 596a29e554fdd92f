//! What Prometheus learns of the jobs.

use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

/// The numbers of this process, and two of the whole instance.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) done: IntCounterVec,
    pub(super) failed: IntCounterVec,
    pub(super) dead: IntCounterVec,
    /// Due and not yet claimed, by kind; counted to [`super::store::DEPTH_COUNTED`].
    pub(super) due: IntGaugeVec,
    pub(super) dead_letters: IntGauge,
}

impl Numbers {
    pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let counter = |name, help| IntCounterVec::new(Opts::new(name, help), &["kind"]);
        let numbers = Self {
            done: counter("jobs_done_total", "Jobs that succeeded.")?,
            failed: counter("jobs_failed_total", "Tries of jobs that failed, the last ones included.")?,
            dead: counter("jobs_dead_total", "Jobs that were given up.")?,
            due: IntGaugeVec::new(Opts::new("jobs_due", "Jobs that are due and wait for a worker; not counted beyond 10000."), &["kind"])?,
            dead_letters: IntGauge::new("jobs_dead_letters", "Jobs that were given up and not retried yet, of the whole instance.")?,
        };
        for counter in [&numbers.done, &numbers.failed, &numbers.dead] {
            registry.register(Box::new(counter.clone()))?;
        }
        registry.register(Box::new(numbers.due.clone()))?;
        registry.register(Box::new(numbers.dead_letters.clone()))?;
        Ok(numbers)
    }
}
