//! What the edge keeps of a request while the handler has it.

use crate::values::Instant;
use poem::Request;
use poem::http::header::{self, HeaderName};
use poem::http::{HeaderMap, HeaderValue, Method, Uri};
use uuid::{Builder, Uuid};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The parts of a request that its answer depends on.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) uri: Uri,
    id: HeaderValue,
    pub(super) traceparent: Option<HeaderValue>,
    pub(super) origin: Option<HeaderValue>,
    pub(super) accept_encoding: Option<HeaderValue>,
    pub(super) if_none_match: Option<HeaderValue>,
}

impl Call {
    pub(super) fn of(request: &Request, now: Instant) -> Self {
        let headers = request.headers();
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            id: headers.get(&REQUEST_ID).filter(|id| is_sane(id.as_bytes())).cloned().unwrap_or_else(|| fresh_id(now)),
            traceparent: headers.get(&TRACEPARENT).filter(|value| is_traceparent(value.as_bytes())).cloned(),
            origin: headers.get(header::ORIGIN).cloned(),
            accept_encoding: headers.get(header::ACCEPT_ENCODING).cloned(),
            if_none_match: joined(headers, header::IF_NONE_MATCH),
        }
    }

    pub(super) fn id(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }

    pub(super) fn id_header(&self) -> HeaderValue {
        self.id.clone()
    }
}

/// The value of a list header that may come in several lines.
fn joined(headers: &HeaderMap, name: HeaderName) -> Option<HeaderValue> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    all.next().map_or_else(
        || Some(first.clone()),
        |second| {
            let lines: Vec<&[u8]> = [first, second].into_iter().chain(all).map(HeaderValue::as_bytes).collect();
            HeaderValue::from_bytes(&lines.join(&b", "[..])).ok()
        },
    )
}

/// An id of the client's own, if it can do no harm in logs: letters, digits, `-` and `_`, at most 64.
fn is_sane(id: &[u8]) -> bool {
    (1..=64).contains(&id.len()) && id.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// `00-<32 hex>-<16 hex>-<2 hex>`, as W3C Trace Context writes it.
fn is_traceparent(value: &[u8]) -> bool {
    value.len() == 55 && value.iter().enumerate().all(|(at, b)| if matches!(at, 2 | 35 | 52) { *b == b'-' } else { b.is_ascii_hexdigit() })
}

/// A UUIDv7 from the clock and the thread's random generator, which needs no system call.
fn fresh_id(now: Instant) -> HeaderValue {
    let millis = u64::try_from(now.0 / 1_000).unwrap_or_default();
    let id: Uuid = Builder::from_unix_timestamp_millis(millis, &rand::random()).into_uuid();
    let mut text = Uuid::encode_buffer();
    HeaderValue::from_str(id.hyphenated().encode_lower(&mut text)).unwrap_or_else(|_never| HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kept_when_sane_and_made_when_not() {
        let of = |id: &str| Call::of(&Request::builder().header("x-request-id", id).finish(), Instant(1_700_000_000_000_000)).id().to_owned();
        assert_eq!(of("abc-DEF_1"), "abc-DEF_1");
        for bad in ["", "a b", "<script>", &"x".repeat(65)] {
            assert_eq!(Uuid::parse_str(&of(bad)).unwrap().get_version_num(), 7, "{bad}");
        }
    }

    #[test]
    fn lists_in_several_lines_are_one_list() {
        let request = Request::builder().header("if-none-match", "\"a\"").header("if-none-match", "\"b\"").finish();
        assert_eq!(Call::of(&request, Instant(0)).if_none_match.unwrap(), "\"a\", \"b\"");
        assert!(is_traceparent(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        assert!(!is_traceparent(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0"));
    }
}
