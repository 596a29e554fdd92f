//! `/bookings/{id}/cancel`, `/payments`, `/alterations`, `/ledger`: what moves money.

use super::Due;
use super::acts::{UseCase, WordsAsk, shown, words};
use super::money::{AlterationAsk, AlterationView, AlterationsView, AsAsk, OutcomeView, by_staff};
use super::views::BookingView;
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::Side;
use crate::features::bookings::service::acts::{self, Deed};
use crate::features::bookings::service::{World, alter, cancel, read};
use crate::features::bookings::store::alterations::Alteration;
use crate::features::ledger::{LedgerView, ledger_view};
use crate::features::payments::{PaymentView, Payments};
use crate::platform::access::{Action, Principal};
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Caller, Created, Done, IfMatch, PREFIX, Perhaps, Visitor, etag};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use crate::values::{BookingId, Instant};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

/// Calling a stay off.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct CancelAsk {
    /// Words for the other side, up to 500 characters; staff have to say why.
    reason: Option<String>,
    /// Of the preview you have seen.
    #[oai(validator(max_length = 64))]
    preview_hash: Option<String>,
    /// For staff: by whose doing.
    #[oai(rename = "as")]
    by: Option<AsAsk>,
    /// For staff who decide themselves: how much goes back, in minor units.
    refund: Option<i64>,
}

/// How a guest pays.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PayAsk {
    /// A token of the payment provider, `bank_transfer`, `cash` or `credit`; a deposit takes neither of the last two.
    #[oai(validator(max_length = 200))]
    payment_method: String,
    /// What is paid: `stay` (unless given), `deposit`, which is left against damage, or `change`: what a change costs more that both sides agreed to.
    what: Option<PayWhat>,
}

/// What a guest pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum PayWhat {
    Stay,
    Deposit,
    Change,
}

/// The consent to a change.
#[derive(Default, Object)]
#[oai(deny_unknown_fields)]
struct ConsentAsk {
    /// How the guest pays what it costs more; absent: as before. Of guests: as for a payment. Others say it only where the stay is paid by transfer or in
    /// cash, and then just that.
    #[oai(validator(max_length = 200))]
    payment_method: Option<String>,
    /// Of staff: why they agree, up to 500 characters.
    reason: Option<String>,
}

/// All payments of a booking.
#[derive(Object)]
struct BookingPaymentsView {
    /// Oldest first, with their refunds and disputes.
    data: Vec<PaymentView>,
}

/// The money of bookings.
pub(super) struct BookingMoneyApi {
    tools: Tools,
    payments: Payments,
}

