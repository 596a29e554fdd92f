//! The operator's own fields: what may stand in them.

use super::words;
use crate::values::Night;
use serde_json::{Map, Value};

pub(crate) const MOST_FIELDS: usize = 50;
pub(crate) const MOST_CHOICES: usize = 50;
const MOST_TEXT: usize = 1_000;
/// Whole numbers that a JSON number keeps exactly everywhere.
const MOST_NUMBER: i64 = 1 << 53;

/// What kind of value a field takes; the names are stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Choice,
    Boolean,
    Date,
}

/// A field that the operator defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub key: String,
    pub label: String,
    pub kind: Kind,
    /// Of a `Choice`; empty otherwise.
    pub choices: Vec<String>,
    /// A home without it is not published.
    pub required: bool,
    /// Homes are filtered by it, and its words are found by the search for texts.
    pub searchable: bool,
    pub version: i64,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::Text, Self::Number, Self::Choice, Self::Boolean, Self::Date];

    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Choice => "choice",
            Self::Boolean => "boolean",
            Self::Date => "date",
        }
    }

    #[must_use]
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The key of a field: small letters, digits and `_`, a letter first.
pub(crate) fn key(text: &str) -> Result<String, String> {
    let fits = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') && text.starts_with(|c: char| c.is_ascii_lowercase());
    if fits && text.len() <= 40 { Ok(text.to_owned()) } else { Err("must be 1 to 40 of a-z, 0-9 and _, a letter first".to_owned()) }
}

/// The value as it is kept, or why it cannot be.
pub(crate) fn judged(field: &Field, value: &Value) -> Result<Value, String> {
    let text = value.as_str();
    match field.kind {
        Kind::Text => text.ok_or("must be a text".to_owned()).and_then(|text| words::prose(text, MOST_TEXT)).map(Value::String),
        Kind::Number => match value.as_number() {
            // Numbers with decimals are kept as they were written.
            Some(number) if number.as_i64().is_none_or(|n| n.abs() <= MOST_NUMBER) && number.to_string().len() <= 24 => Ok(value.clone()),
            _ => Err("must be a number of at most 2^53".to_owned()),
        },
        Kind::Choice if text.is_some_and(|text| field.choices.iter().any(|choice| choice == text)) => Ok(value.clone()),
        Kind::Choice => Err(format!("must be one of {}", field.choices.join(", "))),
        Kind::Boolean if value.is_boolean() => Ok(value.clone()),
        Kind::Boolean => Err("must be true or false".to_owned()),
        Kind::Date if text.and_then(Night::parse).is_some() => Ok(value.clone()),
        Kind::Date => Err("must be a date, YYYY-MM-DD".to_owned()),
    }
}

/// What of a home's values the fields of today still mean.
#[must_use]
pub(crate) fn shown(values: &Map<String, Value>, fields: &[Field]) -> Map<String, Value> {
    let valid = |field: &Field| values.get(&field.key).and_then(|value| judged(field, value).ok()).map(|value| (field.key.clone(), value));
    fields.iter().filter_map(valid).collect()
}

/// A value that homes are found by.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    Text(String),
    /// One of a few words; `true` and `false` too.
    Choice(String),
    /// Dates are days since 1970.
    Number(f64),
}

impl Field {
    /// A value that was judged, to be compared.
    fn value(&self, value: &Value) -> Option<FieldValue> {
        match self.kind {
            Kind::Text => value.as_str().map(|text| FieldValue::Text(text.to_owned())),
            Kind::Choice => value.as_str().map(|text| FieldValue::Choice(text.to_owned())),
            Kind::Boolean => value.as_bool().map(|yes| FieldValue::Choice(yes.to_string())),
            Kind::Number => value.as_f64().map(FieldValue::Number),
            Kind::Date => value.as_str().and_then(Night::parse).map(|night| FieldValue::Number(night.0.into())),
        }
    }

    /// A value as somebody writes it into an address; the error says what it must be.
    pub(crate) fn asked(&self, text: &str) -> Result<FieldValue, String> {
        let number = || text.parse::<f64>().ok().filter(|number| number.is_finite()).map(FieldValue::Number);
        match self.kind {
            Kind::Text if text.trim().is_empty() => Err("must not be empty".to_owned()),
            Kind::Number => number().ok_or_else(|| "must be a number".to_owned()),
            Kind::Boolean => match text {
                "true" | "false" => Ok(FieldValue::Choice(text.to_owned())),
                _ => Err("must be true or false".to_owned()),
            },
            Kind::Text | Kind::Choice | Kind::Date => {
                let judged = judged(self, &Value::String(text.to_owned()))?;
                self.value(&judged).ok_or_else(|| "cannot be compared".to_owned())
            }
        }
    }

    /// Whether its values have an order, so that a range of them can be asked for.
    pub(crate) fn has_order(&self) -> bool {
        matches!(self.kind, Kind::Number | Kind::Date)
    }
}

/// The fields that homes are found by: the words of texts and choices by the search for texts, all of them by filters.
#[derive(Debug, Clone, Default)]
pub struct SearchableFields(Vec<Field>);

