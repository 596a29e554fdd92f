//! Content lines of iCalendar (RFC 5545, section 3.1): unfolded byte by byte, bounded, read one at a time.
//!
//! Folds may stand inside a character of UTF-8, so lines are joined before they become text. Lenient where real calendars
//! are: LF without CR, a byte order mark, empty lines, bytes that are no UTF-8.

/// Longest line that is kept, unfolded; what is longer is cut, because what matters is short.
pub(super) const LINE_BYTES: usize = 8 << 10;

/// `NAME;PARAMETER=value:value`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// In capitals.
    pub name: String,
    /// Names in capitals, quotes taken off.
    pub parameters: Vec<(String, String)>,
    /// As it stands there, escapes and all.
    pub value: String,
}

impl Line {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value as TEXT: escapes resolved, control characters as spaces, at most `most` characters.
    pub(super) fn text(&self, most: usize) -> String {
        let (mut text, mut characters) = (String::new(), self.value.chars());
        while let Some(character) = characters.next() {
            let character = match character {
                '\\' => match characters.next() {
                    Some('n' | 'N') => ' ',
                    Some(other) => other,
                    None => break,
                },
                other => other,
            };
            text.push(if character.is_control() { ' ' } else { character });
        }
        text.trim().chars().take(most).collect()
    }
}

/// The unfolded lines of a calendar, in order; empty ones left out.
pub(super) fn unfolded(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut rest = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).peekable();
    std::iter::from_fn(move || {
        let first = rest.find(|line| !line.is_empty())?;
        let mut whole = first[..first.len().min(LINE_BYTES)].to_vec();
        while let Some(more) = rest.next_if(|line| line.starts_with(b" ") || line.starts_with(b"\t")) {
            let room = LINE_BYTES - whole.len();
            whole.extend_from_slice(&more[1..][..(more.len() - 1).min(room)]);
        }
        Some(whole)
    })
}

/// Reads one line; `None` when it is none.
pub(super) fn read(bytes: &[u8]) -> Option<Line> {
    let text = String::from_utf8_lossy(bytes);
    let end = text.find([';', ':'])?;
    let name = &text[..end];
    if name.is_empty() || name.len() > 64 || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return None;
    }
    let (mut parameters, mut rest) = (Vec::new(), &text[end..]);
    while let Some(parameter) = rest.strip_prefix(';') {
        let equals = parameter.find('=')?;
        let (value, after) = parameter_value(&parameter[equals + 1..])?;
        // No property has this many; the rest is read over.
        if parameters.len() < 16 {
            parameters.push((parameter[..equals].to_ascii_uppercase(), value));
        }
        rest = after;
    }
    Some(Line { name: name.to_ascii_uppercase(), parameters, value: rest.strip_prefix(':')?.to_owned() })
}

/// The value of a parameter, up to the next `;` or `:` outside quotes, and what follows.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let mut quoted = false;
    let end = text.char_indices().find_map(|(at, character)| {
        quoted ^= character == '"';
        (!quoted && matches!(character, ';' | ':')).then_some(at)
    })?;
    Some((text[..end].replace('"', ""), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<String> {
        unfolded(text).map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
    }

    #[test]
    fn lines_are_unfolded_whatever_ends_them() {
        assert_eq!(lines(b"\xef\xbb\xbfA:1\r\nB:2\n\n\r\nC:"), ["A:1", "B:2", "C:"]);
        assert_eq!(lines(b"B:2\r\n 3\r\n\t4\r\nC:5"), ["B:234", "C:5"]);
        // A fold in the middle of an umlaut.
        assert_eq!(lines(b"S:B\xc3\r\n \xbcro"), ["S:B\u{fc}ro"]);
        assert_eq!(lines(b""), Vec::<String>::new());
    }

    #[test]
    fn no_line_grows_past_its_bound() {
        let mut endless = b"DESCRIPTION:".to_vec();
        for _ in 0..50_000 {
            endless.extend_from_slice(b"xxxxxxxxxx\r\n ");
        }
        let all: Vec<Vec<u8>> = unfolded(&endless).collect();
        assert_eq!((all.len(), all[0].len()), (1, LINE_BYTES));
    }

    #[test]
    fn a_line_has_a_name_parameters_and_a_value() {
        let line = read(b"dtstart;VALUE=DATE;X-NOTE=\"a;b:c\":20260601").unwrap();
        assert_eq!((line.name.as_str(), line.value.as_str()), ("DTSTART", "20260601"));
        assert_eq!((line.parameter("VALUE"), line.parameter("X-NOTE")), (Some("DATE"), Some("a;b:c")));
        let text = read(b"SUMMARY:one\\, two\\; three\\nfour \\\\ five\x07").unwrap();
        assert_eq!((text.text(100).as_str(), text.text(3).as_str()), ("one, two; three four \\ five", "one"));
        for bad in [&b"no colon"[..], b":x", b"A B:x", b"A;B:x", b"A;B=\"x:y", b"\xff:x"] {
            assert_eq!(read(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }
}
