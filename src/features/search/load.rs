//! From the database into the engine: all of it at a start, one listing after a change.

use super::engine::Change;
use super::engine::build::{self, Calendars};
use super::engine::corpus::Corpus;
use super::engine::listing::Entry;
use super::engine::text::index::{TextIndex, Unfit};
use super::store;
use crate::features::calendar::rules::Days;
use crate::features::calendar::{self, LOOK_BACK};
use crate::platform::db::{Conn, Db, DbError, DbResult};
use crate::platform::events;
use crate::values::{Instant, ListingId, Night};
use std::collections::HashMap;
use std::path::Path;

/// A corpus with what its keeper must know.
pub(super) struct Loaded {
    pub corpus: Corpus,
    /// The event number up to which it is true.
    pub seq: i64,
    /// When holds run out, soonest first.
    pub holds: Vec<(Instant, ListingId)>,
}

/// The first night the engine keeps: yesterday in UTC, which is today or yesterday everywhere.
pub(super) fn base_night(now: Instant) -> Night {
    let utc = now.timestamp().to_zoned(jiff::tz::TimeZone::UTC).date();
    Night::from_date(utc).plus(-1)
}

/// Reads everything in one snapshot.
pub(super) fn corpus(db: &Db) -> DbResult<Loaded> {
    let now = db.now();
    let base = base_night(now);
    let (seq, facts, calendars, holds) = db.snapshot(|conn| {
        let seq = events::last_seq(conn)?;
        let facts = store::all_facts(conn)?;
        let places: HashMap<ListingId, u32> = (0..).zip(&facts).map(|(n, facts)| (facts.id, n)).collect();
        let calendars: Calendars = store::all_calendars(conn, base.plus(-LOOK_BACK), now, |id| places.get(&id).copied())?;
        Ok::<_, DbError>((seq, facts, calendars, store::expiring(conn, now)?))
    })?;
    Ok(Loaded { corpus: build::corpus(facts, &calendars, base), seq, holds })
}

/// How one listing is now.
pub(super) fn listing(conn: &mut Conn<'_>, id: ListingId, base: Night, now: Instant) -> DbResult<Change> {
    let Some(facts) = store::facts_of(conn, id)? else { return Ok(Change::Gone(id)) };
    let days = days(conn, id, &facts.terms, base, now)?;
    Ok(Change::Put(Box::new(Entry { facts, days })))
}

/// What is free in one listing now, and at which price.
pub(super) fn days(conn: &mut Conn<'_>, id: ListingId, terms: &calendar::rules::Terms, base: Night, now: Instant) -> DbResult<Days> {
    let causes = calendar::causes(conn, id, base, now)?;
    let overrides = calendar::overrides(conn, id, base)?;
    Ok(Days::new(terms, &causes, overrides))
}

/// Opens the text index, or makes it anew from the database, and says so. Answers the event number it is true for.
pub(super) fn index(db: &Db, folder: &Path, instance: &str) -> anyhow::Result<(TextIndex, i64)> {
    match TextIndex::open(folder, instance) {
        Ok((index, seq)) if can_catch_up(db, seq)? => return Ok((index, seq)),
        Ok((index, seq)) => {
            tracing::info!(seq, "the search index is older than the event log; making it anew from the database");
            drop(index);
        }
        Err(Unfit::Missing) => tracing::info!(folder = %folder.display(), "no search index yet; making it from the database"),
        Err(Unfit::InUse) => anyhow::bail!("the search index in {} is in use by another process; is Stopover running there already?", folder.display()),
        Err(unfit) => tracing::warn!(folder = %folder.display(), "the search index cannot be used ({unfit}); making it anew from the database"),
    }
    let mut index = TextIndex::create(folder, instance)?;
    let seq = fill(db, &mut index)?;
    Ok((index, seq))
}

/// Whether the log still holds every event after `seq`.
fn can_catch_up(db: &Db, seq: i64) -> DbResult<bool> {
    db.read_blocking(|conn| {
        let oldest = events::after(conn, 0, 1)?.first().map_or(1, |event| event.seq);
        Ok(oldest <= seq + 1 && seq <= events::last_seq(conn)?)
    })
}

/// Replaces the texts of the index by those of the database; answers the event number they are true for.
pub(super) fn fill(db: &Db, index: &mut TextIndex) -> anyhow::Result<i64> {
    index.clear()?;
    let seq = db.snapshot(|conn| {
        let seq = events::last_seq(conn)?;
        store::each_text(conn, |texts| index.add(&texts).map_err(|e| DbError::Engine(e.into())))?;
        Ok::<_, DbError>(seq)
    })?;
    index.commit(seq)?;
    Ok(seq)
}
