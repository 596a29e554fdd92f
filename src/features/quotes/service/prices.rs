//! What stays of one length cost, by their check-in date: a heat map for a month.

use crate::features::calendar::{Calendar, calendar_of, explain};
use crate::features::pricing::{self, Guests};
use crate::platform::config::Fees;
use crate::platform::db::Conn;
use crate::platform::error::{Error, Result};
use crate::values::{Currency, Instant, ListingId, Night, NightRange, Stay};

/// Prices by check-in date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prices {
    pub currency: Currency,
    /// The stays with what must be paid for them in minor units, or the main reason why they cannot be booked.
    pub days: Vec<(Stay, Result<i64, &'static str>)>,
}

/// Prices of `nights` nights for each check-in of `month`, all read at once; the same numbers as quotes give. Refuses with `not_found` unless the
/// listing is published.
pub(crate) fn prices(conn: &mut Conn<'_>, listing: ListingId, month: NightRange, nights: u16, guests: Guests, fees: &Fees, now: Instant) -> Result<Prices> {
    let not_found = || Error::not_found("There is no such listing, or it is not published.");
    let Calendar { listed, days, local } = calendar_of(conn, listing, None, now)?.ok_or_else(not_found)?;
    let offer = pricing::offer_of(conn, listing, fees)?.ok_or_else(not_found)?;
    let terms = offer.terms(&days);
    let judge = |stay: Stay| {
        let failed = explain(&listed.terms, &days, stay, guests.party, local).into_iter().find(|(_, verdict)| !verdict.passes);
        let total = || pricing::total_price(&terms, stay, guests, local.today.days_until(stay.check_in()));
        (stay, failed.map_or_else(|| Ok(total()), |(rule, _)| Err(rule.code())))
    };
    let stays = month.iter().filter_map(|check_in: Night| Stay::new(check_in, check_in.plus(nights.into())).ok());
    Ok(Prices { currency: offer.base.currency, days: stays.map(judge).collect() })
}