impl BookingMoneyApi {
    #[must_use]
    pub(super) fn new(tools: Tools, payments: Payments) -> Self {
        Self { tools, payments }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Bookings")]
impl BookingMoneyApi {
    /// What would happen if you called the stay off now, or at another moment, line by line, and until when that holds.
    #[oai(path = "/bookings/:id/cancellation-preview", method = "get", operation_id = "previewCancellation")]
    async fn preview(
        &self,
        caller: Caller,
        visitor: Visitor,
        id: Path<Uuid>,
        /// RFC 3339; absent: now.
        #[oai(validator(max_length = 40))]
        at: Query<Option<String>>,
        /// For staff: by whose doing.
        #[oai(name = "as")]
        by: Query<Option<AsAsk>>,
        /// For staff who decide themselves: how much goes back, in minor units.
        refund: Query<Option<i64>>,
    ) -> Result<Json<OutcomeView>> {
        let read = |text: String| Instant::parse(&text).ok_or_else(|| Error::invalid_parameter("at", "is an instant such as 2027-06-01T12:00:00Z"));
        let at = at.0.map(read).transpose()?.unwrap_or_else(|| self.tools.clock.now());
        let (world, by) = (World::of(&self.tools, visitor.origin()), by_staff(by.0, refund.0)?);
        let read = move |conn: &mut Conn<'_>| {
            let (booking, outcome) = cancel::preview(conn, &world, &caller, BookingId(id.0), by, at)?;
            OutcomeView::of(&booking, &outcome, at, booking.guest != Some(caller.user))
        };
        Ok(Json(self.tools.db.read_cut(read).await?))
    }

    /// Call a stay off. What the policy keeps is kept, the rest goes back to the guest, and the nights are free again.
    ///
    /// With `preview_hash` it is refused with 409 `outcome_changed` where something else would happen by now than you were shown.
    #[oai(path = "/bookings/:id/cancel", method = "post", operation_id = "cancelBooking")]
    async fn cancel(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, if_match: IfMatch, ask: Json<CancelAsk>) -> Result<Done<BookingView>> {
        let (by, reason) = (by_staff(ask.0.by, ask.0.refund)?, words("/body/reason", ask.0.reason, 500)?);
        let (world, hash, payments) = (World::of(&self.tools, visitor.origin()), ask.0.preview_hash, self.payments.clone());
        let done = self.tools.db.write_once(&once, move |tx, now| {
            let deed = Deed { caller: &caller, booking: BookingId(id.0), if_match: &if_match, reason: &reason };
            let booking = cancel::cancel(tx, now, &world, &deed, by, hash.as_deref())?;
            shown(tx, now, &payments, &caller, booking).map(|(view, tag)| Done::now(view).with_etag(tag))
        });
        done.await
    }

    /// Pay what is due now: the first part of a stay whose nights are held for you, the next instalment, the deposit, or an agreed change.
    ///
    /// 402 `payment_failed` where the means of payment is refused: pay another way while the nights are held.
    #[oai(path = "/bookings/:id/payments", method = "post", operation_id = "payBooking")]
    async fn pay(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, if_match: IfMatch, ask: Json<PayAsk>) -> Result<Done<BookingView>> {
        let (world, payments, booking) = (World::of(&self.tools, visitor.origin()), self.payments.clone(), BookingId(id.0));
        let (method, payer) = (ask.0.payment_method, caller.clone());
        let (deed, due): (UseCase, Due) = match ask.0.what.unwrap_or(PayWhat::Stay) {
            PayWhat::Stay => (acts::pay, Due::Stay),
            PayWhat::Deposit => (acts::pay_deposit, Due::Deposit),
            PayWhat::Change => (alter::pay, Due::Change),
        };
        let write = move |tx: &mut Tx<'_>, now: Instant| {
            let booking = deed(tx, now, &world, &Deed { caller: &payer, booking, if_match: &if_match, reason: &method })?;
            let (view, tag) = shown(tx, now, &payments, &payer, booking)?;
            Ok((Done::now(view).with_etag(tag), ()))
        };
        let told = async |()| {
            let (view, tag) = super::settled(&self.tools, &self.payments, caller, booking, due).await?;
            Ok(Done::now(view).with_etag(tag))
        };
        self.tools.db.write_once_then(&once, write, told).await
    }

