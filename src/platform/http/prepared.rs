//! Answers whose JSON is rendered already, such as search pages put together from cached cards.
//!
//! In the OpenAPI document [`Prepared<T>`] is a `Json<T>`; on the wire it is the bytes it was given. Whoever makes one
//! promises that they are the JSON of a `T`.

use bytes::Bytes;
use poem::http::{HeaderValue, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};
use std::marker::PhantomData;

/// The JSON of a `T`, as bytes.
pub struct Prepared<T> {
    bytes: Bytes,
    // A function, so that this is Send and Sync whatever T is.
    of: PhantomData<fn() -> T>,
}

impl<T> Prepared<T> {
    /// Takes bytes that are the JSON of a `T`.
    pub fn new(json: impl Into<Bytes>) -> Self {
        Self { bytes: json.into(), of: PhantomData }
    }

    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The entity tag of these bytes.
    #[must_use]
    pub fn etag(&self) -> String {
        super::etag::of(&self.bytes)
    }
}

impl<T: ToJSON> Prepared<T> {
    /// Renders a value.
    #[must_use]
    pub fn of(value: &T) -> Self {
        Self::new(value.to_json_string())
    }
}

impl<T: Type> Payload for Prepared<T> {
    const CONTENT_TYPE: &'static str = Json::<T>::CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Send> IntoResponse for Prepared<T> {
    fn into_response(self) -> Response {
        let mut response = Response::from(());
        response.set_body(self.bytes);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        response
    }
}

impl<T: Type> ApiResponse for Prepared<T> {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType { content_type: Self::CONTENT_TYPE, schema: Self::schema_ref() }];
        MetaResponses { responses: vec![MetaResponse { description: "", status: Some(200), status_range: None, content, headers: vec![] }] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// A cacheable `GET` answer: documented with its `ETag`, `Cache-Control` and 304.
///
/// The edge turns the 200 into the 304 when the client's `If-None-Match` names the tag; return
/// [`Cached::not_modified`] yourself only to save the rendering.
#[derive(ApiResponse)]
pub enum Cached<T: Type> {
    /// The thing itself.
    #[oai(status = 200)]
    Fresh(Prepared<T>, #[oai(header = "ETag")] String, #[oai(header = "Cache-Control")] String),
    /// You have it already: `If-None-Match` named the current `ETag`.
    #[oai(status = 304)]
    NotModified(#[oai(header = "ETag")] String, #[oai(header = "Cache-Control")] String),
}

impl<T: Type> Cached<T> {
    /// Rendered JSON, to be asked for again each time (`no-cache`).
    #[must_use]
    pub fn fresh(prepared: Prepared<T>) -> Self {
        let tag = prepared.etag();
        Self::Fresh(prepared, tag, "no-cache".into())
    }

    /// Rendered JSON that has not changed since the client got `tag`.
    #[must_use]
    pub fn not_modified(tag: String) -> Self {
        Self::NotModified(tag, "no-cache".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::{Endpoint, IntoEndpoint, Request};
    use poem_openapi::{Object, OpenApi, OpenApiService};

    #[derive(Object)]
    struct Card {
        title: String,
    }

    struct Api;

    #[OpenApi]
    impl Api {
        #[oai(path = "/plain", method = "get")]
        async fn plain(&self) -> Prepared<Card> {
            Prepared::new(r#"{"title":"Attic"}"#)
        }

        #[oai(path = "/cached", method = "get")]
        async fn cached(&self) -> Cached<Card> {
            Cached::fresh(Prepared::of(&Card { title: "Attic".into() }))
        }
    }

    #[tokio::test]
    async fn prepared_answers_look_like_json_in_the_document_and_on_the_wire() {
        let service = OpenApiService::new(Api, "t", "1");
        let spec: serde_json::Value = serde_json::from_str(&service.spec()).unwrap();
        let schema = &spec["paths"]["/plain"]["get"]["responses"]["200"]["content"]["application/json; charset=utf-8"]["schema"];
        assert_eq!(schema["$ref"], "#/components/schemas/Card");
        assert_eq!(spec["components"]["schemas"]["Card"]["properties"]["title"]["type"], "string");
        let cached = &spec["paths"]["/cached"]["get"]["responses"];
        assert_eq!(cached["200"]["content"]["application/json; charset=utf-8"]["schema"], *schema);
        assert!(cached["200"]["headers"].as_object().unwrap().contains_key("ETAG"), "{cached}");
        assert!(cached["304"]["headers"].as_object().unwrap().contains_key("CACHE-CONTROL"), "{cached}");

        let endpoint = service.into_endpoint();
        for path in ["/plain", "/cached"] {
            let response = endpoint.get_response(Request::builder().uri(path.parse().unwrap()).finish()).await;
            assert_eq!(response.content_type(), Some("application/json; charset=utf-8"));
            if path == "/cached" {
                assert_eq!(response.header("etag").unwrap(), super::super::etag::of(br#"{"title":"Attic"}"#));
            }
            assert_eq!(response.into_body().into_string().await.unwrap(), r#"{"title":"Attic"}"#);
        }
    }
}
