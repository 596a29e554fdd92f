//! What the books say, pure: accounts, entries, and one constructor for each row of the table in docs/RULES.md, "The ledger".
//!
//! `stay.rs` is about what a stay costs, `payment.rs` about money that moves between guests, providers and us, `host.rs` about what
//! hosts get, `house.rs` about what the house gives, pays and corrects. Amounts are minor units, zero or more; amounts below
//! zero make an entry that is refused when it is posted. `export.rs` writes entries as other programs read them.

mod account;
mod entry;
pub(super) mod export;
mod host;
mod house;
mod payment;
mod split;
mod stay;
#[cfg(test)]
mod tests;

pub use account::{Account, Class, Owner, class_of};
pub use entry::{Entry, EntryKind, KINDS, MOST, MOST_POSTINGS, Posting, Unfit};
pub use host::{claim_charged, claim_from_deposit, claim_given_back, netted, payout_failed, payout_paid, payout_sent, penalty};
pub use house::{Recorded, To, credit_forgone, credit_returned, credit_used, goodwill, reversal, tax_remitted};
pub use payment::{
    Payee, Payer, captured, deposit_charged, deposit_lost, deposit_released, dispute_lost, dispute_opened, dispute_won, paid_offline, provider_fee, refunded,
    returned_offline,
};
pub use split::{Split, TaxShare, part, promo_back};
pub use stay::{altered, cancelled, confirmed, not_owed, refunded_late, released, to_give_back};

pub(super) use entry::restored;
