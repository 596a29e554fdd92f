//! A small API behind the real edge. Its things are rows of `instance`, so that effects can be counted.

use crate::db::put;
use crate::support::{TestDb, unlimited};
use futures_util::future::BoxFuture;
use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderMap, Method, StatusCode};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, EndpointExt, IntoEndpoint, Request, RequestParts, Response};
use poem_openapi::param::Path;
use poem_openapi::payload::{Json, PlainText};
use poem_openapi::{Object, OpenApi, OpenApiService};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use stopover::platform::access::{Action, Door, Doors, Meter, Principal, Roles, Scope, Scopes, Via};
use stopover::platform::config::Config;
use stopover::platform::db::{Db, DbError, Tx};
use stopover::platform::error::{Error, Kind};
use stopover::platform::http::{ApiResult, Caller, Created, Done, Edge, Gate, IfMatch, Nothing, Routes, V1, Visitor, etag};
use stopover::platform::idempotency::Once;
use stopover::platform::keys::Keys;
use stopover::platform::telemetry::Metrics;
use stopover::platform::tools::Tools;
use stopover::values::{Instant, UserId};
use uuid::Uuid;

#[derive(Debug, Clone, Object)]
pub(super) struct Thing {
    title: String,
    id: Uuid,
}

#[derive(Debug, Clone, Object)]
pub(super) struct ThingAsk {
    #[oai(validator(min_length = 1))]
    title: String,
}

/// Makes things.
struct Api {
    db: Db,
    runs: Arc<AtomicU32>,
}

const DOORS: &[Door] = &[
    Door::to("read", Action::Search),
    Door::to("search", Action::Search),
    Door::to("make", Action::CreateListing),
    Door::to("makeSlowly", Action::CreateListing),
    Door::to("makeInside", Action::CreateListing),
    Door::to("makeSecret", Action::CreateListing).with_secret_answer(),
    Door::to("makeApart", Action::CreateListing),
    Door::to("clear", Action::CreateListing),
    Door::to("refuse", Action::CreateListing),
    Door::to("stumble", Action::CreateListing),
    Door::to("makeAnonymously", Action::Search),
    Door::to("change", Action::CreateListing),
    Door::to("logIn", Action::ComeIn).counted_as(Meter::Login),
    Door::to("where", Action::ComeIn),
];

fn make(tx: &mut Tx<'_>, title: &str) -> Result<Thing, DbError> {
    let id = Uuid::now_v7();
    put(tx, &format!("thing {id}"), title)?;
    Ok(Thing { title: title.to_owned(), id })
}

fn made(thing: Thing) -> Created<Thing> {
    let place = format!("/api/v1/things/{}", thing.id);
    Created::at(place, thing).with_etag(etag::of_version(1))
}

#[OpenApi]
impl Api {
    #[oai(path = "/things", method = "get", operation_id = "read")]
    async fn read(&self) -> ApiResult<PlainText<String>> {
        Ok(PlainText("things".into()))
    }

    #[oai(path = "/search/things", method = "get", operation_id = "search")]
    async fn search(&self) -> ApiResult<PlainText<String>> {
        Ok(PlainText("things".into()))
    }

    #[oai(path = "/things", method = "post", operation_id = "make")]
    async fn make(&self, _caller: Caller, once: Once, ask: Json<ThingAsk>) -> ApiResult<Created<Thing>> {
        self.runs.fetch_add(1, SeqCst);
        self.db.write_once(&once, move |tx, _| Ok(made(make(tx, &ask.0.title)?))).await
    }

    #[oai(path = "/things/slow/:which", method = "post", operation_id = "makeSlowly")]
    async fn make_slowly(&self, which: Path<String>, once: Once) -> ApiResult<Created<Thing>> {
        self.runs.fetch_add(1, SeqCst);
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.db.write_once(&once, move |tx, _| Ok(made(make(tx, &which.0)?))).await
    }

    /// Takes its time inside the transaction.
    #[oai(path = "/things/inside", method = "post", operation_id = "makeInside")]
    async fn make_inside(&self, once: Once) -> ApiResult<Created<Thing>> {
        self.db
            .write_once(&once, move |tx, _| {
                std::thread::sleep(Duration::from_millis(500));
                Ok(made(make(tx, "inside")?))
            })
            .await
    }

