//! The name under which somebody is known.

use crate::platform::error::{FieldError, Kind, Refusal, Refused};
use unicode_normalization::UnicodeNormalization;

const MOST_CHARS: usize = 80;

/// Not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NameRefusal;

impl Refusal for NameRefusal {
    fn refused(&self) -> Refused {
        let message = format!("must be 1 to {MOST_CHARS} characters, without line breaks or other control characters");
        let mut refused = Refused::new(Kind::Unacceptable, "invalid_name", format!("The name {message}."));
        refused.errors.push(FieldError::new("/body/name", "invalid_name", message));
        refused
    }
}

/// The name as it is kept: NFC, without spaces around it.
pub(crate) fn name(text: &str) -> Result<String, NameRefusal> {
    let name: String = text.trim().nfc().collect();
    // Marks that turn the direction of the text around could make one name look like another.
    let confusing = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}'..='\u{2029}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if name.is_empty() || name.chars().count() > MOST_CHARS || name.chars().any(confusing) {
        return Err(NameRefusal);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names() {
        assert_eq!(name("  Ada Żółw 王  ").unwrap(), "Ada Żółw 王");
        assert_eq!(name("e\u{301}").unwrap(), "é");
        for bad in ["", "   ", "a\nb", "a\u{202e}b", "a\0", &"x".repeat(81)] {
            assert_eq!(name(bad), Err(NameRefusal), "{bad:?}");
        }
    }
}
