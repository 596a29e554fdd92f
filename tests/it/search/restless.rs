//! A town in which everything changes at random, and questions about it that are drawn likewise.

use super::dice::Dice;
use super::lot::{Booked, Lot, Override, build_all, calendar, change};
use crate::support::TestDb;
use serde_json::json;
use stopover::platform::db::{DbResult, Json, Value};
use stopover::platform::events::{self, Kind};
use stopover::values::{Instant, ListingId, Night, NightRange};

const WORDS: [&str; 8] = ["lark", "mole", "otter", "wren", "garden", "attic", "loft", "boat"];
const CITIES: [&str; 4] = ["Albany", "Troy", "Suva", "Cohoes"];
const TYPES: [&str; 5] = ["entire_loft", "yurt", "boat", "entire_home", "tiny_home"];
const AMENITIES: [&str; 4] = ["[\"wifi\"]", "[\"wifi\",\"pool\"]", "[]", "[\"kitchen\",\"pool\"]"];

/// The homes of the town, those that were taken down included.
pub(super) struct Town {
    dice: Dice,
    pub(super) homes: Vec<ListingId>,
}

fn point(dice: &mut Dice) -> (f64, f64) {
    (42.0 + dice.share(), -74.0 + dice.share())
}

fn nights(dice: &mut Dice) -> NightRange {
    let from = Night::parse("2026-05-28").unwrap().plus(i32::try_from(dice.below(90)).unwrap());
    NightRange::new(from, from.plus(1 + i32::try_from(dice.below(6)).unwrap()))
}

fn lot(dice: &mut Dice) -> Lot {
    let (lat, lng) = point(dice);
    let mut lot = Lot::new(&format!("{} by the {}", dice.pick(&WORDS), dice.pick(&WORDS)))
        .at(lat, lng)
        .with("city", *dice.pick(&CITIES))
        .with("property_type", *dice.pick(&TYPES))
        .with("room_type", *dice.pick(&["entire_home", "private_room"]))
        .with("price_minor", dice.between(2_000, 60_000))
        .with("capacity", dice.between(1, 8))
        .with("bedrooms", dice.between(0, 5))
        .with("amenities", Json((*dice.pick(&AMENITIES)).to_owned()))
        .with("min_nights", dice.between(1, 3))
        .with("preparation_nights", dice.between(0, 1))
        .with("gap_nights", if dice.once_in(6) { 2_i64 } else { 0 })
        .with("arrival_days", if dice.once_in(6) { 0b100_1001_i64 } else { 127 })
        .with("window_days", *dice.pick(&[365_i64, 30]))
        .with("zone", *dice.pick(&["America/New_York", "Pacific/Fiji"]))
        .with("review_count", dice.between(0, 40))
        .with("rating_count", 10_i64)
        .with("rating_sum_centi", dice.between(3_000, 5_000));
    fill(&mut lot, dice);
    lot
}

/// Draws one cause or odd day into the lot's calendar.
fn fill(lot: &mut Lot, dice: &mut Dice) {
    let nights = nights(dice);
    match dice.below(5) {
        0 => lot.blocks.push(nights),
        1 => lot.external.push(nights),
        2 => lot.booked.push(Booked { slot: 0, nights, until: None }),
        3 => {
            // Some of these run out before the next start, some after.
            let until = Instant::parse("2026-06-01T12:00:00Z").unwrap().plus_seconds(dice.between(60, 7_200));
            lot.booked.push(Booked { slot: 0, nights, until: Some(until) });
        }
        _ => lot.overrides.push(Override {
            source: "host",
            nights,
            price: Some(dice.between(2_000, 60_000)),
            min: dice.once_in(2).then_some(4),
            max: None,
            arrival: dice.once_in(3).then_some(false),
            departure: None,
        }),
    }
}

impl Town {
    /// A town with so many homes.
    pub(super) async fn build(db: &TestDb, seed: u64, homes: usize) -> Self {
        let mut dice = Dice::new(seed);
        let lots: Vec<Lot> = (0..homes).map(|_| lot(&mut dice)).collect();
        let homes = lots.iter().map(|lot| lot.id).collect();
        build_all(db, lots).await;
        Self { dice, homes }
    }

    /// So many changes, each with its event.
    pub(super) async fn stir(&mut self, db: &TestDb, changes: usize) {
        for _ in 0..changes {
            self.change_one(db).await;
        }
    }

