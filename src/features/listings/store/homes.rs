//! SQL of a home as its host describes it.

use super::super::rules::home::{Home, Place, Private, Texts};
use super::super::service::standing::State;
use crate::platform::db::{Conn, DbError, DbResult, Json, Row, Tx, Value};
use crate::platform::keys::Keys;
use crate::values::{Currency, Instant, ListingId, Night, UserId};

pub const HOME: &str =
    "SELECT l.host_id, l.state, l.state_note, l.withheld, l.approved_at, l.photo_url, l.version, l.edited_fields, l.created_at, l.updated_at,
    l.title, l.language, l.room_type, l.property_type, l.capacity, l.max_infants, l.max_pets, l.unit_count, l.rooms, l.bedrooms, l.beds,
    l.bathrooms_halves, l.bathroom_shared, l.amenities, l.amenities_other, l.accessibility, l.city, l.country, l.neighbourhood, l.lat, l.lng,
    l.public_lat, l.public_lng, l.zone, l.check_in_minute, l.check_out_minute, l.instant_book, l.registration_number, l.short_policy, l.long_policy,
    l.currency, l.price_minor, l.custom, t.summary, t.description, t.neighbourhood_text, t.house_rules, p.sealed
    FROM listings l LEFT JOIN listing_texts t ON t.listing_id = l.id AND t.language = ''
    LEFT JOIN listing_private p ON p.listing_id = l.id WHERE l.id = $1";
pub const TAKEN: &str = "SELECT night FROM booked_nights WHERE listing_id = $1 AND night >= $2 AND (expires_at IS NULL OR expires_at > $3)
    GROUP BY night ORDER BY night LIMIT 100";
/// Nights on which more than `$4` units are taken, or one that would be there no more.
pub const HOST_APPROVED: &str = "SELECT 1 FROM listings WHERE host_id = $1 AND approved_at IS NOT NULL LIMIT 1";

/// A home with what is not its host's to say.
#[derive(Debug, Clone)]
pub(in super::super) struct Held {
    pub id: ListingId,
    pub host: UserId,
    pub state: State,
    pub state_note: Option<String>,
    pub withheld: bool,
    pub approved_at: Option<Instant>,
    pub photo: bool,
    pub version: i64,
    /// Fields the host has changed: an import leaves them alone.
    pub edited: Vec<String>,
    pub created_at: Instant,
    pub updated_at: Instant,
    pub home: Home,
}

/// A home in any state, its private part opened.
pub(in super::super) fn find(conn: &mut Conn<'_>, keys: &Keys, id: ListingId) -> DbResult<Option<Held>> {
    conn.first(HOME, &[id.into()], |row| held(id, keys, row))
}

fn held(id: ListingId, keys: &Keys, row: &Row<'_>) -> DbResult<Held> {
    Ok(Held {
        id,
        host: row.get(0)?,
        state: row.known(1, State::parse)?,
        state_note: row.get(2)?,
        withheld: row.get(3)?,
        approved_at: row.get(4)?,
        photo: row.get::<Option<String>>(5)?.is_some(),
        version: row.get(6)?,
        edited: row.json(7)?,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
        home: home(id, keys, row)?,
    })
}

fn home(id: ListingId, keys: &Keys, row: &Row<'_>) -> DbResult<Home> {
    let text = |column| row.get::<Option<String>>(column).map(Option::unwrap_or_default);
    Ok(Home {
        title: row.get(10)?,
        texts: Texts { summary: text(43)?, description: text(44)?, neighbourhood_text: text(45)?, house_rules: text(46)? },
        language: row.get(11)?,
        room_type: row.get(12)?,
        property_type: row.get(13)?,
        capacity: row.get(14)?,
        max_infants: row.get(15)?,
        max_pets: row.get(16)?,
        units: row.get(17)?,
        rooms: row.json(18)?,
        bedrooms: row.get(19)?,
        beds: row.get(20)?,
        bathrooms_halves: row.get(21)?,
        bathroom_shared: row.get(22)?,
        amenities: row.json(23)?,
        amenities_other: row.json(24)?,
        accessibility: row.json(25)?,
        place: Place {
            city: row.get(26)?,
            country: row.get(27)?,
            neighbourhood: row.get(28)?,
            lat: row.get(29)?,
            lng: row.get(30)?,
            public_lat: row.get(31)?,
            public_lng: row.get(32)?,
        },
        zone: row.get(33)?,
        check_in_minute: row.get(34)?,
        check_out_minute: row.get(35)?,
        instant_book: row.get(36)?,
        registration_number: row.get(37)?,
        short_policy: row.get(38)?,
        long_policy: row.get(39)?,
        currency: row.known(40, Currency::parse)?,
        price_minor: row.get(41)?,
        custom: row.json(42)?,
        private: row.get::<Option<String>>(47)?.map(|sealed| opened(keys, id, &sealed)).transpose()?.unwrap_or_default(),
    })
}

