//! Everybody who may stand before a door, and a valid request for each operation. For `matrix.rs`.
//!
//! **A new operation** needs two lines: its row in `authz.toml`, and, when it takes a body, an id or parameters, an arm in
//! [`Cast::request`] (or in `things.rs`, when somebody has to have something first), which makes a request that succeeds for whoever is let in, again and again. What such a request
//! changes is put back there too (by SQL, before it is sent); a session that it ends is begun anew by the test.

use super::things::Things;
use crate::reading::street;
use crate::support::TestDb;
pub(super) use crate::support::people::{run, run_any, user_of};
use crate::support::town::{Asker, Town, email_of, password_of};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::platform::access::{Principal, Role, Roles, Scope, Scopes, Via};
use stopover::platform::keys::digest;
use stopover::values::{Clock, Instant, UserId};
use uuid::Uuid;

/// Somebody before a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Anonymous,
    Guest,
    /// With a published listing.
    Host,
    Moderator,
    Finance,
    Operator,
    /// An operator who logged in without the second factor that staff need here.
    Unproven,
    /// An operator whose last proof is more than five minutes old.
    Stale,
    /// Asked to be erased, and may think again.
    Leaving,
    Suspended,
    /// With a token of a session that has ended.
    Ended,
    /// With the ticket of a login whose second step is missing.
    HalfWay,
    /// An operator's personal access token with one scope.
    Token(Scope),
}

impl Who {
    pub(super) fn everybody() -> Vec<Self> {
        use Who::*;
        let persons = [Anonymous, Guest, Host, Moderator, Finance, Operator, Unproven, Stale, Leaving, Suspended, Ended, HalfWay];
        persons.into_iter().chain(Scope::ALL.map(Token)).collect()
    }

    /// As `authz.toml` names them.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Guest => "guest",
            Self::Host => "host",
            Self::Moderator => "moderator",
            Self::Finance => "finance",
            Self::Operator => "operator",
            Self::Unproven => "unproven",
            Self::Stale => "stale",
            Self::Leaving => "leaving",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
            Self::HalfWay => "halfway",
            Self::Token(scope) => scope.name(),
        }
    }

    /// The name they registered under.
    pub(super) fn person(self) -> String {
        match self {
            Self::Token(_) => "Tokenowner".into(),
            other => format!("The{}", other.name()),
        }
    }

    pub(super) fn role(self) -> Option<Role> {
        match self {
            Self::Moderator => Some(Role::Moderator),
            Self::Finance => Some(Role::Finance),
            Self::Operator | Self::Unproven | Self::Stale | Self::Token(_) => Some(Role::Operator),
            _ => None,
        }
    }

    /// Whether what they show counts no more, or not yet.
    pub(super) fn shows_nothing_valid(self) -> bool {
        matches!(self, Self::Suspended | Self::Ended | Self::HalfWay)
    }

    /// As the edge sees them.
    pub(super) fn principal(self) -> Option<Principal> {
        if self == Self::Anonymous || self.shows_nothing_valid() {
            return None;
        }
        let via = match self {
            Self::Token(scope) => Via::Token(Uuid::nil(), Scopes::NONE.with(scope)),
            _ => Via::Session(Uuid::nil()),
        };
        let roles: Roles = self.role().into_iter().collect();
        Some(Principal { user: UserId(Uuid::nil()), via, roles, proven_at: Instant(0), strong: self != Self::Unproven })
    }
}

/// A request that succeeds for whoever is let in.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    /// What stands for `{id}`, where the address has one.
    pub(super) id: Option<Uuid>,
    /// What stands for further parts of the address, as in `("{user_id}", id)`.
    pub(super) parts: Vec<(&'static str, Uuid)>,
    pub(super) query: String,
    /// What the browser carries besides.
    pub(super) cookie: Option<String>,
    pub(super) body: Option<Json>,
    /// What stands for the other places in the address, as in `("{pid}", …)`.
    pub(super) places: Vec<(&'static str, String)>,
    /// A body that is no JSON, with its type.
    pub(super) raw: Option<(String, Vec<u8>)>,
}

/// The world of the matrix.
pub(super) struct Cast<'a> {
    pub(super) town: Town,
    pub(super) db: &'a TestDb,
    pub(super) things: Things,
    askers: Vec<(Who, Asker, Option<UserId>)>,
    pub(super) host: UserId,
    pub(super) listing: Uuid,
    /// Somebody to whom things are done.
    victim: UserId,
    dead_job: Uuid,
}

