//! Stays that the house enters itself: walk-ins, telephone, paid into the host's hand. Rules for guests do not bind the host; taken nights do.

use super::acts::{Deed, must_say_why, opened};
use super::{By, World, book, books, instalments, letters, steps};
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::{Side, State};
use crate::features::bookings::store::bookings as rows;
use crate::features::bookings::store::place::{Place, place};
use crate::features::calendar::{self, Claim, Lifetime, Rule};
use crate::features::quotes::{self, Asked, Part, Promise, Quote};
use crate::features::{accounts, listings, payments, pricing};
use crate::platform::access::{Action, Principal, Relation};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::Tx;
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::reason;
use crate::platform::instance::hex;
use crate::platform::keys::same;
use crate::values::{BookingId, Email, Instant, ListingId};
use serde_json::json;
use uuid::Uuid;

/// A host may agree on so many times what the quote says.
const DEAREST: i64 = 3;
/// Bytes of what proves that somebody has had the letter.
const PROOF_BYTES: usize = 16;
/// What does not bind the host: when and for how long guests may come. Who fits in does.
const WAIVED: &[Rule] = &[
    Rule::ListingNotBookable,
    Rule::AdvanceNotice,
    Rule::BeyondWindow,
    Rule::ClosedToArrival,
    Rule::ClosedToDeparture,
    Rule::MinNights,
    Rule::MaxNights,
    Rule::GapRule,
];

/// A stay that was arranged elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Arranged {
    pub asked: Asked,
    /// What the guest is called.
    pub guest_name: String,
    /// Where the guest gets a letter, with which they take the stay into their account.
    pub email: Option<Email>,
    /// What was agreed on, in minor units; `None`: what a quote says.
    pub total: Option<i64>,
    /// It was paid into the host's hand; else the guest owes it.
    pub paid: bool,
    /// Notes, for both sides.
    pub message: String,
    /// Of staff: why they do it.
    pub reason: String,
}

/// Writes a stay down as confirmed. `may_write` is asked last, and is false when too many letters have gone to the address lately.
///
/// Refuses with 404 and 403 as [`listings::allowed`] does, with 409 `listing_state` where the home is neither published nor paused, with 409
/// `dates_unavailable`, with 422 for options that are not there and a total beyond three times the quote.
pub(crate) fn enter(tx: &mut Tx<'_>, now: Instant, world: &World, caller: &Principal, wish: &Arranged, may_write: &dyn Fn() -> bool) -> Result<Booking> {
    let listing = wish.asked.listing;
    may_enter(tx, caller, listing, wish)?;
    // Asked and priced again under the lock: nothing changes until the nights are taken.
    listings::lock_calendar(tx, listing)?;
    let side = may_enter(tx, caller, listing, wish)?;
    let place = place(tx, listing)?.ok_or_else(super::read::not_found)?;
    let quote = agreed_on(quotes::entered(tx, now, &world.config, &wish.asked)?, wish)?;
    let (id, stay) = (BookingId::new(), quote.asked.stay()?);
    let claim =
        Claim { listing, stay, party: quote.asked.guests().party, booking: id, lifetime: Lifetime::Booking, by: Some(caller.user), waived: WAIVED.to_vec() };
    let claimed = calendar::claim(tx, now, &claim)??;
    steps::lapsed(tx, now, world, &claimed.lapsed)?;
    let mut booking = made(now, id, quote, wish, place, caller);
    book::write(tx, world, &mut booking, side, stay)?;
    books::confirmed(tx, now, &booking)?;
    instalments::plan_entered(tx, now, &booking, wish.paid)?;
    if wish.paid && booking.total() > 0 {
        books::paid_by_hand(tx, now, &booking, "at once", booking.total())?;
    }
    note(tx, now, world, caller, &booking, wish)?;
    if caller.user != booking.host {
        letters::entered_for_host(tx, now, world, &booking)?;
    }
    if let Some(email) = wish.email.as_ref().filter(|_| may_write()) {
        let known = accounts::contact_at(tx, email)?;
        letters::entered_for_guest(tx, now, world, &booking, email, known.as_ref(), &proof(world, booking.id, email))?;
    }
    Ok(booking)
}

/// On which side somebody stands who may enter stays at a home.
fn may_enter(tx: &mut Tx<'_>, caller: &Principal, listing: ListingId, wish: &Arranged) -> Result<Side> {
    let standing = listings::allowed(tx, Some(caller), listing, Action::AnswerBooking)?;
    if !matches!(standing.state, listings::State::Published | listings::State::Paused) {
        let detail = format!("This listing is {}.", standing.state.name());
        return Err(Error::refused(Kind::Conflict, "listing_state", detail).with_data("state", standing.state.name().into()));
    }
    match standing.relation {
        Relation::Host => Ok(Side::Host),
        Relation::CoHostFull => Ok(Side::CoHost),
        _ if wish.reason.is_empty() => Err(reason::missing()),
        _ => Ok(Side::Staff),
    }
}

/// The quote with what was agreed on in its place, and all of it due at once. What is left against damage the house arranges itself, too.
fn agreed_on(mut quote: Quote, wish: &Arranged) -> Result<Quote> {
    let price = match wish.total {
        Some(total) => {
            let most = quote.promise.price.total_due.saturating_mul(DEAREST);
            if !(0..=most).contains(&total) {
                let message = format!("is 0 to {most}, three times what a quote says");
                let refused = Error::refused(Kind::Unacceptable, "out_of_range", format!("total {message}."));
                return Err(refused.with_error(FieldError::new("/body/total", "out_of_range", message)));
            }
            quote.promise.agreed = true;
            pricing::agreed(&quote.promise.price, total)
        }
        None => quote.promise.price.clone(),
    };
    quote.promise = Promise { schedule: vec![Part { due_at: None, amount: price.total_due }], price, deposit: None, ..quote.promise };
    Ok(quote)
}

