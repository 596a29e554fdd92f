//! What must always hold (docs/RULES.md, L1 to L8), looked at in the postings themselves.

use crate::features::ledger::rules::{Account, Class, Owner};
use crate::features::ledger::store::{self, Books, Stored};
use crate::platform::chain;
use crate::platform::db::{Conn, Db, DbResult};
use crate::platform::keys::Keys;
use crate::values::{BookingId, Currency, Instant};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Findings that are told; more only counted.
const MOST: usize = 100;
/// Bookings asked about together.
const PIECE: usize = 200;

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `L1` to `L8`, or `balances` for sums that are kept and not true.
    pub invariant: &'static str,
    pub what: String,
}

/// What a check has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Entries whose place in the chain was found right.
    pub sealed: u64,
    /// Entries without a number yet: the unsealed tail.
    pub waiting: u64,
    /// Number and hash of the last right link.
    pub head: String,
    /// Accounts that were added up, in all currencies.
    pub accounts: u64,
    pub findings: Vec<Finding>,
    /// Findings beyond those that are told.
    pub more: u64,
    /// What is unusual and may be right all the same.
    pub notes: Vec<String>,
}

/// What other features know that the books should agree with. `app` puts them together.
pub trait Witness: Send + Sync {
    /// Which of these bookings are over: nothing more will happen to their money. What they still hold is a finding (L3).
    fn closed(&self, _conn: &mut Conn<'_>, _bookings: &[BookingId]) -> DbResult<Vec<BookingId>> {
        Ok(Vec::new())
    }

    /// What lies at each provider by its own reports or by our records of captures, refunds, payouts and fees (L8).
    fn at_providers(&self, _conn: &mut Conn<'_>) -> DbResult<Vec<(String, Currency, i64)>> {
        Ok(Vec::new())
    }

    /// Whatever else must hold.
    fn findings(&self, _conn: &mut Conn<'_>) -> DbResult<Vec<Finding>> {
        Ok(Vec::new())
    }
}

/// All of them.
pub type Witnesses = Arc<[Box<dyn Witness>]>;

impl Report {
    fn add(&mut self, invariant: &'static str, what: String) {
        if self.findings.len() < MOST {
            self.findings.push(Finding { invariant, what });
        } else {
            self.more += 1;
        }
    }
}

/// Looks at all of the books, in the view of the caller, which must be one cut (`Db::bulk`).
pub fn inspect(conn: &mut Conn<'_>, keys: &Keys, now: Instant, witnesses: &[Box<dyn Witness>]) -> DbResult<Report> {
    let mut foreign = Vec::new();
    let chain = chain::walk::<Books>(conn, keys, now, |stored| foreign.extend(foreign_postings(stored)))?;
    let mut report =
        Report { sealed: chain.sealed, waiting: chain.waiting, head: chain.end.to_string(), accounts: 0, findings: Vec::new(), more: 0, notes: Vec::new() };
    chain.faults.iter().for_each(|fault| report.add("L6", fault.to_string()));
    foreign.into_iter().for_each(|what| report.add("L7", what));
    for id in store::unbalanced(conn)? {
        report.add("L1", format!("the entry {id} does not balance"));
    }
    for id in store::incomplete(conn)? {
        report.add("L1", format!("the entry {id} has no postings, or postings that are not its own"));
    }
    for id in store::ill_kept(conn)? {
        report.add("L5", format!("the entry {id} names one that it does not take back"));
    }
    let open = look_at_accounts(conn, &mut report)?;
    look_at_closed(conn, witnesses, &open, &mut report)?;
    look_at_providers(conn, witnesses, &mut report)?;
    for witness in witnesses {
        witness.findings(conn)?.into_iter().for_each(|finding| report.add(finding.invariant, finding.what));
    }
    Ok(report)
}

/// Accounts of a booking in an entry that does not name the booking (L7).
fn foreign_postings(stored: &Stored) -> Vec<String> {
    let mut found = Vec::new();
    for line in &stored.lines {
        match Account::parse(&line.account).map(|account| account.owner()) {
            None => found.push(format!("the entry {} posts to {}, which is no account", stored.id, line.account)),
            Some(Owner::Booking(id)) if Some(id.0) != stored.booking => {
                found.push(format!("the entry {} posts to {} and does not name that booking", stored.id, line.account));
            }
            Some(_) => {}
        }
    }
    if stored.source.is_empty() {
        found.push(format!("the entry {} names nothing that it follows from", stored.id));
    }
    found
}

