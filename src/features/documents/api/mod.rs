//! `/bookings/{id}/receipt`, `/invoice`, `/documents`, `/documents/{id}`, and `/earnings/statements/{month}`. What is shown as JSON is drawn in `views.rs`, in which form in `forms.rs`.

mod forms;
mod papers;
mod statements;
mod views;

use papers::PapersApi;
use statements::StatementsApi;

use crate::platform::access::{Action, Door};
use crate::platform::tools::Tools;
use poem_openapi::OpenApi;

/// Who may come in; on which side of a booking somebody is, is for the use case.
pub const DOORS: &[Door] = &[
    Door::to("readReceipt", Action::ReadPapers),
    Door::to("readInvoice", Action::ReadPapers),
    Door::to("listBookingDocuments", Action::ReadPapers),
    Door::to("readDocument", Action::ReadPapers),
    Door::to("readStatement", Action::SeeEarnings),
];

/// All operations about documents.
pub fn apis(tools: &Tools) -> impl OpenApi + use<> {
    (PapersApi::new(tools.clone()), StatementsApi::new(tools.clone()))
}
