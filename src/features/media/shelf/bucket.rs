//! Files in a bucket that speaks S3. The protocol is `object_store`'s; the connection is the one client through which the server
//! calls others. What was read lately is kept in memory: files never change.

use super::super::rules::FileName;
use crate::platform::cache::{Cache, Sizes};
use crate::platform::config::{Hidden, Media};
use crate::platform::outbound::{Budget, Outbound, Policy, Trouble};
use anyhow::Context;
use bytes::Bytes;
use http_body_util::BodyExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService};
use object_store::path::Path;
use object_store::{ClientOptions, Error, ObjectStoreExt, RetryConfig};
use poem::http::{HeaderValue, Response, header};
use std::fmt;
use std::time::Duration;

/// Larger answers are not ours: the largest file of a photo has a few MiB at most.
const MOST_BYTES: u64 = 32 << 20;
/// Memory for what was read lately.
const KEPT_BYTES: u64 = 64 << 20;
/// A photo of the middle size, and a tall one of the largest that is full of noise.
const SIZES: Sizes = Sizes { usual: 100 << 10, largest: 16 << 20 };
const FOLDER: &str = "media";

pub(in super::super) struct Bucket {
    store: AmazonS3,
    kept: Cache<String, Bytes>,
}

impl Bucket {
    pub(super) fn open(settings: &Media, outbound: Outbound) -> anyhow::Result<Self> {
        let http = settings.endpoint.as_deref().is_some_and(|url| url.starts_with("http://"));
        let retry = RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(30), ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(settings.bucket.clone().unwrap_or_default())
            .with_region(&settings.region)
            .with_access_key_id(settings.access_key.clone().unwrap_or_default())
            .with_secret_access_key(settings.secret.as_ref().map(Hidden::expose).unwrap_or_default())
            .with_allow_http(http)
            .with_retry(retry)
            .with_http_connector(Caller { outbound, http });
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
        }
        let store = builder.build().context("the bucket of the photos cannot be used")?;
        Ok(Self { store, kept: Cache::of_bytes(KEPT_BYTES, SIZES, |name: &String, bytes: &Bytes| name.len() + bytes.len()) })
    }

    pub(super) fn put(&self, file: &FileName, bytes: &[u8]) -> anyhow::Result<()> {
        waiting(self.store.put(&at(file), bytes.to_vec().into()))?.context("a photo cannot be put into the bucket")?;
        Ok(())
    }

    pub(super) fn get(&self, file: &FileName) -> anyhow::Result<Option<Bytes>> {
        let name = file.name();
        if let Some(bytes) = self.kept.get(&name) {
            return Ok(Some(bytes));
        }
        let begun = self.kept.begin();
        let fetching = async { self.store.get(&at(file)).await?.bytes().await };
        match waiting(fetching)? {
            Ok(bytes) => {
                self.kept.keep(begun, name, bytes.clone());
                Ok(Some(bytes))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error).context("a photo cannot be read from the bucket"),
        }
    }

    pub(super) fn remove(&self, file: &FileName) -> anyhow::Result<()> {
        let deleted = waiting(self.store.delete(&at(file)));
        // Not before: somebody may read it until it is gone, and would keep it.
        self.kept.forget(&file.name());
        match deleted? {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error).context("a photo cannot be taken out of the bucket"),
        }
    }
}

fn at(file: &FileName) -> Path {
    Path::from(format!("{FOLDER}/{}", file.key()))
}

/// Runs to its end on this thread, which may block: a small runtime is made for it, because `object_store` sleeps between tries.
fn waiting<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().context("a runtime for the bucket cannot be made")?;
    Ok(runtime.block_on(work))
}

/// Calls through the server's one client. Only ever polled by [`waiting`], so it may block.
#[derive(Clone)]
struct Caller {
    outbound: Outbound,
    http: bool,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Caller")
    }
}

impl HttpConnector for Caller {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait::async_trait]
impl HttpService for Caller {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes().to_vec();
        let request = poem::http::Request::from_parts(head, body);
        let answer = self.outbound.send(Policy::Operator { http: self.http }, Budget::of(MOST_BYTES), request).map_err(trouble)?;
        let (mut head, body) = answer.into_parts();
        // The client drops it, because it may have unpacked the body.
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        Ok(Response::from_parts(head, HttpResponseBody::from(body)))
    }
}

fn trouble(trouble: Trouble) -> HttpError {
    let kind = match trouble {
        Trouble::UnknownHost | Trouble::Unreachable(_) | Trouble::Busy => HttpErrorKind::Connect,
        Trouble::Slow => HttpErrorKind::Timeout,
        _ => HttpErrorKind::Unknown,
    };
    HttpError::new(kind, trouble)
}
