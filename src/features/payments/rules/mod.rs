//! What is decided about payments, pure: which news count, what does not fit, how a refund is spread, what test cards do.

pub mod cards;
pub mod facts;
pub mod spread;
pub mod terms;
