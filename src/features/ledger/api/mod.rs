//! The books over HTTP, for those who handle money: `/admin/ledger`.

mod ledger;
mod views;

pub use ledger::{DOORS, LedgerApi};
pub use views::{LedgerView, ledger_view};
