//! `If-Match` at the edge; the table of tags is beside its parser.

use super::stage::Node;
use crate::support::TestDb;
use poem::http::Method;
use stopover::platform::db::Engine;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_change_is_refused_and_told_what_is_there() {
    let db = TestDb::new(Engine::Sqlite).await;
    let node = Node::of(&db, &db, |_| ());
    let change = |tag: &'static str| node.ask(Method::PATCH, "/things/1").by(1).header("if-match", tag).send();
    assert_eq!(node.ask(Method::PATCH, "/things/1").by(1).send().await.body, "changed");
    for passes in ["\"7\"", "*", "\"6\", \"7\"", "\"7-gz\""] {
        assert_eq!(change(passes).await.body, "changed", "{passes}");
    }
    for stale in ["\"6\"", "W/\"7\""] {
        assert_eq!(change(stale).await.problem(412, "stale")["etag"], "\"7\"", "{stale}");
    }
    for bad in ["7", "\"7", ""] {
        assert_eq!(change(bad).await.problem(400, "invalid_parameter")["errors"][0]["pointer"], "/header/If-Match", "{bad}");
    }
    let parameters = &node.spec["paths"]["/api/v1/things/{_id}"]["patch"]["parameters"];
    let documented = parameters.as_array().unwrap().iter().find(|parameter| parameter["in"] == "header").unwrap();
    assert_eq!((documented["name"].as_str(), documented["required"].as_bool()), (Some("If-Match"), Some(false)));
}
