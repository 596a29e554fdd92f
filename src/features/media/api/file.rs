//! `/media/{file}`: the files of photos. What is found at an address never changes, so it is kept by everybody for a year.

use crate::features::media::house::Media;
use crate::features::media::rules::FileName;
use crate::features::media::rules::range::{Wanted, wanted};
use crate::platform::error::{Error, Result};
use crate::platform::http::etag;
use crate::platform::tasks::aside;
use anyhow::Context;
use bytes::Bytes;
use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Request, RequestBody, Response};
use poem_openapi::param::Path;
use poem_openapi::registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiResponse, OpenApi};

const JPEG: &str = "image/jpeg";
const FOR_A_YEAR: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A picture is nothing that runs, whatever a browser may take it for.
const SANDBOX: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The files of photos.
pub struct PhotoFilesApi {
    media: Media,
}

impl PhotoFilesApi {
    #[must_use]
    pub fn new(media: Media) -> Self {
        Self { media }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl PhotoFilesApi {
    /// A file of a photo, as its listing names it: a JPEG. A part of it is answered to `Range` (one range).
    #[oai(path = "/media/:file", method = "get", operation_id = "readPhotoFile")]
    async fn read(&self, asked: Asked, file: Path<String>) -> Result<PhotoFile> {
        let not_found = || Error::not_found("There is no such photo.");
        let file = FileName::parse(&file.0).ok_or_else(not_found)?;
        let tag = format!("\"{}\"", file.name().trim_end_matches(".jpg"));
        if asked.none_match.as_deref().is_some_and(|known| etag::matches(known, &tag)) {
            // Whoever knows the tag has the file, and there is no other under this name.
            return Ok(PhotoFile { name: file.name(), tag, answer: Answer::NotModified });
        }
        let (shelf, asked_for) = (self.media.shelf.clone(), file.clone());
        let found = aside(move || shelf.get(&asked_for)).await.context("a photo could not be read")?;
        let bytes = found?.ok_or_else(not_found)?;
        let range = asked.range.as_deref().filter(|_| asked.if_range.as_ref().is_none_or(|known| *known == tag));
        let answer = match wanted(range, bytes.len()) {
            Wanted::Whole => Answer::Whole(bytes),
            Wanted::Part { first, last } => Answer::Part { of: bytes.len(), first, part: bytes.slice(first..=last) },
            Wanted::Nothing => Answer::OutOfRange(bytes.len()),
        };
        Ok(PhotoFile { name: file.name(), tag, answer })
    }
}

/// What of a file is asked for, and what is known already.
struct Asked {
    none_match: Option<String>,
    range: Option<String>,
    if_range: Option<String>,
}

impl<'a> poem::FromRequest<'a> for Asked {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Self { none_match: text(header::IF_NONE_MATCH), range: text(header::RANGE), if_range: text(header::IF_RANGE) })
    }
}

/// A file, a part of it, or that there is nothing new.
struct PhotoFile {
    name: String,
    tag: String,
    answer: Answer,
}

enum Answer {
    Whole(Bytes),
    Part { of: usize, first: usize, part: Bytes },
    NotModified,
    OutOfRange(usize),
}

impl IntoResponse for PhotoFile {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        let mut text = |name: HeaderName, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        };
        text(header::ETAG, self.tag);
        let (status, body) = match self.answer {
            Answer::Whole(bytes) => (StatusCode::OK, bytes),
            Answer::NotModified => (StatusCode::NOT_MODIFIED, Bytes::new()),
            Answer::Part { of, first, part } => {
                text(header::CONTENT_RANGE, format!("bytes {first}-{}/{of}", first + part.len() - 1));
                (StatusCode::PARTIAL_CONTENT, part)
            }
            Answer::OutOfRange(of) => {
                text(header::CONTENT_RANGE, format!("bytes */{of}"));
                (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new())
            }
        };
        if status.is_success() {
            text(header::CONTENT_DISPOSITION, format!("inline; filename=\"{}\"", self.name));
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JPEG));
        }
        if status != StatusCode::RANGE_NOT_SATISFIABLE {
            headers.insert(header::CACHE_CONTROL, FOR_A_YEAR);
        }
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
        // Pages of other sites may show what everybody may see.
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        let mut response = Response::builder().status(status).body(body);
        *response.headers_mut() = headers;
        response
    }
}

impl ApiResponse for PhotoFile {
    fn meta() -> MetaResponses {
        let header = |name: &str, description: &str| MetaHeader {
            name: name.into(),
            description: Some(description.into()),
            required: false,
            deprecated: false,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
        };
        let picture = || vec![MetaMediaType { content_type: JPEG, schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary"))) }];
        let response = |status, description, content, more: Vec<MetaHeader>| {
            let headers = [header("ETag", "Names this file."), header("Cache-Control", "It never changes.")].into_iter().chain(more).collect();
            MetaResponse { description, status: Some(status), status_range: None, content, headers }
        };
        let part = || vec![header("Content-Range", "Which part of how many bytes.")];
        MetaResponses {
            responses: vec![
                response(200, "The whole file.", picture(), Vec::new()),
                response(206, "The part that `Range` asked for.", picture(), part()),
                response(304, "You have it already.", Vec::new(), Vec::new()),
                response(416, "The file has no such part.", Vec::new(), part()),
            ],
        }
    }

    fn register(_registry: &mut Registry) {}
}
