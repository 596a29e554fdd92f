//! A login through a provider that nobody here wrote: npm's oidc-provider, started on a free port, its login form walked through as a
//! browser would. `make test` installs it; without it this story fails, it is never skipped.

use super::{back, bearer, settings};
use crate::support::town::{Asker, Reply, Town};
use crate::support::{TestDb, off_thread, on_both};
use poem::http::{HeaderMap, Request, Response, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use stopover::platform::config::Config;
use stopover::platform::outbound::{Budget, Outbound, Policy};
use stopover::values::{Clock as _, SystemClock};

const CALLBACK: &str = "http://127.0.0.1:8080/api/v1/auth/oidc/home/callback";

/// The provider's process; ends with the story.
struct Real {
    child: Child,
    issuer: String,
    /// Kept open: a process that cannot write what it has to say would end.
    _says: BufReader<ChildStdout>,
}

impl Real {
    fn start() -> Self {
        // The tests' binary lies in TARGET/PROFILE/deps.
        let target: PathBuf = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().into();
        let folder = target.join("oidc-provider");
        let server = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/oidc-provider/server.mjs");
        let missing = "the OpenID provider of the tests is not installed: run `make test`, or scripts/prepare-tests once";
        assert!(folder.join("installed").exists(), "{missing} ({} is missing)", folder.display());
        let child = Command::new("node").arg(server).arg(&folder).arg(CALLBACK).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{missing} (node: {error})"));
        let mut issuer = String::new();
        let mut says = BufReader::new(child.stdout.take().unwrap());
        says.read_line(&mut issuer).unwrap();
        assert!(issuer.starts_with("http://127.0.0.1:"), "{missing} (it does not start: {issuer:?})");
        Self { child, issuer: issuer.trim().to_owned(), _says: says }
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// As much of a browser as the form needs: cookies, forms, redirects; stops where it would leave the provider.
struct Browser {
    client: Outbound,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn new() -> Self {
        Self { client: Outbound::open(&Config::default()), cookies: BTreeMap::new() }
    }

    fn send(&mut self, url: &str, form: Option<&str>) -> Response<Vec<u8>> {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder().uri(url).header(header::COOKIE, cookies.join("; ")).header(header::ACCEPT, "text/html");
        let request = match form {
            Some(form) => request.method("POST").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.as_bytes().to_vec()),
            None => request.body(Vec::new()),
        };
        let answer = self.client.send(Policy::Operator { http: true }, Budget::of(1 << 20), request.unwrap()).unwrap();
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// Logs in and agrees to everything; answers the address the provider sends people back to.
    fn walk(&mut self, issuer: &str, url: &str, who: &str) -> String {
        let mut answer = self.send(url, None);
        for _ in 0..12 {
            if let Some(location) = location(answer.headers()) {
                let next = if location.starts_with('/') { format!("{issuer}{location}") } else { location };
                if !next.starts_with(issuer) {
                    return next;
                }
                answer = self.send(&next, None);
                continue;
            }
            let page = String::from_utf8(answer.body().clone()).unwrap();
            let action = page.split("action=\"").nth(1).unwrap_or_else(|| panic!("{}: {page}", answer.status())).split('"').next().unwrap().to_owned();
            let form = if page.contains("name=\"login\"") { format!("prompt=login&login={who}&password=x") } else { "prompt=consent".to_owned() };
            answer = self.send(&action, Some(&form));
        }
        panic!("the provider sends us round and round");
    }
}

fn location(headers: &HeaderMap) -> Option<String> {
    headers.get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned())
}

async fn log_in(town: &Town, issuer: &str, who: &'static str) -> Reply {
    let start: Value = town.post(&Asker::default(), "/auth/oidc/home/start", json!({})).await.expect(200).json();
    let (issuer, url) = (issuer.to_owned(), start["url"].as_str().unwrap().to_owned());
    let back_at = off_thread(move || Browser::new().walk(&issuer, &url, who)).await;
    let query = back_at.strip_prefix(CALLBACK).unwrap_or_else(|| panic!("{back_at}")).strip_prefix('?').unwrap();
    let told = super::issuer::form(query);
    let mut body = back(&start, &told["code"], &told["state"]);
    body["iss"] = json!(told["iss"]);
    town.post(&Asker::default(), "/auth/oidc/home/finish", body).await
}

on_both!(a_real_provider_opens_the_door, async |db: TestDb| {
    let real = off_thread(Real::start).await;
    let home = settings("home", &real.issuer);
    let town = Town::with(&db, move |config| config.oidc.push(home)).await;
    // Its tokens bear the machine's time.
    town.clock.set(&SystemClock.now().to_string());
    let login = log_in(&town, &real.issuer, "ada").await.expect(200).json();
    let ada = bearer(&login);
    let links = town.get(&ada, "/me/oidc").await.expect(200).json();
    assert_eq!(links["data"][0]["provider"], "home");
    let user = town.get(&ada, "/auth/session").await.json()["user_id"].clone();
    town.clock.set(&SystemClock.now().to_string());
    let again = log_in(&town, &real.issuer, "ada").await.expect(200).json();
    assert_eq!(town.get(&bearer(&again), "/auth/session").await.json()["user_id"], user);
    log_in(&town, &real.issuer, "unsure").await.expect_problem(403, "email_unverified");
    off_thread(move || drop(real)).await;
});
