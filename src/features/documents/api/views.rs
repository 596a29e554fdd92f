//! Papers as JSON.

use crate::features::documents::rules::paper::{Party, Receipt, StayFacts};
use crate::features::documents::rules::series::Document;
use crate::platform::wire::{DateView, MoneyView};
use crate::values::{BookingId, Currency, Money};
use poem_openapi::Object;
use uuid::Uuid;

/// An invoice or a credit note, as it was issued.
#[derive(Object)]
pub(super) struct DocumentView {
    id: Uuid,
    booking_id: Uuid,
    /// `invoice`, or `credit_note`: what of an earlier invoice is not owed after all.
    kind: String,
    /// Such as `INV-2026-000123`; without gaps for each issuer, kind and year.
    number: String,
    /// In UTC.
    issued_on: DateView,
    /// `host` or `platform`.
    from: String,
    /// `guest` or `host`.
    to: String,
    issuer: PaperPartyView,
    recipient: PaperPartyView,
    stay: PaperStayView,
    /// Of a credit note: the number of the invoice that it corrects.
    corrects: Option<String>,
    items: Vec<PaperItemView>,
    taxes: Vec<PaperTaxView>,
    /// What the platform bears: its coupon, zero or more.
    discount: MoneyView,
    /// The items and the taxes that are added, less the discount.
    total: MoneyView,
    notes: Vec<String>,
}

/// The documents of a booking, oldest first.
#[derive(Object)]
pub(super) struct DocumentsView {
    pub data: Vec<DocumentView>,
}

/// What was paid for a stay, and what went back.
#[derive(Object)]
pub(super) struct ReceiptView {
    booking_id: Uuid,
    /// Of the last movement, in UTC.
    issued_on: DateView,
    issuer: PaperPartyView,
    recipient: PaperPartyView,
    stay: PaperStayView,
    /// Oldest first.
    payments: Vec<MovementView>,
    /// The sum of them.
    paid: MoneyView,
    notes: Vec<String>,
}

/// Somebody on a paper.
#[derive(Object)]
struct PaperPartyView {
    name: String,
    /// The address, as it is written on an envelope.
    lines: Vec<String>,
    tax_id: Option<String>,
}

/// The stay that a paper is about.
#[derive(Object)]
struct PaperStayView {
    /// The code of the booking.
    code: String,
    home: String,
    check_in: DateView,
    check_out: DateView,
    guests: u16,
}

/// A line of an invoice.
#[derive(Object)]
struct PaperItemView {
    description: String,
    quantity: u64,
    unit_amount: MoneyView,
    amount: MoneyView,
}

/// A tax on an invoice.
#[derive(Object)]
struct PaperTaxView {
    name: String,
    amount: MoneyView,
    /// Contained in the prices, and not added.
    included: bool,
}

/// Money that changed hands.
#[derive(Object)]
struct MovementView {
    /// In UTC.
    on: DateView,
    description: String,
    /// What the payment provider calls it; empty where there is none.
    reference: String,
    /// Below zero where money went back to the guest.
    amount: MoneyView,
}

impl DocumentView {
    pub(super) fn of(document: &Document) -> Self {
        let invoice = &document.invoice;
        let money = |minor| money(minor, invoice.currency);
        Self {
            id: document.id,
            booking_id: document.booking.0,
            kind: document.kind.name().into(),
            number: document.name(),
            issued_on: DateView(invoice.issued),
            from: document.from.name().into(),
            to: document.to.name().into(),
            issuer: PaperPartyView::of(&invoice.issuer),
            recipient: PaperPartyView::of(&invoice.recipient),
            stay: PaperStayView::of(&invoice.stay),
            corrects: invoice.corrects.clone(),
            items: invoice
                .items
                .iter()
                .map(|item| PaperItemView {
                    description: item.words.clone(),
                    quantity: item.quantity,
                    unit_amount: money(item.unit),
                    amount: money(item.amount),
                })
                .collect(),
            taxes: invoice.taxes.iter().map(|tax| PaperTaxView { name: tax.name.clone(), amount: money(tax.amount), included: tax.included }).collect(),
            discount: money(invoice.discount),
            total: money(invoice.total()),
            notes: invoice.notes.clone(),
        }
    }
}

impl ReceiptView {
    pub(super) fn of(booking: BookingId, receipt: &Receipt) -> Self {
        let money = |minor| money(minor, receipt.currency);
        let shown = receipt.payments.iter().map(|one| MovementView {
            on: DateView(one.on),
            description: one.words.clone(),
            reference: one.reference.clone(),
            amount: money(one.amount),
        });
        Self {
            booking_id: booking.0,
            issued_on: DateView(receipt.issued),
            issuer: PaperPartyView::of(&receipt.issuer),
            recipient: PaperPartyView::of(&receipt.recipient),
            stay: PaperStayView::of(&receipt.stay),
            payments: shown.collect(),
            paid: money(receipt.paid()),
            notes: receipt.notes.clone(),
        }
    }
}

impl PaperPartyView {
    fn of(party: &Party) -> Self {
        Self { name: party.name.clone(), lines: party.lines.clone(), tax_id: party.tax_id.clone() }
    }
}

impl PaperStayView {
    fn of(stay: &StayFacts) -> Self {
        Self { code: stay.code.clone(), home: stay.home.clone(), check_in: DateView(stay.check_in), check_out: DateView(stay.check_out), guests: stay.guests }
    }
}

fn money(minor: i64, currency: Currency) -> MoneyView {
    Money::new(minor, currency).into()
}
