//! What an operator does at the machine: the first steps, lost passwords, new keys.

use super::program::{Server, run, stopover};
use serde_json::json;
use std::io::Write;
use std::process::Stdio;

/// The token of the console's line about the first operator.
fn token_of(log: &str) -> Option<String> {
    let line = log.lines().find(|line| line.contains("first steps"))?;
    Some(line.split_once('#')?.1.split(' ').next()?.to_owned())
}

#[test]
fn the_first_steps_at_the_console() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).ready();
    let first = token_of(&server.log()).unwrap();
    server.stop();
    // Another start shows another token, and only that counts. Neither is in the log proper.
    let server = Server::start(folder.path(), &[]).ready();
    let second = token_of(&server.log()).unwrap();
    let ask = |token: &str| json!({"token": token, "email": "otto@example.org", "name": "Otto", "password": "seven purple kettles"});
    assert_eq!(server.post("/auth/setup", None, &ask(&first)).0, 410);
    assert_eq!(server.post("/auth/setup", None, &ask(&second)).0, 204);
    assert_eq!(server.post("/auth/setup", None, &ask(&second)).0, 410);
    assert_eq!(server.log().matches(&second).count(), 1);
    let (status, login) = server.post("/auth/login", None, &json!({"email": "otto@example.org", "password": "seven purple kettles"}));
    assert_eq!(status, 200, "{login}");
    // A second operator by the command line, beside the running server.
    std::fs::write(folder.path().join("password"), "eight amber teapots\n").unwrap();
    let una = ["create-admin", "--email", "una@example.org", "--name", "Una", "--password-file", "password"];
    let made = run(folder.path(), &una);
    assert_eq!(made.code, Some(0), "{made:?}");
    let again = run(folder.path(), &una);
    assert!(again.code == Some(1) && again.err.contains("already (Una)") && again.err.contains("--promote"), "{again:?}");
    let (status, login) = server.post("/auth/login", None, &json!({"email": "una@example.org", "password": "eight amber teapots"}));
    assert_eq!(status, 200, "{login}");
    let (status, _) = server.post("/admin/invites", login["access_token"].as_str(), &json!({"email": "guest@example.org"}));
    assert_eq!(status, 202);
    // A link for who has forgotten the password.
    let link = run(folder.path(), &["reset-password", "--email", "una@example.org", "--link"]);
    let token = link.out.trim().split_once('#').unwrap_or_else(|| panic!("{link:?}")).1.to_owned();
    assert_eq!(server.post("/auth/password/reset", None, &json!({"token": token, "password": "nine yellow lanterns"})).0, 204);
    assert_eq!(server.post("/auth/login", None, &json!({"email": "una@example.org", "password": "nine yellow lanterns"})).0, 200);
    let rotated = run(folder.path(), &["rotate-keys"]);
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    server.stop();
    let server = Server::start(folder.path(), &[]).ready();
    assert_eq!(token_of(&server.log()), None, "there is an operator: nothing to set up");
    server.stop();
    let well = run(folder.path(), &["doctor"]);
    assert_eq!(well.code, Some(0), "{well:?}");
}

#[test]
fn an_operator_is_made_before_the_first_start() {
    let folder = tempfile::tempdir().unwrap();
    let made = |password: &str| {
        let mut command = stopover(folder.path(), &["create-admin", "--email", "otto@example.org", "--name", "Otto"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = made("short\n");
    assert!(code == Some(1) && said.contains("characters"), "{said}");
    let (code, said) = made("\n");
    assert!(code == Some(1) && said.contains("no password"), "{said}");
    let (code, said) = made("seven purple kettles\n");
    assert_eq!(code, Some(0), "{said}");
    // What a command did is sealed when it ends.
    let reindexed = run(folder.path(), &["reindex"]);
    assert_eq!(reindexed.code, Some(0), "{reindexed:?}");
    let well = run(folder.path(), &["doctor"]);
    assert!(well.code == Some(0) && well.out.contains("1 entries, 0 waiting"), "{well:?}");
    let unknown = run(folder.path(), &["reset-password", "--email", "nobody@example.org", "--link"]);
    assert!(unknown.code == Some(1) && unknown.err.contains("no account"), "{unknown:?}");
    // A password is never an argument.
    assert_eq!(run(folder.path(), &["create-admin", "--email", "a@example.org", "--name", "A", "--password", "x"]).code, Some(2));
}

#[test]
fn somebody_who_has_an_account_is_made_an_operator() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).ready();
    let (password, before) = server.newcomer("ada@example.org");
    let promote = |email: &str| run(folder.path(), &["create-admin", "--email", email, "--promote"]);
    let unknown = promote("nobody@example.org");
    assert!(unknown.code == Some(1) && unknown.err.contains("no account"), "{unknown:?}");
    let promoted = promote("Ada@Example.org");
    assert!(promoted.code == Some(0) && promoted.out.contains("Ada is an operator now"), "{promoted:?}");
    let again = promote("ada@example.org");
    assert!(again.code == Some(1) && again.err.contains("operator already"), "{again:?}");
    // Sessions of staff are shorter, so hers begins anew; the password is what it was.
    let (status, login) = server.post("/auth/login", None, &json!({"email": "ada@example.org", "password": password}));
    assert_eq!(status, 200, "{login}");
    let invite = json!({"email": "guest@example.org"});
    assert_eq!(server.post("/admin/invites", Some(&before), &invite).0, 401);
    assert_eq!(server.post("/admin/invites", login["access_token"].as_str(), &invite).0, 202);
    server.stop();
    for arguments in [&["create-admin", "--email", "a@example.org"][..], &["create-admin", "--email", "a@example.org", "--name", "A", "--promote"]] {
        assert_eq!(run(folder.path(), arguments).code, Some(2), "{arguments:?}");
    }
}

#[test]
fn a_server_without_its_own_address_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).ready();
    assert!(!server.log().contains("warning"), "{}", server.log());
    server.stop();
    let well = run(folder.path(), &["doctor"]);
    assert!(well.code == Some(0) && !well.out.contains("public_url"), "{well:?}");
    let noted = run(folder.path(), &["doctor", "--listen", "0.0.0.0:8080"]);
    assert!(noted.code == Some(0) && noted.out.contains("note  public_url") && noted.out.contains("is not set"), "{noted:?}");
}
