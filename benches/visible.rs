//! From commit to visible: how long after a write was acknowledged a search shows it, on this node and on another one.
//!
//! On SQLite writer and search share the process. With `STOPOVER_TEST_POSTGRES` set (`scripts/with-postgres`), two
//! nodes share a database: one writes, the other is asked. `STOPOVER_BENCH_CHANGES` changes of each kind (default 300).
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a bench that cannot go on stops at the line where that shows"
)]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};
use stopover::app::Parts;
use stopover::features::imports::{self, Pace, Silent};
use stopover::features::search::Ask;
use stopover::platform::config::Config;
use stopover::platform::db::{Db, DbError, Lane, Tx};
use stopover::platform::events::{self, Kind};
use stopover::platform::tools::Tools;
use stopover::platform::wire::DateAsk;
use stopover::values::{Clock, ListingId, Night, SystemClock, Zone};
use support::table::{self, Times};
use uuid::Uuid;

/// A change that is not seen by then never will be.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() {
    let changes = support::number("STOPOVER_BENCH_CHANGES").unwrap_or(300);
    // Beside the kept corpus, on the same disk: a folder in memory would make commits look cheap.
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let corpus = support::corpus::open_copy(support::corpus::Mix::Flat, scratch.path());
    table::head(&format!("Commit to visible, one node, SQLite, {} listings", corpus.listings));
    let today = corpus.today;
    measure(&Nodes { writer: &corpus.parts.tools.db, reader: &corpus.parts, today }, changes, [(10.0, 10.0), (300.0, 300.0)]);
    drop(corpus);
    if let Some(cluster) = support::setting("STOPOVER_TEST_POSTGRES") {
        two_nodes(&cluster, changes);
    } else {
        println!("\nAnother node: not measured, run it under scripts/with-postgres");
    }
}

/// A database of its own on the cluster, two nodes on it, the demo city in it.
fn two_nodes(cluster: &str, changes: usize) {
    let name = format!("visible_{}", std::process::id());
    let mut client = postgres::Client::connect(cluster, postgres::NoTls).unwrap();
    client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")).unwrap();
    let url = cluster.replacen("/postgres?", &format!("/{name}?"), 1);
    assert_ne!(url, cluster, "the address must end in /postgres?…");
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let open =
        |n: usize| Tools::open(Config { database: Some(url.clone()), data_dir: folders[n].path().into(), ..Config::default() }, Arc::new(SystemClock)).unwrap();
    let (here, there) = (open(0), open(1));
    let today = Zone::parse("America/New_York").unwrap().local(SystemClock.now()).today;
    imports::demo(&here.db, today, Pace::Alone, &Silent).unwrap();
    let (here, there) = (Parts::gather(here).unwrap(), Parts::gather(there).unwrap());
    table::head(&format!("Commit to visible, another node, PostgreSQL, {} listings", there.search.holdings().listings));
    measure(&Nodes { writer: &here.tools.db, reader: &there, today }, changes, [(500.0, 500.0), (500.0, 500.0)]);
    drop((here, there));
    client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
}

/// Who writes, and who is asked.
struct Nodes<'a> {
    writer: &'a Db,
    reader: &'a Parts,
    today: Night,
}

/// A listing to change.
#[derive(Clone, Copy)]
struct Listing {
    id: ListingId,
    lat: f64,
    lng: f64,
}

impl Listing {
    /// The question that finds it and few others.
    fn ask(self) -> Ask {
        let Self { lat, lng, .. } = self;
        Ask { bbox: Some(format!("{},{},{},{}", lng - 1e-6, lat - 1e-6, lng + 1e-6, lat + 1e-6)), limit: 100, ..Ask::default() }
    }
}

/// Makes so many changes of each kind, one after the other. Goals: at once, and texts.
fn measure(nodes: &Nodes<'_>, changes: usize, [at_once, texts]: [(f64, f64); 2]) {
    let found: Result<Vec<Listing>, DbError> = nodes.writer.read_blocking(|conn| {
        conn.query("SELECT id, public_lat, public_lng FROM listings WHERE state = 'published' ORDER BY id LIMIT 1000", &[], |row| {
            Ok(Listing { id: ListingId(row.get::<Uuid>(0)?), lat: row.get(1)?, lng: row.get(2)? })
        })
    });
    let listings = found.unwrap();
    let each = |change: fn(&Nodes<'_>, Listing, usize) -> Duration| Times::new((0..changes).map(|n| change(nodes, listings[n % listings.len()], n)).collect());
    table::row("prices", &each(price), Some(at_once));
    table::row("filters (instant booking)", &each(flag), Some(at_once));
    table::row("nights", &each(night), Some(at_once));
    table::row("texts (titles)", &each(title), Some(texts));
}

/// Writes, then asks until the answer is as it must be; answers the time between the acknowledgement and that.
fn until_seen(nodes: &Nodes<'_>, write: impl Fn(&mut Tx<'_>) -> Result<(), DbError> + Send + 'static, ask: &Ask, id: ListingId, there: bool) -> Duration {
    nodes.writer.write_blocking(Lane::Urgent, move |tx, _| write(tx)).unwrap();
    let begun = Stopwatch::now();
    loop {
        let answer = nodes.reader.search.answer(ask, SystemClock.now()).unwrap();
        let passed = begun.elapsed();
        if answer.hits.iter().any(|hit| hit.id == id) == there {
            return passed;
        }
        assert!(passed < PATIENCE, "listing {id} was changed and search does not show it");
        std::thread::sleep(Duration::from_micros(100));
    }
}

