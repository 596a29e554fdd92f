//! Stories about calendars of other sites. The stage: a site that says what the story wants, and a host with a home.

mod conflicts;
mod exports;
mod failing;
mod hostile;
mod importing;
mod interop;
mod plans;
mod two;

use crate::support::TestDb;
use crate::support::homes;
use crate::support::town::{Asker, Reply, Town};
use poem::http::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use stopover::platform::config::{Config, Network};
use stopover::platform::db::DbResult;
use stopover::values::ListingId;
use uuid::Uuid;

/// What a site answers.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// A calendar, with an entity tag and 304 for whoever has it.
    Calendar(String),
    Status(u16),
    /// These very bytes.
    Raw(Vec<u8>),
    /// A body that never ends, as fast as it is read.
    Endless,
    /// A byte now and then.
    Drip,
}

/// Another site.
pub(crate) struct Site {
    pub(crate) at: SocketAddr,
    says: Arc<Mutex<Says>>,
    heard: Arc<Mutex<Vec<String>>>,
    sent: Arc<AtomicU64>,
}

impl Site {
    pub(crate) fn new(says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let this = Self { at: listener.local_addr().unwrap(), says: Arc::new(Mutex::new(says)), heard: Arc::default(), sent: Arc::default() };
        let (says, heard, sent) = (Arc::clone(&this.says), Arc::clone(&this.heard), Arc::clone(&this.sent));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = [0_u8; 4_096];
                let length = stream.read(&mut head).unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..length]).into_owned();
                let says = says.lock().unwrap().clone();
                let sent = Arc::clone(&sent);
                heard.lock().unwrap().push(head.clone());
                std::thread::spawn(move || answer(&mut stream, &says, &head, &sent));
            }
        });
        this
    }

    pub(crate) fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/calendar/secret-word.ics?s=1", self.at)
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    pub(crate) fn last_heard(&self) -> String {
        self.heard.lock().unwrap().last().cloned().unwrap_or_default().to_lowercase()
    }

    /// Bytes that were taken from it.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

fn answer(stream: &mut TcpStream, says: &Says, head: &str, sent: &AtomicU64) {
    let mut put = |bytes: &[u8]| {
        let done = stream.write_all(bytes).is_ok();
        sent.fetch_add(if done { bytes.len() as u64 } else { 0 }, Ordering::SeqCst);
        done
    };
    let endless = b"HTTP/1.1 200 OK\r\nContent-Type: text/calendar\r\nConnection: close\r\n\r\nBEGIN:VCALENDAR\r\n";
    match says {
        Says::Calendar(text) => {
            let tag = format!("\"{:x}\"", text.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())));
            if head.contains(&tag) {
                put(format!("HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\nContent-Length: 0\r\n\r\n").as_bytes());
            } else {
                put(format!("HTTP/1.1 200 OK\r\nETag: {tag}\r\nContent-Type: text/calendar\r\nContent-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
            }
        }
        Says::Status(status) => drop(put(format!("HTTP/1.1 {status} So\r\nContent-Length: 5\r\n\r\nsorry").as_bytes())),
        Says::Raw(bytes) => drop(put(bytes)),
        Says::Endless => {
            put(endless);
            while put(&b"X-FILLER:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n".repeat(200)) {}
        }
        Says::Drip => {
            put(endless);
            while put(b"X") {
                std::thread::sleep(Duration::from_millis(300));
            }
        }
    }
}

/// A calendar of all-day events: first night, day of departure, summary.
pub(crate) fn calendar(events: &[(&str, &str, &str)]) -> String {
    let mut text = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Airbnb Inc//Hosting Calendar 0.8.8//EN\r\n");
    for (from, to, summary) in events {
        let day = |date: &str| date.replace('-', "");
        write!(text, "BEGIN:VEVENT\r\nUID:{from}@x\r\nDTSTART;VALUE=DATE:{}\r\nDTEND;VALUE=DATE:{}\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\n", day(from), day(to))
            .unwrap();
    }
    text + "END:VCALENDAR\r\n"
}

/// Lets an instance call these ports of this machine.
pub(crate) fn open_to(config: &mut Config, ports: &[u16]) {
    config.outbound.allow_http = true;
    config.outbound.ports = ports.to_vec();
    config.outbound.allow.push(Network::parse("127.0.0.1").unwrap());
}

