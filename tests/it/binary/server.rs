//! `stopover serve`: the newcomer's first minutes, and a polite end.

use super::program::{Server, run};
use std::time::Duration;

#[test]
fn the_demo_city_is_served_as_the_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--demo"]).ready();
    assert!(server.log().contains("Swagger UI"), "{}", server.log());
    let today = jiff::Zoned::now().date();
    let date = |days: i64| today.checked_add(jiff::Span::new().days(days)).unwrap();
    let dates = format!("check_in={}&check_out={}&adults=2", date(30), date(33));
    // The three lines of the README.
    let words = server.json(&format!("/api/v1/search/stays?q=park&{dates}"));
    assert!(words["total"].as_u64().unwrap() > 0, "{words}");
    let map = server.json("/api/v1/search/stays?bbox=-73.82,42.63,-73.73,42.69&amenities=wifi&price_max=15000&sort=price");
    assert!(map["total"].as_u64().unwrap() > 0);
    let first = server.json("/api/v1/search/stays?limit=1")["data"][0]["id"].as_str().unwrap().to_owned();
    let why = server.json(&format!("/api/v1/listings/{first}/why?{dates}"));
    assert_eq!(why["rules"].as_array().unwrap().len(), 14);
    assert!(server.get("/docs").contains("SwaggerUIBundle"));
    assert!(server.get("/metrics").contains("stopover_http_requests_total"));
    let total = server.json("/api/v1/search/stays?limit=1")["total"].as_u64();
    let (status, took) = server.stop();
    assert!(status.success() && took < Duration::from_secs(10), "{status} after {took:?}");
    let doctor = run(folder.path(), &["doctor"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    // The second start finds everything as it was.
    let again = Server::start(folder.path(), &["--demo"]).ready();
    assert!(!again.log().contains("demo city:"), "nothing is imported twice: {}", again.log());
    assert_eq!(again.json("/api/v1/search/stays?limit=1")["total"].as_u64(), total);
    // Another one on the same folder is told so.
    let second = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.err.contains("is in use by another process; is Stopover running there already?"), "{}", second.err);
    let (status, _) = again.stop();
    assert!(status.success());
}
