//! The books as other programs read them: hledger, Beancount, and tables (CSV). Pure: entries in, text out.
//!
//! Names are made so that two accounts never become one. Whatever people wrote is in places where none of the formats gives it a
//! meaning.

use super::account::{Account, Class, Owner};
use super::house::Recorded;
use crate::values::{Currency, Night};
use std::fmt::Write as _;

/// How the books are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Hledger,
    Beancount,
    Csv,
}

impl Format {
    pub const ALL: &[(&str, Self)] = &[("hledger", Self::Hledger), ("beancount", Self::Beancount), ("csv", Self::Csv)];

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, format)| *format)
    }

    /// What stands before the first entry.
    #[must_use]
    pub fn head(self) -> &'static str {
        match self {
            Self::Hledger => "; Books of a Stopover instance. Amounts are debits; days are UTC.\ndecimal-mark .\n",
            Self::Beancount => {
                "; Books of a Stopover instance. Amounts are debits; days are UTC.\noption \"title\" \"Stopover\"\nplugin \"beancount.plugins.auto_accounts\"\n"
            }
            Self::Csv => "number,id,at,kind,source,booking_id,reverses,memo,request_id,account,class,currency,amount_minor,amount\r\n",
        }
    }

    /// One entry.
    #[must_use]
    pub fn entry(self, recorded: &Recorded) -> String {
        match self {
            Self::Hledger => hledger(recorded),
            Self::Beancount => beancount(recorded),
            Self::Csv => csv(recorded),
        }
    }
}

/// An amount with the decimals of its currency: `-12.30`.
#[must_use]
pub(in crate::features::ledger) fn decimal(amount: i64, currency: Currency) -> String {
    let places = currency.exponent() as usize;
    let (sign, digits) = (if amount < 0 { "-" } else { "" }, format!("{:0>width$}", amount.unsigned_abs(), width = places + 1));
    let (whole, part) = digits.split_at(digits.len() - places);
    if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// The account as a path, for hledger: `liabilities:stay_escrow:0190…`.
fn hledger_account(account: &Account) -> String {
    let root = match account.class() {
        Class::Asset => "assets",
        Class::Liability => "liabilities",
        Class::Income => "income",
        Class::Expense => "expenses",
    };
    format!("{root}:{}", account.name())
}

/// The account as a path, for Beancount: `Liabilities:Stay-escrow:0190A…`. Its parts are letters, digits and hyphens and begin with a
/// capital or a digit; what cannot stand there is written as its code in capitals, which our own names have none of.
fn beancount_account(account: &Account) -> String {
    let root = match account.class() {
        Class::Asset => "Assets",
        Class::Liability => "Liabilities",
        Class::Income => "Income",
        Class::Expense => "Expenses",
    };
    let mut path = format!("{root}:{}", part(account.sort()));
    match (account, account.owner()) {
        (Account::Psp(name) | Account::TaxPayable(name), _) => path.extend([":", &part(name)]),
        (_, Owner::Booking(id)) => path.extend([":", &id.to_string().to_uppercase()]),
        (_, Owner::Person(id)) => path.extend([":", &id.to_string().to_uppercase()]),
        (_, Owner::Payout(id)) => path.extend([":", &id.to_string().to_uppercase()]),
        (_, Owner::House) => {}
    }
    path
}

fn part(name: &str) -> String {
    let mut part = String::with_capacity(name.len() + 4);
    for (at, c) in name.chars().enumerate() {
        match c {
            '_' => part.push('-'),
            '-' => part.push_str("-2D-"),
            '.' => part.push_str("-2E-"),
            c if at == 0 => part.push(c.to_ascii_uppercase()),
            c => part.push(c),
        }
    }
    part
}

/// What hangs on an entry, in words of its own.
fn tags(recorded: &Recorded) -> Vec<(&'static str, String)> {
    let entry = &recorded.entry;
    let mut tags = vec![("id", recorded.id.to_string()), ("at", recorded.at.to_string())];
    tags.extend(entry.booking.map(|id| ("booking", id.to_string())));
    tags.extend(entry.reverses.map(|id| ("reverses", id.to_string())));
    tags.extend(entry.request_id.as_ref().map(|id| ("request", id.clone())));
    tags.extend((!entry.memo.is_empty()).then(|| ("memo", entry.memo.clone())));
    tags
}

fn hledger(recorded: &Recorded) -> String {
    let entry = &recorded.entry;
    let number = recorded.number.map(|number| format!("({number}) ")).unwrap_or_default();
    let mut text = format!("\n{} * {number}{} {}\n", Night::in_utc(recorded.at), entry.kind.name(), plain(&entry.source));
    for (name, value) in tags(recorded) {
        // Writing to a string cannot fail.
        let _: std::fmt::Result = writeln!(text, "    ; {name}: {}", plain(&value));
    }
    for posting in &entry.postings {
        let amount = decimal(posting.amount, entry.currency);
        let _: std::fmt::Result = writeln!(text, "    {}  {amount} {}", hledger_account(&posting.account), entry.currency);
    }
    text
}

/// A semicolon begins a comment, a comma the next tag, and a line ends an entry.
fn plain(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ';' | ',' | '|') || c.is_control() { ' ' } else { c }).collect()
}

