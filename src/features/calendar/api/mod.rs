//! What hosts do to a calendar: `asks.rs` reads it, `views.rs` draws the answers. What guests read is in `availability`.

mod asks;
mod views;

use super::service::{edit, log, settings, units};
use crate::features::listings::{self, Standing};
use crate::platform::access::{Action, Door};
use crate::platform::cursor::{CursorKey, Limit, moment};
use crate::platform::db::Tx;
use crate::platform::error::{Error, Result};
use crate::platform::http::{Cached, Caller, Done, IfMatch, Prepared, etag};
use crate::platform::tools::Tools;
use crate::values::ListingId;
use asks::{EditsAsk, RulesAsk, UnitsAsk};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use uuid::Uuid;
use views::{EditedView, LogView, RulesView, UnitsView};

/// Who may come in.
pub const DOORS: &[Door] = &[
    Door::to("readAvailabilityRules", Action::ViewCalendarCauses),
    Door::to("setAvailabilityRules", Action::EditCalendar),
    Door::to("editCalendar", Action::EditCalendar),
    Door::to("readCalendarLog", Action::ViewCalendarCauses),
    Door::to("readUnits", Action::ViewCalendarCauses),
    Door::to("setUnits", Action::EditCalendar),
];

/// Keeping a calendar.
pub struct CalendarApi {
    tools: Tools,
    cursors: CursorKey,
}

impl CalendarApi {
    #[must_use]
    pub fn new(tools: Tools, cursors: CursorKey) -> Self {
        Self { tools, cursors }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl CalendarApi {
    /// When guests may come, and for how long.
    ///
    /// For the people of the listing. The rules bind new stays; what is booked keeps what it was booked with.
    #[oai(path = "/listings/:id/availability-rules", method = "get", operation_id = "readAvailabilityRules")]
    async fn rules(&self, caller: Caller, id: Path<Uuid>) -> Result<Cached<RulesView>> {
        let listing = ListingId(id.0);
        let read = self.tools.db.read_cut(move |conn| {
            let standing = listings::allowed(conn, Some(&caller), listing, Action::ViewCalendarCauses)?;
            Ok::<_, Error>((settings::availability_rules(conn, listing)?, standing.version))
        });
        let (settings, version) = read.await?;
        Ok(private(&RulesView::of(&settings, version), version))
    }

    /// Set all availability rules. With `If-Match` only if they are still what you have read.
    ///
    /// Everything that is wrong is named at once. Search and calendars follow.
    #[oai(path = "/listings/:id/availability-rules", method = "put", operation_id = "setAvailabilityRules")]
    async fn set_rules(&self, caller: Caller, id: Path<Uuid>, if_match: IfMatch, ask: Json<RulesAsk>) -> Result<Done<RulesView>> {
        let listing = ListingId(id.0);
        let done = self.tools.db.write(move |tx, now| {
            let standing = locked(tx, &caller, listing)?;
            let to = ask.0.judged()?;
            if_match.check(&etag::of_version(standing.version))?;
            settings::set_availability_rules(tx, now, caller.user, listing, &to)?;
            let version = listings::allowed(tx, Some(&caller), listing, Action::EditCalendar)?.version;
            Ok::<_, Error>(Done::now(RulesView::of(&to, version)).with_etag(etag::of_version(version)))
        });
        done.await
    }

    /// Change single days: prices, limits, closed days, blocks.
    ///
    /// Each edit means the nights from `from` up to, not including, `to`, or some weekdays of them; later edits win. Null goes back to
    /// what the listing says. At most 100 edits, 1,095 days ahead; nights before today stay as they are. A block over nights that
    /// guests have is refused as a whole with 409 `nights_booked` and the `conflicts`; with `skip_conflicts` the rest is done.
    #[oai(path = "/listings/:id/calendar", method = "patch", operation_id = "editCalendar")]
    async fn edit(&self, caller: Caller, id: Path<Uuid>, ask: Json<EditsAsk>) -> Result<Done<EditedView>> {
        let listing = ListingId(id.0);
        let done = self.tools.db.write(move |tx, now| {
            let before = locked(tx, &caller, listing)?;
            let edits = ask.0.judged()?;
            let clashes = edit::edit_calendar(tx, now, caller.user, listing, &edits, ask.0.skip_conflicts)?;
            Ok::<_, Error>(Done::now(EditedView::of(&clashes, before.calendar_version)))
        });
        done.await
    }

    /// Who changed what in the calendar, newest first.
    #[oai(path = "/listings/:id/calendar/log", method = "get", operation_id = "readCalendarLog")]
    async fn log(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        /// Entries a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<LogView>> {
        let (listing, limit) = (ListingId(id.0), Limit(limit.0));
        let purpose = format!("calendar-log/{listing}");
        let last = cursor.0.map(|text| self.cursors.moment(&purpose, &text)).transpose()?;
        let read = self.tools.db.read_cut(move |conn| {
            listings::allowed(conn, Some(&caller), listing, Action::ViewCalendarCauses)?;
            Ok::<_, Error>(log::entries(conn, listing, last, limit.and_one())?)
        });
        let page = self.cursors.page(&purpose, limit, read.await?, |last| moment(last.at, last.id));
        Ok(Json(LogView::of(page.rows, page.has_more, page.next_cursor)))
    }

    /// The units of a listing: alike homes behind one page.
    #[oai(path = "/listings/:id/units", method = "get", operation_id = "readUnits")]
    async fn units(&self, caller: Caller, id: Path<Uuid>) -> Result<Cached<UnitsView>> {
        let listing = ListingId(id.0);
        let read = self.tools.db.read_cut(move |conn| {
            let standing = listings::allowed(conn, Some(&caller), listing, Action::ViewCalendarCauses)?;
            Ok::<_, Error>((units::unit_names(conn, listing)?.unwrap_or_default(), standing.version))
        });
        let (names, version) = read.await?;
        Ok(private(&UnitsView::of(names, version), version))
    }

    /// Say how many units there are, and what they are called. With `If-Match` only if they are still what you have read.
    ///
    /// Fewer than are taken on some night to come are refused with 409 `units_taken` and those `nights`.
    #[oai(path = "/listings/:id/units", method = "put", operation_id = "setUnits")]
    async fn set_units(&self, caller: Caller, id: Path<Uuid>, if_match: IfMatch, ask: Json<UnitsAsk>) -> Result<Done<UnitsView>> {
        let listing = ListingId(id.0);
        let done = self.tools.db.write(move |tx, now| {
            let standing = locked(tx, &caller, listing)?;
            let names = ask.0.judged()?;
            if_match.check(&etag::of_version(standing.version))?;
            units::set_units(tx, now, Some(caller.user), listing, &names)?;
            let version = listings::allowed(tx, Some(&caller), listing, Action::EditCalendar)?.version;
            Ok::<_, Error>(Done::now(UnitsView::of(names, version)).with_etag(etag::of_version(version)))
        });
        done.await
    }
}

/// Takes the listing lock and looks who asks: what is read from here on stays so until the commit.
fn locked(tx: &mut Tx<'_>, caller: &Caller, listing: ListingId) -> Result<Standing> {
    listings::lock_calendar(tx, listing)?;
    listings::allowed(tx, Some(caller), listing, Action::EditCalendar)
}

/// Tagged, so that a change can be made on condition; but nobody in between may keep it.
fn private<T: poem_openapi::types::ToJSON>(view: &T, version: i64) -> Cached<T> {
    Cached::Fresh(Prepared::of(view), etag::of_version(version), "no-store".into())
}

fn twenty() -> u8 {
    20
}
