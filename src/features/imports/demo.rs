//! The demo city: Albany, NY, shipped inside the binary. Data: Inside Airbnb, CC BY 4.0 (data/demo/ATTRIBUTION.md).

use super::airbnb::{self, InsideAirbnbAsk};
use super::files::ImportFile;
use super::progress::{Pace, Progress};
use super::report::{ImportError, Report};
use super::store;
use crate::platform::db::{Db, DbError};
use crate::values::{Currency, Night, Zone};

const CITY: &str = "Albany";
const SCOPE: &str = "Albany (demo)";
/// The calendar is moved to today again when it is older than that and nobody has booked.
const STALE_DAYS: i32 = 7;

const LISTINGS: &[u8] = include_bytes!("../../../data/demo/listings.csv.gz");
const CALENDAR: &[u8] = include_bytes!("../../../data/demo/calendar.csv.gz");
const REVIEWS: &[u8] = include_bytes!("../../../data/demo/reviews.csv.gz");

/// Makes sure that the demo city is there with a calendar that begins about `today` (the date in Albany). Blocks.
///
/// At first start it imports; later it does nothing (`None`), unless the calendar is older than a week and nobody has
/// booked a night of it. May be called at every start.
pub fn demo(db: &Db, today: Night, pace: Pace, progress: &dyn Progress) -> Result<Option<Report>, ImportError> {
    if !is_due(db, today)? {
        return Ok(None);
    }
    let file = |name, bytes| ImportFile::Bytes { name, bytes };
    let broken = |what: &str| ImportError::Ask(format!("the demo city's {what} is unknown"));
    let ask = InsideAirbnbAsk {
        listings: file("listings.csv.gz", LISTINGS),
        calendar: Some(file("calendar.csv.gz", CALENDAR)),
        reviews: Some(file("reviews.csv.gz", REVIEWS)),
        city: CITY.to_owned(),
        country: "US".to_owned(),
        currency: Currency::parse("USD").ok_or_else(|| broken("currency"))?,
        zone: Zone::parse("America/New_York").ok_or_else(|| broken("time zone"))?,
        shift_to: Some(today),
        strict: false,
        pace,
    };
    airbnb::run(db, &ask, SCOPE, progress).map(Some)
}

fn is_due(db: &Db, today: Night) -> Result<bool, ImportError> {
    Ok(db.read_blocking(|conn| {
        let Some(shifted) = store::last_shift(conn, airbnb::SOURCE, SCOPE)? else { return Ok(true) };
        let age = shifted.as_deref().and_then(Night::parse).map_or(i32::MAX, |day| day.days_until(today));
        Ok::<_, DbError>(age > STALE_DAYS && !store::is_booked(conn, airbnb::SOURCE, CITY)?)
    })?)
}
