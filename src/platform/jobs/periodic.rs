//! Work that comes again and again, as one job that is never finished: whichever node claims it does it for all.

use super::{Failure, Handler, Order};
use std::time::Duration;

/// The key of the one job of a periodic kind.
pub(super) const KEY: &str = "periodic";

/// A handler that runs `work` each `period`; for the first time one period after the first start with this database. A failure is tried again
/// with growing pauses, at the latest after another period.
pub fn every(kind: &'static str, period: Duration, work: impl Fn(&Order) -> Result<(), Failure> + Send + Sync + 'static) -> Box<dyn Handler> {
    Box::new(Every { kind, period, work })
}

struct Every<W> {
    kind: &'static str,
    period: Duration,
    work: W,
}

impl<W: Fn(&Order) -> Result<(), Failure> + Send + Sync> Handler for Every<W> {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn run(&self, order: &Order) -> Result<(), Failure> {
        (self.work)(order)
    }

    fn at_once(&self) -> usize {
        1
    }

    fn period(&self) -> Option<Duration> {
        Some(self.period)
    }
}
