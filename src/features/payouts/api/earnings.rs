//! `/earnings`: what was earned, by month. Statements are handed out by `documents`, which can draw them.

use super::views::{EarningsMonthView, EarningsView};
use crate::features::payouts::rules::statement::Month;
use crate::features::payouts::service::{Payouts, statements};
use crate::platform::error::{Error, Result};
use crate::platform::http::Caller;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;

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
}
