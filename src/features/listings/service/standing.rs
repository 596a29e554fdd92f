//! Who somebody is to a listing, and whether that is enough: asked first by every use case about a listing, of every feature.

use super::super::store::standing;
use crate::platform::access::{Action, Cell, Principal, Relation, allows};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::values::{Currency, ListingId, UserId};

/// The state of a listing; the names are stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Draft,
    /// Waits for staff to approve it (V2).
    Submitted,
    Importing,
    Published,
    Paused,
    Archived,
}

impl State {
    const ALL: [Self; 6] = [Self::Draft, Self::Submitted, Self::Importing, Self::Published, Self::Paused, Self::Archived];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Importing => "importing",
            Self::Published => "published",
            Self::Paused => "paused",
            Self::Archived => "archived",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A listing in a few words, and what the caller is to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub listing: ListingId,
    pub host: UserId,
    pub state: State,
    /// Rises with every change of the listing's own fields: its entity tag.
    pub version: i64,
    /// Rises with every change of the calendar.
    pub calendar_version: i64,
    pub currency: Currency,
    /// IANA name.
    pub zone: String,
    pub units: i64,
    /// Staff took it out of sight.
    pub withheld: bool,
    pub relation: Relation,
    /// The caller may do a part of the action only; the words of the table say which.
    pub limited: Option<&'static str>,
}

impl Standing {
    /// Refuses with 409 `listing_state` what makes no sense for a listing that is archived, or still being imported.
    pub fn must_live(&self) -> Result<()> {
        if !matches!(self.state, State::Archived | State::Importing) {
            return Ok(());
        }
        let detail = format!("This listing is {}.", self.state.name());
        Err(Error::refused(Kind::Conflict, "listing_state", detail).with_data("state", self.state.name().into()))
    }
}

/// The listing, when `caller` may do `action` to it. Refuses with 404 `not_found` where there is none or it is private and foreign
/// (X2), and with 403 `forbidden` where it is public but not theirs.
pub fn allowed(conn: &mut Conn<'_>, caller: Option<&Principal>, listing: ListingId, action: Action) -> Result<Standing> {
    let not_found = || Error::not_found("There is no such listing, or it is not yours.");
    let found = standing::find(conn, listing, caller.map(|caller| caller.user))?.ok_or_else(not_found)?;
    let limited = match allows(action, caller, found.relation) {
        Cell::Yes => None,
        Cell::Limited(words) => Some(words),
        Cell::No | Cell::Own if found.relation == Relation::Stranger && found.state != State::Published => return Err(not_found()),
        Cell::No | Cell::Own => return Err(Error::refused(Kind::Forbidden, "forbidden", "You are known, but this is not yours to do.")),
    };
    Ok(standing_from(listing, found, limited))
}

/// A listing as it stands to nobody in particular, for work of the house itself; `None` where there is no such listing.
pub fn standing_of(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Option<Standing>> {
    Ok(standing::find(conn, listing, None)?.map(|found| standing_from(listing, found, None)))
}

fn standing_from(listing: ListingId, found: standing::Found, limited: Option<&'static str>) -> Standing {
    Standing {
        listing,
        host: found.host,
        state: found.state,
        version: found.version,
        calendar_version: found.calendar_version,
        currency: found.currency,
        zone: found.zone,
        units: found.units,
        withheld: found.withheld,
        relation: found.relation,
        limited,
    }
}

/// What somebody is to a listing by themselves, whatever roles they have; a stranger to one that is not there.
pub fn relation_of(conn: &mut Conn<'_>, user: UserId, listing: ListingId) -> DbResult<Relation> {
    Ok(standing::find(conn, listing, Some(user))?.map_or(Relation::Stranger, |found| found.relation))
}

/// Takes the listing lock: every transaction that claims or changes a calendar begins with it, so that two of them take turns. `false`
/// where there is no such listing.
pub fn lock_calendar(tx: &mut Tx<'_>, listing: ListingId) -> DbResult<bool> {
    standing::lock(tx, listing)
}
