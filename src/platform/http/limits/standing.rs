//! How a client stands, in headers: `RateLimit-Policy` and `RateLimit` as draft-ietf-httpapi-ratelimit-headers-11 writes them, and
//! the `X-RateLimit-*` trio of old.
//!
//! `q` requests within `w` seconds; `r` of them may come at once, and after `t` seconds without any all may.

use super::rule::Window;
use poem::http::HeaderValue;
use poem::http::header::{HeaderMap, HeaderName};
use std::io::Write as _;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const LEGACY: [HeaderName; 3] =
    [HeaderName::from_static("x-ratelimit-limit"), HeaderName::from_static("x-ratelimit-remaining"), HeaderName::from_static("x-ratelimit-reset")];
/// Two policies with the longest names and numbers fit.
const LONGEST: usize = 128;

/// What is left of one window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) remaining: u32,
    pub(super) reset_seconds: u32,
}

/// The headers of an answer.
pub(in crate::platform::http) struct Standing {
    policy: HeaderValue,
    limit: HeaderValue,
    legacy: Option<[u32; 3]>,
}

impl Standing {
    /// `left` holds as many entries as there are windows, or more.
    pub(super) fn new(policy: &HeaderValue, windows: &[Window], left: &[Left], legacy: bool) -> Self {
        // On the stack: this is written for every request.
        let mut text = [0_u8; LONGEST];
        let mut rest = &mut text[..];
        for (at, (window, left)) in windows.iter().zip(left).enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            // Writing fails only when there is no room, which is measured out for the longest.
            let _full = write!(rest, "{comma}\"{}\";r={};t={}", window.name, left.remaining, left.reset_seconds);
        }
        let unused = rest.len();
        let limit = HeaderValue::from_bytes(&text[..LONGEST - unused]).unwrap_or_else(|_never| HeaderValue::from_static(""));
        let tightest = windows.iter().zip(left).min_by_key(|(_, left)| left.remaining);
        let legacy = tightest.filter(|_| legacy).map(|(window, left)| [window.quota, left.remaining, left.reset_seconds]);
        Self { policy: policy.clone(), limit, legacy }
    }

    pub(in crate::platform::http) fn write(self, headers: &mut HeaderMap) {
        headers.insert(POLICY, self.policy);
        headers.insert(LIMIT, self.limit);
        for (name, value) in LEGACY.into_iter().zip(self.legacy.into_iter().flatten()) {
            headers.insert(name, HeaderValue::from(value));
        }
    }
}

/// What a rule allows, told with every answer.
pub(super) fn policy(windows: &[Window]) -> HeaderValue {
    let all: Vec<String> = windows.iter().map(|window| format!("\"{}\";q={};w={}", window.name, window.quota, window.seconds)).collect();
    HeaderValue::from_str(&all.join(", ")).unwrap_or_else(|_never| HeaderValue::from_static(""))
}
