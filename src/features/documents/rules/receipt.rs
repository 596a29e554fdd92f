//! What a guest has paid for a stay and got back, read from the books: whatever a receipt tells adds up to what they say.

use super::paper::Movement;
use crate::features::ledger::{Account, Entry, EntryKind, Recorded};
use crate::features::payments::provider::{CASH, MANUAL};
use crate::values::{BookingId, Night};
use std::collections::HashMap;

/// What providers call payments and refunds, by our ids as they stand in the sources of entries.
pub type References = HashMap<String, String>;

/// The movements of a stay, oldest first, from its entries in their order.
#[must_use]
pub fn movements(booking: BookingId, entries: &[Recorded], references: &References) -> Vec<Movement> {
    entries.iter().filter_map(|recorded| movement(booking, entries, recorded, references)).collect()
}

fn movement(booking: BookingId, entries: &[Recorded], recorded: &Recorded, references: &References) -> Option<Movement> {
    let of = recorded.entry.reverses.and_then(|id| entries.iter().find(|other| other.id == id)).unwrap_or(recorded);
    let (words, amount) = told(booking, &of.entry)?;
    // A refund that the bank sent back is paid again.
    let (words, amount) = if of.id == recorded.id { (words, amount) } else { (format!("{words}, taken back"), -amount) };
    let reference = of.entry.source.split(':').nth(1).and_then(|id| references.get(id)).cloned().unwrap_or_default();
    Some(Movement { on: Night::in_utc(recorded.at), words, reference, amount })
}

/// Above zero: paid by the guest.
fn told(booking: BookingId, entry: &Entry) -> Option<(String, i64)> {
    let owed = -entry.on(&Account::GuestReceivable(booking));
    let back = -entry.on(&Account::RefundPayable(booking));
    let (words, amount) = match entry.kind {
        EntryKind::Captured => (format!("Payment ({})", means(entry)), owed),
        EntryKind::PaidOffline => ("Payment to the host".into(), owed),
        EntryKind::CreditUsed => ("Credit used".into(), owed),
        EntryKind::Refunded => (format!("Refund ({})", means(entry)), back),
        EntryKind::ReturnedOffline => ("Refund by the host".into(), back),
        EntryKind::CreditReturned => ("Refund as credit".into(), back),
        EntryKind::DepositCharged => (format!("Security deposit ({})", means(entry)), -entry.on(&Account::DepositHeld(booking))),
        EntryKind::ClaimCharged => (format!("Damage ({})", means(entry)), entry.postings.iter().map(|posting| posting.amount.max(0)).sum()),
        EntryKind::DisputeOpened => ("Taken back by the bank".into(), -entry.on(&Account::DisputeSuspense(booking))),
        EntryKind::DisputeWon => ("Given back by the bank".into(), -entry.on(&Account::DisputeSuspense(booking))),
        _ => return None,
    };
    (amount != 0).then_some((words, amount))
}

/// By which means money moved.
fn means(entry: &Entry) -> &'static str {
    let provider = entry.postings.iter().find_map(|posting| if let Account::Psp(provider) = &posting.account { Some(provider.as_str()) } else { None });
    match provider {
        Some(MANUAL) => "bank transfer",
        Some(CASH) => "cash",
        _ => "card",
    }
}
