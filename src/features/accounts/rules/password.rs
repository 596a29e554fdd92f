//! Which passwords are good enough (S-AUTH 4): long, and not among those that are tried first.
//!
//! No rules about capital letters or signs, no expiry: they make passwords worse. The list of common passwords is the one
//! of zxcvbn (MIT, see `common_passwords.LICENSE`), made from what leaked elsewhere.

use crate::platform::error::{FieldError, Kind, Refusal, Refused};
use std::collections::HashSet;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// Longest password that is hashed, in characters.
const MOST_CHARS: usize = 128;
/// From here on a password may contain what is common: the rest of it is long enough.
const SAFE_CHARS: usize = 20;

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PasswordRefusal {
    TooShort(usize),
    TooLong,
    Common,
    /// The name, the address or the name of the site.
    AboutYou,
}

impl Refusal for PasswordRefusal {
    fn refused(&self) -> Refused {
        let (code, message) = match self {
            Self::TooShort(least) => ("password_too_short", format!("must have at least {least} characters; several words are easy to remember")),
            Self::TooLong => ("password_too_long", format!("may have {MOST_CHARS} characters")),
            Self::Common => ("password_common", "is among the first that are tried: it is common, or a pattern".into()),
            Self::AboutYou => ("password_about_you", "must not be made of your name, your address or the name of this site".into()),
        };
        let mut refused = Refused::new(Kind::Unacceptable, code, format!("The password {message}."));
        refused.errors.push(FieldError::new("/body/password", code, message));
        refused
    }
}

/// The password as it is hashed (NFKC: the same on every keyboard), if it is good enough.
///
/// - `least`: characters it must have.
/// - `about`: what an attacker knows of its owner: site, name, address.
pub(crate) fn accepted(password: &str, least: usize, about: &[&str]) -> Result<String, PasswordRefusal> {
    let password: String = password.nfkc().collect();
    let length = password.chars().count();
    if length < least {
        return Err(PasswordRefusal::TooShort(least));
    }
    if length > MOST_CHARS {
        return Err(PasswordRefusal::TooLong);
    }
    let lower = password.to_lowercase();
    if is_pattern(&lower) || (length < SAFE_CHARS && is_common(&lower)) {
        return Err(PasswordRefusal::Common);
    }
    if about.iter().any(|text| is_about(&lower, text)) {
        return Err(PasswordRefusal::AboutYou);
    }
    Ok(password)
}

/// In the list as it is, or with digits and signs put around it.
fn is_common(lower: &str) -> bool {
    let core = lower.trim_matches(|c: char| !c.is_alphabetic());
    let letters = undisguised(core);
    COMMON.contains(lower) || (core.len() >= 4 && (COMMON.contains(core) || COMMON.contains(letters.as_str())))
}

/// The letters that stand behind the usual signs: `p4$$w0rd`.
fn undisguised(text: &str) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    };
    text.chars().map(letter).collect()
}

/// `aaaa…`, `abcabc…`, a common password twice, `12345…`, `zyxw…`.
fn is_pattern(lower: &str) -> bool {
    let chars: Vec<char> = lower.chars().collect();
    let repeats = |unit: usize| chars.iter().zip(chars.iter().skip(unit)).all(|(a, b)| a == b);
    let common_unit = |unit: usize| unit >= 4 && unit * 2 <= chars.len() && COMMON.contains(chars[..unit].iter().collect::<String>().as_str());
    if (1..=chars.len() / 2).any(|unit| (unit <= 4 || common_unit(unit)) && repeats(unit)) {
        return true;
    }
    let step = |pair: &[char]| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0]));
    // 9 → 0 goes on counting.
    let follows = |pair: &[char], by: i64| step(pair) == by || (pair.iter().all(char::is_ascii_digit) && step(pair) == -9 * by);
    [1, -1].into_iter().any(|by| chars.windows(2).all(|pair| follows(pair, by)))
}

