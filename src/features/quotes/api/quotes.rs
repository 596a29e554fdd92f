//! `POST /quotes`, `GET /quotes/{id}` and `GET /listings/{id}/price-calendar`.

use super::one;
use super::quote_view::{PriceCalendarView, QuoteView};
use crate::features::calendar::Party;
use crate::features::pricing::Guests;
use crate::features::quotes::rules::asked::{self, Asked, Wish};
use crate::features::quotes::rules::promise::QuoteId;
use crate::features::quotes::service::{prices, quote};
use crate::platform::access::Principal;
use crate::platform::db::Conn;
use crate::platform::error::{Error, Result};
use crate::platform::http::{Cached, Created, Known, PREFIX, Prepared};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use crate::values::{ListingId, Night, NightRange};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

/// The rates a host can offer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum RatePlan {
    #[default]
    Standard,
    /// Cheaper, and nothing comes back.
    NonRefundable,
}

/// A stay to be priced. Amounts are never sent: the server knows them.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct QuoteAsk {
    listing_id: Uuid,
    /// `YYYY-MM-DD`.
    check_in: String,
    /// `YYYY-MM-DD`; the first day that is not stayed.
    check_out: String,
    /// 1 to 100; absent: 1.
    adults: Option<i64>,
    /// 0 to 100; absent: as many as `children_ages` has.
    children: Option<i64>,
    /// Of the children whose age is known, 0 to 17; some taxes are not for the young.
    children_ages: Option<Vec<i64>>,
    /// Under 2 years old; they do not count.
    infants: Option<i64>,
    pets: Option<i64>,
    /// Keys of optional fees, each once.
    options: Option<Vec<String>>,
    /// The code of a coupon.
    coupon: Option<String>,
    /// Absent: `standard`.
    rate_plan: Option<RatePlan>,
}

/// Quotes and prices.
pub struct QuotesApi {
    tools: Tools,
}

impl QuotesApi {
    #[must_use]
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl QuotesApi {
    /// What a stay costs, line by line, promised for a few minutes.
    ///
    /// 409 `dates_unavailable` with `reasons` and `nearest_available` where the stay cannot be booked, 422 with the fields where something
    /// asked for is not there. `total_price` is everything that must be paid, wherever it is paid; `total_due` is paid here.
    #[oai(path = "/quotes", method = "post", operation_id = "makeQuote")]
    async fn make(&self, known: Known, once: Once, ask: Json<QuoteAsk>) -> Result<Created<QuoteView>> {
        let (asked, config, caller) = (ask.0.judged()?, self.tools.config.clone(), known.0);
        let (db, fees) = (self.tools.db.clone(), config.clone());
        // All that takes long is read; whoever is refused never has the writer wait for them.
        let worked = self.tools.db.read(move |conn: &mut Conn<'_>| {
            let caller: Option<&Principal> = caller.as_deref();
            let quote = quote::work_out(conn, db.now(), caller.map(|caller| caller.user), &fees, &asked)?;
            let sees = quote::sees_payout(conn, caller, quote.listing)?;
            Ok((quote, sees))
        });
        let (quote, sees) = once.decided(worked.await)?;
        let kept = self.tools.db.write_once(&once, move |tx, now| {
            let quote = quote::keep(tx, now, &config, &quote)?;
            Ok(Created::at(format!("{PREFIX}/quotes/{}", quote.id.0), QuoteView::of(&quote, sees)?))
        });
        kept.await
    }

    /// A quote of yours, or one that was made without login, while it holds. 410 afterwards.
    #[oai(path = "/quotes/:id", method = "get", operation_id = "readQuote")]
    async fn read(&self, known: Known, id: Path<Uuid>) -> Result<Cached<QuoteView>> {
        let db = self.tools.db.clone();
        let read = move |conn: &mut Conn<'_>| quote::read(conn, db.now(), known.0.as_deref(), QuoteId(id.0));
        let (quote, sees) = self.tools.db.read(read).await?;
        let prepared = Prepared::of(&QuoteView::of(&quote, sees)?);
        let tag = prepared.etag();
        Ok(Cached::Fresh(prepared, tag, "no-store".into()))
    }

    /// What stays of one length cost, for each check-in date of a month.
    ///
    /// The same totals as quotes give at the same moment, without anything being promised.
    #[oai(path = "/listings/:id/price-calendar", method = "get", operation_id = "readPriceCalendar")]
    #[expect(clippy::too_many_arguments, reason = "one for each parameter of the query")]
    async fn prices(
        &self,
        id: Path<Uuid>,
        /// `YYYY-MM`.
        #[oai(validator(max_length = 10))]
        month: Query<String>,
        #[oai(validator(minimum(value = "1"), maximum(value = "365")))] nights: Query<u16>,
        #[oai(default = "one", validator(minimum(value = "1"), maximum(value = "100")))] adults: Query<u16>,
        /// 2 to 12 years old; they count like adults.
        #[oai(default, validator(maximum(value = "100")))]
        children: Query<u16>,
        /// The age of one of the children, once for each whose age is known.
        #[oai(validator(max_items = 100))]
        child_age: Query<Option<Vec<u8>>>,
        /// Under 2 years old; they do not count.
        #[oai(default, validator(maximum(value = "100")))]
        infants: Query<u16>,
        #[oai(default, validator(maximum(value = "100")))] pets: Query<u16>,
    ) -> Result<Cached<PriceCalendarView>> {
        let range = month_of(&month.0).ok_or_else(|| Error::invalid_parameter("month", "must be a month of the years 1900 to 2199, YYYY-MM"))?;
        let party = Party { adults: adults.0, children: children.0, infants: infants.0, pets: pets.0 };
        let guests = Guests::told(party, &child_age.0.unwrap_or_default())?;
        let (id, db, config, nights) = (ListingId(id.0), self.tools.db.clone(), self.tools.config.clone(), nights.0);
        let read = move |conn: &mut Conn<'_>| prices::prices(conn, id, range, nights, guests, &config.fees, db.now());
        let prices = self.tools.db.read_cut(read).await?;
        Ok(Cached::fresh(Prepared::of(&PriceCalendarView::of(&month.0, nights, &prices))))
    }
}

/// The dates of a month.
fn month_of(text: &str) -> Option<NightRange> {
    let first = Night::parse(&format!("{text}-01"))?;
    Some(NightRange::new(first, first.plus(first.date().days_in_month().into())))
}

impl QuoteAsk {
    fn judged(self) -> Result<Asked> {
        let wish = Wish {
            listing: ListingId(self.listing_id),
            check_in: self.check_in,
            check_out: self.check_out,
            adults: self.adults.unwrap_or(1),
            children: self.children,
            children_ages: self.children_ages,
            infants: self.infants.unwrap_or(0),
            pets: self.pets.unwrap_or(0),
            options: self.options.unwrap_or_default(),
            coupon: self.coupon,
            non_refundable: self.rate_plan == Some(RatePlan::NonRefundable),
        };
        asked::judged(wish).map_err(Error::Refused)
    }
}
