//! An import's second half: the survey is complete and good, now it is written.
//!
//! One thread reads the listings again and makes rows of them, another (the database's) writes; between them wait at
//! most a few pieces. A listing, its texts and its calendar are in the same transaction, so there is never half of one.

use super::draft::{Home, Review};
use super::hosts::write_hosts;
use super::piece::{Piece, Stamp};
use super::progress::{Pace, Progress, Stage};
use super::report::{Clash, ImportError, Outcome, Report};
use super::reviews::write_reviews;
use super::rules::days::Terms;
use super::store::{self, Known, Start};
use super::survey::{Owner, Survey};
use crate::platform::db::{Db, DbError, Lane, Tx};
use crate::platform::events::{self, Kind};
use crate::values::{ImportId, Instant, ListingId, UserId};
use std::sync::mpsc::{SyncSender, sync_channel};

/// From so many changed listings on, readers are told to reload everything instead of being told one by one.
const ANNOUNCED_MAX: u64 = 2_000;
/// Pieces that may wait for the writer.
const PIECES_AHEAD: usize = 2;

/// The files, read for the second time.
pub(super) trait Dump: Sync {
    /// Hands over every good home with its place in the survey.
    fn homes(&self, survey: &Survey, take: &mut dyn FnMut(u32, Home) -> Result<(), ImportError>) -> Result<(), ImportError>;
    /// Hands over every good review.
    fn reviews(&self, survey: &Survey, take: &mut dyn FnMut(Review) -> Result<(), ImportError>) -> Result<(), ImportError>;
}

/// What is imported, and how.
pub(super) struct Plan<'a> {
    pub source: String,
    pub scope: String,
    /// The city the files are about, when they are about one: only its listings can be gone from them.
    pub city: Option<&'a str>,
    pub strict: bool,
    pub pace: Pace,
}

/// Writes what the survey found. Does nothing when the last import of this scope was the same.
pub(super) fn carry_out(db: &Db, plan: &Plan<'_>, survey: &Survey, dump: &dyn Dump, progress: &dyn Progress) -> Result<Report, ImportError> {
    if plan.strict && survey.bad_rows.count > 0 {
        return Err(ImportError::Strict(survey.bad_rows.clone()));
    }
    let id = ImportId::new();
    let (source, scope, hash) = (plan.source.clone(), plan.scope.clone(), survey.hash());
    let start = write(db, move |tx, now| store::begin(tx, id, &source, &scope, &hash, now))?;
    if start == Start::AlreadyDone {
        return Ok(Report::new(&plan.source, &plan.scope, Outcome::Unchanged));
    }
    let stamp = Stamp { source: plan.source.clone(), feed: format!("import:{}", plan.source), at: db.now() };
    let mut report = Report::new(&plan.source, &plan.scope, Outcome::Imported);
    report.bad_rows = survey.bad_rows.clone();
    report.shifted_to = survey.shifted_to.map(|day| day.to_string());
    report.hosts = survey.hosts().len() as u64;
    let hosts = write_hosts(db, survey, &stamp, plan.pace, progress)?;
    let known = known_homes(db, plan, survey, &mut report)?;
    let unknown = known.iter().filter(|home| home.is_none()).count() as u64;
    let mut announcer = Announcer { told: 0, silent: start == Start::Resumed || unknown >= ANNOUNCED_MAX };
    let ids = write_homes(db, (survey, dump), Maker { survey, hosts, known, stamp: &stamp }, (&mut announcer, &mut report), (plan.pace, progress))?;
    report.reviews = write_reviews(db, (survey, dump), &ids, (&stamp, plan.pace), &mut announcer, progress)?;
    finish(db, id, report, &announcer)
}

/// Looks up what earlier imports of the source wrote, and counts what is no longer in the files.
fn known_homes(db: &Db, plan: &Plan<'_>, survey: &Survey, report: &mut Report) -> Result<Vec<Option<Known>>, ImportError> {
    let mut known: Vec<Option<Known>> = vec![None; survey.listings() as usize];
    db.read_blocking(|conn| {
        store::known_homes(conn, &plan.source, |external_id, city, home| match survey.owner(external_id) {
            Owner::Listing(place) => known[place as usize] = Some(home),
            Owner::Refused => {}
            Owner::Unknown => report.listings_gone += u64::from(plan.city.is_none_or(|ours| ours == city)),
        })
    })?;
    Ok(known)
}

/// Makes rows of homes.
struct Maker<'a> {
    survey: &'a Survey,
    hosts: Vec<UserId>,
    known: Vec<Option<Known>>,
    stamp: &'a Stamp,
}

impl Maker<'_> {
    /// Adds a home to the piece, with the price its calendar suggests when it has none of its own.
    fn add(&mut self, piece: &mut Piece, place: u32, mut home: Home) -> (ListingId, bool) {
        if home.price_minor == 0 {
            home.price_minor = self.survey.usual_price(place).unwrap_or(0);
        }
        let terms = Terms { price_minor: home.price_minor, min_nights: home.min_nights, max_nights: home.max_nights };
        let calendar = self.survey.calendar(place, terms);
        // The survey met the host on this listing's own row.
        let host = self.survey.host_place(&home.host).and_then(|at| self.hosts.get(at)).copied().unwrap_or_else(UserId::new);
        let known = self.known.get_mut(place as usize).and_then(Option::take);
        piece.add(home, &calendar, host, known, self.stamp)
    }
}

