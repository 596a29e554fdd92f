//! Many at once, and much at random: no night is sold twice, no cent is lost. `model/` plays histories against a model written by hand.

mod doors;
mod keys;
mod load;
mod model;
