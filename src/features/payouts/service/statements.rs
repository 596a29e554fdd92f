//! What hosts have earned, read from the books alone: whatever is told here adds up to what they are owed.

use crate::features::bookings;
use crate::features::ledger::{self, Account, Filter, Place};
use crate::features::payouts::rules::paper::Codes;
use crate::features::payouts::rules::statement::{Line, Month, Section, line};
use crate::platform::db::{Conn, DbResult};
use crate::values::{BookingId, Currency, Instant, UserId};
use std::collections::BTreeMap;

const PAGE: i64 = 200;

/// The lines of a span, oldest first.
pub(crate) fn lines(conn: &mut Conn<'_>, host: UserId, from: Instant, to: Instant) -> DbResult<Vec<Line>> {
    // An entry may touch both accounts, and is one line.
    let mut found = BTreeMap::new();
    for account in [Account::HostPayable(host), Account::HostReceivable(host)] {
        let filter = Filter { account: Some(account), from: Some(from), to: Some(to), ..Filter::default() };
        let mut after: Option<Place> = None;
        loop {
            let page = ledger::list(conn, &filter, after.as_ref(), PAGE)?;
            after = page.last().map(|last| Place { at: last.at, id: last.id });
            let full = i64::try_from(page.len()).is_ok_and(|count| count == PAGE);
            found.extend(page.into_iter().filter_map(|recorded| line(host, &recorded).map(|line| ((recorded.at, recorded.id), line))));
            if !full {
                break;
            }
        }
    }
    Ok(found.into_values().collect())
}

/// The statement of a month: a section a currency in which anything moved, or was open.
pub(crate) fn statement(conn: &mut Conn<'_>, host: UserId, month: Month) -> DbResult<Vec<Section>> {
    let (from, to) = (month.begins(), month.next().begins());
    let lines = lines(conn, host, from, to)?;
    let mut sections = Vec::new();
    for currency in currencies(conn, host)? {
        let own: Vec<Line> = lines.iter().filter(|line| line.currency == currency).cloned().collect();
        let mut opening = 0;
        for account in [Account::HostPayable(host), Account::HostReceivable(host)] {
            opening -= ledger::balance_before(conn, &account, currency, from)?;
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
