//! `/payments`, `/admin/payments`, `/admin/disputes`: messages of providers, the sandbox's page of the bank, and what staff see and confirm.

mod message;
mod sandbox;
mod saved;
mod staff;
mod views;
mod webhooks;

pub use views::{DisputeView, PaymentView, RefundView};

use super::service::Payments;
use crate::platform::access::{Action, Door, Meter};
use crate::platform::cursor::CursorKey;
use crate::platform::tools::Tools;
use poem_openapi::OpenApi;
use sandbox::SandboxApi;
use saved::SavedApi;
use staff::StaffPaymentsApi;
use webhooks::PaymentsApi;

/// Who may come in.
pub const DOORS: &[Door] = &[
    Door::to("takePaymentMessage", Action::ComeIn).with_streamed_body().counted_as(Meter::Message),
    Door::to("authenticateSandboxPayment", Action::Book),
    Door::to("readSavedMethod", Action::Book),
    // Whoever tries stolen cards is slowed down.
    Door::to("saveMethod", Action::Book).counted_as(Meter::Login).with_card(),
    Door::to("forgetMethod", Action::Book),
    Door::to("listPayments", Action::HandleMoney),
    Door::to("readPayment", Action::HandleMoney),
    Door::to("confirmPayment", Action::HandleMoney),
    Door::to("listDisputes", Action::HandleMoney),
];

/// All of them.
pub fn apis(tools: &Tools, cursors: &CursorKey, payments: &Payments) -> impl OpenApi + use<> {
    let staff = StaffPaymentsApi::new(tools.clone(), cursors.clone(), payments.clone());
    let saved = SavedApi::new(tools.clone(), payments.clone());
    (PaymentsApi::new(payments.clone()), saved, SandboxApi::new(tools.clone(), payments.clone()), staff)
}
