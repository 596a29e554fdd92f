//! `POST /auth/setup`: the first operator.

use super::letters::email;
use super::views::Done;
use crate::features::accounts::Accounts;
use crate::features::accounts::rules;
use crate::features::accounts::service::registration::Appointed;
use crate::features::accounts::service::setup;
use crate::platform::error::{Error, Result};
use crate::platform::http::Visitor;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct SetUpAsk {
    /// From the server's console.
    #[oai(validator(max_length = 200))]
    token: String,
    #[oai(validator(max_length = 320))]
    email: String,
    #[oai(validator(max_length = 320))]
    name: String,
    #[oai(validator(max_length = 1024))]
    password: String,
}

/// Making the first operator.
pub(super) struct SetUpApi {
    accounts: Accounts,
}

impl SetUpApi {
    #[must_use]
    pub(super) fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Administration")]
impl SetUpApi {
    /// Make the first operator, with the token that the server shows on its console at the start while there is none.
    ///
    /// The token is good once and for an hour; a later start shows another one, and then only that counts.
    #[oai(path = "/auth/setup", method = "post", operation_id = "setUp")]
    async fn set_up(&self, visitor: Visitor, ask: Json<SetUpAsk>) -> Result<Done> {
        let (ask, tools) = (ask.0, self.accounts.tools());
        let (now, token) = (tools.clock.now(), ask.token.clone());
        // Strangers without the token cost no hash.
        if !tools.db.read(move |conn| setup::is_open(conn, now, &token).map_err(Error::from)).await? {
            return Err(setup::unknown_token());
        }
        let (name, email) = (rules::name(&ask.name)?, email(&ask.email)?);
        let settings = &tools.config.accounts;
        let password = rules::accepted(&ask.password, settings.password_min, &[&settings.site_name, &name, email.text(), email.local_part()])?;
        let password_hash = self.accounts.hashing().hash(password).await?;
        let (world, who) = (self.accounts.world(&visitor), Appointed { name, email, password_hash });
        tools.db.write(move |tx, now| setup::set_up(tx, now, &world, &ask.token, &who)).await?;
        Ok(Done::Done)
    }
}
