//! Photos in a bucket: moto, a server that speaks S3 and that nobody here wrote. `make test` installs it (`scripts/prepare-tests`).

use super::stage::{Stage, file, jpeg};
use crate::support::town::Asker;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use stopover::platform::config::{Config, Hidden, MediaStore};

/// A server with one empty bucket; ends with the test.
struct Moto {
    child: Child,
    port: u16,
}

impl Moto {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("tools");
        let folder = std::fs::read_dir(&tools).ok().into_iter().flatten().map(|entry| entry.unwrap().path());
        let home = folder.into_iter().find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("moto-")));
        let home = home.unwrap_or_else(|| panic!("moto is not in {}; run `make test`, which installs it", tools.display()));
        let mut command = Command::new(home.join("bin/moto_server"));
        let child = command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let moto = Self { child, port };
        for _ in 0..600 {
            if moto.send("PUT /photos HTTP/1.1", "").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                return moto;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("moto does not answer");
    }

    fn send(&self, line: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        let head = format!("{line}\r\nHost: 127.0.0.1:{}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", self.port, body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        Some(String::from_utf8_lossy(&answer).into_owned())
    }

    /// How many files are in the bucket.
    fn count(&self) -> usize {
        self.send("GET /photos?list-type=2 HTTP/1.1", "").unwrap().matches("<Key>").count()
    }

    fn settings(&self, config: &mut Config) {
        config.media.store = MediaStore::S3;
        config.media.bucket = Some("photos".into());
        config.media.endpoint = Some(format!("http://127.0.0.1:{}", self.port));
        config.media.access_key = Some("key".into());
        config.media.secret = Some(Hidden::new("secret"));
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.child.kill().and_then(|()| self.child.wait()));
    }
}

on_both!(a_bucket_serves_all_nodes, async |db: TestDb| {
    let moto = crate::support::off_thread(Moto::start).await;
    let stage = Stage::with(&db, |config| moto.settings(config)).await;
    let photo = stage.add(1).await;
    let url = Stage::largest(&photo);
    assert_eq!((moto.count(), stage.files().len()), (2, 0), "nothing stays on the node");
    assert!(moto.send("GET /photos?list-type=2 HTTP/1.1", "").unwrap().contains(&format!("<Key>media/{}", &url[7..9])));
    // Another node, with a folder of its own.
    let other = crate::support::town::Town::node(&db, |config| moto.settings(config)).await;
    for _ in 0..2 {
        let served = other.get(&Asker::default(), &format!("/{url}")).await;
        served.expect(200);
        assert_eq!(image::load_from_memory(&served.body).unwrap().width(), 600);
    }
    let ranged = Asker { headers: vec![("range".into(), "bytes=0-1".into())], ..Asker::default() };
    assert_eq!(other.get(&ranged, &format!("/{url}")).await.expect(206).body, [0xff, 0xd8]);
    assert_eq!(other.get(&Asker::default(), &format!("//media/{}-480.jpg", "0".repeat(64))).await.status, 404);
    // Removed a day later, by whichever node.
    let path = format!("{}/{}", stage.path(), photo["id"].as_str().unwrap());
    stage.town.ask(&stage.host, Method::DELETE, &path, None).await.expect(204);
    stage.town.clock.advance_seconds(2 * 86_400);
    other.run_jobs().await;
    assert_eq!(moto.count(), 0);
});

on_both!(a_bucket_that_is_away_refuses_uploads_and_loses_nothing, async |db: TestDb| {
    let stage = Stage::with(&db, |config| {
        config.media.store = MediaStore::S3;
        config.media.bucket = Some("photos".into());
        config.media.endpoint = Some("http://127.0.0.1:9".into());
        config.media.access_key = Some("key".into());
        config.media.secret = Some(Hidden::new("secret"));
    })
    .await;
    stage.upload(&[file("x.jpg", jpeg(100, 80, 1))]).await.expect(500);
    assert!(stage.list().await.is_empty() && stage.files().is_empty());
});