    async fn change_one(&mut self, db: &TestDb) {
        let Self { dice, homes } = self;
        let home = *dice.pick(homes);
        let told = async |sql, params: Vec<Value>| change(db, home, Kind::ListingChanged, sql, params).await;
        match dice.below(12) {
            0 => {
                let lot = lot(dice);
                homes.push(lot.id);
                build_all(db, vec![lot]).await;
            }
            1 => told("UPDATE listings SET state = 'paused' WHERE id = $1", vec![]).await,
            2 => told("UPDATE listings SET state = 'published' WHERE id = $1", vec![]).await,
            3 => told("UPDATE listings SET price_minor = $2 WHERE id = $1", vec![dice.between(2_000, 60_000).into()]).await,
            4 => {
                let (lat, lng) = point(dice);
                told("UPDATE listings SET public_lat = $2, public_lng = $3 WHERE id = $1", vec![lat.into(), lng.into()]).await;
            }
            5 => {
                // A review came in.
                let sql = "UPDATE listings SET review_count = review_count + 5, rating_count = rating_count + 5, rating_sum_centi = rating_sum_centi + $2 WHERE id = $1";
                told(sql, vec![dice.between(500, 2_500).into()]).await;
            }
            6 => told("UPDATE listings SET title = $2 WHERE id = $1", vec![(*dice.pick(&WORDS)).into()]).await,
            7 => {
                let sql = "UPDATE listings SET city = $2, property_type = $3, amenities = $4, capacity = $5 WHERE id = $1";
                let params = vec![
                    (*dice.pick(&["Albany", "Cohoes", "Oslo"])).into(),
                    (*dice.pick(&["yurt", "castle", "boat"])).into(),
                    Json((*dice.pick(&AMENITIES)).to_owned()).into(),
                    dice.between(1, 12).into(),
                ];
                told(sql, params).await;
            }
            8 => change(db, home, Kind::CalendarChanged, "DELETE FROM calendar_blocks WHERE listing_id = $1", vec![]).await,
            9 => change(db, home, Kind::CalendarChanged, "DELETE FROM booked_nights WHERE listing_id = $1", vec![]).await,
            _ => {
                let mut lot = Lot::new("");
                lot.id = home;
                fill(&mut lot, dice);
                let written: DbResult<()> = db
                    .write(move |tx, now| {
                        // Odd days of one source do not overlap.
                        if !lot.overrides.is_empty() {
                            tx.execute("DELETE FROM day_overrides WHERE listing_id = $1", &[lot.id.into()])?;
                        }
                        calendar(tx, &lot, now)?;
                        events::append(tx, Kind::CalendarChanged, lot.id.0, &json!({}), now)
                    })
                    .await;
                written.unwrap();
            }
        }
    }

    /// A question, as it stands in an address.
    pub(super) fn question(&mut self) -> String {
        let dice = &mut self.dice;
        let mut parts = vec![format!("limit={}", dice.between(1, 100))];
        if dice.once_in(2) {
            let from = Night::parse("2026-06-01").unwrap().plus(i32::try_from(dice.below(80)).unwrap());
            parts.push(format!("check_in={from}&check_out={}", from.plus(1 + i32::try_from(dice.below(7)).unwrap())));
        }
        let mut some = |times: usize, part: &dyn Fn(&mut Dice) -> String| {
            if dice.once_in(times) {
                parts.push(part(dice));
            }
        };
        some(3, &|_| "facets=true".into());
        some(3, &|dice| format!("q={}", dice.pick(&["lark%20", "mol", "garden", "by%20", "ottre%20"])));
        some(3, &|dice| format!("city={}", dice.pick(&["albany", "Troy", "oslo"])));
        some(3, &|dice| format!("price_min={}&price_max={}", dice.between(0, 20_000), dice.between(20_000, 60_000)));
        some(3, &|dice| format!("amenities={}", dice.pick(&["wifi", "pool", "wifi&amenities=pool"])));
        some(4, &|dice| format!("adults={}", dice.between(1, 9)));
        some(4, &|dice| format!("bedrooms_min={}", dice.between(1, 4)));
        some(4, &|dice| format!("property_type={}", dice.pick(&["yurt", "castle", "boat"])));
        some(3, &|dice| {
            let (lat, lng) = point(dice);
            format!("bbox={},{},{},{}", lng - 0.3, lat - 0.3, lng + 0.3, lat + 0.3)
        });
        some(2, &|dice| format!("sort={}", dice.pick(&["relevance", "price", "-price", "rating", "newest"])));
        parts.join("&")
    }
}
