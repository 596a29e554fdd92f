//! What hosts have earned, read from the books alone: whatever is told here adds up to what they are owed.

use crate::features::bookings;
use crate::features::ledger::{self, Account, Filter, Place};
use crate::features::payouts::rules::paper::Codes;
use crate::features::payouts::rules::statement::{Line, Month, Section, Span, Sums, line};
use crate::platform::db::{Conn, DbResult};
use crate::platform::error::{Error, Kind, Result};
use crate::values::{BookingId, Currency, UserId};
use std::collections::BTreeMap;

const PAGE: i64 = 200;
/// Lines of a statement.
const MOST_LINES: usize = 10_000;

/// What the months of a year came to, in order, one a currency; those in which nothing moved are left out. The database adds it up, so it does not
/// matter how many stays there were.
pub(crate) fn year(conn: &mut Conn<'_>, host: UserId, year: i16) -> DbResult<Vec<(Month, Currency, Sums)>> {
    let mut found = Vec::new();
    for month in (1..=12).map(|month| Month { year, month }) {
        found.extend(sums(conn, host, month)?.into_iter().map(|(currency, sums)| (month, currency, sums)));
    }
    Ok(found)
}

fn sums(conn: &mut Conn<'_>, host: UserId, month: Month) -> DbResult<BTreeMap<Currency, Sums>> {
    let (from, to) = (month.begins(), month.next().begins());
    let mut found: BTreeMap<Currency, Sums> = BTreeMap::new();
    for account in [Account::HostPayable(host), Account::HostReceivable(host)] {
        for (kind, currency, amount) in ledger::by_kind(conn, &account, from, to)? {
            let mut sums = found.get(&currency).copied().unwrap_or_default();
            // What we owe is below zero in the books, and above for the host.
            if sums.add_kind(kind, -amount) {
                found.insert(currency, sums);
            }
        }
    }
    for released in ledger::released_to(conn, host, from, to)? {
        found.entry(released.currency).or_default().add_stays(released.times, released.base, released.host_fee);
    }
    Ok(found)
}

/// The lines of a span, oldest first. Refuses with 422 `statement_too_long`.
fn lines(conn: &mut Conn<'_>, host: UserId, span: Span) -> Result<Vec<Line>> {
    // An entry may touch both accounts, and is one line.
    let mut found = BTreeMap::new();
    for account in [Account::HostPayable(host), Account::HostReceivable(host)] {
        let filter = Filter { account: Some(account), from: Some(span.begins()), to: Some(span.ends()), ..Filter::default() };
        let mut after: Option<Place> = None;
        loop {
            let page = ledger::list(conn, &filter, after.as_ref(), PAGE)?;
            after = page.last().map(|last| Place { at: last.at, id: last.id });
            let full = i64::try_from(page.len()).is_ok_and(|count| count == PAGE);
            found.extend(page.into_iter().filter_map(|recorded| line(host, &recorded).map(|line| ((recorded.at, recorded.id), line))));
            if found.len() > MOST_LINES {
                return Err(too_long(span));
            }
            if !full {
                break;
            }
        }
    }
    Ok(found.into_values().collect())
}

fn too_long(span: Span) -> Error {
    let way_on = if span.is_month() { format!(" Ask for it day by day, as in {span}-01.") } else { String::new() };
    Error::refused(Kind::Unacceptable, "statement_too_long", format!("{span} has more than {MOST_LINES} lines.{way_on}"))
}

/// The statement of a span: a section a currency in which anything moved, or was open. Refuses with 422 `statement_too_long`.
pub(crate) fn statement(conn: &mut Conn<'_>, host: UserId, span: Span) -> Result<Vec<Section>> {
    let lines = lines(conn, host, span)?;
    let mut sections = Vec::new();
    for currency in currencies(conn, host)? {
        let own: Vec<Line> = lines.iter().filter(|line| line.currency == currency).cloned().collect();
        let mut opening = 0;
        for account in [Account::HostPayable(host), Account::HostReceivable(host)] {
            opening -= ledger::balance_before(conn, &account, currency, span.begins())?;
        }
        if opening != 0 || !own.is_empty() {
            sections.push(Section::of(currency, opening, own));
        }
    }
    Ok(sections)
}

/// Codes of the bookings that lines are about.
pub(crate) fn codes<'a>(conn: &mut Conn<'_>, lines: impl Iterator<Item = &'a Line>) -> DbResult<Codes> {
    let mut codes = Codes::new();
    for id in lines.filter_map(|line| line.booking).collect::<std::collections::BTreeSet<BookingId>>() {
        if let Some(code) = bookings::code_of(conn, id)? {
            codes.insert(id, code);
        }
    }
    Ok(codes)
}

/// Currencies in which a host was ever owed or owed anything.
pub(crate) fn currencies(conn: &mut Conn<'_>, host: UserId) -> DbResult<Vec<Currency>> {
    let mut all: Vec<Currency> = Vec::new();
    for account in [Account::HostPayable(host), Account::HostReceivable(host)] {
        for currency in ledger::currencies_of(conn, &account)? {
            if !all.contains(&currency) {
                all.push(currency);
            }
        }
    }
    all.sort_by(|a, b| a.code().cmp(b.code()));
    Ok(all)
}
