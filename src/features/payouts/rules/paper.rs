//! Statements and lists of payouts as CSV and HTML.

use super::statement::{Line, Section, Span};
use crate::values::{BookingId, Currency, Money};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Codes of bookings by their ids.
pub type Codes = HashMap<BookingId, String>;

/// A cell of a CSV file (RFC 4180). What a table would take for a formula gets an apostrophe.
#[must_use]
pub fn cell(text: &str) -> String {
    let guarded = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    format!("\"{}\"", guarded.replace('"', "\"\""))
}

/// An amount without its currency, such as `12.30`.
#[must_use]
pub fn decimal(minor: i64, currency: Currency) -> String {
    let text = Money::new(minor, currency).to_string();
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn code<'a>(codes: &'a Codes, line: &Line) -> &'a str {
    line.booking.and_then(|id| codes.get(&id)).map_or("", String::as_str)
}

/// A statement as CSV: one line a row, amounts as decimals, the balances as rows of their own.
#[must_use]
pub fn csv(sections: &[Section], codes: &Codes) -> String {
    let mut text = String::from("at,what,booking,currency,gross,host_fee,taxes,amount\r\n");
    let mut row = |at: &str, what: &str, booking: &str, currency: Currency, amounts: [Option<i64>; 4]| {
        let amounts: Vec<String> = amounts.iter().map(|amount| amount.map_or_else(String::new, |amount| decimal(amount, currency))).collect();
        // Writing to a string cannot fail.
        let _: std::fmt::Result = write!(text, "{at},{what},{},{},{}\r\n", cell(booking), currency.code(), amounts.join(","));
    };
    for section in sections {
        row("", "opening_balance", "", section.currency, [None, None, None, Some(section.opening)]);
        for line in &section.lines {
            let stay = line.gross != 0 || line.fee != 0 || line.taxes != 0;
            let parts = |amount| stay.then_some(amount);
            let amounts = [parts(line.gross), parts(line.fee), parts(line.taxes), Some(line.amount)];
            row(&line.at.to_string(), line.sort.name(), code(codes, line), line.currency, amounts);
        }
        row("", "closing_balance", "", section.currency, [None, None, None, Some(section.closing)]);
    }
    text
}

/// Text as it may stand in HTML.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// A statement as a page to print.
#[must_use]
pub fn html(site: &str, host: &str, span: Span, sections: &[Section], codes: &Codes) -> String {
    let (site, host) = (escaped(site), escaped(host));
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Statement {span}</title></head><body>\n\
         <h1>{site}: statement {span}</h1>\n<p>For {host}. All times in UTC.</p>\n"
    );
    if sections.is_empty() {
        text.push_str("<p>Nothing has moved in this time.</p>\n");
    }
    for section in sections {
        let money = |minor| Money::new(minor, section.currency).to_string();
        let cells = |at: &str, what: &str, booking: &str, amounts: [String; 4]| {
            let amounts: String = amounts.iter().map(|amount| format!("<td align=\"right\">{amount}</td>")).collect();
            format!("<tr><td>{at}</td><td>{}</td><td>{}</td>{amounts}</tr>\n", escaped(what), escaped(booking))
        };
        let none = String::new;
        let heads: String = ["When", "What", "Booking", "Gross", "Fee", "Taxes", "Amount"].iter().map(|head| format!("<th>{head}</th>")).collect();
        let _: std::fmt::Result = write!(text, "<h2>{}</h2>\n<table border=\"1\" cellpadding=\"4\">\n<tr>{heads}</tr>\n", section.currency.code());
        text.push_str(&cells("", "Balance before", "", [none(), none(), none(), money(section.opening)]));
        for line in &section.lines {
            let what = line.sort.name().replace('_', " ");
            let stay = line.gross != 0 || line.fee != 0 || line.taxes != 0;
            let part = |minor| if stay { money(minor) } else { String::new() };
            let amounts = [part(line.gross), part(line.fee), part(line.taxes), money(line.amount)];
            text.push_str(&cells(&line.at.to_string(), &what, code(codes, line), amounts));
        }
        text.push_str(&cells("", "Earned", "", [none(), none(), none(), money(section.sums.earned)]));
        text.push_str(&cells("", "Paid out", "", [none(), none(), none(), money(section.sums.paid_out)]));
        text.push_str(&cells("", "Balance after", "", [none(), none(), none(), money(section.closing)]));
        text.push_str("</table>\n");
    }
    text.push_str("</body></html>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::payouts::rules::statement::{Month, Sort};
    use uuid::Uuid;

    #[test]
    fn a_statement_is_written_for_tables_and_for_people() {
        let (jpy, booking) = (Currency::parse("EUR").unwrap(), BookingId(Uuid::nil()));
        let line = Line {
            at: Month { year: 2026, month: 6 }.begins(),
            sort: Sort::Stay,
            booking: Some(booking),
            currency: jpy,
            gross: 1_000,
            fee: -30,
            taxes: 0,
            amount: 970,
        };
        let sections = [Section::of(jpy, -5, vec![line])];
        let codes = Codes::from([(booking, "=AB<1".to_owned())]);
        assert_eq!(
            csv(&sections, &codes),
            "at,what,booking,currency,gross,host_fee,taxes,amount\r\n,opening_balance,\"\",EUR,,,,-0.05\r\n\
             2026-06-01T00:00:00Z,stay,\"'=AB<1\",EUR,10.00,-0.30,0.00,9.70\r\n,closing_balance,\"\",EUR,,,,9.65\r\n"
        );
        let page = html("A & B", "<script>", Span::parse("2026-06").unwrap(), &sections, &codes);
        assert!(page.contains("A &amp; B") && page.contains("&lt;script&gt;") && page.contains("=AB&lt;1") && page.contains("9.65 EUR"));
        assert!(!page.contains("<script"));
    }
}
