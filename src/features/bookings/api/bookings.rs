//! `POST /bookings`, `GET /bookings` and `GET /bookings/{id}`, and the acts on one of them.

use super::acts::{ReasonAsk, WordsAsk, act, shown};
use super::views::{BookingRowView, BookingView, BookingsView};
use crate::features::bookings::rules::state::State;
use crate::features::bookings::service::acts::Deed;
use crate::features::bookings::service::book::{self, Wish};
use crate::features::bookings::service::{World, acts, read};
use crate::features::bookings::store::lists::{Filter, Whose};
use crate::features::payments::Payments;
use crate::features::quotes::QuoteId;
use crate::platform::access::Action;
use crate::platform::cursor::{CursorKey, Limit};
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::http::{Cached, Caller, Created, Done, IfMatch, PREFIX, Perhaps, Prepared, Visitor};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use crate::platform::wire::DateAsk;
use crate::values::{BookingId, Instant, ListingId, Night};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

/// A stay to be booked. The price is that of the quote.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct BookingAsk {
    quote_id: Uuid,
    /// To the host, up to 2,000 characters.
    message: Option<String>,
    /// How the guest pays: a token of the payment provider, `bank_transfer`, `cash` or `credit`. Without one the nights are held, and the guest pays in a further call.
    #[oai(validator(max_length = 200))]
    payment_method: Option<String>,
}

/// On which side the caller of a list is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum SideAsk {
    /// What you booked.
    #[default]
    Guest,
    /// What others booked with you, or where you help.
    Host,
    /// Everything; for staff who handle bookings.
    Everybody,
}

/// Bookings.
pub(super) struct BookingsApi {
    tools: Tools,
    cursors: CursorKey,
    payments: Payments,
}

impl BookingsApi {
    #[must_use]
    pub(super) fn new(tools: Tools, cursors: CursorKey, payments: Payments) -> Self {
        Self { tools, cursors, payments }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Bookings")]
impl BookingsApi {
    /// Book the stay of a quote.
    ///
    /// A home that takes guests at once waits for the payment for a quarter of an hour (`pending_payment`), another one for its host
    /// (`requested`). 409 `dates_unavailable` with `reasons` and `nearest_available` where somebody was quicker, `quote_expired` where the
    /// price is not promised any more.
    #[oai(path = "/bookings", method = "post", operation_id = "makeBooking")]
    async fn make(&self, caller: Caller, visitor: Visitor, once: Once, ask: Json<BookingAsk>) -> Result<Created<BookingView>> {
        let wish = Wish { quote: QuoteId(ask.0.quote_id), message: message(ask.0.message)?, method: ask.0.payment_method };
        let (world, payments, guest) = (World::of(&self.tools, visitor.origin()), self.payments.clone(), caller.clone());
        let pays = wish.method.is_some();
        let write = move |tx: &mut Tx<'_>, now: Instant| {
            let booking = book::book(tx, now, &world, &guest, &wish)?;
            let id = booking.id;
            let (view, tag) = shown(tx, now, &payments, &guest, booking)?;
            Ok((Created::at(place(id), view).with_etag(tag), id))
        };
        if !pays {
            return self.tools.db.write_once(&once, move |tx, now| write(tx, now).map(|(answer, _)| answer)).await;
        }
        let told = async |id: BookingId| {
            let (view, tag) = super::settled(&self.tools, &self.payments, caller, id, super::Due::Stay).await?;
            Ok(Created::at(place(id), view).with_etag(tag))
        };
        self.tools.db.write_once_then(&once, write, told).await
    }

    /// Your bookings, newest first.
    #[oai(path = "/bookings", method = "get", operation_id = "listBookings")]
    #[expect(clippy::too_many_arguments, reason = "one for each parameter of the query")]
    async fn list(
        &self,
        caller: Caller,
        /// Absent: as a guest.
        role: Query<Option<SideAsk>>,
        /// One of the states of a booking.
        state: Query<Option<String>>,
        listing_id: Query<Option<Uuid>>,
        /// Stays with a night on or after this date.
        from: Query<Option<DateAsk>>,
        /// Stays with a night before this date.
        to: Query<Option<DateAsk>>,
        /// Bookings a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<BookingsView>> {
        let whose = match role.0.unwrap_or_default() {
            SideAsk::Guest => Whose::Guest(caller.user),
            SideAsk::Host => Whose::Host(caller.user),
            SideAsk::Everybody => Whose::Everybody,
        };
        let (limit, unknown) = (Limit(limit.0), || Error::out_of_range("state", "is none of the states of a booking"));
        let purpose = format!("bookings/{whose:?}/{:?}/{:?}/{:?}/{:?}", state.0, listing_id.0, from.0, to.0);
        let filter = Filter {
            state: state.0.map(|name| State::parse(&name).ok_or_else(unknown)).transpose()?,
            listing: listing_id.0.map(ListingId),
            from: date("from", from.0)?.unwrap_or(Night::FIRST),
            to: date("to", to.0)?.unwrap_or(Night::LAST),
            before: BookingId(self.cursors.before(&purpose, cursor.0.as_deref())?),
            limit: limit.and_one(),
        };
        let found = self.tools.db.read(move |conn| read::page(conn, &caller, whose, &filter)).await?;
        let page = self.cursors.page(&purpose, limit, found, |last| last.id.0.into_bytes());
        Ok(Json(BookingsView { data: page.rows.iter().map(BookingRowView::of).collect(), next_cursor: page.next_cursor, has_more: page.has_more }))
    }

    /// A booking of yours, or with you, by its id or by its code.
    #[oai(path = "/bookings/:id", method = "get", operation_id = "readBooking")]
    async fn read(
        &self,
        caller: Caller,
        /// The id, or the code of eight letters and digits.
        #[oai(validator(max_length = 60))]
        id: Path<String>,
    ) -> Result<Cached<BookingView>> {
        let now = self.tools.clock.now();
        let payments = self.payments.clone();
        let read = move |conn: &mut Conn<'_>| {
            let told = read::one(conn, now, &caller, &id.0)?;
            BookingView::with_tag(conn, &payments, &told)
        };
        let (view, tag) = self.tools.db.read_cut(read).await?;
        Ok(Cached::Fresh(Prepared::of(&view), tag, "no-store".into()))
    }