/// Reads, makes and sends pieces until the dump ends or nobody takes them any more. Answers the listings' ids by place.
fn make_pieces(dump: &dyn Dump, mut maker: Maker<'_>, pace: Pace, announcer: &mut Announcer, out: &SyncSender<Piece>) -> Result<Vec<ListingId>, ImportError> {
    let survey = maker.survey;
    let mut ids = Vec::with_capacity(survey.listings() as usize);
    let mut piece = Piece::default();
    let send = |piece: &mut Piece| out.send(std::mem::take(piece)).map_err(|_| ImportError::Stopped(Stage::Listings));
    dump.homes(survey, &mut |place, home| {
        debug_assert_eq!(place as usize, ids.len(), "homes come in the order of their places");
        let (id, changed) = maker.add(&mut piece, place, home);
        ids.push(id);
        if changed && !announcer.is_loud() {
            piece.announced.push(id);
            announcer.count(1);
        }
        if piece.weight() >= pace.rows() { send(&mut piece) } else { Ok(()) }
    })?;
    if ids.len() != survey.listings() as usize {
        return Err(ImportError::Ask("the files changed while they were imported; run the import again".into()));
    }
    send(&mut piece)?;
    Ok(ids)
}

fn write_homes(
    db: &Db,
    (survey, dump): (&Survey, &dyn Dump),
    maker: Maker<'_>,
    (announcer, report): (&mut Announcer, &mut Report),
    (pace, progress): (Pace, &dyn Progress),
) -> Result<Vec<ListingId>, ImportError> {
    let feed = maker.stamp.feed.clone();
    std::thread::scope(|scope| {
        let (out, pieces) = sync_channel(PIECES_AHEAD);
        let reader = scope.spawn(move || make_pieces(dump, maker, pace, announcer, &out));
        let mut done = 0;
        for piece in pieces {
            let counts = piece.counts;
            let feed = feed.clone();
            for clash in write(db, move |tx, now| write_piece(tx, &piece, &feed, now))? {
                report.clashes.add(clash);
            }
            report.listings_new += counts.new;
            report.listings_changed += counts.changed;
            report.listings_same += counts.same;
            report.listings_without_price += counts.without_price;
            report.taken_ranges += counts.taken;
            report.override_ranges += counts.overrides;
            done += counts.new + counts.changed + counts.same;
            ask(progress, Stage::Listings, done, survey.listings().into())?;
        }
        reader.join().unwrap_or_else(|_| Err(DbError::Panicked("the thread that reads listings".into()).into()))
    })
}

/// Writes a piece and answers the booked nights that are taken elsewhere now.
fn write_piece(tx: &mut Tx<'_>, piece: &Piece, feed: &str, now: Instant) -> Result<Vec<Clash>, DbError> {
    let mut clashes = Vec::new();
    for change in &piece.changes {
        store::replace_home(tx, change, feed, now)?;
        let booked = store::booked_nights(tx, change.id)?.into_iter().filter(|night| change.taken.iter().any(|range| range.contains(*night)));
        clashes.extend(booked.map(|night| Clash { listing: change.external_id.clone(), night: night.to_string() }));
    }
    store::write_piece_rows(tx, piece)?;
    piece.announced.iter().try_for_each(|listing| announce(tx, *listing, now))?;
    Ok(clashes)
}

fn finish(db: &Db, id: ImportId, report: Report, announcer: &Announcer) -> Result<Report, ImportError> {
    let reload = announcer.is_loud();
    write(db, move |tx, now| {
        store::finish(tx, id, &report, now)?;
        if reload {
            events::append(tx, Kind::ListingsReplaced, id.0, &serde_json::json!({}), now)?;
        }
        Ok(report.clone())
    })
}

/// Decides between many small events and one that says "reload".
pub(super) struct Announcer {
    told: u64,
    /// Nobody is told one by one; everybody reloads at the end.
    silent: bool,
}

impl Announcer {
    /// Whether the import ends with "reload", so that nothing need be told one by one.
    pub(super) fn is_loud(&self) -> bool {
        self.silent || self.told >= ANNOUNCED_MAX
    }

    pub(super) fn count(&mut self, listings: u64) {
        self.told += listings;
    }
}

/// Tells readers of the log that a listing and its calendar are different now.
pub(super) fn announce(tx: &mut Tx<'_>, listing: ListingId, now: Instant) -> Result<(), DbError> {
    for kind in [Kind::ListingChanged, Kind::CalendarChanged] {
        events::append(tx, kind, listing.0, &serde_json::json!({}), now)?;
    }
    Ok(())
}

/// A write in the lane that lets guests pass.
pub(super) fn write<T, F>(db: &Db, f: F) -> Result<T, ImportError>
where
    T: Send + 'static,
    F: Fn(&mut Tx<'_>, Instant) -> Result<T, DbError> + Send + 'static,
{
    Ok(db.write_blocking(Lane::Bulk, f)?)
}

/// Shows progress, and stops when whoever watches says so.
pub(super) fn ask(progress: &dyn Progress, stage: Stage, done: u64, of: u64) -> Result<(), ImportError> {
    if progress.report(stage, done, of).is_break() { Err(ImportError::Stopped(stage)) } else { Ok(()) }
}
