//! Logging in through other providers, and linking their accounts.

use super::auth::needs_session;
use super::views::{Done, LoginAnswer, check_browser, login_answer, set_cookie, set_named_cookie};
use crate::features::accounts::Accounts;
use crate::features::accounts::handle::place;
use crate::features::accounts::oidc::{Identity, Provider, Trouble};
use crate::features::accounts::rules::is_local_path;
use crate::features::accounts::service::login::Outcome;
use crate::features::accounts::service::oidc::{self, Journey};
use crate::features::accounts::store::oidc as rows;
use crate::platform::access::Via;
use crate::platform::config::Cookies;
use crate::platform::error::{Error, FieldError, Kind, Refused, Result};
use crate::platform::http::{Caller, Known, Visitor};
use crate::platform::keys::fresh_secret;
use crate::platform::tasks::aside;
use crate::values::{Instant, UserId};
use poem::Request;
use poem::http::header;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Json, Response};
use poem_openapi::{ApiResponse, Object, OpenApi};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long a provider may keep somebody waiting.
const PATIENCE: Duration = Duration::from_secs(10);
/// As long as a journey may take.
const TICKET_SECONDS: i64 = 600;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct StartAsk {
    /// Let the provider send the browser back to this site, which then keeps the session in a cookie.
    #[oai(default)]
    browser: bool,
    /// With `browser`: the path of this site to go to in the end (`/` when absent). Otherwise: where the provider sends people back to,
    /// one of the addresses that the operator has listed (this site's callback when absent).
    #[oai(validator(max_length = 512))]
    redirect: Option<String>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct FinishAsk {
    /// From the start.
    #[oai(validator(max_length = 200))]
    ticket: String,
    /// `code` and `state` as the provider handed them to the address it sent people back to.
    #[oai(validator(max_length = 4096))]
    code: String,
    #[oai(validator(max_length = 200))]
    state: String,
    /// `iss`, where the provider sends it.
    #[oai(validator(max_length = 512))]
    iss: Option<String>,
    /// Keep the session in a cookie instead of answering tokens.
    #[oai(default)]
    browser: bool,
}

/// Where to go now.
#[derive(Object)]
struct StartView {
    /// Open it in a browser.
    url: String,
    /// Send it back with `code` and `state`; good once, within ten minutes.
    ticket: String,
}

#[derive(Object)]
struct ProviderView {
    id: String,
    name: String,
}

#[derive(Object)]
struct ProvidersView {
    data: Vec<ProviderView>,
}

/// An account elsewhere that opens the door here.
#[derive(Object)]
struct LinkView {
    id: Uuid,
    provider: String,
    /// Null when the provider is no longer set up here.
    provider_name: Option<String>,
    /// RFC 3339, UTC.
    linked_at: String,
    last_used_at: Option<String>,
}

#[derive(Object)]
struct LinksView {
    data: Vec<LinkView>,
}

#[derive(ApiResponse)]
enum Onward {
    /// On to the page that was asked for at the start; a fragment `#TICKET` on `/account/code` asks for the second factor.
    #[oai(status = 303)]
    To(#[oai(header = "Location")] String),
}

/// Login through other providers.
pub struct OidcApi {
    accounts: Accounts,
}

impl OidcApi {
    #[must_use]
    pub fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Accounts")]
impl OidcApi {
    /// The providers whose accounts open the door here.
    #[oai(path = "/auth/oidc", method = "get", operation_id = "listProviders")]
    async fn list(&self) -> Result<Json<ProvidersView>> {
        let view = |provider: &Provider| ProviderView { id: provider.id().into(), name: provider.name().into() };
        Ok(Json(ProvidersView { data: self.accounts.providers().iter().map(view).collect() }))
    }

    /// Begin a login through a provider.
    #[oai(path = "/auth/oidc/:provider/start", method = "post", operation_id = "startProviderLogin")]
    async fn start(&self, visitor: Visitor, provider: Path<String>, ask: Json<StartAsk>) -> Result<Response<Json<StartView>>> {
        self.depart(&visitor, &provider.0, ask.0, None).await
    }

    /// Finish a login with what the provider handed back.
    #[oai(path = "/auth/oidc/:provider/finish", method = "post", operation_id = "finishProviderLogin")]
    async fn finish(&self, visitor: Visitor, provider: Path<String>, ask: Json<FinishAsk>) -> Result<LoginAnswer> {
        let ask = ask.0;
        check_browser(&self.accounts, ask.browser)?;
        let back = Back { ticket: ask.ticket, code: ask.code, state: ask.state, iss: ask.iss };
        let (_, identity) = self.arrive(&visitor, &provider.0, back, None).await?;
        let outcome = self.enter(&visitor, identity, ask.browser).await?;
        login_answer(&self.accounts, self.accounts.tools().clock.now(), outcome)
    }

    /// Where a provider sends browsers back to, whose login or link was begun with `browser`.
    #[oai(path = "/auth/oidc/:provider/callback", method = "get", operation_id = "returnFromProvider")]
    async fn callback(
        &self,
        request: &Request,
        visitor: Visitor,
        caller: Known,
        provider: Path<String>,
        code: Query<Option<String>>,
        state: Query<Option<String>>,
    ) -> Result<Response<Onward>> {
        let cookies = self.accounts.tools().config.cookies().ok_or_else(|| unproven("browsers keep no session here"))?;
        // Without a code the provider tells of an error: somebody pressed "cancel", say.
        let (Some(code), Some(state)) = (code.0, state.0) else { return Err(unproven("there is no code")) };
        let ticket = cookie(request, ticket_name(cookies)).ok_or_else(|| unproven("this browser did not begin a login"))?;
        let session = caller.0.as_ref().and_then(|caller| match caller.via {
            Via::Cookie(session) => Some((caller.user, session)),
            _ => None,
        });
        let (now, asked) = (self.accounts.tools().clock.now(), ticket.clone());
        let linking = self.accounts.tools().db.read(move |conn| oidc::is_linking(conn, now, &asked).map_err(Error::from)).await?;
        // `iss` and whatever else providers add.
        let iss = url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).find(|(name, _)| name == "iss");
        let back = Back { ticket, code, state, iss: iss.map(|(_, value)| value.into_owned()) };
        let (journey, identity) = self.arrive(&visitor, &provider.0, back, session.filter(|_| linking)).await?;
        let then = journey.then.ok_or_else(|| unproven("this login is finished by an app"))?;
        let spent = set_named_cookie(cookies, ticket_name(cookies), "", 0);
        if let Some((user, _)) = session.filter(|_| linking) {
            self.link(&visitor, user, identity).await?;
            return Ok(Response::new(Onward::To(then)).header(header::SET_COOKIE, spent));
        }
        match self.enter(&visitor, identity, true).await? {
            Outcome::In(begun) => {
                let seconds = (begun.expires_at.0 - self.accounts.tools().clock.now().0) / Instant::SECOND;
                let session = set_cookie(cookies, &begun.secret, seconds);
                Ok(Response::new(Onward::To(then)).header(header::SET_COOKIE, spent).header(header::SET_COOKIE, session))
            }
            // In the fragment, which browsers send to nobody.
            Outcome::CodeNeeded { ticket } => Ok(Response::new(Onward::To(format!("/account/code#{ticket}"))).header(header::SET_COOKIE, spent)),
            Outcome::Suspended => Err(Error::refused(Kind::Forbidden, "account_suspended", "This account is suspended; the letter about it says why.")),
            Outcome::Wrong => Err(unproven("it opens nothing")),
        }
    }

    /// The accounts of providers that open the caller's account.
    #[oai(path = "/me/oidc", method = "get", operation_id = "listLinks")]
    async fn links(&self, caller: Caller) -> Result<Json<LinksView>> {
        let user = caller.user;
        let links = self.accounts.tools().db.read(move |conn| rows::of_user(conn, user).map_err(Error::from)).await?;
        let view = |link: rows::Link| LinkView {
            id: link.id,
            provider_name: self.accounts.providers().iter().find(|provider| provider.issuer() == link.issuer).map(|provider| provider.name().to_owned()),
            provider: link.provider,
            linked_at: link.created_at.to_string(),
            last_used_at: link.last_used_at.map(|at| at.to_string()),
        };
        Ok(Json(LinksView { data: links.into_iter().map(view).collect() }))
    }

    /// Begin to link an account of a provider to the caller's.
    #[oai(path = "/me/oidc/:provider/start", method = "post", operation_id = "startLink")]
    async fn start_link(&self, caller: Caller, visitor: Visitor, provider: Path<String>, ask: Json<StartAsk>) -> Result<Response<Json<StartView>>> {
        let session = caller.session().ok_or_else(needs_session)?;
        self.depart(&visitor, &provider.0, ask.0, Some((caller.user, session))).await
    }

    /// Link the account of a provider with what it handed back.
    #[oai(path = "/me/oidc/:provider/finish", method = "post", operation_id = "finishLink")]
    async fn finish_link(&self, caller: Caller, visitor: Visitor, provider: Path<String>, ask: Json<FinishAsk>) -> Result<Done> {
        let (ask, session) = (ask.0, caller.session().ok_or_else(needs_session)?);
        let back = Back { ticket: ask.ticket, code: ask.code, state: ask.state, iss: ask.iss };
        let (_, identity) = self.arrive(&visitor, &provider.0, back, Some((caller.user, session))).await?;
        self.link(&visitor, caller.user, identity).await?;
        Ok(Done::Done)
    }

    /// Take a link away; never the last way to log in.
    #[oai(path = "/me/oidc/:id", method = "delete", operation_id = "removeLink")]
    async fn unlink(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>) -> Result<Done> {
        let (world, user, id) = (self.accounts.world(&visitor), caller.user, id.0);
        if !self.accounts.tools().db.write(move |tx, now| oidc::unlink(tx, now, &world, user, id)).await? {
            return Err(Error::not_found("You have no link with this id."));
        }
        self.accounts.forget(user);
        Ok(Done::Done)
    }
}

/// What comes back from a provider, with the ticket of who was sent there.
struct Back {
    ticket: String,
    code: String,
    state: String,
    iss: Option<String>,
}

impl OidcApi {
    fn provider(&self, id: &str) -> Result<Arc<Provider>> {
        self.accounts.providers().find(id).ok_or_else(|| Error::not_found("There is no provider with this id."))
    }

    async fn depart(&self, visitor: &Visitor, provider: &str, ask: StartAsk, who: Option<(UserId, Uuid)>) -> Result<Response<Json<StartView>>> {
        check_browser(&self.accounts, ask.browser)?;
        let provider = self.provider(provider)?;
        let (redirect_uri, then) = match (ask.browser, ask.redirect) {
            (true, None) => (provider.callback().to_owned(), Some("/".to_owned())),
            (true, Some(path)) if is_local_path(&path) => (provider.callback().to_owned(), Some(path)),
            (false, None) => (provider.callback().to_owned(), None),
            (false, Some(uri)) if provider.allows_redirect(&uri) => (uri, None),
            (_, Some(_)) => return Err(bad_redirect()),
        };
        let (asked, uri) = (Arc::clone(&provider), redirect_uri.clone());
        let departure = patiently(provider.id(), move || asked.depart(&uri)).await?;
        let journey = Journey {
            provider: provider.id().to_owned(),
            state: departure.state,
            nonce: departure.nonce,
            verifier: departure.verifier,
            redirect_uri,
            then,
            linking: who.map(|(_, session)| session),
        };
        let (ticket, world) = (fresh_secret(), self.accounts.world(visitor));
        let (kept, user) = (ticket.clone(), who.map(|(user, _)| user));
        self.accounts.tools().db.write(move |tx, now| oidc::depart(tx, now, &world, &kept, user, &journey).map_err(Error::from)).await?;
        let cookies = self.accounts.tools().config.cookies().filter(|_| ask.browser);
        let cookie = cookies.map(|cookies| set_named_cookie(cookies, ticket_name(cookies), &ticket, TICKET_SECONDS));
        let answer = Response::new(Json(StartView { url: departure.url, ticket }));
        Ok(match cookie {
            Some(cookie) => answer.header(header::SET_COOKIE, cookie),
            None => answer,
        })
    }

    async fn arrive(&self, visitor: &Visitor, provider: &str, back: Back, who: Option<(UserId, Uuid)>) -> Result<(Journey, Identity)> {
        let provider = self.provider(provider)?;
        let (tools, world) = (self.accounts.tools(), self.accounts.world(visitor));
        if back.iss.is_some_and(|iss| iss != provider.issuer()) {
            return Err(unproven("it comes from another provider"));
        }
        let (id, ticket, state) = (provider.id().to_owned(), back.ticket, back.state);
        let journey = tools.db.write(move |tx, now| oidc::arrive(tx, now, &world, &ticket, &id, &state, who).map_err(Error::from)).await?;
        let journey = journey.ok_or_else(|| unproven("ticket and state belong to no login that is under way"))?;
        let (asked, now, kept, code) = (Arc::clone(&provider), tools.clock.now(), journey.clone(), back.code);
        let identity = patiently(provider.id(), move || asked.arrive(now, code, kept.nonce, kept.verifier, &kept.redirect_uri)).await?;
        Ok((journey, identity))
    }

    async fn enter(&self, visitor: &Visitor, identity: Identity, browser: bool) -> Result<Outcome> {
        let (world, to) = (self.accounts.world(visitor), place(visitor, browser));
        let outcome = self.accounts.tools().db.write(move |tx, now| oidc::enter(tx, now, &world, &identity, &to)).await?;
        if let Outcome::In(begun) = &outcome {
            self.accounts.forget(begun.user);
        }
        Ok(outcome)
    }

    async fn link(&self, visitor: &Visitor, user: UserId, identity: Identity) -> Result<()> {
        let world = self.accounts.world(visitor);
        self.accounts.tools().db.write(move |tx, now| oidc::link(tx, now, &world, user, &identity)).await?;
        self.accounts.forget(user);
        Ok(())
    }
}

/// Asks a provider off the async threads, and not for ever.
async fn patiently<T: Send + 'static>(provider: &str, ask: impl FnOnce() -> Result<T, Trouble> + Send + 'static) -> Result<T> {
    let answer = match tokio::time::timeout(PATIENCE, aside(ask)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_panic)) => return Err(anyhow::anyhow!("asking a provider panicked").into()),
        Err(_elapsed) => Err(Trouble::Unavailable("it takes too long".into())),
    };
    answer.map_err(|trouble| {
        tracing::warn!(provider, %trouble, "a login through a provider failed");
        trouble.into()
    })
}

fn unproven(why: &str) -> Error {
    Error::refused(Kind::Unauthenticated, "provider_refused", format!("This does not prove who you are: {why}. Begin anew."))
}

fn bad_redirect() -> Error {
    let message = "must be a path of this site (with `browser`), or one of the addresses that the operator has listed";
    let mut refused = Refused::new(Kind::Unacceptable, "redirect_not_allowed", format!("The redirect {message}."));
    refused.errors.push(FieldError::new("/body/redirect", "redirect_not_allowed", message));
    refused.into()
}

/// The cookie that holds the ticket of a browser's journey.
fn ticket_name(cookies: Cookies) -> &'static str {
    match cookies {
        Cookies::Secure => "__Host-stopover-oidc",
        Cookies::Plain => "stopover-oidc",
    }
}

fn cookie(request: &Request, name: &str) -> Option<String> {
    let lines = request.headers().get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}
