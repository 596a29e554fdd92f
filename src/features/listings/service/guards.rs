//! What other features want to be asked about a home: what it lacks before guests see it, and what must end before it is archived.
//! Features that know listings implement [`Guard`]; `app` hands them over, so that listings need not know them.

use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{FieldError, Result};
use crate::platform::privacy::Blocker;
use crate::values::{Instant, ListingId, Origin, UserId};
use std::sync::Arc;

/// A feature with a say in what becomes of a home.
pub trait Guard: Send + Sync {
    /// What the home lacks, each with a JSON pointer such as `/photos/0/alt` and a sentence.
    fn missing(&self, _conn: &mut Conn<'_>, _listing: ListingId) -> DbResult<Vec<FieldError>> {
        Ok(Vec::new())
    }

    /// Cancellation policies that homes can choose besides the standard ones.
    fn policies(&self, _conn: &mut Conn<'_>) -> DbResult<Vec<PolicyChoice>> {
        Ok(Vec::new())
    }

    /// Somebody may edit the home no longer, because `by` said so: what they alone hold of it ends.
    fn helper_left(&self, _tx: &mut Tx<'_>, _now: Instant, _left: &Left<'_>) -> DbResult<()> {
        Ok(())
    }

    /// What has to end before the home can be archived. Nights that stays and holds have taken are looked at already.
    fn blocks_archive(&self, _conn: &mut Conn<'_>, _listing: ListingId, _now: Instant) -> DbResult<Vec<Blocker>> {
        Ok(Vec::new())
    }
}

/// A cancellation policy of the operator's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyChoice {
    pub key: String,
    pub name: String,
    /// For stays of 28 nights and more; else for shorter ones.
    pub long: bool,
}

/// Who may edit which home no longer.
#[derive(Debug, Clone, Copy)]
pub struct Left<'a> {
    pub listing: ListingId,
    pub helper: UserId,
    pub by: UserId,
    pub origin: &'a Origin,
}

/// Whoever keeps calendars decides whether a home can have so many units, and puts stays into those that are left (A3, A4).
pub trait UnitKeeper: Send + Sync {
    /// Gives the listing `count` units, 1 to 500. Refuses fewer than are taken on some night to come with 409 `units_taken` and the `nights`.
    fn set_units(&self, tx: &mut Tx<'_>, now: Instant, by: UserId, listing: ListingId, count: u16) -> Result<()>;
}

/// All who want to be asked; cheap to clone.
#[derive(Clone)]
pub struct Guards(Arc<[Box<dyn Guard>]>, Arc<dyn UnitKeeper>);

impl Guards {
    #[must_use]
    pub fn new(all: Vec<Box<dyn Guard>>, units: Arc<dyn UnitKeeper>) -> Self {
        Self(all.into(), units)
    }

    pub(super) fn set_units(&self, tx: &mut Tx<'_>, now: Instant, by: UserId, listing: ListingId, count: u16) -> Result<()> {
        self.1.set_units(tx, now, by, listing, count)
    }

    pub(super) fn missing(&self, conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Vec<FieldError>> {
        let mut all = Vec::new();
        for guard in self.0.iter() {
            all.extend(guard.missing(conn, listing)?);
        }
        Ok(all)
    }

    pub(crate) fn policies(&self, conn: &mut Conn<'_>) -> DbResult<Vec<PolicyChoice>> {
        let mut all = Vec::new();
        for guard in self.0.iter() {
            all.extend(guard.policies(conn)?);
        }
        Ok(all)
    }

    pub(super) fn helper_left(&self, tx: &mut Tx<'_>, now: Instant, left: &Left<'_>) -> DbResult<()> {
        self.0.iter().try_for_each(|guard| guard.helper_left(tx, now, left))
    }

    pub(super) fn blocks_archive(&self, conn: &mut Conn<'_>, listing: ListingId, now: Instant) -> DbResult<Vec<Blocker>> {
        let mut all = Vec::new();
        for guard in self.0.iter() {
            all.extend(guard.blocks_archive(conn, listing, now)?);
        }
        Ok(all)
    }
}
