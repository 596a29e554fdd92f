//! Logging in through other providers.

mod attacks;
mod issuer;
mod linking;
mod real;

use crate::support::TestDb;
use crate::support::town::{Asker, Reply, Town};
pub(super) use issuer::Issuer;
use serde_json::{Value, json};
use stopover::platform::config::{Config, Hidden, OidcProvider};

/// The settings for a provider.
pub(super) fn settings(id: &str, issuer: &str) -> OidcProvider {
    OidcProvider {
        id: id.into(),
        name: format!("The {id}"),
        issuer: issuer.into(),
        client_id: issuer::CLIENT.into(),
        client_secret: Some(Hidden::new(issuer::SECRET)),
        client_secret_file: None,
        scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
        redirect_uris: vec!["app.example:/back".into()],
    }
}

/// A town with a made-up provider, `home`.
async fn town(db: &TestDb, change: impl FnOnce(&mut Config)) -> (Town, Issuer) {
    let issuer = Issuer::new(db.clock.clone());
    let home = settings("home", &issuer.url);
    let town = Town::with(db, move |config| {
        config.oidc.push(home);
        change(config);
    })
    .await;
    (town, issuer)
}

/// Begins a login; answers what the start said.
async fn start(town: &Town, body: Value) -> Value {
    town.post(&Asker::default(), "/auth/oidc/home/start", body).await.expect(200).json()
}

/// What to send to the finish.
fn back(start: &Value, code: &str, state: &str) -> Value {
    json!({"ticket": start["ticket"], "code": code, "state": state})
}

/// A whole login of somebody of the provider.
async fn log_in(town: &Town, issuer: &Issuer, who: &str) -> Reply {
    let start = start(town, json!({})).await;
    let (code, state) = issuer.authorize(start["url"].as_str().unwrap(), who);
    town.post(&Asker::default(), "/auth/oidc/home/finish", back(&start, &code, &state)).await
}

/// Whoever a login let in.
fn bearer(login: &Value) -> Asker {
    Asker { bearer: Some(login["access_token"].as_str().unwrap().into()), ..Asker::default() }
}
