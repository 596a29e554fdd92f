//! Walks along a chain and names what is wrong with it.

use super::{Chained, Link, Sealed, Signer, store};
use crate::platform::db::{Conn, DbResult};
use crate::platform::keys::Keys;
use crate::values::Instant;

/// Seals looked at together: what bounds the memory.
const PIECE: i64 = 2_000;
/// Seconds after which an entry without a seal is a fault: a sealer takes one, a slow transaction a few more.
const LONGEST_WAIT: i64 = 10;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The first number of the chain that is wrong; `None` when what is wrong has no number.
    pub seq: Option<i64>,
    /// What is wrong, as part of a sentence.
    pub what: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.seq {
            Some(seq) => write!(f, "entry {seq} {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// What a walk along a chain has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Entries whose seals were found right.
    pub sealed: u64,
    /// The last right link. Noted down elsewhere, it proves later that nothing up to it was taken away.
    pub end: Link,
    /// Entries that have no seal yet.
    pub waiting: u64,
    /// Nothing, when all is well. Behind a break in the chain nothing can be told, so there is at most one of its own.
    pub faults: Vec<Fault>,
}

impl Report {
    fn fault(&mut self, seq: impl Into<Option<i64>>, what: impl Into<String>) {
        self.faults.push(Fault { seq: seq.into(), what: what.into() });
    }
}

/// Goes along the whole chain and shows every entry to `look`. The view must be one cut, or what is sealed meanwhile looks
/// wrong. Memory does not grow with the chain.
pub fn walk<C: Chained>(conn: &mut Conn<'_>, keys: &Keys, now: Instant, mut look: impl FnMut(&C::Stored)) -> DbResult<Report> {
    let signer = Signer::of::<C>(keys);
    let mut report = Report { sealed: 0, end: Link::START, waiting: 0, faults: Vec::new() };
    match C::proven_beginning(conn, keys)? {
        Ok(link) => report.end = link,
        Err(fault) => report.faults.push(fault),
    }
    if report.faults.is_empty() {
        along::<C>(conn, &mut report, &mut look)?;
    }
    if report.faults.is_empty() {
        compare_head::<C>(conn, &signer, &mut report)?;
    }
    look_at_tail::<C>(conn, now, &mut report)?;
    Ok(report)
}

fn along<C: Chained>(conn: &mut Conn<'_>, report: &mut Report, look: &mut impl FnMut(&C::Stored)) -> DbResult<()> {
    let mut from = i64::MIN;
    loop {
        let piece = C::sealed_after(conn, from, PIECE)?;
        let Some(last) = piece.last() else { return Ok(()) };
        from = last.link.seq;
        for sealed in &piece {
            match step::<C>(&report.end, sealed) {
                Err(fault) => {
                    report.faults.push(fault);
                    return Ok(());
                }
                Ok(entry) => look(entry),
            }
            report.end = sealed.link;
            report.sealed += 1;
        }
    }
}

/// The entry of `sealed`, if that is the link after `end`.
fn step<'a, C: Chained>(end: &Link, sealed: &'a Sealed<C::Stored>) -> Result<&'a C::Stored, Fault> {
    let expected = end.seq.saturating_add(1);
    let fault = |seq, what: &str| Err(Fault { seq: Some(seq), what: what.into() });
    if sealed.link.seq < expected {
        return fault(sealed.link.seq, "should have gone: a checkpoint covers it");
    }
    if sealed.link.seq > expected {
        return fault(expected, "is missing");
    }
    match &sealed.entry {
        None if sealed.gone => fault(expected, "was removed, its seal is still there"),
        None => fault(expected, "cannot be read"),
        Some(entry) if end.next(&C::bytes(entry)) != sealed.link => fault(expected, "does not fit its seal: it was changed, swapped or inserted"),
        Some(entry) => Ok(entry),
    }
}

/// The newest seal must be the one that was signed last.
fn compare_head<C: Chained>(conn: &mut Conn<'_>, signer: &Signer, report: &mut Report) -> DbResult<()> {
    let (head, end) = (store::head::<C>(conn)?, report.end);
    let Some(text) = head else {
        if end != Link::START {
            report.fault(end.seq, "is the last one, but the signed head of the chain is missing");
        }
        return Ok(());
    };
    match signer.open_head(&text) {
        None => report.fault(end.seq, "is the last one, but the head of the chain was not signed by this instance"),
        Some(head) if head.seq > end.seq => report.fault(end.seq + 1, format!("and all up to {} are missing at the end", head.seq)),
        Some(head) if head.seq < end.seq => report.fault(head.seq + 1, "was added by somebody who could not sign"),
        Some(head) if head.hash != end.hash => report.fault(end.seq, "is not the one that was signed: the chain was made anew"),
        Some(_) => {}
    }
    Ok(())
}

fn look_at_tail<C: Chained>(conn: &mut Conn<'_>, now: Instant, report: &mut Report) -> DbResult<()> {
    let (waiting, oldest) = store::tail::<C>(conn)?;
    report.waiting = u64::try_from(waiting).unwrap_or_default();
    if let Some(oldest) = oldest.filter(|at| *at < now.plus_seconds(-LONGEST_WAIT)) {
        report.fault(None, format!("{waiting} entries wait for a seal, the oldest since {oldest}; is the server running?"));
    }
    let (foreign, lost) = store::strays::<C>(conn)?;
    if let Some(id) = foreign {
        report.fault(None, format!("the entry with the id {id} was put in past the trail, or its seal was removed"));
    }
    if let Some(id) = lost {
        report.fault(None, format!("the entry with the id {id} was removed before it was sealed"));
    }
    Ok(())
}
