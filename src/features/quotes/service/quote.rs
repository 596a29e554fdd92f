//! A quote is made, read, and made anew.

use super::coupons;
use crate::features::availability;
use crate::features::calendar::{Calendar, Rule, Unavailable, calendar_in_any_state, calendar_of, explain};
use crate::features::cancellation::{self, Arrival, Policy, Rules, timeline};
use crate::features::listings;
use crate::features::pricing::{self, Ask, Offer, Plan, Priced};
use crate::features::quotes::rules::asked::Asked;
use crate::features::quotes::rules::coupon::Coupon;
use crate::features::quotes::rules::promise::{Part, Promise, Quote, QuoteId, hash};
use crate::features::quotes::store::quotes::{self as rows, Place};
use crate::platform::access::{Action, Principal, Scope, Via};
use crate::platform::config::Config;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, FieldError, Kind, Refused, Result};
use crate::values::{Instant, ListingId, Stay, UserId};
use anyhow::Context as _;
use uuid::Uuid;

/// How often a listing is read again when it changes meanwhile, before whoever asks is told to come back.
pub(super) const READINGS: u32 = 5;

/// Everything that decides a quote, as it was at one moment.
pub(super) struct Gathered {
    pub place: Place,
    pub calendar: Calendar,
    pub offer: Offer,
    /// That of this stay.
    pub policy: Rules,
}

/// Decides and prices a stay; nothing is kept yet. Refuses with 404 where the listing is not published, with 422 for options, rates and
/// coupons that are not there, with 409 `dates_unavailable` where a rule of the calendar says no, and with 422 `price_too_large`.
pub(crate) fn work_out(conn: &mut Conn<'_>, now: Instant, by: Option<UserId>, config: &Config, asked: &Asked) -> Result<Quote> {
    let stay = asked.stay().map_err(Error::Refused)?;
    let gathered = gather(conn, asked, config, now)?;
    choices(&gathered.offer.plan, asked)?;
    let coupon = match &asked.coupon {
        Some(key) => Some(coupons::found(conn, now, key, by, asked, stay, &gathered.place, gathered.offer.base.currency)?),
        None => None,
    };
    bookable(&gathered.calendar, asked, stay)?;
    worked_out(now, by, config, asked, stay, &gathered, coupon.as_ref())
}

/// Keeps a promise that was worked out a moment ago. Where the listing or its calendar has changed since, it is worked out anew, and
/// refuses as [`work_out`] does.
pub(crate) fn keep(tx: &mut Tx<'_>, now: Instant, config: &Config, quote: &Quote) -> Result<Quote> {
    let place = rows::place(tx, quote.listing)?;
    if !place.is_some_and(|place| place.version == quote.listing_version && place.calendar_version == quote.calendar_version) {
        return make(tx, now, quote.by, config, &quote.asked);
    }
    rows::insert(tx, quote)?;
    Ok(quote.clone())
}

/// [`work_out`], and keeps the promise, for whoever has a transaction already.
pub fn make(tx: &mut Tx<'_>, now: Instant, by: Option<UserId>, config: &Config, asked: &Asked) -> Result<Quote> {
    let quote = work_out(tx, now, by, config, asked)?;
    rows::insert(tx, &quote)?;
    Ok(quote)
}

/// A quote for whoever books with it. Refuses with 404 where there is none or it is somebody else's, and with 409 `quote_expired`.
pub fn load(conn: &mut Conn<'_>, now: Instant, by: Option<UserId>, id: QuoteId) -> Result<Quote> {
    let quote = find(conn, by, id)?;
    if quote.is_live(now) {
        return Ok(quote);
    }
    Err(Error::refused(Kind::Conflict, "quote_expired", "The price was promised for a few minutes, which are over. Ask for another quote."))
}

/// The same wish at the prices of now, for `fresh_quote` beside a refusal. Refuses as [`make`] does.
pub fn requote(tx: &mut Tx<'_>, now: Instant, by: Option<UserId>, config: &Config, id: QuoteId) -> Result<Quote> {
    let old = find(tx, by, id)?;
    make(tx, now, by, config, &old.asked)
}