    #[oai(path = "/things/secret", method = "post", operation_id = "makeSecret")]
    async fn make_secret(&self, once: Once) -> ApiResult<Created<Thing>> {
        self.db.write_once(&once, move |tx, _| Ok(made(make(tx, "hunter2")?))).await
    }

    /// Writes without `write_once`.
    #[oai(path = "/things/apart", method = "post", operation_id = "makeApart")]
    async fn make_apart(&self, ask: Json<ThingAsk>) -> ApiResult<Json<Thing>> {
        let thing: Result<_, Error> = self.db.write(move |tx, _| Ok(make(tx, &ask.0.title)?)).await;
        Ok(Json(thing?))
    }

    #[oai(path = "/things/clear", method = "post", operation_id = "clear")]
    async fn clear(&self, once: Once) -> ApiResult<Nothing> {
        self.db
            .write_once(&once, move |tx, _| {
                make(tx, "cleared")?;
                Ok(Nothing::more())
            })
            .await
    }

    /// Writes, then says no.
    #[oai(path = "/things/refused", method = "post", operation_id = "refuse")]
    async fn refuse(&self, once: Once) -> ApiResult<Nothing> {
        self.runs.fetch_add(1, SeqCst);
        self.db
            .write_once(&once, move |tx, _| {
                make(tx, "refused")?;
                Err(Error::refused(Kind::Conflict, "conflict", "No."))
            })
            .await
    }

    /// Breaks inside its transaction for the first time.
    #[oai(path = "/things/stumbling", method = "post", operation_id = "stumble")]
    async fn stumble(&self, once: Once) -> ApiResult<Done<Thing>> {
        let first = self.runs.fetch_add(1, SeqCst) == 0;
        self.db
            .write_once(&once, move |tx, _| {
                let thing = make(tx, "stumbled")?;
                if first { Err(anyhow::anyhow!("stumbled").into()) } else { Ok(Done::now(thing)) }
            })
            .await
    }

    #[oai(path = "/things/anonymous", method = "post", operation_id = "makeAnonymously")]
    async fn make_anonymously(&self, once: Once) -> ApiResult<Created<Thing>> {
        self.db.write_once(&once, move |tx, _| Ok(made(make(tx, "anybody's")?))).await
    }

    /// The thing has version 7.
    #[oai(path = "/things/:_id", method = "patch", operation_id = "change")]
    async fn change(&self, _id: Path<String>, if_match: IfMatch) -> ApiResult<PlainText<String>> {
        if_match.check(&etag::of_version(7))?;
        Ok(PlainText("changed".into()))
    }

    #[oai(path = "/login", method = "post", operation_id = "logIn")]
    async fn log_in(&self) -> ApiResult<PlainText<String>> {
        self.runs.fetch_add(1, SeqCst);
        Ok(PlainText("in".into()))
    }

    #[oai(path = "/where", method = "get", operation_id = "where")]
    async fn whereabouts(&self, visitor: Visitor) -> ApiResult<PlainText<String>> {
        Ok(PlainText(visitor.address.to_string()))
    }
}

/// Believes what it is told: `Bearer 7` is person 7, `Token 7` one of their tokens.
struct Gullible;

impl Gate for Gullible {
    fn identify<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Option<Arc<Principal>>, Error>> {
        let shown = request.header("authorization").unwrap_or_default().split_once(' ');
        let known = shown.and_then(|(way, number)| number.parse().ok().map(|number| (way, number)));
        let answer = known.map(|(way, number): (&str, u128)| {
            let id = Uuid::from_u128(number);
            let via = if way == "Token" { Via::Token(Uuid::from_u128(number + 1_000), Scopes::NONE.with(Scope::ListingsWrite)) } else { Via::Session(id) };
            Arc::new(Principal { user: UserId(id), via, roles: Roles::NONE, proven_at: Instant(0), strong: false })
        });
        Box::pin(std::future::ready(match answer {
            Some(principal) => Ok(Some(principal)),
            None => Err(Error::refused(Kind::Unauthenticated, "unauthenticated", "That is nothing.")),
        }))
    }
}

