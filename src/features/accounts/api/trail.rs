//! The audit trail: `/admin/audit` for staff, `/me/audit` for one's own entries.

use super::trail_views::{EntriesView, EntryView, ReportView};
use crate::features::accounts::Accounts;
use crate::platform::audit::{self, Cursor, Filter};
use crate::platform::cursor::{CursorKey, Limit, moment};
use crate::platform::error::{Error, Kind, Refused, Result};
use crate::platform::http::Caller;
use crate::platform::tasks::aside;
use crate::values::{Instant, UserId};
use anyhow::Context;
use bytes::Bytes;
use poem::Body;
use poem_openapi::param::Query;
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{ApiResponse, OpenApi};
use std::io::{self, Write};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

/// Bytes of an export that are sent together, and how many such pieces wait for a slow reader.
const PIECE: usize = 64 << 10;
const PIECES: usize = 4;
/// The longest kind or action that is looked for.
const LONGEST: usize = 64;

/// Reading the audit trail.
pub(super) struct TrailApi {
    accounts: Accounts,
    cursors: CursorKey,
    /// Walks along the whole trail: one at a time.
    walks: Arc<Semaphore>,
}

/// The trail as lines.
#[derive(ApiResponse)]
enum Exported {
    /// One entry a line, oldest first, with its number and hash.
    #[oai(status = 200, content_type = "application/x-ndjson")]
    Lines(Binary<Body>, #[oai(header = "Content-Disposition")] String),
}

impl TrailApi {
    #[must_use]
    pub(super) fn new(accounts: Accounts, cursors: CursorKey) -> Self {
        Self { accounts, cursors, walks: Arc::new(Semaphore::new(1)) }
    }

    async fn page(&self, ask: Ask, limit: u8, cursor: Option<String>) -> Result<Json<EntriesView>> {
        let purpose = format!("audit/{ask:?}");
        let after = cursor.map(|text| self.cursors.moment(&purpose, &text)).transpose()?.map(|(at, id)| Cursor { at, id });
        let limit = Limit(limit);
        let found = self.accounts.tools().db.read(move |conn| audit::list(conn, &ask.filter(), after.as_ref(), limit.and_one()).map_err(Error::from)).await?;
        let page = self.cursors.page(&purpose, limit, found, |last| moment(last.at, last.id));
        Ok(Json(EntriesView { data: page.rows.into_iter().map(EntryView::of).collect(), next_cursor: page.next_cursor, has_more: page.has_more }))
    }
}

/// Which entries.
#[derive(Debug, Clone, Default)]
struct Ask {
    actor: Option<UserId>,
    object: Option<(String, Uuid)>,
    action: Option<String>,
    from: Option<Instant>,
    to: Option<Instant>,
}

impl Ask {
    fn filter(&self) -> Filter<'_> {
        let object = self.object.as_ref().map(|(kind, id)| (kind.as_str(), *id));
        Filter { actor: self.actor, object, action: self.action.as_deref(), from: self.from, to: self.to }
    }
}

