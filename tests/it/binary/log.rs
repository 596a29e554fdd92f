//! What the log never holds, however much it says: passwords, tokens, addresses.

use super::program::{Server, run};
use serde_json::json;

#[test]
fn the_whole_log_of_a_day_at_trace_names_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("stopover.toml"), "[log]\nfilter = \"trace\"\nformat = \"json\"\n[limits]\nenabled = false\n").unwrap();
    let server = Server::start(folder.path(), &[]).ready();
    let mut secrets: Vec<String> = [
        "ada@example.org",
        "ada.new@example.org",
        "nobody@example.org",
        "otto@example.org",
        "seven purple kettles",
        "nine yellow lanterns",
        "a wrong guess entirely",
    ]
    .map(str::to_owned)
    .into();
    let mut seen = Vec::new();
    let (email, password) = ("ada@example.org", "seven purple kettles");
    assert_eq!(server.post("/auth/register", None, &json!({"email": email, "name": "Ada", "password": password})).0, 202);
    let token = newest_token(&server, &mut seen, "ada@example.org");
    assert_eq!(server.post("/auth/verify-email", None, &json!({"token": token, "password": password})).0, 204);
    secrets.push(token);
    for wrong in [email, "nobody@example.org"] {
        assert_eq!(server.post("/auth/login", None, &json!({"email": wrong, "password": "a wrong guess entirely"})).0, 401);
    }
    let (_, login) = server.post("/auth/login", None, &json!({"email": email, "password": password}));
    let (_, next) = server.post("/auth/refresh", None, &json!({"refresh_token": login["refresh_token"]}));
    let bearer = next["access_token"].as_str().unwrap();
    assert_eq!(server.post("/me/email", Some(bearer), &json!({"email": "ada.new@example.org"})).0, 202);
    assert_eq!(server.post("/auth/confirm-email", None, &json!({"token": newest_token(&server, &mut seen, "ada.new@example.org")})).0, 204);
    assert_eq!(server.post("/auth/password/forgot", None, &json!({"email": "ada.new@example.org"})).0, 202);
    let token = newest_token(&server, &mut seen, "ada.new@example.org");
    assert_eq!(server.post("/auth/password/reset", None, &json!({"token": token, "password": "nine yellow lanterns"})).0, 204);
    secrets.push(token);
    // What cannot be read is not repeated either.
    assert_eq!(server.post("/auth/login", Some("sto_made-up-but-secret"), &json!({"email": [email], "password": password, "extra": 1})).0, 400);
    assert_eq!(server.post("/me/email", Some("sto_made-up-but-secret"), &json!({"email": email})).0, 401);
    secrets.push("sto_made-up-but-secret".into());
    for login in [&login, &next] {
        secrets.extend(["access_token", "refresh_token", "device_token"].iter().filter_map(|name| login[*name].as_str().map(str::to_owned)));
    }
    std::fs::write(folder.path().join("password"), "seven purple kettles\n").unwrap();
    let made = run(folder.path(), &["create-admin", "--email", "otto@example.org", "--name", "Otto", "--password-file", "password"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let log = format!("{}{}", server.log(), made.err);
    server.stop();
    assert!(log.contains("\"level\":\"DEBUG\"") && log.contains("/auth/login") && log.lines().count() > 20, "the log says little: {log}");
    for secret in &secrets {
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert!(line.is_none(), "the log names {secret}: {line:?}");
    }
}

/// The token in the newest letter to `to` that was not seen yet, which the server writes to its outbox within seconds.
fn newest_token(server: &Server, seen: &mut Vec<String>, to: &str) -> String {
    for _ in 0..200 {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let Ok(outbox) = std::fs::read_dir(server.folder.join("data/outbox")) else { continue };
        let mut files: Vec<_> = outbox.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
        files.sort();
        let letters = files.iter().rev().map(|file| std::fs::read_to_string(file).unwrap().replace("=\r\n", ""));
        let token = letters.filter(|text| text.lines().any(|line| line.starts_with("To:") && line.contains(to))).find_map(|text| {
            let mut lines = text.lines().map(str::trim).filter(|line| line.len() == 43 && !line.contains([' ', '/', ':', '=']));
            lines.next_back().map(str::to_owned)
        });
        if let Some(token) = token
            && !seen.contains(&token)
        {
            seen.push(token.clone());
            return token;
        }
    }
    panic!("no letter to {to}: {}", server.log());
}
