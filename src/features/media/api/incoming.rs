//! The body of an upload, read as it comes: an argument of a handler whose door says `with_streamed_body`.

use crate::platform::error::{Error, Kind, Result};
use bytes::Bytes;
use futures_util::Stream;
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::Body as _;
use multer::{Constraints, Multipart, SizeLimit};
use parking_lot::Mutex;
use poem::http::header;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::timeout;

/// Bytes that may come without being of use: the heads of parts. The parser would keep a head without an end in memory.
const MOST_IDLE: usize = 128 << 10;
const MOST_WORDS: u64 = 4 << 10;
/// How long a refused upload is still read, so that whoever sends without listening hears the answer.
const LINGER: Duration = Duration::from_secs(1);

/// The part with words about the file that follows.
pub(super) const ALT: &str = "alt";
/// A part with a file.
pub(super) const FILE: &str = "file";

/// A multipart body under way.
pub(super) struct Incoming {
    boundary: Option<String>,
    tap: Tap,
}

/// The body, shared between the parser and whoever reads the rest of it.
#[derive(Clone)]
pub(super) struct Tap(Arc<Mutex<State>>);

struct State {
    body: BoxBody<Bytes, io::Error>,
    idle: usize,
    /// The next call gives nothing, so that the parser looks at what it has instead of taking all there is.
    pause: bool,
}

impl Incoming {
    /// The parts. `most` bytes of all of them are read, and `most_file` of a file.
    pub(super) fn parts(&self, most: usize, most_file: usize) -> Result<Multipart<'static>> {
        let boundary = self
            .boundary
            .clone()
            .ok_or_else(|| Error::refused(Kind::UnsupportedMedia, "unsupported_media_type", "Send the files as multipart/form-data with a boundary."))?;
        // One byte more than may be, so that too large a file is told from one that just fits.
        let limit = SizeLimit::new().whole_stream(most as u64).per_field(most_file as u64 + 1).for_field(ALT, MOST_WORDS);
        Ok(Multipart::with_constraints(self.tap.clone(), boundary, Constraints::new().size_limit(limit)))
    }

    /// What came was of use.
    pub(super) fn went_on(&self) {
        self.tap.0.lock().idle = 0;
    }

    /// Reads on for a moment and throws away what comes.
    pub(super) async fn linger(self) {
        let mut tap = self.tap;
        let reading = std::future::poll_fn(move |context| {
            tap.0.lock().idle = 0;
            loop {
                match Pin::new(&mut tap).poll_next(context) {
                    Poll::Ready(Some(Ok(_))) => tap.0.lock().idle = 0,
                    Poll::Ready(_) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        });
        drop(timeout(LINGER, reading).await);
    }
}

impl Stream for Tap {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.0.lock();
        if std::mem::take(&mut state.pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if state.idle > MOST_IDLE {
            return Poll::Ready(Some(Err(io::Error::other("the head of a part is too long"))));
        }
        loop {
            return match Pin::new(&mut state.body).poll_frame(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
                Poll::Ready(Some(Ok(frame))) => {
                    let Ok(data) = frame.into_data() else { continue };
                    state.idle += data.len();
                    state.pause = true;
                    Poll::Ready(Some(Ok(data)))
                }
            };
        }
    }
}

impl<'a> ApiExtractor<'a> for Incoming {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(_registry: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let text = |format, description| {
            let mut schema = MetaSchema::new_with_format("string", format);
            schema.description = Some(description);
            schema
        };
        let mut files = MetaSchema::new("array");
        files.items = Some(Box::new(MetaSchemaRef::Inline(Box::new(text("binary", "A JPEG, PNG or WebP file.")))));
        let alt = text("", "What is to be seen on the file that follows this part: one line of at most 500 characters.");
        let mut schema = MetaSchema::new("object");
        schema.properties = vec![(ALT, MetaSchemaRef::Inline(Box::new(alt))), (FILE, MetaSchemaRef::Inline(Box::new(files)))];
        schema.required = vec![FILE];
        let content = vec![MetaMediaType { content_type: "multipart/form-data", schema: MetaSchemaRef::Inline(Box::new(schema)) }];
        Some(MetaRequest { description: Some("Parts `file`, each perhaps behind a part `alt` about it."), content, required: true })
    }

    async fn from_request(request: &'a Request, body: &mut RequestBody, _options: ExtractParamOptions<()>) -> poem::Result<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = kind.and_then(|kind| multer::parse_boundary(kind).ok());
        let body: BoxBody<Bytes, io::Error> = body.take()?.into();
        Ok(Self { boundary, tap: Tap(Arc::new(Mutex::new(State { body: body.map_err(|error| error).boxed(), idle: 0, pause: false }))) })
    }
}
