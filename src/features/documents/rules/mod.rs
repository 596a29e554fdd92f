//! `charges.rs` says who charges what for a stay, `receipt.rs` what was paid, `statement.rs` what a host earned; `paper.rs` holds invoices, receipts and statements as data and makes sheets
//! of them; `html.rs` and `pdf` lay a sheet out; `series.rs` has documents and their numbers.

pub mod charges;
pub mod html;
pub mod paper;
pub mod pdf;
pub mod receipt;
pub mod series;
pub mod statement;

#[cfg(test)]
mod tests;
