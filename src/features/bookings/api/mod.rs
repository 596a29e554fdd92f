//! `/bookings`: booking a stay, and what both sides do with it. What is shown is drawn in `views.rs`.

mod acts;
mod bookings;
mod house;
mod money;
mod paying;
mod views;

use bookings::BookingsApi;
use house::BookingHouseApi;
use paying::BookingMoneyApi;

use super::service::read;
use crate::features::payments::{Payments, Purpose, State};
use crate::platform::access::Action as May;
use crate::platform::cursor::CursorKey;
use crate::platform::db::Conn;
use crate::platform::error::{Error, Kind, Result};
use crate::platform::http::Caller;
use crate::platform::tools::Tools;
use crate::values::BookingId;
use poem_openapi::OpenApi;
use serde_json::json;
use std::time::Duration;

use crate::platform::access::{Action, Door};

/// Who may come in; on which side of a booking somebody is, is for the use case.
pub const DOORS: &[Door] = &[
    Door::to("makeBooking", Action::Book).with_card(),
    Door::to("listBookings", Action::SeeGuestContact),
    Door::to("readBooking", Action::SeeGuestContact),
    Door::to("acceptBooking", Action::AnswerBooking),
    Door::to("declineBooking", Action::AnswerBooking),
    Door::to("withdrawBooking", Action::CancelBooking),
    Door::to("checkInBooking", Action::AnswerBooking),
    Door::to("checkOutBooking", Action::AnswerBooking),
    Door::to("markNoShow", Action::AnswerBooking),
    Door::to("previewCancellation", Action::CancelBooking),
    Door::to("cancelBooking", Action::CancelBooking),
    Door::to("payBooking", Action::CancelBooking).with_card(),
    Door::to("listBookingPayments", Action::SeeGuestContact),
    Door::to("readBookingLedger", Action::HandleMoney),
    Door::to("proposeAlteration", Action::AnswerBooking),
    Door::to("listAlterations", Action::SeeGuestContact),
    Door::to("acceptAlteration", Action::AnswerBooking).with_card(),
    Door::to("declineAlteration", Action::AnswerBooking),
    Door::to("enterBooking", Action::AnswerBooking),
    Door::to("joinBooking", Action::Book),
    Door::to("recordBookingPayment", Action::AnswerBooking),
    Door::to("grantRefund", Action::AnswerBooking),
    Door::to("giveGoodwill", Action::HandleMoney).with_fresh_proof(),
    Door::to("readStayGuide", Action::SeeGuestContact),
];

/// All operations about bookings.
pub fn apis(tools: &Tools, cursors: &CursorKey, payments: &Payments) -> impl OpenApi + use<> {
    (
        BookingsApi::new(tools.clone(), cursors.clone(), payments.clone()),
        BookingHouseApi::new(tools.clone(), payments.clone()),
        BookingMoneyApi::new(tools.clone(), payments.clone()),
    )
}

/// How long whoever pays waits for the provider, before being told that it is under way.
const PATIENCE: Duration = Duration::from_secs(8);

/// What of a booking was just asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// Its price, or a part of it.
    Stay,
    Deposit,
    /// What a change costs more that both sides have agreed to.
    Change,
}

/// Asks the provider for what a booking has just asked for, and shows the booking as it is then. Refuses with 402 `payment_failed` where the
/// guest's means of payment was refused: the booking is there, and can be paid another way.
async fn settled(tools: &Tools, payments: &Payments, caller: Caller, booking: BookingId, due: Due) -> Result<(views::BookingView, String)> {
    payments.settle(booking, PATIENCE).await?;
    let (now, shown_to, payments) = (tools.clock.now(), caller, payments.clone());
    let read = move |conn: &mut Conn<'_>| {
        let (booking, side) = read::of(conn, &shown_to, booking, May::SeeGuestContact)?;
        let told = read::told(conn, now, &shown_to, booking, side)?;
        if let Some(why) = refused(conn, &told, due)? {
            return Err(why);
        }
        views::BookingView::with_tag(conn, &payments, &told)
    };
    tools.db.read_cut(read).await
}

/// That the newest payment of what still waits for one has failed.
fn refused(conn: &mut Conn<'_>, told: &read::Told, due: Due) -> Result<Option<Error>> {
    let booking = &told.booking;
    let change = if due == Due::Change { read::unpaid_alteration(conn, booking.id)? } else { None };
    let asked = |purpose: Purpose| match due {
        Due::Stay => matches!(purpose, Purpose::Booking | Purpose::Instalment(_)),
        Due::Deposit => purpose == Purpose::Deposit,
        Due::Change => change.as_ref().is_some_and(|change| purpose == Purpose::Alteration(change.id)),
    };
    let waits = due != Due::Stay || booking.state == super::rules::state::State::PendingPayment || told.parts.iter().any(|part| part.is_refused());
    let newest = told.payments.iter().rev().find(|one| asked(one.payment.purpose));
    let failed = newest.filter(|newest| waits && newest.payment.state == State::Failed);
    Ok(failed.map(|newest| {
        let (why, due_at) = match &change {
            Some(change) => ("The payment was refused. Pay another way, or the stay stays as it is.", Some(change.expires_at)),
            None => ("The payment was refused. Pay another way while the nights are held for you.", booking.due_at),
        };
        let refused = Error::refused(Kind::PaymentNeeded, "payment_failed", why);
        let refused = refused.with_data("booking_id", json!(booking.id)).with_data("failure", json!(newest.payment.failure));
        refused.with_data("due_at", json!(due_at.map(|at| at.to_string())))
    }))
}
