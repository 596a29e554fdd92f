//! Where a browser may be sent after a login: a path of this very site, and nothing that could be read as another one.

const MOST_BYTES: usize = 512;

/// Whether `text` is a plain path of this site, perhaps with a query: `/trips/7?tab=all`.
pub(in super::super) fn is_local_path(text: &str) -> bool {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let Some(rest) = path.strip_prefix('/') else { return false };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    let part = |part: &str| part.bytes().all(plain) && !matches!(part, "." | "..");
    // Only the last part may be empty (`/trips/`): two slashes in a row begin the name of another site.
    let mut parts = rest.split('/').rev();
    let last = parts.next().unwrap_or_default();
    text.len() <= MOST_BYTES
        && part(last)
        && parts.all(|middle| !middle.is_empty() && part(middle))
        && query.bytes().all(|byte| plain(byte) || matches!(byte, b'=' | b'&' | b'%' | b'+' | b','))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_gone_back_to() {
        for good in ["/", "/trips", "/trips/", "/trips/7?tab=all&x=%20", "/a.b/c_d~e-f", "/?x"] {
            assert!(is_local_path(good), "{good}");
        }
        for bad in [
            "",
            "trips",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/a//b",
            "/..//evil.example",
            "/a/../b",
            "/./a",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "/a\nb",
            "/a\r\nSet-Cookie: x=y",
            "/a#b",
            "/a b",
            "/%2f%2fevil.example",
            "/a?b#c",
            "/a?b=https://evil.example",
            "/@evil.example",
            "/\u{2028}",
            "/ü",
        ] {
            assert!(!is_local_path(bad), "{bad}");
        }
        assert!(!is_local_path(&format!("/{}", "a".repeat(512))));
    }
}
