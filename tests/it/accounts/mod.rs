//! Accounts as people live with them: every story on both engines.

pub(crate) use erasure::dump;

mod authenticator;
mod bodies;
mod bookings_cast;
mod calendar_cast;
mod calendars;
mod cast;
mod claims_cast;
mod credit_cast;
mod deeds;
mod erasure;
mod exports;
mod factors;
mod helpers;
mod homes_cast;
mod login;
mod matrix;
mod oidc;
mod papers_cast;
mod passkeys;
mod payments_cast;
mod payouts_cast;
mod photos_cast;
mod plans;
mod policies_cast;
mod prices_cast;
mod profile;
mod quotes_cast;
mod registration;
mod second_step;
mod sessions;
mod staff;
mod things;
mod threats;
mod threats_data;
mod tokens;
