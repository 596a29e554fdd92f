//! What everybody in the matrix may have: second factors, passkeys, tokens, copies, accounts of another provider; and the requests
//! that need some of it. For `cast.rs`.

use super::authenticator::{Authenticator, ORIGIN};
use super::cast::{Cast, Request, Who, run, run_any, user_of};
use super::factors::App;
use super::oidc::{self, Issuer};
use super::passkeys;
use crate::support::TestDb;
use crate::support::town::{Asker, Town, email_of, password_of};
use poem::http::Method;
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};
use stopover::platform::config::OidcProvider;
use stopover::platform::db::{self, DbResult};
use stopover::values::{Clock, Instant, UserId};
use uuid::Uuid;

/// What every app here knows, and the same in base32.
const SECRET: &[u8; 20] = b"12345678901234567890";
const SECRET_TEXT: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// Things that are not in the database.
pub(super) struct Things {
    issuer: Issuer,
    /// Opens the account of Petra, who is none of the persons of the matrix.
    passkey: Mutex<Option<Authenticator>>,
}

impl Things {
    pub(super) fn new(db: &TestDb) -> Self {
        Self { issuer: Issuer::new(Arc::clone(&db.clock)), passkey: Mutex::new(None) }
    }

    pub(super) fn provider(&self) -> OidcProvider {
        oidc::settings("home", &self.issuer.url)
    }

    /// Petra, who has a passkey, and Cody, who will have an app.
    pub(super) async fn unpack(&mut self, town: &Town) {
        let petra = town.newcomer("Petra").await;
        town.newcomer("Cody").await;
        let (device, _) = passkeys::add(town, &petra, "Phone").await;
        self.passkey = Mutex::new(Some(device));
    }
}

