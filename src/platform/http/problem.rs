//! Every answer that is not the wanted one: RFC 9457 `application/problem+json`, in one shape.
//!
//! Handlers answer `Result<_, Error>`; whatever poem and poem-openapi raise themselves (unknown route, unreadable
//! parameter, bad JSON) is turned into the same [`Error`] by [`understand`]. A 5xx tells the client a request id and
//! nothing else; its cause is logged once, at the edge.

use super::codes;
use super::routes::Operation;
use crate::platform::error::{Error, FieldError, Kind, Refused};
use poem::error::ResponseError;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, Object};
use serde_json::{Map, Value, json};

/// The content type of every error.
pub const PROBLEM_JSON: &str = "application/problem+json";
/// Texts that come from a request are cut to this many characters before they are sent back.
const ECHO_CHARS: usize = 100;
/// The path of a request is told at this length: every address of ours fits.
const INSTANCE_CHARS: usize = 300;

/// The body of every error, as documented; [`render`] writes it.
#[derive(Object)]
#[oai(read_only_all)]
struct Problem {
    /// Where this code is explained, on this very server.
    #[oai(rename = "type")]
    kind: String,
    /// A short name of the code.
    title: String,
    /// The HTTP status once more.
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// The path of the request.
    instance: String,
    /// Stable and machine-readable; see /problems.
    code: String,
    /// Quote it when you ask the operator.
    request_id: String,
    /// Which parameters or fields are meant.
    errors: Vec<ProblemField>,
}

/// One parameter or field that was refused.
#[derive(Object)]
#[oai(read_only_all)]
struct ProblemField {
    /// `/query/NAME`, `/path/NAME`, `/header/NAME` or a JSON pointer into the body.
    pointer: String,
    /// Stable and machine-readable; see /problems.
    code: String,
    /// What is wrong with it.
    message: String,
}

impl Kind {
    /// The HTTP status of this sort of refusal.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::PaymentNeeded => StatusCode::PAYMENT_REQUIRED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unacceptable => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        }
    }
}

impl ResponseError for Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refused) => refused.kind.status(),
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Only used where an endpoint runs without the edge, as in a unit test of a handler.
    fn as_response(&self) -> Response {
        match self {
            Self::Refused(refused) => render(refused, "", ""),
            Self::Broken(_) => render(&broken(), "", ""),
        }
    }
}

impl ApiResponse for Error {
    fn meta() -> MetaResponses {
        let one = |status, description| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType { content_type: PROBLEM_JSON, schema: MetaSchemaRef::Reference(Problem::name().into_owned()) }],
            headers: vec![],
        };
        MetaResponses {
            responses: vec![
                one(400, "The request cannot be understood: an unreadable, unknown or repeated parameter, a broken body."),
                one(404, "There is no such thing, or nothing you may see."),
                one(409, "The current state does not allow it."),
                one(422, "Understood and refused: a value outside its limits, or a rule against it."),
                one(429, "Too many requests; see Retry-After."),
                one(500, "Something broke on the server; quote the request id."),
                one(503, "Overloaded or not ready; see Retry-After."),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}

/// What the client sees of our own breakage.
pub(super) fn broken() -> Refused {
    Refused::new(Kind::Broken, "internal", "Something went wrong on the server. Please quote the request id.")
}

/// The answer to a refusal.
pub(super) fn render(refused: &Refused, path: &str, request_id: &str) -> Response {
    let status = refused.kind.status();
    let mut response = body(refused, path, request_id).into_response();
    response.set_status(status);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = refused.retry_after_seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if refused.kind == Kind::Unauthenticated {
        // RFC 6750: whoever showed nothing is told how, whoever showed something wrong is told what.
        let how = if refused.code == "invalid_token" { "Bearer error=\"invalid_token\"" } else { "Bearer" };
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(how));
    }
    if let Some(allow) = refused.allow.as_ref().and_then(|methods| HeaderValue::from_str(methods).ok()) {
        headers.insert(header::ALLOW, allow);
    }
    response
}

