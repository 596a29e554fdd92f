//! `paper.rs` holds invoices, receipts and statements as data and makes sheets of them; `html.rs` and `pdf` lay a sheet out.

pub mod html;
pub mod paper;
pub mod pdf;
pub mod series;

#[cfg(test)]
mod tests;
