//! Strong entity tags: a hash of the bytes that are sent.
//!
//! The edge tags every `GET` answer that says `Cache-Control: no-cache` and answers 304 to whoever has it already, so
//! a handler need not do anything. Handlers that know a version before they render use [`matches`] themselves.
//! The same content compressed carries a suffix in its tag (`"…-gz"`): other bytes, another tag.

/// The tag of a body, quotes included.
#[must_use]
pub fn of(body: &[u8]) -> String {
    format!("\"{:032x}\"", xxhash_rust::xxh3::xxh3_128(body))
}

/// The tag of a single resource: its row's version, which rises with every change.
#[must_use]
pub fn of_version(version: i64) -> String {
    format!("\"{version}\"")
}

/// Whether two strong tags, quotes included, mean the same content, in any compression.
pub(super) fn same(a: &str, b: &str) -> bool {
    plain(a) == plain(b)
}

/// Whether an `If-None-Match` names `tag`, in any compression; `*` names everything. Weak tags compare like strong ones,
/// as RFC 9110 section 13.1.2 asks.
#[must_use]
pub fn matches(if_none_match: &str, tag: &str) -> bool {
    let wanted = plain(tag);
    if_none_match.trim() == "*" || if_none_match.split(',').any(|one| plain(one) == wanted && wanted.is_some())
}

/// The tag of the same content in compression `suffix` (`gz`, `br`).
#[must_use]
pub fn compressed(tag: &str, suffix: &str) -> String {
    match tag.strip_suffix('"') {
        Some(open) => format!("{open}-{suffix}\""),
        None => tag.to_owned(),
    }
}

/// What stands between the quotes, without the mark of a compression.
fn plain(tag: &str) -> Option<&str> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?;
    Some(tag.strip_suffix("-gz").or_else(|| tag.strip_suffix("-br")).unwrap_or(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_in_lists_and_compressions() {
        let tag = of(b"hello");
        assert_eq!(tag.len(), 34);
        assert_ne!(tag, of(b"hellp"));
        for (header, hit) in [
            (tag.clone(), true),
            (format!("\"x\", {tag}"), true),
            (format!("W/{tag}"), true),
            (compressed(&tag, "gz"), true),
            (" * ".into(), true),
            ("\"x\"".into(), false),
            (tag.trim_matches('"').to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(matches(&header, &tag), hit, "{header}");
        }
    }
}
