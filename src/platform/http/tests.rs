//! The edge and the server from outside: in process where that suffices, over raw sockets where it does not.

use super::{ApiResult, Edge, NoGate, PROBLEM_JSON, Routes, V1, serve};
use crate::platform::access::{Action, Door, Doors};
use crate::platform::config::{Config, Cors, Http, Size, Span};
use crate::platform::tools::Tools;
use crate::values::SystemClock;
use poem::http::{Method, StatusCode};
use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Json, PlainText};
use poem_openapi::{Object, OpenApi, OpenApiService};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

#[derive(Debug, Object)]
struct Ask {
    #[oai(validator(min_length = 2))]
    title: String,
}

struct Api;

#[OpenApi]
impl Api {
    #[oai(path = "/things", method = "get")]
    async fn things(&self, #[oai(validator(maximum(value = "100")))] limit: Query<Option<i32>>, tag: Query<Vec<String>>) -> ApiResult<PlainText<String>> {
        Ok(PlainText(format!("{:?} {:?}", limit.0, tag.0)))
    }

    #[oai(path = "/things", method = "post")]
    async fn make(&self, ask: Json<Ask>) -> ApiResult<PlainText<String>> {
        Ok(PlainText(ask.0.title))
    }

    #[oai(path = "/things/:number", method = "get")]
    async fn thing(&self, number: Path<u32>) -> ApiResult<PlainText<String>> {
        Ok(PlainText(number.0.to_string()))
    }

    #[oai(path = "/panic", method = "get")]
    async fn panics(&self) -> ApiResult<PlainText<String>> {
        panic!("SELECT secret FROM /src/vault.rs")
    }

    #[oai(path = "/broken", method = "get")]
    async fn broken(&self) -> ApiResult<PlainText<String>> {
        Err(anyhow::anyhow!("rusqlite lost its head").into())
    }

    #[oai(path = "/search/slow", method = "get")]
    async fn slow(&self) -> ApiResult<PlainText<String>> {
        tokio::time::sleep(Duration::from_millis(400)).await;
        Ok(PlainText("done".into()))
    }

    #[oai(path = "/slow", method = "get")]
    async fn unhurried(&self) -> ApiResult<PlainText<String>> {
        tokio::time::sleep(Duration::from_millis(400)).await;
        Ok(PlainText("done".into()))
    }

    #[oai(path = "/large", method = "get")]
    async fn large(&self) -> poem_openapi::payload::Response<PlainText<String>> {
        poem_openapi::payload::Response::new(PlainText("a home by the sea, ".repeat(500))).header("Cache-Control", "no-cache")
    }
}

/// The API above with the edge around it.
fn edge(tools: &Tools) -> impl Endpoint<Output = Response> + use<> {
    let service = OpenApiService::new(V1(Api), "t", "1");
    let mut spec: Value = serde_json::from_str(&service.spec()).unwrap();
    for operation in spec["paths"].as_object_mut().unwrap().values_mut().flat_map(|path| path.as_object_mut().unwrap().values_mut()) {
        operation["operationId"] = "any".into();
    }
    let doors = Doors::of(&[&[Door::to("any", Action::Search)]]);
    let routes = Routes::from_spec(&spec, &doors, &tools.metrics).unwrap();
    Edge::new(service.into_endpoint().map_to_response(), routes, Arc::new(NoGate), tools.clone())
}

/// SQLite in a folder of its own, opened on a thread that may block; closing it does no harm on an async one.
fn tools(change: impl FnOnce(&mut Config)) -> (Tools, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config { data_dir: folder.path().into(), ..Config::default() };
    config.limits.enabled = false;
    change(&mut config);
    let opened = std::thread::spawn(move || Tools::open(config, Arc::new(SystemClock)).unwrap());
    (opened.join().unwrap(), folder)
}

