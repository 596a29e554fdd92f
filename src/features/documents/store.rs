//! SQL of documents and their numbers.

use super::rules::paper::{Invoice, Party};
use super::rules::series::{Document, Issue, Kind, Role};
use crate::platform::db::{Conn, DbError, DbResult, Json, Row, Tx};
use crate::platform::privacy::NOBODY;
use crate::values::{BookingId, Instant, UserId};
use uuid::Uuid;

/// The home stands among the parties: what it is called are its host's words.
const HOME: &str = "home";

/// The columns of a document, in the order in which [`read`] takes them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.booking_id, d.kind, d.issuer, d.year, d.number, d.source, d.from_role, d.to_role, d.content, d.issued_at, i.party, r.party, h.party
            FROM issued_documents d JOIN document_parties i ON i.document_id = d.id AND i.role = d.from_role
            JOIN document_parties r ON r.document_id = d.id AND r.role = d.to_role JOIN document_parties h ON h.document_id = d.id AND h.role = 'home' ",
            $rest
        )
    };
}

const ONE: &str = select!("WHERE d.id = $1");
const OF_SOURCE: &str = select!("WHERE d.source = $1");
/// A booking has three invoices, and a credit note or two for each time something is given back afterwards.
const OF_BOOKING: &str = select!("WHERE d.booking_id = $1 ORDER BY d.id LIMIT 200");
const OF_GUEST: &str = select!("JOIN bookings b ON b.id = d.booking_id WHERE b.guest_id = $1 AND d.to_role = 'guest' ORDER BY d.id");
const OF_HOST: &str = select!("JOIN bookings b ON b.id = d.booking_id WHERE b.host_id = $1 AND (d.from_role = 'host' OR d.to_role = 'host') ORDER BY d.id");
const ID_OF: &str = "SELECT id FROM issued_documents WHERE source = $1";
const HOLD: &str = "INSERT INTO document_series (issuer, kind, year, last_number) VALUES ($1, $2, $3, 0)
    ON CONFLICT (issuer, kind, year) DO UPDATE SET last_number = document_series.last_number RETURNING last_number";
const COUNT_UP: &str = "UPDATE document_series SET last_number = $4 WHERE issuer = $1 AND kind = $2 AND year = $3";
const INSERT: &str = "INSERT INTO issued_documents (id, booking_id, kind, issuer, year, number, source, from_role, to_role, content, issued_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const INSERT_PARTY: &str = "INSERT INTO document_parties (document_id, role, party) VALUES ($1, $2, $3)";
const FORGET_GUEST: &str = "UPDATE document_parties SET party = $2 WHERE role = 'guest' AND document_id IN
    (SELECT d.id FROM bookings b JOIN issued_documents d ON d.booking_id = b.id WHERE b.guest_id = $1)";
const FORGET_HOST: &str = "UPDATE document_parties SET party = $2 WHERE role = 'host' AND document_id IN
    (SELECT d.id FROM bookings b JOIN issued_documents d ON d.booking_id = b.id WHERE b.host_id = $1)";
const FORGET_HOME: &str = "UPDATE document_parties SET party = $2 WHERE role = 'home' AND document_id IN
    (SELECT d.id FROM bookings b JOIN issued_documents d ON d.booking_id = b.id WHERE b.host_id = $1)";
/// Guests without an account, whom the host wrote down.
const FORGET_ENTERED: &str = "UPDATE document_parties SET party = $2 WHERE role = 'guest' AND document_id IN
    (SELECT d.id FROM bookings b JOIN issued_documents d ON d.booking_id = b.id WHERE b.host_id = $1 AND b.made_by = $1 AND b.guest_id IS NULL)";
/// Series whose documents are not as many as their last number says.
const GAPS: &str = "SELECT s.issuer, s.kind, s.year FROM document_series s WHERE s.last_number <>
    (SELECT COUNT(*) FROM issued_documents d WHERE d.issuer = s.issuer AND d.kind = s.kind AND d.year = s.year AND d.number <= s.last_number) LIMIT 20";

/// Statements that must use an index, with the kinds of their parameters: `u` an id, `t` a text, `n` a number, `j` JSON. ([`GAPS`] walks all series.)
pub const STATEMENTS: [(&str, &str); 11] = [
    (ONE, "u"),
    (OF_SOURCE, "t"),
    (OF_BOOKING, "u"),
    (OF_GUEST, "u"),
    (OF_HOST, "u"),
    (ID_OF, "t"),
    (COUNT_UP, "ttnn"),
    (FORGET_GUEST, "uj"),
    (FORGET_HOST, "uj"),
    (FORGET_HOME, "uj"),
    (FORGET_ENTERED, "uj"),
];

