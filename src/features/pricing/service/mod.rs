//! Use cases: what a listing's stays cost, a host's change of that, and the operator's taxes of places.

pub(super) mod offer;
pub(super) mod pricing;
pub(super) mod taxes;
