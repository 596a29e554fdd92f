//! SQL of the books: writing (`write.rs`), balances, reading and listing (`read.rs`), the chain (`chain.rs`), and the questions that the check of
//! the invariants asks (`invariants.rs`).

mod balances;
mod chain;
mod invariants;
mod read;
mod write;

pub use balances::{SUM_STATEMENTS, balance_sql};
pub(super) use balances::{
    add_sums, balance, balance_before, by_kind, currencies_of, first_at, hold, of_booking as balances_of, open_in, owed_to_hosts, released_to, sums, together,
};
pub(super) use chain::{Books, Stored};
pub(super) use invariants::{each_account, handed_on, ill_kept, incomplete, kept, unbalanced};
pub use read::{Filter, Place, list_sql, postings_sql};
pub(super) use read::{between, by_id, by_source, each_of_account, list, of_booking};
pub(super) use write::{add_to_people, find_source, insert};
