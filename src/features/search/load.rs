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
use crate::platform::events::{self, Kind};
use crate::values::{Instant, ListingId, Night};
use std::collections::BTreeSet;
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

/// Reads everything, listings and calendars side by side.
///
/// The two are not one cut: whatever is committed while they are read may be in one of them and not in the other. But
/// the event number was read first, so all of that comes again from the log, and the corpus is true once it has.
pub(super) fn corpus(db: &Db) -> DbResult<Loaded> {
    let now = db.now();
    let base = base_night(now);
    let seq = db.read_blocking(events::last_seq)?;
    let begun = std::time::Instant::now();
    let (facts, calendars) = std::thread::scope(|scope| {
        let facts = scope.spawn(|| db.bulk(store::all_facts));
        let calendars: DbResult<Calendars> = db.bulk(|conn| store::all_calendars(conn, base.plus(-LOOK_BACK), now));
        (facts.join().unwrap_or_else(|_panic| Err(DbError::Panicked("reading the listings".into()))), calendars)
    });
    let (facts, calendars) = (facts?, calendars?);
    let holds = db.read_blocking(|conn| store::expiring(conn, now))?;
    let read_ms = begun.elapsed().as_millis();
    let corpus = build::corpus(facts, &calendars, base);
    tracing::debug!(listings = corpus.len(), read_ms, total_ms = begun.elapsed().as_millis(), "the search engine is loaded");
    Ok(Loaded { corpus, seq, holds })
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
        Err(Unfit::InUse) => return Err(in_use(folder)),
        Err(unfit) => tracing::warn!(folder = %folder.display(), "the search index cannot be used ({unfit}); making it anew from the database"),
    }
    let mut index = match TextIndex::create(folder, instance) {
        // It is another database's, say, and a server of that one is running.
        Err(Unfit::InUse) => return Err(in_use(folder)),
        made => made?,
    };
    let seq = fill(db, &mut index)?;
    Ok((index, seq))
}

fn in_use(folder: &Path) -> anyhow::Error {
    anyhow::anyhow!("the search index in {} is in use by another process; is Stopover running there already?", folder.display())
}

/// Whether the log still holds every event after `seq`.
fn can_catch_up(db: &Db, seq: i64) -> DbResult<bool> {
    db.read_blocking(|conn| {
        let oldest = events::after(conn, 0, 1)?.first().map_or(1, |event| event.seq);
        Ok(oldest <= seq + 1 && seq <= events::last_seq(conn)?)
    })
}

/// Brings the index up to the event log: changed listings are put in again, a replaced corpus is filled in anew.
/// Answers whether anything was done; `seq` is the event number it is true for, before and after.
pub(super) fn catch_up(db: &Db, index: &mut TextIndex, seq: &mut i64) -> anyhow::Result<bool> {
    let before = *seq;
    loop {
        let news = db.read_blocking(|conn| events::after(conn, *seq, 10_000))?;
        let Some(last) = news.last() else { return Ok(*seq > before) };
        let last = last.seq;
        if news.iter().any(|event| Kind::parse(&event.kind) == Some(Kind::ListingsReplaced)) {
            tracing::info!("the listings were replaced since the search index was written; making it anew");
            *seq = fill(db, index)?;
            continue;
        }
        let changed: BTreeSet<ListingId> = news.iter().filter(|e| Kind::parse(&e.kind) == Some(Kind::ListingChanged)).map(|e| ListingId(e.subject)).collect();
        put_texts(db, index, &changed, last)?;
        *seq = last;
    }
}

/// Puts the texts of these listings in as they are now, and notes that the index is true for `seq`.
pub(super) fn put_texts(db: &Db, index: &mut TextIndex, ids: &BTreeSet<ListingId>, seq: i64) -> anyhow::Result<()> {
    db.read_blocking(|conn| {
        for id in ids {
            match store::texts_of(conn, *id)? {
                Some(texts) => index.put(&texts).map_err(|e| DbError::Engine(e.into()))?,
                None => index.remove(*id).map_err(|e| DbError::Engine(e.into()))?,
            }
        }
        Ok::<_, DbError>(())
    })?;
    Ok(index.commit(seq)?)
}

/// Looks whether the index in `folder` can be believed and holds all listings.
pub(super) fn examine(db: &Db, folder: &Path, instance: &str, listings: i64) -> Result<String, String> {
    let (texts, seq) = match TextIndex::inspect(folder, instance) {
        Ok(found) => found,
        Err(Unfit::Missing) if listings == 0 => return Ok("no listings and no search index yet".into()),
        Err(Unfit::Missing) => return Ok("no search index yet; the next start makes it".into()),
        Err(unfit) => return Err(format!("the search index cannot be used: {unfit}; stop the server and run `stopover reindex`")),
    };
    let last = db.read_blocking(events::last_seq).map_err(|e: DbError| e.to_string())?;
    if seq < last {
        return Ok(format!("the search index is {} events behind; the next start catches up", last - seq));
    }
    if i64::try_from(texts) != Ok(listings) {
        return Err(format!("the search index holds {texts} listings, the database {listings}; stop the server and run `stopover reindex`"));
    }
    Ok(format!("{texts} listings, as in the database"))
}

/// Makes the index in `folder` anew.
pub(super) fn reindex(db: &Db, folder: &Path, instance: &str) -> anyhow::Result<u64> {
    let mut index = match TextIndex::create(folder, instance) {
        Err(Unfit::InUse) => anyhow::bail!("the search index in {} is in use; stop the server first", folder.display()),
        made => made?,
    };
    fill(db, &mut index)?;
    let texts = index.searcher().num_docs();
    index.finish()?;
    Ok(texts)
}

/// Replaces the texts of the index by those of the database; answers the event number they are true for.
pub(super) fn fill(db: &Db, index: &mut TextIndex) -> anyhow::Result<i64> {
    index.clear()?;
    let seq = db.bulk(|conn| {
        let seq = events::last_seq(conn)?;
        store::each_text(conn, |texts| index.add(&texts).map_err(|e| DbError::Engine(e.into())))?;
        Ok::<_, DbError>(seq)
    })?;
    index.commit(seq)?;
    Ok(seq)
}
