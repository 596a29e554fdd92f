//! Finishes an answer: entity tag and 304, compression, and an empty body for HEAD.

use super::call::Call;
use super::{compress, etag};
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::Body as _;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Body, Response};

/// Larger answers are sent as they are, so that no request holds an async thread for long.
const LARGEST: u64 = 4 << 20;

pub(super) async fn finish(mut response: Response, call: &Call) -> Response {
    let read = call.method == Method::GET || call.method == Method::HEAD;
    if read && response.status() == StatusCode::OK {
        response = tag(response, call).await;
    }
    if response.status() != StatusCode::NOT_MODIFIED && response.status() != StatusCode::NO_CONTENT {
        response = squeeze(response, call).await;
    }
    if call.method == Method::HEAD {
        let body: BoxBody<Bytes, std::io::Error> = response.take_body().into();
        if let Some(length) = body.size_hint().exact() {
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
    }
    response
}

/// Tags what is to be asked for again (`no-cache`) and answers 304 to whoever has it; so it does with what has a tag already.
async fn tag(mut response: Response, call: &Call) -> Response {
    let asked_again = response.headers().get(header::CACHE_CONTROL).is_some_and(|value| value == "no-cache");
    if !asked_again && !response.headers().contains_key(header::ETAG) {
        return response;
    }
    if !response.headers().contains_key(header::ETAG) {
        let Some(bytes) = whole_body(&mut response, 0).await else { return response };
        if let Ok(value) = HeaderValue::from_str(&etag::of(&bytes)) {
            response.headers_mut().insert(header::ETAG, value);
        }
        response.set_body(bytes);
    }
    let known = |wanted: &HeaderValue| {
        let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok())?;
        Some(etag::matches(wanted.to_str().ok()?, tag))
    };
    if call.if_none_match.as_ref().and_then(known) == Some(true) {
        response.set_status(StatusCode::NOT_MODIFIED);
        response.set_body(());
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    response
}

/// Compresses the body when the client takes it so and it is worth it.
async fn squeeze(mut response: Response, call: &Call) -> Response {
    let headers = response.headers();
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(compress::worth_it);
    if !text || headers.contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    let Some(coding) = call.accept_encoding.as_ref().and_then(|value| value.to_str().ok()).and_then(compress::accepted) else { return response };
    let Some(bytes) = whole_body(&mut response, compress::LEAST).await else { return response };
    match coding.compress(&bytes) {
        Ok(small) if small.len() < bytes.len() => {
            let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).map(|tag| etag::compressed(tag, coding.suffix()));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
            headers.remove(header::CONTENT_LENGTH);
            if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(&tag).ok()) {
                headers.insert(header::ETAG, tag);
            }
            response.set_body(small);
        }
        Ok(_) => response.set_body(bytes),
        Err(error) => {
            tracing::warn!(%error, "an answer could not be compressed");
            response.set_body(bytes);
        }
    }
    response
}

/// Takes the body out if it is finished already and of a size between `least` and [`LARGEST`]; leaves it otherwise.
pub(super) async fn whole_body(response: &mut Response, least: usize) -> Option<Bytes> {
    let body: BoxBody<Bytes, std::io::Error> = response.take_body().into();
    let size = body.size_hint().exact();
    if size.is_none_or(|size| size > LARGEST || usize::try_from(size).is_ok_and(|size| size < least)) {
        response.set_body(Body::from(body));
        return None;
    }
    match Body::from(body).into_bytes().await {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            tracing::warn!(%error, "a finished answer could not be read");
            None
        }
    }
}
