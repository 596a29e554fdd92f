//! What a booked stay costs when it is changed (S6): nights that stay keep the price they were sold for, others have today's.

use super::quote::{Gathered, READINGS, bookable, busy, choices, worked_out};
use crate::features::calendar::calendar_without;
use crate::features::cancellation::{Arrival, timeline};
use crate::features::pricing;
use crate::features::quotes::rules::asked::{Asked, Wish, judged};
use crate::features::quotes::rules::promise::{Part, Promise, Quote};
use crate::features::quotes::store::{coupons, quotes as rows};
use crate::platform::config::Config;
use crate::platform::db::Conn;
use crate::platform::error::{Error, Result};
use crate::values::{BookingId, Instant, Night, Stay, UserId};
use uuid::Uuid;

/// A booked stay that shall become another one.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    pub booking: BookingId,
    pub guest: Option<UserId>,
    /// As it was booked.
    pub was: &'a Asked,
    pub promise: &'a Promise,
    pub coupon: Option<Uuid>,
    /// As it would be.
    pub becomes: &'a Asked,
}

/// The stay of a booking with other dates or another party, as a guest would write it. Refuses as a wish for a quote is refused.
pub fn changed(was: &Asked, wish: Wish) -> Result<Asked> {
    judged(Wish { coupon: None, ..wish }).map(|asked| Asked { coupon: was.coupon.clone(), ..asked }).map_err(Error::Refused)
}

/// Judges and prices the changed stay, as if the booked one were not there. Nothing is stored. The policy stays that of the confirmation
/// (C2). Refuses as `make` does.
pub fn alter(conn: &mut Conn<'_>, now: Instant, config: &Config, change: &Change<'_>) -> Result<Quote> {
    let asked = change.becomes;
    let stay = asked.stay().map_err(Error::Refused)?;
    let gathered = gather(conn, now, config, change)?;
    choices(&gathered.offer.plan, asked)?;
    bookable(&gathered.calendar, asked, stay)?;
    // What the guest was promised when they booked holds for the change, whatever has become of the coupon.
    let coupon = match change.coupon {
        Some(id) => coupons::one(conn, id)?,
        None => None,
    };
    let mut quote = worked_out(now, change.guest, config, asked, stay, &gathered, coupon.as_ref())?;
    if change.promise.agreed {
        let price = pricing::agreed(&quote.promise.price, agreed_total(change, stay));
        let schedule = vec![Part { due_at: None, amount: price.total_due }];
        quote.promise = Promise { agreed: true, schedule, price, ..quote.promise };
    }
    let arrival = Arrival { stay, zone: &gathered.place.zone, minute: gathered.place.check_in_minute };
    // What was agreed on is left, and how it is left follows from the nights.
    quote.promise.deposit = change.promise.deposit.map(|deposit| deposit.of_stay(stay.nights()));
    quote.promise.cancellation = timeline(&quote.promise.policy, &arrival, &quote.promise.price.allocation, now);
    Ok(quote)
}

/// What was agreed on is a price for a night: nights that stay keep theirs, others cost what one was on average, to the next lower unit.
fn agreed_total(change: &Change<'_>, stay: Stay) -> i64 {
    let was = &change.promise.price;
    let nights = i64::try_from(was.allocation.len().max(1)).unwrap_or(1);
    let of = |night: Night| {
        let place = usize::try_from(change.was.check_in.days_until(night)).ok();
        place.and_then(|place| was.allocation.get(place)).copied().unwrap_or(was.total_due / nights)
    };
    (0..i32::from(stay.nights())).map(|n| of(stay.check_in().plus(n))).sum()
}

fn gather(conn: &mut Conn<'_>, now: Instant, config: &Config, change: &Change<'_>) -> Result<Gathered> {
    let listing = change.was.listing;
    let not_found = || Error::not_found("There is no such listing.");
    let kept: Vec<(Night, i64)> = (0_i32..).zip(&change.promise.price.nights).map(|(n, price)| (change.was.check_in.plus(n), *price)).collect();
    let mut place = rows::place(conn, listing)?.ok_or_else(not_found)?;
    for _ in 0..READINGS {
        let mut calendar = calendar_without(conn, listing, change.booking, &kept, now)?.ok_or_else(not_found)?;
        // A home that takes no new guests keeps its word to those it has.
        calendar.listed.terms.bookable = true;
        let offer = pricing::offer_of(conn, listing, &config.fees)?.ok_or_else(not_found)?;
        let after = rows::place(conn, listing)?.ok_or_else(not_found)?;
        if after == place {
            return Ok(Gathered { place, calendar, offer, policy: change.promise.policy.clone() });
        }
        place = after;
    }
    Err(busy())
}
