//! All documents that follow from a booking that has come to its end: who charged what, and what was given back afterwards.

use super::issue::issue;
use super::read::{Names, facts, names};
use crate::features::bookings::{self, Booking};
use crate::features::documents::rules::charges::Charges;
use crate::features::documents::rules::paper::{Invoice, Item};
use crate::features::documents::rules::series::{Issue, Role};
use crate::features::documents::store;
use crate::features::ledger::{self, Account, EntryKind};
use crate::platform::config::Config;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::values::{BookingId, Instant, Night};

/// Issues what is not issued yet of a booking. The same again has no effect.
pub(crate) fn write(tx: &mut Tx<'_>, now: Instant, config: &Config, id: BookingId) -> Result<()> {
    if let Some(booking) = bookings::held_for_papers(tx, id)? {
        let names = names(tx, config, &booking)?;
        let desk = Desk { now, booking: &booking, names: &names, blank: blank(tx, now, &booking)? };
        let charges = match booking.called_off()? {
            Some(outcome) => Charges::of_outcome(&outcome),
            None => Charges::of_price(&booking.promise.price, booking.currency),
        };
        // The host's series first, then the platform's: see `issue`.
        desk.stay(tx, &charges)?;
        desk.given_back(tx, (Role::Host, Role::Guest))?;
        desk.fees(tx, &charges)?;
        desk.given_back(tx, (Role::Platform, Role::Host))?;
    }
    bookings::papers_again(tx, id, None)?;
    Ok(())
}

/// The source of the invoice of one to another.
pub(super) fn source(booking: BookingId, from: Role, to: Role) -> String {
    let what = match (from, to) {
        (Role::Host, _) => "invoice",
        (_, Role::Host) => "host_fee",
        _ => "guest_fee",
    };
    format!("booking:{booking}:{what}")
}

/// An invoice on which nothing stands yet but the stay.
fn blank(tx: &mut Tx<'_>, now: Instant, booking: &Booking) -> Result<Invoice> {
    Ok(Invoice {
        issued: Night::in_utc(now),
        issuer: Default::default(),
        recipient: Default::default(),
        stay: facts(tx, booking)?,
        currency: booking.currency,
        items: Vec::new(),
        taxes: Vec::new(),
        discount: 0,
        corrects: None,
        notes: Vec::new(),
    })
}

struct Desk<'a> {
    now: Instant,
    booking: &'a Booking,
    names: &'a Names,
    blank: Invoice,
}

impl Desk<'_> {
    /// The host's invoice to the guest.
    fn stay(&self, tx: &mut Tx<'_>, charges: &Charges) -> Result<()> {
        if charges.of_host() <= 0 {
            return Ok(());
        }
        let (discount, _) = charges.coupon();
        let issued_by = format!("Issued by {} on behalf of {}.", self.names.platform.name, self.names.host.name);
        let notes = charges.notes.iter().cloned().chain([issued_by]).collect();
        let invoice = Invoice { items: charges.stay.clone(), taxes: charges.taxes.clone(), discount, notes, ..self.blank.clone() };
        self.put(tx, (Role::Host, Role::Guest), &source(self.booking.id, Role::Host, Role::Guest), invoice)
    }

    /// The platform's invoices: its fee of the guest, and its fee of the host.
    fn fees(&self, tx: &mut Tx<'_>, charges: &Charges) -> Result<()> {
        if charges.service.iter().map(|item| item.amount).sum::<i64>() > 0 {
            let (_, discount) = charges.coupon();
            let invoice = Invoice { items: charges.service.clone(), discount, ..self.blank.clone() };
            self.put(tx, (Role::Platform, Role::Guest), &source(self.booking.id, Role::Platform, Role::Guest), invoice)?;
        }
        if charges.host_fee > 0 {
            let invoice = Invoice { items: vec![plain("Host service fee", charges.host_fee)], ..self.blank.clone() };
            self.put(tx, (Role::Platform, Role::Host), &source(self.booking.id, Role::Platform, Role::Host), invoice)?;
        }
        Ok(())
    }

    /// Credit notes for what the host has given back since (E08): to the guest what they got, to the host the fee that comes back with it.
    fn given_back(&self, tx: &mut Tx<'_>, (from, to): (Role, Role)) -> Result<()> {
        let id = self.booking.id;
        let called_off = format!("booking:{id}:refunded_late:cancelled");
        for recorded in ledger::of_booking(tx, id)? {
            let entry = &recorded.entry;
            // What went back because the stay was called off is not on the invoice.
            if entry.kind != EntryKind::RefundedLate || entry.source == called_off {
                continue;
            }
            let (words, amount) = match from {
                Role::Host => ("Given back by the host", -entry.on(&Account::RefundPayable(id))),
                _ => ("Host service fee, given back", entry.on(&Account::RevHostFee)),
            };
            let corrected = if amount > 0 { store::by_source(tx, &source(id, from, to))? } else { None };
            if let Some(corrected) = corrected {
                let invoice = Invoice { items: vec![plain(words, amount)], corrects: Some(corrected.name()), ..self.blank.clone() };
                self.put(tx, (from, to), &format!("{}:credit_to_{}", entry.source, to.name()), invoice)?;
            }
        }
        Ok(())
    }

    fn put(&self, tx: &mut Tx<'_>, (from, to): (Role, Role), source: &str, invoice: Invoice) -> Result<()> {
        let invoice = Invoice { issuer: self.names.of(from).clone(), recipient: self.names.of(to).clone(), ..invoice };
        issue(tx, self.now, &Issue { booking: self.booking.id, host: self.booking.host, from, to, source, invoice: &invoice })?;
        Ok(())
    }
}

fn plain(words: &str, amount: i64) -> Item {
    Item { words: words.to_owned(), quantity: 1, unit: amount, amount }
}
