//! `/admin/jobs`: work that was given up, and another chance for it.

use super::views::Done;
use crate::features::accounts::Accounts;
use crate::features::accounts::service;
use crate::platform::cursor::{CursorKey, Limit};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Caller, Visitor};
use crate::platform::jobs::{self, DeadJob};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

const LIST: &str = "dead jobs";

/// A job that was given up.
#[derive(Object)]
struct DeadJobView {
    id: Uuid,
    kind: String,
    attempts: i64,
    /// What the last try said.
    error: String,
    /// When the last try was due.
    run_at: String,
    created_at: String,
}

/// A page of jobs that were given up, oldest first.
#[derive(Object)]
struct DeadJobsView {
    data: Vec<DeadJobView>,
    /// For the parameter `cursor` of the next page; null on the last.
    next_cursor: Option<String>,
    has_more: bool,
}

/// Work that was given up.
pub(super) struct WorkApi {
    accounts: Accounts,
    cursors: CursorKey,
}

impl WorkApi {
    #[must_use]
    pub(super) fn new(accounts: Accounts, cursors: CursorKey) -> Self {
        Self { accounts, cursors }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Administration")]
impl WorkApi {
    /// Jobs that were given up, oldest first: letters that could not be sent, and the like.
    #[oai(path = "/admin/jobs/dead", method = "get", operation_id = "listDeadJobs")]
    async fn list(
        &self,
        _caller: Caller,
        /// Jobs a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<DeadJobsView>> {
        let after = cursor.0.map(|text| self.cursors.before(LIST, Some(&text))).transpose()?;
        let limit = Limit(limit.0);
        let dead = self.accounts.tools().db.read(move |conn| jobs::list_dead(conn, after, limit.and_one()).map_err(Error::from)).await?;
        let page = self.cursors.page(LIST, limit, dead, |last| last.id.into_bytes());
        Ok(Json(DeadJobsView { data: page.rows.into_iter().map(DeadJobView::of).collect(), next_cursor: page.next_cursor, has_more: page.has_more }))
    }

    /// Give a job all its tries again.
    #[oai(path = "/admin/jobs/:id/retry", method = "post", operation_id = "retryJob")]
    async fn retry(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>) -> Result<Done> {
        let (world, by, id) = (self.accounts.world(&visitor), caller.user, id.0);
        let again = self.accounts.tools().db.write(move |tx, now| service::retry_job(tx, now, &world, by, id).map_err(Error::from));
        if again.await? { Ok(Done::Done) } else { Err(Error::not_found("No job with this id was given up, or another one does its work by now.")) }
    }
}

fn twenty() -> u8 {
    20
}

impl DeadJobView {
    fn of(job: DeadJob) -> Self {
        Self { id: job.id, kind: job.kind, attempts: job.attempts, error: job.error, run_at: job.run_at.to_string(), created_at: job.created_at.to_string() }
    }
}