    /// The payments of a booking with their refunds, for both sides and staff.
    #[oai(path = "/bookings/:id/payments", method = "get", operation_id = "listBookingPayments")]
    async fn payments(&self, caller: Caller, id: Path<Uuid>) -> Result<Json<BookingPaymentsView>> {
        let payments = self.payments.clone();
        let read = move |conn: &mut Conn<'_>| {
            let booking = read::of(conn, &caller, BookingId(id.0), Action::SeeGuestContact)?.0;
            super::views::payments(conn, &payments, &booking, booking.guest == Some(caller.user))
        };
        Ok(Json(BookingPaymentsView { data: self.tools.db.read_cut(read).await? }))
    }

    /// What the books say of a booking: every entry with its postings. For staff who handle money.
    #[oai(path = "/bookings/:id/ledger", method = "get", operation_id = "readBookingLedger")]
    async fn ledger(&self, _caller: Caller, id: Path<Uuid>) -> Result<Json<LedgerView>> {
        let read = move |conn: &mut Conn<'_>| {
            let booking = read::known(conn, BookingId(id.0))?;
            Ok::<_, Error>(ledger_view(conn, booking.id, true)?)
        };
        Ok(Json(self.tools.db.read_cut(read).await?))
    }

    /// Propose other dates or another party. The other side answers within a day; nights that stay keep what they were sold for, others cost
    /// what they cost now.
    #[oai(path = "/bookings/:id/alterations", method = "post", operation_id = "proposeAlteration")]
    async fn propose(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<AlterationAsk>,
    ) -> Result<Created<AlterationView>> {
        let (world, mut ask) = (World::of(&self.tools, visitor.origin()), ask.0);
        let (message, reason) = (words("/body/message", ask.message.take(), 500)?, words("/body/reason", ask.reason.take(), 500)?);
        let made = self.tools.db.write_once(&once, move |tx, now| {
            let deed = Deed { caller: &caller, booking: BookingId(id.0), if_match: &if_match, reason: &reason };
            let (booking, made) = alter::propose(tx, now, &world, &deed, &message, |booking| ask.wish(booking))?;
            let location = format!("{PREFIX}/bookings/{}/alterations", booking.id);
            Ok(Created::at(location, AlterationView::of(&made, &booking, booking.guest != Some(caller.user))?))
        });
        made.await
    }

    /// Proposed and past changes of a booking.
    #[oai(path = "/bookings/:id/alterations", method = "get", operation_id = "listAlterations")]
    async fn alterations(&self, caller: Caller, id: Path<Uuid>) -> Result<Json<AlterationsView>> {
        let read = move |conn: &mut Conn<'_>| {
            let (booking, side) = read::of(conn, &caller, BookingId(id.0), Action::SeeGuestContact)?;
            let all = read::alterations(conn, booking.id)?;
            all.iter().map(|one| AlterationView::of(one, &booking, side != Side::Guest)).collect::<Result<_>>()
        };
        Ok(Json(AlterationsView { data: self.tools.db.read_cut(read).await? }))
    }

    /// Agree to a change that the other side proposed. What it costs more is charged to the guest first; until that is paid the change is `paying`, and the
    /// guest may pay it with `POST /bookings/{id}/payments` (`change`).
    ///
    /// 402 `payment_failed` where the guest agrees and their means of payment is refused: pay another way. Hosts and staff are not told.
    #[oai(path = "/bookings/:id/alterations/:aid/accept", method = "post", operation_id = "acceptAlteration")]
    #[expect(clippy::too_many_arguments, reason = "what a handler is handed")]
    async fn accept(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        aid: Path<Uuid>,
        if_match: IfMatch,
        ask: Perhaps<ConsentAsk>,
    ) -> Result<Done<AlterationView>> {
        let ConsentAsk { payment_method: method, reason } = ask.0.unwrap_or_default();
        let (world, booking) = (World::of(&self.tools, visitor.origin()), BookingId(id.0));
        let (payer, reason) = (caller.clone(), words("/body/reason", reason, 500)?);
        let write = move |tx: &mut Tx<'_>, now: Instant| {
            let deed = Deed { caller: &payer, booking, if_match: &if_match, reason: &reason };
            let (booking, done) = alter::accept(tx, now, &world, &deed, aid.0, method.as_deref())?;
            Ok((answered(&payer, &booking, &done)?, done.id))
        };
        let told = async |alteration: Uuid| {
            self.payments.settle(booking, super::PATIENCE).await?;
            let now = self.tools.clock.now();
            let read = move |conn: &mut Conn<'_>| {
                let (booking, side) = read::of(conn, &caller, booking, Action::SeeGuestContact)?;
                let told = read::told(conn, now, &caller, booking, side)?;
                match super::refused(conn, &told, Due::Change)? {
                    Some(why) if side == Side::Guest => return Err(why),
                    _ => {}
                }
                let found = read::alterations(conn, told.booking.id)?.into_iter().find(|one| one.id == alteration);
                answered(&caller, &told.booking, &found.ok_or_else(read::not_found)?)
            };
            self.tools.db.read_cut(read).await
        };
        self.tools.db.write_once_then(&once, write, told).await
    }

    /// Decline a change, or take back your own proposal; also when it was agreed to, as long as it is not paid.
    #[oai(path = "/bookings/:id/alterations/:aid/decline", method = "post", operation_id = "declineAlteration")]
    #[expect(clippy::too_many_arguments, reason = "what a handler is handed")]
    async fn decline(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        aid: Path<Uuid>,
        if_match: IfMatch,
        ask: Perhaps<WordsAsk>,
    ) -> Result<Done<AlterationView>> {
        let (world, booking, reason) = (World::of(&self.tools, visitor.origin()), BookingId(id.0), WordsAsk::of(ask.0)?);
        let done = self.tools.db.write_once(&once, move |tx, now| {
            let deed = Deed { caller: &caller, booking, if_match: &if_match, reason: &reason };
            let (booking, done) = alter::decline(tx, now, &world, &deed, aid.0)?;
            answered(&caller, &booking, &done)
        });
        done.await
    }
}

fn answered(caller: &Principal, booking: &Booking, alteration: &Alteration) -> Result<Done<AlterationView>> {
    let view = AlterationView::of(alteration, booking, booking.guest != Some(caller.user))?;
    Ok(Done::now(view).with_etag(etag::of_version(booking.version)))
}
