//! The API from outside, by tools that nobody here wrote: schemathesis sends what the document allows and what it forbids, with
//! and without a login, and redocly reads the document. `make test` installs both (`scripts/prepare-tests`).

use super::program::{Server, import_albany, run, stopover};
use crate::support::long;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What would log the run out, or close its account.
const NOT_WHILE_LOGGED_IN: [&str; 6] = ["logOut", "endSession", "endSessions", "leave", "revokeToken", "startExport"];

fn tool(name: &str) -> PathBuf {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("tools");
    let found = std::fs::read_dir(&tools)
        .ok()
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(name)));
    found.unwrap_or_else(|| panic!("{name} is not in {}; run `make test`, which installs it", tools.display()))
}

/// Runs schemathesis against `server`; whatever it finds fails the test with what it said.
fn attack(server: &Server, folder: &Path, token: Option<&str>) {
    let url = format!("http://127.0.0.1:{}/api/v1/openapi.json", server.port);
    let mut command = Command::new(tool("schemathesis-").join("bin/schemathesis"));
    command.current_dir(folder).args(["--config-file", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis.toml")]);
    command.args(["run", &url, "--seed", "7", "--phases", "examples,coverage,fuzzing,stateful", "--checks", "all"]);
    // What is well-formed may still be refused: a password may be common, a link used up.
    command.args(["--exclude-checks", "positive_data_acceptance", "--max-examples", if long() { "200" } else { "12" }]);
    if let Some(token) = token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
        for operation in NOT_WHILE_LOGGED_IN {
            command.args(["--exclude-operation-id", operation]);
        }
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

#[test]
fn nothing_answers_outside_the_document() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("stopover.toml"), "[limits]\nenabled = false\n").unwrap();
    let arguments = import_albany();
    let imported = run(folder.path(), &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(imported.code, Some(0), "{}", imported.err);
    let server = Server::start(folder.path(), &[]).ready();
    let (_, token) = server.newcomer("ada@example.org");
    attack(&server, folder.path(), None);
    attack(&server, folder.path(), Some(&token));
    let log = server.log();
    assert!(!log.contains("panicked") && !log.contains("request failed"), "{log}");
}

#[test]
fn the_document_passes_a_linter() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("openapi.json");
    let said = stopover(folder.path(), &["export-openapi"]).output().unwrap();
    std::fs::write(&document, said.stdout).unwrap();
    let redocly = tool("redocly-").join("node_modules/.bin/redocly");
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/redocly.yaml");
    let output = Command::new(redocly).args(["lint", "--config", config]).arg(&document).env("REDOCLY_TELEMETRY", "off").output().unwrap();
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}
