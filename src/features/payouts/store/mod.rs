//! SQL of payouts: methods of hosts, the payouts themselves, and what stops them (`holds.rs`).

pub(super) mod holds;
pub(super) mod methods;
pub(super) mod payouts;

/// The statements that must find their rows by an index, with the kinds of their parameters: u an id, t a text, n a number, i an instant.
#[must_use]
pub fn statements() -> Vec<(String, &'static str)> {
    let fixed = [&methods::STATEMENTS[..], &payouts::STATEMENTS, &holds::STATEMENTS].concat();
    let mut all: Vec<(String, &'static str)> = fixed.into_iter().map(|(sql, kinds)| (sql.to_owned(), kinds)).collect();
    all.extend(payouts::list_statements());
    all
}
