//! Valid requests for the operations about receipts and invoices. For `matrix.rs`.

use super::bookings_cast::As;
use super::cast::{Cast, Request, Who};
use stopover::features::documents::{self, Invoice, Issue, Item, Party, Role, StayFacts};
use stopover::features::ledger::{self, Payer};
use stopover::platform::db::DbError;
use stopover::values::{BookingId, Currency, Night};
use uuid::Uuid;

impl Cast<'_> {
    pub(super) async fn request_about_papers(&self, operation: &str, who: Who) -> Option<Request> {
        if !matches!(operation, "readReceipt" | "readInvoice" | "listBookingDocuments" | "readDocument") {
            return None;
        }
        let booking = self.booking(who, As::Guest, "in_stay").await;
        let document = self.paid_and_invoiced(booking).await;
        let id = if operation == "readDocument" { document } else { booking };
        Some(Request { id: Some(id), ..Request::default() })
    }

    /// A payment and an invoice of a booking, the same ones each time; answers the invoice.
    async fn paid_and_invoiced(&self, booking: Uuid) -> Uuid {
        let (host, id, usd) = (self.host, BookingId(booking), Currency::parse("USD").unwrap());
        let written: Result<Uuid, DbError> = self
            .db
            .write(move |tx, now| {
                let from = Payer { booking: id, payment: booking, provider: "sandbox", currency: usd };
                ledger::post(tx, now, &ledger::captured(&from, 100))?;
                let (day, item) = (Night::in_utc(now), Item { words: "A night".into(), quantity: 1, unit: 100, amount: 100 });
                let invoice = Invoice {
                    issued: day,
                    issuer: Party::default(),
                    recipient: Party::default(),
                    stay: StayFacts { code: "K7Q2M9XD".into(), home: "A home".into(), check_in: day, check_out: day.plus(2), guests: 2 },
                    currency: usd,
                    items: vec![item],
                    taxes: vec![],
                    discount: 0,
                    corrects: None,
                    notes: vec![],
                };
                let source = format!("booking:{booking}:invoice");
                documents::issue(tx, now, &Issue { booking: id, host, from: Role::Host, to: Role::Guest, source: &source, invoice: &invoice })
            })
            .await;
        written.unwrap()
    }
}