/// What a home's private part is sealed for.
fn place_of(id: ListingId) -> String {
    format!("listing_private.sealed {id}")
}

/// The private part of a home; an empty one where there is none.
pub(in super::super) fn private(conn: &mut Conn<'_>, keys: &Keys, id: ListingId) -> DbResult<Private> {
    let sealed: Option<String> = conn.first("SELECT sealed FROM listing_private WHERE listing_id = $1", &[id.into()], |row| row.get(0))?;
    sealed.map_or_else(|| Ok(Private::default()), |sealed| opened(keys, id, &sealed))
}

/// Opens a private part.
pub(in super::super) fn opened(keys: &Keys, id: ListingId, sealed: &str) -> DbResult<Private> {
    let bytes = keys.unseal(&place_of(id), sealed)?;
    serde_json::from_slice(&bytes).map_err(|error| DbError::Unusable(format!("the private part of listing {id} is not what was sealed: {error}")))
}

/// The columns of `listings` that a host writes, with their values. Their names are those of `edited_fields`.
fn columns(home: &Home) -> Vec<(&'static str, Value)> {
    let array = |items: &[String]| Value::Json(serde_json::Value::from(items).to_string());
    let rooms = serde_json::to_string(&home.rooms).unwrap_or_else(|_never| "[]".to_owned());
    let place = &home.place;
    vec![
        ("title", home.title.as_str().into()),
        ("language", home.language.clone().into()),
        ("room_type", home.room_type.as_str().into()),
        ("property_type", home.property_type.as_str().into()),
        ("capacity", home.capacity.into()),
        ("max_infants", home.max_infants.into()),
        ("max_pets", home.max_pets.into()),
        ("unit_count", home.units.into()),
        ("rooms", Value::Json(rooms)),
        ("bedrooms", home.bedrooms.into()),
        ("beds", home.beds.into()),
        ("bathrooms_halves", home.bathrooms_halves.into()),
        ("bathroom_shared", home.bathroom_shared.into()),
        ("amenities", array(&home.amenities)),
        ("amenities_other", array(&home.amenities_other)),
        ("accessibility", array(&home.accessibility)),
        ("city", place.city.as_str().into()),
        ("country", place.country.as_str().into()),
        ("neighbourhood", place.neighbourhood.as_str().into()),
        ("lat", place.lat.into()),
        ("lng", place.lng.into()),
        ("public_lat", place.public_lat.into()),
        ("public_lng", place.public_lng.into()),
        ("zone", home.zone.as_str().into()),
        ("check_in_minute", home.check_in_minute.into()),
        ("check_out_minute", home.check_out_minute.into()),
        ("instant_book", home.instant_book.into()),
        ("registration_number", home.registration_number.clone().into()),
        ("short_policy", home.short_policy.as_str().into()),
        ("long_policy", home.long_policy.as_str().into()),
        ("currency", home.currency.code().into()),
        ("price_minor", home.price_minor.into()),
        ("custom", Value::Json(serde_json::Value::Object(home.custom.clone()).to_string())),
    ]
}

/// The long texts of the host's own language.
fn texts(home: &Home) -> [(&'static str, &str); 4] {
    let texts = &home.texts;
    [("summary", &texts.summary), ("description", &texts.description), ("neighbourhood_text", &texts.neighbourhood_text), ("house_rules", &texts.house_rules)]
}

/// A field that changed: its name, and what stood and stands there. Texts and JSON are somebody's words, `Plain` things are not.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Changed {
    pub field: &'static str,
    pub old: Value,
    pub new: Value,
}

