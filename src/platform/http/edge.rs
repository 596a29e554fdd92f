//! The outermost endpoint: everything that is the same for every request, in one place instead of ten stacked layers.
//!
//! In order: request id, address and parameters (`strict.rs`), CORS preflight, who calls, how often they came, whether they may,
//! the body within its limits, room for one more request, a stored answer (`keyed.rs`), the body as the document describes it (`shape/`), the handler within its deadline, errors into
//! problems, ETag and 304, compression, headers, numbers, log. It never answers an `Err`.

use super::call::Call;
use super::caller::{Gate, unauthenticated};
use super::client::Clients;
use super::keyed::{Begun, Keyed};
use super::limits::{Limits, Standing};
use super::problem::{broken, render, understand};
use super::routes::{Numbers, Operation, Routes, wrong_method};
use super::visitor::Visitor;
use super::{headers, reply};
use crate::platform::access::{Action, Cell, Door, Meter, Principal, Via};
use crate::platform::config::Config;
use crate::platform::error::{Error, Kind, Refused};
use crate::platform::tools::Tools;
use crate::values;
use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, Request, Response};
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// How long a request may wait for its turn before it is turned away.
const PATIENCE: Duration = Duration::from_secs(1);

/// Messages of payment providers that are read at once, each half a MiB at most, and how long one waits for its turn.
const MESSAGES: usize = 64;
const MESSAGE_PATIENCE: Duration = Duration::from_secs(5);

/// How long a proof of who somebody is counts as fresh (S-MFA 5): five minutes.
const FRESH_MICROS: i64 = 300 * values::Instant::SECOND;

/// How long an upload that is all here may be worked on.
const UPLOAD_WORK: Duration = Duration::from_secs(60);

/// How long the rest of a refused upload is still read: whoever sends without listening would not hear the answer otherwise.
const LINGER: Duration = Duration::from_secs(1);

/// An endpoint with the edge around it.
pub struct Edge<E> {
    inner: E,
    routes: Routes,
    tools: Tools,
    room: Semaphore,
    uploads: Semaphore,
    /// Messages of payment providers under way: places of their own, so that neither photos nor slow strangers keep them out for long.
    messages: Semaphore,
    headers: headers::Fixed,
    gate: Arc<dyn Gate>,
    clients: Clients,
    limits: Limits,
    keyed: Keyed,
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
        let mut standing = None;
        let outcome = match found {
            _ if call.method == Method::OPTIONS => Ok(self.options(&call)),
            found => self.answer(request, &call, found, &mut standing).await,
        };
        let response = outcome.unwrap_or_else(|error| tell(error, &call));
        let mut response = reply::finish(response, &call).await;
        self.headers.apply(&mut response, &call, standing);
        drop(under_way);
        record(&call, numbers, response.status(), started.elapsed());
        Ok(response)
    }
}

impl<E: Endpoint<Output = Response>> Edge<E> {
    /// Puts the edge around `inner`, whose operations are `routes`.
    pub fn new(inner: E, routes: Routes, gate: Arc<dyn Gate>, tools: Tools) -> Self {
        let room = Semaphore::new(tools.config.http.in_flight);
        let (uploads, messages) = (Semaphore::new(tools.config.http.uploads), Semaphore::new(MESSAGES));
        let headers = headers::Fixed::new(&tools.config);
        let (clients, limits, keyed) = (Clients::new(&tools.config.http), Limits::new(&tools.config.limits), Keyed::new(&tools));
        Self { inner, routes, tools, room, uploads, messages, headers, gate, clients, limits, keyed }
    }

    fn config(&self) -> &Config {
        &self.tools.config
    }

