//! Headers that every answer carries: ids, protection of browsers, CORS.

use super::call::{Call, REQUEST_ID, TRACEPARENT};
use super::limits::Standing;
use crate::platform::config::Config;
use poem::Response;
use poem::http::HeaderValue;
use poem::http::header::{self, HeaderMap, HeaderName};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// The API is never a document: nothing may load from it or frame it.
const API_CSP: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const ALLOWED_HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, idempotency-key, if-match, if-none-match, prefer, traceparent, x-request-id");
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "etag, idempotent-replayed, link, location, ratelimit, ratelimit-policy, retry-after, traceparent, \
     x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, x-request-id",
);

/// What of it the settings decide.
pub(super) struct Fixed {
    origins: Vec<HeaderValue>,
    secure: bool,
}

impl Fixed {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            origins: config.cors.origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect(),
            secure: config.public_url.as_ref().is_some_and(|url| url.starts_with("https://")),
        }
    }

    /// Completes an answer; what the handler set stays.
    pub(super) fn apply(&self, response: &mut Response, call: &Call, standing: Option<Standing>) {
        let headers = response.headers_mut();
        headers.reserve(16);
        headers.insert(REQUEST_ID, call.id_header());
        if let Some(traceparent) = &call.traceparent {
            headers.insert(TRACEPARENT, traceparent.clone());
        }
        if let Some(standing) = standing {
            standing.write(headers);
        }
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let mut unless_set = |name: HeaderName, value: HeaderValue| {
            headers.entry(name).or_insert(value);
        };
        unless_set(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        unless_set(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        unless_set(header::CONTENT_SECURITY_POLICY, API_CSP);
        unless_set(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
        unless_set(PERMISSIONS_POLICY, HeaderValue::from_static("camera=(), geolocation=(), microphone=()"));
        if self.secure {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        }
        self.share(headers, call);
    }

    /// Lets the page of an allowed origin read the answer.
    fn share(&self, headers: &mut HeaderMap, call: &Call) {
        if self.origins.is_empty() {
            return;
        }
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = self.allowed(call) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        }
    }

    /// Answers a browser that asks before a call from another origin.
    pub(super) fn preflight(&self, response: &mut Response, call: &Call, methods: &str) {
        let (Some(_), Ok(methods)) = (self.allowed(call), HeaderValue::from_str(methods)) else { return };
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }

    /// The origin of the call, if it is one of the allowed ones to the letter.
    fn allowed(&self, call: &Call) -> Option<HeaderValue> {
        self.origins.iter().find(|origin| Some(*origin) == call.origin.as_ref()).cloned()
    }
}
