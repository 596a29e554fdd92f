//! The outermost endpoint: everything that is the same for every request, in one place instead of ten stacked layers.
//!
//! In order: request id, address and parameters (`strict.rs`), CORS preflight, the body within its limits,
//! room for one more request, the handler within its deadline, errors into problems, ETag and 304, compression, headers,
//! numbers, log. It never answers an `Err`.

use super::call::Call;
use super::problem::{broken, render, understand};
use super::routes::{Numbers, Operation, Routes, wrong_method};
use super::{headers, reply};
use crate::platform::config::Config;
use crate::platform::error::{Error, Kind, Refused};
use crate::platform::tools::Tools;
use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, Request, Response};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// How long a request may wait for its turn before it is turned away.
const PATIENCE: Duration = Duration::from_secs(1);

/// An endpoint with the edge around it.
pub struct Edge<E> {
    inner: E,
    routes: Routes,
    tools: Tools,
    room: Semaphore,
    headers: headers::Fixed,
}

/// Counts a request as under way until it is answered or its client gives up.
struct UnderWay<'a>(&'a prometheus::IntGauge);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Edge<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        self.tools.metrics.in_flight.inc();
        let under_way = UnderWay(&self.tools.metrics.in_flight);
        let call = Call::of(&request, self.tools.clock.now());
        let found = self.routes.operation(&call.method, &call.uri);
        let operation = found.as_ref().ok().copied().flatten();
        let numbers = operation.map_or(self.routes.unmatched(), |op| &op.numbers);
        let outcome = match found {
            _ if call.method == Method::OPTIONS => Ok(self.options(&call)),
            Ok(operation) => self.answer(request, &call, operation).await,
            Err(refusal) => Err(refusal),
        };
        let response = outcome.unwrap_or_else(|error| tell(error, &call));
        let mut response = reply::finish(response, &call).await;
        self.headers.apply(&mut response, &call);
        drop(under_way);
        record(&call, numbers, response.status(), started.elapsed());
        Ok(response)
    }
}

impl<E: Endpoint<Output = Response>> Edge<E> {
    /// Puts the edge around `inner`, whose operations are `routes`.
    pub fn new(inner: E, routes: Routes, tools: Tools) -> Self {
        let room = Semaphore::new(tools.config.http.in_flight);
        let headers = headers::Fixed::new(&tools.config);
        Self { inner, routes, tools, room, headers }
    }

    fn config(&self) -> &Config {
        &self.tools.config
    }

    async fn answer(&self, mut request: Request, call: &Call, operation: Option<&Operation>) -> Result<Response, Error> {
        if matches!(call.method, Method::TRACE | Method::CONNECT) {
            return Err(wrong_method(&call.method, None));
        }
        // Before a place is taken, so that clients who send slowly hold none.
        self.read_body(&mut request).await?;
        let _room = match operation {
            Some(operation) if operation.vital => None,
            _ => Some(self.room().await?),
        };
        if call.method == Method::HEAD {
            request.set_method(Method::GET);
        }
        let limit = if operation.is_some_and(|op| op.search) { self.config().http.search_timeout } else { self.config().http.request_timeout };
        match timeout(limit.0, AssertUnwindSafe(self.inner.call(request)).catch_unwind()).await {
            Ok(Ok(Ok(response))) => Ok(response),
            Ok(Ok(Err(error))) if error.is_from_response() => Ok(error.into_response()),
            Ok(Ok(Err(error))) => Err(understand(error, operation)),
            Ok(Err(_panic)) => {
                // The panic itself was logged by the hook; this ties it to the request.
                self.tools.metrics.panics.inc();
                Err(anyhow::anyhow!("the handler panicked").into())
            }
            Err(_elapsed) => Err(busy("timed_out", "The request took longer than the server allows.")),
        }
    }

    /// Waits for one of the places of requests being worked on.
    async fn room(&self) -> Result<SemaphorePermit<'_>, Error> {
        if let Ok(permit) = self.room.try_acquire() {
            return Ok(permit);
        }
        match timeout(PATIENCE, self.room.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                self.tools.metrics.shed.inc();
                Err(busy("overloaded", "The server is working on as many requests as it can; please try again shortly."))
            }
        }
    }

    /// Reads the whole body, counted while it streams in, so that no handler meets an endless one.
    async fn read_body(&self, request: &mut Request) -> Result<(), Error> {
        let body = request.take_body();
        if body.is_empty() {
            return Ok(());
        }
        let most = self.config().http.body_limit.0;
        let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
        if declared.is_some_and(|length| length > most) {
            return Err(too_large(most));
        }
        match timeout(self.config().http.request_timeout.0, collect(body, most)).await {
            Ok(Ok(bytes)) => {
                request.set_body(bytes);
                Ok(())
            }
            Ok(Err(refusal)) => Err(refusal),
            Err(_elapsed) => Err(Error::refused(Kind::TooSlow, "request_timeout", "The body did not arrive in time.")),
        }
    }

    /// `OPTIONS`: what may be done here, and the browser's question before a cross-origin call.
    fn options(&self, call: &Call) -> Response {
        let Some(allow) = self.routes.allow(call.uri.path()) else {
            return tell(Error::not_found("There is nothing at this address."), call);
        };
        let mut response = Response::builder().status(StatusCode::NO_CONTENT).header(header::ALLOW, allow).finish();
        self.headers.preflight(&mut response, call, allow);
        response
    }
}

async fn collect(body: poem::Body, most: usize) -> Result<Bytes, Error> {
    let mut body: http_body_util::combinators::BoxBody<Bytes, std::io::Error> = body.into();
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Error::refused(Kind::Malformed, "invalid_body", format!("The body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > most {
            return Err(too_large(most));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

fn too_large(most: usize) -> Error {
    Error::refused(Kind::TooLarge, "body_too_large", format!("A body may have {most} bytes."))
}

fn busy(code: &'static str, detail: &str) -> Error {
    let mut refused = Refused::new(Kind::Busy, code, detail);
    refused.retry_after_seconds = Some(1);
    refused.into()
}

/// The answer to an error. What broke on our side is logged here, once, with its causes.
fn tell(error: Error, call: &Call) -> Response {
    match error {
        Error::Refused(refused) => render(&refused, call.uri.path(), call.id()),
        Error::Broken(error) => {
            tracing::error!(request_id = call.id(), method = %call.method, path = call.uri.path(), "request failed: {error:#}");
            render(&broken(), call.uri.path(), call.id())
        }
    }
}

/// Numbers and the access log. Successful reads are logged at debug, so that the default filter costs them nothing.
fn record(call: &Call, numbers: &Numbers, status: StatusCode, took: Duration) {
    numbers.count(status.as_u16(), took);
    let read = call.method == Method::GET || call.method == Method::HEAD;
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if read && !status.is_client_error() && !status.is_server_error() {
        tracing::debug!(method = %call.method, path = call.uri.path(), status = status.as_u16(), took_ms, request_id = call.id(), "request");
    } else {
        tracing::info!(method = %call.method, path = call.uri.path(), status = status.as_u16(), took_ms, request_id = call.id(), "request");
    }
}
