//! Writes judged fields on a home, and complaints about the others. In each: absent stays, null empties where there is an empty.

use crate::features::listings::rules::complaints::Complaints;
use crate::features::listings::rules::words;
use poem_openapi::types::MaybeUndefined;
use std::ops::RangeInclusive;

pub(super) struct Pen<'a> {
    pub(super) complaints: &'a mut Complaints,
}

impl Pen<'_> {
    /// A text; null is the empty one.
    pub(super) fn text(&mut self, field: &str, given: MaybeUndefined<String>, judge: impl Fn(&str) -> Result<String, String>, target: &mut String) {
        match given {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => target.clear(),
            MaybeUndefined::Value(text) => *target = self.complaints.take(field, "invalid_text", judge(&text)).unwrap_or_default(),
        }
    }

    /// Something that may be missing.
    pub(super) fn optional(
        &mut self,
        field: &str,
        code: &'static str,
        given: MaybeUndefined<String>,
        judge: impl Fn(&str) -> Result<String, String>,
        target: &mut Option<String>,
    ) {
        match given {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => *target = None,
            MaybeUndefined::Value(text) => *target = self.complaints.take(field, code, judge(&text)),
        }
    }

    /// One of several.
    pub(super) fn choice(&mut self, field: &str, given: MaybeUndefined<String>, judge: impl Fn(&str) -> Result<String, String>, target: &mut String) {
        match given {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => self.complaints.add(field, "required", "must not be null"),
            MaybeUndefined::Value(text) => *target = self.complaints.take(field, "unknown_value", judge(&text)).unwrap_or_default(),
        }
    }

    pub(super) fn number(&mut self, field: &str, given: MaybeUndefined<i64>, range: RangeInclusive<i64>, target: &mut i64) {
        match given {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => self.complaints.add(field, "required", "must not be null"),
            MaybeUndefined::Value(number) if range.contains(&number) => *target = number,
            MaybeUndefined::Value(_) => self.complaints.add(field, "out_of_range", format!("must be {} to {}", range.start(), range.end())),
        }
    }

    /// A local time of day.
    pub(super) fn time(&mut self, field: &str, given: MaybeUndefined<String>, target: &mut i64) {
        match given {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => self.complaints.add(field, "required", "must not be null"),
            MaybeUndefined::Value(text) => *target = self.complaints.take(field, "out_of_range", words::minute(&text)).unwrap_or(*target),
        }
    }

    /// A list of at most `most`; null is the empty one. `None`: nothing was given, or too much.
    pub(super) fn list<T>(&mut self, field: &str, given: MaybeUndefined<Vec<T>>, most: usize) -> Option<Vec<T>> {
        match given {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(Vec::new()),
            MaybeUndefined::Value(items) if items.len() <= most => Some(items),
            MaybeUndefined::Value(_) => {
                self.complaints.add(field, "out_of_range", format!("must be at most {most}"));
                None
            }
        }
    }

    /// A list of words, each judged, each kept once.
    pub(super) fn keys(
        &mut self,
        field: &str,
        given: MaybeUndefined<Vec<String>>,
        most: usize,
        judge: impl Fn(&str) -> Result<String, String>,
        target: &mut Vec<String>,
    ) {
        let Some(items) = self.list(field, given, most) else { return };
        let judged = items.iter().enumerate().filter_map(|(at, item)| self.complaints.take(&format!("{field}/{at}"), "unknown_value", judge(item)));
        *target = words::each_once(judged.collect());
    }
}
