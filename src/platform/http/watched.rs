//! A connection that knows how long its client has kept it waiting.
//!
//! hyper has one timer for "no head yet"; here a fresh connection, a half-sent head, a rest between two requests and an
//! answer that nobody reads are told apart. The second duty: answers that hyper gives by itself to a head it cannot
//! read have no body, and are replaced by a problem like any other.

use super::problem;
use crate::platform::config::Http;
use crate::platform::error::{Kind, Refused};
use parking_lot::Mutex;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a connection is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The rest of a request's head, or the first byte of a fresh connection.
    Head,
    /// The handler.
    Handler,
    /// The client, to take the answer.
    Answer,
    /// The next request.
    Rest,
}

/// Shared between the connection and the task that watches it.
#[derive(Debug, Clone)]
pub(super) struct Watch(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// Since when a write has made no progress.
    stuck: Option<Instant>,
    requests: usize,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { phase: Phase::Head, since: Instant::now(), stuck: None, requests: 0 })))
    }

    /// A whole head is there; answers which request of this connection it is, counted from 1.
    pub(super) fn request(&self) -> usize {
        let mut state = self.0.lock();
        state.phase = Phase::Handler;
        state.requests += 1;
        state.requests
    }

    pub(super) fn answered(&self) {
        self.enter(Phase::Handler, Phase::Answer);
    }

    /// Whether the client has used up its time.
    pub(super) fn overdue(&self, limits: &Http) -> bool {
        let state = self.0.lock();
        if state.stuck.is_some_and(|since| since.elapsed() > limits.write_timeout.0) {
            return true;
        }
        match state.phase {
            Phase::Head => state.since.elapsed() > limits.header_timeout.0,
            Phase::Rest => state.since.elapsed() > limits.keep_alive.0,
            // The handler has a deadline of its own, the answer is judged by its writes.
            Phase::Handler | Phase::Answer => false,
        }
    }

    /// How often to look, so that no limit is overrun by more than a quarter.
    pub(super) fn pace(limits: &Http) -> Duration {
        let shortest = limits.header_timeout.0.min(limits.keep_alive.0).min(limits.write_timeout.0);
        (shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }

    fn enter(&self, from: Phase, to: Phase) {
        let mut state = self.0.lock();
        if state.phase == from {
            state.phase = to;
            state.since = Instant::now();
        }
    }

    fn wrote(&self, progress: bool) {
        let mut state = self.0.lock();
        match (progress, state.stuck) {
            (true, Some(_)) => state.stuck = None,
            (false, None) => state.stuck = Some(Instant::now()),
            _ => {}
        }
    }
}

/// A stream under watch.
pub(super) struct Watched<S> {
    stream: S,
    watch: Watch,
    /// A problem that takes the place of hyper's own answer, with what of it is sent already.
    instead: Option<(Vec<u8>, usize)>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, watch: Watch) -> Self {
        Self { stream, watch, instead: None }
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    /// Sends what stands in for hyper's own answer.
    fn send_instead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((bytes, sent)) = &mut self.instead {
            let count = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[*sent..]))?;
            *sent += count;
            if count == 0 || *sent >= bytes.len() {
                self.instead = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.watch.enter(Phase::Rest, Phase::Head);
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(status) = hypers_own(bytes) {
            self.instead = Some((stand_in(status), 0));
            return Poll::Ready(Ok(bytes.len()));
        }
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch.wrote(outcome.is_ready());
        outcome
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if let [only] = slices {
            return self.poll_write(context, only);
        }
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch.wrote(outcome.is_ready());
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.send_instead(context))?;
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.watch.enter(Phase::Answer, Phase::Rest);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.send_instead(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The status of an answer that hyper gave by itself: a whole head without a body and without our request id.
/// Nothing of ours looks like that: every answer of the edge has an id, and JSON holds no bare line ends.
fn hypers_own(bytes: &[u8]) -> Option<u16> {
    let short = bytes.len() < 256 && bytes.starts_with(b"HTTP/1.1 4") && bytes.ends_with(b"\r\n\r\n");
    let text = std::str::from_utf8(short.then_some(bytes)?).ok()?.to_ascii_lowercase();
    (text.contains("content-length: 0\r\n") && !text.contains("x-request-id")).then(|| text[9..12].parse().ok()).flatten()
}

fn stand_in(status: u16) -> Vec<u8> {
    let refused = match status {
        431 => Refused::new(Kind::HeadTooLarge, "header_too_large", "The request line or the headers are larger than the server reads."),
        414 => Refused::new(Kind::UriTooLong, "uri_too_long", "The address is longer than the server reads."),
        _ => Refused::new(Kind::Malformed, "bad_request", "This is not HTTP as the server understands it."),
    };
    problem::raw(&refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hypers_own_answers_are_replaced() {
        assert_eq!(hypers_own(b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"), Some(431));
        assert_eq!(hypers_own(b"HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n"), None);
        assert_eq!(hypers_own(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), None);
        assert_eq!(hypers_own(b"HTTP/1.1 4"), None);
        assert_eq!(hypers_own(b"\xff"), None);
    }

    #[test]
    fn each_wait_has_its_own_limit() {
        use crate::platform::config::Span;
        let limits = |head_ms, rest_ms| Http {
            header_timeout: Span(Duration::from_millis(head_ms)),
            keep_alive: Span(Duration::from_millis(rest_ms)),
            ..Http::default()
        };
        let watch = Watch::new();
        std::thread::sleep(Duration::from_millis(5));
        assert!(watch.overdue(&limits(1, 1_000)));
        assert_eq!(watch.request(), 1);
        assert!(!watch.overdue(&limits(1, 1)));
        watch.answered();
        watch.enter(Phase::Answer, Phase::Rest);
        std::thread::sleep(Duration::from_millis(5));
        assert!(watch.overdue(&limits(1_000, 1)) && !watch.overdue(&limits(1, 1_000)));
    }
}