/// The last number of a series, which nobody else counts up until the transaction ends.
pub(super) fn hold_series(tx: &mut Tx<'_>, issuer: &str, kind: Kind, year: i64) -> DbResult<i64> {
    let last = tx.first(HOLD, &[issuer.into(), kind.name().into(), year.into()], |row| row.get(0))?;
    last.ok_or_else(|| DbError::Unusable("a series of documents vanished while it was held".into()))
}

pub(super) fn id_of(conn: &mut Conn<'_>, source: &str) -> DbResult<Option<Uuid>> {
    conn.first(ID_OF, &[source.into()], |row| row.get(0))
}

/// Writes a document with the number after `last`, and counts its series up. Only while the series is held.
pub(super) fn insert(tx: &mut Tx<'_>, now: Instant, id: Uuid, ask: &Issue<'_>, last: i64) -> DbResult<()> {
    let (issuer, kind, year, number) = (ask.issuer(), ask.kind(), ask.year(), last + 1);
    tx.execute(COUNT_UP, &[(&issuer).into(), kind.name().into(), year.into(), number.into()])?;
    let params = [
        id.into(),
        ask.booking.into(),
        kind.name().into(),
        issuer.into(),
        year.into(),
        number.into(),
        ask.source.into(),
        ask.from.name().into(),
        ask.to.name().into(),
        Json::of(ask.invoice)?.into(),
        now.into(),
    ];
    tx.execute(INSERT, &params)?;
    let home = Party { name: ask.invoice.stay.home.clone(), ..Party::default() };
    for (role, party) in [(ask.from.name(), &ask.invoice.issuer), (ask.to.name(), &ask.invoice.recipient), (HOME, &home)] {
        tx.execute(INSERT_PARTY, &[id.into(), role.into(), Json::of(party)?.into()])?;
    }
    Ok(())
}

pub(super) fn one(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<Document>> {
    conn.first(ONE, &[id.into()], read)
}

/// The document that follows from `source`.
pub(super) fn by_source(conn: &mut Conn<'_>, source: &str) -> DbResult<Option<Document>> {
    conn.first(OF_SOURCE, &[source.into()], read)
}

/// Oldest first.
pub(super) fn of_booking(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<Document>> {
    conn.query(OF_BOOKING, &[booking.into()], read)
}

/// All that name somebody.
pub(super) fn of_person(conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Document>> {
    let mut all = conn.query(OF_GUEST, &[user.into()], read)?;
    all.extend(conn.query(OF_HOST, &[user.into()], read)?);
    Ok(all)
}

/// Takes somebody's name off all documents; what they say stays.
pub(super) fn forget(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    let (nobody, nameless) = (Json::of(&Party { name: NOBODY.to_owned(), ..Party::default() })?, Json::of(&Party::default())?);
    for (sql, party) in [(FORGET_GUEST, &nobody), (FORGET_HOST, &nobody), (FORGET_HOME, &nameless), (FORGET_ENTERED, &nobody)] {
        tx.execute(sql, &[user.into(), party.clone().into()])?;
    }
    Ok(())
}

/// Series with a gap, in words.
pub(super) fn gaps(conn: &mut Conn<'_>) -> DbResult<Vec<String>> {
    conn.query(GAPS, &[], |row| Ok(format!("{} {} {}", row.get::<String>(0)?, row.get::<String>(1)?, row.get::<i64>(2)?)))
}

fn read(row: &Row<'_>) -> DbResult<Document> {
    let mut content: Invoice = row.json(9)?;
    content.stay.home = row.json::<Party>(13)?.name;
    Ok(Document {
        id: row.get(0)?,
        booking: row.get(1)?,
        kind: row.known(2, Kind::parse)?,
        issuer: row.get(3)?,
        year: row.get(4)?,
        number: row.get(5)?,
        source: row.get(6)?,
        from: row.known(7, Role::parse)?,
        to: row.known(8, Role::parse)?,
        invoice: Invoice { issuer: row.json(11)?, recipient: row.json(12)?, ..content },
        issued_at: row.get(10)?,
    })
}
