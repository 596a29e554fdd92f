//! A sheet as a page of HTML that prints well: every word escaped, no scripts, nothing from elsewhere.

use super::paper::{Party, Sheet};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use html_escape::encode_safe;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = "@page{size:A4;margin:18mm}body{font:10.5pt/1.45 'DejaVu Sans',system-ui,sans-serif;color:#111;max-width:174mm;margin:2em auto;padding:0 1em}\
h1{font-size:20pt;margin:0}header,.parties{display:flex;justify-content:space-between;gap:2em;margin-bottom:1.6em}header p{margin:0;text-align:right}\
.parties>div{flex:1;overflow-wrap:anywhere}h2{font-size:8.5pt;color:#666;margin:0;font-weight:normal}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1em 1.5em}\
dt{color:#666}dd{margin:0;overflow-wrap:anywhere}table{width:100%;border-collapse:collapse;margin-top:1em}th{background:#eee;text-align:left}\
th,td{padding:.35em .5em;vertical-align:top;overflow-wrap:anywhere}td{border-bottom:1px solid #ddd}.n{text-align:right;white-space:nowrap}\
thead{display:table-header-group}tr{break-inside:avoid}tfoot{display:table-row-group}tfoot td{border:0}tfoot tr:last-child td{font-weight:bold;border-top:1.5px solid #111}\
@media print{body{margin:0;padding:0;max-width:none}}";

/// What browsers may do with such a page: show its one style, and nothing else.
#[must_use]
pub fn policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let style = STANDARD.encode(Sha256::digest(STYLE));
        format!("default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
    });
    &POLICY
}

/// The whole page, in UTF-8.
#[must_use]
pub fn html(sheet: &Sheet) -> String {
    let name = encode_safe(&sheet.title);
    let number = encode_safe(&sheet.number);
    let line = if number.is_empty() { String::new() } else { format!("<strong>{number}</strong><br>") };
    let facts: String = sheet.facts.iter().map(|(name, value)| format!("<dt>{}</dt><dd dir=\"auto\">{}</dd>", encode_safe(name), encode_safe(value))).collect();
    let notes: String = sheet.notes.iter().map(|note| format!("<p dir=\"auto\">{}</p>", encode_safe(note))).collect();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{name} {number}</title><style>{STYLE}</style></head><body><header><h1>{name}</h1><p>{line}{}</p></header>\
         <section class=\"parties\">{}{}</section><dl>{facts}</dl>{}{notes}</body></html>\n",
        sheet.issued,
        party("From", &sheet.issuer),
        party("To", &sheet.recipient),
        table(sheet)
    )
}

fn party(heading: &str, party: &Party) -> String {
    let lines = std::iter::once(&party.name).chain(&party.lines).chain(&party.tax_id);
    let lines: Vec<String> = lines.map(|line| format!("<span dir=\"auto\">{}</span>", encode_safe(line))).collect();
    format!("<div><h2>{heading}</h2>{}</div>", lines.join("<br>"))
}

fn table(sheet: &Sheet) -> String {
    let table = &sheet.table;
    let class = |at: usize| if table.columns.get(at).is_some_and(|column| column.is_amount) { " class=\"n\"" } else { "" };
    let heads: String = table.columns.iter().enumerate().map(|(at, column)| format!("<th{}>{}</th>", class(at), encode_safe(&column.name))).collect();
    let row = |cells: &Vec<String>| {
        let cells: String = cells.iter().enumerate().map(|(at, cell)| format!("<td{} dir=\"auto\">{}</td>", class(at), encode_safe(cell))).collect();
        format!("<tr>{cells}</tr>")
    };
    let rows: String = table.rows.iter().map(row).collect();
    let before = table.columns.len().saturating_sub(1).max(1);
    let total = |(name, value): &(String, String)| {
        format!("<tr><td class=\"n\" colspan=\"{before}\">{}</td><td class=\"n\">{}</td></tr>", encode_safe(name), encode_safe(value))
    };
    let totals: String = table.totals.iter().map(total).collect();
    format!("<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody><tfoot>{totals}</tfoot></table>")
}
