//! What the house does itself: entering stays, taking money by hand, giving some back afterwards, and telling guests how to get in.

use super::acts::{shown, words};
use super::views::BookingView;
use crate::features::bookings::service::acts::Deed;
use crate::features::bookings::service::enter::{self, Arranged};
use crate::features::bookings::service::{World, grant, guide};
use crate::features::payments::Payments;
use crate::features::quotes::Wish;
use crate::features::quotes::rules::asked::judged;
use crate::platform::access::Principal;
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::{Cached, Caller, Created, Done, IfMatch, Letters, PREFIX, Prepared, Visitor, etag, reason};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use crate::values::{BookingId, Email, Instant, ListingId};
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::Value;
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// How a stay that was arranged elsewhere is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum PaidAsk {
    /// Into the host's hand, already.
    OfflineToHost,
    /// Not yet.
    Unpaid,
}

/// A stay that was arranged at the door, on the telephone, or elsewhere.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct EntryAsk {
    /// `YYYY-MM-DD`.
    check_in: String,
    /// `YYYY-MM-DD`; the first day that is not stayed.
    check_out: String,
    /// 1 to 100; absent: 1.
    adults: Option<i64>,
    /// 0 to 100; absent: as many as `children_ages` has.
    children: Option<i64>,
    children_ages: Option<Vec<i64>>,
    infants: Option<i64>,
    pets: Option<i64>,
    /// Keys of optional fees, each once.
    options: Option<Vec<String>>,
    /// What the guest is called, 1 to 100 characters.
    guest_name: String,
    /// The guest gets a letter there, with which they take the stay into their account. The answer is the same whether there is one.
    #[oai(validator(max_length = 320))]
    guest_email: Option<String>,
    /// What was agreed on, in minor units, everything included: 0 to three times what a quote says. Absent: what a quote says.
    total: Option<i64>,
    paid: PaidAsk,
    /// Notes that both sides read, up to 2,000 characters.
    message: Option<String>,
    /// Of staff: why they do it, 1 to 500 characters.
    reason: Option<String>,
}

/// What the letter says.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct JoinAsk {
    #[oai(validator(max_length = 100))]
    token: String,
}

/// Money that was paid into the host's hand.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ByHandAsk {
    /// Minor units of the booking's currency, 1 to what is owed.
    amount: i64,
    /// Up to 500 characters; staff have to say why.
    reason: Option<String>,
}

/// What the platform gives a guest.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct GoodwillAsk {
    /// Minor units of the booking's currency.
    amount: i64,
    /// Why, 1 to 500 characters; kept in the audit trail.
    reason: String,
    /// `money` (unless given), or `credit` for later stays.
    give: Option<GoodwillAs>,
}

/// How the platform gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum GoodwillAs {
    /// Back to where the guest paid from.
    #[default]
    Money,
    Credit,
}

/// Money that goes back to the guest.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct GrantAsk {
    /// Minor units of the booking's currency.
    amount: i64,
    /// Why, 1 to 500 characters; kept in the audit trail.
    reason: String,
}

/// How to get in.
#[derive(Object)]
struct StayGuideView {
    booking_id: Uuid,
    listing_id: Uuid,
    /// RFC 3339, UTC.
    check_in_at: String,
    check_out_at: String,
    /// IANA name of the listing's time zone.
    zone: String,
    address: String,
    check_in_instructions: String,
    wifi_name: String,
    wifi_password: String,
    access_code: String,
    house_rules: String,
}

/// The house's own part of bookings.
pub(super) struct BookingHouseApi {
    tools: Tools,
    payments: Payments,
    letters: Arc<Letters>,
}

