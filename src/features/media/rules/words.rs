//! Words that come with a photo: its alternative text, and what its host calls the file.

use crate::platform::error::{FieldError, Kind, Refusal, Refused};
use unicode_normalization::UnicodeNormalization;

/// Longest alternative text, in characters.
pub(in super::super) const MOST_ALT: usize = 500;
const MOST_NAME: usize = 120;
const NAMELESS: &str = "photo";

/// An alternative text that cannot be kept as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct AltRefusal;

impl Refusal for AltRefusal {
    fn refused(&self) -> Refused {
        let message = format!("must be at most {MOST_ALT} characters in one line");
        let mut refused = Refused::new(Kind::Unacceptable, "invalid_alt", format!("alt: {message}."));
        refused.errors.push(FieldError::new("/body/alt", "invalid_alt", message));
        refused
    }
}

/// What is to be seen, for those who cannot see it. Empty: nobody has said it yet.
pub(in super::super) fn alt(text: &str) -> Result<String, AltRefusal> {
    let text: String = text.trim().nfc().collect();
    if text.chars().count() > MOST_ALT || text.chars().any(char::is_control) { Err(AltRefusal) } else { Ok(text) }
}

/// A file's name as its host may read it again: what was before the last slash, control characters, and marks that turn the
/// direction of writing are left out. No file is ever called like that.
pub(in super::super) fn file_name(given: Option<&str>) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let last = given.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.nfc().filter(|c| !c.is_control() && !turns(*c)).take(MOST_NAME).collect();
    let name = name.trim_matches(|c: char| c.is_whitespace() || c == '.');
    if name.is_empty() { NAMELESS.to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere() {
        let long = "x".repeat(4_096);
        for (given, kept) in [
            (Some("kitchen.jpg"), "kitchen.jpg"),
            (Some("../../etc/passwd"), "passwd"),
            (Some("..\\..\\boot.ini"), "boot.ini"),
            (Some("a\0b\r\nc.jpg"), "abc.jpg"),
            (Some("\u{202e}gpj.exe"), "gpj.exe"),
            (Some("CON"), "CON"),
            (Some("😀 München.png"), "😀 München.png"),
            (Some(".."), "photo"),
            (Some(""), "photo"),
            (None, "photo"),
            (Some(long.as_str()), &long[..MOST_NAME]),
        ] {
            assert_eq!(file_name(given), kept, "{given:?}");
        }
    }

    #[test]
    fn alternative_texts_are_one_line() {
        assert_eq!(alt("  A blue door in the snow 😀 "), Ok("A blue door in the snow 😀".to_owned()));
        assert_eq!(alt(""), Ok(String::new()));
        for bad in ["a\nb", "a\0", &"x".repeat(MOST_ALT + 1)] {
            assert_eq!(alt(bad), Err(AltRefusal));
        }
    }
}