/// A node: the API above behind an edge of its own.
pub(super) struct Node {
    endpoint: BoxEndpoint<'static, Response>,
    pub(super) runs: Arc<AtomicU32>,
    pub(super) spec: Value,
    pub(super) metrics: Arc<Metrics>,
}

/// An answer as a client sees it.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// A request being put together.
pub(super) struct Asking<'a> {
    node: &'a Node,
    method: Method,
    path: &'a str,
    peer: &'a str,
    headers: Vec<(&'a str, String)>,
    body: Option<Value>,
}

impl Node {
    pub(super) fn of(db: &TestDb, handle: &Db, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = unlimited();
        change(&mut config);
        let metrics = Arc::new(Metrics::new().unwrap());
        let tools = Tools {
            keys: Arc::new(Keys::from_bytes([7; 32])),
            db: handle.clone(),
            clock: db.clock.clone(),
            config: Arc::new(config),
            metrics: Arc::clone(&metrics),
        };
        let runs = Arc::new(AtomicU32::new(0));
        let service = OpenApiService::new(V1(Api { db: handle.clone(), runs: Arc::clone(&runs) }), "Things", "1");
        let spec = serde_json::from_str(&service.spec()).unwrap();
        let routes = Routes::from_spec(&spec, &Doors::of(&[DOORS]), &metrics).unwrap();
        let endpoint = Edge::new(service.into_endpoint().map_to_response(), routes, Arc::new(Gullible), tools).boxed();
        Self { endpoint, runs, spec, metrics }
    }

    pub(super) fn ask<'a>(&'a self, method: Method, path: &'a str) -> Asking<'a> {
        Asking { node: self, method, path, peer: "192.0.2.1:4711", headers: Vec::new(), body: None }
    }

    pub(super) fn get<'a>(&'a self, path: &'a str) -> Asking<'a> {
        self.ask(Method::GET, path)
    }

    /// A POST of person 1 with a key.
    pub(super) fn post<'a>(&'a self, path: &'a str, key: &str) -> Asking<'a> {
        self.ask(Method::POST, path).by(1).header("idempotency-key", key)
    }
}

impl<'a> Asking<'a> {
    pub(super) fn by(self, person: u32) -> Self {
        self.header("authorization", &format!("Bearer {person}"))
    }

    /// The headers given so far, replaced or added to.
    pub(super) fn header(mut self, name: &'a str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn from(mut self, peer: &'a str) -> Self {
        self.peer = peer;
        self
    }

    pub(super) fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) async fn send(self) -> Answer {
        let mut builder = poem::http::Request::builder().method(self.method).uri(format!("/api/v1{}", self.path));
        for (name, value) in &self.headers {
            builder = builder.header(*name, value);
        }
        if self.body.is_some() {
            builder = builder.header("content-type", "application/json");
        }
        let (parts, ()) = builder.body(()).unwrap().into_parts();
        let peer = Addr::SocketAddr(self.peer.parse().unwrap());
        let parts = RequestParts::from((parts, LocalAddr(peer.clone()), RemoteAddr(peer), poem::http::uri::Scheme::HTTP));
        let body = self.body.map_or_else(poem::Body::empty, |body| poem::Body::from(body.to_string()));
        let mut response = self.node.endpoint.get_response(Request::from_parts(parts, body)).await;
        let body = response.take_body().into_string().await.unwrap();
        Answer { status: response.status(), headers: response.headers().clone(), body }
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn problem(&self, status: u16, code: &str) -> Value {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"));
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{self:?}");
        body
    }

    /// What has to be the same when it is given again.
    pub(super) fn told(&self) -> (u16, &str, &str, &str, &str) {
        (self.status.as_u16(), self.header("content-type"), self.header("location"), self.header("etag"), &self.body)
    }

    pub(super) fn is_replay(&self) -> bool {
        self.header("idempotent-replayed") == "true"
    }
}

/// How many things there are.
pub(super) async fn things(db: &Db) -> i64 {
    let count: Result<_, DbError> = db.read(|conn| conn.first("SELECT COUNT(*) FROM instance WHERE name LIKE 'thing %'", &[], |row| row.get(0))).await;
    count.unwrap().unwrap()
}
