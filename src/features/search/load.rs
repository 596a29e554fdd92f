//! From the database into the engine: all of it at a start, one listing after a change.

use super::engine::build::{self, Calendars};
use super::engine::corpus::Corpus;
use super::engine::customs::Customs;
use super::engine::listing::Entry;
use super::engine::text::index::{TextIndex, Unfit};
use super::engine::{Change, snapshot};
use super::news::News;
use super::{resume, store};
use crate::features::calendar::rules::{Days, Terms};
use crate::features::calendar::{self, LOOK_BACK};
use crate::features::listings::{SearchableFields, searchable_fields};
use crate::platform::config::Fees;
use crate::platform::db::{Conn, Db, DbError, DbResult};
use crate::platform::events::{self, Kind, Mark};
use crate::values::{Instant, ListingId, Night};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// A corpus with what its keeper must know.
pub(super) struct Loaded {
    pub corpus: Corpus,
    /// The event number up to which it is true.
    pub seq: i64,
    /// When holds run out, soonest first.
    pub holds: Vec<(Instant, ListingId)>,
    pub origin: Origin,
}

/// Where a corpus came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Tables,
    /// A snapshot that was true for event `seq`; `replayed` listings that had changed since were looked up.
    Snapshot {
        seq: i64,
        replayed: usize,
    },
}

/// A corpus is built anew when its first night is this many days old: its nights reach only so far ahead.
pub(super) const OLDEST_BASE: i32 = 25;

/// The first night the engine keeps: yesterday in UTC, which is today or yesterday everywhere.
pub(super) fn base_night(now: Instant) -> Night {
    let utc = now.timestamp().to_zoned(jiff::tz::TimeZone::UTC).date();
    Night::from_date(utc).plus(-1)
}

/// What the engine is made of: the database, and the fees of the platform.
#[derive(Clone)]
pub(super) struct Source {
    pub db: Db,
    pub fees: Arc<Fees>,
}

/// From the snapshot in the folder `data` where it can be used, else from the tables; the log says why.
pub(super) fn begin(source: &Source, data: &Path, instance: &str) -> DbResult<Loaded> {
    match resume::corpus(source, &snapshot::place(data), instance)? {
        Ok(loaded) => return Ok(loaded),
        Err(snapshot::Unusable::Missing) => {}
        Err(damaged @ snapshot::Unusable::Damaged(_)) => tracing::warn!(reason = %damaged, "the snapshot of the search engine is not used; reading the tables"),
        Err(unusable) => tracing::info!(reason = %unusable, "the snapshot of the search engine is not used; reading the tables"),
    }
    corpus(source)
}

/// Reads everything, listings and calendars side by side.
///
/// The two are not one cut: whatever is committed while they are read may be in one of them and not in the other. But
/// the event number was read first, so all of that comes again from the log, and the corpus is true once it has.
pub(super) fn corpus(source: &Source) -> DbResult<Loaded> {
    let Source { db, fees } = source;
    let now = db.now();
    let base = base_night(now);
    let seq = db.read_blocking(events::last_seq)?;
    let begun = std::time::Instant::now();
    let fields = db.read_blocking(searchable_fields)?;
    let (facts, calendars) = std::thread::scope(|scope| {
        let facts = scope.spawn(|| db.bulk(|conn| store::all_facts(conn, fees, &fields)));
        let calendars: DbResult<Calendars> = db.bulk(|conn| store::all_calendars(conn, base.plus(-LOOK_BACK), now));
        (facts.join().unwrap_or_else(|_panic| Err(DbError::Panicked("reading the listings".into()))), calendars)
    });
    let (facts, calendars) = (facts?, calendars?);
    let holds = db.read_blocking(|conn| store::expiring(conn, now))?;
    let read_ms = begun.elapsed().as_millis();
    let corpus = build::corpus(facts, &calendars, base, fields);
    tracing::debug!(listings = corpus.len(), read_ms, total_ms = begun.elapsed().as_millis(), "the search engine is loaded");
    Ok(Loaded { corpus, seq, holds, origin: Origin::Tables })
}

/// Reads what listings say in the operator's own fields, which a snapshot does not hold. Whatever changes meanwhile comes again from the log.
pub(super) fn customs(db: &Db, corpus: &mut Corpus) -> DbResult<()> {
    let fields = db.read_blocking(searchable_fields)?;
    let told = if fields.keys().next().is_some() { db.bulk(|conn| store::customs(conn, &fields))? } else { Vec::new() };
    corpus.customs = Customs::new(fields, corpus.room());
    told.iter().for_each(|(id, values)| corpus.put_custom(*id, values));
    Ok(())
}

/// Changes, and when holds run out in the calendars that were read for them.
pub(super) type Changes = (Vec<Change>, Vec<(Instant, ListingId)>);

