//! Answers of operations that change something. One that is stored in the transaction of the change, to be given again byte for byte
//! (`idempotency`), is rendered there; any other one when it is sent, so that nobody who waits to write waits for JSON.
//!
//! ```ignore
//! async fn make(&self, caller: Caller, once: Once, ask: Json<Ask>) -> ApiResult<Created<HomeView>> {
//!     self.tools.db.write_once(&once, move |tx, now| {
//!         let home = service::make(tx, now, caller.user, &ask)?;
//!         Ok(Created::at(format!("{PREFIX}/homes/{}", home.id), HomeView::of(&home)))
//!     }).await
//! }
//! ```

use super::etag;
use super::prepared::Prepared;
use crate::platform::idempotency::{Kept, Repeatable};
use bytes::Bytes;
use poem::http::header::{self, HeaderName};
use poem::http::{HeaderValue, StatusCode};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};

/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// 200: it is done, and this is how it is now.
pub type Done<T> = Answer<200, T>;
/// 201: it is made, and found at `Location`.
pub type Created<T> = Answer<201, T>;
/// 202: it will be done.
pub type Accepted<T> = Answer<202, T>;

/// An answer with the JSON of a `T`.
pub struct Answer<const STATUS: u16, T> {
    finished: Finished,
    /// What is not rendered yet.
    view: Option<T>,
}

/// 204: it is done, and there is nothing to tell.
pub struct Nothing(Finished);

/// An answer that only has to be sent.
struct Finished {
    kept: Kept,
    again: bool,
}

impl<const STATUS: u16, T: ToJSON> Answer<STATUS, T> {
    fn of(view: T) -> Self {
        let kept = Kept { status: STATUS, content_type: Some(Prepared::<T>::CONTENT_TYPE.to_owned()), location: None, etag: None, body: None };
        Self { finished: Finished { kept, again: false }, view: Some(view) }
    }

    /// With the entity tag of what is shown (`etag::of_version`).
    #[must_use]
    pub fn with_etag(mut self, tag: String) -> Self {
        self.finished.kept.etag = Some(tag);
        self
    }

    /// With the entity tag of its bytes, for what has no version.
    #[must_use]
    pub fn with_own_etag(mut self) -> Self {
        self.render();
        self.finished.kept.etag = self.finished.kept.body.as_deref().map(etag::of);
        self
    }

    #[must_use]
    pub fn with_location(mut self, location: String) -> Self {
        self.finished.kept.location = Some(location);
        self
    }

    fn render(&mut self) {
        if let Some(view) = self.view.take() {
            self.finished.kept.body = Some(Prepared::of(&view).bytes().clone());
        }
    }
}

impl<T: ToJSON> Done<T> {
    #[must_use]
    pub fn now(view: T) -> Self {
        Self::of(view)
    }
}

impl<T: ToJSON> Created<T> {
    /// `location` is the path of what was made.
    #[must_use]
    pub fn at(location: String, view: T) -> Self {
        Self::of(view).with_location(location)
    }
}

impl<T: ToJSON> Accepted<T> {
    #[must_use]
    pub fn later(view: T) -> Self {
        Self::of(view)
    }
}

impl Nothing {
    #[must_use]
    pub fn more() -> Self {
        Self(Finished { kept: Kept { status: 204, content_type: None, location: None, etag: None, body: Some(Bytes::new()) }, again: false })
    }
}

/// The stored answer, marked as such.
pub(super) fn again(kept: Kept) -> Response {
    Finished { kept, again: true }.into_response()
}

/// What of a finished answer is stored.
pub(super) fn keep(response: &Response, body: Bytes) -> Kept {
    let text = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Kept {
        status: response.status().as_u16(),
        content_type: text(header::CONTENT_TYPE),
        location: text(header::LOCATION),
        etag: text(header::ETAG),
        body: Some(body),
    }
}

impl IntoResponse for Finished {
    fn into_response(self) -> Response {
        let mut response =
            Response::builder().status(StatusCode::from_u16(self.kept.status).unwrap_or(StatusCode::OK)).body(self.kept.body.unwrap_or_default());
        let headers = response.headers_mut();
        for (name, value) in [(header::CONTENT_TYPE, self.kept.content_type), (header::LOCATION, self.kept.location), (header::ETAG, self.kept.etag)] {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                headers.insert(name, value);
            }
        }
        if self.again {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

impl<const STATUS: u16, T: ToJSON> IntoResponse for Answer<STATUS, T> {
    fn into_response(mut self) -> Response {
        self.render();
        self.finished.into_response()
    }
}

impl IntoResponse for Nothing {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl<const STATUS: u16, T: ToJSON + 'static> Repeatable for Answer<STATUS, T> {
    fn kept(&mut self) -> Kept {
        self.render();
        self.finished.kept.clone()
    }

    fn again(kept: Kept) -> Self {
        Self { finished: Finished { kept, again: true }, view: None }
    }
}

impl Repeatable for Nothing {
    fn kept(&mut self) -> Kept {
        self.0.kept.clone()
    }

    fn again(kept: Kept) -> Self {
        Self(Finished { kept, again: true })
    }
}

fn documented(status: u16, content: Vec<MetaMediaType>) -> MetaResponses {
    let header = |name: &str, description: &str, schema: &'static str| MetaHeader {
        name: name.into(),
        description: Some(description.into()),
        required: false,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new(schema))),
    };
    let mut headers = vec![header("Idempotent-Replayed", "`true`: this was answered before, to the same Idempotency-Key.", "boolean")];
    if status == 201 {
        headers.push(header("Location", "Where it is found.", "string"));
    }
    let description = match status {
        201 => "Made.",
        202 => "Taken on; it will be done.",
        204 => "Done; there is nothing to tell.",
        _ => "Done.",
    };
    MetaResponses { responses: vec![MetaResponse { description, status: Some(status), status_range: None, content, headers }] }
}

impl<const STATUS: u16, T: Type + ToJSON> ApiResponse for Answer<STATUS, T> {
    fn meta() -> MetaResponses {
        documented(STATUS, vec![MetaMediaType { content_type: Prepared::<T>::CONTENT_TYPE, schema: Prepared::<T>::schema_ref() }])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl ApiResponse for Nothing {
    fn meta() -> MetaResponses {
        documented(204, Vec::new())
    }

    fn register(_registry: &mut Registry) {}
}
