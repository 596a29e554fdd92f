//! SQL of the sandbox's own books. Only `provider/sandbox` comes here: to everybody else it is another company.

use crate::features::payments::rules::terms::{Capture, State};
use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{BookingId, Instant, PaymentId};
use uuid::Uuid;

/// A charge as the sandbox keeps it.
#[derive(Debug, Clone)]
pub(in super::super) struct SandboxCharge {
    pub reference: String,
    pub key: String,
    pub payment: PaymentId,
    pub booking: BookingId,
    pub amount: i64,
    pub currency: String,
    pub capture: Capture,
    pub card: String,
    pub state: State,
    pub captured: i64,
    pub fee: i64,
    pub failure: Option<String>,
}

/// A line of the sandbox's book.
#[derive(Debug, Clone)]
pub(in super::super) struct Line {
    pub key: String,
    /// `try`, `capture`, `refund`, `refused_refund`, `dispute`, `won`, `lost`, `payout`.
    pub kind: String,
    pub charge: Option<String>,
    pub reference: String,
    pub subject: Option<Uuid>,
    pub amount: i64,
    pub fee: i64,
    pub currency: String,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT reference, call_key, payment_id, booking_id, amount_minor, currency, capture, card, state, captured_minor, fee_minor, failure
            FROM sandbox_charges ",
            $rest
        )
    };
}

const BY_REFERENCE: &str = select!("WHERE reference = $1");
const BY_KEY: &str = select!("WHERE call_key = $1");
const OF_PAYMENT: &str = select!("WHERE payment_id = $1");
const INSERT: &str = "INSERT INTO sandbox_charges (reference, call_key, payment_id, booking_id, amount_minor, currency, capture, card, state, captured_minor,
    fee_minor, failure, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE sandbox_charges SET state = $2, captured_minor = $3, fee_minor = $4, failure = $5 WHERE reference = $1";
const LINE: &str = "INSERT INTO sandbox_book (call_key, kind, charge, reference, subject, amount_minor, fee_minor, currency, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
const LINE_BY_KEY: &str = "SELECT call_key, kind, charge, reference, subject, amount_minor, fee_minor, currency FROM sandbox_book WHERE call_key = $1";
const LINES: &str =
    "SELECT call_key, kind, charge, reference, subject, amount_minor, fee_minor, currency FROM sandbox_book WHERE charge = $1 ORDER BY call_key";
const TOTALS: &str = "SELECT currency, kind, CAST(SUM(amount_minor) AS BIGINT), CAST(SUM(fee_minor) AS BIGINT) FROM sandbox_book
    WHERE at >= $1 AND at < $2 GROUP BY currency, kind ORDER BY currency, kind";

pub(super) const STATEMENTS: [(&str, &str); 5] = [(BY_REFERENCE, "t"), (BY_KEY, "t"), (OF_PAYMENT, "u"), (LINE_BY_KEY, "t"), (LINES, "t")];

pub(in super::super) fn by_key(conn: &mut Conn<'_>, key: &str) -> DbResult<Option<SandboxCharge>> {
    conn.first(BY_KEY, &[key.into()], read)
}

pub(in super::super) fn of_payment(conn: &mut Conn<'_>, payment: PaymentId) -> DbResult<Option<SandboxCharge>> {
    conn.first(OF_PAYMENT, &[payment.into()], read)
}

/// The charge, held until the transaction ends.
pub(in super::super) fn held(tx: &mut Tx<'_>, reference: &str) -> DbResult<Option<SandboxCharge>> {
    tx.first_held(BY_REFERENCE, &[reference.into()], read)
}

/// `false` where there is one with this key.
pub(in super::super) fn insert(tx: &mut Tx<'_>, now: Instant, charge: &SandboxCharge) -> DbResult<bool> {
    let params = [
        (&charge.reference).into(),
        (&charge.key).into(),
        charge.payment.into(),
        charge.booking.into(),
        charge.amount.into(),
        (&charge.currency).into(),
        charge.capture.name().into(),
        (&charge.card).into(),
        charge.state.name().into(),
        charge.captured.into(),
        charge.fee.into(),
        charge.failure.clone().into(),
        now.into(),
    ];
    Ok(tx.execute(INSERT, &params)? == 1)
}

pub(in super::super) fn update(tx: &mut Tx<'_>, charge: &SandboxCharge) -> DbResult<()> {
    let params = [(&charge.reference).into(), charge.state.name().into(), charge.captured.into(), charge.fee.into(), charge.failure.clone().into()];
    tx.execute(UPDATE, &params)?;
    Ok(())
}

/// Writes a line; `false` when it is there already.
pub(in super::super) fn write(tx: &mut Tx<'_>, now: Instant, line: &Line) -> DbResult<bool> {
    let params = [
        (&line.key).into(),
        (&line.kind).into(),
        line.charge.clone().into(),
        (&line.reference).into(),
        line.subject.into(),
        line.amount.into(),
        line.fee.into(),
        (&line.currency).into(),
        now.into(),
    ];
    Ok(tx.execute(LINE, &params)? == 1)
}

pub(in super::super) fn line(conn: &mut Conn<'_>, key: &str) -> DbResult<Option<Line>> {
    conn.first(LINE_BY_KEY, &[key.into()], read_line)
}

/// The lines of a charge.
pub(in super::super) fn lines(conn: &mut Conn<'_>, reference: &str) -> DbResult<Vec<Line>> {
    conn.query(LINES, &[reference.into()], read_line)
}

/// Sums of amounts and fees by currency and kind. Reads the whole book.
pub(in super::super) fn totals(conn: &mut Conn<'_>, from: Instant, to: Instant) -> DbResult<Vec<(String, String, i64, i64)>> {
    conn.query(TOTALS, &[from.into(), to.into()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
}

fn read(row: &Row<'_>) -> DbResult<SandboxCharge> {
    Ok(SandboxCharge {
        reference: row.get(0)?,
        key: row.get(1)?,
        payment: row.get(2)?,
        booking: row.get(3)?,
        amount: row.get(4)?,
        currency: row.get(5)?,
        capture: row.known(6, Capture::parse)?,
        card: row.get(7)?,
        state: row.known(8, State::parse)?,
        captured: row.get(9)?,
        fee: row.get(10)?,
        failure: row.get(11)?,
    })
}

fn read_line(row: &Row<'_>) -> DbResult<Line> {
    Ok(Line {
        key: row.get(0)?,
        kind: row.get(1)?,
        charge: row.get(2)?,
        reference: row.get(3)?,
        subject: row.get(4)?,
        amount: row.get(5)?,
        fee: row.get(6)?,
        currency: row.get(7)?,
    })
}
