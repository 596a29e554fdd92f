//! What a JSON body must look like, read from the OpenAPI document at the start: [`Shape`].
//!
//! poem-openapi stops at the first thing that does not fit and names a Rust type; it takes numbers and booleans for text. A body is held against
//! the document before that, and every field that does not fit (the first twenty of them) is named, with a pointer and a code. What was sent is never sent back.

mod read;
#[cfg(test)]
mod tests;

use super::problem::cut;
use super::strict;
use crate::platform::error::{Error, FieldError, Kind};
use crate::platform::wire::{DateAsk, Hundredths, hundredths};
use serde_json::{Map, Value};
use uuid::Uuid;

/// So many misfits are named in one answer.
const NAMED: usize = 20;

/// What a value of a body must be.
#[derive(Debug, PartialEq)]
pub(super) struct Shape {
    nullable: bool,
    sort: Sort,
}

#[derive(Debug, PartialEq)]
enum Sort {
    Any,
    Flag,
    Number {
        /// In hundredths: all are multiples of it.
        step: Option<i64>,
    },
    Whole {
        least: i128,
        most: i128,
    },
    Text {
        form: Form,
        least: usize,
        /// In characters.
        most: usize,
        /// Empty: any text.
        values: Vec<String>,
    },
    List {
        of: Box<Shape>,
        least: usize,
        most: usize,
    },
    Object {
        members: Vec<Member>,
        /// What members must be that have no name in the document; `None`: there are none.
        others: Option<Box<Shape>>,
    },
}

#[derive(Debug, PartialEq, Clone, Copy)]
enum Form {
    Free,
    Date,
    Uuid,
}

#[derive(Debug, PartialEq)]
struct Member {
    name: String,
    needed: bool,
    shape: Shape,
}

/// What does not fit in one body.
#[derive(Default)]
struct Misfits {
    found: Vec<FieldError>,
    /// Whether something else is wrong than a value outside its limits.
    malformed: bool,
}

impl Shape {
    /// Holds a body against the shape; one that is no JSON is left to whoever reads it. Errors: 400 `invalid_body`, with `required`, `invalid_type`,
    /// `unknown_field`, `unknown_value` or `invalid_value` beside each field; 422 `out_of_range` if nothing but limits was passed.
    pub(super) fn check(&self, body: &[u8]) -> Result<(), Error> {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return Ok(()) };
        let mut misfits = Misfits::default();
        self.hold(&value, "/body", &mut misfits);
        misfits.told()
    }

    fn hold(&self, value: &Value, at: &str, misfits: &mut Misfits) {
        if misfits.full() || value.is_null() && self.nullable {
            return;
        }
        match (&self.sort, value) {
            (Sort::Any, _) | (Sort::Flag, Value::Bool(_)) => {}
            (Sort::Number { step }, Value::Number(_)) => {
                if let Some(step) = step
                    && hundredths(value).is_none_or(|n| n % step != 0)
                {
                    misfits.malformed(at, "invalid_value", format!("must be a multiple of {}", Hundredths(*step)));
                }
            }
            (Sort::Whole { least, most }, Value::Number(number)) => match whole(number) {
                Some(n) if (*least..=*most).contains(&n) => {}
                Some(_) => misfits.beyond(at, format!("must be a whole number from {least} to {most}")),
                // Beyond 64 bits JSON's numbers are read as decimals.
                None if number.as_f64().is_some_and(|n| n.abs() >= 1e18 && n.fract() == 0.0) => {
                    misfits.beyond(at, format!("must be a whole number from {least} to {most}"));
                }
                None => misfits.malformed(at, "invalid_type", "must be a whole number, without a fraction or an exponent"),
            },
            (Sort::Text { form, least, most, values }, Value::String(text)) => hold_text(text, *form, (*least, *most), values, at, misfits),
            (Sort::List { of, least, most }, Value::Array(all)) => {
                if !(*least..=*most).contains(&all.len()) {
                    return misfits.beyond(at, limits(*least, *most, "entries"));
                }
                all.iter().enumerate().for_each(|(n, one)| of.hold(one, &format!("{at}/{n}"), misfits));
            }
            (Sort::Object { members, others }, Value::Object(given)) => hold_members(members, others.as_deref(), given, at, misfits),
            (sort, other) => misfits.malformed(at, "invalid_type", format!("must be {}, not {}", sort.words(), words(other))),
        }
    }
}

