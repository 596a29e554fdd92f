//! Texts, times and lists that people send. Each answer is what is kept, or why it cannot be, as the end of a sentence that begins with
//! the field's name.

use unicode_normalization::UnicodeNormalization;

/// One line of at most `most` characters, spaces around it dropped.
pub fn line(text: &str, most: usize) -> Result<String, String> {
    let text: String = text.trim().nfc().collect();
    let odd = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.chars().count() > most || text.chars().any(odd) {
        return Err(format!("must be one line of at most {most} characters, without control characters"));
    }
    Ok(text)
}

/// Several lines.
pub fn prose(text: &str, most: usize) -> Result<String, String> {
    let text: String = text.replace("\r\n", "\n").trim().nfc().collect();
    let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.chars().count() > most || text.chars().any(odd) {
        return Err(format!("must be at most {most} characters, without control characters"));
    }
    Ok(text)
}

/// Local minutes since midnight of `HH:MM`.
pub(crate) fn minute(text: &str) -> Result<i64, String> {
    let digits = |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i64>().ok()).flatten();
    text.split_once(':')
        .and_then(|(hour, minute)| Some((digits(hour)?, digits(minute)?)))
        .filter(|(hour, minute)| *hour < 24 && *minute < 60)
        .map(|(hour, minute)| hour * 60 + minute)
        .ok_or_else(|| "must be a time of day from 00:00 to 23:59".to_owned())
}

/// A registration number: letters and digits with marks between them, in capitals, without spaces around it.
pub(crate) fn registration(text: &str) -> Result<String, String> {
    let text = text.trim().to_uppercase();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '.' | ' ' | '_' | ':' | '#');
    let digits = text.chars().filter(char::is_ascii_alphanumeric).count();
    if (3..=40).contains(&text.chars().count()) && digits >= 3 && text.chars().all(fits) {
        return Ok(text);
    }
    Err("must be 3 to 40 letters, digits and marks such as - and /".to_owned())
}

/// Each once, in the order they came; empty ones dropped.
pub(crate) fn each_once(items: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        if !item.is_empty() && !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_what_people_write_and_no_control_characters() {
        assert_eq!(line("  Cafe\u{301} 東京 🏡 ", 12).unwrap(), "Café 東京 🏡");
        assert_eq!(prose("one\r\ntwo\tthree\n", 100).unwrap(), "one\ntwo\tthree");
        for bad in ["a\nb", "a\0b", "a\u{2028}b", "\u{1b}[31m", "thirteen long"] {
            assert!(line(bad, 12).is_err(), "{bad:?}");
        }
        assert!(prose("a\0b", 10).is_err() && prose("12345678901", 10).is_err());
    }

    #[test]
    fn times_and_numbers_have_one_spelling() {
        for (text, minutes) in [("00:00", Some(0)), ("15:00", Some(900)), ("23:59", Some(1_439)), ("24:00", None), ("9:00", None), ("12:60", None), ("", None)]
        {
            assert_eq!(minute(text).ok(), minutes, "{text}");
        }
        assert_eq!(registration(" fr-75/12 ").unwrap(), "FR-75/12");
        for bad in ["", "ab", "---", "ab<script>", &"1".repeat(41)] {
            assert!(registration(bad).is_err(), "{bad}");
        }
        assert_eq!(each_once(vec!["a".into(), "".into(), "b".into(), "a".into()]), ["a", "b"]);
    }
}
