//! Homes made by hand: any column of a listing, any cause of its calendar, with the news of it in the event log.

use crate::support::TestDb;
use std::collections::BTreeMap;
use stopover::platform::db::{DbResult, Json, Tx, Value};
use stopover::platform::events::{self, Kind};
use stopover::values::{BookingId, Instant, ListingId, NightRange, UserId};
use uuid::Uuid;

/// A listing about to be written: the columns that differ from [`Lot::new`], and its calendar.
#[derive(Clone)]
pub(super) struct Lot {
    pub(super) id: ListingId,
    pub(super) host: UserId,
    columns: BTreeMap<&'static str, Value>,
    description: String,
    pub(super) blocks: Vec<NightRange>,
    pub(super) external: Vec<NightRange>,
    pub(super) booked: Vec<Booked>,
    pub(super) overrides: Vec<Override>,
}

/// Nights of one unit, for good or until an instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Booked {
    pub(super) slot: i64,
    pub(super) nights: NightRange,
    pub(super) until: Option<Instant>,
}

/// Days that differ.
#[derive(Debug, Clone)]
pub(super) struct Override {
    pub(super) source: &'static str,
    pub(super) nights: NightRange,
    pub(super) price: Option<i64>,
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) arrival: Option<bool>,
    pub(super) departure: Option<bool>,
}

impl Lot {
    /// A published home in Albany for four at 100.00 USD, any stay of 1 to 30 nights.
    pub(super) fn new(title: &str) -> Self {
        let json = |text: &str| Value::from(Json(text.to_owned()));
        let columns = BTreeMap::from([
            ("state", Value::from("published")),
            ("title", title.into()),
            ("room_type", "entire_home".into()),
            ("property_type", "entire_loft".into()),
            ("city", "Albany".into()),
            ("country", "US".into()),
            ("neighbourhood", "Center Square".into()),
            ("lat", 42.65.into()),
            ("lng", (-73.76).into()),
            ("public_lat", 42.65.into()),
            ("public_lng", (-73.76).into()),
            ("zone", "America/New_York".into()),
            ("currency", "USD".into()),
            ("price_minor", 10_000_i64.into()),
            ("capacity", 4_i64.into()),
            ("bedrooms", 2_i64.into()),
            ("beds", 3_i64.into()),
            ("bathrooms_halves", 3_i64.into()),
            ("bathroom_shared", false.into()),
            ("amenities", json("[\"wifi\"]")),
            ("amenities_other", json("[]")),
            ("instant_book", true.into()),
            ("max_infants", 5_i64.into()),
            ("max_pets", 0_i64.into()),
            ("min_nights", 1_i64.into()),
            ("max_nights", 30_i64.into()),
            ("notice_days", 0_i64.into()),
            ("window_days", 365_i64.into()),
            ("window_strict", false.into()),
            ("preparation_nights", 0_i64.into()),
            ("arrival_days", 127_i64.into()),
            ("departure_days", 127_i64.into()),
            ("gap_nights", 0_i64.into()),
            ("fill_gaps", true.into()),
            ("unit_count", 1_i64.into()),
            ("rating_count", 0_i64.into()),
            ("rating_sum_centi", 0_i64.into()),
            ("review_scores", json("{}")),
            ("review_count", 0_i64.into()),
            ("calendar_version", 1_i64.into()),
            ("edited_fields", json("[]")),
            ("version", 1_i64.into()),
        ]);
        let (id, host) = (ListingId::new(), UserId::new());
        Self { id, host, columns, description: String::new(), blocks: vec![], external: vec![], booked: vec![], overrides: vec![] }
    }

    pub(super) fn with(mut self, column: &'static str, value: impl Into<Value>) -> Self {
        self.columns.insert(column, value.into());
        self
    }

    /// The public point, and the exact one beside it.
    pub(super) fn at(self, lat: f64, lng: f64) -> Self {
        self.with("public_lat", lat).with("public_lng", lng).with("lat", lat).with("lng", lng)
    }

    pub(super) fn described(mut self, text: &str) -> Self {
        text.clone_into(&mut self.description);
        self
    }

    /// The whole number in a column.
    pub(super) fn number(&self, column: &str) -> i64 {
        match self.columns.get(column) {
            Some(Value::Int(number)) => *number,
            other => panic!("{column} is {other:?}"),
        }
    }

