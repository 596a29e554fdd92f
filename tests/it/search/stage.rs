//! A search that runs: everything the server is made of over a database of its own, and a door to ask at.

use crate::support::{TestDb, off_thread, unlimited};
use poem::endpoint::BoxEndpoint;
use poem::http::{Method, StatusCode, Uri};
use poem::{Endpoint, EndpointExt, Request, Response};
use serde_json::Value as Json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stopover::app::{self, Parts};
use stopover::features::search::Search;
use stopover::platform::config::{self, Config};
use stopover::platform::db::Db;
use stopover::platform::telemetry::Metrics;
use stopover::platform::tools::Tools;
use stopover::values::Clock;

/// A running instance without its socket. Dropping it stops it.
pub(super) struct House {
    running: Option<(BoxEndpoint<'static, Response>, Parts)>,
    folder: Arc<tempfile::TempDir>,
}

/// An answer as a client sees it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: poem::http::HeaderMap,
    pub(super) text: String,
}

impl House {
    /// Opens an instance over `db` with a data folder of its own.
    pub(super) async fn open(db: &TestDb) -> Self {
        Self::open_in(db, Arc::new(tempfile::tempdir().unwrap())).await.unwrap()
    }

    /// Opens an instance whose search index lies in `folder`, or says why it cannot.
    pub(super) async fn open_in(db: &TestDb, folder: Arc<tempfile::TempDir>) -> Result<Self, String> {
        Self::over(Db::clone(db), db.clock.clone(), folder).await
    }

    /// Opens an instance that keeps a snapshot of its engine, however few listings it has.
    pub(super) async fn keeping(db: &TestDb, folder: Arc<tempfile::TempDir>) -> Self {
        let config = Config { search: config::Search { snapshot_from: 1 }, ..unlimited() };
        Self::with(Db::clone(db), db.clock.clone(), folder, config).await.unwrap()
    }

    /// Opens an instance whose operator takes fees.
    pub(super) async fn charging(db: &TestDb, fees: config::Fees) -> Self {
        let config = Config { fees, ..unlimited() };
        Self::with(Db::clone(db), db.clock.clone(), Arc::new(tempfile::tempdir().unwrap()), config).await.unwrap()
    }

    /// Opens an instance over any handle.
    pub(super) async fn over(db: Db, clock: Arc<dyn Clock>, folder: Arc<tempfile::TempDir>) -> Result<Self, String> {
        Self::with(db, clock, folder, unlimited()).await
    }

    async fn with(db: Db, clock: Arc<dyn Clock>, folder: Arc<tempfile::TempDir>, config: Config) -> Result<Self, String> {
        let config = Config { data_dir: folder.path().into(), ..config };
        let running = off_thread(move || {
            let tools = Tools {
                keys: Arc::new(stopover::platform::keys::Keys::from_bytes([7; 32])),
                db,
                clock,
                config: Arc::new(config),
                metrics: Arc::new(Metrics::new().unwrap()),
            };
            let parts = Parts::gather(tools).map_err(|e| format!("{e:#}"))?;
            let endpoint = app::endpoint(&parts).map_err(|e| format!("{e:#}"))?.boxed();
            Ok::<_, String>((endpoint, parts))
        })
        .await?;
        Ok(Self { running: Some(running), folder })
    }

    fn running(&self) -> &(BoxEndpoint<'static, Response>, Parts) {
        self.running.as_ref().unwrap()
    }

    pub(super) fn search(&self) -> &Search {
        &self.running().1.search
    }

    /// Stops it; the data folder is answered, and stays.
    pub(super) async fn close(mut self) -> Arc<tempfile::TempDir> {
        let running = self.running.take();
        off_thread(move || drop(running)).await;
        Arc::clone(&self.folder)
    }

    /// Sends a request.
    pub(super) async fn send(&self, request: Request) -> Answer {
        let response = self.running().0.get_response(request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, text: response.into_body().into_string().await.unwrap() }
    }

    pub(super) async fn call(&self, method: Method, path: &str) -> Answer {
        self.send(Request::builder().method(method).uri(path.parse::<Uri>().unwrap()).finish()).await
    }

    /// Asks for `path` under `/api/v1`.
    pub(super) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, &format!("/api/v1{path}")).await
    }

    /// Searches; the answer must be 200.
    pub(super) async fn find(&self, query: &str) -> Json {
        self.get(&format!("/search/stays?{query}")).await.ok(query)
    }

    /// The ids of the whole answer, page by page, in order, and its total.
    pub(super) async fn walk(&self, query: &str, limit: usize) -> Vec<String> {
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.find(&format!("{query}&limit={limit}{cursor}")).await;
            ids.extend(ids_of(&page));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return ids,
            }
        }
    }

    /// Searches until the answer holds, or fails after some seconds.
    pub(super) async fn until(&self, query: &str, holds: impl Fn(&Json) -> bool) -> Json {
        let mut last = Json::Null;
        for _ in 0..500 {
            last = self.find(query).await;
            if holds(&last) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{query} still answers {last}");
    }

    /// Searches until there are so many matches.
    pub(super) async fn until_total(&self, query: &str, total: u64) -> Json {
        self.until(query, |page| page["total"] == total).await
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // Closing connections blocks, which an async thread must not.
        if let Some(running) = self.running.take() {
            let closed = std::thread::spawn(move || drop(running)).join();
            assert!(closed.is_ok() || std::thread::panicking(), "the instance could not be closed");
        }
    }
}

impl Answer {
    pub(super) fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {} {}", self.status, self.text))
    }

    /// The JSON of an answer that must be 200; `what` was asked.
    pub(super) fn ok(&self, what: &str) -> Json {
        assert_eq!(self.status, 200, "{what}: {}", self.text);
        self.json()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Where the files of the search index are in a data folder.
pub(super) fn index_in(data: &Path) -> std::path::PathBuf {
    data.join("search-index")
}

/// Where the snapshot of the engine is in a data folder.
pub(super) fn snapshot_in(data: &Path) -> std::path::PathBuf {
    data.join("search-snapshot")
}

/// The ids of a page, in order.
pub(super) fn ids_of(page: &Json) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|card| card["id"].as_str().unwrap().to_owned()).collect()
}

/// Text as it stands in an address.
pub(super) fn encode(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() || b"-._~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
