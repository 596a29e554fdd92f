//! `/listings/{id}/exports`: addresses at which other sites fetch this calendar.

use super::name;
use super::views::{ExportAddressView, ExportAddressesView, NewExportAddressView};
use crate::features::feeds::service::exports::{self as service, Wish};
use crate::features::feeds::service::{By, World};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Caller, Created, Done, IfMatch, Nothing, PREFIX, Visitor, etag};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use crate::values::ListingId;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

/// Somebody who is to fetch this calendar.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ExportAddressAsk {
    /// Who, so that you know it again: 1 to 80 characters.
    #[oai(validator(max_length = 320))]
    name: String,
    /// The unit it is about; absent: the whole listing, taken where every unit is.
    slot: Option<i64>,
    /// The feed by which the same site tells its own stays here: they are not told back to it.
    source_feed: Option<Uuid>,
}

/// Addresses for other sites.
pub struct ExportAddressesApi {
    tools: Tools,
}

impl ExportAddressesApi {
    #[must_use]
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }

    fn world(&self, visitor: &Visitor) -> World {
        World::of(&self.tools, visitor.origin())
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl ExportAddressesApi {
    /// The addresses at which other sites fetch this calendar.
    #[oai(path = "/listings/:id/exports", method = "get", operation_id = "listExportAddresses")]
    async fn list(&self, caller: Caller, id: Path<Uuid>) -> Result<Json<ExportAddressesView>> {
        let listing = ListingId(id.0);
        let all = self.tools.db.read_cut(move |conn| service::of_listing(conn, By { caller: &caller, listing })).await?;
        Ok(Json(ExportAddressesView { data: all.into_iter().map(ExportAddressView::of).collect() }))
    }

    /// Make an address for one other site. It is shown this once.
    #[oai(path = "/listings/:id/exports", method = "post", operation_id = "makeExportAddress")]
    async fn make(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, ask: Json<ExportAddressAsk>) -> Result<Created<NewExportAddressView>> {
        let (listing, world) = (ListingId(id.0), self.world(&visitor));
        let wish = Wish { name: name(&ask.0.name)?, slot: ask.0.slot, source_feed: ask.0.source_feed };
        let made = self.tools.db.write_once(&once, move |tx, now| {
            let (export, address) = service::make(tx, now, &world, By { caller: &caller, listing }, &wish)?;
            let tag = etag::of_version(export.version);
            Ok(Created::at(format!("{PREFIX}/listings/{listing}/exports/{}", export.id), NewExportAddressView::of(export, address)).with_etag(tag))
        });
        made.await
    }

    /// Give it another address; the old one finds nothing any more.
    #[oai(path = "/listings/:id/exports/:eid/rotate", method = "post", operation_id = "rotateExportAddress")]
    async fn rotate(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        if_match: IfMatch,
        id: Path<Uuid>,
        eid: Path<Uuid>,
    ) -> Result<Done<NewExportAddressView>> {
        let (listing, world) = (ListingId(id.0), self.world(&visitor));
        let rotated = self.tools.db.write_once(&once, move |tx, now| {
            let by = By { caller: &caller, listing };
            if_match.check(&etag::of_version(service::found(tx, by, eid.0)?.version))?;
            let (export, address) = service::rotate(tx, now, &world, by, eid.0)?;
            let tag = etag::of_version(export.version);
            Ok(Done::now(NewExportAddressView::of(export, address)).with_etag(tag))
        });
        rotated.await
    }

    /// Revoke an address: it finds nothing any more.
    #[oai(path = "/listings/:id/exports/:eid", method = "delete", operation_id = "revokeExportAddress")]
    async fn revoke(&self, caller: Caller, visitor: Visitor, if_match: IfMatch, id: Path<Uuid>, eid: Path<Uuid>) -> Result<Nothing> {
        let (listing, world) = (ListingId(id.0), self.world(&visitor));
        let revoked = self.tools.db.write(move |tx, now| {
            let by = By { caller: &caller, listing };
            if_match.check(&etag::of_version(service::found(tx, by, eid.0)?.version))?;
            service::revoke(tx, now, &world, by, eid.0)?;
            Ok::<_, Error>(Nothing::more())
        });
        revoked.await
    }
}
