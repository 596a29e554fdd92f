//! What hosts are shown of a calendar's settings and its history.

use super::asks::WeekdayNights;
use crate::features::calendar::rules::settings::{Settings, wall_time, weekday_names};
use crate::features::calendar::service::edit::Clash;
use crate::features::calendar::store::log::LogRow;
use crate::platform::wire::DateView;
use poem_openapi::Object;
use poem_openapi::types::Any;
use serde_json::Value;
use uuid::Uuid;

/// The availability rules of a listing.
#[derive(Debug, Clone, Object)]
pub(super) struct RulesView {
    min_nights: u16,
    max_nights: u16,
    /// Other minimums by weekday of arrival.
    min_nights_by_weekday: WeekdayNights,
    notice_days: u8,
    notice_as_request: bool,
    /// Local time at which bookings for the same day end.
    same_day_until: Option<String>,
    window_days: u16,
    window_strict: bool,
    preparation_nights: u8,
    arrival_days: Vec<String>,
    departure_days: Vec<String>,
    gap_nights: u8,
    fill_gaps: bool,
    /// The listing's: rises with every change of it.
    version: i64,
}

impl RulesView {
    pub(super) fn of(settings: &Settings, version: i64) -> Self {
        let nights = settings.arrival_min_nights.map(|nights| (nights > 0).then_some(i64::from(nights)));
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = nights;
        Self {
            min_nights: settings.min_nights,
            max_nights: settings.max_nights,
            min_nights_by_weekday: WeekdayNights { monday, tuesday, wednesday, thursday, friday, saturday, sunday },
            notice_days: settings.notice_days,
            notice_as_request: settings.notice_as_request,
            same_day_until: settings.cutoff_minute.map(wall_time),
            window_days: settings.window_days,
            window_strict: settings.window_strict,
            preparation_nights: settings.preparation_nights,
            arrival_days: weekday_names(settings.arrival_days),
            departure_days: weekday_names(settings.departure_days),
            gap_nights: settings.gap_nights,
            fill_gaps: settings.fill_gaps,
            version,
        }
    }
}

/// The units of a listing.
#[derive(Debug, Clone, Object)]
pub(super) struct UnitsView {
    /// The first unit's name first; empty where it has none.
    names: Vec<String>,
    /// The listing's: rises with every change of it.
    version: i64,
}

impl UnitsView {
    pub(super) fn of(names: Vec<String>, version: i64) -> Self {
        Self { names, version }
    }
}

/// What became of the edits.
#[derive(Debug, Clone, Object)]
pub(super) struct EditedView {
    /// Nights that were left open because guests have them.
    conflicts: Vec<ConflictView>,
    /// Rises with every change of the calendar.
    calendar_version: i64,
}

/// Nights that guests have.
#[derive(Debug, Clone, Object)]
struct ConflictView {
    /// Which of the edits wanted to close them, the first is 0.
    edit: u32,
    from: DateView,
    /// The first night that is not among them.
    to: DateView,
}

impl EditedView {
    pub(super) fn of(clashes: &[Clash], calendar_version: i64) -> Self {
        let conflict = |clash: &Clash| ConflictView {
            edit: u32::try_from(clash.edit).unwrap_or(u32::MAX),
            from: DateView(clash.range.from),
            to: DateView(clash.range.to),
        };
        Self { conflicts: clashes.iter().map(conflict).collect(), calendar_version }
    }
}

/// A page of the calendar's log.
#[derive(Object)]
pub(super) struct LogView {
    data: Vec<LogEntryView>,
    has_more: bool,
    next_cursor: Option<String>,
}

/// A change of the calendar.
#[derive(Object)]
struct LogEntryView {
    id: Uuid,
    /// RFC 3339, UTC.
    at: String,
    /// Who made it; null: the house itself.
    actor_id: Option<Uuid>,
    /// `edit` (single days), `rules`, `units`, `hold`, `booking`, `release` or `external`.
    kind: String,
    /// The nights that are meant, as a list of `{"from", "to"}`; `to` is the first that is not meant.
    ranges: Any<Value>,
    /// How it was.
    was: Any<Value>,
    /// How it became.
    became: Any<Value>,
}

impl LogView {
    pub(super) fn of(entries: Vec<LogRow>, has_more: bool, next_cursor: Option<String>) -> Self {
        Self { data: entries.into_iter().map(LogEntryView::of).collect(), has_more, next_cursor }
    }
}

impl LogEntryView {
    fn of(row: LogRow) -> Self {
        let json = |text: &str| Any(serde_json::from_str(text).unwrap_or(Value::Null));
        Self {
            id: row.id,
            at: row.at.to_string(),
            actor_id: row.actor.map(|actor| actor.0),
            ranges: json(&row.ranges),
            was: json(&row.was),
            became: json(&row.became),
            kind: row.kind,
        }
    }
}
