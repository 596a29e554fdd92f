//! What the edge costs a request, with rate limits and without: a handler that answers at once, from 10,000 addresses.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on stops at the line where that shows")]

use criterion::{Criterion, criterion_group, criterion_main};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Request, RequestParts, Response, endpoint::make_sync};
use serde_json::json;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use stopover::platform::access::{Action, Door, Doors};
use stopover::platform::config::{Config, Limits, Rate};
use stopover::platform::http::{Edge, NoGate, Routes};
use stopover::platform::tools::Tools;
use stopover::values::SystemClock;

const ADDRESSES: u32 = 10_000;

fn edge(folder: &tempfile::TempDir, limits: Limits) -> impl Endpoint<Output = Response> + use<> {
    let config = Config { data_dir: folder.path().into(), limits, ..Config::default() };
    let tools = Tools::open(config, Arc::new(SystemClock)).unwrap();
    let spec = json!({"paths": {"/things": {"get": {"operationId": "read"}}}});
    let doors = Doors::of(&[&[Door::to("read", Action::Search)]]);
    let routes = Routes::from_spec(&spec, &doors, &tools.metrics).unwrap();
    Edge::new(make_sync(|_| Response::builder().body("things")), routes, Arc::new(NoGate), tools)
}

fn from(number: u32) -> Request {
    let (parts, ()) = poem::http::Request::builder().uri("/things").body(()).unwrap().into_parts();
    let peer = Addr::SocketAddr(SocketAddr::from((Ipv4Addr::from(0x0a00_0000 + number), 1)));
    Request::from_parts(RequestParts::from((parts, LocalAddr(peer.clone()), RemoteAddr(peer), poem::http::uri::Scheme::HTTP)), poem::Body::empty())
}

fn limits(c: &mut Criterion) {
    let generous = Limits { anonymous_read: Rate::per_minute(60_000_000), ..Limits::default() };
    let mut group = c.benchmark_group("edge");
    for (name, limits) in [("without limits", Limits { enabled: false, ..Limits::default() }), ("with limits", generous)] {
        let folder = tempfile::tempdir().unwrap();
        let edge = edge(&folder, limits);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut number = 0;
        group.bench_function(name, |b| {
            b.iter_batched(
                || {
                    number = (number + 7_919) % ADDRESSES;
                    from(number)
                },
                |request| black_box(runtime.block_on(edge.get_response(request))),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, limits);
criterion_main!(benches);
