//! Cursors of lists: opaque, signed, and good only for the list they were made for.
//!
//! A list seals the sort key of the last row it gave; the next page opens it again. Whoever alters a cursor, makes
//! one up or carries one to another list gets `None`, which the edges answer with 400 `invalid_cursor`.

use super::error::{Error, Kind, Result};
use super::instance::{Secret, tag};
use super::keys::same;
use crate::values::Instant;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use uuid::Uuid;

/// The first byte of every cursor; rises when the form changes, so that old cursors are refused, not misread.
const VERSION: u8 = 1;
/// Bytes of the signature that are kept: 128 bits.
const TAG: usize = 16;
/// The longest text that is looked at at all.
const LONGEST: usize = 1_024;

/// The key that signs this instance's cursors.
#[derive(Clone)]
pub struct CursorKey([u8; 32]);

impl CursorKey {
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self(secret.derive("cursor"))
    }

    /// Makes a cursor of `content` (at most 700 bytes) for the list that `purpose` names, as base64url text.
    /// `purpose` holds whatever the cursor must not be moved away from, such as `reviews/<listing id>`.
    #[must_use]
    pub fn seal(&self, purpose: &str, content: &[u8]) -> String {
        debug_assert!(content.len() <= 700, "a cursor of {} bytes would not be opened again", content.len());
        let mut sealed = Vec::with_capacity(1 + content.len() + TAG);
        sealed.push(VERSION);
        sealed.extend_from_slice(content);
        sealed.extend_from_slice(&self.sign(purpose, content));
        BASE64.encode(sealed)
    }

    /// What [`CursorKey::seal`] put in, or `None` when `text` is not a cursor of this instance for this list.
    #[must_use]
    pub fn open(&self, purpose: &str, text: &str) -> Option<Vec<u8>> {
        if text.len() > LONGEST {
            return None;
        }
        let sealed = BASE64.decode(text).ok()?;
        let (version, rest) = sealed.split_first()?;
        let (content, signature) = rest.split_at_checked(rest.len().checked_sub(TAG)?)?;
        (*version == VERSION && same(&self.sign(purpose, content), signature)).then(|| content.to_vec())
    }

    /// The place in a list that the parameter `cursor` stands for, as `read` finds it in what was sealed. Refuses with 400 `invalid_cursor`.
    pub fn place<T>(&self, purpose: &str, text: &str, read: impl FnOnce(&[u8]) -> Option<T>) -> Result<T> {
        let place = self.open(purpose, text).and_then(|content| read(&content));
        place.ok_or_else(|| Error::of_parameter(Kind::Malformed, "invalid_cursor", "cursor", "is not a cursor of this list"))
    }

    /// [`CursorKey::place`] in a list that is ordered by ids, the newest first: an id above all where there is no cursor.
    pub fn before(&self, purpose: &str, cursor: Option<&str>) -> Result<Uuid> {
        cursor.map_or(Ok(Uuid::max()), |text| self.place(purpose, text, |content| Uuid::from_slice(content).ok()))
    }

    /// [`CursorKey::place`] in a list that is ordered by instants and, within one, by ids: eight bytes of microseconds and the id.
    pub fn moment(&self, purpose: &str, text: &str) -> Result<(Instant, Uuid)> {
        self.place(purpose, text, |content| {
            let (at, id) = content.split_first_chunk::<8>()?;
            Some((Instant(i64::from_be_bytes(*at)), Uuid::from_slice(id).ok()?))
        })
    }

    /// [`CursorKey::place`] in a list that is ordered by ids, the oldest first: an id below all where there is no cursor.
    pub fn after(&self, purpose: &str, cursor: Option<&str>) -> Result<Uuid> {
        cursor.map_or(Ok(Uuid::nil()), |text| self.place(purpose, text, |content| Uuid::from_slice(content).ok()))
    }

    /// A page, out of the rows that were found when [`Limit::and_one`] were looked for; `place` is what the list is ordered by, as its next page reads it.
    #[must_use]
    pub fn page<T, P: AsRef<[u8]>>(&self, purpose: &str, limit: Limit, mut rows: Vec<T>, place: impl FnOnce(&T) -> P) -> Page<T> {
        let most = usize::from(limit.0);
        let has_more = rows.len() > most;
        rows.truncate(most);
        let next_cursor = rows.last().filter(|_| has_more).map(|last| self.seal(purpose, place(last).as_ref()));
        Page { rows, next_cursor, has_more }
    }

    fn sign(&self, purpose: &str, content: &[u8]) -> [u8; TAG] {
        let full = tag(&self.0, &[&[VERSION], purpose.as_bytes(), content]);
        std::array::from_fn(|i| full[i])
    }
}

