//! SQL of prices: what a listing says of them; the taxes of places are in `taxes.rs`.

pub(super) mod taxes;

use super::rules::{Largest, Plan};
use crate::platform::db::{Conn, DbResult, Json, Tx};
use crate::values::{Currency, Instant, ListingId, Money};

const PRICED: &str = "SELECT currency, price_minor, pricing, country, city, capacity, max_pets, edited_fields FROM listings WHERE id = $1";
const SET: &str = "UPDATE listings SET price_minor = $2, pricing = $3, edited_fields = $4, version = version + 1, updated_at = $5 WHERE id = $1";

/// The statements that must find their rows by an index, with the kinds of their parameters: u an id, t a text, n a number.
pub const STATEMENTS: [(&str, &str); 6] =
    [(PRICED, "u"), (taxes::AT, "ttt"), (taxes::ONE, "u"), (taxes::COUNT, "ttu"), (taxes::PAGE, "un"), (taxes::PAGE_OF_COUNTRY, "unt")];

/// What a listing's own row says about prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PricedRow {
    pub base: Money,
    pub plan: Plan,
    pub country: String,
    pub city: String,
    pub largest: Largest,
    /// Fields that an import leaves alone because the host has changed them.
    pub edited: Vec<String>,
}

/// What a listing says about prices, published or not; `None` where there is no such listing.
pub(super) fn priced(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Option<PricedRow>> {
    conn.first(PRICED, &[listing.into()], |row| {
        Ok(PricedRow {
            base: Money::new(row.get(1)?, row.known(0, Currency::parse)?),
            plan: row.json(2)?,
            country: row.get(3)?,
            city: row.get(4)?,
            largest: Largest { guests: row.small(5)?, pets: row.small(6)? },
            edited: row.json(7)?,
        })
    })
}

/// Writes base price and plan; the listing's version rises.
pub(super) fn set(tx: &mut Tx<'_>, now: Instant, listing: ListingId, base: i64, plan: &Plan, edited: &[String]) -> DbResult<()> {
    tx.execute(SET, &[listing.into(), base.into(), Json::of(plan)?.into(), Json::of(&edited)?.into(), now.into()])?;
    Ok(())
}
