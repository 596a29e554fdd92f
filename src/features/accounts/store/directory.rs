//! Finding people: by address, name, role and state, a page at a time.

use super::accounts::State;
use crate::platform::access::Role;
use crate::platform::db::{Conn, DbResult, Row, Value};
use crate::values::{Instant, UserId};
use uuid::Uuid;

/// Stands behind every text that begins with the same letters.
const LAST: char = '\u{10FFFF}';

/// Which people; everything that is `None` lets all pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub email: Option<Sought>,
    /// The beginning of the name, as it is written.
    pub name: Option<String>,
    pub role: Option<Role>,
    pub state: Option<State>,
}

/// An address that is looked for, as a key.
#[derive(Debug, Clone)]
pub(crate) enum Sought {
    Exactly(String),
    Beginning(String),
}

/// Where a page ended: the text it is ordered by (empty where that is the id alone), and who was last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub text: String,
    pub user: UserId,
}

/// Somebody in the list.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub user: UserId,
    pub name: String,
    pub email: String,
    pub state: State,
    pub second_factor: bool,
    pub created_at: Instant,
    pub place: Place,
}

/// The people who pass, after `last`, at most `limit` (≥ 1): by address or by name where one of them is looked for, else in
/// the order in which they came.
pub(in super::super) fn list(conn: &mut Conn<'_>, filter: &Filter, last: Option<&Place>, limit: i64) -> DbResult<Vec<Found>> {
    let (sql, params) = list_sql(filter, last, limit);
    conn.query(&sql, &params, |row| found(filter, row))
}

fn found(filter: &Filter, row: &Row<'_>) -> DbResult<Found> {
    let (user, name, key): (UserId, String, String) = (row.get(0)?, row.get(1)?, row.get(6)?);
    let text = if filter.email.is_some() {
        key
    } else if filter.name.is_some() {
        name.clone()
    } else {
        String::new()
    };
    let state = State::read(&row.get::<String>(3)?, 3)?;
    Ok(Found { user, name, email: row.get(2)?, state, second_factor: row.get(4)?, created_at: row.get(5)?, place: Place { text, user } })
}

/// The statement of [`list`]; a test reads its plans. One of the filters leads, by its index; the others look at what it finds.
pub(crate) fn list_sql(filter: &Filter, last: Option<&Place>, limit: i64) -> (String, Vec<Value>) {
    let mut params: Vec<Value> = vec![limit.into()];
    let mut put = |value: Value| {
        params.push(value);
        format!("${}", params.len())
    };
    let mut wanted: Vec<String> = Vec::new();
    let after = last.map_or(Uuid::nil(), |place| place.user.0);
    let (mut from, mut order) = ("accounts a", "a.user_id");
    match &filter.email {
        Some(Sought::Exactly(key)) => wanted.push(format!("a.email_key = {}", put(key.as_str().into()))),
        Some(Sought::Beginning(key)) => {
            let begin = put(last.map_or(key.as_str(), |place| place.text.as_str()).into());
            let (than, end) = (if last.is_some() { ">" } else { ">=" }, put(format!("{key}{LAST}").into()));
            wanted.push(format!("a.email_key {than} {begin} AND a.email_key < {end}"));
            order = "a.email_key";
        }
        None => {}
    }
    if let Some(name) = &filter.name {
        let (begin, end) = (put(name.as_str().into()), put(format!("{name}{LAST}").into()));
        // Imported hosts have no account, and the index leaves them out.
        wanted.push(format!("u.source IS NULL AND u.name >= {begin} AND u.name < {end}"));
        if filter.email.is_none() {
            if let Some(place) = last {
                wanted.push(format!("(u.name, u.id) > ({}, {})", put(place.text.as_str().into()), put(after.into())));
            }
            order = "u.name, u.id";
        }
    }
    let by_id = filter.email.is_none() && filter.name.is_none();
    if let Some(role) = filter.role {
        let role = put(role.name().into());
        if by_id {
            (from, order) = ("account_roles r JOIN accounts a ON a.user_id = r.user_id", "r.user_id");
            wanted.push(format!("r.role = {role} AND r.user_id > {}", put(after.into())));
        } else {
            wanted.push(format!("EXISTS (SELECT 1 FROM account_roles r WHERE r.user_id = a.user_id AND r.role = {role})"));
        }
    } else if by_id {
        wanted.push(format!("a.user_id > {}", put(after.into())));
    }
    if let Some(state) = filter.state {
        wanted.push(format!("a.state = {}", put(state.name().into())));
    }
    let sql = format!(
        "SELECT a.user_id, u.name, a.email, a.state, a.totp_since IS NOT NULL, a.created_at, a.email_key
         FROM {from} JOIN users u ON u.id = a.user_id WHERE {} ORDER BY {order} LIMIT $1",
        wanted.join(" AND ")
    );
    (sql, params)
}
