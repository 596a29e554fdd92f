//! `Range`: a part of a file (RFC 9110, section 14). One range is answered; several are answered with the whole.

/// What of a file is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Wanted {
    Whole,
    /// From the first to the last byte, both included.
    Part {
        first: usize,
        last: usize,
    },
    /// Nothing that the file has.
    Nothing,
}

/// Reads the header for a file of `length` bytes. What is not understood is as good as absent.
pub(in super::super) fn wanted(header: Option<&str>, length: usize) -> Wanted {
    let Some((first, last)) =
        header.and_then(|text| text.trim().strip_prefix("bytes=")).filter(|list| !list.contains(',')).and_then(|one| one.trim().split_once('-'))
    else {
        return Wanted::Whole;
    };
    let number = |text: &str| (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<usize>().unwrap_or(usize::MAX));
    match (first.is_empty(), last.is_empty(), number(first), number(last)) {
        // The last so many bytes.
        (true, false, _, Some(count)) if count > 0 && length > 0 => Wanted::Part { first: length.saturating_sub(count), last: length - 1 },
        (true, false, _, Some(_)) => Wanted::Nothing,
        (false, true, Some(first), _) if first < length => Wanted::Part { first, last: length - 1 },
        (false, false, Some(first), Some(last)) if first > last => Wanted::Whole,
        (false, false, Some(first), Some(last)) if first < length => Wanted::Part { first, last: last.min(length - 1) },
        (false, true, Some(_), _) | (false, false, Some(_), Some(_)) => Wanted::Nothing,
        _ => Wanted::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood() {
        let part = |first, last| Wanted::Part { first, last };
        for (header, expected) in [
            ("bytes=0-0", part(0, 0)),
            ("bytes=0-99", part(0, 99)),
            ("bytes=10-1000", part(10, 99)),
            ("bytes=99-", part(99, 99)),
            ("bytes=-1", part(99, 99)),
            ("bytes=-1000", part(0, 99)),
            ("bytes=0-99999999999999999999999", part(0, 99)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=100-200", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(wanted(Some(header), 100), expected, "{header}");
        }
        assert_eq!((wanted(None, 100), wanted(Some("bytes=0-"), 0)), (Wanted::Whole, Wanted::Nothing));
    }
}