impl<'a> Cast<'a> {
    pub(super) async fn gather(db: &'a TestDb) -> Self {
        let mut things = Things::new(db);
        let provider = things.provider();
        let town = Town::with(db, |config| {
            config.accounts.staff_second_factor = Some(true);
            // Homes of the matrix are published by hand, and their only photo is taken off again.
            config.listings.photo_required = false;
            config.oidc.push(provider);
            // Nobody listens there: calendars of other sites are named and not fetched.
            config.outbound.allow.push(stopover::platform::config::Network::parse("127.0.0.77").unwrap());
        })
        .await;
        things.unpack(&town).await;
        let (listing, _) = street::home(db).await;
        for name in ["Victim", "Rita"] {
            town.newcomer(name).await;
        }
        let victim = user_of(db, "Victim").await;
        let mut this = Self { town, db, things, askers: Vec::new(), host: victim, listing: listing.0, victim, dead_job: Uuid::now_v7() };
        for who in Who::everybody() {
            // All tokens are one person's.
            let known = who != Who::Anonymous && !matches!(who, Who::Token(scope) if scope != Scope::ALL[0]);
            if known {
                this.town.newcomer(&who.person()).await;
            }
            let user = if who == Who::Anonymous { None } else { Some(user_of(db, &who.person()).await) };
            if let (true, Some(user), Some(role)) = (known, user, who.role()) {
                const GRANT: &str = "INSERT INTO account_roles (user_id, role, granted_at) VALUES ($1, $2, $3)";
                run(db, GRANT, vec![user.into(), role.name().into(), Instant(0).into()]).await;
            }
            this.askers.push((who, Asker::default(), user));
            this.enter(who).await;
        }
        this.host = this.user(Who::Host).unwrap();
        run(db, "UPDATE listings SET host_id = $2 WHERE id = $1", vec![listing.into(), this.host.into()]).await;
        this
    }

    pub(super) fn asker(&self, who: Who) -> &Asker {
        &self.askers.iter().find(|(one, ..)| *one == who).unwrap().1
    }

    pub(super) fn user(&self, who: Who) -> Option<UserId> {
        self.askers.iter().find(|(one, ..)| *one == who).unwrap().2
    }