struct Answer {
    status: StatusCode,
    headers: poem::http::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks the shape that every problem has and answers its body.
    fn problem(&self, status: u16, code: &str) -> Value {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)));
        assert_eq!((self.status.as_u16(), body["code"].as_str().unwrap()), (status, code), "{body}");
        assert_eq!(self.header("content-type"), PROBLEM_JSON);
        assert_eq!((body["status"].as_u64(), body["type"].as_str()), (Some(status.into()), Some(format!("/problems/{code}").as_str())));
        assert_eq!(body["request_id"], self.header("x-request-id"));
        assert!(body["errors"].is_array() && !body["title"].as_str().unwrap().is_empty());
        body
    }
}

async fn call(edge: &impl Endpoint<Output = Response>, request: Request) -> Answer {
    let mut response = edge.get_response(request).await;
    let body = response.take_body().into_vec().await.unwrap();
    Answer { status: response.status(), headers: response.headers().clone(), body }
}

async fn get(edge: &impl Endpoint<Output = Response>, uri: &str) -> Answer {
    call(edge, Request::builder().uri(uri.parse().unwrap()).finish()).await
}

#[tokio::test]
async fn every_wrong_request_gets_a_problem_that_names_the_place() {
    let (tools, _folder) = tools(|_| ());
    let edge = edge(&tools);
    for (uri, status, code, pointer) in [
        ("/nowhere", 404, "not_found", ""),
        ("/api/v1/things?limit=many", 400, "invalid_parameter", "/query/limit"),
        ("/api/v1/things?limit=101", 422, "out_of_range", "/query/limit"),
        ("/api/v1/things?limt=1", 400, "unknown_parameter", "/query/limt"),
        ("/api/v1/things?limit=1&limit=2", 400, "repeated_parameter", "/query/limit"),
        ("/api/v1/things?tag=%00", 400, "invalid_encoding", ""),
        ("/api/v1/things?tag=%ff", 400, "invalid_encoding", ""),
        ("/api/v1/things/x", 400, "invalid_parameter", "/path/number"),
    ] {
        let body = get(&edge, uri).await.problem(status, code);
        assert_eq!(body["errors"][0]["pointer"].as_str().unwrap_or_default(), pointer, "{uri}");
        assert_eq!(body["instance"], uri.split('?').next().unwrap());
    }
    let long = get(&edge, &format!("/api/v1/things?tag={}", "x".repeat(9_000))).await.problem(414, "uri_too_long");
    assert!(long.to_string().len() < 1_000);
    assert_eq!(get(&edge, "/api/v1/things?limit=5&tag=a&tag=b").await.body, b"Some(5) [\"a\", \"b\"]");
}

#[tokio::test]
async fn methods_are_checked_and_head_works() {
    let (tools, _folder) = tools(|_| ());
    let edge = edge(&tools);
    let with = |method, uri: &str| Request::builder().method(method).uri(uri.parse().unwrap()).finish();
    let wrong = call(&edge, with(Method::DELETE, "/api/v1/things")).await;
    wrong.problem(405, "method_not_allowed");
    assert_eq!(wrong.header("allow"), "GET, POST, HEAD, OPTIONS");
    call(&edge, with(Method::TRACE, "/api/v1/things")).await.problem(405, "method_not_allowed");
    call(&edge, with(Method::TRACE, "/nowhere")).await.problem(405, "method_not_allowed");
    let head = call(&edge, with(Method::HEAD, "/api/v1/things/7")).await;
    assert_eq!((head.status, head.body.len(), head.header("content-length")), (StatusCode::OK, 0, "1"));
    let options = call(&edge, with(Method::OPTIONS, "/api/v1/things")).await;
    assert_eq!((options.status, options.header("allow")), (StatusCode::NO_CONTENT, "GET, POST, HEAD, OPTIONS"));
}

