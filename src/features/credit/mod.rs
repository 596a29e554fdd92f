//! Credit: what the house gives guests to spend on later stays (docs/RULES.md, "Credit").
//!
//! It lies on `guest_credit:{guest}` in the ledger and nowhere else: [`give`] puts it there (E17), `payments::spend` takes it away, refunds put it
//! back. Here staff give it, guests read what they have, and whoever leaves for good gives it up.

mod api;
mod personal;
mod service;

pub use api::{CreditApi, DOORS};
pub use personal::CreditData;
pub use service::{Desk, Gift, Stakes, give, give_up_of_erased};
