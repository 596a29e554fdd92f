//! A poem handler that answers the same bytes every time, without anything around it: the measure for the real server.
//!
//!     cargo bench --bench bare -- 127.0.0.1:8090 FILE
//!
//! serves the content of FILE as JSON at every path until it is killed. Without arguments it says so and ends, so that
//! `cargo bench` passes by. `scripts/load hot` uses it.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on stops at the line where that shows")]

use bytes::Bytes;
use poem::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use poem::{EndpointExt, Response, Server, endpoint::make_sync, listener::TcpListener};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [address, file] = arguments.as_slice() else {
        println!("bare: serves one file at every path; usage: cargo bench --bench bare -- ADDRESS FILE");
        return;
    };
    let body = Bytes::from(std::fs::read(file).unwrap());
    let endpoint =
        make_sync(move |_| Response::builder().header(CONTENT_TYPE, "application/json; charset=utf-8").header(CACHE_CONTROL, "no-cache").body(body.clone()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(Server::new(TcpListener::bind(address.clone())).run(endpoint.map_to_response())).unwrap();
}