/// Whether little is left when what is known of somebody is taken away.
fn is_about(lower: &str, known: &str) -> bool {
    let known = known.nfkc().flat_map(char::to_lowercase).collect::<String>();
    let words = known.split(|c: char| !c.is_alphanumeric()).chain([known.as_str()]).filter(|word| word.chars().count() >= 3);
    let mut rest = lower.to_owned();
    for word in words {
        rest = rest.replace(word, "");
    }
    rest.chars().filter(|c| c.is_alphanumeric()).count() < 8 && rest.len() < lower.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use PasswordRefusal::{AboutYou, Common, TooLong, TooShort};

    #[test]
    fn the_list_is_as_long_as_it_should_be() {
        assert!(COMMON.len() >= 10_000 && COMMON.contains("password") && COMMON.contains("football"));
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a long table")]
    fn sixty_passwords_are_judged() {
        let about = ["Harbour Stays", "ada.lovelace@example.org", "Ada Lovelace"];
        let good = [
            "correct horse battery",
            "correct horse battery staple",
            "zaunkönig im regen",
            "Ottermole!Quill7",
            "vq8#Lm2!xT9z",
            "my cat eats 3 lemons",
            "пять зелёных слонов",
            "五匹の緑の象が海を渡る夜",
            "🏠🌊🦉🍋🚲🎻🪁🧭🌵🛶🧶🥨",
            "tango-birch-hollow",
            "swift.umbrella.42",
            "nineteen lamps lit",
            "Grüße aus der Küche 7",
            "o2HvKq!bWz0p",
            "passwords are hard to pick",
            "football and fennel soup",
            "ada drinks strong coffee",
            "lovelace wrote programs first",
            "harbour with nine ships",
            "a b c d e f g h",
            "blue1violin2attic3",
            "thequietnorthernriver",
            "correcthorse-7",
            "wolpertinger auf reisen",
            "seventeen sevens!",
        ];
        let common = [
            "passwordpassword",
            "password1234",
            "Password1234!",
            "P4$$w0rd1234",
            "123456789012",
            "1234567890123456",
            "098765432109",
            "aaaaaaaaaaaa",
            "abababababab",
            "abcabcabcabc",
            "abcdefghijklmno",
            "zyxwvutsrqpon",
            "football1985",
            "!!football!!",
            "iloveyou1234",
            "1111112222222iloveyou",
            "qwertyuiop123",
            "dragon123456",
            "monkey!!!!!!",
            "sunshine2026",
            "letmeinletmein",
            "TRUSTNO1TRUSTNO1",
            "starwars1977",
            "baseball9999",
        ];
        let mine = ["adalovelace12", "Lovelace-1815", "harbourstays1", "stays harbour", "ada.lovelace@example.org", "LOVELACE ada!!", "AdaLovelaceAda"];
        for text in good {
            assert!(accepted(text, 12, &about).is_ok(), "{text}: {:?}", accepted(text, 12, &about));
        }
        let mut right = 0;
        for text in common {
            right += usize::from(accepted(text, 12, &about) == Err(Common));
            assert!(accepted(text, 12, &about) == Err(Common) || text.starts_with("1111112"), "{text}");
        }
        assert_eq!(right, common.len() - 1, "what is longer than {SAFE_CHARS} characters may hold a common word");
        for text in mine {
            assert_eq!(accepted(text, 12, &about), Err(AboutYou), "{text}");
        }
        for (text, least, expected) in [("elevenchars", 12, TooShort(12)), ("", 12, TooShort(12)), ("żółw", 8, TooShort(8)), (&*"x9".repeat(65), 12, TooLong)]
        {
            assert_eq!(accepted(text, least, &about), Err(expected), "{text}");
        }
        assert!(accepted("vq8#Lm2!", 8, &about).is_ok() && accepted("football", 8, &about) == Err(Common));
    }

    #[test]
    fn the_same_on_every_keyboard() {
        assert_eq!(accepted("ﬁve ｇreen kites", 12, &[]), Ok("five green kites".into()));
        assert_eq!(accepted("e\u{301}tude in winter", 12, &[]), accepted("étude in winter", 12, &[]));
    }
}
