//! SQL of the operator's taxes.

use crate::features::pricing::rules::TaxRule;
use crate::platform::db::{Conn, DbResult, Json, Row, Tx};
use crate::values::Instant;
use uuid::Uuid;

pub(super) const AT: &str = "SELECT rule FROM tax_rules
    WHERE country = $1 AND (city_key = '' OR city_key = $2) AND (currency = '' OR currency = $3) ORDER BY city_key, id";
pub(super) const ONE: &str = "SELECT id, country, city, city_key, currency, rule, version, created_at, updated_at FROM tax_rules WHERE id = $1";
pub(super) const COUNT: &str = "SELECT COUNT(*) FROM tax_rules WHERE country = $1 AND city_key = $2 AND id <> $3";
const ALL: &str = "SELECT id, country, city, city_key, currency, rule, version, created_at, updated_at FROM tax_rules ORDER BY city_key, id";
pub(super) const PAGE: &str =
    "SELECT id, country, city, city_key, currency, rule, version, created_at, updated_at FROM tax_rules WHERE id > $1 ORDER BY id LIMIT $2";
pub(super) const PAGE_OF_COUNTRY: &str = "SELECT id, country, city, city_key, currency, rule, version, created_at, updated_at FROM tax_rules
    WHERE country = $3 AND id > $1 ORDER BY id LIMIT $2";
const INSERT: &str = "INSERT INTO tax_rules (id, country, city, city_key, currency, rule, version, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)";
const UPDATE: &str = "UPDATE tax_rules SET country = $2, city = $3, city_key = $4, currency = $5, rule = $6, version = version + 1, updated_at = $7
    WHERE id = $1 AND version = $8";
const DELETE: &str = "DELETE FROM tax_rules WHERE id = $1";

/// Where a tax holds. Empty: the whole country; any currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Place {
    pub country: String,
    pub city: String,
    pub city_key: String,
    pub currency: String,
}

/// A tax of a place as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct PlaceTax {
    pub id: Uuid,
    pub place: Place,
    pub rule: TaxRule,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// The taxes that hold in a city, those of the country first.
pub(in super::super) fn at(conn: &mut Conn<'_>, country: &str, city_key: &str, currency: &str) -> DbResult<Vec<TaxRule>> {
    conn.query(AT, &[country.into(), city_key.into(), currency.into()], |row| row.json(0))
}

pub(in super::super) fn one(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<PlaceTax>> {
    conn.first(ONE, &[id.into()], read)
}

/// Every tax there is, in the order in which [`at`] gives those of a city.
pub(in super::super) fn all(conn: &mut Conn<'_>) -> DbResult<Vec<PlaceTax>> {
    conn.query(ALL, &[], read)
}

/// Up to `limit` taxes after the one with the id `after`, in the order in which they were made.
pub(in super::super) fn page(conn: &mut Conn<'_>, country: Option<&str>, after: Uuid, limit: i64) -> DbResult<Vec<PlaceTax>> {
    match country {
        Some(country) => conn.query(PAGE_OF_COUNTRY, &[after.into(), limit.into(), country.into()], read),
        None => conn.query(PAGE, &[after.into(), limit.into()], read),
    }
}

/// How many taxes a place has of its own, `but` left out.
pub(in super::super) fn count(conn: &mut Conn<'_>, place: &Place, but: Uuid) -> DbResult<i64> {
    let found = conn.first(COUNT, &[(&place.country).into(), (&place.city_key).into(), but.into()], |row| row.get(0))?;
    Ok(found.unwrap_or(0))
}

pub(in super::super) fn insert(tx: &mut Tx<'_>, now: Instant, id: Uuid, place: &Place, rule: &TaxRule) -> DbResult<()> {
    let Place { country, city, city_key, currency } = place;
    tx.execute(INSERT, &[id.into(), country.into(), city.into(), city_key.into(), currency.into(), Json::of(rule)?.into(), now.into()])?;
    Ok(())
}

/// `false` where it has been changed since `version`.
pub(in super::super) fn update(tx: &mut Tx<'_>, now: Instant, id: Uuid, version: i64, place: &Place, rule: &TaxRule) -> DbResult<bool> {
    let Place { country, city, city_key, currency } = place;
    let params = [id.into(), country.into(), city.into(), city_key.into(), currency.into(), Json::of(rule)?.into(), now.into(), version.into()];
    Ok(tx.execute(UPDATE, &params)? == 1)
}

pub(in super::super) fn delete(tx: &mut Tx<'_>, id: Uuid) -> DbResult<bool> {
    Ok(tx.execute(DELETE, &[id.into()])? == 1)
}

fn read(row: &Row<'_>) -> DbResult<PlaceTax> {
    let place = Place { country: row.get(1)?, city: row.get(2)?, city_key: row.get(3)?, currency: row.get(4)? };
    Ok(PlaceTax { id: row.get(0)?, place, rule: row.json(5)?, version: row.get(6)?, created_at: row.get(7)?, updated_at: row.get(8)? })
}
