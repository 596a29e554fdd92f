//! SQL of the calls to providers: the outbox.

use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{BookingId, Instant, PaymentId, RefundId};
use uuid::Uuid;

/// What is asked of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum CallKind {
    Authorize,
    Capture,
    Void,
    Refund,
    /// How does it stand?
    LookUp,
}

impl CallKind {
    pub(in super::super) const ALL: [Self; 5] = [Self::Authorize, Self::Capture, Self::Void, Self::Refund, Self::LookUp];

    /// As it is stored; never changes its meaning.
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::LookUp => "look_up",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }
}

/// A call as it is stored.
#[derive(Debug, Clone)]
pub(in super::super) struct Call {
    pub id: Uuid,
    /// The same through all tries: by it the provider knows a copy.
    pub key: String,
    pub booking: BookingId,
    pub payment: PaymentId,
    pub refund: Option<RefundId>,
    pub kind: CallKind,
    pub waits: bool,
    pub attempts: i64,
    pub lease: Option<(Uuid, Instant)>,
    /// How often in a row the provider has said: not now.
    pub refusals: u32,
    /// When something last happened to it: when it was tried, if it was.
    pub updated_at: Instant,
}

/// Holds the lease of a call until it may be made again: nobody.
const NOBODY: Uuid = Uuid::nil();

impl Call {
    /// It was refused for now, and waits.
    pub(in super::super) fn is_put_off(&self) -> bool {
        self.lease.is_some_and(|(holder, _)| holder == NOBODY)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, call_key, booking_id, payment_id, refund_id, kind, state, attempts, lease, lease_until,
            answer, updated_at FROM provider_calls ",
            $rest
        )
    };
}

const ONE: &str = select!("WHERE id = $1");
const OF_PAYMENT: &str = select!("WHERE payment_id = $1 ORDER BY id");
const WAITING: &str = "SELECT id FROM provider_calls WHERE booking_id = $1 AND state = 'waiting' AND (lease IS NULL OR lease <> $2) ORDER BY id";
const OLD: &str = "SELECT id FROM provider_calls WHERE state = 'waiting' AND created_at < $1 ORDER BY created_at, id LIMIT 1000";
const UNDER_WAY: &str =
    "SELECT id FROM provider_calls WHERE state = 'waiting' AND created_at >= $1 AND attempts > 0 AND (lease IS NULL OR lease <> $2) LIMIT 1";
const INSERT: &str = "INSERT INTO provider_calls (id, call_key, booking_id, payment_id, refund_id, kind, state, attempts, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, $7, $7) ON CONFLICT DO NOTHING";
const LEASE: &str = "UPDATE provider_calls SET lease = $2, lease_until = $3, attempts = attempts + 1, updated_at = $4 WHERE id = $1";
const RELEASE: &str = "UPDATE provider_calls SET lease = NULL, lease_until = NULL, answer = $3, updated_at = $4 WHERE id = $1 AND lease = $2";
const PUT_OFF: &str = "UPDATE provider_calls SET lease = $2, lease_until = $3, answer = $4, updated_at = $5 WHERE id = $1";
const DONE: &str = "UPDATE provider_calls SET state = 'done', lease = NULL, lease_until = NULL, answer = $2, updated_at = $3 WHERE id = $1";

pub(super) const STATEMENTS: [(&str, &str); 5] = [(UNDER_WAY, "iu"), (ONE, "u"), (OF_PAYMENT, "u"), (WAITING, "uu"), (OLD, "i")];

/// Stores a call; `false` when there is one with this key.
pub(in super::super) fn insert(tx: &mut Tx<'_>, now: Instant, call: &Call) -> DbResult<bool> {
    let params = [call.id.into(), (&call.key).into(), call.booking.into(), call.payment.into(), call.refund.into(), call.kind.name().into(), now.into()];
    Ok(tx.execute(INSERT, &params)? == 1)
}

/// The call, held until the transaction ends.
pub(in super::super) fn held(tx: &mut Tx<'_>, id: Uuid) -> DbResult<Option<Call>> {
    tx.first_held(ONE, &[id.into()], read)
}

