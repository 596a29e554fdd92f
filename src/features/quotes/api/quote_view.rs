//! Quotes and prices by check-in date as JSON.

use crate::features::cancellation::Timeline;
use crate::features::pricing::{Line, LineKind};
use crate::features::quotes::rules::promise::{Part, Quote, at_property, taxes};
use crate::features::quotes::service::prices::Prices;
use crate::platform::error::{Error, Result};
use crate::platform::wire::{DateView, MoneyView};
use crate::values::{Currency, Deposit, Money};
use anyhow::Context as _;
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

/// What a stay costs, promised until `expires_at`.
#[derive(Object)]
pub(super) struct QuoteView {
    id: Uuid,
    listing_id: Uuid,
    /// SHA-256 of what was asked for, hexadecimal: the same for the same wish.
    hash: String,
    /// RFC 3339, UTC.
    created_at: String,
    /// From then on it cannot be booked.
    expires_at: String,
    check_in: DateView,
    check_out: DateView,
    /// RFC 3339, UTC: the listing's wall times of arrival and departure.
    check_in_at: String,
    check_out_at: String,
    /// IANA name of the listing's time zone.
    zone: String,
    nights: u16,
    adults: u16,
    children: u16,
    children_ages: Vec<u8>,
    infants: u16,
    pets: u16,
    options: Vec<String>,
    coupon: Option<String>,
    /// `standard` or `non_refundable`.
    rate_plan: String,
    /// ISO 4217; of all amounts here.
    currency: String,
    lines: Vec<LineView>,
    /// Each night's price before discounts, and what it bears of the room.
    night_prices: Vec<NightPriceView>,
    /// The nights without discounts and a host's coupon.
    accommodation: MoneyView,
    /// Accommodation and extra guests; the sum of what the nights bear.
    room: MoneyView,
    /// The room and the host's fees that are paid here.
    base: MoneyView,
    service_fee: MoneyView,
    /// Taxes on top of the prices.
    taxes: MoneyView,
    /// Taxes that the prices contain.
    taxes_included: MoneyView,
    /// Paid here, at booking and in instalments.
    total_due: MoneyView,
    /// Paid at the property.
    due_at_property: MoneyView,
    /// Everything that must be paid, wherever it is paid.
    total_price: MoneyView,
    /// `total_price` divided by the nights, rounded down.
    average_nightly: MoneyView,
    /// `total_due` in parts.
    schedule: Vec<PartView>,
    cancellation: CancellationView,
    /// Left against damage and given back: no part of what is due; null: nothing is left.
    deposit: Option<QuoteDepositView>,
    /// For the host's people; null for guests.
    host: Option<HostPartView>,
}

/// What is left against damage, and when.
#[derive(Object)]
struct QuoteDepositView {
    /// `charge_refund`, `card_hold` or `claim_only`.
    kind: String,
    /// Null for `claim_only`.
    amount: Option<MoneyView>,
    /// When it is charged or authorised, RFC 3339, UTC; null: with the booking.
    due_at: Option<String>,
    /// When it is given back or let go, RFC 3339, UTC, less what a damage claim takes; null for `claim_only`.
    back_at: Option<String>,
}

/// A line of the price. `total_due` is the sum of the lines that are neither the host's nor included nor paid at the property.
#[derive(Object)]
pub struct LineView {
    /// `nights`, `early_bird`, `last_minute`, `length_of_stay`, `non_refundable`, `host_coupon`, `extra_guests`, `fee`, `service_fee`, `tax`,
    /// `platform_coupon`, `host_fee`.
    kind: String,
    /// Of a fee or tax its key, of a coupon its code.
    key: String,
    /// What the host or the operator calls it; empty for lines that everybody knows.
    name: String,
    quantity: u64,
    unit_amount: MoneyView,
    /// Negative where less is paid.
    amount: MoneyView,
    /// `guest`, `platform` or `host`.
    payer: String,
    taxable: bool,
    /// `at_booking` or `at_property`.
    collected: String,
    /// Contained in other lines, and not added.
    included: bool,
    /// `before_check_in`, `with_room`, `never`, `service_fee` or `recomputed`.
    refund_rule: String,
}