fn hold_text(text: &str, form: Form, (least, most): (usize, usize), values: &[String], at: &str, misfits: &mut Misfits) {
    let fits = match form {
        Form::Free => true,
        Form::Date => DateAsk::parse(text).is_some(),
        Form::Uuid => Uuid::parse_str(text).is_ok(),
    };
    if !fits {
        misfits.malformed(at, "invalid_value", format!("must be {}", form.words()));
    } else if !values.is_empty() && !values.iter().any(|value| value == text) {
        misfits.malformed(at, "unknown_value", format!("must be one of {}", values.join(", ")));
    } else if text.len() > most || text.len() < least.saturating_mul(4) {
        // Only then can the number of characters be outside.
        let long = text.chars().take(most.saturating_add(1)).count();
        if !(least..=most).contains(&long) {
            misfits.beyond(at, limits(least, most, "characters"));
        }
    }
}

fn hold_members(members: &[Member], others: Option<&Shape>, given: &Map<String, Value>, at: &str, misfits: &mut Misfits) {
    for member in members {
        let place = || format!("{at}/{}", escaped(&member.name));
        match given.get(&member.name) {
            Some(value) => member.shape.hold(value, &place(), misfits),
            None if member.needed => misfits.malformed(place(), "required", "must be there"),
            None => {}
        }
    }
    for (name, value) in given.iter().filter(|(name, _)| !members.iter().any(|member| member.name == **name)) {
        if misfits.full() {
            return;
        }
        let shown = escaped(&cut(name));
        match others {
            Some(shape) => shape.hold(value, &format!("{at}/{shown}"), misfits),
            None => {
                let near = strict::nearest(name, members.iter().map(|member| member.name.as_str()));
                let hint = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
                misfits.malformed(format!("{at}/{shown}"), "unknown_field", format!("is not a field of this body{hint}"));
            }
        }
    }
}

/// A name as a part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Misfits {
    fn full(&self) -> bool {
        self.found.len() >= NAMED
    }

    fn malformed(&mut self, at: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.malformed = true;
        self.name(FieldError::new(at, code, message));
    }

    fn beyond(&mut self, at: &str, message: String) {
        self.name(FieldError::new(at, "out_of_range", message));
    }

    fn name(&mut self, error: FieldError) {
        if !self.full() {
            self.found.push(error);
        }
    }

    fn told(self) -> Result<(), Error> {
        let Some(first) = self.found.first() else { return Ok(()) };
        let plain = |path: &str| path.replace('/', ".").replace("~1", "/").replace("~0", "~");
        let field = first.pointer.strip_prefix("/body/").map_or("the body".to_owned(), |path| format!("`{}`", plain(path)));
        let more = match self.found.len() - 1 {
            0 => String::new(),
            _ if self.full() => format!(" (the first {NAMED} of those that do not are in `errors`)"),
            n => format!(" (and {n} more, see `errors`)"),
        };
        let (kind, code) = if self.malformed { (Kind::Malformed, "invalid_body") } else { (Kind::Unacceptable, "out_of_range") };
        let refused = Error::refused(kind, code, format!("The body does not fit: {field} {}{more}.", first.message));
        Err(self.found.into_iter().fold(refused, Error::with_error))
    }
}

impl Form {
    fn words(self) -> &'static str {
        match self {
            Self::Free => "text",
            Self::Date => "a date as YYYY-MM-DD",
            Self::Uuid => "an id (a UUID)",
        }
    }
}

impl Sort {
    fn words(&self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Flag => "true or false",
            Self::Number { .. } => "a number",
            Self::Whole { .. } => "a whole number",
            Self::Text { form, .. } => form.words(),
            Self::List { .. } => "a list",
            Self::Object { .. } => "an object",
        }
    }
}

fn words(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn whole(number: &serde_json::Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

fn limits(least: usize, most: usize, what: &str) -> String {
    match (least, most) {
        (0, most) => format!("may have {most} {what} at most"),
        (least, usize::MAX) => format!("must have {least} {what} at least"),
        (least, most) => format!("must have {least} to {most} {what}"),
    }
}
