//! What listings may not keep any longer: invitations that have run out, views of years ago.

use super::service::figures;
use super::store::co_hosts;
use crate::platform::db::{DbError, Lane};
use crate::platform::jobs::{Failure, Handler, every};
use crate::platform::tools::Tools;
use std::time::Duration;

const SWEEP: Duration = Duration::from_secs(3_600);

/// What listings do on their own.
#[must_use]
pub fn jobs(tools: &Tools) -> Vec<Box<dyn Handler>> {
    let db = tools.db.clone();
    let retain = every("listings.retention", SWEEP, move |_| {
        let dropped: Result<u64, DbError> = db.write_blocking(Lane::Bulk, |tx, now| Ok(co_hosts::prune(tx, now)? + figures::forget_old_views(tx, now)?));
        dropped.map(|_count| ()).map_err(Failure::from)
    });
    vec![retain]
}
