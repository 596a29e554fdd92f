//! SQL of quotes and coupons.

pub(super) mod coupons;
pub(super) mod quotes;

/// The statements that must find their rows by an index, with the kinds of their parameters: u an id, t a text, n a number, i an instant.
#[must_use]
pub fn statements() -> Vec<(&'static str, &'static str)> {
    [&quotes::STATEMENTS[..], &coupons::STATEMENTS].concat()
}