fn beancount(recorded: &Recorded) -> String {
    let entry = &recorded.entry;
    let mut text = format!("\n{} * {} {}\n", Night::in_utc(recorded.at), quoted(entry.kind.name()), quoted(&entry.source));
    if let Some(number) = recorded.number {
        let _: std::fmt::Result = writeln!(text, "  number: {number}");
    }
    for (name, value) in tags(recorded) {
        let _: std::fmt::Result = writeln!(text, "  {name}: {}", quoted(&value));
    }
    for posting in &entry.postings {
        let amount = decimal(posting.amount, entry.currency);
        let _: std::fmt::Result = writeln!(text, "  {}  {amount} {}", beancount_account(&posting.account), entry.currency);
    }
    text
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn csv(recorded: &Recorded) -> String {
    let entry = &recorded.entry;
    let or_empty = |text: Option<String>| text.unwrap_or_default();
    let mut lines = String::new();
    for posting in &entry.postings {
        let cells = [
            or_empty(recorded.number.map(|number| number.to_string())),
            recorded.id.to_string(),
            recorded.at.to_string(),
            entry.kind.name().to_owned(),
            cell(&entry.source),
            or_empty(entry.booking.map(|id| id.to_string())),
            or_empty(entry.reverses.map(|id| id.to_string())),
            cell(&entry.memo),
            cell(entry.request_id.as_deref().unwrap_or_default()),
            posting.account.name(),
            posting.account.class().name().to_owned(),
            entry.currency.to_string(),
            posting.amount.to_string(),
            decimal(posting.amount, entry.currency),
        ];
        lines.push_str(&cells.join(","));
        lines.push_str("\r\n");
    }
    lines
}

/// A cell of text. What a spreadsheet would take for a formula gets an apostrophe before it.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r', '\'']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;
    use crate::values::{BookingId, Instant, UserId};
    use uuid::Uuid;

    fn recorded() -> Recorded {
        let booking = BookingId(Uuid::from_u128(0xab));
        let from = Payer { booking, payment: Uuid::from_u128(2), provider: "sandbox", currency: Currency::parse("EUR").unwrap() };
        Recorded { id: Uuid::from_u128(1), number: Some(7), at: Instant(1_780_315_200_000_000), entry: captured(&from, 105_132).with_memo("=1+1; \"x\" \\, y") }
    }

    #[test]
    fn hledger_reads_paths_and_tags() {
        let text = Format::Hledger.entry(&recorded());
        let expected = "\n2026-06-01 * (7) captured payment:00000000-0000-0000-0000-000000000002:captured\n    ; id: 00000000-0000-0000-0000-000000000001\n    ; at: 2026-06-01T12:00:00Z\n    ; booking: 00000000-0000-0000-0000-0000000000ab\n    ; memo: =1+1  \"x\" \\  y\n    assets:psp:sandbox  1051.32 EUR\n    assets:guest_receivable:00000000-0000-0000-0000-0000000000ab  -1051.32 EUR\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn beancount_quotes_what_people_wrote() {
        let text = Format::Beancount.entry(&recorded());
        assert!(text.starts_with("\n2026-06-01 * \"captured\" \"payment:"), "{text}");
        assert!(text.contains("  memo: \"=1+1; \\\"x\\\" \\\\, y\"\n") && text.contains("  number: 7\n"), "{text}");
        assert!(text.contains("  Assets:Guest-receivable:00000000-0000-0000-0000-0000000000AB  -1051.32 EUR\n"), "{text}");
    }

    #[test]
    fn tables_hold_no_formulas() {
        let text = Format::Csv.entry(&recorded());
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains(",\"'=1+1; \"\"x\"\" \\, y\",,psp:sandbox,asset,EUR,105132,1051.32\r\n"), "{text}");
    }

    #[test]
    fn decimals_are_those_of_the_currency() {
        for (amount, code, text) in [
            (5, "EUR", "0.05"),
            (-5, "EUR", "-0.05"),
            (123, "JPY", "123"),
            (-1, "JPY", "-1"),
            (1_234, "KWD", "1.234"),
            (0, "EUR", "0.00"),
            (i64::MIN, "EUR", "-92233720368547758.08"),
        ] {
            assert_eq!(decimal(amount, Currency::parse(code).unwrap()), text);
        }
    }

    #[test]
    fn no_two_accounts_become_one() {
        let names = ["a_b", "a-b", "a.b", "a_2d_b", "ab", "a__b", "a_-b", "0a"];
        let mut paths: Vec<String> = names.iter().map(|name| beancount_account(&Account::Psp((*name).to_owned()))).collect();
        paths.push(beancount_account(&Account::HostPayable(UserId(Uuid::from_u128(0xf)))));
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), names.len() + 1);
        assert!(paths.iter().all(|path| path.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b':')), "{paths:?}");
    }
}
