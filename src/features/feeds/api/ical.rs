//! `GET /ical/{token}.ics`: the calendar, for whoever holds the address. Without login: the token is the key.

use crate::features::feeds::service::World;
use crate::features::feeds::service::exports as service;
use crate::platform::error::{Error, Result};
use crate::platform::http::Visitor;
use crate::platform::tools::Tools;
use poem_openapi::param::Path;
use poem_openapi::payload::PlainText;
use poem_openapi::{ApiResponse, OpenApi};

/// Tokens are much shorter; what is longer is not even looked up.
const LONGEST: usize = 100;

/// The calendar. The edge answers 304 to whoever has it already.
#[derive(ApiResponse)]
enum Calendar {
    /// A calendar (RFC 5545): stays as `Reserved`, everything else as `Not available`, dates only, nobody's name.
    #[oai(status = 200, content_type = "text/calendar; charset=utf-8")]
    Fresh(PlainText<String>, #[oai(header = "Cache-Control")] String, #[oai(header = "Content-Disposition")] String),
}

/// What other sites fetch.
pub struct IcalApi {
    tools: Tools,
}

impl IcalApi {
    #[must_use]
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl IcalApi {
    /// The calendar of a listing, for other sites.
    #[oai(path = "/ical/:token", method = "get", operation_id = "fetchCalendar")]
    async fn fetch(
        &self,
        visitor: Visitor,
        /// The token of an export address; `.ics` may follow.
        token: Path<String>,
    ) -> Result<Calendar> {
        let unknown = || Error::not_found("There is no calendar at this address, or not any more.");
        let token = token.0.strip_suffix(".ics").unwrap_or(&token.0).to_owned();
        if token.len() > LONGEST {
            return Err(unknown());
        }
        let (world, now) = (World::of(&self.tools, visitor.origin()), self.tools.clock.now());
        let told = self.tools.db.read_cut(move |conn| service::tell(conn, now, &world, &token).map_err(Error::from)).await?.ok_or_else(unknown)?;
        if told.to_be_noted {
            let export = told.export;
            self.tools.db.write(move |tx, now| service::fetched(tx, now, export).map_err(Error::from)).await?;
        }
        let name = "inline; filename=\"calendar.ics\"";
        Ok(Calendar::Fresh(PlainText(told.calendar), "no-cache".to_owned(), name.to_owned()))
    }
}