/// Sums and signs (L2, L4), and the balances that are kept; answers which bookings still hold something, and where.
fn look_at_accounts(conn: &mut Conn<'_>, report: &mut Report) -> DbResult<BTreeMap<BookingId, Vec<String>>> {
    let (mut trial, mut open): (BTreeMap<String, i128>, BTreeMap<BookingId, Vec<String>>) = (BTreeMap::new(), BTreeMap::new());
    let mut ahead: Vec<(String, String, i64)> = Vec::new();
    // What should be kept: people, the house, and sums by sort.
    let mut people: HashMap<(String, String), i64> = HashMap::new();
    let mut sums: HashMap<(String, String), i64> = HashMap::new();
    store::each_account(conn, |name, currency, held| {
        report.accounts += 1;
        *trial.entry(currency.to_owned()).or_default() += i128::from(held);
        let Some(account) = Account::parse(name) else { return };
        *sums.entry((account.summed_as(), currency.to_owned())).or_default() += held;
        match account.owner() {
            Owner::Person(_) => drop(people.insert((name.to_owned(), currency.to_owned()), held)),
            Owner::Booking(id) if held != 0 => open.entry(id).or_default().push(format!("{name} holds {held} {currency}")),
            _ => {}
        }
        if let (Account::TaxPayable(_), true) = (&account, held > 0) {
            ahead.push((name.to_owned(), currency.to_owned(), held));
        } else if !account.class().may_hold(held) {
            let what = format!("{name} holds {held} {currency}, which {} may not", words(account.class()));
            // A provider may have paid ahead of what it took.
            if matches!(account, Account::Psp(_)) { report.notes.push(what) } else { report.add("L4", what) }
        }
    })?;
    look_at_taxes(conn, ahead, report)?;
    for (currency, sum) in trial.into_iter().filter(|(_, sum)| *sum != 0) {
        report.add("L2", format!("all accounts together hold {sum} {currency}"));
    }
    compare_kept(conn, report, people, sums)?;
    Ok(open)
}

/// Taxes of which more was handed on than is owed, because stays were given back afterwards: the next taxes make up for it. More than was handed on it cannot
/// be (L4).
fn look_at_taxes(conn: &mut Conn<'_>, ahead: Vec<(String, String, i64)>, report: &mut Report) -> DbResult<()> {
    for (name, currency, held) in ahead {
        if held <= store::handed_on(conn, &name, &currency)? {
            report.notes.push(format!("{name} was handed on ahead by {held} {currency}; the next taxes make up for it"));
        } else {
            report.add("L4", format!("{name} holds {held} {currency}, more than was ever handed on"));
        }
    }
    Ok(())
}

fn words(class: Class) -> &'static str {
    match class {
        Class::Asset => "what we own",
        Class::Liability => "what we owe",
        Class::Income => "what we earn",
        Class::Expense => "what we spend",
    }
}

type Held = HashMap<(String, String), i64>;

fn compare_kept(conn: &mut Conn<'_>, report: &mut Report, mut people: Held, mut sums: Held) -> DbResult<()> {
    let mut kept_sums: Held = HashMap::new();
    for (account, currency, amount) in store::sums(conn)? {
        *kept_sums.entry((account, currency)).or_default() += amount;
    }
    let kept_people = store::kept(conn)?.into_iter().filter(|(name, _, _)| Account::parse(name).is_some_and(|a| matches!(a.owner(), Owner::Person(_))));
    for (name, currency, kept) in kept_people {
        differ(report, &name, &currency, kept, people.remove(&(name.clone(), currency.clone())).unwrap_or(0));
    }
    for ((name, currency), kept) in kept_sums {
        differ(report, &name, &currency, kept, sums.remove(&(name.clone(), currency.clone())).unwrap_or(0));
    }
    for ((name, currency), held) in people.into_iter().chain(sums) {
        differ(report, &name, &currency, 0, held);
    }
    Ok(())
}

fn differ(report: &mut Report, name: &str, currency: &str, kept: i64, held: i64) {
    if kept != held {
        report.add("balances", format!("{name} is kept as {kept} {currency}, its postings come to {held}"));
    }
}

/// Bookings that are over and still hold something (L3).
fn look_at_closed(conn: &mut Conn<'_>, witnesses: &[Box<dyn Witness>], open: &BTreeMap<BookingId, Vec<String>>, report: &mut Report) -> DbResult<()> {
    let ids: Vec<BookingId> = open.keys().copied().collect();
    for witness in witnesses {
        for piece in ids.chunks(PIECE) {
            for closed in witness.closed(conn, piece)? {
                let held = open.get(&closed).map(|held| held.join(", ")).unwrap_or_default();
                report.add("L3", format!("the booking {closed} is over, and {held}"));
            }
        }
    }
    Ok(())
}

/// What the books say lies at a provider must be what others know (L8).
fn look_at_providers(conn: &mut Conn<'_>, witnesses: &[Box<dyn Witness>], report: &mut Report) -> DbResult<()> {
    for witness in witnesses {
        for (provider, currency, figure) in witness.at_providers(conn)? {
            let held = store::balance(conn, &Account::Psp(provider.clone()), currency)?;
            if held != figure {
                report.add("L8", format!("psp:{provider} holds {held} {currency}, and should hold {figure}"));
            }
        }
    }
    Ok(())
}

/// For `stopover doctor`. Blocks.
pub fn check(db: &Db, keys: &Keys, witnesses: &Witnesses) -> Result<String, String> {
    let now = db.now();
    let report = db.bulk(|conn| inspect(conn, keys, now, witnesses)).map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
    let mut sentence = format!("{} entries, {} waiting, {} accounts, head {}", report.sealed, report.waiting, report.accounts, report.head);
    report.notes.iter().for_each(|note| sentence.push_str(&format!("; {note}")));
    if report.findings.is_empty() {
        return Ok(sentence);
    }
    let findings: Vec<String> = report.findings.iter().map(|finding| format!("{}: {}", finding.invariant, finding.what)).collect();
    Err(format!("{}; {} more", findings.join("; "), report.more))
}