    /// Writes it with its host and its calendar, and tells the log.
    pub(super) async fn build(self, db: &TestDb) -> ListingId {
        let id = self.id;
        build_all(db, vec![self]).await;
        id
    }
}

/// Writes lots in one transaction, and tells the log of each.
pub(super) async fn build_all(db: &TestDb, lots: Vec<Lot>) {
    let built: DbResult<()> = db
        .write(move |tx, now| {
            for lot in &lots {
                write(tx, lot, now)?;
                events::append(tx, Kind::ListingChanged, lot.id.0, &serde_json::json!({}), now)?;
            }
            Ok(())
        })
        .await;
    built.unwrap();
}

fn write(tx: &mut Tx<'_>, lot: &Lot, now: Instant) -> DbResult<()> {
    const HOST: &str = "INSERT INTO users (id, name, about, location, languages, identity_verified, top_host, version, created_at, updated_at)
                        VALUES ($1, 'Ada', '', '', '[]', FALSE, FALSE, 1, $2, $2) ON CONFLICT (id) DO NOTHING";
    tx.execute(HOST, &[lot.host.into(), now.into()])?;
    let names: Vec<&str> = lot.columns.keys().copied().collect();
    let places: Vec<String> = (4..4 + names.len()).map(|n| format!("${n}")).collect();
    let sql = format!("INSERT INTO listings (id, host_id, created_at, updated_at, {}) VALUES ($1, $2, $3, $3, {})", names.join(", "), places.join(", "));
    let mut params: Vec<Value> = vec![lot.id.into(), lot.host.into(), now.into()];
    params.extend(lot.columns.values().cloned());
    tx.execute(&sql, &params)?;
    const TEXT: &str = "INSERT INTO listing_texts (listing_id, language, description, neighbourhood_text) VALUES ($1, '', $2, '')";
    tx.execute(TEXT, &[lot.id.into(), lot.description.as_str().into()])?;
    calendar(tx, lot, now)
}

/// Writes the causes of the lot's calendar; its listing is there already.
pub(super) fn calendar(tx: &mut Tx<'_>, lot: &Lot, now: Instant) -> DbResult<()> {
    const BLOCK: &str = "INSERT INTO calendar_blocks (id, listing_id, from_night, to_night, reason, note, created_at) VALUES ($1, $2, $3, $4, 'owner', '', $5)";
    const TAKE: &str = "INSERT INTO external_nights (listing_id, feed, from_night, to_night) VALUES ($1, 'elsewhere', $2, $3)";
    const BOOK: &str = "INSERT INTO booked_nights (listing_id, slot, night, kind, booking_id, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
                        ON CONFLICT (listing_id, slot, night) DO NOTHING";
    const SET: &str = "INSERT INTO day_overrides (listing_id, source, from_night, to_night, price_minor, min_nights, max_nights, closed_to_arrival,
                           closed_to_departure) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    for nights in &lot.blocks {
        tx.execute(BLOCK, &[Uuid::now_v7().into(), lot.id.into(), nights.from.into(), nights.to.into(), now.into()])?;
    }
    for nights in &lot.external {
        tx.execute(TAKE, &[lot.id.into(), nights.from.into(), nights.to.into()])?;
    }
    for stay in &lot.booked {
        let (booking, kind) = (BookingId::new(), if stay.until.is_some() { "hold" } else { "booking" });
        for night in stay.nights.iter() {
            tx.execute(BOOK, &[lot.id.into(), stay.slot.into(), night.into(), kind.into(), booking.into(), stay.until.into()])?;
        }
    }
    for day in &lot.overrides {
        let (nights, flags) = (day.nights, (day.arrival, day.departure));
        let params: [Value; 9] = [
            lot.id.into(),
            day.source.into(),
            nights.from.into(),
            nights.to.into(),
            day.price.into(),
            day.min.into(),
            day.max.into(),
            flags.0.into(),
            flags.1.into(),
        ];
        tx.execute(SET, &params)?;
    }
    Ok(())
}

/// Runs one statement about a listing and tells the log, in one transaction.
pub(super) async fn change(db: &TestDb, listing: ListingId, kind: Kind, sql: &'static str, params: Vec<Value>) {
    let changed: DbResult<()> = db
        .write(move |tx, now| {
            let params: Vec<Value> = std::iter::once(listing.into()).chain(params.iter().cloned()).collect();
            tx.execute(sql, &params)?;
            events::append(tx, kind, listing.0, &serde_json::json!({}), now)
        })
        .await;
    changed.unwrap();
}
