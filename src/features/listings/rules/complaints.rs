//! Everything that is wrong with what somebody sent, told at once, each with a pointer.

use crate::platform::error::{FieldError, Kind, Refused, Result};

/// What is wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Complaints(Vec<FieldError>);

impl Complaints {
    /// `field` is a JSON pointer into the body without its first slash, such as `rooms/0/name`.
    pub(crate) fn add(&mut self, field: &str, code: &'static str, message: impl Into<String>) {
        self.0.push(FieldError::new(format!("/body/{field}"), code, message));
    }

    /// Passes a judged value on, or notes why there is none.
    pub(crate) fn take<T>(&mut self, field: &str, code: &'static str, judged: Result<T, String>) -> Option<T> {
        judged.map_err(|message| self.add(field, code, message)).ok()
    }

    /// Refuses with 422 `invalid_fields` when anything was wrong.
    pub(crate) fn settle(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = self.0.iter().map(|error| error.pointer.trim_start_matches("/body/")).collect();
        let mut refused = Refused::new(Kind::Unacceptable, "invalid_fields", format!("Not as it must be: {}.", names.join(", ")));
        refused.errors = self.0;
        Err(refused.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::error::Error;

    #[test]
    fn everything_wrong_is_told_at_once() {
        assert!(Complaints::default().settle().is_ok());
        let mut complaints = Complaints::default();
        complaints.add("title", "invalid_text", "is too long");
        assert_eq!(complaints.take("capacity", "out_of_range", Err::<i64, _>("must be 1 to 100".into())), None);
        let Err(Error::Refused(refused)) = complaints.settle() else { panic!("not refused") };
        assert_eq!((refused.code, refused.detail.as_str()), ("invalid_fields", "Not as it must be: title, capacity."));
        assert_eq!(refused.errors[1], FieldError::new("/body/capacity", "out_of_range", "must be 1 to 100"));
    }
}
