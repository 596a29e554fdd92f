//! A whole instance on a database of its own: its endpoint, its clock, its jobs, and the letters that lie in its outbox.

use super::{TestClock, TestDb, off_thread};
use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderMap, Method, StatusCode, Uri};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, EndpointExt, Request, RequestParts, Response};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use stopover::app::{self, Parts};
use stopover::platform::config::{Config, Hidden};
use stopover::platform::db::Db;
use stopover::platform::keys::Keys;
use stopover::platform::telemetry::Metrics;
use stopover::platform::tools::Tools;

/// An instance in process.
pub(crate) struct Town {
    endpoint: BoxEndpoint<'static, Response>,
    parts: Option<Parts>,
    pub(crate) tools: Option<Tools>,
    pub(crate) clock: Arc<TestClock>,
    _folder: tempfile::TempDir,
}

/// Who asks: from which address, with which token or cookie.
#[derive(Clone, Default)]
pub(crate) struct Asker {
    pub(crate) bearer: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) address: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A letter as it lies in the outbox.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl Town {
    /// An instance with default settings, but for the rate limits, which a story about something else must not meet.
    pub(crate) async fn new(db: &TestDb) -> Self {
        Self::with(db, |_| ()).await
    }

    /// The same with other settings.
    pub(crate) async fn with(db: &TestDb, change: impl FnOnce(&mut Config)) -> Self {
        Self::node(db, change).await
    }

    /// One more node over the same data: its own data folder, its own memory.
    pub(crate) async fn node(db: &TestDb, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config { data_dir: folder.path().into(), ..Config::default() };
        config.limits.enabled = false;
        config.keys.master = Some(Hidden::new("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"));
        change(&mut config);
        let (db, clock): (Db, _) = (Db::clone(db), Arc::clone(&db.clock));
        let at = clock.clone();
        let (parts, tools, endpoint) = off_thread(move || {
            let tools =
                Tools { db, clock: at, config: Arc::new(config), metrics: Arc::new(Metrics::new().unwrap()), keys: Arc::new(Keys::from_bytes([7; 32])) };
            let parts = Parts::gather(tools.clone()).unwrap();
            let endpoint = app::endpoint(&parts).unwrap().boxed();
            (parts, tools, endpoint)
        })
        .await;
        Self { endpoint, parts: Some(parts), tools: Some(tools), clock, _folder: folder }
    }

    pub(crate) fn tools(&self) -> &Tools {
        self.tools.as_ref().unwrap()
    }

    /// Where this node keeps its files.
    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.tools().config.data_dir
    }

    /// What serves this instance on a socket until `stop`; run it, and wait for its end before the town is dropped.
    pub(crate) fn serve<S: Future<Output = ()>>(&self, listener: tokio::net::TcpListener, stop: S) -> impl Future<Output = ()> + use<S> {
        let (endpoint, tools) = (app::endpoint(self.parts.as_ref().unwrap()).unwrap(), self.tools());
        let (limits, metrics) = (tools.config.http.clone(), Arc::clone(&tools.metrics));
        async move { stopover::platform::http::serve(listener, endpoint, limits, metrics, stop).await.unwrap() }
    }

    /// Runs everything that is due now.
    pub(crate) async fn run_jobs(&self) {
        let jobs = self.parts.as_ref().unwrap().jobs.clone();
        off_thread(move || jobs.run_due()).await;
    }

    /// Writes down how often listings were looked at on this node.
    pub(crate) async fn write_views(&self) {
        self.views().write_down(&self.tools().db).await.unwrap();
    }

    /// How often listings are looked at on this node.
    pub(crate) fn views(&self) -> stopover::features::listings::Views {
        self.parts.as_ref().unwrap().pages.views().clone()
    }

    /// Sends a request under `/api/v1` (or from the root, when `path` begins with `//`).
    pub(crate) async fn ask(&self, asker: &Asker, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let kind = body.map(|_| "application/json");
        self.send(asker, method, path, kind, body.map_or_else(poem::Body::empty, |body| poem::Body::from(body.to_string()))).await
    }

    /// The same with any body, of the type `kind`.
    pub(crate) async fn send(&self, asker: &Asker, method: Method, path: &str, kind: Option<&str>, body: poem::Body) -> Reply {
        let uri: Uri = path.strip_prefix('/').filter(|rest| rest.starts_with('/')).map_or_else(|| format!("/api/v1{path}"), str::to_owned).parse().unwrap();
        let mut builder = poem::http::Request::builder().method(method).uri(uri);
        if let Some(bearer) = &asker.bearer {
            builder = builder.header("authorization", format!("Bearer {bearer}"));
        }
        for (name, value) in &asker.headers {
            builder = builder.header(name, value);
        }
        if let Some(kind) = kind {
            builder = builder.header("content-type", kind);
        }
        let (parts, ()) = builder.body(()).unwrap().into_parts();
        let peer = Addr::SocketAddr(format!("{}:4000", asker.address.as_deref().unwrap_or("203.0.113.7")).parse().unwrap());
        let parts = RequestParts::from((parts, LocalAddr(peer.clone()), RemoteAddr(peer), poem::http::uri::Scheme::HTTP));
        let mut response = self.endpoint.get_response(Request::from_parts(parts, body)).await;
        let body = response.take_body().into_vec().await.unwrap();
        Reply { status: response.status(), headers: response.headers().clone(), body }
    }

    pub(crate) async fn post(&self, asker: &Asker, path: &str, body: Value) -> Reply {
        self.ask(asker, Method::POST, path, Some(&body)).await
    }

    pub(crate) async fn get(&self, asker: &Asker, path: &str) -> Reply {
        self.ask(asker, Method::GET, path, None).await
    }

    /// Runs the jobs and answers all letters so far, oldest first.
    pub(crate) async fn letters(&self) -> Vec<Letter> {
        self.run_jobs().await;
        let outbox: PathBuf = self.tools().config.data_dir.join("outbox");
        let mut files: Vec<PathBuf> = std::fs::read_dir(outbox)
            .map(|all| all.map(|entry| entry.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "eml")).collect())
            .unwrap_or_default();
        files.sort();
        files.iter().map(|file| Letter::parse(&std::fs::read(file).unwrap())).collect()
    }

    /// The token in the newest letter to `email`.
    pub(crate) async fn token_for(&self, email: &str) -> String {
        let letters = self.letters().await;
        let letter = letters.iter().rev().find(|letter| letter.to.contains(email)).unwrap_or_else(|| panic!("no letter to {email}"));
        letter.token()
    }

    /// Registers, opens the link of the letter and logs in: somebody with a fresh session.
    pub(crate) async fn newcomer(&self, name: &str) -> Asker {
        let (email, password) = (email_of(name), password_of(name));
        let asked = self.post(&Asker::default(), "/auth/register", serde_json::json!({"email": email, "name": name})).await;
        assert_eq!(asked.status, 202, "{}", asked.text());
        let token = self.token_for(&email).await;
        let made = self.post(&Asker::default(), "/auth/verify-email", serde_json::json!({"token": token, "password": password})).await;
        assert_eq!(made.status, 204, "{}", made.text());
        self.log_in(name).await
    }

    /// Logs in as somebody who was a newcomer once.
    pub(crate) async fn log_in(&self, name: &str) -> Asker {
        let reply = self.post(&Asker::default(), "/auth/login", serde_json::json!({"email": email_of(name), "password": password_of(name)})).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        Asker { bearer: Some(reply.json()["access_token"].as_str().unwrap().to_owned()), ..Asker::default() }
    }
}

