//! The operator's own fields, as homes are found by them: a column for each field that is searched, filled where a home says something.
//!
//! They are few and mostly empty, so each has a set of the homes that say anything, and its column is asked for those alone. A snapshot of the
//! engine does not hold them: they are read again, of the few homes that have any.

use super::bits::Bitmap;
use super::names::{Names, fold};
use super::selection::Selection;
use crate::features::listings::{FieldValue, SearchableFields};
use std::collections::HashMap;

/// What a question asks of one of these fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CustomFilter {
    pub key: Box<str>,
    pub wanted: Wanted,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    Is(FieldValue),
    /// Both included.
    Between(f64, f64),
}

/// The columns of all searched fields.
#[derive(Debug, Default)]
pub(crate) struct Customs {
    fields: SearchableFields,
    columns: HashMap<Box<str>, Column>,
}

/// What homes say in one field, by ordinal.
#[derive(Debug)]
struct Column {
    told: Bitmap,
    /// Of texts, choices, and yes or no: the number of the word.
    words: Vec<u32>,
    names: Names,
    /// Of numbers, and of dates as days.
    numbers: Vec<f64>,
}

impl Customs {
    /// Columns for these fields, with room for so many homes.
    pub(crate) fn new(fields: SearchableFields, room: usize) -> Self {
        let column = || Column { told: Bitmap::with_room(room), words: Vec::new(), names: Names::default(), numbers: Vec::new() };
        let columns = fields.keys().map(|key| (key.into(), column())).collect();
        Self { fields, columns }
    }

    /// The fields that can be asked for.
    pub(crate) fn fields(&self) -> &SearchableFields {
        &self.fields
    }

    /// Writes what a home says now, and nothing else any more.
    pub(super) fn put(&mut self, ordinal: u32, values: &[(Box<str>, FieldValue)]) {
        for (key, column) in &mut self.columns {
            let value = values.iter().find(|(of, _)| of == key).map(|(_, value)| value);
            column.told.set(ordinal, value.is_some());
            if let Some(value) = value {
                column.put(ordinal as usize, value);
            }
        }
    }

    /// Narrows to the homes that say what is wanted. A field that is not searched is said by nobody.
    pub(super) fn narrow(&self, filter: &CustomFilter, selection: &mut Selection) {
        let Some(column) = self.columns.get(&filter.key) else { return *selection = Selection::default() };
        selection.and(&column.told);
        match &filter.wanted {
            Wanted::Between(least, most) => {
                selection.retain(|n| column.numbers.get(n as usize).is_some_and(|number| (least..=most).contains(&number)));
            }
            Wanted::Is(value) => match column.names.find(&word(value)) {
                Some(wanted) => selection.retain(|n| column.words.get(n as usize) == Some(&wanted)),
                None => *selection = Selection::default(),
            },
        }
    }
}

impl Column {
    fn put(&mut self, place: usize, value: &FieldValue) {
        if let FieldValue::Number(number) = value {
            if self.numbers.len() <= place {
                self.numbers.resize(place + 1, f64::NAN);
            }
            self.numbers[place] = *number;
            return;
        }
        if self.words.len() <= place {
            self.words.resize(place + 1, u32::MAX);
        }
        self.words[place] = self.names.number(&word(value));
    }
}

/// A value as words are compared: texts without regard to case, accents and white space.
fn word(value: &FieldValue) -> String {
    match value {
        FieldValue::Text(text) => fold(text),
        FieldValue::Choice(choice) => choice.clone(),
        FieldValue::Number(_) => String::new(),
    }
}
