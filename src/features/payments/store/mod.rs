//! SQL of payments. `sandbox.rs` has the books of the built-in sandbox, which nothing else looks into.

pub(super) mod calls;
pub(super) mod customers;
pub(super) mod disputes;
pub(super) mod events;
pub(super) mod lists;
pub(super) mod payments;
pub(super) mod refunds;
pub(super) mod sandbox;

/// The statements that must find their rows by an index, with the kinds of their parameters: u an id, t a text, n a number, i an instant.
#[must_use]
pub fn statements() -> Vec<(String, &'static str)> {
    let fixed = [
        &payments::STATEMENTS[..],
        &refunds::STATEMENTS,
        &calls::STATEMENTS,
        &events::STATEMENTS,
        &disputes::STATEMENTS,
        &customers::STATEMENTS,
        &sandbox::STATEMENTS,
    ];
    let mut all: Vec<(String, &'static str)> = fixed.concat().into_iter().map(|(sql, kinds)| (sql.to_owned(), kinds)).collect();
    all.extend(lists::statements());
    all
}
