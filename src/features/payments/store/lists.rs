//! Lists for staff, newest first, filtered.

use super::disputes::{self, Dispute};
use super::payments::{self, Payment};
use crate::features::payments::rules::terms::{DisputeState, State};
use crate::platform::db::{Conn, DbResult, Value};
use crate::values::BookingId;
use uuid::Uuid;

/// Which payments.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Filter {
    pub booking: Option<BookingId>,
    pub state: Option<State>,
    pub provider: Option<String>,
}

const ALL: &str = payments::select!("WHERE id < $1 ");
const DISPUTES: &str = disputes::select!("WHERE id < $1 ORDER BY id DESC LIMIT $2");
const DISPUTES_IN: &str = disputes::select!("WHERE id < $1 AND state = $3 ORDER BY id DESC LIMIT $2");

/// Up to `most` payments older than `before`.
pub(in super::super) fn payments(conn: &mut Conn<'_>, filter: &Filter, before: Uuid, most: i64) -> DbResult<Vec<Payment>> {
    let (sql, params) = sql(filter, before, most);
    conn.query(&sql, &params, payments::read)
}

/// Up to `most` disputes older than `before`.
pub(in super::super) fn disputes(conn: &mut Conn<'_>, state: Option<DisputeState>, before: Uuid, most: i64) -> DbResult<Vec<Dispute>> {
    match state {
        None => conn.query(DISPUTES, &[before.into(), most.into()], disputes::read),
        Some(state) => conn.query(DISPUTES_IN, &[before.into(), most.into(), state.name().into()], disputes::read),
    }
}

fn sql(filter: &Filter, before: Uuid, most: i64) -> (String, Vec<Value>) {
    let (mut sql, mut params) = (ALL.to_owned(), vec![before.into()]);
    let state = filter.state.map(State::name);
    let wanted: [(&str, Option<Value>); 3] =
        [("booking_id", filter.booking.map(Into::into)), ("state", state.map(Into::into)), ("provider", filter.provider.as_ref().map(Into::into))];
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

pub(super) fn statements() -> Vec<(String, &'static str)> {
    let (booking, state, provider) = (Some(BookingId(Uuid::nil())), Some(State::Captured), Some("x".to_owned()));
    let made = |filter: &Filter| sql(filter, Uuid::nil(), 1).0;
    vec![
        (made(&Filter::default()), "un"),
        (made(&Filter { booking, ..Filter::default() }), "uun"),
        (made(&Filter { state, ..Filter::default() }), "utn"),
        (made(&Filter { provider: provider.clone(), ..Filter::default() }), "utn"),
        (made(&Filter { booking, state, provider }), "uuttn"),
        (DISPUTES.to_owned(), "un"),
        (DISPUTES_IN.to_owned(), "unt"),
    ]
}