/// A quote for its reader: 410 `gone` when it has run out. And whether the reader may see what the host is paid.
pub(crate) fn read(conn: &mut Conn<'_>, now: Instant, caller: Option<&Principal>, id: QuoteId) -> Result<(Quote, bool)> {
    let quote = find(conn, caller.map(|caller| caller.user), id)?;
    if !quote.is_live(now) {
        return Err(Error::refused(Kind::Gone, "gone", "The quote has run out. Ask for another one."));
    }
    let sees = sees_payout(conn, caller, quote.listing)?;
    Ok((quote, sees))
}

/// Whether somebody may see what the host is paid: who sees the earnings of the listing.
pub(crate) fn sees_payout(conn: &mut Conn<'_>, caller: Option<&Principal>, listing: ListingId) -> Result<bool> {
    let Some(caller) = caller else { return Ok(false) };
    if matches!(caller.via, Via::Token(_, scopes) if !scopes.has(Scope::BookingsRead)) {
        return Ok(false);
    }
    match listings::allowed(conn, Some(caller), listing, Action::SeeEarnings) {
        Ok(_) => Ok(true),
        Err(Error::Refused(_)) => Ok(false),
        Err(broken) => Err(broken),
    }
}

/// Somebody's own quote, or one that a stranger made.
fn find(conn: &mut Conn<'_>, by: Option<UserId>, id: QuoteId) -> Result<Quote> {
    let found = rows::one(conn, id)?.filter(|quote| quote.by.is_none() || quote.by == by);
    found.ok_or_else(|| Error::not_found("There is no such quote, or it is not yours."))
}

/// A stay that a host enters: priced as it stands on the calendar, whatever the rules of the calendar say to guests. Nothing is kept. Refuses as
/// [`make`] does, but for the calendar.
pub fn entered(conn: &mut Conn<'_>, now: Instant, config: &Config, asked: &Asked) -> Result<Quote> {
    let stay = asked.stay().map_err(Error::Refused)?;
    let gathered = gather_from(conn, asked, config, |conn| calendar_in_any_state(conn, asked.listing, None, now))?;
    choices(&gathered.offer.plan, asked)?;
    worked_out(now, None, config, asked, stay, &gathered, None)
}

fn gather(conn: &mut Conn<'_>, asked: &Asked, config: &Config, now: Instant) -> Result<Gathered> {
    gather_from(conn, asked, config, |conn| calendar_of(conn, asked.listing, None, now))
}

/// Reads a listing. On PostgreSQL every statement sees what is committed by then; a change in between shows in the versions, and all is
/// read again.
fn gather_from(conn: &mut Conn<'_>, asked: &Asked, config: &Config, calendar: impl Fn(&mut Conn<'_>) -> DbResult<Option<Calendar>>) -> Result<Gathered> {
    let (listing, stay) = (asked.listing, asked.stay().map_err(Error::Refused)?);
    let not_found = || Error::not_found("There is no such listing, or it is not published.");
    let mut place = rows::place(conn, listing)?.ok_or_else(not_found)?;
    for _ in 0..READINGS {
        let calendar = calendar(conn)?.ok_or_else(not_found)?;
        let offer = pricing::offer_of(conn, listing, &config.fees)?.ok_or_else(not_found)?;
        let after = rows::place(conn, listing)?.ok_or_else(not_found)?;
        if after == place {
            // The terms of a policy never change, so they fit whenever they are read.
            let name = Policy::of(stay, asked.non_refundable, &place.short_policy, &place.long_policy);
            let policy = cancellation::promised(conn, name, stay.nights())?;
            return Ok(Gathered { place, calendar, offer, policy });
        }
        place = after;
    }
    Err(busy())
}

/// The listing never stood still.
pub(super) fn busy() -> Error {
    let mut refused = Refused::new(Kind::Busy, "overloaded", "The listing is being changed again and again; please try again shortly.");
    refused.retry_after_seconds = Some(1);
    refused.into()
}