/// A night in minor units of the quote's currency.
#[derive(Object)]
struct NightPriceView {
    date: DateView,
    price: i64,
    allocated: i64,
}

/// A part of what is due.
#[derive(Object)]
pub struct PartView {
    /// RFC 3339, UTC; null: at booking.
    due_at: Option<String>,
    amount: MoneyView,
}

/// Until when the stay can be called off, and what of the room the host keeps then.
#[derive(Object)]
pub struct CancellationView {
    policy: String,
    /// Nothing is kept so many hours after the confirmation, when that comes by `grace_confirmed_by`; null: there is no such time.
    grace_hours: Option<u16>,
    /// RFC 3339, UTC.
    grace_confirmed_by: Option<String>,
    /// The grace ends here at the latest; null: it has no such limit.
    grace_until_latest: Option<String>,
    /// In the order of time, up to check-in. Steps that are over are left out.
    steps: Vec<StepView>,
    /// Once guests are there: the nights that are spent are kept and so many after them; null: all.
    after_check_in_further_nights: Option<u16>,
    /// And of the nights after those this share, in basis points.
    after_check_in_rest_bp: u32,
}

/// Whoever cancels by `until`, that instant included, and after the step before.
#[derive(Object)]
struct StepView {
    /// RFC 3339, UTC.
    until: String,
    /// What of the room the host keeps.
    kept: MoneyView,
}

/// What the host gets.
#[derive(Object)]
struct HostPartView {
    host_fee: MoneyView,
    host_payout: MoneyView,
}

/// Prices by check-in date.
#[derive(Object)]
pub(super) struct PriceCalendarView {
    /// `YYYY-MM`.
    month: String,
    nights: u16,
    /// ISO 4217.
    currency: String,
    data: Vec<CheckInPriceView>,
}

/// A stay that begins on a date.
#[derive(Object)]
struct CheckInPriceView {
    check_in: DateView,
    check_out: DateView,
    /// Everything that must be paid, wherever it is paid; null where the stay cannot be booked.
    total_price: Option<MoneyView>,
    /// The main reason why it cannot be booked.
    reason: Option<String>,
}

impl QuoteView {
    /// `sees_payout`: the reader is one of the host's people.
    pub(super) fn of(quote: &Quote, sees_payout: bool) -> Result<Self> {
        let (asked, promise) = (&quote.asked, &quote.promise);
        let price = &promise.price;
        let money = |minor| money(minor, quote.currency);
        let (added, included) = taxes(price);
        let shown = price.lines.iter().filter(|line| sees_payout || line.kind != LineKind::HostFee);
        let nights = price.nights.iter().zip(&price.allocation).zip(0_i32..);
        Ok(Self {
            id: quote.id.0,
            listing_id: quote.listing.0,
            hash: quote.hash.clone(),
            created_at: quote.created_at.to_string(),
            expires_at: quote.expires_at.to_string(),
            check_in: DateView(asked.check_in),
            check_out: DateView(asked.check_out),
            check_in_at: quote.check_in_at.to_string(),
            check_out_at: quote.check_out_at.to_string(),
            zone: promise.zone.clone(),
            nights: asked.stay().map_err(Error::Refused)?.nights(),
            adults: asked.adults,
            children: asked.children,
            children_ages: asked.children_ages.clone(),
            infants: asked.infants,
            pets: asked.pets,
            options: asked.options.clone(),
            coupon: promise.coupon.clone(),
            rate_plan: if asked.non_refundable { "non_refundable" } else { "standard" }.to_owned(),
            currency: quote.currency.code().to_owned(),
            lines: shown.map(|line| LineView::of(line, quote.currency)).collect::<Result<_>>()?,
            night_prices: nights
                .map(|((price, allocated), day)| NightPriceView { date: DateView(asked.check_in.plus(day)), price: *price, allocated: *allocated })
                .collect(),
            accommodation: money(price.accommodation),
            room: money(price.room),
            base: money(price.base),
            service_fee: money(price.service_fee),
            taxes: money(added),
            taxes_included: money(included),
            total_due: money(price.total_due),
            due_at_property: money(at_property(price)),
            total_price: money(price.total_price),
            average_nightly: money(price.average_nightly),
            schedule: promise.schedule.iter().map(|part| PartView::of(part, quote.currency)).collect(),
            cancellation: CancellationView::of(&promise.cancellation, quote.currency),
            deposit: promise.deposit.map(|deposit| QuoteDepositView::of(deposit, quote)),
            host: sees_payout.then(|| HostPartView { host_fee: money(price.host_fee), host_payout: money(price.host_payout) }),
        })
    }
}

