//! A JSON body that may be left out, with its `Content-Type`: [`Perhaps`], as an argument of a handler.

use poem::{FromRequest, Request, RequestBody};
use poem_openapi::error::ContentTypeError;
use poem_openapi::payload::Json;
use poem_openapi::registry::{MetaRequest, Registry};
use poem_openapi::types::ParseFromJSON;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

/// `None`: the request has no body. poem-openapi's own payloads ask for a `Content-Type` even where no body is needed.
pub struct Perhaps<T>(pub Option<T>);

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for Perhaps<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Json<Option<T>> as ApiExtractor>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        <Json<Option<T>> as ApiExtractor>::request_meta()
    }

    async fn from_request(request: &'a Request, body: &mut RequestBody, options: ExtractParamOptions<()>) -> poem::Result<Self> {
        if request.content_type().is_some() {
            let Json(found) = <Json<Option<T>> as ApiExtractor>::from_request(request, body, options).await?;
            return Ok(Self(found));
        }
        let bytes = <Vec<u8> as FromRequest>::from_request(request, body).await?;
        if bytes.is_empty() { Ok(Self(None)) } else { Err(ContentTypeError::ExpectContentType.into()) }
    }
}