impl SearchableFields {
    pub(crate) fn of(fields: Vec<Field>) -> Self {
        Self(fields.into_iter().filter(|field| field.searchable).collect())
    }

    /// Their keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|field| field.key.as_str())
    }

    /// The field of a key.
    pub(crate) fn find(&self, key: &str) -> Option<&Field> {
        self.0.iter().find(|field| field.key == key)
    }

    /// What a home says in these fields, to be filtered by. Fails where `json` is no JSON object.
    pub fn values(&self, json: &str) -> serde_json::Result<Vec<(Box<str>, FieldValue)>> {
        if self.0.is_empty() || json == "{}" {
            return Ok(Vec::new());
        }
        let values: Map<String, Value> = serde_json::from_str(json)?;
        let shown = shown(&values, &self.0);
        let of = |field: &Field| Some((field.key.as_str().into(), field.value(shown.get(&field.key)?)?));
        Ok(self.0.iter().filter_map(of).collect())
    }

    /// The words of these fields in a home's values, one to a line. Fails where `json` is no JSON object.
    pub fn words(&self, json: &str) -> serde_json::Result<String> {
        // A million homes have none; then nothing is read.
        if self.0.is_empty() || json == "{}" {
            return Ok(String::new());
        }
        let values: Map<String, Value> = serde_json::from_str(json)?;
        let shown = shown(&values, &self.0);
        let has_words = |key: &String| self.find(key).is_some_and(|field| matches!(field.kind, Kind::Text | Kind::Choice));
        Ok(shown.iter().filter(|(key, _)| has_words(key)).filter_map(|(_, value)| value.as_str()).collect::<Vec<_>>().join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(kind: Kind) -> Field {
        let choices = if kind == Kind::Choice { vec!["sea".to_owned(), "hill".to_owned()] } else { vec![] };
        Field { key: "view".into(), label: "View".into(), kind, choices, required: false, searchable: true, version: 1 }
    }

    #[test]
    fn each_kind_takes_its_own_values() {
        for (kind, good, bad) in [
            (Kind::Text, json!("Über dem See"), json!(1)),
            (Kind::Text, json!("a\nb"), json!("a\u{0}b")),
            (Kind::Number, json!(-3), json!("3")),
            (Kind::Number, json!(2.5), json!(9_007_199_254_740_993_i64)),
            (Kind::Choice, json!("sea"), json!("lake")),
            (Kind::Boolean, json!(false), json!("false")),
            (Kind::Date, json!("2030-02-28"), json!("2030-02-30")),
            (Kind::Date, json!("2030-02-28"), json!("2030-02-28T00:00:00Z")),
        ] {
            assert_eq!(judged(&field(kind), &good), Ok(good), "{kind:?}");
            assert!(judged(&field(kind), &bad).is_err(), "{kind:?} {bad}");
        }
        for bad in [json!(null), json!([]), json!({})] {
            assert!(Kind::ALL.iter().all(|kind| judged(&field(*kind), &bad).is_err()), "{bad}");
        }
    }

    #[test]
    fn what_is_asked_compares_with_what_is_kept() {
        for (kind, kept, asked, bad) in [
            (Kind::Text, json!("By the sea"), "By the sea", " "),
            (Kind::Choice, json!("sea"), "sea", "lake"),
            (Kind::Boolean, json!(false), "false", "no"),
            (Kind::Number, json!(-2.5), "-2.50", "many"),
            (Kind::Number, json!(3), "3", "inf"),
            (Kind::Date, json!("2030-02-28"), "2030-02-28", "2030-02-30"),
        ] {
            let field = field(kind);
            assert_eq!(field.asked(asked).ok(), field.value(&kept), "{kind:?}");
            assert!(field.value(&kept).is_some() && field.asked(bad).is_err(), "{kind:?}");
        }
        let fields = SearchableFields::of(vec![field(Kind::Number)]);
        assert_eq!(fields.values(r#"{"view": 3, "gone": 1}"#).unwrap(), [("view".into(), FieldValue::Number(3.0))]);
        assert!(fields.values(r#"{"view": "sea"}"#).unwrap().is_empty() && fields.values("{}").unwrap().is_empty());
    }

    #[test]
    fn values_of_fields_that_changed_are_not_shown() {
        let values = json!({"view": "sea", "gone": 1});
        let values = values.as_object().unwrap();
        assert_eq!(Value::Object(shown(values, &[field(Kind::Choice)])), json!({"view": "sea"}));
        assert!(shown(values, &[field(Kind::Boolean)]).is_empty());
        let words = |field: Field| SearchableFields::of(vec![field]).words(r#"{"view": "sea", "gone": 1}"#).unwrap();
        assert_eq!((words(field(Kind::Text)).as_str(), words(Field { searchable: false, ..field(Kind::Text) }).as_str()), ("sea", ""));
        assert!(SearchableFields::of(vec![field(Kind::Text)]).words("[]").is_err());
        assert_eq!(SearchableFields::of(vec![field(Kind::Date)]).words(r#"{"view": "2030-01-01"}"#).unwrap(), "", "a date is no word");
        assert!(key("pool_depth2").is_ok() && ["", "Pool", "2pool", "a-b", &"x".repeat(41)].iter().all(|bad| key(bad).is_err()));
    }
}
