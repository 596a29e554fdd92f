//! SQL of payouts.

use crate::features::payouts::rules::terms::{BANK, Payout, State};
use crate::platform::db::{Conn, DbError, DbResult, Row, Tx, Value};
use crate::values::{Currency, Instant, UserId};
use uuid::Uuid;

/// The columns of a payout, in the order in which [`read`] takes them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, host_id, method_id, kind, amount_minor, netted_minor, currency, state, reference, failure, version, created_at, sent_at, ended_at
            FROM payouts ",
            $rest
        )
    };
}

const INSERT: &str = "INSERT INTO payouts (id, host_id, method_id, kind, amount_minor, netted_minor, currency, state, version, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9) ON CONFLICT DO NOTHING";
const ONE: &str = select!("WHERE id = $1");
const UPDATE: &str = "UPDATE payouts SET state = $2, reference = $3, failure = $4, sent_at = $5, ended_at = $6, updated_at = $7, version = version + 1
    WHERE id = $1 AND state IN ('created', 'sent')";
const UNDER_WAY: &str = select!("WHERE host_id = $1 AND currency = $2 AND state IN ('created', 'sent')");
const CREATED_OF: &str = select!("WHERE host_id = $1 AND state IN ('created') LIMIT 200");
const IS_ANY_OF: &str = "SELECT 1 FROM payouts WHERE host_id = $1 AND state IN ('created', 'sent') LIMIT 1";
const BY_HAND: &str = select!("WHERE state = $1 AND id > $2 AND kind = $3 ORDER BY id LIMIT 500");
const BY_PROVIDERS: &str = select!("WHERE state = $1 AND id > $2 AND kind <> $3 ORDER BY id LIMIT 500");

pub(super) const STATEMENTS: [(&str, &str); 7] =
    [(ONE, "u"), (UPDATE, "utttiii"), (UNDER_WAY, "ut"), (CREATED_OF, "u"), (IS_ANY_OF, "u"), (BY_HAND, "tut"), (BY_PROVIDERS, "tut")];

/// Which payouts.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Filter {
    pub host: Option<UserId>,
    pub state: Option<State>,
    pub currency: Option<Currency>,
}

/// `false` where the host has one under way in this currency.
pub(in super::super) fn insert(tx: &mut Tx<'_>, of: &Payout) -> DbResult<bool> {
    let params = [
        of.id.into(),
        of.host.into(),
        of.method.into(),
        (&of.kind).into(),
        of.amount.into(),
        of.netted.into(),
        of.currency.code().into(),
        of.state.name().into(),
        of.created_at.into(),
    ];
    Ok(tx.execute(INSERT, &params)? == 1)
}

pub(in super::super) fn one(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<Payout>> {
    conn.first(ONE, &[id.into()], read)
}

/// The same, and nobody else changes it until the transaction ends.
pub(in super::super) fn locked(tx: &mut Tx<'_>, id: Uuid) -> DbResult<Option<Payout>> {
    tx.first_held(ONE, &[id.into()], read)
}

/// Writes how a payout stands that was under way until now. One that is over stays as it is: to end it twice would post twice, so that is an error.
pub(in super::super) fn update(tx: &mut Tx<'_>, now: Instant, of: &mut Payout) -> DbResult<()> {
    let params =
        [of.id.into(), of.state.name().into(), of.reference.clone().into(), of.failure.clone().into(), of.sent_at.into(), of.ended_at.into(), now.into()];
    if tx.execute(UPDATE, &params)? != 1 {
        return Err(DbError::Unusable(format!("the payout {} is over already", of.id)));
    }
    of.version += 1;
    Ok(())
}

/// The one that is under way.
pub(in super::super) fn under_way(conn: &mut Conn<'_>, host: UserId, currency: Currency) -> DbResult<Option<Payout>> {
    conn.first(UNDER_WAY, &[host.into(), currency.code().into()], read)
}

/// Those of a host that nobody has sent yet; one a currency.
pub(in super::super) fn created_of(conn: &mut Conn<'_>, host: UserId) -> DbResult<Vec<Payout>> {
    conn.query(CREATED_OF, &[host.into()], read)
}

pub(in super::super) fn is_any_under_way(conn: &mut Conn<'_>, host: UserId) -> DbResult<bool> {
    Ok(conn.first(IS_ANY_OF, &[host.into()], |row| row.get::<i64>(0))?.is_some())
}

/// Up to 500 of those that staff send which stand like this, oldest first, those behind `after`.
pub(in super::super) fn by_hand(conn: &mut Conn<'_>, state: State, after: Uuid) -> DbResult<Vec<Payout>> {
    conn.query(BY_HAND, &[state.name().into(), after.into(), BANK.into()], read)
}

/// The same of those that a provider sends.
pub(in super::super) fn by_providers(conn: &mut Conn<'_>, state: State, after: Uuid) -> DbResult<Vec<Payout>> {
    conn.query(BY_PROVIDERS, &[state.name().into(), after.into(), BANK.into()], read)
}

/// Up to `most` that pass the filter, newest first, those older than `before`.
pub(in super::super) fn list(conn: &mut Conn<'_>, filter: &Filter, before: Uuid, most: i64) -> DbResult<Vec<Payout>> {
    let (sql, params) = list_sql(filter, before, most);
    conn.query(&sql, &params, read)
}

fn list_sql(filter: &Filter, before: Uuid, most: i64) -> (String, Vec<Value>) {
    let (mut sql, mut params): (String, Vec<Value>) = (select!("WHERE id < $1 ").to_owned(), vec![before.into()]);
    let (state, currency) = (filter.state.map(State::name), filter.currency.map(|currency| currency.code().to_owned()));
    let wanted: [(&str, Option<Value>); 3] =
        [("host_id", filter.host.map(Into::into)), ("state", state.map(Into::into)), ("currency", currency.map(Into::into))];
    for (column, value) in wanted {
        if let Some(value) = value {
            params.push(value);
            sql.push_str(&format!("AND {column} = ${} ", params.len()));
        }
    }
    params.push(most.into());
    sql.push_str(&format!("ORDER BY id DESC LIMIT ${}", params.len()));
    (sql, params)
}

pub(super) fn list_statements() -> Vec<(String, &'static str)> {
    let (host, state) = (Some(UserId(Uuid::nil())), Some(State::Created));
    let made = |filter: &Filter| list_sql(filter, Uuid::nil(), 1).0;
    vec![
        (made(&Filter::default()), "un"),
        (made(&Filter { host, ..Filter::default() }), "uun"),
        (made(&Filter { state, ..Filter::default() }), "utn"),
        (made(&Filter { host, state, currency: None }), "uutn"),
    ]
}

fn read(row: &Row<'_>) -> DbResult<Payout> {
    Ok(Payout {
        id: row.get(0)?,
        host: row.get(1)?,
        method: row.get(2)?,
        kind: row.get(3)?,
        amount: row.get(4)?,
        netted: row.get(5)?,
        currency: row.known(6, Currency::parse)?,
        state: row.known(7, State::parse)?,
        reference: row.get(8)?,
        failure: row.get(9)?,
        version: row.get(10)?,
        created_at: row.get(11)?,
        sent_at: row.get(12)?,
        ended_at: row.get(13)?,
    })
}
