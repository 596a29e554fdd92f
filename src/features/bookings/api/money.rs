//! Calling off, changing and paying as JSON.

use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::service::cancel::As;
use crate::features::bookings::store::alterations::Alteration;
use crate::features::bookings::store::deposits::LeftDeposit;
use crate::features::bookings::store::instalments::Instalment;
use crate::features::cancellation::{Outcome, OutcomeLine, What};
use crate::features::quotes::{LineView, Wish};
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::wire::{DateView, MoneyView};
use crate::values::{Instant, Money, Zone};
use anyhow::Context as _;
use poem_openapi::{Enum, Object};
use uuid::Uuid;

/// By whose doing staff call a stay off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(super) enum AsAsk {
    /// As if the guest had: by the policy.
    Guest,
    /// As if the host had: the guest gets everything back, and the host pays what the instance asks for.
    Host,
    /// A host whose reason is accepted: damage, a guest who broke the rules, force majeure.
    ExcusedHost,
    /// Staff decide how much goes back: `refund`.
    Staff,
}

/// What would happen if the stay were called off.
#[derive(Object)]
pub(super) struct OutcomeView {
    booking_id: Uuid,
    /// RFC 3339, UTC: the moment this is about.
    at: String,
    lines: Vec<OutcomeLineView>,
    /// Of what was charged, what is kept of it all.
    kept: MoneyView,
    /// Goes back to the guest; never more than was paid.
    refund: MoneyView,
    /// Was not paid yet, and is not owed any more.
    cancelled: MoneyView,
    /// What the host gets; null for guests.
    host_payout: Option<MoneyView>,
    /// What the host pays for calling off; null for guests.
    host_penalty: Option<MoneyView>,
    /// The last moment at which this holds, RFC 3339, UTC; null: it does not change any more.
    next_deadline: Option<String>,
    /// The same as the clock at the listing shows it.
    next_deadline_local: Option<String>,
    /// Send it with the cancellation: it is refused where something else would happen by then.
    preview_hash: String,
}

/// What becomes of one kind of what was charged.
#[derive(Object)]
struct OutcomeLineView {
    /// `room`, `fee`, `service_fee`, `tax` or `platform_coupon`.
    what: String,
    key: String,
    name: String,
    charged: MoneyView,
    kept: MoneyView,
    /// Not kept: goes back, or is not owed any more.
    given_up: MoneyView,
    /// Contained in other lines, and not added.
    included: bool,
}

/// An instalment of a booking.
#[derive(Object)]
pub(super) struct InstalmentView {
    /// 1 for the one at booking.
    number: u16,
    /// RFC 3339, UTC.
    due_at: String,
    amount: MoneyView,
    /// `planned`, `asked`, `failed`, `paid` or `cancelled`.
    state: String,
    /// When it is asked for next; null: nothing happens by itself.
    next_at: Option<String>,
}

/// What is left against damage, and how it stands.
#[derive(Object)]
pub(super) struct BookingDepositView {
    /// `charge_refund`, `card_hold` or `claim_only`.
    kind: String,
    /// Null for `claim_only`.
    amount: Option<MoneyView>,
    /// `planned`, `asked`, `failed`, `authorized`, `held`, `returned` or `cancelled`; null before the booking is confirmed.
    state: Option<String>,
    /// What damage claims took of it.
    taken: Option<MoneyView>,
    /// RFC 3339, UTC: when it is asked for, or goes back; null: nothing happens by itself.
    next_at: Option<String>,
}

/// Other dates or another party for a booked stay; what is left away stays as it is.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub(super) struct AlterationAsk {
    /// `YYYY-MM-DD`.
    check_in: Option<String>,
    /// `YYYY-MM-DD`.
    check_out: Option<String>,
    adults: Option<i64>,
    children: Option<i64>,
    children_ages: Option<Vec<i64>>,
    infants: Option<i64>,
    pets: Option<i64>,
    /// Keys of optional fees, each once.
    options: Option<Vec<String>>,
    /// To the other side, up to 500 characters.
    pub message: Option<String>,
    /// Of staff: why they propose it, up to 500 characters.
    pub reason: Option<String>,
}

/// A change of a booking.
#[derive(Object)]
pub(super) struct AlterationView {
    id: Uuid,
    booking_id: Uuid,
    /// `proposed`, `paying`, `applied`, `declined`, `withdrawn` or `expired`.
    state: String,
    /// Who proposed it.
    side: String,
    check_in: DateView,
    check_out: DateView,
    adults: u16,
    children: u16,
    infants: u16,
    pets: u16,
    lines: Vec<LineView>,
    total_due: MoneyView,
    total_price: MoneyView,
    /// What the guest pays more; below zero: gets back, or owes less.
    delta: MoneyView,
    message: String,
    /// Answered by then (`paying`: paid), or void.
    expires_at: String,
    created_at: String,
    ended_at: Option<String>,
}

/// Changes of a booking, newest first; never more than a hundred.
#[derive(Object)]
pub(super) struct AlterationsView {
    pub data: Vec<AlterationView>,
}

/// The choice of staff, with the amount where there is one. Refuses an amount without the choice `staff`, and the other way round.
pub(super) fn by_staff(by: Option<AsAsk>, refund: Option<i64>) -> Result<Option<As>> {
    let no = |message: &str| {
        let refused = Error::refused(Kind::Unacceptable, "out_of_range", format!("refund {message}."));
        Err(refused.with_error(FieldError::new("/body/refund", "out_of_range", message)))
    };
    match (by, refund) {
        (Some(AsAsk::Staff), Some(amount)) if amount >= 0 => Ok(Some(As::Refund(amount))),
        (Some(AsAsk::Staff), _) => no("is how much goes back, in minor units, zero or more"),
        (_, Some(_)) => no("is for staff who decide themselves (`as` is `staff`)"),
        (Some(AsAsk::Guest), None) => Ok(Some(As::Guest)),
        (Some(AsAsk::Host), None) => Ok(Some(As::Host)),
        (Some(AsAsk::ExcusedHost), None) => Ok(Some(As::ExcusedHost)),
        (None, None) => Ok(None),
    }
}

