//! The house as a whole: pages beside the API, metrics, the document.

use super::*;
use crate::values::SystemClock;
use poem::http::StatusCode;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Request, RequestParts};
use serde_json::Value;

fn parts(change: impl FnOnce(&mut Config)) -> (Parts, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config { data_dir: folder.path().into(), ..Config::default() };
    change(&mut config);
    // Opening blocks, which async threads must not.
    let gathered = std::thread::spawn(move || Parts::gather(Tools::open(config, Arc::new(SystemClock)).unwrap()).unwrap());
    (gathered.join().unwrap(), folder)
}

fn from(peer: &str, uri: &str) -> Request {
    let (parts, ()) = poem::http::Request::builder().uri(uri).body(()).unwrap().into_parts();
    let peer = Addr::SocketAddr(peer.parse().unwrap());
    let parts = RequestParts::from((parts, LocalAddr(peer.clone()), RemoteAddr(peer), poem::http::uri::Scheme::HTTP));
    Request::from_parts(parts, poem::Body::empty())
}

async fn get(endpoint: &impl Endpoint<Output = Response>, uri: &str) -> (StatusCode, Response) {
    let response = endpoint.get_response(from("127.0.0.1:9", uri)).await;
    (response.status(), response)
}

#[tokio::test]
async fn the_pages_of_the_platform_are_there() {
    let (mut parts, _folder) = parts(|_| ());
    parts.readiness.push(Check::new("engine", || Err("is still loading".into())));
    let endpoint = endpoint(&parts).unwrap();
    for (uri, status, text) in [
        ("/healthz", 200, "ok"),
        ("/readyz", 503, "engine: is still loading"),
        ("/version", 200, env!("CARGO_PKG_VERSION")),
        ("/metrics", 200, "stopover_http_requests_total"),
        ("/problems", 200, "unknown_parameter"),
        ("/problems/out_of_range", 200, "outside its limits"),
        ("/problems/nonsense", 404, "not_found"),
        ("/api/v1/openapi.json", 200, "getReadiness"),
        ("/docs", 200, "SwaggerUIBundle"),
        ("/docs?x=1", 200, "SwaggerUIBundle"),
        ("/account/confirm", 200, "Choose your password"),
        ("/", 307, ""),
        ("/healthz?x=1", 400, "unknown_parameter"),
    ] {
        let (found, response) = get(&endpoint, uri).await;
        let body = response.into_body().into_string().await.unwrap();
        assert_eq!(found.as_u16(), status, "{uri}: {}", &body[..body.len().min(300)]);
        assert!(body.contains(text), "{uri}");
    }
}

#[tokio::test]
async fn the_docs_page_works_offline_and_only_runs_its_own_scripts() {
    let (parts, _folder) = parts(|_| ());
    let (_, response) = get(&endpoint(&parts).unwrap(), "/docs").await;
    let policy = response.header("content-security-policy").unwrap().to_owned();
    let html = response.into_body().into_string().await.unwrap();
    // The library and the line that starts it.
    assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
    assert!(!html.contains("src=\"http"), "the page loads something from elsewhere");
}

#[tokio::test]
async fn metrics_are_for_those_who_may() {
    let (parts, _folder) = parts(|_| ());
    let endpoint = endpoint(&parts).unwrap();
    assert_eq!(endpoint.get_response(from("192.0.2.1:9", "/metrics")).await.status(), 403);
    let mut passed_on = from("127.0.0.1:9", "/metrics");
    passed_on.headers_mut().insert("x-forwarded-for", "192.0.2.1".parse().unwrap());
    assert_eq!(endpoint.get_response(passed_on).await.status(), 403);
}

#[test]
fn the_document_is_the_same_each_time_and_documents_problems() {
    let document = openapi_document(None);
    assert_eq!(document, openapi_document(None));
    let json: Value = serde_json::from_str(&document).unwrap();
    let problem = &json["paths"]["/readyz"]["get"]["responses"]["503"]["content"][http::PROBLEM_JSON]["schema"]["$ref"];
    assert_eq!(problem, "#/components/schemas/Problem");
    assert!(!document.contains("</script"), "the document stands inside a script on the docs page");
}