fn made(now: Instant, id: BookingId, quote: Quote, wish: &Arranged, place: Place, caller: &Principal) -> Booking {
    Booking {
        id,
        code: String::new(),
        listing: quote.listing,
        host: place.host,
        guest: None,
        guest_name: wish.guest_name.clone(),
        made_by: caller.user,
        quote: None,
        state: State::Confirmed,
        asked: quote.asked,
        promise: quote.promise,
        currency: quote.currency,
        coupon: None,
        provider: String::new(),
        message: wish.message.clone(),
        house_rules: place.house_rules,
        check_in_at: quote.check_in_at,
        check_out_at: quote.check_out_at,
        due_at: Some(quote.check_in_at),
        accepted_at: None,
        confirmed_at: Some(now),
        ended_at: None,
        no_show_at: None,
        outcome: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

fn note(tx: &mut Tx<'_>, now: Instant, world: &World, caller: &Principal, booking: &Booking, wish: &Arranged) -> Result<()> {
    let entry = Entry {
        action: "booking.entered",
        actor: Actor::User(caller.user),
        on_behalf_of: None,
        object: Some(("booking", booking.id.0)),
        reason: Some(wish.reason.as_str()).filter(|reason| !reason.is_empty()),
        diff: json!({"total": [null, booking.total()], "agreed": [null, wish.total.is_some()], "paid": [null, wish.paid]}),
        origin: &world.origin,
    };
    Ok(audit::append(tx, now, &entry)?)
}

/// What only the letter says, and only the account of its address can use.
fn proof(world: &World, booking: BookingId, email: &Email) -> String {
    hex(&world.keys.derive(&format!("bookings.join {booking} {}", email.key()))[..PROOF_BYTES])
}

/// Whoever the stay is for takes it into their account, with what the letter says. Refuses with 404 whatever does not fit.
pub(crate) fn join(tx: &mut Tx<'_>, now: Instant, world: &World, caller: &Principal, id: BookingId, token: &str) -> Result<Booking> {
    let contact = accounts::contact_held(tx, caller.user)?.ok_or_else(super::read::not_found)?;
    let known = rows::one(tx, id)?.filter(|_| same(proof(world, id, &contact.email).as_bytes(), token.trim().as_bytes()));
    let known = known.ok_or_else(super::read::not_found)?;
    if !matches!(listings::relation_of(tx, caller.user, known.listing)?, Relation::Stranger | Relation::Themselves) {
        return Err(Error::refused(Kind::Forbidden, "own_listing", "This is your own home."));
    }
    let mut booking = steps::open(tx, now, world, id)?;
    match booking.guest {
        Some(guest) if guest == caller.user => {}
        Some(_) => return Err(super::read::not_found()),
        None => {
            rows::set_guest(tx, now, &mut booking, caller.user)?;
        }
    }
    Ok(booking)
}

/// The host took `amount` of what is still owed for a stay that the house entered.
///
/// Refuses with 403 for guests, with 409 `nothing_due` where nothing is owed or the stay pays online, with 409
/// `payment_under_way` while the guest pays by themselves, with 422 where it is more than is owed.
pub(crate) fn paid(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>, amount: i64) -> Result<Booking> {
    let (mut booking, side) = opened(tx, now, world, deed, Action::AnswerBooking)?;
    if side == Side::Guest {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "The host says what was paid."));
    }
    must_say_why(deed, side)?;
    let owed = books::unpaid(tx, &booking)?;
    if !booking.is_entered() || owed <= 0 || !booking.state.is_firm() {
        return Err(Error::refused(Kind::Conflict, "nothing_due", "Nothing of this booking is to be paid by hand."));
    }
    if payments::paid(tx, booking.id)?.open.iter().any(|payment| payment.purpose.is_for_stay()) {
        return Err(Error::refused(Kind::Conflict, "payment_under_way", "The guest is paying this booking at this moment."));
    }
    if !(1..=owed).contains(&amount) {
        let message = format!("is 1 to {owed}");
        let refused = Error::refused(Kind::Unacceptable, "out_of_range", format!("amount {message}."));
        return Err(refused.with_error(FieldError::new("/body/amount", "out_of_range", message)));
    }
    books::paid_by_hand(tx, now, &booking, &Uuid::now_v7().to_string(), amount)?;
    if amount == owed {
        instalments::settled(tx, &booking)?;
    } else {
        instalments::lowered(tx, &booking, amount)?;
    }
    // The version rises: whoever has read it before has not seen this.
    rows::update(tx, now, &mut booking)?;
    let by = By::of(deed.caller, side, deed.reason);
    let entry = Entry {
        action: "booking.paid_by_hand",
        actor: by.user.map_or(Actor::System, Actor::User),
        on_behalf_of: None,
        object: Some(("booking", booking.id.0)),
        reason: Some(by.reason.as_str()).filter(|reason| !reason.is_empty()),
        diff: json!({"paid": [null, amount]}),
        origin: &world.origin,
    };
    audit::append(tx, now, &entry)?;
    Ok(booking)
}
