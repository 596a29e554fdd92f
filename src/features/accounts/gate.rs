//! Who sends this request? Tokens are checked without a query; what may have changed since they were issued is looked up in a
//! small memory of how people stand, which the event log keeps true on every node.

use super::access_tokens::{AccessTokens, Claims};
use super::service::sessions::csrf_token;
use super::store::standing::{self, LiveSession, Standing};
use super::store::{sessions as session_rows, tokens as token_rows};
use crate::features::accounts::rules::Lives;
use crate::platform::access::{Principal, Via};
use crate::platform::cache::Cache;
use crate::platform::db::{DbError, Lane};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::events::{self, Event, Follower};
use crate::platform::http::Gate;
use crate::platform::keys::{digest, same};
use crate::platform::tools::Tools;
use crate::values::{Instant, UserId};
use futures_util::future::BoxFuture;
use moka::sync::Cache as Moka;
use poem::Request;
use poem::http::{HeaderMap, Method, header};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long a standing is believed, should news of a change ever be lost.
const BELIEVED_MICROS: i64 = 5 * Instant::SECOND;
/// Ids are made a moment before their row is written, perhaps by another clock.
const SLACK_MICROS: i64 = 10 * Instant::SECOND;
/// How often the use of a cookie or a personal access token is written down.
const TOUCH_SECONDS: u64 = 300;
const STANDINGS: u64 = 20_000;
const PERSONAL: &str = "sto_";
const CSRF_HEADER: &str = "x-csrf-token";

/// The gate of the house; cheap to clone.
#[derive(Clone)]
pub(crate) struct Doorkeeper(Arc<Inner>);

struct Inner {
    tools: Tools,
    tokens: AccessTokens,
    standings: Cache<UserId, Arc<Standing>>,
    /// Whose a cookie or personal access token is, by its digest; whether it still counts is in the standing.
    owners: Moka<String, (UserId, Uuid)>,
    /// What was noted as used lately.
    touched: Moka<Uuid, ()>,
}