impl Cast<'_> {
    /// Operations on one's own things that have an id.
    pub(super) const OWN_THINGS: [&'static str; 7] = ["endSession", "endToken", "readExport", "fetchExport", "removeLink", "renamePasskey", "removePasskey"];

    /// Puts back what earlier requests have changed.
    pub(super) async fn put_back(&self, who: Who) {
        const PLAIN: &str = "UPDATE accounts SET state = $2, erase_at = $3, totp_sealed = NULL, totp_since = NULL, totp_last_step = NULL,
            code_failures = 0, code_window = NULL WHERE user_id = $1";
        let Some(user) = self.user(who).filter(|_| !who.shows_nothing_valid()) else { return };
        let (state, erase_at) = if who == Who::Leaving { ("leaving", Some(Instant(i64::MAX / 4))) } else { ("active", None) };
        run(self.db, PLAIN, vec![user.into(), state.into(), erase_at.into()]).await;
        for all in ["DELETE FROM passkeys WHERE user_id = $1", "DELETE FROM oidc_links WHERE user_id = $1", "DELETE FROM exports WHERE user_id = $1"] {
            run_any(self.db, all, vec![user.into()]).await;
        }
    }

    /// A request for which somebody has to have something, or for which nothing special is needed.
    pub(super) async fn request_of_things(&self, operation: &str, who: Who) -> Request {
        let password = password_of(&who.person());
        let body = match operation {
            own if Self::OWN_THINGS.contains(&own) => {
                let body = (own == "renamePasskey").then(|| json!({"name": "Old phone"}));
                return Request { id: Some(self.own_thing(own, who).await), body, ..Request::default() };
            }
            "listPhotos" | "addPhotos" | "changePhoto" | "removePhoto" | "orderPhotos" | "readPhotoFile" => {
                return self.request_of_photos(operation, who).await;
            }
            "returnFromProvider" => return self.way_back().await,
            "stay" => {
                if let Some(user) = self.user(who).filter(|_| !who.shows_nothing_valid()) {
                    let leaving = "UPDATE accounts SET state = 'leaving', erase_at = $2 WHERE user_id = $1";
                    run(self.db, leaving, vec![user.into(), Instant(i64::MAX / 4).into()]).await;
                }
                return Request::default();
            }
            "changeMe" => json!({"about": "Asked by the matrix"}),
            "makeToken" => json!({"name": "Robot", "scopes": ["account:read"]}),
            "startProviderLogin" | "startLink" | "startPasskeyLogin" => json!({}),
            "finishProviderLogin" => self.back_from_provider(&Asker::default(), "/auth/oidc/home/start", "rupert").await,
            "finishLink" => self.back_from_provider(self.asker(who), "/me/oidc/home/start", &who.person().to_lowercase()).await,
            "enterCode" => {
                let code = self.code_of(Some(user_of(self.db, "Cody").await), true).await;
                let login = json!({"email": email_of("Cody"), "password": password_of("Cody")});
                let login = self.town.post(&Asker::default(), "/auth/login", login).await.expect(200).json();
                json!({"ticket": login["ticket"], "code": code})
            }
            "setUpTotp" => json!({"password": password}),
            "confirmTotp" => json!({"code": self.code_of(self.of_valid(who), false).await}),
            "disableTotp" => json!({"password": password, "code": self.code_of(self.of_valid(who), true).await}),
            "renewRecoveryCodes" => json!({"code": self.code_of(self.of_valid(who), true).await}),
            "finishPasskey" => self.new_passkey(who).await.map_or_else(|| json!({"ticket": "x", "name": "Phone", "credential": {}}), |(body, _)| body),
            "finishPasskeyLogin" => {
                let started = self.begin_passkey_login().await;
                let mut device = self.things.passkey.lock().unwrap();
                json!({"ticket": started["ticket"], "credential": device.as_mut().unwrap().get(&started["options"], ORIGIN)})
            }
            "provePasskey" => self.proof_by_passkey(who).await.unwrap_or_else(|| json!({"ticket": "x", "credential": {}})),
            other => return self.request_of_helpers(other, who).await,
        };
        Request { body: Some(body), ..Request::default() }
    }

    fn of_valid(&self, who: Who) -> Option<UserId> {
        self.user(who).filter(|_| !who.shows_nothing_valid())
    }

    /// Somebody's own thing with an id, made for this. An id that nobody has for strangers.
    pub(super) async fn own_thing(&self, operation: &str, who: Who) -> Uuid {
        let (id, now) = (Uuid::now_v7(), self.town.clock.now());
        let Some(user) = self.user(who) else { return id };
        let text = || db::Value::from(id.to_string());
        let later = now.plus_seconds(86_400);
        let (sql, more) = match operation {
            "endSession" => return self.another_session(who).await,
            "endToken" => (
                "INSERT INTO personal_tokens (id, user_id, name, secret_digest, scopes, created_at, expires_at) VALUES ($1, $2, 'Robot', $3, '[]', $4, $5)",
                vec![text(), now.into(), later.into()],
            ),
            "readExport" | "fetchExport" => {
                ("INSERT INTO exports (id, user_id, state, size, created_at, expires_at) VALUES ($1, $2, 'ready', 0, $3, $4)", vec![now.into(), later.into()])
            }
            "removeLink" => (
                "INSERT INTO oidc_links (id, user_id, provider, issuer, subject, created_at) VALUES ($1, $2, 'home', $3, $4, $5)",
                vec![self.things.issuer.url.as_str().into(), text(), now.into()],
            ),
            "renamePasskey" | "removePasskey" => (
                "INSERT INTO passkeys (id, user_id, name, credential_id, credential, counter, created_at) VALUES ($1, $2, 'Phone', $3, '{}', 0, $4)",
                vec![text(), now.into()],
            ),
            other => panic!("nobody owns what {other} is about"),
        };
        run(self.db, sql, [id.into(), user.into()].into_iter().chain(more).collect()).await;
        id
    }

    /// How many things somebody has that are as they were made.
    pub(super) async fn count_things(&self, who: Who) -> i64 {
        const COUNT: &str = "SELECT (SELECT COUNT(*) FROM sessions WHERE user_id = $1 AND ended_at IS NULL)
            + (SELECT COUNT(*) FROM personal_tokens WHERE user_id = $1 AND ended_at IS NULL) + (SELECT COUNT(*) FROM exports WHERE user_id = $1)
            + (SELECT COUNT(*) FROM oidc_links WHERE user_id = $1) + (SELECT COUNT(*) FROM passkeys WHERE user_id = $1 AND name = 'Phone')";
        let user = self.user(who).unwrap();
        let counted: DbResult<Option<i64>> = self.db.read(move |conn| conn.first(COUNT, &[user.into()], |row| row.get(0))).await;
        counted.unwrap().unwrap()
    }

    /// Gives somebody an app, confirmed or not, that has shown no code yet; answers its code.
    async fn code_of(&self, user: Option<UserId>, on: bool) -> String {
        const APP: &str =
            "UPDATE accounts SET totp_sealed = $2, totp_since = $3, totp_last_step = NULL, code_failures = 0, code_window = NULL WHERE user_id = $1";
        if let Some(user) = user {
            let sealed = self.town.tools().keys.seal(&format!("accounts.totp_sealed {}", user.0), SECRET);
            let since = on.then(|| self.town.clock.now());
            run(self.db, APP, vec![user.into(), sealed.into(), since.into()]).await;
        }
        App { secret: SECRET_TEXT.into() }.code(&self.town)
    }

    /// Goes to the provider as `asker` and comes back; with nothing of use when the start is closed to them.
    async fn back_from_provider(&self, asker: &Asker, start: &str, who: &str) -> Json {
        let started = self.town.post(asker, start, json!({})).await;
        if started.status != 200 {
            return json!({"ticket": "x", "code": "x", "state": "x"});
        }
        let started = started.json();
        let (code, state) = self.things.issuer.authorize(started["url"].as_str().unwrap(), who);
        json!({"ticket": started["ticket"], "code": code, "state": state})
    }

    /// What a browser asks that the provider has sent back.
    async fn way_back(&self) -> Request {
        let started = self.town.post(&Asker::default(), "/auth/oidc/home/start", json!({"browser": true})).await;
        let cookie = started.expect(200).header("set-cookie").split(';').next().unwrap().to_owned();
        let (code, state) = self.things.issuer.authorize(started.json()["url"].as_str().unwrap(), "rupert");
        Request { query: format!("?code={code}&state={state}"), cookie: Some(cookie), ..Request::default() }
    }

    async fn begin_passkey_login(&self) -> Json {
        self.town.post(&Asker::default(), "/auth/passkeys/start", json!({})).await.expect(200).json()
    }

    /// Begins to add a passkey: what to send to the finish, and the device. `None`: the start is closed to them.
    async fn new_passkey(&self, who: Who) -> Option<(Json, Authenticator)> {
        // The start asks for a fresh proof, which is another session's here.
        let asker = if who == Who::Stale { self.town.log_in(&who.person()).await } else { self.asker(who).clone() };
        let started = self.town.ask(&asker, Method::POST, "/me/passkeys/start", None).await;
        if started.status != 200 {
            return None;
        }
        let (started, mut device) = (started.json(), Authenticator::new());
        let credential = device.create(&started["options"], ORIGIN);
        Some((json!({"ticket": started["ticket"], "name": "Phone", "credential": credential}), device))
    }

    /// What a passkey signs that was added for this.
    async fn proof_by_passkey(&self, who: Who) -> Option<Json> {
        let (body, mut device) = self.new_passkey(who).await?;
        self.town.post(self.asker(who), "/me/passkeys/finish", body).await.expect(201);
        let started = self.begin_passkey_login().await;
        Some(json!({"ticket": started["ticket"], "credential": device.get(&started["options"], ORIGIN)}))
    }
}