    /// Begins somebody's session (anew), as it has to be for them.
    pub(super) async fn enter(&mut self, who: Who) {
        let Some(user) = self.user(who) else { return };
        self.put_back(who).await;
        let bearer = match who {
            Who::Token(scope) => self.personal_token(user, scope).await,
            Who::HalfWay => {
                let on = "UPDATE accounts SET totp_sealed = 'x', totp_since = created_at WHERE user_id = $1";
                run(self.db, on, vec![user.into()]).await;
                let login = json!({"email": email_of(&who.person()), "password": password_of(&who.person())});
                self.town.post(&Asker::default(), "/auth/login", login).await.expect(200).json()["ticket"].as_str().unwrap().to_owned()
            }
            _ => self.town.log_in(&who.person()).await.bearer.unwrap(),
        };
        let (strong, ago) = (who != Who::Unproven, if who == Who::Stale { 301 } else { 0 });
        let proven_at = self.town.clock.now().plus_seconds(-ago);
        run_any(self.db, "UPDATE sessions SET strong = $2, proven_at = $3 WHERE user_id = $1", vec![user.into(), strong.into(), proven_at.into()]).await;
        let state = |state: &'static str, at: Option<Instant>| {
            run(self.db, "UPDATE accounts SET state = $2, erase_at = $3 WHERE user_id = $1", vec![user.into(), state.into(), at.into()])
        };
        match who {
            Who::Suspended => state("suspended", None).await,
            Who::Leaving => state("leaving", Some(Instant(i64::MAX / 4))).await,
            Who::Ended => run_any(self.db, "UPDATE sessions SET ended_at = $2 WHERE user_id = $1", vec![user.into(), proven_at.into()]).await,
            _ => {}
        }
        let slot = self.askers.iter_mut().find(|(one, ..)| *one == who).unwrap();
        slot.1 = Asker { bearer: Some(bearer), ..Asker::default() };
    }

    /// As is asked of staff here; without one their tokens are no stronger than they are.
    async fn second_factor(&self, user: UserId) {
        const FACTOR: &str = "INSERT INTO passkeys (id, user_id, name, credential_id, credential, counter, created_at) VALUES ($1, $2, 'x', $3, $4, 0, $5)";
        let (id, empty) = (Uuid::now_v7(), stopover::platform::db::Json("{}".into()));
        run(self.db, FACTOR, vec![id.into(), user.into(), id.to_string().into(), empty.into(), self.town.clock.now().into()]).await;
    }

    async fn personal_token(&self, user: UserId, scope: Scope) -> String {
        const MAKE: &str =
            "INSERT INTO personal_tokens (id, user_id, name, secret_digest, scopes, created_at, expires_at) VALUES ($1, $2, 'x', $3, $4, $5, $6)";
        let secret = format!("sto_{}{}", Uuid::new_v4().simple(), scope.name().replace(':', "-"));
        let (now, scopes) = (self.town.clock.now(), stopover::platform::db::Json(json!([scope.name()]).to_string()));
        run(self.db, MAKE, vec![Uuid::now_v7().into(), user.into(), digest(&secret).into(), scopes.into(), now.into(), now.plus_seconds(86_400).into()]).await;
        secret
    }

    /// A valid request for an operation, as `who` would send it. What earlier ones changed is put back.
    pub(super) async fn request(&self, operation: &str, who: Who) -> Request {
        self.put_back(who).await;
        if let (Who::Token(_), Some(user)) = (who, self.user(who)) {
            self.second_factor(user).await;
        }
        if let Some(request) = self.request_about_claims(operation, who).await {
            return request;
        }
        if operation == "leave" {
            self.owes_nothing(who).await;
        }
        if let Some(request) = self.request_about_bookings(operation, who).await {
            return request;
        }
        if let Some(request) = self.request_about_quotes(operation, who).await {
            return request;
        }
        if let Some(request) = self.request_about_credit(operation) {
            return request;
        }
        if let Some(request) = self.request_about_prices(operation).await {
            return request;
        }
        if let Some(request) = self.request_about_policies(operation).await {
            return request;
        }
        if let Some(request) = self.request_about_payments(operation, who).await {
            return request;
        }
        if let Some(request) = self.request_about_papers(operation, who).await {
            return request;
        }
        if let Some(request) = self.request_about_payouts(operation, who).await {
            return request;
        }
        let (mut id, mut query, mut body) = (None, "", None);
        let password = password_of(&who.person());
        let reason = "the matrix asks";
        match operation {
            "searchStays" | "suggestSearches" => query = "?q=albany",
            "readListing" | "listReviews" => id = Some(self.listing),
            "readCalendar" => (id, query) = (Some(self.listing), "?from=2026-07-01&to=2026-07-08"),
            "explainAvailability" => (id, query) = (Some(self.listing), "?check_in=2026-07-01&check_out=2026-07-04"),
            "readUser" => id = Some(self.host.0),
            "register" => body = Some(json!({"email": "somebody@example.org", "name": "Somebody"})),
            "verifyEmail" | "resetPassword" => body = Some(json!({"token": "x".repeat(43), "password": "five amber teapots"})),
            "setUp" => body = Some(json!({"token": "x".repeat(43), "email": "o@example.org", "name": "O", "password": "five amber teapots"})),
            "confirmEmail" => body = Some(json!({"token": "x".repeat(43)})),
            "logIn" => body = Some(json!({"email": email_of("Rita"), "password": password_of("Rita")})),
            "refreshTokens" => {
                let login = json!({"email": email_of("Rita"), "password": password_of("Rita")});
                let login = self.town.post(&Asker::default(), "/auth/login", login).await.expect(200).json();
                body = Some(json!({"refresh_token": login["refresh_token"]}));
            }
            "forgotPassword" => body = Some(json!({"email": "nobody@example.org"})),
            "prove" => body = Some(json!({"password": password})),
            "changePassword" => body = Some(json!({"current_password": password, "password": password})),
            "changeEmail" => body = Some(json!({"email": "another@example.org"})),
            "readAccount" => id = Some(self.victim.0),
            "suspendUser" | "restoreUser" => {
                let before = if operation == "suspendUser" { "active" } else { "suspended" };
                run(self.db, "UPDATE accounts SET state = $2 WHERE user_id = $1", vec![self.victim.into(), before.into()]).await;
                (id, body) = (Some(self.victim.0), Some(json!({"reason": reason})));
            }
            "endUserSessions" => (id, body) = (Some(self.victim.0), Some(json!({"reason": reason}))),
            "setRoles" => (id, body) = (Some(self.victim.0), Some(json!({"roles": [], "reason": reason}))),
            "inviteUser" => body = Some(json!({"email": "invited@example.org"})),
            "listAudit" => query = "?action=session.started",
            "retryJob" => {
                const DEAD: &str = "INSERT INTO jobs (id, kind, payload, state, run_at, attempts, created_at) VALUES ($1, 'x', $2, 'dead', $3, 1, $3)";
                run_any(self.db, "DELETE FROM jobs WHERE id = $1", vec![self.dead_job.into()]).await;
                let payload = stopover::platform::db::Json("{}".into());
                run(self.db, DEAD, vec![self.dead_job.into(), payload.into(), Instant(0).into()]).await;
                id = Some(self.dead_job);
            }
            calendar if Self::OF_CALENDARS.contains(&calendar) => return self.request_of_calendar(calendar, who).await,
            other => match self.request_of_homes(other, who).await {
                Some(request) => return request,
                None => return self.request_of_things(other, who).await,
            },
        }
        Request { id, query: query.into(), body, ..Request::default() }
    }

    /// One more session of somebody, to be ended.
    pub(super) async fn another_session(&self, who: Who) -> Uuid {
        const COPY: &str = "INSERT INTO sessions (id, user_id, kind, secret_digest, generation, rotated_at, device, address_prefix, proven_at, strong, method,
            created_at, last_used_at, idle_until, expires_at) SELECT $1, user_id, kind, $2, generation, rotated_at, device, address_prefix, proven_at, strong,
            method, created_at, last_used_at, idle_until, expires_at FROM sessions WHERE user_id = $3 LIMIT 1";
        let id = Uuid::now_v7();
        if let Some(user) = self.user(who) {
            run_any(self.db, COPY, vec![id.into(), id.to_string().into(), user.into()]).await;
        }
        id
    }

    /// Whether the session of somebody is still what it has to be for them.
    pub(super) async fn is_as_before(&self, who: Who) -> bool {
        let session = self.town.get(self.asker(who), "/auth/session").await;
        session.status == 200 && session.json()["strong"] == (who != Who::Unproven)
    }

    /// Sends it.
    pub(super) async fn send(&self, who: Who, method: &str, template: &str, request: &Request) -> crate::support::town::Reply {
        let method: Method = method.to_ascii_uppercase().parse().unwrap();
        let path = request.id.map_or_else(|| template.to_owned(), |id| template.replace("{id}", &id.to_string()));
        let path = request.parts.iter().fold(path, |path, (name, id)| path.replace(name, &id.to_string()));
        let path = request.places.iter().fold(path, |path, (place, text)| path.replace(place, text));
        let path = path.replace("{provider}", "home").replace("{language}", "de").replace("{key}", "pool");
        let mut asker = self.asker(who).clone();
        asker.headers.extend(request.cookie.iter().map(|cookie| ("cookie".to_owned(), cookie.clone())));
        let path = format!("/{path}{}", request.query);
        if let Some((kind, bytes)) = &request.raw {
            return self.town.send(&asker, method, &path, Some(kind), poem::Body::from(bytes.clone())).await;
        }
        self.town.ask(&asker, method, &path, request.body.as_ref()).await
    }
}
