//! The operator's taxes of places. A listing pays those of its country and of its city, and of these the ones in its currency.

use super::pricing::refuse;
use crate::features::pricing::rules::{TaxRule, tax_faults};
use crate::features::pricing::store::taxes::{self as rows, Place, PlaceTax};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::events;
use crate::values::{Currency, Instant, Origin, UserId};
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

/// Most taxes of one place; every quote there works out all of them.
const MOST: i64 = 20;
const LONGEST_CITY: usize = 100;

/// Who changes taxes, and why.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    pub by: UserId,
    pub reason: String,
    pub origin: Origin,
}

/// A tax as an operator wants it.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub country: String,
    /// Empty: the whole country.
    pub city: String,
    pub currency: Option<String>,
    pub rule: TaxRule,
}

/// Cities are compared without regard to case, form and spaces around them.
pub(super) fn city_key(city: &str) -> String {
    city.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// All taxes of all places, for whoever prices many listings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaxBook(Vec<PlaceTax>);

/// Reads the taxes of all places: few, and changed rarely (`listings.replaced` says when).
pub fn tax_book(conn: &mut Conn<'_>) -> DbResult<TaxBook> {
    Ok(TaxBook(rows::all(conn)?))
}

impl TaxBook {
    /// The taxes at a place, as [`super::offer::offer_of`] finds them; `country` and `city` as the listing has them.
    #[must_use]
    pub fn at(&self, country: &str, city: &str, currency: Currency) -> Vec<TaxRule> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let key = city_key(city);
        let holds = |place: &Place| {
            place.country == country && (place.city_key.is_empty() || place.city_key == key) && (place.currency.is_empty() || place.currency == currency.code())
        };
        self.0.iter().filter(|tax| holds(&tax.place)).map(|tax| tax.rule.clone()).collect()
    }
}

/// Sets up a tax.
pub(crate) fn make(tx: &mut Tx<'_>, now: Instant, deed: &Deed, wish: &Wish) -> Result<PlaceTax> {
    let (place, id) = (judge(wish)?, Uuid::now_v7());
    keep_few(tx, &place, id)?;
    rows::insert(tx, now, id, &place, &wish.rule)?;
    note(tx, now, "tax.made", deed, id, json!({"tax": [null, shown(&place, &wish.rule)]}))?;
    find(tx, id)
}

/// Puts another tax in the place of one that was read as `before`.
pub(crate) fn change(tx: &mut Tx<'_>, now: Instant, deed: &Deed, before: &PlaceTax, wish: &Wish) -> Result<PlaceTax> {
    let place = judge(wish)?;
    keep_few(tx, &place, before.id)?;
    if !rows::update(tx, now, before.id, before.version, &place, &wish.rule)? {
        return Err(Error::refused(Kind::Stale, "stale", "It has changed since you read it. Read it again and decide anew."));
    }
    note(tx, now, "tax.changed", deed, before.id, json!({"tax": [shown(&before.place, &before.rule), shown(&place, &wish.rule)]}))?;
    find(tx, before.id)
}

/// Takes a tax away. What was booked keeps its own.
pub(crate) fn remove(tx: &mut Tx<'_>, now: Instant, deed: &Deed, before: &PlaceTax) -> Result<()> {
    if !rows::delete(tx, before.id)? {
        return Err(no_such_tax());
    }
    note(tx, now, "tax.removed", deed, before.id, json!({"tax": [shown(&before.place, &before.rule), null]}))
}

pub(crate) fn find(conn: &mut Conn<'_>, id: Uuid) -> Result<PlaceTax> {
    rows::one(conn, id)?.ok_or_else(no_such_tax)
}

fn no_such_tax() -> Error {
    Error::not_found("There is no tax with this id.")
}

/// The place of a tax in the form in which it is compared; refuses with every fault.
fn judge(wish: &Wish) -> Result<Place> {
    let mut faults: Vec<FieldError> =
        tax_faults(&wish.rule).into_iter().map(|fault| FieldError { pointer: format!("/rule{}", fault.pointer), ..fault }).collect();
    let country = wish.country.to_ascii_uppercase();
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
        faults.push(FieldError::new("/country", "out_of_range", "is two letters (ISO 3166-1) such as DE"));
    }
    let city: String = wish.city.trim().nfc().collect();
    if city.chars().count() > LONGEST_CITY || city.chars().any(char::is_control) {
        faults.push(FieldError::new("/city", "invalid_text", "is at most 100 characters without control characters"));
    }
    let currency = wish.currency.as_deref().map(|code| Currency::parse(code).ok_or(code)).transpose();
    let has_amounts = wish.rule.amount.is_some() || !wish.rule.brackets.is_empty();
    let currency = match currency {
        Ok(Some(currency)) => currency.code().to_owned(),
        Ok(None) if has_amounts => {
            faults.push(FieldError::new("/currency", "invalid_currency", "is needed where there are amounts"));
            String::new()
        }
        Ok(None) => String::new(),
        Err(_) => {
            faults.push(FieldError::new("/currency", "invalid_currency", "is a code of ISO 4217 such as EUR"));
            String::new()
        }
    };
    refuse("/body", faults)?;
    Ok(Place { country, city_key: city_key(&city), city, currency })
}

fn keep_few(tx: &mut Tx<'_>, place: &Place, but: Uuid) -> Result<()> {
    if rows::count(tx, place, but)? < MOST {
        return Ok(());
    }
    Err(Error::refused(Kind::Conflict, "too_many_taxes", format!("A place has at most {MOST} taxes of its own; take one away first.")))
}

fn shown(place: &Place, rule: &TaxRule) -> Value {
    json!({"country": place.country, "city": place.city, "currency": place.currency, "rule": rule})
}

/// An entry of the audit trail, and news for all who show prices: which listings a place has is not worth finding out for
/// something that happens a few times a year.
fn note(tx: &mut Tx<'_>, now: Instant, action: &'static str, deed: &Deed, id: Uuid, diff: Value) -> Result<()> {
    let (actor, object) = (Actor::User(deed.by), Some(("tax", id)));
    audit::append(tx, now, &Entry { action, actor, on_behalf_of: None, object, reason: Some(&deed.reason), diff, origin: &deed.origin })?;
    Ok(events::append(tx, events::Kind::ListingsReplaced, id, &json!({}), now)?)
}
