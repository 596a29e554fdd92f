//! `/payments`, `/admin/payments`, `/admin/disputes`: messages of providers, the sandbox's page of the bank, and what staff see and confirm.

mod message;
mod sandbox;
mod staff;
mod views;
mod webhooks;

pub use sandbox::SandboxApi;
pub use staff::StaffPaymentsApi;
pub use views::{DisputeView, PaymentView, RefundView};
pub use webhooks::PaymentsApi;

use crate::platform::access::{Action, Door, Meter};

/// Who may come in.
pub const DOORS: &[Door] = &[
    Door::to("takePaymentMessage", Action::ComeIn).with_streamed_body().counted_as(Meter::Message),
    Door::to("authenticateSandboxPayment", Action::Book),
    Door::to("listPayments", Action::HandleMoney),
    Door::to("readPayment", Action::HandleMoney),
    Door::to("confirmPayment", Action::HandleMoney),
    Door::to("listDisputes", Action::HandleMoney),
];
