//! The client itself: one call, its redirects, its body.

use super::names::{Guarded, Judge, Lookup, NOT_PUBLIC, PATIENCE, SystemLookup};
use super::room::Room;
use super::target::{self, Shape};
use super::{Budget, Policy, Trouble};
use crate::platform::config::{Config, Network, OutboundSettings};
use crate::platform::tls;
use http::{Method, Request, Response, header};
use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;
use url::Url;

const CONNECT: Duration = Duration::from_secs(5);
const FIRST_BYTE: Duration = Duration::from_secs(10);
const MOST_REDIRECTS: usize = 3;
/// How long a call may wait for its turn.
const TURN: Duration = Duration::from_secs(2);
const HEAD_BYTES: usize = 32 << 10;

/// The one client for calls to elsewhere; cheap to clone. Its calls block.
#[derive(Clone)]
pub struct Outbound(Arc<Inner>);

struct Inner {
    settings: OutboundSettings,
    public: Agent,
    operator: Agent,
    strangers: Room,
    operators: Room,
    /// What strangers' names lead to, for [`Outbound::vet`].
    names: Guarded,
}

impl Outbound {
    #[must_use]
    pub fn open(config: &Config) -> Self {
        Self::with_lookup(config, Arc::new(SystemLookup))
    }

    /// With look-ups of one's own, for tests.
    #[must_use]
    pub fn with_lookup(config: &Config, lookup: Arc<dyn Lookup>) -> Self {
        tls::choose_cryptography();
        let settings = config.outbound.clone();
        // Our own address is public perhaps, but nothing that a stranger should make us call.
        let own = Some(config.listen.ip()).filter(|ip| !ip.is_unspecified()).and_then(|ip| Network::parse(&ip.to_string()));
        let deny = settings.deny.iter().copied().chain(own).collect();
        let judge = Judge::Public { allow: settings.allow.clone(), deny };
        let names = Guarded { lookup: Arc::clone(&lookup), judge };
        let public = agent(names.clone());
        let operator = agent(Guarded { lookup, judge: Judge::Anything });
        Self(Arc::new(Inner { settings, public, operator, strangers: Room::new(8, 1), operators: Room::new(16, 8), names }))
    }

    /// Whether an address that a stranger names would be called, as things are now: how it is written, and where its name leads. Answers its
    /// host. Nothing is connected to; blocks for as long as a look-up of a name takes.
    pub fn vet(&self, address: &str) -> Result<String, Trouble> {
        let inner = &*self.0;
        let url = target::read(address, Shape { http: inner.settings.allow_http, ports: Some(&inner.settings.ports), strict: true })?;
        let host = url.host_str().unwrap_or_default();
        let _place = inner.strangers.enter(host, Instant::now() + TURN)?;
        let found = inner.names.addresses(host, url.port_or_known_default().unwrap_or(443), PATIENCE).map_err(trouble)?;
        if found.is_empty() { Err(Trouble::UnknownHost) } else { Ok(host.to_owned()) }
    }

