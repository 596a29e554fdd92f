//! The books: double entry, never changed, numbered and chained (docs/RULES.md, "The ledger").
//!
//! Whoever lets money move says what happened: `post(tx, now, &confirmed(booking, currency, &split))`, in the transaction of what
//! happened. The ledger decides nothing; `rules` has a constructor for each event. [`balance`] and its friends read, [`Witness`] is how
//! others add to the check of the invariants. A sealer numbers and chains what was posted, within a second.

mod api;
mod personal;
pub mod rules;
mod service;
mod store;

pub use api::{DOORS, LedgerApi, LedgerView, ledger_view};
pub use personal::AccountData;
pub use rules::export::Format;
pub use rules::{
    Account, Class, Entry, EntryKind, Payee, Payer, Posting, Recorded, Split, TaxShare, To, altered, cancelled, captured, claim_charged, claim_from_deposit,
    claim_given_back, confirmed, credit_forgone, credit_returned, credit_used, deposit_charged, deposit_lost, deposit_released, dispute_lost, dispute_opened,
    dispute_won, goodwill, netted, not_owed, paid_offline, part, payout_failed, payout_paid, payout_sent, penalty, promo_back, provider_fee, refunded,
    refunded_late, released, returned_offline, reversal, tax_remitted, to_give_back,
};
pub use service::{
    Finding, Posted, ReleasedTo, Report, Together, Witness, Witnesses, balance, balance_before, balances_of, by_kind, by_source, check, currencies_of, export,
    first_at, hold, inspect, list, of_booking, owed_to_hosts, post, released_to, reverse, seal_all, sealer, together, trial_balance,
};
pub use store::{Filter, Place, SUM_STATEMENTS, balance_sql, list_sql, postings_sql};
