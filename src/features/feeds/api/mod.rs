//! The edge of feeds: `feeds.rs` for calendars that are read, `exports.rs` for addresses that are given out, `ical.rs` for whoever fetches one of
//! those, `conflicts.rs` for nights that are taken twice.

mod conflicts;
mod exports;
mod feeds;
mod ical;
mod views;

pub use conflicts::ConflictsApi;
pub use exports::ExportAddressesApi;
pub use feeds::FeedsApi;
pub use ical::IcalApi;

use crate::platform::access::{Action, Door};
use crate::platform::error::{Error, FieldError, Kind, Result};

/// Who may come in.
pub const DOORS: &[Door] = &[
    Door::to("listFeeds", Action::EditCalendar),
    Door::to("addFeed", Action::EditCalendar),
    Door::to("readFeed", Action::EditCalendar),
    Door::to("changeFeed", Action::EditCalendar),
    Door::to("removeFeed", Action::EditCalendar),
    Door::to("syncFeed", Action::EditCalendar),
    Door::to("readFeedLog", Action::EditCalendar),
    Door::to("listExportAddresses", Action::EditCalendar),
    Door::to("makeExportAddress", Action::EditCalendar).with_secret_answer(),
    Door::to("rotateExportAddress", Action::EditCalendar).with_secret_answer(),
    Door::to("revokeExportAddress", Action::EditCalendar),
    Door::to("listConflicts", Action::ViewCalendarCauses),
    Door::to("resolveConflict", Action::EditCalendar),
    // Other sites put parameters of their own behind the address.
    Door::to("fetchCalendar", Action::LookAround).with_any_query(),
];

const NAME_CHARS: usize = 80;

/// A name as it is kept.
fn name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
        return Err(unusable("name", "invalid_name", &format!("must be 1 to {NAME_CHARS} characters, without control characters")));
    }
    Ok(name.to_owned())
}

/// 422, about one field of the body.
fn unusable(field: &str, code: &'static str, message: &str) -> Error {
    let refused = Error::refused(Kind::Unacceptable, code, format!("{field}: {message}."));
    refused.with_error(FieldError::new(format!("/body/{field}"), code, message))
}