impl QuoteDepositView {
    fn of(deposit: Deposit, quote: &Quote) -> Self {
        let left = deposit.left() > 0;
        Self {
            kind: deposit.kind.name().to_owned(),
            amount: left.then(|| money(deposit.left(), quote.currency)),
            due_at: quote.promise.deposit_due(quote.asked.check_in).map(|at| at.to_string()),
            back_at: left.then(|| deposit.back_at(quote.check_out_at).to_string()),
        }
    }
}

impl LineView {
    /// A line in a currency.
    pub fn of(line: &Line, currency: Currency) -> Result<Self> {
        Ok(Self {
            kind: line.kind.code().to_owned(),
            key: line.key.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
            unit_amount: money(line.unit_amount, currency),
            amount: money(line.amount, currency),
            payer: word(&line.payer)?,
            taxable: line.taxable,
            collected: word(&line.collected)?,
            included: line.included,
            refund_rule: word(&line.refund_rule)?,
        })
    }
}

impl PartView {
    /// An instalment in a currency.
    #[must_use]
    pub fn of(part: &Part, currency: Currency) -> Self {
        Self { due_at: part.due_at.map(|at| at.to_string()), amount: money(part.amount, currency) }
    }
}

impl CancellationView {
    /// The timeline of a stay whose price is in a currency.
    #[must_use]
    pub fn of(told: &Timeline, currency: Currency) -> Self {
        Self {
            policy: told.policy.clone(),
            grace_hours: told.grace.map(|grace| grace.hours),
            grace_confirmed_by: told.grace.map(|grace| grace.confirmed_by.to_string()),
            grace_until_latest: told.grace.and_then(|grace| grace.until_latest).map(|at| at.to_string()),
            steps: told.steps.iter().map(|step| StepView { until: step.until.to_string(), kept: money(step.kept, currency) }).collect(),
            after_check_in_further_nights: told.after_check_in.further_nights,
            after_check_in_rest_bp: told.after_check_in.rest_bp,
        }
    }
}

impl PriceCalendarView {
    pub(super) fn of(month: &str, nights: u16, prices: &Prices) -> Self {
        let data = prices.days.iter().map(|(stay, price)| CheckInPriceView {
            check_in: DateView(stay.check_in()),
            check_out: DateView(stay.check_out()),
            total_price: price.as_ref().ok().map(|total| money(*total, prices.currency)),
            reason: price.as_ref().err().map(|reason| (*reason).to_owned()),
        });
        Self { month: month.to_owned(), nights, currency: prices.currency.code().to_owned(), data: data.collect() }
    }
}

fn money(minor: i64, currency: Currency) -> MoneyView {
    Money::new(minor, currency).into()
}

/// The word by which a choice is stored.
fn word(choice: &impl Serialize) -> Result<String> {
    let written = serde_json::to_value(choice).context("a line of a price cannot be written")?;
    Ok(written.as_str().context("a choice is no word")?.to_owned())
}
