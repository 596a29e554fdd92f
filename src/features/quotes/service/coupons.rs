//! Coupons are made, found, used, given back and ended.

use crate::features::listings::{self, Standing, State};
use crate::features::pricing::Funder;
use crate::features::quotes::rules::asked::Asked;
use crate::features::quotes::rules::coupon::{Coupon, CouponRefusal, Use, holds};
use crate::features::quotes::rules::wish::CouponTerms;
use crate::features::quotes::store::coupons as rows;
use crate::features::quotes::store::quotes::Place;
use crate::platform::access::{Action, Principal, Relation, Role};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::values::{BookingId, Currency, Instant, ListingId, Origin, Stay, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

/// Live coupons that one host may have.
const MOST: i64 = 200;

/// Who makes or ends a coupon, and from where.
#[derive(Debug, Clone)]
pub(crate) struct By {
    pub caller: Principal,
    pub origin: Origin,
    /// Staff say why.
    pub reason: Option<String>,
}

/// Where a coupon of the platform holds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reach {
    pub listing: Option<ListingId>,
    pub currency: Option<Currency>,
}

/// The coupon that a code means for a stay. Of several the one made for the home itself comes first, the platform's last; where none holds, the
/// first says why.
#[expect(clippy::too_many_arguments, reason = "a coupon hangs on everything about a stay")]
pub(super) fn found(
    conn: &mut Conn<'_>,
    now: Instant,
    key: &str,
    guest: Option<UserId>,
    asked: &Asked,
    stay: Stay,
    place: &Place,
    currency: Currency,
) -> Result<Coupon> {
    let mut why = CouponRefusal::Unknown;
    for coupon in rows::by_code(conn, key, place.host, asked.listing)? {
        // Strangers have used nothing; whoever books is known, and asked again then.
        let by_guest = guest.map_or(Ok(0), |guest| rows::uses_by(conn, coupon.id, guest))?;
        let on = Use { now, listing: asked.listing, host: place.host, currency, nights: stay.nights(), by_guest };
        match holds(&coupon, &on) {
            Ok(()) => return Ok(coupon),
            Err(refusal) if why == CouponRefusal::Unknown => why = refusal,
            Err(_) => {}
        }
    }
    Err(why.into())
}

/// Counts a use for a booking, in the transaction of the booking. That it held was said when it was quoted; here only its numbers are
/// asked once more, since others may have been quicker. Once for each booking, however often it is called.
pub fn redeem(tx: &mut Tx<'_>, now: Instant, coupon: Uuid, guest: UserId, booking: BookingId) -> Result<()> {
    if rows::used_for(tx, booking)? == Some(coupon) {
        return Ok(());
    }
    if !rows::count_up(tx, coupon)? {
        return Err(CouponRefusal::Unknown.into());
    }
    let found = rows::one(tx, coupon)?.ok_or(CouponRefusal::Unknown)?;
    if found.max_uses.is_some_and(|most| found.uses > most) {
        return Err(CouponRefusal::UsedUp.into());
    }
    let by_guest = rows::uses_by(tx, coupon, guest)?;
    if found.per_guest.is_some_and(|most| by_guest >= most) {
        return Err(CouponRefusal::UsedByYou.into());
    }
    if rows::write_use(tx, now, coupon, guest, booking)? {
        return Ok(());
    }
    Err(Error::refused(Kind::Conflict, "conflict", "The booking has another coupon already."))
}

/// Takes a use back: the booking did not come about.
pub fn give_back(tx: &mut Tx<'_>, booking: BookingId) -> DbResult<()> {
    if let Some(coupon) = rows::used_for(tx, booking)? {
        rows::drop_use(tx, booking)?;
        rows::count_down(tx, coupon)?;
    }
    Ok(())
}

/// Coupons that hold at a listing, for those who may edit its prices: up to `limit` older than `before`, newest first.
pub(crate) fn list(conn: &mut Conn<'_>, caller: &Principal, listing: ListingId, before: Uuid, limit: i64) -> Result<Vec<Coupon>> {
    let standing = editable(conn, caller, listing)?;
    Ok(rows::of_listing(conn, standing.host, listing, before, limit)?)
}

/// A host's coupon for a home, or for all of their homes, which is for the host and operators to make. Its amounts are in the currency
/// of the home.
pub(crate) fn make(tx: &mut Tx<'_>, now: Instant, by: &By, listing: ListingId, everywhere: bool, terms: CouponTerms) -> Result<Coupon> {
    let standing = editable(tx, &by.caller, listing)?;
    if standing.state == State::Archived {
        return Err(Error::refused(Kind::Conflict, "conflict", "The listing is archived, and stays as it is."));
    }
    if everywhere && standing.relation != Relation::Host && !by.caller.roles.has(Role::Operator) {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "Coupons for all homes of a host are the host's to make."));
    }
    if rows::count_live(tx, standing.host)? >= MOST {
        return Err(Error::refused(Kind::Conflict, "too_many_coupons", "There are two hundred coupons already; end one that is not needed."));
    }
    let currency = terms.has_amounts().then_some(standing.currency);
    let coupon = Coupon { host: Some(standing.host), listing: (!everywhere).then_some(listing), ..coupon_of(now, Funder::Host, currency, terms) };
    keep(tx, now, by, coupon)
}