/// Options and rate must be there.
pub(super) fn choices(plan: &Plan, asked: &Asked) -> Result<()> {
    let no = |pointer: &str, code: &'static str, message: String| {
        Err(Error::refused(Kind::Unacceptable, code, message.clone()).with_error(FieldError::new(pointer, code, message)))
    };
    let optional = |key: &String| plan.fees.iter().any(|fee| !fee.mandatory && fee.key == *key);
    if let Some(unknown) = asked.options.iter().find(|key| !optional(key)) {
        let shown: String = unknown.chars().filter(|c| !c.is_control()).take(40).collect();
        return no("/body/options", "unknown_option", format!("The listing has no option `{shown}`."));
    }
    if asked.non_refundable && plan.non_refundable.is_none() {
        return no("/body/rate_plan", "rate_not_offered", "The host offers the standard rate only.".to_owned());
    }
    Ok(())
}

/// Asks the calendar's one function, as search and `why` do.
pub(super) fn bookable(calendar: &Calendar, asked: &Asked, stay: Stay) -> Result<()> {
    let Calendar { listed, days, local } = calendar;
    let party = asked.guests().party;
    let failed: Vec<Rule> =
        explain(&listed.terms, days, stay, party, *local).into_iter().filter(|(_, verdict)| !verdict.passes).map(|(rule, _)| rule).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let nearest = availability::other_dates(&listed.terms, days, stay, party, *local);
    Err(Unavailable { reasons: failed, nearest, lapsed: Vec::new() }.into())
}

/// The promise in all its parts.
pub(super) fn worked_out(
    now: Instant,
    by: Option<UserId>,
    config: &Config,
    asked: &Asked,
    stay: Stay,
    on: &Gathered,
    coupon: Option<&Coupon>,
) -> Result<Quote> {
    let Gathered { place, calendar, offer, policy } = on;
    let lead_days = calendar.local.today.days_until(stay.check_in());
    let off = coupon.map(|coupon| pricing::Coupon { code: &coupon.code, off: coupon.off, funded_by: coupon.funded_by });
    let ask = Ask { rate: asked.rate(), options: &asked.options, coupon: off, ..Ask::standard(stay, asked.guests(), lead_days) };
    let price = pricing::price(&offer.terms(&calendar.days), &ask)?;
    let arrival = Arrival { stay, zone: &place.zone, minute: place.check_in_minute };
    let promise = Promise {
        schedule: schedule(&offer.plan, &price, config, &arrival, lead_days),
        cancellation: timeline(policy, &arrival, &price.allocation, now),
        policy: policy.clone(),
        coupon: coupon.map(|coupon| coupon.code.clone()),
        zone: place.zone.name().to_owned(),
        check_in_minute: place.check_in_minute,
        check_out_minute: place.check_out_minute,
        deposit: offer.plan.deposit.map(|deposit| deposit.of_stay(stay.nights())),
        agreed: false,
        price,
    };
    Ok(Quote {
        id: QuoteId(Uuid::new_v4()),
        listing: asked.listing,
        by,
        hash: hash(asked).context("a wish cannot be written as JSON")?,
        asked: asked.clone(),
        currency: offer.base.currency,
        policy: promise.policy.policy.clone(),
        coupon: coupon.map(|coupon| coupon.id),
        listing_version: place.version,
        calendar_version: place.calendar_version,
        check_in_at: arrival.days_before(0),
        check_out_at: place.zone.resolve(stay.check_out(), place.check_out_minute),
        created_at: now,
        expires_at: now.plus_seconds(i64::from(config.quotes.minutes) * 60),
        promise,
    })
}

fn schedule(plan: &Plan, price: &Priced, config: &Config, arrival: &Arrival<'_>, lead_days: i32) -> Vec<Part> {
    let monthly_from = Some(config.fees.monthly_from_nights).filter(|nights| *nights > 0);
    let parts = pricing::instalments(plan, price, arrival.stay, lead_days, monthly_from);
    parts.iter().map(|part| Part::of(part, |date| arrival.zone.resolve(date, arrival.minute))).collect()
}
