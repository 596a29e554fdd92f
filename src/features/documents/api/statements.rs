//! Statements of hosts, in every form. What they say is told by `payouts`.

use crate::features::documents::rules::paper::Party;
use crate::features::documents::rules::pdf::pdf_of;
use crate::features::documents::rules::statement::sheets;
use crate::features::documents::service::read::platform;
use crate::features::payouts::StatementView;
use crate::features::payouts::rules::paper;
use crate::features::payouts::rules::statement::Span;
use crate::features::{accounts, payouts};
use crate::platform::error::{Error, Result};
use crate::platform::http::Caller;
use crate::platform::tasks::aside;
use crate::platform::tools::Tools;
use anyhow::Context as _;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Html, Json, PlainText};
use poem_openapi::{ApiResponse, Enum, OpenApi, ResponseContent};

/// In which form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum StatementFormat {
    #[default]
    Json,
    Csv,
    Html,
    Pdf,
}

/// A statement in the form that was asked for.
#[derive(ResponseContent)]
enum StatementContent {
    Json(Json<StatementView>),
    #[oai(content_type = "text/csv; charset=utf-8")]
    Csv(PlainText<String>),
    #[oai(content_type = "text/html; charset=utf-8")]
    Html(Html<String>),
    #[oai(content_type = "application/pdf")]
    Pdf(Binary<Vec<u8>>),
}

#[derive(ApiResponse)]
enum StatementAnswer {
    /// The statement.
    #[oai(status = 200)]
    Written(StatementContent, #[oai(header = "Cache-Control")] String, #[oai(header = "Content-Disposition")] String),
}

/// Statements.
pub(super) struct StatementsApi {
    tools: Tools,
}

impl StatementsApi {
    #[must_use]
    pub(super) fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Payments")]
impl StatementsApi {
    /// Your statement of a month, or of a day: what you were owed before, every line, and what you are owed after it; on paper each currency has pages of
    /// its own. Never more than 10,000 lines: a month that has more (422 `statement_too_long`) is asked for day by day.
    #[oai(path = "/earnings/statements/:month", method = "get", operation_id = "readStatement")]
    async fn statement(
        &self,
        caller: Caller,
        /// `YYYY-MM`, or `YYYY-MM-DD` for a day of it; in UTC.
        month: Path<String>,
        /// `json`, `csv`, `html` to print, or `pdf`.
        format: Query<Option<StatementFormat>>,
    ) -> Result<StatementAnswer> {
        let span = Span::parse(&month.0).ok_or_else(|| Error::invalid_parameter("month", "is a month such as 2026-06, or a day such as 2026-06-14"))?;
        let host = caller.user;
        let read = self.tools.db.read_cut(move |conn| {
            let sections = payouts::statement(conn, host, span)?;
            let codes = payouts::codes(conn, sections.iter().flat_map(|section| &section.lines))?;
            let name = accounts::contact(conn, host)?.context("whoever asks for a statement has no account")?.name;
            Ok::<_, Error>((sections, codes, name))
        });
        let (sections, codes, name) = read.await?;
        let file = |kind: &str| format!("attachment; filename=\"statement-{span}.{kind}\"");
        let (content, name) = match format.0.unwrap_or_default() {
            StatementFormat::Json => (StatementContent::Json(Json(StatementView::of(span, &sections, &codes))), "inline".to_owned()),
            StatementFormat::Csv => (StatementContent::Csv(PlainText(paper::csv(&sections, &codes))), file("csv")),
            StatementFormat::Html => {
                let page = paper::html(&self.tools.config.accounts.site_name, &name, span, &sections, &codes);
                (StatementContent::Html(Html(page)), "inline".to_owned())
            }
            StatementFormat::Pdf => {
                let issuer = platform(&self.tools.config);
                let draw = move || {
                    let (first, more) = sheets(span, &issuer, &Party { name, ..Party::default() }, &sections, &codes);
                    pdf_of(&first, &more)
                };
                let drawn = aside(draw).await.context("a statement could not be drawn")??;
                (StatementContent::Pdf(Binary(drawn)), file("pdf"))
            }
        };
        Ok(StatementAnswer::Written(content, "no-store".to_owned(), name))
    }
}
