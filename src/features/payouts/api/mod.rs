//! `/payout-methods`, `/payouts`, `/earnings`, and what staff do under `/admin`. What is shown is drawn in `views.rs`.

mod earnings;
mod methods;
mod own;
mod staff;
mod views;

pub(crate) use views::StatementView;

use earnings::EarningsApi;
use methods::PayoutMethodsApi;
use own::PayoutsApi;
use staff::StaffPayoutsApi;

use super::service::Payouts;
use crate::platform::access::{Action, Door};
use crate::platform::cursor::CursorKey;
use poem_openapi::OpenApi;

/// Who may come in; whose money it is, is for the use case.
pub const DOORS: &[Door] = &[
    Door::to("listPayoutMethods", Action::EditPayoutMethod),
    Door::to("addPayoutMethod", Action::EditPayoutMethod).with_fresh_proof(),
    Door::to("openPayoutAccount", Action::EditPayoutMethod).with_fresh_proof().with_secret_answer(),
    Door::to("removePayoutMethod", Action::EditPayoutMethod).with_fresh_proof(),
    Door::to("listPayouts", Action::SeeEarnings),
    Door::to("readPayout", Action::SeeEarnings),
    Door::to("readEarnings", Action::SeeEarnings),
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