/// How many rows a page of a list has at most.
#[derive(Debug, Clone, Copy)]
pub struct Limit(pub u8);

impl Limit {
    /// What to look for, so that it is known whether the page is the last.
    #[must_use]
    pub fn and_one(self) -> i64 {
        i64::from(self.0) + 1
    }
}

/// A page of a list.
#[derive(Debug)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// Where to go on; `None` on the last page.
    pub next_cursor: Option<String>,
    pub has_more: bool,
}

/// What [`CursorKey::moment`] reads.
#[must_use]
pub fn moment(at: Instant, id: Uuid) -> [u8; 24] {
    let mut content = [0; 24];
    content[..8].copy_from_slice(&at.0.to_be_bytes());
    content[8..].copy_from_slice(id.as_bytes());
    content
}

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> CursorKey {
        CursorKey::new(&Secret::from_bytes([7; 32]))
    }

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        for content in [&b""[..], b"x", &[0; 40], &[255; 700]] {
            let text = key().seal("reviews/1", content);
            assert_eq!(key().open("reviews/1", &text).as_deref(), Some(content));
            assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{text}");
        }
    }

    #[test]
    fn altered_foreign_and_invented_cursors_are_refused() {
        let text = key().seal("reviews/1", b"2030-05-01");
        assert_eq!(key().open("reviews/2", &text), None, "another list");
        assert_eq!(CursorKey::new(&Secret::from_bytes([8; 32])).open("reviews/1", &text), None, "another instance");
        for at in 0..text.len() {
            let mut bent = text.clone().into_bytes();
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key().open("reviews/1", std::str::from_utf8(&bent).unwrap()), None, "letter {at}");
            assert_eq!(key().open("reviews/1", &text[..at]), None, "cut at {at}");
        }
        let long = "A".repeat(5_000);
        for invented in ["", "AQ", "%00", "…", "null", &format!("{text}="), &format!("{text}A"), &long] {
            assert_eq!(key().open("reviews/1", invented), None, "{invented}");
        }
    }

    #[test]
    fn places_are_read_or_refused_with_the_parameter() {
        let (key, id, at) = (key(), Uuid::from_u128(7), Instant(-5));
        let moment = moment(at, id);
        assert_eq!(key.before("list", None).unwrap(), Uuid::max());
        assert_eq!(key.before("list", Some(&key.seal("list", id.as_bytes()))).unwrap(), id);
        assert_eq!(key.after("list", None).unwrap(), Uuid::nil());
        assert_eq!(key.after("list", Some(&key.seal("list", id.as_bytes()))).unwrap(), id);
        assert_eq!(key.moment("list", &key.seal("list", &moment)).unwrap(), (at, id));
        let refusal = |error: Error| match error {
            Error::Refused(refused) => (refused.kind, refused.code, refused.errors[0].pointer.clone()),
            Error::Broken(broken) => panic!("{broken}"),
        };
        let told = (Kind::Malformed, "invalid_cursor", "/query/cursor".to_owned());
        for foreign in ["", "x", &key.seal("other", id.as_bytes()), &key.seal("list", b"short")] {
            assert_eq!(refusal(key.before("list", Some(foreign)).unwrap_err()), told);
            assert_eq!(refusal(key.after("list", Some(foreign)).unwrap_err()), told);
            assert_eq!(refusal(key.moment("list", foreign).unwrap_err()), told);
        }
    }

    #[test]
    fn pages_end_where_the_next_one_begins() {
        let (key, ids) = (key(), (1..=5).map(Uuid::from_u128).collect::<Vec<_>>());
        let (mut after, mut seen, limit) = (key.after("list", None).unwrap(), Vec::new(), Limit(2));
        for more in [true, true, false] {
            let most = usize::try_from(limit.and_one()).unwrap();
            let found: Vec<Uuid> = ids.iter().copied().filter(|id| *id > after).take(most).collect();
            let page = key.page("list", limit, found, |last| last.into_bytes());
            assert_eq!((page.has_more, page.next_cursor.is_some()), (more, more));
            seen.extend(page.rows);
            after = key.after("list", page.next_cursor.as_deref()).unwrap();
        }
        assert_eq!(seen, ids);
        let full = key.page("list", limit, ids[..2].to_vec(), |last| last.into_bytes());
        assert_eq!((full.rows.len(), full.has_more, full.next_cursor), (2, false, None), "a page that is just full is the last");
        assert!(key.page("list", limit, Vec::<Uuid>::new(), |last| last.into_bytes()).rows.is_empty());
    }
}
