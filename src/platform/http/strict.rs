//! What makes an address unreadable: its length, broken percent-encoding, NUL, bytes that are not UTF-8.
//! Parsers further down would repair such input by guessing, and a guess may widen a search.

use super::problem::cut;
use crate::platform::error::{Error, FieldError, Kind};
use poem::http::Uri;
use std::borrow::Cow;

/// Longest path and longest query string that are read.
const ADDRESS_BYTES: usize = 8 << 10;

/// Refuses an address that cannot be decoded as it was meant.
pub(super) fn check_address(uri: &Uri) -> Result<(), Error> {
    for part in [uri.path(), uri.query().unwrap_or_default()] {
        if part.len() > ADDRESS_BYTES {
            return Err(Error::refused(Kind::UriTooLong, "uri_too_long", format!("The path and the query string may each have {ADDRESS_BYTES} bytes.")));
        }
        if part.contains('%') {
            // A plus needs no care here: it is neither NUL nor broken.
            decode(part)?;
        }
    }
    Ok(())
}

/// Text with its percent-encoding undone.
pub(super) fn decode(text: &str) -> Result<Cow<'_, str>, Error> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { digit(rest.next())? << 4 | digit(rest.next())? } else { byte });
    }
    if bytes.contains(&0) {
        return Err(Error::refused(Kind::Malformed, "invalid_encoding", "The address holds a NUL (%00), which no text of ours has."));
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_bytes| Error::refused(Kind::Malformed, "invalid_encoding", "The address is not percent-encoded UTF-8."))
}

fn digit(byte: Option<u8>) -> Result<u8, Error> {
    match byte {
        Some(b @ b'0'..=b'9') => Ok(b - b'0'),
        Some(b @ b'a'..=b'f') => Ok(b - b'a' + 10),
        Some(b @ b'A'..=b'F') => Ok(b - b'A' + 10),
        _ => Err(Error::refused(
            Kind::Malformed,
            "invalid_encoding",
            "The address holds a % that two hexadecimal digits do not follow; write %25 for the sign itself.",
        )),
    }
}

/// An unknown parameter, told together with the nearest known one or all of them.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known: Vec<&str> = known.collect();
    let shown = cut(name);
    let hint = match nearest(&shown, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if known.is_empty() => "it takes none.".into(),
        None => format!("known here: {}.", known.join(", ")),
    };
    Error::refused(Kind::Malformed, "unknown_parameter", format!("This operation has no parameter `{shown}`; {hint}")).with_error(FieldError::new(
        format!("/query/{shown}"),
        "unknown_parameter",
        "is not a parameter of this operation",
    ))
}

/// The known name that somebody who wrote `name` probably meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let shown = cut(name);
    known.map(|known| (distance(&shown, known), known)).min().filter(|(distance, _)| *distance <= 2).map(|(_, nearest)| nearest)
}

/// How many letters have to be put in, left out or exchanged (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let exchanged = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_undone_or_refused() {
        assert_eq!(decode("caf%C3%A9+a").unwrap(), "café+a");
        for bad in ["%", "%4", "%zz", "%00", "a%C3", "%FF"] {
            assert!(decode(bad).is_err(), "{bad}");
        }
        assert!(check_address(&"/a%00b".parse().unwrap()).is_err());
        assert!(check_address(&"/a?q=%F0%9F%8F%A0".parse().unwrap()).is_ok());
        assert!(check_address(&format!("/a?q={}", "x".repeat(9_000)).parse().unwrap()).is_err());
    }

    #[test]
    fn a_near_miss_is_pointed_out() {
        assert_eq!(distance("adlts", "adults"), 1);
        let text = unknown("adlts", ["adults", "bbox"].into_iter()).to_string();
        assert!(text.contains("did you mean `adults`?"), "{text}");
        let text = unknown("zzzzzz", ["adults", "bbox"].into_iter()).to_string();
        assert!(text.contains("known here: adults, bbox"), "{text}");
    }
}
