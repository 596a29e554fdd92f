//! Classes of listings for which "not too soon, not too late" is decided at once.

use super::columns::CLOSED;
use crate::features::calendar::rules::Terms;
use crate::values::{LocalMoment, Night};
use std::sync::Arc;

/// Listings whose "not too soon, not too late" is decided together: same zone, notice, cut-off and window.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TimeClass {
    pub zone: Arc<str>,
    pub notice_days: u8,
    pub cutoff_minute: Option<u16>,
    pub window_days: u16,
}

impl TimeClass {
    /// The first day on which a guest may arrive; the same words as `Terms::earliest_arrival`, for the whole class.
    pub(crate) fn earliest_arrival(&self, local: LocalMoment) -> Night {
        Terms { notice_days: self.notice_days, cutoff_minute: self.cutoff_minute, ..CLOSED }.earliest_arrival(local)
    }
}