/// What differs between two descriptions of a home. The private part is one field without values.
pub(in super::super) fn changed(old: &Home, new: &Home) -> Vec<Changed> {
    let pairs = columns(old).into_iter().zip(columns(new)).filter(|(old, new)| old.1 != new.1);
    let mut all: Vec<Changed> = pairs.map(|((field, old), (_, new))| Changed { field, old, new }).collect();
    let pairs = texts(old).into_iter().zip(texts(new)).filter(|(old, new)| old.1 != new.1);
    all.extend(pairs.map(|((field, old), (_, new))| Changed { field, old: old.into(), new: new.into() }));
    if old.private != new.private {
        all.push(Changed { field: "private", old: Value::Null, new: Value::Null });
    }
    all
}

/// Writes a new home as a draft. Whatever is not the host's to say yet has the house's defaults: a day's notice, a year's window.
pub(in super::super) fn insert(tx: &mut Tx<'_>, now: Instant, keys: &Keys, id: ListingId, host: UserId, home: &Home) -> DbResult<()> {
    let mut values: Vec<Value> = vec![id.into(), host.into(), now.into()];
    let mut names = String::new();
    let mut places = String::new();
    for (name, value) in columns(home) {
        values.push(value);
        names.push_str(&format!(", {name}"));
        places.push_str(&format!(", ${}", values.len()));
    }
    let sql = format!(
        "INSERT INTO listings (id, host_id, state, created_at, updated_at, min_nights, max_nights, notice_days, cutoff_minute, window_days, window_strict,
        preparation_nights, arrival_days, departure_days, gap_nights, fill_gaps, rating_count, rating_sum_centi, review_scores, review_count,
        calendar_version, edited_fields, version{names})
        VALUES ($1, $2, 'draft', $3, $3, 1, 365, 1, 1080, 365, FALSE, 0, 127, 127, 0, TRUE, 0, 0, '{{}}', 0, 0, '[]', 1{places})"
    );
    tx.execute(&sql, &values)?;
    write_texts(tx, id, home)?;
    write_private(tx, keys, id, &home.private)
}

/// Writes what changed, and that it did; the version rises.
pub(in super::super) fn update(tx: &mut Tx<'_>, now: Instant, keys: &Keys, held: &Held, new: &Home, changed: &[Changed]) -> DbResult<()> {
    let mut edited = held.edited.clone();
    // Rooms that were described are what bedrooms and beds are counted from, even where the numbers stay the same.
    let counted: &[&str] = if changed.iter().any(|one| one.field == "rooms") { &["bedrooms", "beds"] } else { &[] };
    for field in changed.iter().map(|one| one.field).chain(counted.iter().copied()) {
        if !edited.iter().any(|known| known == field) {
            edited.push(field.to_owned());
        }
    }
    let edited = Json(serde_json::Value::from(edited).to_string());
    let mut values: Vec<Value> = vec![held.id.into(), now.into(), edited.into()];
    let mut sets = String::from("version = version + 1, updated_at = $2, edited_fields = $3");
    for (name, value) in columns(new).into_iter().filter(|(name, _)| changed.iter().any(|one| one.field == *name)) {
        values.push(value);
        sets.push_str(&format!(", {name} = ${}", values.len()));
    }
    tx.execute(&format!("UPDATE listings SET {sets} WHERE id = $1"), &values)?;
    if held.home.texts != new.texts {
        write_texts(tx, held.id, new)?;
    }
    if held.home.private != new.private {
        write_private(tx, keys, held.id, &new.private)?;
    }
    Ok(())
}

fn write_texts(tx: &mut Tx<'_>, id: ListingId, home: &Home) -> DbResult<()> {
    const TEXTS: &str = "INSERT INTO listing_texts (listing_id, language, summary, description, neighbourhood_text, house_rules)
        VALUES ($1, '', $2, $3, $4, $5) ON CONFLICT (listing_id, language) DO UPDATE SET summary = excluded.summary,
        description = excluded.description, neighbourhood_text = excluded.neighbourhood_text, house_rules = excluded.house_rules";
    let [summary, description, neighbourhood, rules] = texts(home).map(|(_, text)| Value::from(text));
    tx.execute(TEXTS, &[id.into(), summary, description, neighbourhood, rules]).map(|_rows| ())
}

