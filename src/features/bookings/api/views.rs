//! Bookings as JSON.

use super::money::{BookingDepositView, InstalmentView};
use crate::features::bookings::rules::booking::{Booking, Transition};
use crate::features::bookings::rules::state::{Act, Side};
use crate::features::bookings::service::read::{Person, Told};
use crate::features::payments::{self, PaymentView, PaymentWithRefunds, Payments};
use crate::features::pricing::LineKind;
use crate::features::quotes::{CancellationView, LineView, PartView};
use crate::platform::db::Conn;
use crate::platform::error::Result;
use crate::platform::http::etag;
use crate::platform::wire::{DateView, MoneyView};
use crate::values::{Instant, Money};
use poem_openapi::Object;
use uuid::Uuid;

/// A booking as one side sees it.
#[derive(Object)]
pub(super) struct BookingView {
    id: Uuid,
    /// Eight letters for people: I and L are read as 1, O as 0.
    code: String,
    listing_id: Uuid,
    /// `pending_payment`, `requested`, `confirmed`, `in_stay`, `completed`, `declined`, `expired`, `withdrawn` or `cancelled`.
    state: String,
    /// On which side you are: `guest`, `host`, `co_host` or `staff`.
    side: String,
    /// What you may do now: `accept`, `decline`, `withdraw`, `check_in`, `check_out`, `cancel`.
    allowed_actions: Vec<String>,
    check_in: DateView,
    check_out: DateView,
    nights: u16,
    /// RFC 3339, UTC: the listing's wall times of arrival and departure.
    check_in_at: String,
    check_out_at: String,
    /// IANA name of the listing's time zone.
    zone: String,
    adults: u16,
    children: u16,
    children_ages: Vec<u8>,
    infants: u16,
    pets: u16,
    options: Vec<String>,
    /// ISO 4217; of all amounts here.
    currency: String,
    lines: Vec<LineView>,
    /// Paid here, at booking and in instalments.
    total_due: MoneyView,
    /// Everything that must be paid, wherever it is paid.
    total_price: MoneyView,
    schedule: Vec<PartView>,
    cancellation: CancellationView,
    /// What the host is paid; null for guests.
    host_payout: Option<MoneyView>,
    /// What the guest wrote.
    message: String,
    /// As they were when it was booked.
    house_rules: String,
    guest: PartyView,
    host: PartyView,
    /// When the state ends by itself: until then a guest pays, a host answers.
    due_at: Option<String>,
    confirmed_at: Option<String>,
    ended_at: Option<String>,
    /// The guest did not come.
    no_show_at: Option<String>,
    history: Vec<TransitionView>,
    /// What is paid when; empty until the booking is confirmed.
    instalments: Vec<InstalmentView>,
    /// Left against damage and given back: no part of what is due; null: nothing is left.
    deposit: Option<BookingDepositView>,
    /// Oldest first, with their refunds.
    payments: Vec<PaymentView>,
    created_at: String,
    updated_at: String,
    /// For `If-Match`, in quotes.
    version: i64,
}

/// Somebody in a booking.
#[derive(Object)]
struct PartyView {
    /// Null: somebody without an account, or who was erased.
    id: Option<Uuid>,
    name: String,
    /// Known once the booking is confirmed.
    email: Option<String>,
}

/// A step in the life of a booking.
#[derive(Object)]
struct TransitionView {
    number: i64,
    /// `book`, `pay`, `accept`, `decline`, `withdraw`, `expire`, `check_in`, `check_out` or `cancel`.
    act: String,
    /// Null for the first.
    from: Option<String>,
    to: String,
    /// `guest`, `host`, `co_host`, `staff` or `system`.
    side: String,
    reason: String,
    /// RFC 3339, UTC.
    at: String,
}

/// A booking in a list.
#[derive(Object)]
pub(super) struct BookingRowView {
    id: Uuid,
    code: String,
    listing_id: Uuid,
    state: String,
    check_in: DateView,
    check_out: DateView,
    total_due: MoneyView,
    due_at: Option<String>,
    created_at: String,
    version: i64,
}

/// A page of bookings, newest first.
#[derive(Object)]
pub(super) struct BookingsView {
    pub data: Vec<BookingRowView>,
    /// For the parameter `cursor` of the next page; null on the last.
    pub next_cursor: Option<String>,
    pub has_more: bool,
}