    /// Agree to a request. The guest's money is asked for now; the stay is confirmed when it is there.
    #[oai(path = "/bookings/:id/accept", method = "post", operation_id = "acceptBooking")]
    async fn accept(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Perhaps<WordsAsk>,
    ) -> Result<Done<BookingView>> {
        let reason = WordsAsk::of(ask.0)?;
        let (world, payments, host, id) = (World::of(&self.tools, visitor.origin()), self.payments.clone(), caller.clone(), BookingId(id.0));
        let write = move |tx: &mut Tx<'_>, now: Instant| {
            let booking = acts::accept(tx, now, &world, &Deed { caller: &host, booking: id, if_match: &if_match, reason: &reason })?;
            let (view, tag) = shown(tx, now, &payments, &host, booking)?;
            Ok((Done::now(view).with_etag(tag), ()))
        };
        let told = async |()| {
            // Whether the guest's card was refused is the guest's to hear: the host sees a booking that waits for its payment.
            self.payments.settle(id, super::PATIENCE).await?;
            let (now, payments) = (self.tools.clock.now(), self.payments.clone());
            let read = move |conn: &mut Conn<'_>| {
                let (booking, side) = read::of(conn, &caller, id, Action::SeeGuestContact)?;
                let told = read::told(conn, now, &caller, booking, side)?;
                BookingView::with_tag(conn, &payments, &told)
            };
            let (view, tag) = self.tools.db.read_cut(read).await?;
            Ok(Done::now(view).with_etag(tag))
        };
        self.tools.db.write_once_then(&once, write, told).await
    }

    /// Decline a request; its nights are free again.
    #[oai(path = "/bookings/:id/decline", method = "post", operation_id = "declineBooking")]
    async fn decline(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<ReasonAsk>,
    ) -> Result<Done<BookingView>> {
        act(&self.tools, &self.payments, caller, visitor, once, id.0, if_match, ask.0.code()?, acts::decline).await
    }

    /// Take back what has not been confirmed; its nights are free again.
    #[oai(path = "/bookings/:id/withdraw", method = "post", operation_id = "withdrawBooking")]
    async fn withdraw(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Perhaps<WordsAsk>,
    ) -> Result<Done<BookingView>> {
        act(&self.tools, &self.payments, caller, visitor, once, id.0, if_match, WordsAsk::of(ask.0)?, acts::withdraw).await
    }

    /// The guest has arrived; at most twelve hours before check-in.
    #[oai(path = "/bookings/:id/check-in", method = "post", operation_id = "checkInBooking")]
    async fn check_in(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Perhaps<WordsAsk>,
    ) -> Result<Done<BookingView>> {
        act(&self.tools, &self.payments, caller, visitor, once, id.0, if_match, WordsAsk::of(ask.0)?, acts::check_in).await
    }

    /// The guest has left before their time; nights that are left over are free again.
    #[oai(path = "/bookings/:id/check-out", method = "post", operation_id = "checkOutBooking")]
    async fn check_out(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Perhaps<WordsAsk>,
    ) -> Result<Done<BookingView>> {
        act(&self.tools, &self.payments, caller, visitor, once, id.0, if_match, WordsAsk::of(ask.0)?, acts::check_out).await
    }

    /// The guest did not come; a day after check-in at the earliest. Nothing is refunded unless you grant it.
    #[oai(path = "/bookings/:id/no-show", method = "post", operation_id = "markNoShow")]
    async fn no_show(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Perhaps<WordsAsk>,
    ) -> Result<Done<BookingView>> {
        act(&self.tools, &self.payments, caller, visitor, once, id.0, if_match, WordsAsk::of(ask.0)?, acts::no_show).await
    }
}

/// Where a booking is found.
fn place(id: BookingId) -> String {
    format!("{PREFIX}/bookings/{id}")
}

fn twenty() -> u8 {
    20
}

fn date(name: &str, date: Option<DateAsk>) -> Result<Option<Night>> {
    date.map(DateAsk::night).transpose().map_err(|no| Error::of_parameter(Kind::Unacceptable, "invalid_dates", name, no.to_string()))
}

/// The guest's words: as they wrote them, without control characters.
fn message(text: Option<String>) -> Result<String> {
    super::acts::words("/body/message", text, 2_000)
}
