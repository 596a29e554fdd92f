//! Who calls, as an argument of a handler: [`Caller`] for operations that need somebody, [`Known`] for those that treat
//! strangers too. What the caller may do was decided at the edge, by the operation's door.

use crate::platform::access::Principal;
use crate::platform::error::{Error, Kind};
use futures_util::future::BoxFuture;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use std::ops::Deref;
use std::sync::Arc;

/// The name of the cookie that holds a browser's session, where it may be `Secure`.
pub const SESSION_COOKIE: &str = "__Host-stopover";
const TOKEN_SCHEME: &str = "token";
const COOKIE_SCHEME: &str = "session";

/// Finds out who sends a request. `accounts` is the one that knows; `app` puts it into the edge.
pub trait Gate: Send + Sync {
    /// `None`: nobody we know, because nothing was shown. Errors: what was shown is not valid (401), or may not be used like this (403).
    fn identify<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Option<Arc<Principal>>, Error>>;
}

/// A gate that knows nobody, for parts of the server that stand alone.
pub struct NoGate;

impl Gate for NoGate {
    fn identify<'a>(&'a self, _request: &'a Request) -> BoxFuture<'a, Result<Option<Arc<Principal>>, Error>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct Caller(Arc<Principal>);

/// Somebody, or a stranger.
#[derive(Debug, Clone)]
pub struct Known(pub Option<Arc<Principal>>);

impl Deref for Caller {
    type Target = Principal;
    fn deref(&self) -> &Principal {
        &self.0
    }
}

fn principal(request: &Request) -> Option<Arc<Principal>> {
    request.extensions().get::<Arc<Principal>>().cloned()
}

/// 401: nothing was shown.
pub(super) fn unauthenticated() -> Error {
    Error::refused(Kind::Unauthenticated, "unauthenticated", "This operation needs somebody who is logged in: send an access token, or log in with a browser.")
}

fn register_schemes(registry: &mut Registry) {
    let scheme = |ty, description, name, key_in, scheme, bearer_format| MetaSecurityScheme {
        ty,
        description: Some(description),
        name,
        key_in,
        scheme,
        bearer_format,
        flows: None,
        openid_connect_url: None,
    };
    let token = "An access token of `/auth/login` or `/auth/refresh`, or a personal access token `sto_…`.";
    registry.create_security_scheme(TOKEN_SCHEME, scheme("http", token, None, None, Some("bearer"), Some("JWT")));
    let cookie = "A browser's session. Writes need the header `X-CSRF-Token` too.";
    registry.create_security_scheme(COOKIE_SCHEME, scheme("apiKey", cookie, Some(SESSION_COOKIE), Some("cookie"), None, None));
}

impl<'a> ApiExtractor<'a> for Caller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_schemes(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![TOKEN_SCHEME, COOKIE_SCHEME]
    }

    async fn from_request(request: &'a Request, _body: &mut RequestBody, _options: ExtractParamOptions<()>) -> poem::Result<Self> {
        principal(request).map(Self).ok_or_else(|| unauthenticated().into())
    }
}

impl<'a> ApiExtractor<'a> for Known {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_schemes(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![TOKEN_SCHEME, COOKIE_SCHEME]
    }

    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(request: &'a Request, _body: &mut RequestBody, _options: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(Self(principal(request)))
    }
}
