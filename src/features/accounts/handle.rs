//! What the edges of accounts share: tools, the hashing pool, the signer, the gate.

use super::access_tokens::AccessTokens;
use super::gate::Doorkeeper;
use super::hashing::Hashing;
use super::oidc::Providers;
use super::personal::AccountData;
use super::service::World;
use super::service::sessions::Place;
use crate::platform::events::Follower;
use crate::platform::http::{Gate, Letters, Visitor};
use crate::platform::outbound::Outbound;
use crate::platform::privacy::PersonalData;
use crate::platform::tools::Tools;
use crate::values::{Email, Origin, UserId};
use std::sync::Arc;

/// Accounts, opened; cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    tools: Tools,
    hashing: Hashing,
    tokens: AccessTokens,
    gate: Doorkeeper,
    providers: Providers,
    letters: Letters,
}

impl Accounts {
    /// Blocks; call it off the async threads.
    pub fn open(tools: &Tools) -> anyhow::Result<Self> {
        let tokens = AccessTokens::open(&tools.db, &tools.keys, &tools.config)?;
        let hashing = Hashing::new(tools.config.accounts.argon2)?;
        hashing.register(&tools.metrics.registry)?;
        let gate = Doorkeeper::new(tools.clone(), tokens.clone());
        let providers = Providers::open(&tools.config, &Outbound::open(&tools.config))?;
        let letters = Letters::new(&tools.config.limits);
        Ok(Self(Arc::new(Inner { tools: tools.clone(), hashing, tokens, gate, providers, letters })))
    }

    /// For the edge of the server.
    #[must_use]
    pub fn gate(&self) -> Arc<dyn Gate> {
        Arc::new(self.0.gate.clone())
    }

    /// For the reader of the event log.
    #[must_use]
    pub fn follower(&self) -> Box<dyn Follower> {
        self.0.gate.follower()
    }

    /// What accounts hold about people.
    #[must_use]
    pub fn personal_data(tools: &Tools) -> Box<dyn PersonalData> {
        Box::new(AccountData::new(super::jobs::world(tools, "erasure")))
    }

    pub(super) fn tools(&self) -> &Tools {
        &self.0.tools
    }

    /// Whether one more letter of a kind that strangers can ask for may go to an address now. A refusal is not told: it would say that others
    /// ask too. Kinds are counted apart, so that registrations in somebody's name do not use up their way to a new password.
    pub(super) fn may_write_to(&self, kind: &str, email: &Email) -> bool {
        self.0.letters.may_go_to(&format!("{kind} {}", email.mailbox()))
    }

    pub(super) fn hashing(&self) -> &Hashing {
        &self.0.hashing
    }

    pub(super) fn access_tokens(&self) -> &AccessTokens {
        &self.0.tokens
    }

    pub(super) fn providers(&self) -> &Providers {
        &self.0.providers
    }

    /// This node looks anew at somebody at once; the others hear of it by the event log.
    pub(super) fn forget(&self, user: UserId) {
        self.0.gate.forget(user);
    }

    /// The world of a use case that a request asked for.
    pub(super) fn world(&self, visitor: &Visitor) -> World {
        self.world_of(visitor.origin())
    }

    pub(super) fn world_of(&self, origin: Origin) -> World {
        World { keys: Arc::clone(&self.0.tools.keys), config: Arc::clone(&self.0.tools.config), origin }
    }
}

/// Where a session of this visitor will be kept.
pub(super) fn place(visitor: &Visitor, browser: bool) -> Place {
    Place { browser, device: visitor.device.clone(), prefix: visitor.prefix() }
}
