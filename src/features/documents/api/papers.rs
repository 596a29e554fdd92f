//! Papers of a stay, for both sides and staff.

use super::forms::{Asked, Form, PaperAnswer, answer};
use super::views::{DocumentView, DocumentsView, ReceiptView};
use crate::features::documents::rules::series::Document;
use crate::features::documents::service::read;
use crate::platform::db::Conn;
use crate::platform::error::Result;
use crate::platform::http::Caller;
use crate::platform::tools::Tools;
use crate::values::BookingId;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use std::sync::Arc;
use uuid::Uuid;

/// Receipts and invoices.
pub(super) struct PapersApi {
    tools: Tools,
}

impl PapersApi {
    #[must_use]
    pub(super) fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Bookings")]
impl PapersApi {
    /// What was paid for a stay and what went back, as it stands now: as JSON, as a page to print, or as PDF.
    ///
    /// The form is `format`, else what `Accept` likes best. 404 `no_receipt_yet` until money has moved.
    #[oai(path = "/bookings/:id/receipt", method = "get", operation_id = "readReceipt")]
    async fn receipt(&self, caller: Caller, asked: Asked, id: Path<Uuid>, format: Query<Option<Form>>) -> Result<PaperAnswer<ReceiptView>> {
        let (id, config) = (BookingId(id.0), Arc::clone(&self.tools.config));
        let receipt = self.tools.db.read_cut(move |conn| read::receipt(conn, &config, &caller, id)).await?;
        let (view, name) = (ReceiptView::of(id, &receipt), format!("receipt-{}", receipt.stay.code));
        answer(&asked, format.0, &name, view, move || receipt.sheet()).await
    }

    /// The host's invoice for a stay, as it was issued: as JSON, as a page to print, or as PDF.
    ///
    /// It is issued once, within a minute of check-out, or of the end of a stay that was called off and of which something is kept; until then 404
    /// `no_invoice_yet`. The fees of the platform, and what is given back later, are documents of their own: see the list of documents.
    #[oai(path = "/bookings/:id/invoice", method = "get", operation_id = "readInvoice")]
    async fn invoice(&self, caller: Caller, asked: Asked, id: Path<Uuid>, format: Query<Option<Form>>) -> Result<PaperAnswer<DocumentView>> {
        let read = move |conn: &mut Conn<'_>| read::invoice(conn, &caller, BookingId(id.0));
        shown(&asked, format.0, self.tools.db.read_cut(read).await?).await
    }

    /// The documents of a stay that concern you, oldest first: the host's invoice to the guest, the platform's for its fees, and credit notes for what was
    /// given back afterwards; never more than 200. Staff see all.
    #[oai(path = "/bookings/:id/documents", method = "get", operation_id = "listBookingDocuments")]
    async fn list(&self, caller: Caller, id: Path<Uuid>) -> Result<Json<DocumentsView>> {
        let found = self.tools.db.read_cut(move |conn| read::of_booking(conn, &caller, BookingId(id.0))).await?;
        Ok(Json(DocumentsView { data: found.iter().map(DocumentView::of).collect() }))
    }

    /// One document, as it was issued: as JSON, as a page to print, or as PDF.
    #[oai(path = "/documents/:id", method = "get", operation_id = "readDocument")]
    async fn one(&self, caller: Caller, asked: Asked, id: Path<Uuid>, format: Query<Option<Form>>) -> Result<PaperAnswer<DocumentView>> {
        shown(&asked, format.0, self.tools.db.read_cut(move |conn| read::one(conn, &caller, id.0)).await?).await
    }
}

async fn shown(asked: &Asked, form: Option<Form>, document: Document) -> Result<PaperAnswer<DocumentView>> {
    let (view, name) = (DocumentView::of(&document), document.name());
    answer(asked, form, &name, view, move || document.sheet()).await
}