/// How the listings that the news name are now. `terms`: those of the corpus, for a listing that it has.
pub(super) fn changes(
    conn: &mut Conn<'_>,
    news: &News,
    terms: impl Fn(ListingId) -> Option<Terms>,
    base: Night,
    now: Instant,
    fees: &Fees,
) -> DbResult<Changes> {
    let mut changes = Vec::with_capacity(news.len());
    if !news.whole.is_empty() {
        let (mut prices, fields) = (store::Prices::read(conn, fees)?, searchable_fields(conn)?);
        for id in &news.whole {
            changes.push(listing(conn, (&mut prices, &fields), *id, base, now).or_else(|error| unreadable(*id, error))?);
        }
    }
    for id in news.calendars.difference(&news.whole) {
        if let Some(terms) = terms(*id) {
            changes.push(Change::Calendar(*id, days(conn, *id, &terms, base, now)?));
        }
    }
    let touched = news.whole.union(&news.calendars).copied().collect::<Vec<_>>();
    Ok((changes, store::expiring_of(conn, &touched, now)?))
}

/// A row that this release cannot read hides one listing, not all changes behind it.
fn unreadable(id: ListingId, error: DbError) -> DbResult<Change> {
    match error {
        DbError::Column { column, reason } => {
            tracing::error!(listing.id = %id, column, reason, "a listing cannot be read and is left out of search");
            Ok(Change::Gone(id))
        }
        other => Err(other),
    }
}

/// How one listing is now.
fn listing(conn: &mut Conn<'_>, (prices, fields): (&mut store::Prices<'_>, &SearchableFields), id: ListingId, base: Night, now: Instant) -> DbResult<Change> {
    let Some(facts) = store::facts_of(conn, prices, fields, id)? else { return Ok(Change::Gone(id)) };
    let days = days(conn, id, &facts.terms, base, now)?;
    Ok(Change::Put(Box::new(Entry { facts, days })))
}

/// What is free in one listing now, and at which price.
fn days(conn: &mut Conn<'_>, id: ListingId, terms: &Terms, base: Night, now: Instant) -> DbResult<Days> {
    let causes = calendar::causes(conn, id, base, now)?;
    let overrides = calendar::overrides(conn, id, base)?;
    Ok(Days::new(terms, &causes, overrides))
}

/// Opens the text index, or makes it anew from the database, and says so. Answers the event number it is true for.
pub(super) fn index(db: &Db, folder: &Path, instance: &str) -> anyhow::Result<(TextIndex, i64)> {
    match TextIndex::open(folder, instance) {
        Ok((index, mark)) if db.read_blocking(|conn| events::holds(conn, mark))? => return Ok((index, mark.seq)),
        Ok((index, mark)) => {
            tracing::info!(seq = mark.seq, "the event log does not reach back to the search index, or is another one; making it anew from the database");
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
    let mark = db.read_blocking(|conn| {
        for id in ids {
            match store::texts_of(conn, *id)? {
                Some(texts) => index.put(&texts).map_err(|e| DbError::Engine(e.into()))?,
                None => index.remove(*id).map_err(|e| DbError::Engine(e.into()))?,
            }
        }
        events::mark(conn, seq)
    })?;
    Ok(index.commit(mark)?)
}

/// Looks whether the index in `folder` can be believed and holds all listings.
pub(super) fn examine(db: &Db, folder: &Path, instance: &str, listings: i64) -> Result<String, String> {
    let (texts, mark) = match TextIndex::inspect(folder, instance) {
        Ok(found) => found,
        Err(Unfit::Missing) if listings == 0 => return Ok("no listings and no search index yet".into()),
        Err(Unfit::Missing) => return Ok("no search index yet; the next start makes it".into()),
        Err(unfit) => return Err(format!("the search index cannot be used: {unfit}; stop the server and run `stopover reindex`")),
    };
    let said = |e: DbError| e.to_string();
    if !db.read_blocking(|conn| events::holds(conn, mark)).map_err(said)? {
        return Ok("the event log does not reach back to the search index, or is another one; the next start makes it anew".into());
    }
    let last = db.read_blocking(events::last_seq).map_err(said)?;
    if mark.seq < last {
        return Ok(format!("the search index is {} events behind; the next start catches up", last - mark.seq));
    }
    if i64::try_from(texts) != Ok(listings) {
        return Err(format!("the search index holds {texts} listings, the database {listings}; stop the server and run `stopover reindex`"));
    }
    Ok(format!("{texts} listings, as in the database"))
}

/// Makes the index in the folder `data` anew, and drops the snapshot.
pub(super) fn reindex(db: &Db, data: &Path, instance: &str) -> anyhow::Result<u64> {
    let folder = TextIndex::folder(data);
    let mut index = match TextIndex::create(&folder, instance) {
        Err(Unfit::InUse) => anyhow::bail!("the search index in {} is in use; stop the server first", folder.display()),
        made => made?,
    };
    // Only now it is sure that no server is writing one.
    snapshot::remove(&snapshot::place(data))?;
    fill(db, &mut index)?;
    let texts = index.searcher().num_docs();
    index.finish()?;
    Ok(texts)
}

/// Replaces the texts of the index by those of the database; answers the event number they are true for.
pub(super) fn fill(db: &Db, index: &mut TextIndex) -> anyhow::Result<i64> {
    index.clear()?;
    let mark: Mark = db.bulk(|conn| {
        let mark = events::last_seq(conn).and_then(|seq| events::mark(conn, seq))?;
        store::each_text(conn, |texts| index.add(&texts).map_err(|e| DbError::Engine(e.into())))?;
        Ok::<_, DbError>(mark)
    })?;
    index.commit(mark)?;
    Ok(mark.seq)
}