/// The address of somebody in a story.
pub(crate) fn email_of(name: &str) -> String {
    format!("{}@example.org", name.to_lowercase())
}

/// A JSON file in the copy of somebody's data.
pub(crate) fn unpacked(bytes: &[u8], name: &str) -> Value {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let text = std::io::read_to_string(zip.by_name(name).unwrap()).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A password that has nothing to do with them.
pub(crate) fn password_of(name: &str) -> String {
    format!("seven purple kettles {}", name.chars().rev().collect::<String>())
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}: {}", self.status, self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks status and code of a problem.
    #[track_caller]
    pub(crate) fn expect_problem(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status.as_u16(), self.json()["code"].as_str().unwrap_or_default()), (status, code), "{}", self.text());
        self
    }

    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }
}

impl Letter {
    /// The link's token: the last line of its own that is long and without spaces.
    pub(crate) fn token(&self) -> String {
        let mut lines = self.text.lines().map(str::trim).filter(|line| line.len() >= 40 && !line.contains([' ', '/', ':']));
        lines.next_back().unwrap_or_else(|| panic!("no token in: {}", self.text)).to_owned()
    }

    /// Reads a message that lettre wrote: headers that may be folded, one text body.
    fn parse(bytes: &[u8]) -> Self {
        let message = String::from_utf8(bytes.to_vec()).unwrap().replace("\r\n", "\n");
        let (head, body) = message.split_once("\n\n").unwrap();
        let head = head.replace("\n ", " ").replace("\n\t", " ");
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap_or_default().to_owned();
        let text = match header("Content-Transfer-Encoding").as_str() {
            "quoted-printable" => quoted_printable(body),
            "base64" => {
                use base64::Engine as _;
                let joined: String = body.split_whitespace().collect();
                String::from_utf8(base64::engine::general_purpose::STANDARD.decode(joined).unwrap()).unwrap()
            }
            _ => body.to_owned(),
        };
        Self { to: header("To"), subject: header("Subject"), text }
    }
}

fn quoted_printable(text: &str) -> String {
    let text = text.replace("=\n", "");
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let hex = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

impl Drop for Town {
    fn drop(&mut self) {
        // Closing a database blocks, which async threads must not.
        let (parts, tools) = (self.parts.take(), self.tools.take());
        self.endpoint = poem::endpoint::make_sync(|_| Response::default()).boxed();
        drop(std::thread::spawn(move || drop((parts, tools))).join());
    }
}
