//! What all acts on a booking share: one transaction, the answer as it is afterwards.

use super::views::BookingView;
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::service::acts::{DECLINE_REASONS, Deed};
use crate::features::bookings::service::{World, read};
use crate::features::listings;
use crate::features::payments::Payments;
use crate::platform::access::{Action, Principal};
use crate::platform::db::Tx;
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::{Caller, Done, IfMatch, Visitor};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use crate::values::{BookingId, Instant};
use poem_openapi::Object;
use uuid::Uuid;

/// Why a host says no.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub(super) struct ReasonAsk {
    /// `dates_not_available`, `price`, `house_rules`, `guest_profile`, `no_answer_from_guest` or `other`.
    #[oai(validator(max_length = 100))]
    reason: String,
}

/// Words for the other side; they may be left out.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub(super) struct WordsAsk {
    /// Up to 500 characters; staff have to say why.
    reason: Option<String>,
}

impl ReasonAsk {
    pub(super) fn code(self) -> Result<String> {
        if DECLINE_REASONS.contains(&self.reason.as_str()) {
            return Ok(self.reason);
        }
        let message = format!("is one of {}", DECLINE_REASONS.join(", "));
        let refused = Error::refused(Kind::Unacceptable, "out_of_range", format!("reason {message}."));
        Err(refused.with_error(FieldError::new("/body/reason", "out_of_range", message)))
    }
}

impl WordsAsk {
    pub(super) fn words(self) -> Result<String> {
        words("/body/reason", self.reason, 500)
    }

    /// Of a body that may be left out.
    pub(super) fn of(ask: Option<Self>) -> Result<String> {
        ask.map_or_else(|| Ok(String::new()), Self::words)
    }
}

/// Words of a person, as a listing's texts are read.
pub(super) fn words(pointer: &str, text: Option<String>, most: usize) -> Result<String> {
    listings::prose(&text.unwrap_or_default(), most).map_err(|message| {
        let refused = Error::refused(Kind::Unacceptable, "out_of_range", format!("{} {message}.", pointer.trim_start_matches("/body/")));
        refused.with_error(FieldError::new(pointer, "out_of_range", message))
    })
}

/// A use case that moves a booking on.
pub(super) type UseCase = fn(&mut Tx<'_>, Instant, &World, &Deed<'_>) -> Result<Booking>;

/// A booking as the caller sees it, with its entity tag.
pub(super) fn shown(tx: &mut Tx<'_>, now: Instant, payments: &Payments, caller: &Principal, booking: Booking) -> Result<(BookingView, String)> {
    let side = read::side_of(tx, caller, &booking, Action::SeeGuestContact)?;
    let told = read::told(tx, now, caller, booking, side)?;
    BookingView::with_tag(tx, payments, &told)
}

#[expect(clippy::too_many_arguments, reason = "what a handler is handed")]
pub(super) async fn act(
    tools: &Tools,
    payments: &Payments,
    caller: Caller,
    visitor: Visitor,
    once: Once,
    id: Uuid,
    if_match: IfMatch,
    reason: String,
    deed: UseCase,
) -> Result<Done<BookingView>> {
    let (world, payments) = (World::of(tools, visitor.origin()), payments.clone());
    let done = tools.db.write_once(&once, move |tx, now| {
        let booking = deed(tx, now, &world, &Deed { caller: &caller, booking: BookingId(id), if_match: &if_match, reason: &reason })?;
        shown(tx, now, &payments, &caller, booking).map(|(view, tag)| Done::now(view).with_etag(tag))
    });
    done.await
}
