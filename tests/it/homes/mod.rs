//! Homes as their hosts describe them, from the draft to the archive: every story on both engines.

mod approval;
mod drafts;
mod fields;
mod languages;
mod life;
mod place;
mod plans;
mod private;
mod stage;
