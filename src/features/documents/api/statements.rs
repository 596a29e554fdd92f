//! Statements of hosts as PDF; `payouts` tell them as JSON, CSV and HTML.

use crate::features::documents::rules::paper::Party;
use crate::features::documents::rules::pdf::pdf_of;
use crate::features::documents::rules::statement::sheets;
use crate::features::documents::service::read::platform;
use crate::features::payouts::rules::statement::Span;
use crate::features::{accounts, payouts};
use crate::platform::error::{Error, Result};
use crate::platform::http::Caller;
use crate::platform::tools::Tools;
use anyhow::Context as _;
use poem_openapi::param::Path;
use poem_openapi::payload::Binary;
use poem_openapi::{ApiResponse, OpenApi};

#[derive(ApiResponse)]
enum StatementFile {
    /// The file.
    #[oai(status = 200, content_type = "application/pdf")]
    Drawn(Binary<Vec<u8>>, #[oai(header = "Cache-Control")] String, #[oai(header = "Content-Disposition")] String),
}

/// Statements on paper.
pub(super) struct StatementPapersApi {
    tools: Tools,
}

impl StatementPapersApi {
    #[must_use]
    pub(super) fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Payments")]
impl StatementPapersApi {
    /// Your statement of a month, or of a day, as PDF, each currency on pages of its own.
    #[oai(path = "/earnings/statements/:month/pdf", method = "get", operation_id = "readStatementPdf")]
    async fn statement(
        &self,
        caller: Caller,
        /// `YYYY-MM`, or `YYYY-MM-DD` for a day of it; in UTC.
        month: Path<String>,
    ) -> Result<StatementFile> {
        let span = Span::parse(&month.0).ok_or_else(|| Error::invalid_parameter("month", "is a month such as 2026-06, or a day such as 2026-06-14"))?;
        let (host, issuer) = (caller.user, platform(&self.tools.config));
        let read = self.tools.db.read_cut(move |conn| {
            let sections = payouts::statement(conn, host, span)?;
            let codes = payouts::codes(conn, sections.iter().flat_map(|section| &section.lines))?;
            let name = accounts::contact(conn, host)?.context("whoever asks for a statement has no account")?.name;
            Ok::<_, Error>(sheets(span, &issuer, &Party { name, ..Party::default() }, &sections, &codes))
        });
        let (first, more) = read.await?;
        let drawn = tokio::task::spawn_blocking(move || pdf_of(&first, &more)).await.context("a statement could not be drawn")??;
        let name = format!("attachment; filename=\"statement-{span}.pdf\"");
        Ok(StatementFile::Drawn(Binary(drawn), "no-store".into(), name))
    }
}
