//! `serve --dev` as a process: the clock survives a restart, and a server without `--dev` leaves such a database alone.

use super::program::{Server, run};
use serde_json::json;

#[test]
fn the_moved_clock_goes_with_its_database() {
    let folder = tempfile::tempdir().unwrap();
    let lab = Server::start(folder.path(), &["--dev"]).ready();
    assert!(lab.log().contains("WARNING      --dev"), "{}", lab.log());
    let (status, arrived) = lab.post("/dev/advance", None, &json!({"days": 40, "hours": 1}));
    assert_eq!((status, &arrived["reached"]), (200, &json!(true)), "{arrived}");
    let ahead = |server: &Server| server.json("/api/v1/dev/clock")["ahead_seconds"].as_i64().unwrap();
    // What the journey itself takes is no part of it.
    let far = 40 * 86_400 + 3_600;
    assert!((far - 60..far + 60).contains(&ahead(&lab)), "{}", ahead(&lab));
    lab.stop();
    let again = Server::start(folder.path(), &["--dev"]).ready();
    assert!((far - 60..far + 60).contains(&ahead(&again)), "{}", ahead(&again));
    again.stop();
    let refused = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("was moved 41 days ahead under `serve --dev`"), "{}", refused.err);
}