/// What a request shows.
enum Shown<'a> {
    Access(&'a str),
    Personal(&'a str),
    Cookie(&'a str),
    Nothing,
}

impl Gate for Doorkeeper {
    fn identify<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Option<Arc<Principal>>, Error>> {
        Box::pin(async move {
            match self.shown(request.headers())? {
                Shown::Access(token) => self.by_access_token(token).await.map(Some),
                Shown::Personal(token) => self.by_personal_token(token).await.map(Some),
                Shown::Cookie(secret) => self.by_cookie(request, secret).await,
                Shown::Nothing => Ok(None),
            }
        })
    }
}

impl Doorkeeper {
    pub(crate) fn new(tools: Tools, tokens: AccessTokens) -> Self {
        let brief = Duration::from_secs(TOUCH_SECONDS);
        let owners = Moka::builder().max_capacity(STANDINGS).time_to_live(brief).build();
        let touched = Moka::builder().max_capacity(STANDINGS).time_to_live(brief).build();
        Self(Arc::new(Inner { tools, tokens, standings: Cache::of_entries(STANDINGS), owners, touched }))
    }

    /// Keeps the memory true; `app` hands it to the reader of the event log.
    #[must_use]
    pub(crate) fn follower(&self) -> Box<dyn Follower> {
        Box::new(Forgetter(self.clone()))
    }

    /// Looks anew at somebody from now on: after a change that this node made itself.
    pub(crate) fn forget(&self, user: UserId) {
        self.0.standings.forget(&user);
    }

    fn shown<'a>(&self, headers: &'a HeaderMap) -> Result<Shown<'a>> {
        // A request with a token and a cookie is one with a token: only that was sent on purpose.
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let token = value.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let (_, token) = token.ok_or_else(invalid_token)?;
            return Ok(if token.starts_with(PERSONAL) { Shown::Personal(token) } else { Shown::Access(token) });
        }
        let Some(name) = self.0.tools.config.cookies().map(super::api::cookie_name) else { return Ok(Shown::Nothing) };
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        Ok(pairs.find(|(key, _)| *key == name).map_or(Shown::Nothing, |(_, secret)| Shown::Cookie(secret)))
    }

    async fn by_access_token(&self, token: &str) -> Result<Arc<Principal>> {
        let now = self.now();
        let claims: Claims = self.0.tokens.check(now, token).await.map_err(|_unusable| invalid_token())?;
        let (user, id) = (claims.user(), claims.session());
        let standing = self.standing(now, user, |standing| standing.sessions.contains_key(&id), id).await?;
        let session = standing.sessions.get(&id).filter(|session| !session.browser && lives(now, session)).ok_or_else(invalid_token)?;
        principal(&standing, user, Via::Session(id), session.proven_at, session.strong)
    }

    async fn by_personal_token(&self, token: &str) -> Result<Arc<Principal>> {
        let now = self.now();
        let digest = digest(token);
        let owner = match self.0.owners.get(&digest) {
            Some(owner) => Some(owner),
            None => {
                let key = digest.clone();
                let found = self.0.tools.db.read(move |conn| standing::token_owner(conn, &key).map_err(Error::from)).await?;
                found.map(|(id, user)| (user, id))
            }
        };
        let (user, id) = owner.ok_or_else(invalid_token)?;
        self.0.owners.insert(digest, (user, id));
        let standing = self.standing(now, user, |standing| standing.tokens.contains_key(&id), id).await?;
        let live = standing.tokens.get(&id).filter(|token| now < token.expires_at).ok_or_else(invalid_token)?;
        self.touch(id, move |tx, now| token_rows::touch(tx, now, id));
        // It was made in a session that had shown all that was asked for, which counts as long as its owner has a second factor; and it
        // never passes where a fresh proof is asked for.
        principal(&standing, user, Via::Token(id, live.scopes), Instant(0), standing.second_factor)
    }

    async fn by_cookie(&self, request: &Request, secret: &str) -> Result<Option<Arc<Principal>>> {
        let now = self.now();
        let digest = digest(secret);
        let owner = match self.0.owners.get(&digest) {
            Some(owner) => Some(owner),
            None => {
                let key = digest.clone();
                let found = self.0.tools.db.read(move |conn| session_rows::by_secret(conn, &key).map_err(Error::from)).await?;
                found.filter(|session| session.browser).map(|session| (session.user, session.id))
            }
        };
        // An old cookie is no offence: whoever brings it is a stranger.
        let Some((user, id)) = owner else { return Ok(None) };
        self.0.owners.insert(digest, (user, id));
        let standing = self.standing(now, user, |standing| standing.sessions.contains_key(&id), id).await?;
        let Some(session) = standing.sessions.get(&id).filter(|session| session.browser && lives(now, session)) else { return Ok(None) };
        if !standing.state.may_enter() {
            return Ok(None);
        }
        self.check_origin(request, id)?;
        let idle_until = Lives::of(&self.0.tools.config.accounts, standing.roles).idle_until(now);
        self.touch(id, move |tx, now| session_rows::touch(tx, now, id, idle_until));
        principal(&standing, user, Via::Cookie(id), session.proven_at, session.strong).map(Some)
    }

    /// A write with a cookie must come from a page of ours: it knows the session's CSRF token, and the browser does not say
    /// otherwise (S-CSRF 1).
    fn check_origin(&self, request: &Request, session: Uuid) -> Result<()> {
        if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(());
        }
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let config = &self.0.tools.config;
        let own = |origin: &str| origin == config.base_url() || config.cors.origins.iter().any(|allowed| allowed == origin);
        let from_us = match (text("sec-fetch-site"), text("origin")) {
            (Some("same-origin" | "none"), _) | (None, None) => true,
            (_, Some(origin)) => own(origin),
            (Some(_), None) => false,
        };
        let token = csrf_token(&self.0.tools.keys, session);
        if from_us && text(CSRF_HEADER).is_some_and(|shown| same(shown.as_bytes(), token.as_bytes())) {
            return Ok(());
        }
        Err(Error::refused(
            Kind::Forbidden,
            "csrf_failed",
            "A write with a cookie needs the session's token in X-CSRF-Token, and must come from a page of this site.",
        ))
    }

    /// How somebody stands, from memory where it is fresh and knows the session or token asked for; an id that was made before
    /// the memory was read and is not in it has ended.
    async fn standing(&self, now: Instant, user: UserId, knows: impl Fn(&Standing) -> bool, id: Uuid) -> Result<Arc<Standing>> {
        if let Some(standing) = self.0.standings.get(&user) {
            let fresh = now.0 - standing.read_at.0 < BELIEVED_MICROS;
            if fresh && (knows(&standing) || made_at(id).0 + SLACK_MICROS < standing.read_at.0) {
                return Ok(standing);
            }
        }
        let page = self.0.standings.begin();
        let read = self.0.tools.db.read(move |conn| standing::standing(conn, now, user).map_err(Error::from)).await?;
        let standing = Arc::new(read.ok_or_else(invalid_token)?);
        self.0.standings.keep(page, user, Arc::clone(&standing));
        Ok(standing)
    }

    /// Writes down, now and then and in no hurry, that something was used.
    fn touch(&self, id: Uuid, write: impl Fn(&mut crate::platform::db::Tx<'_>, Instant) -> Result<(), DbError> + Send + 'static) {
        if self.0.touched.contains_key(&id) {
            return;
        }
        self.0.touched.insert(id, ());
        let db = self.0.tools.db.clone();
        tokio::spawn(async move {
            if let Err(error) = db.write_in(Lane::Bulk, write).await {
                tracing::warn!(%error, "the use of a session could not be noted");
            }
        });
    }

    fn now(&self) -> Instant {
        self.0.tools.clock.now()
    }
}

fn lives(now: Instant, session: &LiveSession) -> bool {
    // What runs out a little later for an access token was decided when it was issued.
    now < session.expires_at && now < session.idle_until
}

fn principal(standing: &Standing, user: UserId, via: Via, proven_at: Instant, strong: bool) -> Result<Arc<Principal>> {
    if !standing.state.may_enter() {
        return Err(invalid_token());
    }
    Ok(Arc::new(Principal { user, via, roles: standing.roles, proven_at, strong }))
}

/// When a UUIDv7 was made.
fn made_at(id: Uuid) -> Instant {
    let (seconds, nanos) = id.get_timestamp().map_or((0, 0), |time| time.to_unix());
    Instant(i64::try_from(seconds).unwrap_or(i64::MAX / Instant::SECOND).saturating_mul(Instant::SECOND) + i64::from(nanos / 1_000))
}

fn invalid_token() -> Error {
    Error::refused(Kind::Unauthenticated, "invalid_token", "The access token is not valid (any more): refresh it, or log in again.")
}

/// Drops standings that changed.
struct Forgetter(Doorkeeper);

impl Follower for Forgetter {
    fn follow(&mut self, events: &[Event]) -> Result<(), DbError> {
        for event in events {
            if events::Kind::parse(&event.kind) == Some(events::Kind::AccountChanged) {
                self.0.forget(UserId(event.subject));
            }
        }
        Ok(())
    }
}
