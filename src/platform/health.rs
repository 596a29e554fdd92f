//! Is the server alive, is it ready, and what is it: `/healthz`, `/readyz`, `/version`.
//!
//! A feature that needs a while before it can serve (the search engine reads everything at the start) registers a
//! [`Check`]; `/readyz` answers 503 with its reason until it passes.

use super::access::{Action, Door};
use super::error::{Error, Kind};
use super::http::ApiResult;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use std::sync::Arc;

/// Who may come in.
pub const DOORS: &[Door] =
    &[Door::to("getHealth", Action::LookAround), Door::to("getReadiness", Action::LookAround), Door::to("getVersion", Action::LookAround)];

/// Something that must hold; used by `/readyz`, where it must be quick, and by `stopover doctor`, where it may take a while.
#[derive(Clone)]
pub struct Check {
    pub name: &'static str,
    test: Arc<dyn Fn() -> Result<String, String> + Send + Sync>,
}

impl Check {
    /// `test` answers what it found, or a sentence about what is wrong.
    pub fn new(name: &'static str, test: impl Fn() -> Result<String, String> + Send + Sync + 'static) -> Self {
        Self { name, test: Arc::new(test) }
    }

    /// Runs the test.
    pub fn run(&self) -> Result<String, String> {
        (self.test)()
    }
}

/// `/healthz`, `/readyz` and `/version`.
pub struct HealthApi {
    checks: Vec<Check>,
}

#[derive(Debug, Object)]
struct HealthView {
    /// `ok`: the process runs and answers.
    status: String,
}

#[derive(Debug, Object)]
struct VersionView {
    /// The product, always `stopover`.
    name: String,
    /// The release, as in `0.1.0`.
    version: String,
}

impl HealthApi {
    #[must_use]
    pub fn new(readiness: Vec<Check>) -> Self {
        Self { checks: readiness }
    }
}

#[OpenApi(tag = "super::http::Tag::Platform")]
impl HealthApi {
    /// Is the process alive?
    ///
    /// Answers 200 as long as the process can answer at all; it looks at nothing else.
    #[oai(path = "/healthz", method = "get", operation_id = "getHealth")]
    async fn health(&self) -> Json<HealthView> {
        Json(HealthView { status: "ok".into() })
    }

    /// Can requests be served?
    ///
    /// 503 with the reason until everything that is needed has been loaded.
    #[oai(path = "/readyz", method = "get", operation_id = "getReadiness")]
    async fn ready(&self) -> ApiResult<Json<HealthView>> {
        for check in &self.checks {
            if let Err(reason) = check.run() {
                return Err(Error::refused(Kind::Busy, "not_ready", format!("{}: {reason}", check.name)));
            }
        }
        Ok(Json(HealthView { status: "ready".into() }))
    }

    /// Which release is this?
    #[oai(path = "/version", method = "get", operation_id = "getVersion")]
    async fn version(&self) -> Json<VersionView> {
        Json(VersionView { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() })
    }
}
