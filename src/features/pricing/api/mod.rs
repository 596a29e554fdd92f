//! `/listings/{id}/pricing` for hosts and `/admin/taxes` for operators. `plan.rs` and `tax.rs` draw what they say.

mod plan;
mod tax;
mod taxes;

pub use taxes::TaxesApi;

use super::service::offer::Offer;
use super::service::pricing::{self, By, Wish, refuse};
use crate::features::listings::Standing;
use crate::platform::access::{Action, Door};
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::{Cached, Caller, Done, IfMatch, Prepared, Visitor};
use crate::platform::tools::Tools;
use crate::values::{Currency, ListingId};
use plan::PricePlan;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use tax::TaxTerms;
use uuid::Uuid;

/// Who may come in.
pub const DOORS: &[Door] = &[
    Door::to("readPricing", Action::EditListing),
    Door::to("setPricing", Action::EditListing),
    Door::to("listTaxes", Action::Administer),
    Door::to("makeTax", Action::Administer),
    Door::to("readTax", Action::Administer),
    Door::to("setTax", Action::Administer),
    Door::to("removeTax", Action::Administer),
];

/// What stays at a listing cost. All amounts are minor units of its currency, all shares basis points (10,000 are all).
#[derive(Object)]
struct PricingView {
    listing_id: Uuid,
    /// ISO 4217; of every amount here.
    currency: String,
    /// Of a night, where nothing else is said; null while the host has not said it.
    base_price: Option<i64>,
    plan: PricePlan,
    /// What the platform takes; for the operator to set.
    platform_fees: PlatformFeesView,
    /// Taxes of the place, which the operator has set up.
    place_taxes: Vec<TaxTerms>,
}

/// The fees of the platform: shares of the room and the fees at booking.
#[derive(Object)]
struct PlatformFeesView {
    /// Paid by the guest on top.
    guest_bp: i64,
    /// The least and most of it for a stay; null: no limit.
    guest_min: Option<i64>,
    guest_max: Option<i64>,
    /// Kept of the host's payout.
    host_bp: i64,
}

/// What stays are to cost; replaces all that was said before.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PricingAsk {
    /// Of a night, minor units, 1 or more.
    base_price: i64,
    /// Where it is said, it must be the listing's own.
    #[oai(validator(max_length = 10))]
    currency: Option<String>,
    plan: PricePlan,
}

/// Prices of listings, for their hosts.
pub struct PricingApi {
    tools: Tools,
}

impl PricingApi {
    #[must_use]
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl PricingApi {
    /// The prices of a listing: base price, weekend, seasons, discounts, fees, taxes, instalments.
    ///
    /// For those who may edit them. Prices of single days are in the calendar.
    #[oai(path = "/listings/:id/pricing", method = "get", operation_id = "readPricing")]
    async fn read(&self, caller: Caller, id: Path<Uuid>) -> Result<Cached<PricingView>> {
        let (id, config) = (ListingId(id.0), self.tools.config.clone());
        let (standing, offer) = self.tools.db.read_cut(move |conn| pricing::read(conn, &caller, id, &config.fees)).await?;
        let prepared = Prepared::of(&PricingView::of(&standing, &offer)?);
        let tag = prepared.etag();
        Ok(Cached::Fresh(prepared, tag, "no-store".into()))
    }

    /// Set the prices of a listing. With `If-Match` only if they are still what you have read.
    ///
    /// What is not in the plan is not there any more. 422 `invalid_pricing` names every field that cannot be kept. Stays that were
    /// booked keep their price; search and calendars show the new ones within a second.
    #[oai(path = "/listings/:id/pricing", method = "put", operation_id = "setPricing")]
    async fn set(&self, caller: Caller, visitor: Visitor, if_match: IfMatch, id: Path<Uuid>, ask: Json<PricingAsk>) -> Result<Done<PricingView>> {
        let (id, config, wish) = (ListingId(id.0), self.tools.config.clone(), ask.0.judged()?);
        let by = By { caller: (*caller).clone(), origin: visitor.origin() };
        let done = self.tools.db.write(move |tx, now| {
            let (standing, before) = pricing::begin(tx, &by, id, &config.fees)?;
            if_match.check(&Prepared::of(&PricingView::of(&standing, &before)?).etag())?;
            pricing::set(tx, now, &by, &standing, &before, &wish)?;
            let (standing, after) = pricing::read(tx, &by.caller, id, &config.fees)?;
            let view = PricingView::of(&standing, &after)?;
            Ok::<_, Error>(Done::now(view).with_own_etag())
        });
        done.await
    }
}

impl PricingAsk {
    fn judged(self) -> Result<Wish> {
        let unknown = || {
            let message = "is a code of ISO 4217 such as EUR";
            Error::refused(Kind::Unacceptable, "invalid_currency", format!("currency {message}.")).with_error(FieldError::new(
                "/body/currency",
                "invalid_currency",
                message,
            ))
        };
        let currency = self.currency.map(|code| Currency::parse(&code).ok_or_else(unknown)).transpose()?;
        refuse("/body/plan", self.plan.date_faults())?;
        Ok(Wish { base: self.base_price, currency, plan: plan::same(&self.plan)? })
    }
}

impl PricingView {
    fn of(standing: &Standing, offer: &Offer) -> Result<Self> {
        let taxes: Result<Vec<TaxTerms>> = offer.taxes.iter().map(plan::shown).collect();
        Ok(Self {
            listing_id: standing.listing.0,
            currency: offer.base.currency.code().to_owned(),
            base_price: Some(offer.base.minor).filter(|price| *price > 0),
            plan: plan::shown(&offer.plan)?,
            platform_fees: PlatformFeesView {
                guest_bp: offer.fees.guest_bp.into(),
                guest_min: offer.fees.guest_min,
                guest_max: offer.fees.guest_max,
                host_bp: offer.fees.host_bp.into(),
            },
            place_taxes: taxes?,
        })
    }
}
