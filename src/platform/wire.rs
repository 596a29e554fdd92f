//! Types of the wire that every feature shares: dates, money, places, decimals without floats.
//!
//! Dates are `YYYY-MM-DD` and nothing else (docs/RULES.md, D2). Decimals are made from whole numbers by writing their
//! digits, so that 4.87 never becomes 4.869999.

use crate::values::{Currency, Deposit, Money, Night};
use poem_openapi::Object;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use serde_json::Value;
use std::borrow::Cow;

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct MoneyView {
    /// In minor units of the currency: 105132 EUR are 1051.32 euros.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
}

impl From<Money> for MoneyView {
    fn from(money: Money) -> Self {
        Self { amount: money.minor, currency: money.currency.code().to_owned() }
    }
}

/// What guests leave against damage, and get back. No part of any price.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct DepositView {
    /// `charge_refund`: charged, and given back seven days after check-out; `card_hold`: authorised on the card the day before check-in, and let go a day after
    /// check-out; `claim_only`: nothing is left, damage is claimed.
    pub kind: String,
    /// Null for `claim_only`.
    pub amount: Option<MoneyView>,
    /// Asked for so many days before check-in; null: with the booking.
    pub days_before: Option<u16>,
}

impl DepositView {
    #[must_use]
    pub fn of(deposit: Deposit, currency: Currency) -> Self {
        let amount = deposit.amount.map(|minor| Money::new(minor, currency).into());
        Self { kind: deposit.kind.name().to_owned(), amount, days_before: deposit.asked_days_before() }
    }
}

/// A point on the map, WGS 84 degrees. Of a home it is the public point, 150 to 500 m beside the real one.
#[derive(Debug, Clone, Copy, PartialEq, Object)]
pub struct Located {
    pub lat: f64,
    pub lng: f64,
}

/// A calendar date as it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateView(pub Night);

/// A calendar date as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateAsk {
    Night(Night),
    /// A date with a time of day behind it: understood, and refused with 422 rather than cut off.
    WithTime,
}

/// The refusal of a date that came with a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("dates are YYYY-MM-DD, without a time of day")]
pub struct TimeOfDay;

impl DateAsk {
    /// Reads `YYYY-MM-DD`, or recognises one that has a time part; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(night) = Night::parse(text) {
            return Some(Self::Night(night));
        }
        let (date, time) = text.split_at_checked(10)?;
        (Night::parse(date).is_some() && time.starts_with(['T', 't', ' '])).then_some(Self::WithTime)
    }

    /// The date; refuses one that came with a time of day (D2).
    pub fn night(self) -> Result<Night, TimeOfDay> {
        match self {
            Self::Night(night) => Ok(night),
            Self::WithTime => Err(TimeOfDay),
        }
    }
}

/// A number of hundredths, such as a mean rating: 487 is written 4.87.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hundredths(pub i64);

/// A number of halves, such as bathrooms: 3 is written 1.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Halves(pub i64);

impl std::fmt::Display for Hundredths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100)
    }
}

impl std::fmt::Display for Halves {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{}", self.0.unsigned_abs() / 2, self.0.unsigned_abs() % 2 * 5)
    }
}

/// The JSON number that is written as `digits`; the shortest decimal of a parsed one is what was parsed.
fn number(digits: &impl ToString) -> Option<Value> {
    digits.to_string().parse::<serde_json::Number>().ok().map(Value::Number)
}

/// What poem-openapi asks of a type that is a JSON string or number with a format.
macro_rules! scalar {
    ($type:ty, $kind:literal, $format:literal $(, $multiple_of:literal)?) => {
        impl Type for $type {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                concat!($kind, "_", $format).into()
            }
            fn schema_ref() -> MetaSchemaRef {
                let schema = MetaSchema::new_with_format($kind, $format);
                $(let schema = MetaSchema { multiple_of: Some($multiple_of), ..schema };)?
                MetaSchemaRef::Inline(Box::new(schema))
            }
            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }
            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
    };
}
scalar!(DateView, "string", "date");
scalar!(DateAsk, "string", "date");
scalar!(Hundredths, "number", "double", 0.01);
scalar!(Halves, "number", "double", 0.5);

