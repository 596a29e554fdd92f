//! Hosts and those who help them, as stories on both engines.

mod co_hosts;
mod figures;
mod letters;