#[OpenApi]
impl TrailApi {
    /// The audit trail, newest first. For staff.
    #[oai(path = "/admin/audit", method = "get", operation_id = "listAudit", tag = "crate::platform::http::Tag::Administration")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        _caller: Caller,
        /// Who did it.
        actor: Query<Option<Uuid>>,
        /// To what it was done; `object_kind` says what the id is of.
        object: Query<Option<Uuid>>,
        /// `user` where nothing else is said.
        object_kind: Query<Option<String>>,
        /// `noun.verb`.
        action: Query<Option<String>>,
        /// Not before; RFC 3339.
        from: Query<Option<String>>,
        /// Before, not at; RFC 3339.
        to: Query<Option<String>>,
        /// Entries a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<EntriesView>> {
        let kind = object_kind.0.unwrap_or_else(|| "user".into());
        for (name, text) in [("object_kind", Some(&kind)), ("action", action.0.as_ref())] {
            if text.is_some_and(|text| text.len() > LONGEST) {
                return Err(Error::out_of_range(name, format!("may have {LONGEST} characters")));
            }
        }
        let ask = Ask {
            actor: actor.0.map(UserId),
            object: object.0.map(|id| (kind, id)),
            action: action.0,
            from: instant("from", from.0)?,
            to: instant("to", to.0)?,
        };
        self.page(ask, limit.0, cursor.0).await
    }

    /// The whole trail as JSON Lines, oldest first.
    ///
    /// Each line has the entry's number and hash; docs/OPERATIONS.md says how to check them without this server.
    #[oai(path = "/admin/audit/export", method = "get", operation_id = "exportAudit", tag = "crate::platform::http::Tag::Administration")]
    async fn export(&self, _caller: Caller) -> Result<Exported> {
        let walk = Arc::clone(&self.walks).try_acquire_owned().map_err(|_taken| busy())?;
        let (sender, mut pieces) = mpsc::channel(PIECES);
        let db = self.accounts.tools().db.clone();
        tokio::task::spawn_blocking(move || {
            let mut lines = Lines { piece: Vec::with_capacity(PIECE), sender };
            let written = db.snapshot(|conn| audit::export_jsonl(conn, &mut lines));
            if let Err(error) = written
                && !lines.sender.is_closed()
            {
                tracing::error!("the audit trail could not be exported: {error:#}");
                // A stream that just ended would look whole.
                drop(lines.sender.blocking_send(Err(io::Error::other("the export broke off"))));
            }
            drop(walk);
        });
        let stream = futures_util::stream::poll_fn(move |context| pieces.poll_recv(context));
        Ok(Exported::Lines(Binary(Body::from_bytes_stream(stream)), "attachment; filename=\"audit.jsonl\"".into()))
    }

    /// Walk along the chain and say what is wrong with it.
    #[oai(path = "/admin/audit/verify", method = "get", operation_id = "verifyAudit", tag = "crate::platform::http::Tag::Administration")]
    async fn verify(&self, _caller: Caller) -> Result<Json<ReportView>> {
        let walk = Arc::clone(&self.walks).try_acquire_owned().map_err(|_taken| busy())?;
        let tools = self.accounts.tools();
        let (db, keys) = (tools.db.clone(), Arc::clone(&tools.keys));
        let report = aside(move || {
            let report = audit::verify(&db, &keys);
            drop(walk);
            report
        });
        let report = report.await.context("the audit trail could not be verified")?.map_err(Error::from)?;
        Ok(Json(ReportView::of(report)))
    }

    /// What you did, newest first.
    #[oai(path = "/me/audit", method = "get", operation_id = "listOwnAudit", tag = "crate::platform::http::Tag::Accounts")]
    async fn own(
        &self,
        caller: Caller,
        /// Entries a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<EntriesView>> {
        self.page(Ask { actor: Some(caller.user), ..Ask::default() }, limit.0, cursor.0).await
    }
}

fn twenty() -> u8 {
    20
}

fn instant(name: &str, text: Option<String>) -> Result<Option<Instant>> {
    text.map(|text| Instant::parse(&text).ok_or_else(|| Error::invalid_parameter(name, "is not an instant such as 2026-07-03T09:00:00Z"))).transpose()
}

fn busy() -> Error {
    let mut refused = Refused::new(Kind::Busy, "overloaded", "Somebody else is walking along the whole trail; please try again shortly.");
    refused.retry_after_seconds = Some(5);
    refused.into()
}

/// Hands lines over to a stream, a piece at a time; waits for a slow reader.
struct Lines {
    piece: Vec<u8>,
    sender: mpsc::Sender<io::Result<Bytes>>,
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.sender.blocking_send(Ok(piece.into())).map_err(|_gone| io::ErrorKind::BrokenPipe.into())
    }
}
