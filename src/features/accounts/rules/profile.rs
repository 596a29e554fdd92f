//! What people may say of themselves.

use crate::platform::error::{FieldError, Kind, Refusal, Refused};
use unicode_normalization::UnicodeNormalization;

/// Most languages somebody may speak here.
pub(crate) const MOST_LANGUAGES: usize = 20;
const MOST_ABOUT: usize = 5_000;
const MOST_LOCATION: usize = 100;
const MOST_TAG: usize = 35;

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
        let tag = tag(given).ok_or_else(|| refusal("invalid_language", "languages", "must be language tags such as `en` or `pt-BR`"))?;
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
    tag(given).ok_or_else(|| refusal("invalid_language", "locale", "must be a language tag such as `en` or `pt-BR`"))
}

/// A language tag (BCP 47) in its usual spelling: `pt-br` becomes `pt-BR`. `None` when it has not the form of one.
fn tag(text: &str) -> Option<String> {
    let mut parts = text.trim().split(['-', '_']);
    let language = parts.next().filter(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic()))?;
    let (mut tag, mut plain, mut last_len) = (language.to_ascii_lowercase(), true, 2);
    for part in parts {
        if !(1..=8).contains(&part.len()) || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        // After a single letter come extensions, which are written small.
        plain &= part.len() > 1;
        let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
        tag.push('-');
        match part.len() {
            2 if plain => tag.push_str(&part.to_ascii_uppercase()),
            4 if plain && letters => {
                tag.push_str(&part[..1].to_ascii_uppercase());
                tag.push_str(&part[1..].to_ascii_lowercase());
            }
            _ => tag.push_str(&part.to_ascii_lowercase()),
        }
        last_len = part.len();
    }
    (tag.len() <= MOST_TAG && last_len > 1).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_spelled_as_usual() {
        for (given, tag_of) in [
            ("en", Some("en")),
            (" EN ", Some("en")),
            ("pt-br", Some("pt-BR")),
            ("pt_BR", Some("pt-BR")),
            ("ZH-hant-tw", Some("zh-Hant-TW")),
            ("es-419", Some("es-419")),
            ("de-u-CO-phonebk", Some("de-u-co-phonebk")),
            ("gsw", Some("gsw")),
            ("", None),
            ("e", None),
            ("english", None),
            ("en-", None),
            ("en--US", None),
            ("en-x", None),
            ("e1", None),
            ("en-US-ünder", None),
            ("en-toolongpart", None),
            ("en-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd", None),
        ] {
            assert_eq!(tag(given).as_deref(), tag_of, "{given}");
        }
    }

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
