//! Paper as plain data: invoices, credit notes, receipts and statements, and the sheet that all of them become.
//!
//! A [`Sheet`] holds finished words and nothing to decide; `html.rs` and `pdf` only lay it out.

use crate::values::written::{currency, date};
use crate::values::{Currency, Night};
use serde::{Deserialize, Serialize};

/// Somebody who issues or receives a paper.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    pub name: String,
    /// Address, as it is written on an envelope.
    pub lines: Vec<String>,
    /// As in `DE123456789`.
    pub tax_id: Option<String>,
}

/// A stay, as a paper tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayFacts {
    /// The confirmation code.
    pub code: String,
    /// In its host's words; empty where those are gone. Stored beside the parties.
    #[serde(skip)]
    pub home: String,
    #[serde(with = "date")]
    pub check_in: Night,
    #[serde(with = "date")]
    pub check_out: Night,
    pub guests: u16,
}

/// A line with what it comes to, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub words: String,
    pub quantity: u64,
    pub unit: i64,
    pub amount: i64,
}

/// A tax in a total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxItem {
    pub name: String,
    pub amount: i64,
    /// The prices contain it.
    pub included: bool,
}

/// Money that changed hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub on: Night,
    pub words: String,
    pub reference: String,
    /// Negative where money went back.
    pub amount: i64,
}

/// What somebody owes for a stay; or, as a credit note, what of an earlier invoice they do not owe after all. Stored as it was issued, but for the
/// parties, which stand beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    #[serde(with = "date")]
    pub issued: Night,
    #[serde(skip)]
    pub issuer: Party,
    #[serde(skip)]
    pub recipient: Party,
    pub stay: StayFacts,
    #[serde(with = "currency")]
    pub currency: Currency,
    pub items: Vec<Item>,
    pub taxes: Vec<TaxItem>,
    /// What the platform bears: a coupon, zero or more.
    pub discount: i64,
    /// The number of the invoice that is corrected: this is a credit note, and its amounts are taken off that one.
    pub corrects: Option<String>,
    pub notes: Vec<String>,
}

/// What somebody has paid for a stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub issued: Night,
    pub issuer: Party,
    pub recipient: Party,
    pub stay: StayFacts,
    pub currency: Currency,
    pub payments: Vec<Movement>,
    pub notes: Vec<String>,
}

/// What a host earned and was paid in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub issued: Night,
    pub issuer: Party,
    pub host: Party,
    /// `YYYY-MM`, or a day of it.
    pub month: String,
    pub currency: Currency,
    /// What was owed to the host when the month began.
    pub carried: i64,
    pub movements: Vec<Movement>,
    pub notes: Vec<String>,
}

/// A sheet that can be laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub title: String,
    /// Empty where there is none.
    pub number: String,
    pub issued: Night,
    pub issuer: Party,
    pub recipient: Party,
    pub facts: Vec<(String, String)>,
    pub table: Table,
    pub notes: Vec<String>,
}

/// Rows of words and amounts; the first column takes the room that the others leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
    /// Below the rows; the last one counts most.
    pub totals: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// Stands on the right.
    pub is_amount: bool,
}

/// An amount as people read it: `1,051.32`, with the decimals of its currency.
#[must_use]
pub fn amount(minor: i64, currency: Currency) -> String {
    let places = currency.exponent() as usize;
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = places + 1);
    let (whole, decimals) = digits.split_at(digits.len() - places);
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if minor < 0 { "-" } else { "" };
    if places == 0 { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{decimals}") }
}

impl StayFacts {
    fn rows(&self) -> Vec<(String, String)> {
        let nights = self.check_in.days_until(self.check_out);
        let row = |name: &str, value: String| (name.to_owned(), value);
        let mut rows = vec![
            row("Booking", self.code.clone()),
            row("Home", self.home.clone()),
            row("Stay", format!("{} to {} ({nights} night{})", self.check_in, self.check_out, if nights == 1 { "" } else { "s" })),
            row("Guests", self.guests.to_string()),
        ];
        rows.retain(|(_, value)| !value.is_empty());
        rows
    }
}

