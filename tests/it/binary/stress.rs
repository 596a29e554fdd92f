//! `stopover stress bookings` as a process, and three of them at once on one PostgreSQL.

use super::program::{Said, run, said, stopover};
use crate::support::{TestHome, long};
use serde_json::Value;
use stopover::platform::db::{DatabaseUrl, Engine};

fn report(said: &Said) -> Value {
    assert_eq!(said.code, Some(0), "{said:?}");
    serde_json::from_str(&said.out).unwrap()
}

#[test]
fn it_says_what_came_of_it_and_leaves_people_alone() {
    let folder = tempfile::tempdir().unwrap();
    let stressed = run(folder.path(), &["stress", "bookings", "--callers", "8", "--attempts", "100", "--listings", "3"]);
    assert_eq!(stressed.code, Some(0), "{stressed:?}");
    for line in ["attempts   100", "overlaps   0", "errors     0", "all invariants hold"] {
        assert!(stressed.out.contains(line), "{}", stressed.out);
    }
    std::fs::write(folder.path().join("password"), "seven purple kettles").unwrap();
    run(folder.path(), &["create-admin", "--email", "a@example.org", "--name", "Ada", "--password-file", "password"]);
    let refused = run(folder.path(), &["stress", "bookings", "--attempts", "5"]);
    assert!(refused.code == Some(1) && refused.err.contains("--yes-on-this-database"), "{refused:?}");
    let asked = ["stress", "bookings", "--callers", "2", "--attempts", "20", "--listings", "3", "--yes-on-this-database", "--json"];
    assert_eq!(report(&run(folder.path(), &asked))["overlaps"], 0);
}

#[test]
fn three_processes_on_one_postgres_sell_no_night_twice() {
    let home = TestHome::new(Engine::Postgres);
    let DatabaseUrl::Postgres(url) = home.url() else { panic!("not PostgreSQL") };
    let attempts = if long() { "30000" } else { "500" };
    let processes: Vec<_> = ["1", "2", "3"]
        .map(|seed| {
            let url = url.clone();
            std::thread::spawn(move || {
                let folder = tempfile::tempdir().unwrap();
                let words = ["stress", "bookings", "--callers", "22", "--attempts", attempts, "--listings", "6", "--seed", seed, "--json", "--database", &url];
                let mut command = stopover(folder.path(), &words);
                // The three are nodes of one instance, which share its master key.
                command.env("STOPOVER_KEYS__MASTER", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc");
                said(command)
            })
        })
        .into_iter()
        .collect();
    let mut accepted = 0;
    for process in processes {
        let report = report(&process.join().unwrap());
        assert_eq!((&report["overlaps"], &report["half"], &report["needless"]), (&0.into(), &0.into(), &0.into()), "{report}");
        accepted += report["accepted"].as_u64().unwrap();
    }
    assert!(accepted > 50, "{accepted}");
}
