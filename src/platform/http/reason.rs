//! Why somebody does something that others have to live with: read in one way everywhere, told to whom it concerns, kept in the audit trail.

use crate::platform::error::{Error, FieldError, Kind, Result};
use unicode_normalization::UnicodeNormalization;

/// The longest reason, in characters.
const LONGEST: usize = 500;

/// The member `reason` of a body as it is kept: composed (NFC), lines ending in `\n`, no spaces around it.
///
/// Refuses with 422 `invalid_reason` what says nothing, has more than 500 characters, or control characters other than line ends and tabs.
pub fn given(text: &str) -> Result<String> {
    let text: String = text.replace("\r\n", "\n").trim().nfc().collect();
    let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.is_empty() || text.chars().count() > LONGEST || text.chars().any(odd) {
        return Err(missing());
    }
    Ok(text)
}

/// 422 `invalid_reason`, also for use cases that know only by what somebody is that they have to say why.
#[must_use]
pub fn missing() -> Error {
    let message = format!("must say why, in 1 to {LONGEST} characters without control characters");
    let refused = Error::refused(Kind::Unacceptable, "invalid_reason", format!("reason: {message}."));
    refused.with_error(FieldError::new("/body/reason", "invalid_reason", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_kept_as_it_was_meant() {
        assert_eq!(given("  a court asks\r\n(file 12)\t ").unwrap(), "a court asks\n(file 12)");
        assert_eq!(given("Ku\u{308}ndigung").unwrap(), "K\u{fc}ndigung");
        assert_eq!(given(&"é".repeat(LONGEST)).unwrap().chars().count(), LONGEST);
    }

    #[test]
    fn what_says_nothing_too_much_or_odd_things_is_refused() {
        for odd in ["", " \n\t", "a\u{0}b", "a\u{1b}[2Jb", "a\u{85}b", &"x".repeat(LONGEST + 1)] {
            let Err(Error::Refused(refused)) = given(odd) else { panic!("{odd:?} was taken") };
            assert_eq!((refused.kind, refused.code, refused.errors[0].pointer.as_str()), (Kind::Unacceptable, "invalid_reason", "/body/reason"));
        }
    }
}
