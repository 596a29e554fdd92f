//! `/bookings/{id}/claims` and `/admin/claims`. What is shown is drawn in `views.rs`.

mod claims;
mod staff;
mod views;

pub use claims::ClaimsApi;
pub use staff::StaffClaimsApi;

use crate::platform::access::{Action, Door};

/// Who may come in; on which side of a booking somebody is, is for the use case.
pub const DOORS: &[Door] = &[
    Door::to("fileClaim", Action::ClaimDamage),
    Door::to("listBookingClaims", Action::ClaimDamage),
    Door::to("answerClaim", Action::ClaimDamage),
    Door::to("acceptClaimOffer", Action::ClaimDamage),
    Door::to("escalateClaim", Action::ClaimDamage),
    Door::to("withdrawClaim", Action::ClaimDamage),
    Door::to("payClaim", Action::ClaimDamage),
    Door::to("listClaims", Action::HandleMoney),
    Door::to("decideClaim", Action::HandleMoney),
];