impl BookingView {
    /// With the entity tag. What a guest has to do to pay is shown to the guest alone.
    pub(super) fn with_tag(conn: &mut Conn<'_>, payments: &Payments, told: &Told) -> Result<(Self, String)> {
        let shown = self::payments(conn, payments, &told.booking, told.side == Side::Guest)?;
        Ok((Self::of(told, shown)?, etag::of_version(told.booking.version)))
    }

    fn of(told: &Told, payments: Vec<PaymentView>) -> Result<Self> {
        let Told { booking, side, acts, history, parts, .. } = told;
        let (asked, promise, currency) = (&booking.asked, &booking.promise, booking.currency);
        let money = |minor| MoneyView::from(Money::new(minor, currency));
        let hosts = *side != Side::Guest;
        let shown = promise.price.lines.iter().filter(|line| hosts || line.kind != LineKind::HostFee);
        Ok(Self {
            id: booking.id.0,
            code: booking.code.clone(),
            listing_id: booking.listing.0,
            state: booking.state.name().into(),
            side: side.name().into(),
            allowed_actions: acts.iter().map(|act| act.name().to_owned()).collect(),
            check_in: DateView(asked.check_in),
            check_out: DateView(asked.check_out),
            nights: booking.stay()?.nights(),
            check_in_at: booking.check_in_at.to_string(),
            check_out_at: booking.check_out_at.to_string(),
            zone: promise.zone.clone(),
            adults: asked.adults,
            children: asked.children,
            children_ages: asked.children_ages.clone(),
            infants: asked.infants,
            pets: asked.pets,
            options: asked.options.clone(),
            currency: currency.code().into(),
            lines: shown.map(|line| LineView::of(line, currency)).collect::<Result<_>>()?,
            total_due: money(booking.total()),
            total_price: money(promise.price.total_price),
            schedule: promise.schedule.iter().map(|part| PartView::of(part, currency)).collect(),
            cancellation: CancellationView::of(&promise.cancellation, currency),
            host_payout: hosts.then(|| money(promise.price.host_payout)),
            message: booking.message.clone(),
            house_rules: booking.house_rules.clone(),
            guest: PartyView::of(told.guest.as_ref(), &booking.guest_name),
            host: PartyView::of(told.host.as_ref(), ""),
            due_at: text(booking.due_at),
            confirmed_at: text(booking.confirmed_at),
            ended_at: text(booking.ended_at),
            no_show_at: text(booking.no_show_at),
            history: history.iter().map(TransitionView::of).collect(),
            instalments: parts.iter().map(|part| InstalmentView::of(part, booking)).collect(),
            deposit: BookingDepositView::of(booking, told.deposit.as_ref()),
            payments,
            created_at: booking.created_at.to_string(),
            updated_at: booking.updated_at.to_string(),
            version: booking.version,
        })
    }
}

/// The payments of a booking; `own`: the reader is who pays.
pub(super) fn payments(conn: &mut Conn<'_>, payments: &Payments, booking: &Booking, own: bool) -> Result<Vec<PaymentView>> {
    let show = |one: &PaymentWithRefunds| {
        let action = if own { payments.action(&one.payment)? } else { None };
        Ok(PaymentView::of(one, action))
    };
    payments::of_booking(conn, booking.id)?.iter().map(show).collect()
}

impl PartyView {
    fn of(person: Option<&Person>, otherwise: &str) -> Self {
        match person {
            Some(person) => Self { id: Some(person.id.0), name: person.name.clone(), email: person.email.clone() },
            None => Self { id: None, name: otherwise.into(), email: None },
        }
    }
}

impl TransitionView {
    fn of(step: &Transition) -> Self {
        Self {
            number: step.number,
            act: step.act.map_or("book", Act::name).into(),
            from: step.from.map(|state| state.name().into()),
            to: step.to.name().into(),
            side: step.side.name().into(),
            reason: step.reason.clone(),
            at: step.at.to_string(),
        }
    }
}

impl BookingRowView {
    pub(super) fn of(booking: &Booking) -> Self {
        Self {
            id: booking.id.0,
            code: booking.code.clone(),
            listing_id: booking.listing.0,
            state: booking.state.name().into(),
            check_in: DateView(booking.asked.check_in),
            check_out: DateView(booking.asked.check_out),
            total_due: Money::new(booking.total(), booking.currency).into(),
            due_at: text(booking.due_at),
            created_at: booking.created_at.to_string(),
            version: booking.version,
        }
    }
}

fn text(at: Option<Instant>) -> Option<String> {
    at.map(|at| at.to_string())
}
