//! `GET /listings/{id}/calendar` and `GET /listings/{id}/why`. What they answer is drawn in `view.rs`.

mod view;

use super::service;
use crate::features::calendar::Party;
use crate::features::listings;
use crate::features::pricing::Guests;
use crate::platform::access::{Action, Door, Principal, Scope, Via};
use crate::platform::db::Conn;
use crate::platform::error::{Error, Kind, Result};
use crate::platform::http::{Cached, Known, Prepared};
use crate::platform::tools::Tools;
use crate::platform::wire::DateAsk;
use crate::values::{ListingId, Night, Stay};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use uuid::Uuid;
use view::{CalendarView, WhyView};

/// Who may come in.
pub const DOORS: &[Door] = &[Door::to("readCalendar", Action::Search), Door::to("explainAvailability", Action::Search)];

/// Asking when a listing is free.
pub struct AvailabilityApi {
    tools: Tools,
}

impl AvailabilityApi {
    #[must_use]
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl AvailabilityApi {
    /// The calendar of a listing, day by day.
    ///
    /// Dates are those of the listing's own time zone. It says what can be booked, never why something cannot; only the people of the
    /// listing see that, and see it before the listing is published: they get `status`, `units_free` and what stands behind them too.
    #[oai(path = "/listings/:id/calendar", method = "get", operation_id = "readCalendar")]
    async fn calendar(
        &self,
        known: Known,
        id: Path<Uuid>,
        /// First day; today where the listing is, unless given.
        from: Query<Option<DateAsk>>,
        /// First day that is not shown, at most 730 days after `from`; 31 days after it, unless given.
        to: Query<Option<DateAsk>>,
    ) -> Result<Cached<CalendarView>> {
        let (id, db) = (ListingId(id.0), self.tools.db.clone());
        let (from, to) = (from.0.map(|ask| night("from", ask)).transpose()?, to.0.map(|ask| night("to", ask)).transpose()?);
        let config = self.tools.config.clone();
        let page = self.tools.db.read_cut(move |conn| match sees_causes(conn, known.0.as_deref(), id)? {
            true => service::told_calendar_page(conn, id, from, to, &config.fees, db.now()),
            false => service::calendar_page(conn, id, from, to, &config.fees, db.now()),
        });
        let page = page.await?;
        let prepared = Prepared::of(&CalendarView::of(&page));
        if page.told.is_empty() {
            return Ok(Cached::fresh(prepared));
        }
        let tag = prepared.etag();
        Ok(Cached::Fresh(prepared, tag, "no-store".into()))
    }

    /// Why a stay can or cannot be booked: every rule with its answer, the nearest other dates, and the price.
    #[oai(path = "/listings/:id/why", method = "get", operation_id = "explainAvailability")]
    #[expect(clippy::too_many_arguments, reason = "one for each parameter of the query")]
    async fn why(
        &self,
        id: Path<Uuid>,
        check_in: Query<DateAsk>,
        check_out: Query<DateAsk>,
        #[oai(default = "one", validator(minimum(value = "1"), maximum(value = "100")))] adults: Query<u16>,
        /// 2 to 12 years old; they count like adults.
        #[oai(default, validator(maximum(value = "100")))]
        children: Query<u16>,
        /// The age of one of the children, once for each whose age is known; some taxes are not for the young.
        #[oai(validator(max_items = 100))]
        child_age: Query<Option<Vec<u8>>>,
        /// Under 2 years old; they do not count.
        #[oai(default, validator(maximum(value = "100")))]
        infants: Query<u16>,
        #[oai(default, validator(maximum(value = "100")))] pets: Query<u16>,
    ) -> Result<Cached<WhyView>> {
        let (id, db) = (ListingId(id.0), self.tools.db.clone());
        let stay = stay(night("check_in", check_in.0)?, night("check_out", check_out.0)?)?;
        let party = Party { adults: adults.0, children: children.0, infants: infants.0, pets: pets.0 };
        let guests = Guests::told(party, &child_age.0.unwrap_or_default())?;
        let config = self.tools.config.clone();
        let why = self.tools.db.read_cut(move |conn| service::why(conn, id, stay, guests, &config.fees, db.now())).await?;
        Ok(Cached::fresh(Prepared::of(&WhyView::of(&why))))
    }
}

/// Whether the caller may know why nights of the listing are taken. The door is open to everybody, so a token's scope is asked here.
fn sees_causes(conn: &mut Conn<'_>, caller: Option<&Principal>, listing: ListingId) -> Result<bool> {
    let Some(caller) = caller else { return Ok(false) };
    if matches!(caller.via, Via::Token(_, scopes) if !scopes.has(Scope::ListingsRead)) {
        return Ok(false);
    }
    match listings::allowed(conn, Some(caller), listing, Action::ViewCalendarCauses) {
        Ok(_) => Ok(true),
        Err(Error::Refused(_)) => Ok(false),
        Err(broken) => Err(broken),
    }
}

fn one() -> u16 {
    1
}

/// A date without a time of day, or 422 (D2).
fn night(name: &str, ask: DateAsk) -> Result<Night> {
    ask.night().map_err(|refusal| Error::of_parameter(Kind::Unacceptable, "invalid_dates", name, refusal.to_string()))
}

/// 1 to 365 nights, or 422 (D1, D12).
fn stay(check_in: Night, check_out: Night) -> Result<Stay> {
    Stay::new(check_in, check_out).map_err(|refusal| Error::of_parameter(Kind::Unacceptable, "invalid_dates", "check_out", refusal.to_string()))
}
