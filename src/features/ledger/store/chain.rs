//! The books as a chain (`platform/chain`): entries with their postings, unjudged, and the bytes of them that are hashed.

use crate::features::ledger::rules::Account;
use crate::platform::chain::{self, Chained, Link, Names, Sealed, hash, readable};
use crate::platform::db::{Conn, DbResult, Row, SEVERAL, Tx, several};
use crate::values::Instant;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// First byte of everything hashed; rises when columns are added, so that no old bytes read as new ones.
const VERSION: u8 = 1;

/// The books.
pub(in super::super) struct Books;

/// An entry as it is stored: all its columns, and those of its postings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Stored {
    pub(in super::super) id: Uuid,
    pub(super) at: Instant,
    pub(super) kind: String,
    pub(in super::super) source: String,
    pub(in super::super) booking: Option<Uuid>,
    pub(super) currency: String,
    pub(super) reverses: Option<Uuid>,
    pub(super) memo: String,
    pub(super) request_id: Option<String>,
    pub(in super::super) lines: Vec<Line>,
}

/// A posting as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Line {
    pub(super) line: i64,
    pub(in super::super) account: String,
    pub(super) currency: String,
    pub(in super::super) amount: i64,
    pub(super) at: Instant,
}

const ENTRY: &str = "e.id, e.at, e.kind, e.source, e.booking_id, e.currency, e.reverses, e.memo, e.request_id";
const LINE: &str = "p.line, p.account, p.currency, p.amount, p.at";

impl Stored {
    fn read(row: &Row<'_>, first: usize) -> DbResult<Self> {
        Ok(Self {
            id: row.get(first)?,
            at: row.get(first + 1)?,
            kind: row.get(first + 2)?,
            source: row.get(first + 3)?,
            booking: row.get(first + 4)?,
            currency: row.get(first + 5)?,
            reverses: row.get(first + 6)?,
            memo: row.get(first + 7)?,
            request_id: row.get(first + 8)?,
            lines: Vec::new(),
        })
    }
}

impl Line {
    fn read(row: &Row<'_>, first: usize) -> DbResult<Self> {
        Ok(Self { line: row.get(first)?, account: row.get(first + 1)?, currency: row.get(first + 2)?, amount: row.get(first + 3)?, at: row.get(first + 4)? })
    }
}

impl Chained for Books {
    const NAMES: Names = Names {
        words: "ledger",
        entries: "ledger_entries",
        seals: "ledger_seals",
        waiting: "ledger_waiting",
        id: "entry_id",
        head: "ledger_head",
        purpose: "ledger head",
        lock: 0x4c_45_44_47_45_52,
    };
    type Stored = Stored;

    fn id(stored: &Stored) -> Uuid {
        stored.id
    }

    /// The columns of the entry in the order of `schema.sql`, then those of each posting but for the entry's id.
    fn bytes(stored: &Stored) -> Vec<u8> {
        let at = stored.at.0.to_be_bytes();
        let numbers: Vec<[[u8; 8]; 3]> =
            stored.lines.iter().map(|line| [line.line.to_be_bytes(), line.amount.to_be_bytes(), line.at.0.to_be_bytes()]).collect();
        let mut columns: Vec<Option<&[u8]>> = vec![
            Some(stored.id.as_bytes()),
            Some(&at),
            Some(stored.kind.as_bytes()),
            Some(stored.source.as_bytes()),
            stored.booking.as_ref().map(|id| &id.as_bytes()[..]),
            Some(stored.currency.as_bytes()),
            stored.reverses.as_ref().map(|id| &id.as_bytes()[..]),
            Some(stored.memo.as_bytes()),
            stored.request_id.as_ref().map(String::as_bytes),
        ];
        for (line, [number, amount, at]) in stored.lines.iter().zip(&numbers) {
            columns.extend([Some(&number[..]), Some(line.account.as_bytes()), Some(line.currency.as_bytes()), Some(&amount[..]), Some(&at[..])]);
        }
        chain::columns(VERSION, columns)
    }

    /// Looked up by their ids: a join of the short queue with long tables is planned badly as soon as the figures that the planner
    /// keeps of the queue are old.
    fn waiting(conn: &mut Conn<'_>, limit: i64) -> DbResult<Vec<Stored>> {
        let ids: Vec<Uuid> = conn.query("SELECT entry_id FROM ledger_waiting ORDER BY entry_id LIMIT $1", &[limit.into()], |row| row.get(0))?;
        let mut entries = Vec::with_capacity(ids.len());
        for piece in ids.chunks(SEVERAL) {
            let (places, ids) = several(piece);
            let mut lines: HashMap<Uuid, Vec<Line>> = HashMap::with_capacity(piece.len());
            let sql = format!("SELECT p.entry_id, {LINE} FROM ledger_postings p WHERE p.entry_id IN ({places}) ORDER BY p.entry_id, p.line");
            conn.each(&sql, &ids, |row| {
                lines.entry(row.get(0)?).or_default().push(Line::read(row, 1)?);
                Ok(())
            })?;
            let sql = format!("SELECT {ENTRY} FROM ledger_entries e WHERE e.id IN ({places}) ORDER BY e.id");
            entries.extend(conn.query(&sql, &ids, |row| {
                let stored = Stored::read(row, 0)?;
                Ok(Stored { lines: lines.remove(&stored.id).unwrap_or_default(), ..stored })
            })?);
        }
        Ok(entries)
    }

