//! The body of a message as it came, byte for byte, with its headers: a signature is over the bytes, so nothing may read them before.

use crate::platform::error::{Error, Kind};
use http::HeaderMap;
use poem::error::ReadBodyError;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use std::time::Duration;
use tokio::time::timeout;

/// Largest message (S-HOOK 1).
const MOST: usize = 512 << 10;
/// How long one may take to arrive.
const PATIENCE: Duration = Duration::from_secs(15);

/// A message under way to whoever can tell whether it is genuine.
pub(super) struct RawMessage {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl<'a> ApiExtractor<'a> for RawMessage {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(_registry: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new("object")));
        let content = vec![MetaMediaType { content_type: "application/json", schema }];
        Some(MetaRequest { description: Some("As the provider writes it."), content, required: true })
    }

    async fn from_request(request: &'a Request, body: &mut RequestBody, _options: ExtractParamOptions<()>) -> poem::Result<Self> {
        let bytes = match timeout(PATIENCE, body.take()?.into_bytes_limit(MOST)).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(ReadBodyError::PayloadTooLarge)) => {
                return Err(Error::refused(Kind::TooLarge, "body_too_large", format!("A message may have {MOST} bytes.")).into());
            }
            Ok(Err(_broken)) => return Err(Error::refused(Kind::Malformed, "invalid_body", "The message broke off.").into()),
            Err(_elapsed) => return Err(Error::refused(Kind::TooSlow, "request_timeout", "The message did not arrive in time.").into()),
        };
        Ok(Self { headers: request.headers().clone(), body: bytes.to_vec() })
    }
}