    /// Answers a request whose address was found, or was not: wrong ones are counted too.
    async fn answer(
        &self,
        mut request: Request,
        call: &Call,
        found: Result<Option<&Operation>, Error>,
        standing: &mut Option<Standing>,
    ) -> Result<Response, Error> {
        let address = self.clients.address(&request);
        let operation = found.as_ref().ok().copied().flatten();
        let door = operation.and_then(|operation| operation.door.as_ref());
        // Reading what is public asks nothing of where its reader comes from.
        if door.is_some_and(|door| !matches!(door.action, Action::LookAround | Action::Search)) {
            let visitor = Arc::new(Visitor::of(&request, call.id(), address));
            request.extensions_mut().insert(visitor);
        }
        let caller = self.identify(&request, door).await;
        self.count(call, operation, address, caller.as_ref().ok().and_then(Option::as_deref), standing)?;
        let (_, caller) = (found?, caller?);
        if matches!(call.method, Method::TRACE | Method::CONNECT) {
            return Err(wrong_method(&call.method, None));
        }
        if let Some(door) = door {
            self.check(door, caller.as_deref())?;
        }
        // Before a place is taken, so that clients who send slowly hold none.
        let streamed = door.is_some_and(|door| door.streamed_body);
        let body = if streamed { self.announced(&mut request).await? } else { self.read_body(&mut request).await? };
        let _room = match operation {
            Some(operation) if operation.vital => None,
            _ if door.is_some_and(|door| door.meter == Some(Meter::Message)) => Some(self.place(&self.messages, MESSAGE_PATIENCE).await?),
            _ if streamed => Some(self.uploads.try_acquire().map_err(|_full| busy("overloaded", "As many uploads as there may be are under way; try again."))?),
            _ => Some(self.room().await?),
        };
        let once = match self.keyed.begin(&mut request, &body, caller.as_deref(), door.is_some_and(|door| door.secret_answer)).await? {
            Begun::Answered(response) => return Ok(response),
            Begun::New(once) => once,
        };
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        if call.method == Method::HEAD {
            request.set_method(Method::GET);
        }
        // After the key: what was answered to a copy stands, even where today such a body would be refused.
        let fits = operation.filter(|_| !streamed).map_or(Ok(()), |operation| operation.check_body(&request, &body));
        let outcome = match fits {
            Ok(()) => self.handle(request, operation).await,
            Err(refusal) => Err(refusal),
        };
        if once.claim().is_none() {
            return outcome;
        }
        Ok(self.keyed.finish(&once, outcome.unwrap_or_else(|error| tell(error, call))).await)
    }