#[tokio::test]
async fn bodies_are_read_within_limits() {
    let (tools, _folder) = tools(|config| config.http.body_limit = Size(100));
    let edge = edge(&tools);
    let post = |body: Vec<u8>, kind: &str| Request::builder().method(Method::POST).uri("/api/v1/things".parse().unwrap()).content_type(kind).body(body);
    let json = "application/json";
    assert_eq!(call(&edge, post(br#"{"title":"Attic"}"#.to_vec(), json)).await.body, b"Attic");
    call(&edge, post(b"{nonsense".to_vec(), json)).await.problem(400, "invalid_body");
    let typed = call(&edge, post(br#"{"title":5}"#.to_vec(), "application/merge-patch+json; charset=utf-8")).await.problem(400, "invalid_body");
    assert_eq!(typed["errors"][0]["code"], "invalid_type");
    call(&edge, post(br#"{"title":"Attic"}"#.to_vec(), "text/plain")).await.problem(415, "unsupported_media_type");
    call(&edge, post(vec![b' '; 101], json)).await.problem(413, "body_too_large");
    let short = call(&edge, post(br#"{"title":"A"}"#.to_vec(), json)).await.problem(422, "out_of_range");
    assert_eq!(short["errors"][0]["pointer"], "/body/title");
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 64]));
    call(&edge, Request::builder().method(Method::POST).uri("/api/v1/things".parse().unwrap()).content_type(json).body(poem::Body::from_bytes_stream(endless)))
        .await
        .problem(413, "body_too_large");
}

#[tokio::test]
async fn what_breaks_inside_stays_inside() {
    let (tools, _folder) = tools(|_| ());
    let edge = edge(&tools);
    for path in ["/api/v1/panic", "/api/v1/broken"] {
        let answer = get(&edge, path).await;
        let body = answer.problem(500, "internal").to_string();
        for leak in ["SELECT", "rusqlite", "/src/", "panicked"] {
            assert!(!body.contains(leak), "{body}");
        }
    }
    assert_eq!(tools.metrics.panics.get(), 1);
}

#[tokio::test]
async fn slow_handlers_and_crowds_are_told_to_come_back() {
    let (tools, _folder) = tools(|config| {
        config.http.search_timeout = Span(Duration::from_millis(50));
        config.http.in_flight = 1;
    });
    let edge = edge(&tools);
    get(&edge, "/api/v1/search/slow").await.problem(503, "timed_out");
    // Three wait for one place: with 400 ms each, all are served within the second of patience.
    let (a, b, c) = tokio::join!(get(&edge, "/api/v1/slow"), get(&edge, "/api/v1/slow"), get(&edge, "/api/v1/slow"));
    assert!([a, b, c].iter().all(|answer| answer.status == StatusCode::OK));
    let crowd = futures_util::future::join_all((0..5).map(|_| get(&edge, "/api/v1/slow"))).await;
    let shed: Vec<&Answer> = crowd.iter().filter(|answer| answer.status != StatusCode::OK).collect();
    assert!(!shed.is_empty() && shed.len() < 5);
    shed[0].problem(503, "overloaded");
    assert_eq!(shed[0].header("retry-after"), "1");
    assert_eq!(tools.metrics.in_flight.get(), 0);
}

#[tokio::test]
async fn every_answer_carries_ids_and_protection() {
    let (tools, _folder) = tools(|config| config.public_url = Some("https://stay.example".into()));
    let edge = edge(&tools);
    for uri in ["/api/v1/things", "/nowhere", "/api/v1/panic"] {
        let answer = get(&edge, uri).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("strict-transport-security", "max-age=31536000"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), value, "{uri}");
        }
        assert_eq!(answer.header("x-request-id").len(), 36);
    }
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = Request::builder().uri("/api/v1/things".parse().unwrap()).header("x-request-id", "mine-1").header("traceparent", trace).finish();
    let answer = call(&edge, request).await;
    assert_eq!((answer.header("x-request-id"), answer.header("traceparent")), ("mine-1", trace));
    let numbers = String::from_utf8(tools.metrics.render().unwrap()).unwrap();
    assert!(numbers.contains(r#"stopover_http_requests_total{method="GET",route="/api/v1/things",status="2xx"} 2"#), "{numbers}");
    assert!(numbers.contains(r#"route="unmatched",status="4xx"} 1"#), "{numbers}");
}

#[tokio::test]
async fn only_exact_origins_may_read_across() {
    let (tools, _folder) = tools(|config| config.cors = Cors { origins: vec!["https://app.example".into()] });
    let edge = edge(&tools);
    let with = |method, origin: &str| {
        Request::builder()
            .method(method)
            .uri("/api/v1/things".parse().unwrap())
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .finish()
    };
    let allowed = call(&edge, with(Method::GET, "https://app.example")).await;
    assert_eq!(
        (allowed.header("access-control-allow-origin"), allowed.headers.get_all("vary").iter().any(|value| value == "origin")),
        ("https://app.example", true)
    );
    let preflight = call(&edge, with(Method::OPTIONS, "https://app.example")).await;
    assert_eq!((preflight.status.as_u16(), preflight.header("access-control-allow-methods")), (204, "GET, POST, HEAD, OPTIONS"));
    for foreign in ["https://app.example.evil", "http://app.example", "https://APP.example", "null", "https://app.example:443", "https://xapp.example"] {
        for method in [Method::GET, Method::OPTIONS] {
            let answer = call(&edge, with(method, foreign)).await;
            assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{foreign}");
        }
    }
}

#[tokio::test]
async fn large_answers_are_compressed_and_tagged() {
    let (tools, _folder) = tools(|_| ());
    let edge = edge(&tools);
    let with = |name: &str, value: &str| Request::builder().uri("/api/v1/large".parse().unwrap()).header(name, value).finish();
    let plain = get(&edge, "/api/v1/large").await;
    let tag = plain.header("etag").to_owned();
    assert_eq!((plain.body.len(), tag.len(), plain.header("vary")), (9_500, 34, "accept-encoding"));
    let zipped = call(&edge, with("accept-encoding", "gzip, br")).await;
    assert_eq!(zipped.header("content-encoding"), "gzip");
    assert!(zipped.body.len() < 1_000 && zipped.header("etag") != tag);
    for known in [tag.clone(), format!("\"x\", {}", zipped.header("etag")), "*".into()] {
        let unchanged = call(&edge, with("if-none-match", &known)).await;
        assert_eq!((unchanged.status.as_u16(), unchanged.body.len(), unchanged.header("etag")), (304, 0, tag.as_str()));
    }
    assert_eq!(call(&edge, with("if-none-match", "\"other\"")).await.status, StatusCode::OK);
}

/// A server on a free port, with the switch that stops it.
async fn server(tools: &Tools) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<std::io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let running = tokio::spawn(serve(listener, edge(tools), tools.config.http.clone(), Arc::clone(&tools.metrics), async {
        drop(stopped.await);
    }));
    (address, stop, running)
}

/// Sends bytes and reads until the server closes.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may close while we still send; what it said is what counts.
    drop(stream.write_all(bytes).await);
    let mut answer = Vec::new();
    drop(tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await);
    String::from_utf8_lossy(&answer).into_owned()
}

fn quick() -> Http {
    Http {
        header_timeout: Span(Duration::from_millis(200)),
        keep_alive: Span(Duration::from_millis(600)),
        shutdown_timeout: Span::seconds(3),
        ..Http::default()
    }
}

#[tokio::test]
async fn broken_and_oversized_heads_get_problems_too() {
    let (tools, _folder) = tools(|_| ());
    let (address, _stop, _running) = server(&tools).await;
    let huge = format!("GET / HTTP/1.1\r\nhost: x\r\nx-big: {}\r\n\r\n", "y".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(200));
    for (bytes, status, code) in [
        (huge.as_str(), "431", "header_too_large"),
        (many.as_str(), "431", "header_too_large"),
        ("GARBAGE\r\n\r\n", "400", "bad_request"),
        ("GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "404", "not_found"),
        ("GET /api/v1/things?x=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "400", "unknown_parameter"),
        ("GET /api/v1/panic HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "500", "internal"),
    ] {
        let answer = exchange(address, bytes.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(code) && answer.contains(PROBLEM_JSON), "{code}: {answer}");
    }
}

#[tokio::test]
async fn clients_that_keep_us_waiting_are_closed_in_time() {
    let (tools, _folder) = tools(|config| config.http = quick());
    let (address, _stop, _running) = server(&tools).await;
    for (sent, least, most) in [("", 150, 500), ("GET / HT", 150, 500), ("GET /api/v1/things HTTP/1.1\r\nhost: x\r\n\r\n", 500, 1_200)] {
        let started = Instant::now();
        exchange(address, sent.as_bytes()).await;
        let took = started.elapsed().as_millis();
        assert!((least..most).contains(&took), "{sent:?} was closed after {took} ms");
    }
    // A head that drips in does not win time by its drops.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(3) && stream.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    assert!(started.elapsed() < Duration::from_secs(1));
    assert_eq!(tools.metrics.connections_slow.get(), 4);
}

#[tokio::test]
async fn too_many_connections_are_refused_politely() {
    let (tools, _folder) = tools(|config| config.http.max_connections = 2);
    let (address, _stop, _running) = server(&tools).await;
    let (_one, _two) = (TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap());
    tokio::time::sleep(Duration::from_millis(50)).await;
    let answer = exchange(address, b"GET /api/v1/things HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 2") && answer.contains("overloaded"), "{answer}");
    drop(_one);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let answer = exchange(address, b"GET /api/v1/things HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn a_stop_finishes_what_is_under_way_and_takes_nothing_new() {
    let (tools, _folder) = tools(|config| config.http = Http { keep_alive: Span::seconds(60), ..quick() });
    let (address, stop, running) = server(&tools).await;
    let mut resting = TcpStream::connect(address).await.unwrap();
    resting.write_all(b"GET /api/v1/things HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let under_way = tokio::spawn(async move { exchange(address, b"GET /api/v1/slow HTTP/1.1\r\nhost: x\r\n\r\n").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    stop.send(()).unwrap();
    let answer = under_way.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("done"), "{answer}");
    running.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_connection_ends_politely_after_its_share_of_requests() {
    let (tools, _folder) = tools(|config| config.http.requests_per_connection = 2);
    let (address, _stop, _running) = server(&tools).await;
    let answer = exchange(address, "GET /api/v1/things/1 HTTP/1.1\r\nhost: x\r\n\r\n".repeat(3).as_bytes()).await;
    assert_eq!((answer.matches("HTTP/1.1 200 OK").count(), answer.matches("connection: close").count()), (2, 1), "{answer}");
}

#[tokio::test]
async fn a_body_that_never_comes_is_not_waited_for() {
    let (tools, _folder) = tools(|config| config.http.request_timeout = Span(Duration::from_millis(200)));
    let (address, _stop, _running) = server(&tools).await;
    let started = Instant::now();
    let answer = exchange(address, b"POST /api/v1/things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{").await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("request_timeout"), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed() {
    let (tools, _folder) = tools(|config| {
        config.http.write_timeout = Span(Duration::from_millis(200));
        config.http.requests_per_connection = 0;
    });
    let (address, _stop, _running) = server(&tools).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let asking = async {
        // Answers pile up until no buffer takes more; then the server stops reading, too, and gives up on us.
        while stream.write_all(b"GET /api/v1/large HTTP/1.1\r\nhost: x\r\n\r\n").await.is_ok() {}
    };
    tokio::time::timeout(Duration::from_secs(20), asking).await.unwrap();
    assert_eq!(tools.metrics.connections_slow.get(), 1);
}
