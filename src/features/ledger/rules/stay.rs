//! What a stay costs: promised (E01), changed (E11), earned (E04), given up (E06), given back afterwards (E08).

use super::account::Account;
use super::entry::{Entry, EntryKind};
use super::split::Split;
use crate::values::{BookingId, Currency, UserId};

/// E01: a booking stands. The guest owes the total; it is the host's, ours and the taxes' only later.
#[must_use]
pub fn confirmed(booking: BookingId, currency: Currency, split: &Split) -> Entry {
    let entry = Entry::new(EntryKind::Confirmed, format!("booking:{booking}:confirmed"), Some(booking), currency);
    // A coupon may leave nothing to pay, but never less than nothing: that is refused as an amount below zero.
    entry
        .debit(Account::GuestReceivable(booking), split.owed())
        .debit(Account::ExpPromo, split.promo)
        .credit(Account::StayEscrow(booking), split.base)
        .credit(Account::FeeDeferred(booking), split.guest_fee)
        .credit(Account::TaxHeld(booking), split.tax_total())
}

/// E11: a booking was altered. `unpaid` is what `guest_receivable` holds: what costs less takes from there first, the rest goes back.
#[must_use]
pub fn altered(booking: BookingId, alteration: uuid::Uuid, currency: Currency, before: &Split, after: &Split, unpaid: i64) -> Entry {
    let more = after.owed().saturating_sub(before.owed());
    let kind = if more < 0 { EntryKind::AlteredDown } else { EntryKind::AlteredUp };
    let mut entry = Entry::new(kind, format!("alteration:{alteration}:altered"), Some(booking), currency);
    let parts = [
        (Account::StayEscrow(booking), before.base, after.base),
        (Account::FeeDeferred(booking), before.guest_fee, after.guest_fee),
        (Account::TaxHeld(booking), before.tax_total(), after.tax_total()),
    ];
    for (account, was, is) in parts {
        entry = if is >= was { entry.credit(account, is.saturating_sub(was)) } else { entry.debit(account, was.saturating_sub(is)) };
    }
    entry = if after.promo >= before.promo {
        entry.debit(Account::ExpPromo, after.promo - before.promo)
    } else {
        entry.credit(Account::ExpPromo, before.promo - after.promo)
    };
    if more >= 0 { entry.debit(Account::GuestReceivable(booking), more) } else { give_back(entry, booking, -more, unpaid) }
}

/// E04: a part of the stay has begun, and is earned: the host gets the base without the host's fee, and the taxes that hosts hand
/// on. `number` counts the parts of one booking; `part` comes from [`Split::part`], its coupon is not looked at.
#[must_use]
pub fn released(booking: BookingId, number: u32, host: UserId, currency: Currency, part: &Split, host_fee: i64) -> Entry {
    let to_host = part.base.saturating_sub(host_fee).saturating_add(part.to_host());
    let mut entry = Entry::new(EntryKind::Released, format!("booking:{booking}:released:{number}"), Some(booking), currency)
        .debit(Account::StayEscrow(booking), part.base)
        .debit(Account::FeeDeferred(booking), part.guest_fee)
        .debit(Account::TaxHeld(booking), part.tax_total())
        .credit(Account::HostPayable(host), to_host)
        .credit(Account::RevHostFee, host_fee)
        .credit(Account::RevGuestFee, part.guest_fee);
    for tax in part.taxes.iter().filter(|tax| !tax.to_host) {
        entry = entry.credit(Account::TaxPayable(tax.tax.clone()), tax.amount);
    }
    entry
}

/// E06: a booking was cancelled before its release, and `back` of it is not charged after all. The platform's coupon
/// (`back.promo`, see [`super::promo_back`]) comes back first, then what the guest has not paid yet (`unpaid`), the rest is to be
/// refunded.
#[must_use]
pub fn cancelled(booking: BookingId, currency: Currency, back: &Split, unpaid: i64) -> Entry {
    let entry = Entry::new(EntryKind::Cancelled, format!("booking:{booking}:cancelled"), Some(booking), currency)
        .debit(Account::StayEscrow(booking), back.base)
        .debit(Account::FeeDeferred(booking), back.guest_fee)
        .debit(Account::TaxHeld(booking), back.tax_total())
        .credit(Account::ExpPromo, back.promo);
    give_back(entry, booking, back.owed(), unpaid)
}

/// E08: something goes back after the release: the host gives up the base without the host's fee, we our fees. `payable` is what
/// we owe the host now; what it does not cover, the host owes us. `key` tells the refunds of a booking apart.
#[must_use]
pub fn refunded_late(booking: BookingId, key: &str, host: UserId, currency: Currency, back: &Split, host_fee: i64, payable: i64) -> Entry {
    let from_host = back.base.saturating_sub(host_fee).saturating_add(back.to_host());
    let mut entry = Entry::new(EntryKind::RefundedLate, format!("booking:{booking}:refunded_late:{key}"), Some(booking), currency)
        .debit_host(host, from_host, payable)
        .debit(Account::RevHostFee, host_fee)
        .debit(Account::RevGuestFee, back.guest_fee);
    for tax in back.taxes.iter().filter(|tax| !tax.to_host) {
        entry = entry.debit(Account::TaxPayable(tax.tax.clone()), tax.amount);
    }
    entry.credit(Account::ExpPromo, back.promo).credit(Account::RefundPayable(booking), back.owed())
}

/// What the guest has not paid yet is not asked for any more; the rest waits for a refund.
fn give_back(entry: Entry, booking: BookingId, amount: i64, unpaid: i64) -> Entry {
    let from_unpaid = amount.min(unpaid.max(0));
    entry.credit(Account::GuestReceivable(booking), from_unpaid).credit(Account::RefundPayable(booking), amount.saturating_sub(from_unpaid))
}
