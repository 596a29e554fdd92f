//! Use cases: the public calendar, and `why`. Both read one calendar at one moment.

use super::rules::{DayOutlook, DayTold, days_shown, outlook, told};
use crate::features::calendar::{Calendar, Days, Party, Rule, Terms, Verdict, calendar_in_any_state, calendar_of, causes_told, explain, nearest};
use crate::features::feeds;
use crate::features::pricing::{self, Guests, Offer, StayPrice};
use crate::platform::config::Fees;
use crate::platform::db::Conn;
use crate::platform::error::{Error, Result};
use crate::values::{Currency, Instant, ListingId, LocalMoment, Money, Night, NightRange, Stay};

/// Days to each side of the dates asked for in which other dates are looked for.
const REACH_DAYS: i32 = 60;
/// Most other dates that are offered.
const MOST_NEAREST: usize = 3;

/// The public calendar of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarPage {
    pub range: NightRange,
    /// Each day with the price of the night that begins on it; none where a draft has no price yet.
    pub days: Vec<(DayOutlook, Option<Money>)>,
    /// The same days to the people of the listing; empty for everybody else.
    pub told: Vec<DayTold>,
}

/// Why a stay can or cannot be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    pub stay: Stay,
    /// Every rule with its answer, in the order of A7.
    pub rules: Vec<(Rule, Verdict)>,
    /// Other dates of the same length that can be booked, the nearest first.
    pub nearest: Vec<Stay>,
    /// What the stay costs, where it can be booked.
    pub price: Option<StayPrice>,
    pub currency: Currency,
}

impl Why {
    #[must_use]
    pub fn is_bookable(&self) -> bool {
        self.rules.iter().all(|(_, verdict)| verdict.passes)
    }
}

/// The days from `from` (today there) up to, not including, `to` (31 days later) of a published listing.
/// Refuses with `not_found`, and with `invalid_dates` where the range is empty or longer than 730 days.
pub fn calendar_page(conn: &mut Conn<'_>, listing: ListingId, from: Option<Night>, to: Option<Night>, fees: &Fees, now: Instant) -> Result<CalendarPage> {
    let (calendar, offer) = published(conn, listing, from, fees, now)?;
    let range = days_shown(from, to, calendar.local.today)?;
    Ok(page_of(&calendar, &offer, range))
}

/// [`calendar_page`] of a listing in any state, with the causes: for those who may see them.
pub fn told_calendar_page(conn: &mut Conn<'_>, listing: ListingId, from: Option<Night>, to: Option<Night>, fees: &Fees, now: Instant) -> Result<CalendarPage> {
    let calendar = calendar_in_any_state(conn, listing, from, now)?;
    let (calendar, offer) = priced(conn, listing, fees, calendar)?;
    let range = days_shown(from, to, calendar.local.today)?;
    let mut causes = causes_told(conn, listing, range, now)?;
    let names = feeds::names(conn, listing)?;
    for (_, calendar) in &mut causes.external {
        if let Some(name) = names.get(calendar) {
            calendar.clone_from(name);
        }
    }
    let told = told(&calendar.listed.terms, &calendar.days, &causes, range, calendar.local);
    Ok(CalendarPage { told, ..page_of(&calendar, &offer, range) })
}

fn page_of(calendar: &Calendar, offer: &Offer, range: NightRange) -> CalendarPage {
    let Calendar { listed, days, local } = calendar;
    let terms = offer.terms(days);
    let priced = |day: DayOutlook| (day, pricing::told_night_price(&terms, day.date).map(|price| Money::new(price, offer.base.currency)));
    CalendarPage { range, days: outlook(&listed.terms, days, range, *local).into_iter().map(priced).collect(), told: Vec::new() }
}

/// What each rule says of `stay` for `guests` at `now`, with other dates where it cannot be booked and the price where
/// it can: everything that must be paid, wherever it is paid (P18). Refuses with `not_found` unless the listing is published.
pub fn why(conn: &mut Conn<'_>, listing: ListingId, stay: Stay, guests: Guests, fees: &Fees, now: Instant) -> Result<Why> {
    let (Calendar { listed, days, local }, offer) = published(conn, listing, None, fees, now)?;
    let party = guests.party;
    let lead_days = local.today.days_until(stay.check_in());
    let total = || pricing::total_price(&offer.terms(&days), stay, guests, lead_days);
    let rules = explain(&listed.terms, &days, stay, party, local);
    let bookable = rules.iter().all(|(_, verdict)| verdict.passes);
    Ok(Why {
        stay,
        rules,
        nearest: other_dates(&listed.terms, &days, stay, party, local),
        price: bookable.then(|| StayPrice::of(total(), stay)),
        currency: offer.base.currency,
    })
}

/// Up to three other stays of the same length that can be booked, the nearest first.
#[must_use]
pub fn other_dates(terms: &Terms, days: &Days, stay: Stay, party: Party, local: LocalMoment) -> Vec<Stay> {
    nearest(terms, days, stay, party, local, REACH_DAYS, MOST_NEAREST)
}

fn published(conn: &mut Conn<'_>, listing: ListingId, from: Option<Night>, fees: &Fees, now: Instant) -> Result<(Calendar, Offer)> {
    let calendar = calendar_of(conn, listing, from, now)?;
    priced(conn, listing, fees, calendar)
}

/// A calendar with what decides its prices.
fn priced(conn: &mut Conn<'_>, listing: ListingId, fees: &Fees, calendar: Option<Calendar>) -> Result<(Calendar, Offer)> {
    let not_found = || Error::not_found("There is no such listing, or it is not published.");
    let calendar = calendar.ok_or_else(not_found)?;
    let offer = pricing::offer_of(conn, listing, fees)?.ok_or_else(not_found)?;
    Ok((calendar, offer))
}
