//! Use cases: posting and reading (`books.rs`), the check of the invariants (`invariants.rs`), and books for other programs (`export.rs`).

mod books;
mod export;
mod invariants;

pub use books::{Posted, balance, balances_of, hold, of_booking, post, reverse, seal_all, sealer, trial_balance};
pub(super) use books::{Sum, list};
pub use export::export;
pub use invariants::{Finding, Report, Witness, Witnesses, check, inspect};
