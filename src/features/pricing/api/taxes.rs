//! `/admin/taxes`: the taxes of places.

use super::plan;
use super::tax::TaxTerms;
use crate::features::pricing::service::pricing::refuse;
use crate::features::pricing::service::taxes::{self, Deed, Wish};
use crate::features::pricing::store::taxes::{self as rows, PlaceTax};
use crate::platform::cursor::{CursorKey, Limit};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Cached, Caller, Created, Done, IfMatch, Nothing, PREFIX, Prepared, Visitor, etag, reason};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

/// A tax that holds for the listings of a country, or of a city in it.
#[derive(Object)]
struct PlaceTaxView {
    id: Uuid,
    /// ISO 3166-1 alpha-2.
    country: String,
    /// Null: the whole country.
    city: Option<String>,
    /// ISO 4217, of its amounts: only listings in this currency pay it. Null: it has no amounts.
    currency: Option<String>,
    rule: TaxTerms,
    version: i64,
    /// RFC 3339, UTC.
    created_at: String,
    updated_at: String,
}

/// A page of taxes, in the order in which they were made.
#[derive(Object)]
struct PlaceTaxesView {
    data: Vec<PlaceTaxView>,
    /// For the parameter `cursor` of the next page; null on the last.
    next_cursor: Option<String>,
    has_more: bool,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PlaceTaxAsk {
    /// ISO 3166-1 alpha-2, such as `DE`.
    #[oai(validator(max_length = 10))]
    country: String,
    /// As listings there write it; case does not matter. Absent: the whole country.
    #[oai(validator(max_length = 400))]
    city: Option<String>,
    /// ISO 4217; needed where the tax has amounts or brackets.
    #[oai(validator(max_length = 10))]
    currency: Option<String>,
    rule: TaxTerms,
    /// Why, 1 to 500 characters; kept in the audit trail.
    #[oai(validator(max_length = 2_000))]
    reason: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct TaxReasonAsk {
    /// Why, 1 to 500 characters; kept in the audit trail.
    #[oai(validator(max_length = 2_000))]
    reason: String,
}

/// The taxes of places, for operators.
pub struct TaxesApi {
    tools: Tools,
    cursors: CursorKey,
}

impl TaxesApi {
    #[must_use]
    pub fn new(tools: Tools, cursors: CursorKey) -> Self {
        Self { tools, cursors }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Administration")]
impl TaxesApi {
    /// Taxes of places, in the order in which they were made.
    #[oai(path = "/admin/taxes", method = "get", operation_id = "listTaxes")]
    async fn list(
        &self,
        _caller: Caller,
        /// ISO 3166-1 alpha-2.
        #[oai(validator(max_length = 10))]
        country: Query<Option<String>>,
        /// Taxes a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<PlaceTaxesView>> {
        let country = country.0.map(|country| country.to_ascii_uppercase());
        let purpose = format!("taxes/{}", country.as_deref().unwrap_or_default());
        let after = self.cursors.after(&purpose, cursor.0.as_deref())?;
        let limit = Limit(limit.0);
        let found = self.tools.db.read(move |conn| rows::page(conn, country.as_deref(), after, limit.and_one()).map_err(Error::from)).await?;
        let page = self.cursors.page(&purpose, limit, found, |last| last.id.into_bytes());
        let data: Result<Vec<PlaceTaxView>> = page.rows.iter().map(PlaceTaxView::of).collect();
        Ok(Json(PlaceTaxesView { data: data?, next_cursor: page.next_cursor, has_more: page.has_more }))
    }

    /// Set up a tax of a place.
    ///
    /// Listings there show it in their prices within seconds. What was booked before stays as it was.
    #[oai(path = "/admin/taxes", method = "post", operation_id = "makeTax")]
    async fn make(&self, caller: Caller, visitor: Visitor, once: Once, ask: Json<PlaceTaxAsk>) -> Result<Created<PlaceTaxView>> {
        let (wish, deed) = judged(ask.0, &caller, &visitor)?;
        let made = self.tools.db.write_once(&once, move |tx, now| {
            let tax = taxes::make(tx, now, &deed, &wish)?;
            Ok(Created::at(format!("{PREFIX}/admin/taxes/{}", tax.id), PlaceTaxView::of(&tax)?).with_etag(etag::of_version(tax.version)))
        });
        made.await
    }

    /// A tax of a place.
    #[oai(path = "/admin/taxes/:id", method = "get", operation_id = "readTax")]
    async fn read(&self, _caller: Caller, id: Path<Uuid>) -> Result<Cached<PlaceTaxView>> {
        let tax = self.tools.db.read(move |conn| taxes::find(conn, id.0)).await?;
        Ok(Cached::Fresh(Prepared::of(&PlaceTaxView::of(&tax)?), etag::of_version(tax.version), "no-store".into()))
    }

    /// Put another tax in the place of this one. With `If-Match` only if it is still what you have read.
    #[oai(path = "/admin/taxes/:id", method = "put", operation_id = "setTax")]
    async fn set(&self, caller: Caller, visitor: Visitor, if_match: IfMatch, id: Path<Uuid>, ask: Json<PlaceTaxAsk>) -> Result<Done<PlaceTaxView>> {
        let (wish, deed) = judged(ask.0, &caller, &visitor)?;
        let done = self.tools.db.write(move |tx, now| {
            let before = taxes::find(tx, id.0)?;
            if_match.check(&etag::of_version(before.version))?;
            let tax = taxes::change(tx, now, &deed, &before, &wish)?;
            Ok::<_, Error>(Done::now(PlaceTaxView::of(&tax)?).with_etag(etag::of_version(tax.version)))
        });
        done.await
    }

    /// Take a tax away. With `If-Match` only if it is still what you have read.
    #[oai(path = "/admin/taxes/:id", method = "delete", operation_id = "removeTax")]
    async fn remove(&self, caller: Caller, visitor: Visitor, if_match: IfMatch, id: Path<Uuid>, ask: Json<TaxReasonAsk>) -> Result<Nothing> {
        let deed = Deed { by: caller.user, reason: reason::given(&ask.0.reason)?, origin: visitor.origin() };
        let done = self.tools.db.write(move |tx, now| {
            let before = taxes::find(tx, id.0)?;
            if_match.check(&etag::of_version(before.version))?;
            taxes::remove(tx, now, &deed, &before)?;
            Ok::<_, Error>(Nothing::more())
        });
        done.await
    }
}

fn twenty() -> u8 {
    20
}

fn judged(ask: PlaceTaxAsk, caller: &Caller, visitor: &Visitor) -> Result<(Wish, Deed)> {
    refuse("/body", ask.rule.date_faults("/rule"))?;
    let deed = Deed { by: caller.user, reason: reason::given(&ask.reason)?, origin: visitor.origin() };
    let rule = plan::same(&ask.rule)?;
    Ok((Wish { country: ask.country, city: ask.city.unwrap_or_default(), currency: ask.currency, rule }, deed))
}

impl PlaceTaxView {
    fn of(tax: &PlaceTax) -> Result<Self> {
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        Ok(Self {
            id: tax.id,
            country: tax.place.country.clone(),
            city: given(&tax.place.city),
            currency: given(&tax.place.currency),
            rule: plan::shown(&tax.rule)?,
            version: tax.version,
            created_at: tax.created_at.to_string(),
            updated_at: tax.updated_at.to_string(),
        })
    }
}
