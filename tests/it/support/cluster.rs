//! The PostgreSQL cluster of this test run: the one `STOPOVER_TEST_POSTGRES` names, or one of our own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Its end closes the pipe that the cluster's script waits on, so even a killed test process leaves no server behind.
struct OwnCluster {
    url: String,
    _script: Option<Child>,
}

/// The address of the cluster's `postgres` database; starts a cluster when there is none. Blocks.
pub(crate) fn url() -> &'static str {
    static CLUSTER: OnceLock<Result<OwnCluster, String>> = OnceLock::new();
    match CLUSTER.get_or_init(find_or_start) {
        Ok(cluster) => &cluster.url,
        Err(sentence) => panic!("{sentence}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "the test run has no configuration of its own")]
fn find_or_start() -> Result<OwnCluster, String> {
    if let Ok(url) = std::env::var("STOPOVER_TEST_POSTGRES")
        && !url.is_empty()
    {
        return Ok(OwnCluster { url, _script: None });
    }
    let mut script = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/with-postgres"))
        .args(["sh", "-c", "echo \"$STOPOVER_TEST_POSTGRES\"; cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("scripts/with-postgres cannot be run: {e}"))?;
    let mut line = String::new();
    let read = script.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
    match read {
        Some(Ok(length)) if length > 1 => Ok(OwnCluster { url: line.trim().to_owned(), _script: Some(script) }),
        _ => {
            let mut said = String::new();
            if let Some(mut stderr) = script.stderr.take() {
                stderr.read_to_string(&mut said).map_err(|e| e.to_string())?;
            }
            Err(format!("No PostgreSQL server for the tests; run `make test`, which installs one. ({})", said.trim()))
        }
    }
}
