//! `/bookings/{id}/receipt`, `/invoice`, `/documents`, and `/documents/{id}`. What is shown as JSON is drawn in `views.rs`, in which form in `forms.rs`.

mod forms;
mod papers;
mod views;

use papers::PapersApi;

use crate::platform::access::{Action, Door};
use crate::platform::tools::Tools;
use poem_openapi::OpenApi;

/// Who may come in; on which side of a booking somebody is, is for the use case.
pub const DOORS: &[Door] = &[
    Door::to("readReceipt", Action::ReadPapers),
    Door::to("readInvoice", Action::ReadPapers),
    Door::to("listBookingDocuments", Action::ReadPapers),
    Door::to("readDocument", Action::ReadPapers),
];

/// All operations about documents.
pub fn apis(tools: &Tools) -> impl OpenApi + use<> {
    PapersApi::new(tools.clone())
}
