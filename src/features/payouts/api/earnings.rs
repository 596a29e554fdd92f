//! `/earnings`: what was earned, by month, and statements.

use super::views::{EarningsMonthView, EarningsView, StatementView};
use crate::features::accounts;
use crate::features::payouts::rules::paper;
use crate::features::payouts::rules::statement::{Month, Span};
use crate::features::payouts::service::{Payouts, statements};
use crate::platform::error::{Error, Result};
use crate::platform::http::Caller;
use anyhow::Context as _;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Html, Json, PlainText};
use poem_openapi::{ApiResponse, Enum, OpenApi, ResponseContent};

/// In which form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum StatementFormat {
    #[default]
    Json,
    Csv,
    Html,
}

/// A statement in the form that was asked for.
#[derive(ResponseContent)]
enum StatementContent {
    Json(Json<StatementView>),
    #[oai(content_type = "text/csv; charset=utf-8")]
    Csv(PlainText<String>),
    #[oai(content_type = "text/html; charset=utf-8")]
    Html(Html<String>),
}

#[derive(ApiResponse)]
enum StatementAnswer {
    /// The statement.
    #[oai(status = 200)]
    Written(StatementContent, #[oai(header = "Cache-Control")] String, #[oai(header = "Content-Disposition")] String),
}

/// What one has earned.
pub(super) struct EarningsApi {
    payouts: Payouts,
}

impl EarningsApi {
    #[must_use]
    pub(super) fn new(payouts: Payouts) -> Self {
        Self { payouts }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Payments")]
impl EarningsApi {
    /// What you earned in a year, by month and currency. It is yours from the day on which it was released.
    #[oai(path = "/earnings", method = "get", operation_id = "readEarnings")]
    async fn year(
        &self,
        caller: Caller,
        /// The year in UTC; absent: this one.
        #[oai(validator(minimum(value = "2000"), maximum(value = "9998")))]
        year: Query<Option<i16>>,
    ) -> Result<Json<EarningsView>> {
        let host = caller.user;
        let year = year.0.unwrap_or_else(|| Month::of(self.payouts.tools.clock.now()).year);
        let months = self.payouts.tools.db.read_cut(move |conn| statements::year(conn, host, year).map_err(Error::from)).await?;
        let data = months.iter().map(|(month, currency, sums)| EarningsMonthView::of(*month, *currency, sums)).collect();
        Ok(Json(EarningsView { year, data }))
    }

    /// Your statement of a month, or of a day: what you were owed before, every line, and what you are owed after it. Never more than 10,000 lines: a
    /// month that has more (422 `statement_too_long`) is asked for day by day.
    #[oai(path = "/earnings/statements/:month", method = "get", operation_id = "readStatement")]
    async fn statement(
        &self,
        caller: Caller,
        /// `YYYY-MM`, or `YYYY-MM-DD` for a day of it; in UTC.
        month: Path<String>,
        /// `json`, `csv`, or `html` to print.
        format: Query<Option<StatementFormat>>,
    ) -> Result<StatementAnswer> {
        let span = Span::parse(&month.0).ok_or_else(|| Error::invalid_parameter("month", "is a month such as 2026-06, or a day such as 2026-06-14"))?;
        let host = caller.user;
        let read = self.payouts.tools.db.read_cut(move |conn| {
            let sections = statements::statement(conn, host, span)?;
            let codes = statements::codes(conn, sections.iter().flat_map(|section| &section.lines))?;
            let name = accounts::contact(conn, host)?.context("whoever asks for a statement has no account")?.name;
            Ok::<_, Error>((sections, codes, name))
        });
        let (sections, codes, name) = read.await?;
        let (content, name) = match format.0.unwrap_or_default() {
            StatementFormat::Json => (StatementContent::Json(Json(StatementView::of(span, &sections, &codes))), "inline".to_owned()),
            StatementFormat::Csv => (StatementContent::Csv(PlainText(paper::csv(&sections, &codes))), format!("attachment; filename=\"statement-{span}.csv\"")),
            StatementFormat::Html => {
                let page = paper::html(&self.payouts.tools.config.accounts.site_name, &name, span, &sections, &codes);
                (StatementContent::Html(Html(page)), "inline".to_owned())
            }
        };
        Ok(StatementAnswer::Written(content, "no-store".to_owned(), name))
    }
}
