//! What the operator sees: logs on standard error and numbers for Prometheus.

use super::config::{Log, LogFormat};
use prometheus::{Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Sets up logging for the whole process; the error is a sentence about the filter. Only the first call counts.
pub fn start_logging(log: &Log) -> Result<(), String> {
    let filter = EnvFilter::try_new(&log.filter).map_err(|error| format!("the setting `log.filter` cannot be used: {error}"))?;
    let on_terminal = std::io::stderr().is_terminal();
    let format = log.format.unwrap_or(if on_terminal { LogFormat::Text } else { LogFormat::Json });
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => builder.with_ansi(on_terminal).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if started.is_ok() {
        log_panics();
    }
    Ok(())
}

/// Panics go to the log as one record with their place; the edge answers the client.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload().downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.payload().downcast_ref::<String>().cloned());
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, thread = std::thread::current().name().unwrap_or("unnamed"), "panic: {}", text.unwrap_or_default());
    }));
}

/// The numbers of this process. Features register their own in [`Metrics::registry`].
#[derive(Debug)]
pub struct Metrics {
    pub registry: Registry,
    /// Answered requests by method, route template and status class.
    pub requests: IntCounterVec,
    /// How long they took, in seconds, by method and route template.
    pub request_seconds: HistogramVec,
    /// Requests being worked on.
    pub in_flight: IntGauge,
    /// Requests turned away because too many were under way.
    pub shed: IntCounter,
    /// Requests turned away because their sender came too often.
    pub limited: IntCounter,
    /// Open connections.
    pub connections: IntGauge,
    /// Connections turned away because too many were open.
    pub connections_refused: IntCounter,
    /// Connections closed because the client was too slow.
    pub connections_slow: IntCounter,
    /// Handlers that panicked.
    pub panics: IntCounter,
}

impl Metrics {
    /// A registry with the numbers of the HTTP server in it.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new_custom(Some("stopover".into()), None)?;
        let buckets = vec![0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];
        let metrics = Self {
            requests: IntCounterVec::new(Opts::new("http_requests_total", "Requests answered."), &["method", "route", "status"])?,
            request_seconds: HistogramVec::new(
                HistogramOpts::new("http_request_duration_seconds", "Time from the head of a request to its answer.").buckets(buckets),
                &["method", "route"],
            )?,
            in_flight: IntGauge::new("http_requests_in_flight", "Requests being worked on.")?,
            shed: IntCounter::new("http_requests_shed_total", "Requests turned away because too many were under way.")?,
            limited: IntCounter::new("http_requests_limited_total", "Requests turned away because their sender came too often.")?,
            connections: IntGauge::new("http_connections", "Open connections.")?,
            connections_refused: IntCounter::new("http_connections_refused_total", "Connections turned away because too many were open.")?,
            connections_slow: IntCounter::new("http_connections_slow_total", "Connections closed because the client was too slow.")?,
            panics: IntCounter::new("http_panics_total", "Handlers that panicked.")?,
            registry,
        };
        metrics.register_all()?;
        Ok(metrics)
    }

    fn register_all(&self) -> prometheus::Result<()> {
        self.registry.register(Box::new(self.requests.clone()))?;
        self.registry.register(Box::new(self.request_seconds.clone()))?;
        for gauge in [&self.in_flight, &self.connections] {
            self.registry.register(Box::new(gauge.clone()))?;
        }
        for counter in [&self.shed, &self.limited, &self.connections_refused, &self.connections_slow, &self.panics] {
            self.registry.register(Box::new(counter.clone()))?;
        }
        let build = IntGauge::with_opts(Opts::new("build_info", "The running release.").const_label("version", env!("CARGO_PKG_VERSION")))?;
        build.set(1);
        self.registry.register(Box::new(build))
    }

    /// Everything registered, in Prometheus' text format.
    pub fn render(&self) -> prometheus::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(16 << 10);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}
