//! What people may say of themselves.

use crate::platform::error::{FieldError, Kind, Refusal, Refused};
use crate::values::language;
use unicode_normalization::UnicodeNormalization;

/// Most languages somebody may speak here.
pub(crate) const MOST_LANGUAGES: usize = 20;
const MOST_ABOUT: usize = 5_000;
const MOST_LOCATION: usize = 100;

/// A field of the profile that cannot be kept as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProfileRefusal {
    code: &'static str,
    /// Without the leading `/body/`.
    field: &'static str,
    message: String,
}

impl Refusal for ProfileRefusal {
    fn refused(&self) -> Refused {
        let mut refused = Refused::new(Kind::Unacceptable, self.code, format!("{}: {}.", self.field, self.message));
        refused.errors.push(FieldError::new(format!("/body/{}", self.field), self.code, &self.message));
        refused
    }
}

fn refusal(code: &'static str, field: &'static str, message: impl Into<String>) -> ProfileRefusal {
    ProfileRefusal { code, field, message: message.into() }
}

/// A text of several lines about oneself.
pub(crate) fn about(text: &str) -> Result<String, ProfileRefusal> {
    let text: String = text.replace("\r\n", "\n").trim().nfc().collect();
    let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.chars().count() > MOST_ABOUT || text.chars().any(odd) {
        return Err(refusal("invalid_text", "about", format!("must be at most {MOST_ABOUT} characters, without control characters")));
    }
    Ok(text)
}

/// Where somebody lives, in their own words.
pub(crate) fn location(text: &str) -> Result<String, ProfileRefusal> {
    let text: String = text.trim().nfc().collect();
    if text.chars().count() > MOST_LOCATION || text.chars().any(char::is_control) {
        return Err(refusal("invalid_text", "location", format!("must be at most {MOST_LOCATION} characters in one line")));
    }
    Ok(text)
}

/// Languages in their usual spelling, each once.
pub(crate) fn languages(tags: &[String]) -> Result<Vec<String>, ProfileRefusal> {
    let mut languages: Vec<String> = Vec::new();
    for given in tags {
        let tag = language::tag(given).ok_or_else(|| refusal("invalid_language", "languages", "must be language tags such as `en` or `pt-BR`"))?;
        if !languages.contains(&tag) {
            languages.push(tag);
        }
    }
    if languages.len() > MOST_LANGUAGES {
        return Err(refusal("out_of_range", "languages", format!("must be at most {MOST_LANGUAGES}")));
    }
    Ok(languages)
}

/// The language and region that somebody reads.
pub(crate) fn locale(given: &str) -> Result<String, ProfileRefusal> {
    language::tag(given).ok_or_else(|| refusal("invalid_language", "locale", "must be a language tag such as `en` or `pt-BR`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_lists_have_limits() {
        assert_eq!(about("  Two\r\nlines e\u{301} ").unwrap(), "Two\nlines é");
        assert!(about(&"x".repeat(5_001)).is_err() && about("a\0b").is_err());
        assert_eq!(location(" Albany ").unwrap(), "Albany");
        assert!(location("a\nb").is_err() && location(&"x".repeat(101)).is_err());
        assert_eq!(languages(&["EN".into(), "en".into(), "de".into()]).unwrap(), ["en", "de"]);
        let many: Vec<String> = ('a'..='u').map(|c| format!("{c}a")).collect();
        assert!(languages(&many).is_err() && languages(&many[1..]).is_ok() && languages(&["klingon!".into()]).is_err());
    }
}