impl BookingHouseApi {
    #[must_use]
    pub(super) fn new(tools: Tools, payments: Payments) -> Self {
        let letters = Arc::new(Letters::new(&tools.config.limits));
        Self { tools, payments, letters }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Bookings")]
impl BookingHouseApi {
    /// Write down a stay that was arranged elsewhere. It is confirmed at once.
    ///
    /// For the host, co-hosts with all rights, and operators. Notice, window, lengths and gaps do not bind you; taken nights do.
    #[oai(path = "/listings/:id/bookings", method = "post", operation_id = "enterBooking")]
    async fn enter(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, ask: Json<EntryAsk>) -> Result<Created<BookingView>> {
        let wish = ask.0.judged(ListingId(id.0))?;
        let (world, payments, letters) = (World::of(&self.tools, visitor.origin()), self.payments.clone(), Arc::clone(&self.letters));
        let (mailbox, counted) = (wish.email.as_ref().map(|email| format!("stay {}", email.mailbox())), OnceLock::new());
        let entered = self.tools.db.write_once(&once, move |tx, now| {
            // Asked late, and once, however often this runs.
            let may_write = || *counted.get_or_init(|| mailbox.as_ref().is_some_and(|mailbox| letters.may_go_to(mailbox)));
            let booking = enter::enter(tx, now, &world, &caller, &wish, &may_write)?;
            let location = format!("{PREFIX}/bookings/{}", booking.id);
            shown(tx, now, &payments, &caller, booking).map(|(view, tag)| Created::at(location, view).with_etag(tag))
        });
        entered.await
    }

    /// Take a stay that a host has entered for you into your account, with the token of the letter.
    #[oai(path = "/bookings/:id/join", method = "post", operation_id = "joinBooking")]
    async fn join(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, ask: Json<JoinAsk>) -> Result<Done<BookingView>> {
        let (world, payments, token) = (World::of(&self.tools, visitor.origin()), self.payments.clone(), ask.0.token);
        let joined = self.tools.db.write_once(&once, move |tx, now| {
            let booking = enter::join(tx, now, &world, &caller, BookingId(id.0), &token)?;
            answer(tx, now, &payments, &caller, booking)
        });
        joined.await
    }

    /// Write down what the guest of a stay that was entered has paid into the host's hand.
    #[oai(path = "/bookings/:id/payments/by-hand", method = "post", operation_id = "recordBookingPayment")]
    async fn by_hand(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<ByHandAsk>,
    ) -> Result<Done<BookingView>> {
        let (world, payments) = (World::of(&self.tools, visitor.origin()), self.payments.clone());
        let (amount, reason) = (ask.0.amount, words("/body/reason", ask.0.reason, 500)?);
        let done = self.tools.db.write_once(&once, move |tx, now| {
            let deed = Deed { caller: &caller, booking: BookingId(id.0), if_match: &if_match, reason: &reason };
            let booking = enter::paid(tx, now, &world, &deed, amount)?;
            answer(tx, now, &payments, &caller, booking)
        });
        done.await
    }

    /// Give a part of what was paid back to the guest, out of the host's payout, once the stay is over.
    #[oai(path = "/bookings/:id/refunds", method = "post", operation_id = "grantRefund")]
    async fn refund(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, if_match: IfMatch, ask: Json<GrantAsk>) -> Result<Done<BookingView>> {
        let (world, payments) = (World::of(&self.tools, visitor.origin()), self.payments.clone());
        let (amount, reason) = (ask.0.amount, reason::given(&ask.0.reason)?);
        let done = self.tools.db.write_once(&once, move |tx, now| {
            let deed = Deed { caller: &caller, booking: BookingId(id.0), if_match: &if_match, reason: &reason };
            let booking = grant::by_host(tx, now, &world, &deed, amount)?;
            answer(tx, now, &payments, &caller, booking)
        });
        done.await
    }

    /// Give a guest something at the platform's cost: money back, up to what they have paid and not got back, once the stay is over; or credit for later
    /// stays, at any time.
    #[oai(path = "/admin/bookings/:id/goodwill", method = "post", operation_id = "giveGoodwill")]
    async fn goodwill(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<GoodwillAsk>,
    ) -> Result<Done<GoodwillView>> {
        let (world, amount, reason) = (World::of(&self.tools, visitor.origin()), ask.0.amount, reason::given(&ask.0.reason)?);
        let give = ask.0.give.unwrap_or_default();
        let given = if give == GoodwillAs::Credit { grant::as_credit } else { grant::by_platform };
        let done = self.tools.db.write_once(&once, move |tx, now| {
            let booking = given(tx, now, &world, (&caller, BookingId(id.0)), &if_match, (amount, &reason))?;
            let view = GoodwillView { booking_id: booking.id.0, amount, currency: booking.currency.code().into(), give };
            Ok(Done::now(view).with_etag(etag::of_version(booking.version)))
        });
        done.await
    }

    /// The exact address and how to get in: for guests of a confirmed stay from some time before check-in until check-out, 403
    /// `stay_guide_closed` with `visible_from` before.
    #[oai(path = "/bookings/:id/stay-guide", method = "get", operation_id = "readStayGuide")]
    async fn guide(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>) -> Result<Cached<StayGuideView>> {
        let (now, world) = (self.tools.clock.now(), World::of(&self.tools, visitor.origin()));
        let read = move |conn: &mut Conn<'_>| {
            let (booking, private) = guide::guide(conn, now, &world, &caller, BookingId(id.0))?;
            let text = |name: &str| private.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let view = StayGuideView {
                booking_id: booking.id.0,
                listing_id: booking.listing.0,
                check_in_at: booking.check_in_at.to_string(),
                check_out_at: booking.check_out_at.to_string(),
                zone: booking.promise.zone.clone(),
                address: text("address"),
                check_in_instructions: text("check_in_instructions"),
                wifi_name: text("wifi_name"),
                wifi_password: text("wifi_password"),
                access_code: text("access_code"),
                house_rules: booking.house_rules.clone(),
            };
            Ok::<_, Error>(view)
        };
        let view = self.tools.db.read_cut(read).await?;
        let prepared = Prepared::of(&view);
        let tag = prepared.etag();
        Ok(Cached::Fresh(prepared, tag, "no-store".into()))
    }
}

/// What the platform has given.
#[derive(Object)]
struct GoodwillView {
    booking_id: Uuid,
    /// Minor units.
    amount: i64,
    currency: String,
    give: GoodwillAs,
}

impl EntryAsk {
    fn judged(self, listing: ListingId) -> Result<Arranged> {
        let asked = judged(Wish {
            listing,
            check_in: self.check_in,
            check_out: self.check_out,
            adults: self.adults.unwrap_or(1),
            children: self.children,
            children_ages: self.children_ages,
            infants: self.infants.unwrap_or(0),
            pets: self.pets.unwrap_or(0),
            options: self.options.unwrap_or_default(),
            coupon: None,
            non_refundable: false,
        })
        .map_err(Error::Refused)?;
        let guest_name = words("/body/guest_name", Some(self.guest_name), 100)?;
        if guest_name.is_empty() {
            return Err(bad("/body/guest_name", "out_of_range", "has 1 to 100 characters"));
        }
        let email = match &self.guest_email {
            Some(text) => Some(Email::parse(text).ok_or_else(|| bad("/body/guest_email", "invalid_email", "is not a mail address"))?),
            None => None,
        };
        Ok(Arranged {
            asked,
            guest_name,
            email,
            total: self.total,
            paid: self.paid == PaidAsk::OfflineToHost,
            message: words("/body/message", self.message, 2_000)?,
            // Hosts need not say why; whether somebody has to is known where it is known who asks.
            reason: self.reason.filter(|text| !text.trim().is_empty()).map_or(Ok(String::new()), |text| reason::given(&text))?,
        })
    }
}

fn bad(pointer: &str, code: &'static str, message: &str) -> Error {
    let refused = Error::refused(Kind::Unacceptable, code, format!("{} {message}.", pointer.trim_start_matches("/body/")));
    refused.with_error(FieldError::new(pointer, code, message))
}

fn answer(tx: &mut Tx<'_>, now: Instant, payments: &Payments, caller: &Principal, booking: crate::features::bookings::Booking) -> Result<Done<BookingView>> {
    shown(tx, now, payments, caller, booking).map(|(view, tag)| Done::now(view).with_etag(tag))
}
