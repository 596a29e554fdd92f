//! The accept loop: connections are counted, watched, served by hyper and finished gracefully.

use super::problem;
use super::watched::{Watch, Watched};
use crate::platform::config::Http;
use crate::platform::error::{Kind, Refused};
use crate::platform::telemetry::Metrics;
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use poem::http::uri::Scheme;
use poem::http::{HeaderValue, header};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Request, Response};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Head of a request: request line and headers together.
const HEAD_BYTES: usize = 32 << 10;
const HEADERS: usize = 100;
/// After a failed accept, which usually means that there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(50);
/// Connections that are being told at once that there is no room; further ones are just closed.
const REFUSALS: usize = 64;

/// What every connection shares.
struct House<E> {
    endpoint: E,
    limits: Http,
    metrics: Arc<Metrics>,
    local: SocketAddr,
    peers: Mutex<HashMap<IpAddr, usize>>,
    stop: watch::Receiver<Stop>,
}

/// How urgently connections are to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Stop {
    Serving,
    /// Finish what is under way, take nothing new.
    Finish,
    /// End now.
    Now,
}

/// Serves `endpoint` until `shutdown` is done; then stops listening, lets requests under way finish for
/// `limits.shutdown_timeout`, and returns when the last connection is closed.
pub async fn serve<E>(listener: TcpListener, endpoint: E, limits: Http, metrics: Arc<Metrics>, shutdown: impl Future<Output = ()>) -> std::io::Result<()>
where
    E: Endpoint<Output = Response> + 'static,
{
    let (stopper, stop) = watch::channel(Stop::Serving);
    let local = listener.local_addr()?;
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let house = Arc::new(House { endpoint, limits, metrics, local, peers: Mutex::default(), stop });
    accept(listener, &house, &places, shutdown).await;
    stopper.send_replace(Stop::Finish);
    let all = u32::try_from(house.limits.max_connections).unwrap_or(u32::MAX);
    if tokio::time::timeout(house.limits.shutdown_timeout.0, places.acquire_many(all)).await.is_err() {
        tracing::warn!(connections = house.metrics.connections.get(), "some requests did not finish in time and were ended");
        stopper.send_replace(Stop::Now);
        // Their tasks end at the next poll; two seconds are plenty.
        drop(tokio::time::timeout(Duration::from_secs(2), places.acquire_many(all)).await);
    }
    Ok(())
}

async fn accept<E: Endpoint<Output = Response> + 'static>(
    listener: TcpListener,
    house: &Arc<House<E>>,
    places: &Arc<Semaphore>,
    shutdown: impl Future<Output = ()>,
) {
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let visitor = Visitor::enter(house, peer.ip());
        match (visitor, Arc::clone(places).try_acquire_owned()) {
            (Some(visitor), Ok(place)) => drop(tokio::spawn(host(Arc::clone(house), stream, peer, visitor, place))),
            _ => {
                house.metrics.connections_refused.inc();
                if let Ok(permit) = Arc::clone(&refusals).try_acquire_owned() {
                    tokio::spawn(refuse(stream, permit));
                }
            }
        }
    }
}

/// Counts the connections of an address while it lives.
struct Visitor<E> {
    house: Arc<House<E>>,
    address: Option<IpAddr>,
}

impl<E> Visitor<E> {
    /// `None` when this address has as many connections as it may. Loopback is not counted: behind a reverse proxy on
    /// this machine everybody comes from there.
    fn enter(house: &Arc<House<E>>, ip: IpAddr) -> Option<Self> {
        let ip = ip.to_canonical();
        let address = (!ip.is_loopback()).then(|| neighbourhood(ip));
        if let Some(address) = address {
            let mut peers = house.peers.lock();
            let count = peers.entry(address).or_default();
            if *count >= house.limits.max_connections_per_ip {
                return None;
            }
            *count += 1;
        }
        house.metrics.connections.inc();
        Some(Self { house: Arc::clone(house), address })
    }
}

impl<E> Drop for Visitor<E> {
    fn drop(&mut self) {
        self.house.metrics.connections.dec();
        let Some(address) = self.address else { return };
        let mut peers = self.house.peers.lock();
        if let Some(count) = peers.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                peers.remove(&address);
            }
        }
    }
}

/// One household: an IPv4 address, or the /64 of an IPv6 one.
fn neighbourhood(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

/// Serves one connection to its end.
async fn host<E: Endpoint<Output = Response> + 'static>(
    house: Arc<House<E>>,
    stream: TcpStream,
    peer: SocketAddr,
    visitor: Visitor<E>,
    place: OwnedSemaphorePermit,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was gone before it was served");
        return;
    }
    let watch = Watch::new();
    let service = {
        let (house, watch) = (Arc::clone(&house), watch.clone());
        service_fn(move |request| {
            let (house, watch) = (Arc::clone(&house), watch.clone());
            async move { Ok::<_, Infallible>(respond(&house, &watch, request, peer).await) }
        })
    };
    let connection = builder(&house.limits).serve_connection(TokioIo::new(Watched::new(stream, watch.clone())), service);
    let mut connection = pin!(connection);
    let mut stop = house.stop.clone();
    let mut look = tokio::time::interval(Watch::pace(&house.limits));
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "a connection ended early");
                }
                break;
            }
            wish = stop.wait_for(|stop| *stop > Stop::Serving), if *house.stop.borrow() == Stop::Serving => {
                drop(wish);
                connection.as_mut().graceful_shutdown();
            }
            _ = look.tick() => {
                if *house.stop.borrow() == Stop::Now {
                    break;
                }
                if watch.overdue(&house.limits) {
                    house.metrics.connections_slow.inc();
                    break;
                }
            }
        }
    }
    drop((visitor, place));
}

fn builder(limits: &Http) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // A backstop only: hyper starts this timer when the connection begins to rest, so it cannot be shorter.
        .header_read_timeout(limits.keep_alive.0 + limits.header_timeout.0)
        .max_header_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES * 2)
        .keep_alive(true);
    builder
}

async fn respond<E>(house: &House<E>, watch: &Watch, request: hyper::Request<Incoming>, peer: SocketAddr) -> hyper::Response<BoxBody<Bytes, std::io::Error>>
where
    E: Endpoint<Output = Response>,
{
    let number = watch.request();
    let request = Request::from((request, LocalAddr(house.local.into()), RemoteAddr(peer.into()), Scheme::HTTP));
    let mut response = house.endpoint.get_response(request).await;
    let most = house.limits.requests_per_connection;
    if most > 0 && number >= most {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    watch.answered();
    response.into()
}

/// Tells a connection for which there is no room to come back later, without waiting for it.
async fn refuse(mut stream: TcpStream, _permit: OwnedSemaphorePermit) {
    let mut refused = Refused::new(Kind::Busy, "overloaded", "The server has as many connections as it takes; please try again shortly.");
    refused.retry_after_seconds = Some(2);
    let answer = problem::raw(&refused);
    let telling = async {
        stream.write_all(&answer).await?;
        stream.shutdown().await?;
        // Reading on for a moment keeps the answer from being lost to a reset.
        let mut rest = [0; 1_024];
        while stream.read(&mut rest).await? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    drop(tokio::time::timeout(Duration::from_millis(500), telling).await);
}