fn columns(names: &[(&str, bool)]) -> Vec<Column> {
    names.iter().map(|(name, is_amount)| Column { name: (*name).to_owned(), is_amount: *is_amount }).collect()
}

impl Invoice {
    /// The items, the taxes that are added, and the total.
    #[must_use]
    pub fn total(&self) -> i64 {
        let items: i64 = self.items.iter().map(|item| item.amount).sum();
        let taxes: i64 = self.taxes.iter().filter(|tax| !tax.included).map(|tax| tax.amount).sum();
        items + taxes - self.discount
    }

    #[must_use]
    pub fn sheet(&self) -> Sheet {
        let money = |minor| amount(minor, self.currency);
        let items: i64 = self.items.iter().map(|item| item.amount).sum();
        let mut totals = vec![("Subtotal".to_owned(), money(items))];
        totals.extend(self.taxes.iter().filter(|tax| !tax.included).map(|tax| (tax.name.clone(), money(tax.amount))));
        if self.discount != 0 {
            totals.push(("Coupon".into(), money(-self.discount)));
        }
        let (title, total) = if self.corrects.is_some() { ("Credit note", "Credited") } else { ("Invoice", "Total") };
        totals.push((format!("{total} {}", self.currency), money(self.total())));
        let corrects = self.corrects.iter().map(|number| ("Corrects".to_owned(), number.clone()));
        let contained =
            self.taxes.iter().filter(|tax| tax.included).map(|tax| format!("The prices contain {} {} of {}.", self.currency, money(tax.amount), tax.name));
        Sheet {
            title: title.into(),
            number: String::new(),
            issued: self.issued,
            issuer: self.issuer.clone(),
            recipient: self.recipient.clone(),
            facts: corrects.chain(self.stay.rows()).collect(),
            table: Table {
                columns: columns(&[("Description", false), ("Quantity", true), ("Price", true), ("Amount", true)]),
                rows: self.items.iter().map(|item| vec![item.words.clone(), item.quantity.to_string(), money(item.unit), money(item.amount)]).collect(),
                totals,
            },
            notes: contained.chain(self.notes.iter().cloned()).collect(),
        }
    }
}

fn movements(all: &[Movement], currency: Currency) -> Vec<Vec<String>> {
    all.iter().map(|one| vec![one.words.clone(), one.on.to_string(), one.reference.clone(), amount(one.amount, currency)]).collect()
}

impl Receipt {
    /// What was paid, less what went back.
    #[must_use]
    pub fn paid(&self) -> i64 {
        self.payments.iter().map(|payment| payment.amount).sum()
    }

    #[must_use]
    pub fn sheet(&self) -> Sheet {
        Sheet {
            title: "Receipt".into(),
            number: String::new(),
            issued: self.issued,
            issuer: self.issuer.clone(),
            recipient: self.recipient.clone(),
            facts: self.stay.rows(),
            table: Table {
                columns: columns(&[("Payment", false), ("Date", false), ("Reference", false), ("Amount", true)]),
                rows: movements(&self.payments, self.currency),
                totals: vec![(format!("Paid {}", self.currency), amount(self.paid(), self.currency))],
            },
            notes: self.notes.clone(),
        }
    }
}

impl Statement {
    #[must_use]
    pub fn sheet(&self) -> Sheet {
        let money = |minor| amount(minor, self.currency);
        let moved: i64 = self.movements.iter().map(|movement| movement.amount).sum();
        Sheet {
            title: "Statement".into(),
            number: String::new(),
            issued: self.issued,
            issuer: self.issuer.clone(),
            recipient: self.host.clone(),
            facts: vec![("Period".into(), self.month.clone()), ("Currency".into(), self.currency.code().to_owned())],
            table: Table {
                columns: columns(&[("Movement", false), ("Date", false), ("Reference", false), ("Amount", true)]),
                rows: movements(&self.movements, self.currency),
                totals: vec![("Carried from before".into(), money(self.carried)), (format!("Balance {}", self.currency), money(self.carried + moved))],
            },
            notes: self.notes.clone(),
        }
    }
}
