//! Starts the binary with nothing of this test's environment, and speaks HTTP to it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The command with its data in `folder`, which is also where it looks for a settings file.
pub(super) fn stopover(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stopover"));
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(folder).args(arguments);
    command
}

/// What a command said and how it ended.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

/// Runs a command to its end.
pub(super) fn run(folder: &Path, arguments: &[&str]) -> Said {
    said(stopover(folder, arguments))
}

pub(super) fn said(mut command: Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// The arguments that import the demo city from its files, as a stranger would import a city.
pub(super) fn import_albany() -> Vec<String> {
    let demo = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo").join(name).display().to_string();
    let words = "import inside-airbnb --city Albany --country US --currency USD --timezone America/New_York --shift-to 2026-06-01 --pace shared";
    let mut all: Vec<String> = words.split(' ').map(str::to_owned).collect();
    for (flag, file) in [("--listings", "listings.csv.gz"), ("--calendar", "calendar.csv.gz")] {
        all.extend([flag.to_owned(), demo(file)]);
    }
    all
}

/// A server that runs until it is stopped, at the latest with the test.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
    pub(super) folder: PathBuf,
}

impl Server {
    /// Starts `serve` with its data in `folder/data`; what it says goes to `folder/log`.
    pub(super) fn start(folder: &Path, more: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let child = stopover(folder, &["serve", "--listen", &format!("127.0.0.1:{port}")]).args(more).stderr(log).stdout(Stdio::null()).spawn().unwrap();
        Self { child, port, folder: folder.to_owned() }
    }

    /// Waits until it is ready.
    pub(super) fn ready(mut self) -> Self {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(90) {
            if self.ask("/readyz").is_some_and(|(status, _)| status == 200) {
                return self;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "it ended: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("it is not ready: {}", self.log());
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap()
    }

    fn ask(&self, path: &str) -> Option<(u16, String)> {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    }

    /// Registers somebody with the letter in the outbox and logs in: the password, and an access token.
    pub(super) fn newcomer(&self, email: &str) -> (&'static str, String) {
        let password = "seven purple kettles";
        assert_eq!(self.post("/auth/register", None, &serde_json::json!({"email": email, "name": "Ada"})).0, 202);
        let token = self.token_in_outbox();
        assert_eq!(self.post("/auth/verify-email", None, &serde_json::json!({"token": token, "password": password})).0, 204);
        let (status, login) = self.post("/auth/login", None, &serde_json::json!({"email": email, "password": password}));
        assert_eq!(status, 200, "{login}");
        (password, login["access_token"].as_str().unwrap().to_owned())
    }

    /// The token of the first letter that arrives: the line that is nothing else.
    fn token_in_outbox(&self) -> String {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            let letters = std::fs::read_dir(self.folder.join("data/outbox")).into_iter().flatten().map(|entry| entry.unwrap().path());
            for letter in letters.filter(|path| path.extension().is_some_and(|e| e == "eml")) {
                let text = std::fs::read_to_string(letter).unwrap();
                if let Some(token) = text.lines().find(|line| line.len() == 43 && !line.contains([' ', '/', ':'])) {
                    return token.to_owned();
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("no letter: {}", self.log());
    }

    fn send(&self, request: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// Sends JSON under `/api/v1`; answers status and body.
    pub(super) fn post(&self, path: &str, bearer: Option<&str>, body: &serde_json::Value) -> (u16, serde_json::Value) {
        self.try_post(path, bearer, body).unwrap_or_else(|| panic!("no answer to {path}: {}", self.log()))
    }

    /// The same where the server may go away; `None`: it did.
    pub(super) fn try_post(&self, path: &str, bearer: Option<&str>, body: &serde_json::Value) -> Option<(u16, serde_json::Value)> {
        let body = body.to_string();
        let bearer = bearer.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head = format!(
            "POST /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{bearer}\r\n",
            body.len()
        );
        let (status, text) = self.send(&format!("{head}{body}"))?;
        Some((status, serde_json::from_str(&text).unwrap_or_default()))
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whose token it is.
    pub(super) fn user_of(&self, token: &str) -> String {
        let request = format!("GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n");
        let (_, body) = self.send(&request).unwrap_or_else(|| panic!("no answer: {}", self.log()));
        serde_json::from_str::<serde_json::Value>(&body).unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// The body of an answer that must be 200.
    pub(super) fn get(&self, path: &str) -> String {
        let (status, body) = self.ask(path).unwrap_or_else(|| panic!("no answer to {path}: {}", self.log()));
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(super) fn json(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.get(path)).unwrap()
    }

    pub(super) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Asks it to stop; answers how it ended and how long that took.
    pub(super) fn stop(mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        self.signal("TERM");
        while begun.elapsed() < Duration::from_secs(30) {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, begun.elapsed());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not stop: {}", self.log());
    }

    /// Ends it a while later in the middle of whatever it does.
    pub(super) fn kill_after(self, delay: Duration) {
        std::thread::sleep(delay);
        self.kill();
    }

    /// Ends it in the middle of whatever it does.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which is well too.
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill().and_then(|()| self.child.wait()));
        }
    }
}