fn body(refused: &Refused, path: &str, request_id: &str) -> String {
    let mut body = Map::new();
    body.insert("type".into(), json!(format!("/problems/{}", refused.code)));
    body.insert("title".into(), json!(codes::find(refused.code).map_or("Error", |code| code.title)));
    body.insert("status".into(), json!(refused.kind.status().as_u16()));
    body.insert("detail".into(), json!(refused.detail));
    body.insert("instance".into(), json!(cut_to(INSTANCE_CHARS, path)));
    body.insert("code".into(), json!(refused.code));
    body.insert("request_id".into(), json!(request_id));
    body.insert("errors".into(), json!(refused.errors));
    for (name, value) in &refused.data {
        body.entry(name).or_insert_with(|| value.clone());
    }
    Value::Object(body).to_string()
}

/// A whole HTTP/1.1 answer, for connections that never get as far as a request; the connection closes after it.
pub(super) fn raw(refused: &Refused) -> Vec<u8> {
    let status = refused.kind.status();
    let body = body(refused, "", &uuid::Uuid::now_v7().to_string());
    let retry = refused.retry_after_seconds.map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {PROBLEM_JSON}\r\ncontent-length: {}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n{retry}connection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// What an error of poem means in our words. `operation` is the one that was called, if any.
pub(super) fn understand(error: poem::Error, operation: Option<&Operation>) -> Error {
    use poem_openapi::error as api;
    let error = match error.downcast::<Error>() {
        Ok(ours) => return ours,
        Err(other) => other,
    };
    if let Some(api::ParseParamError { name, reason }) = error.downcast_ref() {
        return of_parameter(&operation.map_or_else(|| format!("/query/{name}"), |op| op.pointer(name)), name, reason);
    }
    if let Some(api::ParsePathError { name, reason }) = error.downcast_ref() {
        // poem-openapi counts path parameters instead of naming them.
        let name = operation.and_then(|op| op.path_name(name)).unwrap_or(name);
        return of_parameter(&format!("/path/{name}"), name, reason);
    }
    if let Some(api::ParseRequestPayloadError { reason }) = error.downcast_ref() {
        return of_body(reason);
    }
    by_status(error)
}

fn of_parameter(pointer: &str, name: &str, reason: &str) -> Error {
    let (kind, code, message) = if reason.contains("verification failed") {
        (Kind::Unacceptable, "out_of_range", reason.split_once("verification failed. ").map_or(reason, |(_, limit)| limit))
    } else {
        // The texts of poem-openapi begin with the name of a Rust type, which says nothing to a client.
        (Kind::Malformed, "invalid_parameter", reason.split_once("\": ").map_or(reason, |(_, why)| why))
    };
    let message = cut(message);
    Error::refused(kind, code, format!("The parameter `{name}` was refused: {message}")).with_error(FieldError::new(pointer, code, message))
}

fn of_body(reason: &str) -> Error {
    if let Some((before, limit)) = reason.split_once("verification failed. ") {
        let field = before.split('`').nth(1).unwrap_or_default();
        let limit = cut(limit);
        return Error::refused(Kind::Unacceptable, "out_of_range", format!("The field `{field}` was refused: {limit}")).with_error(FieldError::new(
            format!("/body/{field}"),
            "out_of_range",
            limit,
        ));
    }
    Error::refused(Kind::Malformed, "invalid_body", format!("The body cannot be read: {}", cut(reason)))
}

fn by_status(error: poem::Error) -> Error {
    let status = error.status();
    let (kind, code, detail) = match status {
        StatusCode::NOT_FOUND => (Kind::NotFound, "not_found", "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => (Kind::MethodNotAllowed, "method_not_allowed", "This address does not know this method."),
        StatusCode::UNAUTHORIZED => (Kind::Unauthenticated, "unauthenticated", "A valid access token is needed."),
        StatusCode::PAYMENT_REQUIRED => (Kind::PaymentNeeded, "payment_failed", "The payment was refused."),
        StatusCode::FORBIDDEN => (Kind::Forbidden, "forbidden", "This is not yours to do."),
        StatusCode::PAYLOAD_TOO_LARGE => (Kind::TooLarge, "body_too_large", "The body is larger than this operation takes."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            (Kind::UnsupportedMedia, "unsupported_media_type", "The operation does not read this Content-Type; send application/json.")
        }
        StatusCode::UNPROCESSABLE_ENTITY => (Kind::Unacceptable, "unprocessable", "The request was understood and refused."),
        StatusCode::TOO_MANY_REQUESTS => (Kind::TooMany, "too_many_requests", "Too many requests; please slow down."),
        other if other.is_client_error() => (Kind::Malformed, "bad_request", "The request cannot be understood."),
        _ => return Error::Broken(anyhow::anyhow!("{error:?}")),
    };
    Error::refused(kind, code, detail)
}

/// The first [`ECHO_CHARS`] characters, with a mark when something is missing.
pub(super) fn cut(text: &str) -> String {
    cut_to(ECHO_CHARS, text)
}

fn cut_to(chars: usize, text: &str) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn json_of(response: Response) -> Value {
        serde_json::from_slice(&response.into_body().into_vec().await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_full() {
        let Error::Refused(refused) = Error::out_of_range("limit", "must be 1 to 100").with_data("fresh", json!([1])).with_data("code", json!("x")) else {
            panic!("not refused")
        };
        let response = render(&refused, "/api/v1/search/stays", "r-1");
        assert_eq!(response.status(), 422);
        assert_eq!(response.content_type(), Some(PROBLEM_JSON));
        insta::assert_json_snapshot!(json_of(response).await, @r#"
        {
          "code": "out_of_range",
          "detail": "limit: must be 1 to 100",
          "errors": [
            {
              "code": "out_of_range",
              "message": "must be 1 to 100",
              "pointer": "/query/limit"
            }
          ],
          "fresh": [
            1
          ],
          "instance": "/api/v1/search/stays",
          "request_id": "r-1",
          "status": 422,
          "title": "Out of range",
          "type": "/problems/out_of_range"
        }
        "#);
    }

    #[test]
    fn whoever_shows_something_wrong_is_told_so_and_addresses_are_whole() {
        let of = |code| render(&Refused::new(Kind::Unauthenticated, code, "No."), "", "");
        let how = |response: Response| response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().to_owned();
        assert_eq!(how(of("invalid_token")), "Bearer error=\"invalid_token\"");
        assert_eq!(how(of("unauthenticated")), "Bearer");
        let path = format!("/api/v1/listings/{0}/feeds/{0}/log", "0197f3a0-0000-7000-8000-000000000001");
        let told: Value = serde_json::from_str(&body(&Refused::new(Kind::NotFound, "not_found", "No."), &path, "")).unwrap();
        assert_eq!(told["instance"], path);
    }

    #[test]
    fn input_is_never_sent_back_at_length() {
        let long = "é".repeat(5_000);
        assert_eq!(cut(&long).chars().count(), ECHO_CHARS + 1);
        assert_eq!(cut("short"), "short");
        let Error::Refused(refused) = of_parameter("/query/q", "q", &format!("failed to parse \"string\": {long}")) else { panic!("not refused") };
        assert!(refused.detail.len() < 400 && refused.errors[0].message.len() < 300);
    }

    #[test]
    fn texts_of_the_framework_lose_their_rust_types() {
        let refused = |error| match error {
            Error::Refused(refused) => refused,
            Error::Broken(error) => panic!("{error}"),
        };
        let unreadable = refused(of_parameter("/query/adults", "adults", "failed to parse \"integer_int32\": invalid digit found in string"));
        assert_eq!((unreadable.kind, unreadable.detail.as_str()), (Kind::Malformed, "The parameter `adults` was refused: invalid digit found in string"));
        let range = refused(of_parameter("/query/limit", "limit", "verification failed. maximum(100, exclusive: false)"));
        assert_eq!((range.kind, range.code), (Kind::Unacceptable, "out_of_range"));
        let field = refused(of_body("failed to parse \"Ask\": field `title` verification failed. minLength(1)"));
        assert_eq!((field.code, field.errors[0].pointer.as_str()), ("out_of_range", "/body/title"));
    }
}