/// A host with a home, and a site whose calendar they want to connect.
pub(crate) struct Stage {
    pub(crate) town: Town,
    pub(crate) ada: Asker,
    pub(crate) home: Uuid,
}

impl Stage {
    pub(crate) async fn new(db: &TestDb, ports: &[u16]) -> Self {
        Self::with(db, ports, |_| ()).await
    }

    pub(crate) async fn with(db: &TestDb, ports: &[u16], change: impl FnOnce(&mut Config)) -> Self {
        let town = Town::with(db, |config| {
            open_to(config, ports);
            change(config);
        })
        .await;
        let ada = town.newcomer("Ada").await;
        let me = town.get(&ada, "/me").await.json();
        let home = homes::home(db, &me["id"], "Attic").await;
        Self { town, ada, home }
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.town.ask(&self.ada, method, &format!("/listings/{}{path}", self.home), body.as_ref()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, None).await.expect(200).json()
    }

    /// Connects the calendar of a site and fetches it; answers the feed's id.
    pub(crate) async fn connect(&self, site: &Site) -> String {
        let added = self.ask(Method::POST, "/feeds", Some(json!({"name": "Elsewhere", "address": site.url()}))).await;
        self.town.run_jobs().await;
        added.expect(201).json()["id"].as_str().unwrap().to_owned()
    }

    /// Has a feed fetched now, a minute later.
    pub(crate) async fn sync(&self, feed: &str) -> Value {
        self.town.clock.advance_seconds(61);
        self.ask(Method::POST, &format!("/feeds/{feed}/sync"), None).await.expect(202);
        self.town.run_jobs().await;
        self.get(&format!("/feeds/{feed}")).await
    }

    /// An address for another site; answers the export's id and the path of its calendar, from the root.
    pub(crate) async fn export(&self, body: Value) -> (String, String) {
        let made = self.ask(Method::POST, "/exports", Some(body)).await.expect(201).json();
        let address = made["address"].as_str().unwrap();
        (made["id"].as_str().unwrap().to_owned(), address[address.find("/ical/").unwrap()..].to_owned())
    }

    /// What the address says now.
    pub(crate) async fn told(&self, path: &str) -> String {
        self.town.get(&Asker::default(), &format!("/{path}")).await.expect(200).text()
    }
}

/// The nights that feeds take of a home, as `from/to`.
pub(crate) async fn taken(db: &TestDb, home: Uuid) -> Vec<String> {
    const TAKEN: &str = "SELECT CAST(from_night AS TEXT) || '/' || CAST(to_night AS TEXT) || CASE WHEN slot > 0 THEN ' in ' || CAST(slot AS TEXT) ELSE '' END
        FROM external_nights WHERE listing_id = $1 ORDER BY from_night, to_night";
    let found: DbResult<Vec<String>> = db.read(move |conn| conn.query(TAKEN, &[ListingId(home).into()], |row| row.get(0))).await;
    found.unwrap()
}

/// A booking of a home, written by hand: there is no booking over the API yet.
pub(crate) async fn book(db: &TestDb, home: Uuid, slot: i64, nights: &[&str]) -> Uuid {
    const TAKE: &str = "INSERT INTO booked_nights (listing_id, slot, night, kind, booking_id) VALUES ($1, $2, $3, 'booking', $4)";
    let (booking, nights) = (Uuid::now_v7(), nights.iter().map(|night| stopover::values::Night::parse(night).unwrap()).collect::<Vec<_>>());
    let written: DbResult<()> = db
        .write(move |tx, _| nights.iter().try_for_each(|night| tx.execute(TAKE, &[home.into(), slot.into(), (*night).into(), booking.into()]).map(drop)))
        .await;
    written.unwrap();
    booking
}

/// Runs a statement about a home.
pub(crate) async fn change(db: &TestDb, sql: &'static str, home: Uuid) {
    let written: DbResult<u64> = db.write(move |tx, _| tx.execute(sql, &[home.into()])).await;
    written.unwrap();
}

/// How many rows a statement counts.
pub(crate) async fn number(db: &TestDb, sql: &'static str) -> i64 {
    let found: DbResult<Option<i64>> = db.read(move |conn| conn.first(sql, &[], |row| row.get(0))).await;
    found.unwrap().unwrap()
}
