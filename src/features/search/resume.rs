//! From the snapshot into the engine: the corpus as it was kept, then the log's tail on top of it.

use super::engine::snapshot::{Stored, Unusable};
use super::load::{self, Loaded, OLDEST_BASE, Origin, Source};
use super::news::News;
use crate::platform::config::Fees;
use crate::platform::db::{Db, DbError, DbResult};
use crate::platform::events;
use std::path::Path;

/// The fees as a snapshot's header holds them, to be compared.
pub(super) fn fees_text(fees: &Fees) -> String {
    format!("{fees:?}")
}

/// Changed listings looked up in one read transaction.
const PART: usize = 500;
/// Looking so many listings up one by one takes as long as reading every table: one in so many, and a few.
const TAIL_SHARE: usize = 50;
const TAIL_LEAST: usize = 500;

/// The corpus from the snapshot at `place`, brought up to the log; or why the tables have to be read.
pub(super) fn corpus(source: &Source, place: &Path, instance: &str) -> DbResult<Result<Loaded, Unusable>> {
    let db = &source.db;
    let begun = std::time::Instant::now();
    let stored = match open(source, place, instance)? {
        Ok(stored) => stored,
        Err(unusable) => return Ok(Err(unusable)),
    };
    let header = stored.header.clone();
    let mut news = News::default();
    let seq = match tail(db, header.mark.seq, header.ordinals(), &mut news)? {
        Ok(seq) => seq,
        Err(unusable) => return Ok(Err(unusable)),
    };
    let (corpus, end) = match stored.corpus() {
        Ok(read) => read,
        Err(unusable) => return Ok(Err(unusable)),
    };
    // Whoever restores a backup may bring back the mark and not all that the copy has seen after it.
    if !db.read_blocking(|conn| events::holds(conn, end))? {
        return Ok(Err(Unusable::Stale(OTHER_HISTORY)));
    }
    let read_ms = begun.elapsed().as_millis();
    let mut loaded = Loaded { corpus, seq, holds: header.holds().collect(), origin: Origin::Snapshot { seq: header.mark.seq, replayed: news.len() } };
    load::customs(db, &mut loaded.corpus)?;
    replay(source, &mut loaded, news)?;
    tracing::debug!(listings = loaded.corpus.len(), read_ms, total_ms = begun.elapsed().as_millis(), "the search engine is loaded from its snapshot");
    Ok(Ok(loaded))
}

const OTHER_HISTORY: &str = "the event log is not the one it was written with, or has forgotten that time";

/// Opens the snapshot and looks whether the log and the calendar still know its time.
fn open(source: &Source, place: &Path, instance: &str) -> DbResult<Result<Stored, Unusable>> {
    let db = &source.db;
    let stored = match Stored::open(place, instance) {
        Ok(stored) => stored,
        Err(unusable) => return Ok(Err(unusable)),
    };
    // Bounds of prices are kept, and contain the fees.
    if stored.header.fees != fees_text(&source.fees) {
        return Ok(Err(Unusable::Stale("the fees of the platform are others")));
    }
    // Nights are kept from a first one on, and reach so far ahead. Moving them along would leave the far end empty.
    let age = stored.header.base().days_until(load::base_night(db.now()));
    if !(0..=OLDEST_BASE).contains(&age) {
        return Ok(Err(Unusable::Stale("its calendar begins too long ago, or in the future")));
    }
    if !db.read_blocking(|conn| events::holds(conn, stored.header.mark))? {
        return Ok(Err(Unusable::Stale(OTHER_HISTORY)));
    }
    Ok(Ok(stored))
}

/// Gathers what is new after `seq`, as long as it is worth replaying over so many ordinals; answers the event number
/// that is reached.
fn tail(db: &Db, mut seq: i64, ordinals: usize, news: &mut News) -> DbResult<Result<i64, Unusable>> {
    loop {
        let events = db.read_blocking(|conn| events::after(conn, seq, 10_000))?;
        let Some(last) = events.last() else { return Ok(Ok(seq)) };
        // Numbers have no gaps, unless some were forgotten in between.
        if events.iter().zip(seq + 1..).any(|(event, expected)| event.seq != expected) {
            return Ok(Err(Unusable::Stale(OTHER_HISTORY)));
        }
        seq = last.seq;
        news.add(&events);
        if let Err(unusable) = fit(news, ordinals) {
            return Ok(Err(unusable));
        }
    }
}

/// Whether the tail is worth replaying.
fn fit(news: &News, ordinals: usize) -> Result<(), Unusable> {
    if news.everything {
        return Err(Unusable::Stale("the listings were replaced since"));
    }
    if news.len() > ordinals / TAIL_SHARE + TAIL_LEAST { Err(Unusable::Stale("too much has changed since")) } else { Ok(()) }
}

/// Puts the changed listings in as they are now, and frees the nights of holds that have run out since.
fn replay(Source { db, fees }: &Source, loaded: &mut Loaded, mut news: News) -> DbResult<()> {
    let now = db.now();
    news.calendars.extend(loaded.holds.iter().filter(|(until, _)| *until <= now).map(|(_, id)| *id));
    loaded.holds.retain(|(until, _)| *until > now);
    let base = loaded.corpus.nights.base();
    for part in news.parts(PART) {
        let terms = |id| loaded.corpus.terms(id);
        let (changes, holds) = db.snapshot(|conn| load::changes(conn, &part, terms, base, now, fees)).map_err(|error: DbError| error)?;
        loaded.holds.extend(holds);
        changes.into_iter().for_each(|change| loaded.corpus.apply(change));
    }
    Ok(())
}

/// Looks at the snapshot at `place` without using it, for `doctor`.
pub(super) fn examine(source: &Source, place: &Path, instance: &str) -> Result<String, String> {
    let db = &source.db;
    let said = |error: DbError| error.to_string();
    let looked = open(source, place, instance).map_err(said)?.and_then(|stored| {
        let (mark, listings) = (stored.header.mark, stored.header.ordinals());
        stored.walk().map(|end| (mark, listings, end))
    });
    let (mark, ordinals, end) = match looked {
        Ok(found) => found,
        Err(Unusable::Missing) => return Ok("none; the next start reads the tables".into()),
        Err(damaged @ Unusable::Damaged(_)) => return Err(format!("it is not used: {damaged}; the next start reads the tables and writes it anew")),
        Err(unusable) => return Ok(format!("not used: {unusable}; the next start reads the tables")),
    };
    let mut news = News::default();
    let usable = match tail(db, mark.seq, ordinals, &mut news).map_err(said)? {
        Ok(_) if !db.read_blocking(|conn| events::holds(conn, end)).map_err(said)? => Err(Unusable::Stale(OTHER_HISTORY)),
        Ok(_) => Ok(()),
        Err(unusable) => Err(unusable),
    };
    match usable {
        Ok(()) => Ok(format!("{ordinals} listings as of event {}; {} have changed since", mark.seq, news.len())),
        Err(unusable) => Ok(format!("not used: {unusable}; the next start reads the tables")),
    }
}
