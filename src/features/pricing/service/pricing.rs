//! A host reads and sets the prices of a listing.

use super::offer::{Offer, offer_of};
use crate::features::listings::{self, Standing, State};
use crate::features::pricing::rules::{Plan, plan_faults};
use crate::features::pricing::store;
use crate::platform::access::{Action, Principal};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::config::Fees;
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, FieldError, Kind, Refused, Result};
use crate::platform::events;
use crate::values::{Currency, Instant, ListingId, Origin};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What a host wants the prices to be.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// Base price of a night in minor units.
    pub base: i64,
    /// Where it is said, it must be the listing's own (P1).
    pub currency: Option<Currency>,
    pub plan: Plan,
}

/// Who sets the prices, and from where.
#[derive(Debug, Clone)]
pub(crate) struct By {
    pub caller: Principal,
    pub origin: Origin,
}

/// The prices of a listing as those may read them who may edit them.
pub(crate) fn read(conn: &mut Conn<'_>, caller: &Principal, listing: ListingId, settings: &Fees) -> Result<(Standing, Offer)> {
    let standing = listings::allowed(conn, Some(caller), listing, Action::EditListing)?;
    let offer = offer_of(conn, listing, settings)?.ok_or_else(|| Error::not_found("There is no such listing, or it is not yours."))?;
    Ok((standing, offer))
}

/// The same before a change, under the listing lock: whoever books or edits meanwhile waits, so that nobody is charged by half a
/// change. Refuses who may edit a part only, and archived listings.
pub(crate) fn begin(tx: &mut Tx<'_>, by: &By, listing: ListingId, settings: &Fees) -> Result<(Standing, Offer)> {
    listings::lock_calendar(tx, listing)?;
    let (standing, offer) = read(tx, &by.caller, listing, settings)?;
    if standing.limited.is_some() {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "You are known, but this is not yours to do."));
    }
    if standing.state == State::Archived {
        return Err(Error::refused(Kind::Conflict, "conflict", "The listing is archived, and stays as it is."));
    }
    Ok((standing, offer))
}

/// Writes base price and plan, and tells those who show prices. Nothing happens where nothing changes.
pub(crate) fn set(tx: &mut Tx<'_>, now: Instant, by: &By, standing: &Standing, before: &Offer, wish: &Wish) -> Result<()> {
    judge(standing, wish)?;
    let changed = changes(before, wish)?;
    if changed.is_empty() {
        return Ok(());
    }
    let listing = standing.listing;
    let mut edited = store::priced(tx, listing)?.map(|row| row.edited).unwrap_or_default();
    // An import leaves alone what a host has set; plans are no import's.
    if changed.contains_key("base_price") && !edited.iter().any(|field| field == "price_minor") {
        edited.push("price_minor".to_owned());
    }
    store::set(tx, now, listing, wish.base, &wish.plan, &edited)?;
    let entry = Entry {
        action: "pricing.changed",
        actor: Actor::User(by.caller.user),
        on_behalf_of: (by.caller.user != standing.host).then_some(standing.host),
        object: Some(("listing", listing.0)),
        reason: None,
        diff: Value::Object(changed),
        origin: &by.origin,
    };
    audit::append(tx, now, &entry)?;
    Ok(events::append(tx, events::Kind::ListingChanged, listing.0, &json!({}), now)?)
}

/// Every fault at once, with pointers into the body.
fn judge(standing: &Standing, wish: &Wish) -> Result<()> {
    if wish.currency.is_some_and(|currency| currency != standing.currency) {
        let message = format!("The listing's currency is {}; all its amounts are in it.", standing.currency);
        let error = FieldError::new("/body/currency", "other_currency", message.clone());
        return Err(Error::refused(Kind::Unacceptable, "other_currency", message).with_error(error));
    }
    refuse("/body", plan_faults(wish.base, &wish.plan))
}

/// 422 `invalid_pricing` with all faults, where there are any; `at` is what their pointers begin with.
pub(crate) fn refuse(at: &str, faults: Vec<FieldError>) -> Result<()> {
    let Some(first) = faults.first() else { return Ok(()) };
    let mut refused = Refused::new(Kind::Unacceptable, "invalid_pricing", format!("{at}{} {}.", first.pointer, first.message));
    refused.errors = faults.into_iter().map(|fault| FieldError { pointer: format!("{at}{}", fault.pointer), ..fault }).collect();
    Err(refused.into())
}

/// What differs, each as `[old, new]`.
fn changes(before: &Offer, wish: &Wish) -> Result<Map<String, Value>> {
    let parts = |base: i64, plan: &Plan| -> Result<Map<String, Value>> {
        let mut parts: Map<String, Value> = serde_json::to_value(plan).and_then(serde_json::from_value).map_err(anyhow::Error::from)?;
        parts.insert("base_price".to_owned(), base.into());
        Ok(parts)
    };
    let (old, new) = (parts(before.base.minor, &before.plan)?, parts(wish.base, &wish.plan)?);
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    Ok(differing.map(|name| (name.clone(), json!([old.get(name), new.get(name)]))).collect())
}