/// Writes the private part of a home, or takes it away where it is empty.
pub(in super::super) fn write_private(tx: &mut Tx<'_>, keys: &Keys, id: ListingId, private: &Private) -> DbResult<()> {
    const PUT: &str = "INSERT INTO listing_private (listing_id, sealed) VALUES ($1, $2) ON CONFLICT (listing_id) DO UPDATE SET sealed = excluded.sealed";
    if *private == Private::default() {
        return tx.execute("DELETE FROM listing_private WHERE listing_id = $1", &[id.into()]).map(|_rows| ());
    }
    let text = serde_json::to_vec(private).map_err(|error| DbError::Unusable(error.to_string()))?;
    tx.execute(PUT, &[id.into(), keys.seal(&place_of(id), &text).into()]).map(|_rows| ())
}

/// What becomes of a listing's standing.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Turn<'a> {
    pub state: State,
    pub note: Option<&'a str>,
    pub withheld: bool,
    pub approved_at: Option<Instant>,
}

/// Turns a listing; the version rises, and an import leaves its state alone from now on.
pub(in super::super) fn turn(tx: &mut Tx<'_>, now: Instant, held: &Held, turn: Turn<'_>) -> DbResult<()> {
    const TURN: &str = "UPDATE listings SET state = $2, state_note = $3, withheld = $4, approved_at = $5, edited_fields = $6, version = version + 1,
        updated_at = $7 WHERE id = $1";
    let mut edited = held.edited.clone();
    if !edited.iter().any(|field| field == "state") {
        edited.push("state".to_owned());
    }
    let edited = Json(serde_json::Value::from(edited).to_string());
    let Turn { state, note, withheld, approved_at } = turn;
    tx.execute(TURN, &[held.id.into(), state.name().into(), note.into(), withheld.into(), approved_at.into(), edited.into(), now.into()]).map(|_rows| ())
}

/// Raises the version for a change of what belongs to a listing but has a table of its own.
pub(in super::super) fn touch(tx: &mut Tx<'_>, now: Instant, id: ListingId) -> DbResult<()> {
    tx.execute("UPDATE listings SET version = version + 1, updated_at = $2 WHERE id = $1", &[id.into(), now.into()]).map(|_rows| ())
}

/// Locks a listing's row until the transaction ends, so that two who change it take turns.
pub(in super::super) fn hold(tx: &mut Tx<'_>, id: ListingId) -> DbResult<()> {
    tx.hold("UPDATE listings SET version = version WHERE id = $1", &[id.into()])
}

/// Whether something about the home is an amount in its currency, its base price apart: a plan, prices of days, or stays.
pub(in super::super) fn has_amounts(tx: &mut Tx<'_>, id: ListingId) -> DbResult<bool> {
    const PLAN: &str = "SELECT pricing FROM listings WHERE id = $1";
    const DAY: &str = "SELECT 1 FROM day_overrides WHERE listing_id = $1 AND price_minor IS NOT NULL LIMIT 1";
    const STAY: &str = "SELECT 1 FROM booked_nights WHERE listing_id = $1 LIMIT 1";
    let plan = tx.first(PLAN, &[id.into()], |row| row.get::<Json>(0))?.is_some_and(|Json(text)| text.trim() != "{}");
    Ok(plan || tx.first(DAY, &[id.into()], |_| Ok(()))?.is_some() || tx.first(STAY, &[id.into()], |_| Ok(()))?.is_some())
}

/// Nights from `from` on that stays and live holds have taken; a hundred at most.
pub(in super::super) fn taken(conn: &mut Conn<'_>, id: ListingId, from: Night, now: Instant) -> DbResult<Vec<Night>> {
    conn.query(TAKEN, &[id.into(), from.into(), now.into()], |row| row.get(0))
}

/// Whether staff have approved a home of this host.
pub(in super::super) fn host_is_approved(conn: &mut Conn<'_>, host: UserId) -> DbResult<bool> {
    Ok(conn.first(HOST_APPROVED, &[host.into()], |_| Ok(()))?.is_some())
}