/// Which payment a call is about, and the booking of that.
pub(in super::super) fn payment_of(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<(BookingId, PaymentId)>> {
    Ok(conn.first(ONE, &[id.into()], read)?.map(|call| (call.booking, call.payment)))
}

pub(in super::super) fn of_payment(conn: &mut Conn<'_>, payment: PaymentId) -> DbResult<Vec<Call>> {
    conn.query(OF_PAYMENT, &[payment.into()], read)
}

/// The calls of a booking that wait to be made, or for their answer, oldest first; not those that are put off.
pub(in super::super) fn waiting(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<Uuid>> {
    conn.query(WAITING, &[booking.into(), NOBODY.into()], |row| row.get(0))
}

/// Up to a thousand calls that have waited since before `since`, whoever they are for.
pub(in super::super) fn old(conn: &mut Conn<'_>, since: Instant) -> DbResult<Vec<Uuid>> {
    conn.query(OLD, &[since.into()], |row| row.get(0))
}

/// Whether a call was made whose answer is not known.
pub(in super::super) fn is_any_under_way(conn: &mut Conn<'_>) -> DbResult<bool> {
    Ok(conn.first(UNDER_WAY, &[Instant(0).into(), NOBODY.into()], |row| row.get::<Uuid>(0))?.is_some())
}

/// Takes a call that is held: nobody else makes it until then.
pub(in super::super) fn lease(tx: &mut Tx<'_>, now: Instant, id: Uuid, token: Uuid, until: Instant) -> DbResult<()> {
    tx.execute(LEASE, &[id.into(), token.into(), until.into(), now.into()])?;
    Ok(())
}

/// Lets others try; `false` when the lease was lost.
pub(in super::super) fn release(tx: &mut Tx<'_>, now: Instant, id: Uuid, token: Uuid, why: &str) -> DbResult<bool> {
    Ok(tx.execute(RELEASE, &[id.into(), token.into(), why.into(), now.into()])? == 1)
}

/// How the answer of a call begins that the provider has refused for now; how often comes next.
const REFUSED: &str = "refused ";

/// The provider says no for now, for the so-many-th time in a row: nobody makes the call before `until`.
pub(in super::super) fn put_off(tx: &mut Tx<'_>, now: Instant, id: Uuid, until: Instant, (refusals, code): (u32, &str)) -> DbResult<()> {
    let answer = format!("{REFUSED}{refusals} times: {code}");
    tx.execute(PUT_OFF, &[id.into(), NOBODY.into(), until.into(), answer.into(), now.into()])?;
    Ok(())
}

/// A call that was put off may be made now.
pub(in super::super) fn hasten(tx: &mut Tx<'_>, now: Instant, id: Uuid) -> DbResult<bool> {
    release(tx, now, id, NOBODY, "put off no longer")
}

fn refusals(answer: &str) -> Option<u32> {
    answer.strip_prefix(REFUSED)?.split_once(" times: ")?.0.parse().ok()
}

pub(in super::super) fn done(tx: &mut Tx<'_>, now: Instant, id: Uuid, answer: &str) -> DbResult<()> {
    tx.execute(DONE, &[id.into(), answer.into(), now.into()])?;
    Ok(())
}

fn read(row: &Row<'_>) -> DbResult<Call> {
    let (token, until): (Option<Uuid>, Option<Instant>) = (row.get(8)?, row.get(9)?);
    Ok(Call {
        id: row.get(0)?,
        key: row.get(1)?,
        booking: row.get(2)?,
        payment: row.get(3)?,
        refund: row.get(4)?,
        kind: row.known(5, CallKind::parse)?,
        waits: row.text(6, |state| state == "waiting")?,
        attempts: row.get(7)?,
        lease: token.zip(until),
        refusals: row.get::<Option<String>>(10)?.as_deref().and_then(refusals).unwrap_or(0),
        updated_at: row.get(11)?,
    })
}
