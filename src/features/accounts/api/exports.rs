//! Copies of one's own data.

use crate::features::accounts::Accounts;
use crate::features::accounts::service::exports;
use crate::features::accounts::store::exports as rows;
use crate::platform::db::Db;
use crate::platform::error::{Error, Kind, Refused, Result};
use crate::platform::http::{Accepted, Caller, PREFIX, Visitor};
use crate::platform::idempotency::Once;
use crate::values::{Night, UserId};
use futures_util::stream;
use poem::Body;
use poem_openapi::param::Path;
use poem_openapi::payload::{Binary, Json, Response};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

/// How soon it is worth asking again for a file that is being made.
const SOON_SECONDS: u32 = 10;

/// A copy of your data.
#[derive(Object)]
struct ExportView {
    id: Uuid,
    /// `waiting` until the file is made, then `ready`; `failed` when it could not be made.
    state: String,
    /// Bytes of the file.
    size: Option<i64>,
    /// RFC 3339, UTC.
    created_at: String,
    /// Deleted then.
    expires_at: String,
}

/// Exports.
pub struct ExportsApi {
    accounts: Accounts,
}

impl ExportsApi {
    #[must_use]
    pub fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }

    async fn found(&self, user: UserId, id: Uuid) -> Result<rows::Export> {
        let now = self.accounts.tools().clock.now();
        let found = self.accounts.tools().db.read(move |conn| rows::find(conn, user, id).map_err(Error::from)).await?;
        found.filter(|export| now < export.expires_at).ok_or_else(|| Error::not_found("You have no export with this id; they are deleted after two days."))
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Accounts")]
impl ExportsApi {
    /// Ask for a copy of your data: a ZIP of JSON files. A letter tells when it is ready. Needs a fresh proof; once in 24 hours.
    #[oai(path = "/me/export", method = "post", operation_id = "askForExport")]
    async fn export(&self, caller: Caller, visitor: Visitor, once: Once) -> Result<Accepted<ExportView>> {
        let (world, user) = (self.accounts.world(&visitor), caller.user);
        let asked = self.accounts.tools().db.write_once(&once, move |tx, now| {
            let view = ExportView::of(exports::ask(tx, now, &world, user)?);
            let place = format!("{PREFIX}/me/exports/{}", view.id);
            Ok(Accepted::later(view).with_location(place))
        });
        asked.await
    }

    /// How far the copy is.
    #[oai(path = "/me/exports/:id", method = "get", operation_id = "readExport")]
    async fn read(&self, caller: Caller, id: Path<Uuid>) -> Result<Json<ExportView>> {
        Ok(Json(ExportView::of(self.found(caller.user, id.0).await?)))
    }

    /// The file itself, for 48 hours. Needs a fresh proof.
    #[oai(path = "/me/exports/:id/file", method = "get", operation_id = "fetchExport")]
    async fn fetch(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>) -> Result<Response<Binary<Body>>> {
        let export = self.found(caller.user, id.0).await?;
        if export.state != "ready" {
            let mut refused = Refused::new(Kind::Conflict, "export_not_ready", "The file is not made yet.");
            refused.retry_after_seconds = Some(SOON_SECONDS);
            return Err(refused.into());
        }
        let name = format!("attachment; filename=\"export-{}.zip\"", Night::in_utc(export.created_at));
        let (world, id, db) = (self.accounts.world(&visitor), export.id, self.accounts.tools().db.clone());
        db.write(move |tx, now| exports::fetch(tx, now, &world, &export).map_err(Error::from)).await?;
        Ok(Response::new(Binary(bytes_of(db, id))).header("Content-Disposition", name))
    }
}

/// The file, piece by piece.
fn bytes_of(db: Db, id: Uuid) -> Body {
    let pieces = stream::try_unfold((db, 0_i64), move |(db, number)| async move {
        let piece = db.read(move |conn| rows::piece(conn, id, number)).await.map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>(piece.map(|piece| (piece, (db, number + 1))))
    });
    Body::from_bytes_stream(pieces)
}

impl ExportView {
    fn of(export: rows::Export) -> Self {
        Self { id: export.id, state: export.state, size: export.size, created_at: export.created_at.to_string(), expires_at: export.expires_at.to_string() }
    }
}
