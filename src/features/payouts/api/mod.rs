//! `/payout-methods`, `/payouts`, `/earnings`, and what staff do under `/admin`. What is shown is drawn in `views.rs`.

mod earnings;
mod methods;
mod own;
mod staff;
mod views;

use earnings::EarningsApi;
use methods::PayoutMethodsApi;
use own::PayoutsApi;
use staff::StaffPayoutsApi;

use super::service::Payouts;
use crate::platform::access::{Action, Door};
use crate::platform::cursor::CursorKey;
use crate::platform::error::{Error, FieldError, Kind, Result};
use poem_openapi::OpenApi;

/// Who may come in; whose money it is, is for the use case.
pub const DOORS: &[Door] = &[
    Door::to("listPayoutMethods", Action::EditPayoutMethod),
    Door::to("addPayoutMethod", Action::EditPayoutMethod).with_fresh_proof(),
    Door::to("removePayoutMethod", Action::EditPayoutMethod).with_fresh_proof(),
    Door::to("listPayouts", Action::SeeEarnings),
    Door::to("readPayout", Action::SeeEarnings),
    Door::to("readEarnings", Action::SeeEarnings),
    Door::to("readStatement", Action::SeeEarnings),
    Door::to("listAllPayouts", Action::HandleMoney),
    Door::to("exportPayouts", Action::HandleMoney).with_secret_answer(),
    Door::to("confirmPayout", Action::HandleMoney),
    Door::to("failPayout", Action::HandleMoney),
    Door::to("listPayoutHolds", Action::HandleMoney),
    Door::to("holdPayouts", Action::HandleMoney),
    Door::to("unholdPayouts", Action::HandleMoney),
    Door::to("remitTax", Action::HandleMoney),
];

/// All of them.
pub fn apis(payouts: &Payouts, cursors: &CursorKey) -> impl OpenApi + use<> {
    let own = PayoutsApi::new(payouts.clone(), cursors.clone());
    (PayoutMethodsApi::new(payouts.clone()), own, EarningsApi::new(payouts.clone()), StaffPayoutsApi::new(payouts.clone(), cursors.clone()))
}

fn twenty() -> u8 {
    20
}

/// Why staff do something.
fn reason(text: &str) -> Result<String> {
    let text = text.trim();
    if (1..=500).contains(&text.chars().count()) && !text.chars().any(|c| c.is_control() && c != '\n') {
        return Ok(text.to_owned());
    }
    let message = "must say why, in 1 to 500 characters without control characters";
    Err(Error::refused(Kind::Unacceptable, "invalid_reason", format!("reason: {message}.")).with_error(FieldError::new(
        "/body/reason",
        "invalid_reason",
        message,
    )))
}
