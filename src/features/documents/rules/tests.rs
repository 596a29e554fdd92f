//! Sheets, pages of HTML, and files of PDF.

use super::html::html;
use super::paper::{Invoice, Item, Movement, Party, Receipt, Sheet, Statement, StayFacts, TaxItem, amount};
use super::pdf::pdf;
use crate::values::{Currency, Night};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

fn date(text: &str) -> Night {
    Night::parse(text).unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn party(name: &str, line: &str) -> Party {
    Party { name: name.into(), lines: vec![line.into()], tax_id: Some("DE123456789".into()) }
}

fn stay(home: &str) -> StayFacts {
    StayFacts { code: "K7Q2M9XD".into(), home: home.into(), check_in: date("2026-06-04"), check_out: date("2026-06-11"), guests: 3 }
}

/// The golden stay (docs/RULES.md, P21).
fn invoice(home: &str) -> Invoice {
    let item = |words: &str, quantity: u64, unit: i64| Item { words: words.into(), quantity, unit, amount: unit * i64::try_from(quantity).unwrap() };
    let tax = |name: &str, amount| TaxItem { name: name.into(), amount, included: false };
    Invoice {
        issued: date("2026-06-01"),
        issuer: party("Lark Stays", "Lärchenweg 12, Berlin"),
        recipient: party("Zoë Müller", "Calle del Ejemplo 5, Madrid"),
        stay: stay(home),
        currency: currency("EUR"),
        items: vec![
            item("Nights at 100.00", 5, 10_000),
            item("Nights at 120.00", 2, 12_000),
            item("A week or longer", 1, -7_400),
            item("Extra guest", 7, 1_500),
            item("Cleaning", 1, 6_000),
            item("Service fee", 1, 9_972),
        ],
        taxes: vec![tax("VAT 10 %", 8_310), tax("City tax", 3_750)],
        discount: 0,
        corrects: None,
        notes: vec!["Thank you for your stay.".into()],
    }
}

fn numbered(sheet: Sheet) -> Sheet {
    Sheet { number: "INV-2026-000123".into(), ..sheet }
}

/// How many pages a file says it has.
fn pages(file: &[u8]) -> usize {
    let text = String::from_utf8_lossy(file);
    let (_, rest) = text.split_once("/Type/Pages/Count ").unwrap();
    rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

#[test]
fn amounts_have_the_decimals_of_their_currency() {
    for (minor, code, text) in [
        (105_132, "EUR", "1,051.32"),
        (-7_400, "EUR", "-74.00"),
        (5, "EUR", "0.05"),
        (0, "EUR", "0.00"),
        (1_234_567, "JPY", "1,234,567"),
        (-12, "JPY", "-12"),
        (1_234, "KWD", "1.234"),
        (i64::MIN, "EUR", "-92,233,720,368,547,758.08"),
    ] {
        assert_eq!(amount(minor, currency(code)), text);
    }
}

#[test]
fn sheets_add_up() {
    let invoice = Invoice { discount: 1_000, ..invoice("Under the lark") };
    assert_eq!(invoice.total(), 104_132);
    let totals = invoice.sheet().table.totals;
    let shown: Vec<(&str, &str)> = totals.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(shown, [("Subtotal", "930.72"), ("VAT 10 %", "83.10"), ("City tax", "37.50"), ("Coupon", "-10.00"), ("Total EUR", "1,041.32")]);
    let moved = |amount| Movement { on: date("2026-06-05"), words: "Stay".into(), reference: "K7Q2M9XD".into(), amount };
    let statement = Statement {
        issued: date("2026-07-01"),
        issuer: party("Lark Stays", "Berlin"),
        host: party("Ada", "Albany"),
        month: "2026-06".into(),
        currency: currency("JPY"),
        carried: -1_200,
        movements: vec![moved(80_607), moved(-79_000)],
        notes: Vec::new(),
    };
    assert_eq!(statement.sheet().table.totals[1], ("Balance JPY".into(), "407".into()));
    let receipt = Receipt {
        issued: date("2026-06-01"),
        issuer: party("Lark Stays", "Berlin"),
        recipient: party("Zoë", "Madrid"),
        stay: stay("Under the lark"),
        currency: currency("EUR"),
        payments: vec![moved(105_132), moved(-52_755)],
        notes: Vec::new(),
    };
    assert_eq!(receipt.sheet().table.totals, [("Paid EUR".into(), "523.77".into())]);
    let credit = Invoice { corrects: Some("INV-2026-000123".into()), taxes: Vec::new(), ..invoice.clone() }.sheet();
    assert_eq!((credit.title.as_str(), credit.table.totals.last().unwrap().0.as_str()), ("Credit note", "Credited EUR"));
    assert_eq!(credit.facts[0], ("Corrects".into(), "INV-2026-000123".into()));
    let included = Invoice { taxes: vec![TaxItem { name: "VAT".into(), amount: 14_859, included: true }], ..invoice };
    assert_eq!(included.total(), 92_072);
    assert_eq!(included.sheet().notes[0], "The prices contain EUR 148.59 of VAT.");
}

#[test]
fn words_of_others_are_words_in_the_page() {
    let page = html(&numbered(invoice("<script>alert(1)</script> \"quoted\" & 'single'").sheet()));
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("@page") && page.contains("INV-2026-000123"), "{page}");
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"), "{page}");
    assert!(!page.contains("http"), "nothing comes from elsewhere");
    // The one style is the one that the policy lets pass, and no element has another.
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = STANDARD.encode(Sha256::digest(style));
    assert!(super::html::policy().contains(&format!("'sha256-{hash}'")) && !page.contains("style="));
}

#[test]
fn a_file_has_its_letters_inside_and_is_the_same_each_time() {
    let sheet = numbered(invoice("Żółta Łąka, Ἀθῆναι, Київ, בית קטן, بيت صغير").sheet());
    let file = pdf(&sheet).unwrap();
    assert!(file.starts_with(b"%PDF-") && file.len() < 100_000, "{} bytes", file.len());
    assert_eq!(pdf(&sheet).unwrap(), file);
    assert_eq!(pages(&file), 1);
}

#[test]
fn long_papers_have_more_pages_and_odd_words_do_no_harm() {
    let mut long = invoice("小さな家 \u{0}\u{7}\u{202e}evil 🏠");
    let words = format!("a line {}{}", "with words ".repeat(20), "x".repeat(300));
    long.items = (0..60).map(|at| Item { words: words.clone(), quantity: at, unit: 1, amount: 1 }).collect();
    long.notes = vec!["y".repeat(5_000), String::new()];
    assert!(pages(&pdf(&numbered(long.sheet())).unwrap()) > 5);
    // A single row that is longer than a page.
    long.items = vec![Item { words: "word ".repeat(3_000), quantity: 1, unit: 1, amount: 1 }];
    assert!(pages(&pdf(&numbered(long.sheet())).unwrap()) >= 3);
    long.items.clear();
    long.recipient = Party::default();
    assert!(pages(&pdf(&numbered(long.sheet())).unwrap()) >= 1);
}
