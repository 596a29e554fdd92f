//! `/bookings/{id}/claims` and `/admin/claims`. What is shown is drawn in `views.rs`.

mod claims;
mod staff;
mod views;

use claims::ClaimsApi;
use staff::StaffClaimsApi;

use crate::features::payments::Payments;
use crate::platform::access::{Action, Door};
use crate::platform::cursor::CursorKey;
use crate::platform::tools::Tools;
use poem_openapi::OpenApi;

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
    Door::to("decideClaim", Action::HandleMoney).with_fresh_proof(),
];

/// All operations about damage claims.
pub fn apis(tools: &Tools, cursors: &CursorKey, payments: &Payments) -> impl OpenApi + use<> {
    (ClaimsApi::new(tools.clone(), payments.clone()), StaffClaimsApi::new(tools.clone(), cursors.clone()))
}