    /// Calls the handler, for as long as it may take.
    async fn handle(&self, request: Request, operation: Option<&Operation>) -> Result<Response, Error> {
        let http = &self.config().http;
        let limit = match operation {
            Some(operation) if operation.search => http.search_timeout.0,
            Some(operation) if operation.door.is_some_and(|door| door.streamed_body) => http.upload_timeout.0 + UPLOAD_WORK,
            _ => http.request_timeout.0,
        };
        match timeout(limit, AssertUnwindSafe(self.inner.call(request)).catch_unwind()).await {
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

    /// Finds out who calls.
    async fn identify(&self, request: &Request, door: Option<&Door>) -> Result<Option<Arc<Principal>>, Error> {
        let Some(door) = door else { return Ok(None) };
        // Whoever comes in proves themselves anew; what they still carry does not count.
        let shows = |name| request.headers().contains_key(name);
        match door.action {
            Action::ComeIn => Ok(None),
            _ if shows(header::AUTHORIZATION) || shows(header::COOKIE) => self.gate.identify(request).await,
            _ => Ok(None),
        }
    }

    /// Counts the request against the limit of its kind. Whoever could not show who they are counts as a stranger.
    fn count(
        &self,
        call: &Call,
        operation: Option<&Operation>,
        address: IpAddr,
        caller: Option<&Principal>,
        standing: &mut Option<Standing>,
    ) -> Result<(), Error> {
        if operation.is_some_and(|operation| operation.vital) {
            return Ok(());
        }
        let meter = operation.and_then(|operation| operation.door?.meter).unwrap_or_else(|| match call.method {
            _ if operation.is_some_and(|operation| operation.search) => Meter::Search,
            Method::GET | Method::HEAD => Meter::Read,
            _ => Meter::Write,
        });
        let Some(verdict) = self.limits.count(meter, address, caller) else { return Ok(()) };
        *standing = Some(verdict.standing);
        verdict.refused.map_or(Ok(()), |refused| {
            self.tools.metrics.limited.inc();
            Err(refused)
        })
    }

    /// Whether the operation's door is open to the caller.
    fn check(&self, door: &Door, caller: Option<&Principal>) -> Result<(), Error> {
        if !door.lets_in(caller) {
            return Err(if caller.is_some() { forbidden() } else { unauthenticated() });
        }
        let Some(caller) = caller else { return Ok(()) };
        if let Via::Token(_, scopes) = caller.via
            && door.action.row().cells[0] == Cell::No
            && !door.action.row().scope.is_some_and(|scope| scopes.has(scope))
        {
            return Err(Error::refused(Kind::Forbidden, "scope_missing", "This personal access token is not made for that."));
        }
        if door.is_for_staff() && self.config().staff_needs_second_factor() && !caller.strong {
            return Err(Error::refused(Kind::Forbidden, "second_factor_needed", "Staff need a second factor here: set one up, and log in with it."));
        }
        let age = self.tools.clock.now().0 - caller.proven_at.0;
        if door.fresh_proof && (matches!(caller.via, Via::Token(..)) || age > FRESH_MICROS) {
            return Err(Error::refused(Kind::Forbidden, "proof_needed", "This needs a fresh proof of who you are: call /auth/prove first."));
        }
        Ok(())
    }

    /// Waits for one of the places of requests being worked on.
    async fn room(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.place(&self.room, PATIENCE).await
    }

    async fn place<'a>(&self, room: &'a Semaphore, patience: Duration) -> Result<SemaphorePermit<'a>, Error> {
        if let Ok(permit) = room.try_acquire() {
            return Ok(permit);
        }
        match timeout(patience, room.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                self.tools.metrics.shed.inc();
                Err(busy("overloaded", "The server is working on as many requests as it can; please try again shortly."))
            }
        }
    }

    /// Reads the whole body, counted while it streams in, so that no handler meets an endless one. The request keeps it.
    async fn read_body(&self, request: &mut Request) -> Result<Bytes, Error> {
        let body = request.take_body();
        if body.is_empty() {
            return Ok(Bytes::new());
        }
        let most = self.config().http.body_limit.0;
        if declared_length(request).is_some_and(|length| length > most) {
            return Err(too_large(most));
        }
        match timeout(self.config().http.request_timeout.0, collect(body, most)).await {
            Ok(Ok(bytes)) => {
                request.set_body(bytes.clone());
                Ok(bytes)
            }
            Ok(Err(refusal)) => Err(refusal),
            Err(_elapsed) => Err(Error::refused(Kind::TooSlow, "request_timeout", "The body did not arrive in time.")),
        }
    }

    /// An upload stays in the request for its handler; what it says of its length stands for it where requests are compared.
    async fn announced(&self, request: &mut Request) -> Result<Bytes, Error> {
        let most = self.config().http.upload_limit.0;
        let declared = declared_length(request);
        if declared.is_some_and(|length| length > most) {
            linger(request.take_body()).await;
            return Err(too_large(most));
        }
        Ok(declared.map(|length| Bytes::from(length.to_string())).unwrap_or_default())
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

fn declared_length(request: &Request) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads on for a moment and throws away what comes.
async fn linger(body: poem::Body) {
    let mut body: http_body_util::combinators::BoxBody<Bytes, std::io::Error> = body.into();
    let reading = async { while let Some(Ok(_)) = body.frame().await {} };
    drop(timeout(LINGER, reading).await);
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

fn forbidden() -> Error {
    Error::refused(Kind::Forbidden, "forbidden", "You are known, but this is not yours to do.")
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
    // Those who come too often are only counted: a flood is not to fill the log.
    let quiet = status == StatusCode::TOO_MANY_REQUESTS || (read && !status.is_client_error() && !status.is_server_error());
    if quiet {
        tracing::debug!(method = %call.method, path = call.uri.path(), status = status.as_u16(), took_ms, request_id = call.id(), "request");
    } else {
        tracing::info!(method = %call.method, path = call.uri.path(), status = status.as_u16(), took_ms, request_id = call.id(), "request");
    }
}
