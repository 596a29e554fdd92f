//! Everything that decides the prices of one listing, gathered.

use super::taxes::city_key;
use crate::features::calendar::Days;
use crate::features::pricing::rules::{FeeModel, Largest, Plan, TaxRule, Terms};
use crate::features::pricing::store::{self, taxes};
use crate::platform::config::Fees;
use crate::platform::db::{Conn, DbResult};
use crate::values::{Currency, ListingId, Money};

/// What a listing's stays cost, but for single days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Base price of a night.
    pub base: Money,
    pub plan: Plan,
    pub fees: FeeModel,
    /// The operator's taxes at the place.
    pub taxes: Vec<TaxRule>,
    pub largest: Largest,
}

impl Offer {
    /// With the overrides of single days.
    #[must_use]
    pub fn terms<'a>(&'a self, days: &'a Days) -> Terms<'a> {
        Terms { base: self.base.minor, plan: &self.plan, days, fees: self.fees, taxes: &self.taxes }
    }
}

/// The offer of a listing, published or not; `None` where there is no such listing. Two index look-ups: read it in one snapshot
/// with the calendar.
pub fn offer_of(conn: &mut Conn<'_>, listing: ListingId, settings: &Fees) -> DbResult<Option<Offer>> {
    let Some(row) = store::priced(conn, listing)? else { return Ok(None) };
    let taxes = taxes::at(conn, &row.country, &city_key(&row.city), row.base.currency.code())?;
    Ok(Some(Offer { fees: fee_model(settings, row.base.currency), base: row.base, plan: row.plan, taxes, largest: row.largest }))
}

/// What the platform takes of stays in a currency.
#[must_use]
pub fn fee_model(settings: &Fees, currency: Currency) -> FeeModel {
    let (guest_bp, host_bp) = settings.shares();
    let limit = |amounts: &std::collections::BTreeMap<String, i64>| amounts.get(currency.code()).copied();
    FeeModel { guest_bp, host_bp, guest_min: limit(&settings.guest_min), guest_max: limit(&settings.guest_max) }
}
