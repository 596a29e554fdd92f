//! Pages beside the API: the documentation with Swagger UI, the OpenAPI document, the error codes, the metrics.

use super::codes::{self, CODES, Code};
use super::compress::Coding;
use super::etag;
use super::v1::PREFIX;
use crate::platform::error::{Error, Kind};
use crate::platform::tools::Tools;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use poem::endpoint::make_sync;
use poem::http::{HeaderValue, header};
use poem::web::RemoteAddr;
use poem::{Addr, Endpoint, IntoResponse, Request, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::OnceLock;

/// Pages and API under one roof. One comparison of the path decides, and the API's requests pass one router only.
pub struct Site<P, A> {
    pages: P,
    api: A,
    /// Where `pages` has an API of its own.
    more: Option<&'static str>,
}

impl<P, A> Site<P, A> {
    /// `more`: whatever lies under this prefix is among the pages too.
    pub fn new(pages: P, api: A, more: Option<&'static str>) -> Self {
        Self { pages, api, more }
    }
}

impl<P: Endpoint<Output = Response>, A: Endpoint<Output = Response>> Endpoint for Site<P, A> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path();
        let is_page = matches!(path, "/" | "/docs" | "/metrics")
            || path.starts_with("/problems")
            || path.starts_with("/account/")
            || path.strip_prefix(PREFIX) == Some("/openapi.json")
            || self.more.is_some_and(|more| path.starts_with(more));
        if is_page { self.pages.call(request).await } else { self.api.call(request).await }
    }
}

/// A page with scripts of its own and nothing from elsewhere. `make` builds its HTML when it is first asked for; only the compressed
/// form is kept.
pub fn html(make: impl Fn() -> String + Send + Sync + 'static) -> impl Endpoint<Output = Response> {
    let page = OnceLock::new();
    make_sync(move |request: Request| {
        let html = || format!("<!DOCTYPE html>{}", make());
        let page: &Page = page.get_or_init(|| Page::new(&html()));
        let zipped = request.header(header::ACCEPT_ENCODING.as_str()).is_some_and(|accepts| accepts.contains("gzip"));
        let mut response = Response::builder().content_type("text/html; charset=utf-8").finish();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, page.policy.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::ETAG, page.tag.clone());
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
        if zipped && !page.gzip.is_empty() {
            headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response.set_body(page.gzip.clone());
        } else {
            response.set_body(html());
        }
        response
    })
}

struct Page {
    gzip: Bytes,
    policy: HeaderValue,
    tag: HeaderValue,
}

impl Page {
    fn new(html: &str) -> Self {
        let gzip = Coding::Gzip.compress(html.as_bytes()).unwrap_or_default().into();
        let text = |value: String| HeaderValue::from_str(&value).unwrap_or_else(|_never| HeaderValue::from_static("default-src 'none'"));
        Self { gzip, policy: text(policy(html)), tag: text(etag::of(html.as_bytes())) }
    }
}

/// A policy that lets exactly the scripts of this page run. Swagger UI puts style attributes on its elements, hence
/// 'unsafe-inline' for styles.
fn policy(html: &str) -> String {
    let hashes: String = scripts(html).map(|script| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script)))).collect();
    format!(
        "default-src 'none'; script-src{hashes}; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// The texts of all inline scripts.
fn scripts(html: &str) -> impl Iterator<Item = &str> {
    let mut rest = html;
    std::iter::from_fn(move || {
        let open = rest.find("<script")?;
        let start = open + rest[open..].find('>')? + 1;
        let end = start + rest[start..].find("</script")?;
        let script = &rest[start..end];
        rest = &rest[end..];
        Some(script)
    })
}

/// The OpenAPI document, asked for again each time and answered 304 while it is the same.
pub fn openapi(document: String) -> impl Endpoint<Output = Response> {
    fixed("application/json", document)
}

/// All error codes.
pub fn problems() -> impl Endpoint<Output = Response> {
    fixed("application/json", json!({ "data": CODES.iter().map(explain).collect::<Vec<_>>() }).to_string())
}

/// The explanation of one code, to which the `type` of every problem leads.
pub fn problem() -> impl Endpoint<Output = Response> {
    make_sync(|request: Request| match request.raw_path_param("code").and_then(codes::find) {
        Some(code) => Ok(no_cache("application/json", explain(code).to_string().into())),
        None => Err(poem::Error::from(Error::not_found("There is no such error code; GET /problems lists them all."))),
    })
}

fn explain(code: &Code) -> Value {
    json!({ "type": format!("/problems/{}", code.code), "code": code.code, "status": code.status, "title": code.title, "about": code.about })
}

fn fixed(content_type: &'static str, text: String) -> impl Endpoint<Output = Response> {
    let bytes = Bytes::from(text);
    make_sync(move |_| no_cache(content_type, bytes.clone()))
}

fn no_cache(content_type: &'static str, bytes: Bytes) -> Response {
    Response::builder().content_type(content_type).header(header::CACHE_CONTROL, "no-cache").body(bytes)
}

/// The numbers, for the networks in `metrics.allow`. What a proxy passed on is refused: its peer is the proxy.
pub fn metrics(tools: Tools) -> impl Endpoint<Output = Response> {
    make_sync(move |request: Request| {
        let passed_on = request.headers().contains_key(header::FORWARDED) || request.headers().contains_key("x-forwarded-for");
        let allowed = peer(&request).is_some_and(|ip| tools.config.metrics.allow.iter().any(|network| network.contains(ip)));
        if passed_on || !allowed {
            return Err(poem::Error::from(Error::refused(Kind::Forbidden, "forbidden", "The metrics are for the networks in the setting metrics.allow.")));
        }
        let text = tools.metrics.render().map_err(|error| poem::Error::from(Error::Broken(error.into())))?;
        Ok(text.with_content_type("text/plain; version=0.0.4; charset=utf-8").into_response())
    })
}

fn peer(request: &Request) -> Option<IpAddr> {
    match request.remote_addr() {
        RemoteAddr(Addr::SocketAddr(address)) => Some(address.ip()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_every_script_of_the_page() {
        let html = "<head><script charset=\"UTF-8\">one()</script></head><script>two()</script>";
        assert_eq!(scripts(html).collect::<Vec<_>>(), ["one()", "two()"]);
        let policy = policy(html);
        assert_eq!(policy.matches("'sha256-").count(), 2);
        assert!(!policy.contains("script-src 'unsafe-inline'"));
    }
}