/// A coupon that the platform pays for.
pub(crate) fn make_for_platform(tx: &mut Tx<'_>, now: Instant, by: &By, reach: Reach, terms: CouponTerms) -> Result<Coupon> {
    if let Some(listing) = reach.listing {
        listings::allowed(tx, Some(&by.caller), listing, Action::SeeEarnings)?;
    }
    let coupon = Coupon { listing: reach.listing, ..coupon_of(now, Funder::Platform, reach.currency, terms) };
    keep(tx, now, by, coupon)
}

/// The platform's coupons, as [`list`].
pub(crate) fn list_of_platform(conn: &mut Conn<'_>, before: Uuid, limit: i64) -> Result<Vec<Coupon>> {
    Ok(rows::of_platform(conn, before, limit)?)
}

/// A host's coupon, for whoever may edit the prices where it holds; one for all homes is the host's and operators'.
pub(crate) fn of_host(conn: &mut Conn<'_>, caller: &Principal, id: Uuid) -> Result<Coupon> {
    let coupon = rows::one(conn, id)?.filter(|coupon| coupon.funded_by == Funder::Host).ok_or_else(no_such_coupon)?;
    if coupon.host == Some(caller.user) || caller.roles.has(Role::Operator) {
        return Ok(coupon);
    }
    match coupon.listing.map(|listing| editable(conn, caller, listing)) {
        Some(Ok(_)) => Ok(coupon),
        None | Some(Err(Error::Refused(_))) => Err(no_such_coupon()),
        Some(Err(broken)) => Err(broken),
    }
}

/// A coupon of the platform.
pub(crate) fn of_platform(conn: &mut Conn<'_>, id: Uuid) -> Result<Coupon> {
    rows::one(conn, id)?.filter(|coupon| coupon.funded_by == Funder::Platform).ok_or_else(no_such_coupon)
}

/// Ends a coupon; quotes that have it keep it. Nothing happens to one that has ended.
pub(crate) fn end(tx: &mut Tx<'_>, now: Instant, by: &By, coupon: &Coupon) -> Result<()> {
    if rows::end(tx, now, coupon.id)? {
        note(tx, now, "coupon.ended", by, coupon, json!({"ended": [false, true]}))?;
    }
    Ok(())
}

fn no_such_coupon() -> Error {
    Error::not_found("There is no such coupon, or it is not yours.")
}

/// The listing, for who may edit all of it.
fn editable(conn: &mut Conn<'_>, caller: &Principal, listing: ListingId) -> Result<Standing> {
    let standing = listings::allowed(conn, Some(caller), listing, Action::EditListing)?;
    if standing.limited.is_some() {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "You are known, but this is not yours to do."));
    }
    Ok(standing)
}

fn coupon_of(now: Instant, funded_by: Funder, currency: Option<Currency>, terms: CouponTerms) -> Coupon {
    Coupon {
        id: Uuid::now_v7(),
        code: terms.code,
        key: terms.key,
        funded_by,
        host: None,
        listing: None,
        off: terms.off,
        currency,
        valid_from: terms.valid_from,
        valid_to: terms.valid_to,
        min_nights: terms.min_nights,
        max_uses: terms.max_uses,
        per_guest: terms.per_guest,
        uses: 0,
        ended_at: None,
        version: 1,
        created_at: now,
    }
}

fn keep(tx: &mut Tx<'_>, now: Instant, by: &By, coupon: Coupon) -> Result<Coupon> {
    if !rows::insert(tx, &coupon)? {
        return Err(Error::refused(Kind::Conflict, "coupon_exists", "There is a coupon with this code already."));
    }
    note(tx, now, "coupon.made", by, &coupon, json!({"code": [null, coupon.code]}))?;
    Ok(coupon)
}

fn note(tx: &mut Tx<'_>, now: Instant, action: &'static str, by: &By, coupon: &Coupon, diff: Value) -> Result<()> {
    let entry = Entry {
        action,
        actor: Actor::User(by.caller.user),
        on_behalf_of: coupon.host.filter(|host| *host != by.caller.user),
        object: Some(("coupon", coupon.id)),
        reason: by.reason.as_deref(),
        diff,
        origin: &by.origin,
    };
    Ok(audit::append(tx, now, &entry)?)
}