fn announce(tx: &mut Tx<'_>, kind: Kind, id: ListingId) -> Result<(), DbError> {
    events::append(tx, kind, id.0, &serde_json::json!({}), SystemClock.now())
}

fn price(nodes: &Nodes<'_>, listing: Listing, n: usize) -> Duration {
    // A price that no other listing has, and that this one has not had before.
    let price = 3_000_000_000 + SystemClock.now().0 % 1_000_000_000 + n as i64;
    let ask = Ask { price_min: Some(price), price_max: Some(price), ..listing.ask() };
    let write = move |tx: &mut Tx<'_>| {
        tx.execute("UPDATE listings SET price_minor = $2, version = version + 1 WHERE id = $1", &[listing.id.into(), price.into()])?;
        announce(tx, Kind::ListingChanged, listing.id)
    };
    until_seen(nodes, write, &ask, listing.id, true)
}

fn flag(nodes: &Nodes<'_>, listing: Listing, _: usize) -> Duration {
    let ask = Ask { instant_book: Some(true), ..listing.ask() };
    let is_on = nodes.reader.search.answer(&ask, SystemClock.now()).unwrap().hits.iter().any(|hit| hit.id == listing.id);
    let write = move |tx: &mut Tx<'_>| {
        tx.execute("UPDATE listings SET instant_book = $2, version = version + 1 WHERE id = $1", &[listing.id.into(), (!is_on).into()])?;
        announce(tx, Kind::ListingChanged, listing.id)
    };
    until_seen(nodes, write, &ask, listing.id, !is_on)
}

fn night(nodes: &Nodes<'_>, listing: Listing, n: usize) -> Duration {
    // Far ahead, where no calendar of the cities reaches: those nights are free until they are taken here.
    let first = nodes.today.plus(500 + 3 * (n as i32 / 100));
    let ask = |from: Night| Ask { check_in: Some(DateAsk::Night(from)), check_out: Some(DateAsk::Night(from.plus(30))), ..listing.ask() };
    let shown = |from: Night| nodes.reader.search.answer(&ask(from), SystemClock.now()).unwrap().hits.iter().any(|hit| hit.id == listing.id);
    if !shown(first) {
        // Its rules never let a month pass, or an earlier run took it: any stay that is shown will do, else set it free.
        let free = move |tx: &mut Tx<'_>| {
            tx.execute("UPDATE listings SET min_nights = 1, max_nights = 365 WHERE id = $1", &[listing.id.into()])?;
            tx.execute("DELETE FROM external_nights WHERE listing_id = $1 AND feed = 'visible'", &[listing.id.into()])?;
            announce(tx, Kind::ListingChanged, listing.id)
        };
        until_seen(nodes, free, &ask(first), listing.id, true);
    }
    let take = move |tx: &mut Tx<'_>| {
        tx.execute(
            "INSERT INTO external_nights (listing_id, feed, from_night, to_night) VALUES ($1, 'visible', $2, $3)",
            &[listing.id.into(), first.into(), first.plus(2).into()],
        )?;
        announce(tx, Kind::CalendarChanged, listing.id)
    };
    until_seen(nodes, take, &ask(first), listing.id, false)
}

fn title(nodes: &Nodes<'_>, listing: Listing, n: usize) -> Duration {
    // A word that no text has had before; letters alone, so that it is one word in every language.
    let mut number = SystemClock.now().0.unsigned_abs().wrapping_add(n as u64);
    let mut word = String::from("zq");
    while number > 0 {
        word.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    let ask = Ask { q: Some(word.clone()), ..Ask::default() };
    let write = move |tx: &mut Tx<'_>| {
        tx.execute("UPDATE listings SET title = $2, version = version + 1 WHERE id = $1", &[listing.id.into(), format!("Home {word}").into()])?;
        announce(tx, Kind::ListingChanged, listing.id)
    };
    until_seen(nodes, write, &ask, listing.id, true)
}