    /// Sends a request and reads the whole answer. Any status is an answer. Blocks, at most for `budget.total` and a moment of waiting.
    pub fn send(&self, policy: Policy, budget: Budget, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Trouble> {
        let inner = &*self.0;
        let (shape, agent, room) = match policy {
            Policy::Public => (Shape { http: inner.settings.allow_http, ports: Some(&inner.settings.ports), strict: true }, &inner.public, &inner.strangers),
            Policy::Operator { http } => (Shape { http, ports: None, strict: false }, &inner.operator, &inner.operators),
        };
        let (head, body) = request.into_parts();
        let mut url = target::read(&head.uri.to_string(), shape)?;
        let until = Instant::now() + budget.total;
        let _place = room.enter(url.host_str().unwrap_or_default(), until.min(Instant::now() + TURN))?;
        let (method, mut headers, mut body) = (head.method, head.headers, body);
        for _hop in 0..=MOST_REDIRECTS {
            let mut request =
                Request::builder().method(method.clone()).uri(url.as_str()).body(body.clone()).map_err(|_bad| Trouble::Refused("it is not a URL"))?;
            *request.headers_mut() = headers.clone();
            let answer = once(agent, request, budget, until)?;
            let follows = policy == Policy::Public && matches!(method, Method::GET | Method::HEAD);
            let Some(location) = redirect(&answer).filter(|_| follows) else { return Ok(answer) };
            let next = target::follow(&url, &location, shape)?;
            if !same_origin(&url, &next) {
                headers.remove(header::AUTHORIZATION);
                headers.remove(header::COOKIE);
            }
            (url, body) = (next, Vec::new());
        }
        Err(Trouble::Redirected)
    }
}

/// Variables of the environment that name a proxy are not asked: a proxy would connect to addresses that nobody checked.
fn agent(names: Guarded) -> Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    let config = Agent::config_builder()
        .proxy(None)
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .max_response_header_size(HEAD_BYTES)
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(FIRST_BYTE))
        .user_agent(concat!("Stopover/", env!("CARGO_PKG_VERSION")))
        .accept_encoding("gzip")
        .build();
    #[expect(clippy::disallowed_methods, reason = "the one place where a client is made")]
    Agent::with_parts(config, DefaultConnector::default(), names)
}

/// One request without redirects.
fn once(agent: &Agent, request: Request<Vec<u8>>, budget: Budget, until: Instant) -> Result<Response<Vec<u8>>, Trouble> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(Trouble::Slow);
    }
    let request = agent.configure_request(request).timeout_global(Some(left)).build();
    let (mut head, body) = agent.run(request).map_err(trouble)?.into_parts();
    let reader = body.into_reader();
    let most = budget.body_bytes.saturating_add(1);
    let read = match head.headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase()) {
        None => whole(reader.take(most)),
        Some(name) if name == b"identity" => whole(reader.take(most)),
        Some(name) if name == b"gzip" => whole(flate2::read::GzDecoder::new(reader).take(most)),
        Some(_other) => return Err(Trouble::Unreadable),
    };
    let bytes = read.map_err(|error| match error.kind() {
        std::io::ErrorKind::TimedOut => Trouble::Slow,
        _ if Instant::now() >= until => Trouble::Slow,
        _ => Trouble::Unreadable,
    })?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > budget.body_bytes) {
        return Err(Trouble::TooLarge);
    }
    // What was said of the body on the wire is not true of the bytes that are handed on.
    head.headers.remove(header::CONTENT_ENCODING);
    head.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(head, bytes))
}

/// Reads to the end. The room grows by small steps: doubled, it would be twice what a stranger may send.
fn whole(mut reader: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    const STEP: usize = 128 << 10;
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 16 << 10]);
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(bytes),
            Ok(read) => {
                if bytes.capacity() - bytes.len() < read {
                    bytes.reserve_exact(STEP);
                }
                bytes.extend_from_slice(&piece[..read]);
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn redirect(answer: &Response<Vec<u8>>) -> Option<String> {
    let elsewhere = matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = answer.headers().get(header::LOCATION).filter(|_| elsewhere)?;
    Some(location.to_str().unwrap_or("\\").to_owned())
}

fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

fn trouble(error: ureq::Error) -> Trouble {
    match error {
        ureq::Error::BadUri(text) if text == NOT_PUBLIC => Trouble::Refused("its name leads to an address that is not public"),
        ureq::Error::BadUri(_) => Trouble::Refused("it is not a URL"),
        ureq::Error::HostNotFound => Trouble::UnknownHost,
        ureq::Error::Timeout(_) => Trouble::Slow,
        ureq::Error::LargeResponseHeader(..) => Trouble::TooLarge,
        other => Trouble::Unreachable(other.to_string()),
    }
}
