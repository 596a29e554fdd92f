//! A host's statement of a month, or of a day, as sheets: one a currency.

use super::paper::{Movement, Party, Sheet, Statement, amount};
use crate::features::payouts::rules::paper::Codes;
use crate::features::payouts::rules::statement::{Line, Section, Span};
use crate::values::{Currency, Night};

/// The sheets of a span, issued on its last day; one that says so where nothing has moved.
#[must_use]
pub fn sheets(span: Span, issuer: &Party, host: &Party, sections: &[Section], codes: &Codes) -> (Sheet, Vec<Sheet>) {
    let issued = Night::in_utc(span.ends()).plus(-1);
    let sheet = |section: &Section| {
        let movements = section.lines.iter().map(|line| movement(line, section.currency, codes)).collect();
        let (issuer, host, month) = (issuer.clone(), host.clone(), span.to_string());
        Statement { issued, issuer, host, month, currency: section.currency, carried: section.opening, movements, notes: vec!["All dates in UTC.".into()] }
            .sheet()
    };
    let mut all = sections.iter().map(sheet);
    let first = all.next().unwrap_or_else(|| Sheet {
        title: "Statement".into(),
        number: String::new(),
        issued,
        issuer: issuer.clone(),
        recipient: host.clone(),
        facts: vec![("Period".into(), span.to_string())],
        table: super::paper::Table { columns: Vec::new(), rows: Vec::new(), totals: Vec::new() },
        notes: vec!["Nothing has moved in this time.".into()],
    });
    (first, all.collect())
}

fn movement(line: &Line, currency: Currency, codes: &Codes) -> Movement {
    let mut name = line.sort.name().replace('_', " ");
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let parts = [("gross", line.gross), ("fee", line.fee), ("taxes", line.taxes)];
    let parts: Vec<String> = parts.iter().filter(|(_, minor)| *minor != 0).map(|(name, minor)| format!("{name} {}", amount(*minor, currency))).collect();
    let words = if parts.is_empty() { name } else { format!("{name} ({})", parts.join(", ")) };
    let reference = line.booking.and_then(|id| codes.get(&id)).cloned().unwrap_or_default();
    Movement { on: Night::in_utc(line.at), words, reference, amount: line.amount }
}