    fn sealed_after(conn: &mut Conn<'_>, seq: i64, limit: i64) -> DbResult<Vec<Sealed<Stored>>> {
        let sql = format!(
            "SELECT s.seq, s.hash, {ENTRY} FROM ledger_seals s LEFT JOIN ledger_entries e ON e.id = s.entry_id WHERE s.seq > $1 ORDER BY s.seq LIMIT $2"
        );
        let mut piece = conn.query(&sql, &[seq.into(), limit.into()], |row| {
            let link = Link { seq: row.get(0)?, hash: readable(hash(row, 1))?.unwrap_or_default() };
            let gone = row.get::<Option<Uuid>>(2).is_ok_and(|id| id.is_none());
            Ok(Sealed { link, gone, entry: if gone { None } else { readable(Stored::read(row, 2))? } })
        })?;
        let Some(last) = piece.last().map(|sealed| sealed.link.seq) else { return Ok(piece) };
        let sql = format!(
            "SELECT s.seq, {LINE} FROM ledger_seals s JOIN ledger_postings p ON p.entry_id = s.entry_id WHERE s.seq > $1 AND s.seq <= $2 ORDER BY s.seq, p.line"
        );
        conn.each(&sql, &[seq.into(), last.into()], |row| {
            let number: i64 = row.get(0)?;
            let line = readable(Line::read(row, 1))?;
            if let Ok(at) = piece.binary_search_by_key(&number, |sealed| sealed.link.seq) {
                match (line, piece[at].entry.as_mut()) {
                    (Some(line), Some(entry)) => entry.lines.push(line),
                    _ => piece[at].entry = None,
                }
            }
            Ok(())
        })?;
        Ok(piece)
    }

    /// Keeps the sums of the house's accounts and of each sort in step.
    fn sealed(tx: &mut Tx<'_>, entries: &[Stored]) -> DbResult<()> {
        let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
        for line in entries.iter().flat_map(|entry| &entry.lines) {
            let name = Account::parse(&line.account).map_or_else(|| line.account.clone(), |account| account.summed_as());
            *sums.entry((name, line.currency.clone())).or_default() += line.amount;
        }
        super::add_sums(tx, sums.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Stored {
        let line = |line, account: &str, amount| Line { line, account: account.into(), currency: "EUR".into(), amount, at: Instant(1) };
        Stored {
            id: Uuid::from_u128(1),
            at: Instant(1),
            kind: "captured".into(),
            source: "payment:1:captured".into(),
            booking: Some(Uuid::from_u128(2)),
            currency: "EUR".into(),
            reverses: None,
            memo: String::new(),
            request_id: Some("r".into()),
            lines: vec![line(0, "psp:sandbox", 105), line(1, "offline_cash", -105)],
        }
    }

    /// Whoever checks an export with a program of their own relies on these bytes.
    #[test]
    fn the_bytes_of_an_entry_never_change() {
        // Made by ten lines of Python from the words of docs/OPERATIONS.md.
        let expected = "1:3d341dee1518b900f6f57de66dca09672dac9859ca3b6d2ec2a38787ef125dea";
        assert_eq!(Link::START.next(&Books::bytes(&stored())).to_string(), expected);
    }

    #[test]
    fn every_column_counts_and_none_runs_into_the_next() {
        let changes: [fn(&mut Stored); 16] = [
            |e| e.id = Uuid::from_u128(9),
            |e| e.at = Instant(9),
            |e| e.kind = "released".into(),
            |e| e.source.push('x'),
            |e| e.booking = None,
            |e| e.currency = "USD".into(),
            |e| e.reverses = Some(Uuid::nil()),
            |e| e.memo.push('x'),
            |e| e.request_id = None,
            |e| (e.memo, e.request_id) = ("r".into(), Some(String::new())),
            |e| e.lines[0].line = 7,
            |e| e.lines[0].account.push('x'),
            |e| e.lines[1].currency = "USD".into(),
            |e| e.lines[1].amount = 5,
            |e| e.lines[1].at = Instant(2),
            |e| drop(e.lines.pop()),
        ];
        let mut seen = vec![Books::bytes(&stored())];
        for change in changes {
            let mut changed = stored();
            change(&mut changed);
            seen.push(Books::bytes(&changed));
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 17);
    }
}
