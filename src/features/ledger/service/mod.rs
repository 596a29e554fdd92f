//! Use cases: posting and reading (`books.rs`), the check of the invariants (`invariants.rs`), and books for other programs (`export.rs`).

mod books;
mod export;
mod invariants;

pub(super) use books::Sum;
pub use books::{
    Posted, ReleasedTo, Together, balance, balance_before, balances_of, by_kind, by_source, currencies_of, first_at, hold, list, of_booking, owed_to_hosts,
    post, released_to, reverse, seal_all, sealer, together, trial_balance,
};
pub use export::export;
pub use invariants::{Finding, Report, Witness, Witnesses, check, inspect};