impl OutcomeView {
    pub(super) fn of(booking: &Booking, outcome: &Outcome, at: Instant, hosts: bool) -> Result<Self> {
        let money = |minor| MoneyView::from(Money::new(minor, booking.currency));
        let zone = Zone::parse(&booking.promise.zone).context("the zone of a booking is unknown")?;
        // Where the instant itself is too late the last good one is a moment before: told is the deadline as people say it.
        let next = outcome.next.map(|next| next.at);
        let shown = |line: &OutcomeLine| OutcomeLineView {
            what: match line.what {
                What::Room => "room",
                What::Fee => "fee",
                What::ServiceFee => "service_fee",
                What::Tax => "tax",
                What::PlatformCoupon => "platform_coupon",
            }
            .into(),
            key: line.key.clone(),
            name: line.name.clone(),
            charged: money(line.charged),
            kept: money(line.kept),
            given_up: money(line.charged - line.kept),
            included: line.included,
        };
        Ok(Self {
            booking_id: booking.id.0,
            at: at.to_string(),
            lines: outcome.lines.iter().map(shown).collect(),
            kept: money(outcome.kept.total()),
            refund: money(outcome.refund),
            cancelled: money(outcome.cancelled),
            host_payout: hosts.then(|| money(outcome.host_payout)),
            host_penalty: hosts.then(|| money(outcome.penalty)),
            next_deadline: next.map(|at| at.to_string()),
            next_deadline_local: next.map(|at| wall_time(&zone, at)),
            preview_hash: outcome.hash().context("an outcome cannot be written")?,
        })
    }
}

/// `YYYY-MM-DDTHH:MM` as the clock at the listing shows it.
fn wall_time(zone: &Zone, at: Instant) -> String {
    let local = zone.local(at);
    format!("{}T{:02}:{:02}", local.today, local.minute / 60, local.minute % 60)
}

impl BookingDepositView {
    /// As it was agreed on, with how it stands. `None`: nothing is left.
    pub(super) fn of(booking: &Booking, left: Option<&LeftDeposit>) -> Option<Self> {
        let agreed = booking.promise.deposit?;
        let money = |minor| MoneyView::from(Money::new(minor, booking.currency));
        Some(Self {
            kind: agreed.kind.name().into(),
            amount: (agreed.left() > 0).then(|| money(agreed.left())),
            state: left.map(|left| left.state.name().into()),
            taken: left.map(|left| money(left.taken)),
            next_at: left.and_then(|left| left.next_at).map(|at| at.to_string()),
        })
    }
}

impl InstalmentView {
    pub(super) fn of(part: &Instalment, booking: &Booking) -> Self {
        Self {
            number: part.number,
            due_at: part.due_at.to_string(),
            amount: Money::new(part.amount, booking.currency).into(),
            state: part.state.name().into(),
            next_at: part.next_at.map(|at| at.to_string()),
        }
    }
}

impl AlterationAsk {
    /// The whole stay as it would be.
    pub(super) fn wish(&self, booking: &Booking) -> Wish {
        let was = &booking.asked;
        let same_children = self.children.is_none() && self.children_ages.is_none();
        Wish {
            listing: booking.listing,
            check_in: self.check_in.clone().unwrap_or_else(|| was.check_in.to_string()),
            check_out: self.check_out.clone().unwrap_or_else(|| was.check_out.to_string()),
            adults: self.adults.unwrap_or_else(|| was.adults.into()),
            children: if same_children { Some(was.children.into()) } else { self.children },
            children_ages: if same_children { Some(was.children_ages.iter().map(|age| i64::from(*age)).collect()) } else { self.children_ages.clone() },
            infants: self.infants.unwrap_or_else(|| was.infants.into()),
            pets: self.pets.unwrap_or_else(|| was.pets.into()),
            options: self.options.clone().unwrap_or_else(|| was.options.clone()),
            coupon: None,
            non_refundable: was.non_refundable,
        }
    }
}

impl AlterationView {
    pub(super) fn of(alteration: &Alteration, booking: &Booking, hosts: bool) -> Result<Self> {
        let money = |minor| MoneyView::from(Money::new(minor, booking.currency));
        let (asked, price) = (&alteration.asked, &alteration.promise.price);
        let shown = price.lines.iter().filter(|line| hosts || line.kind != crate::features::pricing::LineKind::HostFee);
        Ok(Self {
            id: alteration.id,
            booking_id: alteration.booking.0,
            state: alteration.state.name().into(),
            side: alteration.side.name().into(),
            check_in: DateView(asked.check_in),
            check_out: DateView(asked.check_out),
            adults: asked.adults,
            children: asked.children,
            infants: asked.infants,
            pets: asked.pets,
            lines: shown.map(|line| LineView::of(line, booking.currency)).collect::<Result<_>>()?,
            total_due: money(price.total_due),
            total_price: money(price.total_price),
            delta: money(alteration.delta),
            message: alteration.message.clone(),
            expires_at: alteration.expires_at.to_string(),
            created_at: alteration.created_at.to_string(),
            ended_at: alteration.ended_at.map(|at| at.to_string()),
        })
    }
}