impl ToJSON for DateView {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.to_string()))
    }
}

/// As it was asked for; poem-openapi asks every field of an object to be writable too.
impl ToJSON for DateAsk {
    fn to_json(&self) -> Option<Value> {
        self.night().ok().map(|night| Value::String(night.to_string()))
    }
}

impl ToJSON for Hundredths {
    fn to_json(&self) -> Option<Value> {
        number(self)
    }
}

impl ToJSON for Halves {
    fn to_json(&self) -> Option<Value> {
        number(self)
    }
}

/// Reads a JSON number of at most two decimals as hundredths.
#[must_use]
pub fn hundredths(value: &Value) -> Option<i64> {
    let digits = value.as_number()?.to_string();
    let (whole, decimals) = digits.split_once('.').unwrap_or((&digits, ""));
    (decimals.len() <= 2).then(|| format!("{whole}{decimals:0<2}").parse().ok())?
}

// poem-openapi asks every field of an object to be readable too.
impl ParseFromJSON for DateView {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let night = value.as_ref().and_then(Value::as_str).and_then(Night::parse);
        night.map(Self).ok_or_else(|| ParseError::custom("expected a date, YYYY-MM-DD"))
    }
}

impl ParseFromJSON for Hundredths {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        value.as_ref().and_then(hundredths).map(Self).ok_or_else(|| ParseError::custom("expected a number of at most two decimals"))
    }
}

impl ParseFromJSON for Halves {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let halves = value.as_ref().and_then(hundredths).filter(|n| n % 50 == 0).map(|n| n / 50);
        halves.map(Self).ok_or_else(|| ParseError::custom("expected a whole number or a half"))
    }
}

impl ParseFromParameter for DateAsk {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Self::parse(value).ok_or_else(|| ParseError::custom("expected a date, YYYY-MM-DD"))
    }
}

impl ParseFromJSON for DateAsk {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::String(text)) => Self::parse_from_parameter(&text).map_err(ParseError::propagate),
            other => Err(ParseError::expected_type(other.unwrap_or_default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_digit_by_digit() {
        for (hundredths, text) in [(487, "4.87"), (500, "5.0"), (7, "0.07"), (-5, "-0.05"), (123_456_789, "1234567.89")] {
            let json = Hundredths(hundredths).to_json();
            assert_eq!(json.as_ref().unwrap().to_string(), text);
            assert_eq!(Hundredths::parse_from_json(json).unwrap(), Hundredths(hundredths));
        }
        for (halves, text) in [(0, "0.0"), (1, "0.5"), (3, "1.5"), (4, "2.0"), (199, "99.5")] {
            let json = Halves(halves).to_json();
            assert_eq!(json.as_ref().unwrap().to_string(), text);
            assert_eq!(Halves::parse_from_json(json).unwrap(), Halves(halves));
        }
    }

    #[test]
    fn a_date_with_a_time_is_told_apart_from_nonsense() {
        let night = Night::parse("2030-05-01").unwrap();
        assert_eq!(DateAsk::parse("2030-05-01").map(DateAsk::night), Some(Ok(night)));
        for text in ["2030-05-01T00:00:00Z", "2030-05-01 10:00", "2030-05-01t"] {
            assert_eq!(DateAsk::parse(text).map(DateAsk::night), Some(Err(TimeOfDay)), "{text}");
        }
        for text in ["", "2030-02-30", "2030-02-30T00:00:00Z", "tomorrow", "2030-5-1", "2030-05-011", "2030-05-0é", "01.05.2030"] {
            assert_eq!(DateAsk::parse(text), None, "{text}");
        }
    }
}
