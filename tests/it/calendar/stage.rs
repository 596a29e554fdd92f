//! Ada's home, and nights in it.

use crate::support::TestDb;
use crate::support::homes;
use crate::support::town::{Asker, Reply, Town};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::features::calendar::{self, Claim, Claimed, Lifetime, Party, Unavailable};
use stopover::platform::db::{DbError, DbResult, Value};
use stopover::platform::events::{self, Kind};
use stopover::values::{BookingId, Instant, ListingId, Night, Stay};

pub(super) const COUPLE: Party = Party { adults: 2, children: 0, infants: 0, pets: 0 };

/// A host with a published home.
pub(super) struct Stage {
    pub(super) town: Town,
    pub(super) ada: Asker,
    pub(super) listing: ListingId,
}

impl Stage {
    pub(super) async fn set(db: &TestDb) -> Self {
        let town = Town::new(db).await;
        let ada = town.newcomer("Ada").await;
        let me = town.get(&ada, "/me").await.expect(200).json();
        let listing = ListingId(homes::home(db, &me["id"], "Attic").await);
        Self { town, ada, listing }
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/listings/{}/{rest}", self.listing)
    }

    pub(super) async fn edit(&self, edits: Json) -> Reply {
        self.town.ask(&self.ada, Method::PATCH, &self.path("calendar"), Some(&json!({ "edits": edits }))).await
    }

    pub(super) async fn put(&self, rest: &str, body: Json) -> Reply {
        self.town.ask(&self.ada, Method::PUT, &self.path(rest), Some(&body)).await
    }

    /// The days of a calendar as somebody sees them.
    pub(super) async fn days(&self, who: &Asker, from: &str, to: &str) -> Vec<Json> {
        let page = self.town.get(who, &self.path(&format!("calendar?from={from}&to={to}"))).await.expect(200).json();
        page["data"].as_array().unwrap().clone()
    }

    /// What becomes of each day, in one word.
    pub(super) async fn words(&self, from: &str, to: &str) -> String {
        let words: Vec<String> = self.days(&self.ada, from, to).await.iter().map(|day| day["status"].as_str().unwrap().to_owned()).collect();
        words.join(" ")
    }

    pub(super) async fn log(&self) -> Vec<Json> {
        self.town.get(&self.ada, &self.path("calendar/log?limit=100")).await.expect(200).json()["data"].as_array().unwrap().clone()
    }
}

pub(super) fn stay(from: &str, to: &str) -> Stay {
    Stay::new(Night::parse(from).unwrap(), Night::parse(to).unwrap()).unwrap()
}

/// A claim by a couple, for good.
pub(super) fn wanted(listing: ListingId, stay: Stay) -> Claim {
    Claim { listing, stay, party: COUPLE, booking: BookingId::new(), lifetime: Lifetime::Booking, by: None, waived: Vec::new() }
}

pub(super) async fn claim(db: &TestDb, claim: &Claim) -> Result<Claimed, Unavailable> {
    let claim = claim.clone();
    // What a refusal has written is to vanish, as it would with whoever books.
    let written: Result<Claimed, Refused> = db.write(move |tx, now| calendar::claim(tx, now, &claim)?.map_err(Refused::No)).await;
    written.map_err(|refused| match refused {
        Refused::No(unavailable) => unavailable,
        Refused::Broken(error) => panic!("{error}: {:?}", std::error::Error::source(&error)),
    })
}

/// Books or panics.
pub(super) async fn book(db: &TestDb, listing: ListingId, from: &str, to: &str) -> (BookingId, Claimed) {
    let wanted = wanted(listing, stay(from, to));
    (wanted.booking, claim(db, &wanted).await.unwrap())
}

/// Holds nights until an instant.
pub(super) async fn hold(db: &TestDb, listing: ListingId, from: &str, to: &str, until: &str) -> BookingId {
    let lifetime = Lifetime::Hold { expires_at: Instant::parse(until).unwrap() };
    let wanted = Claim { lifetime, ..wanted(listing, stay(from, to)) };
    claim(db, &wanted).await.unwrap();
    wanted.booking
}

/// The codes of a refusal.
pub(super) fn reasons(refused: &Unavailable) -> Vec<&'static str> {
    refused.reasons.iter().map(|rule| rule.code()).collect()
}

enum Refused {
    No(Unavailable),
    Broken(DbError),
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        Self::Broken(error)
    }
}

pub(super) async fn write(db: &TestDb, sql: &'static str, params: Vec<Value>) {
    let wrote: DbResult<u64> = db.write(move |tx, _| tx.execute(sql, &params)).await;
    assert!(wrote.unwrap() > 0, "{sql} wrote nothing");
}

/// Sets one number of the listing, and tells search.
pub(super) async fn set(db: &TestDb, listing: ListingId, sql: &'static str, value: i64) {
    let wrote: DbResult<()> = db
        .write(move |tx, now| {
            tx.execute(sql, &[listing.into(), value.into()])?;
            events::append(tx, Kind::ListingChanged, listing.0, &json!({}), now)
        })
        .await;
    wrote.unwrap();
}

pub(super) const UNITS: &str = "UPDATE listings SET unit_count = $2 WHERE id = $1";
pub(super) const PREPARATION: &str = "UPDATE listings SET preparation_nights = $2 WHERE id = $1";
pub(super) const MIN_NIGHTS: &str = "UPDATE listings SET min_nights = $2 WHERE id = $1";
pub(super) const DEPARTURES: &str = "UPDATE listings SET departure_days = $2 WHERE id = $1";

/// A home that takes one night and lets everybody leave on every day.
pub(super) async fn open_house(db: &TestDb, listing: ListingId, units: i64) {
    set(db, listing, UNITS, units).await;
    set(db, listing, MIN_NIGHTS, 1).await;
    set(db, listing, DEPARTURES, 127).await;
}
