//! Rate limits: how often somebody may come, counted in memory, on each node for itself.
//!
//! [`Limits`] belongs to the edge and is asked once for each request: strangers are counted by address, whoever is logged in
//! by account, each personal access token for itself. [`Letters`] belongs to whoever sends letters and counts by mail address.
//! The arithmetic is governor's (GCRA, `rule.rs`), the memory is ours and bounded (`buckets.rs`); `standing.rs` tells the client.

mod buckets;
mod rule;
mod standing;
#[cfg(test)]
mod tests;

pub(super) use standing::Standing;

use crate::platform::access::{Meter, Principal, Via};
use crate::platform::config;
use crate::platform::error::{Error, Kind, Refused};
use rule::{Rule, Ticks};
use std::net::IpAddr;

/// The limits of a node.
pub(super) struct Limits {
    rules: Option<Rules>,
    legacy: bool,
}

struct Rules {
    anonymous_read: Rule,
    anonymous_search: Rule,
    anonymous_write: Rule,
    read: Rule,
    search: Rule,
    write: Rule,
    login: Rule,
    register: Rule,
    mail: Rule,
    pictures: Rule,
    messages: Rule,
}

/// What the limits say to one request.
pub(super) struct Verdict {
    pub(super) standing: Standing,
    /// 429, when it is one too many.
    pub(super) refused: Option<Error>,
}

impl Limits {
    pub(super) fn new(settings: &config::Limits) -> Self {
        Self::with_ticks(settings, &Ticks::running())
    }

    fn with_ticks(settings: &config::Limits, ticks: &Ticks) -> Self {
        let rule = |name, rate| Rule::new(name, rate, ticks);
        let rules = settings.enabled.then(|| Rules {
            anonymous_read: rule("anon", settings.anonymous_read),
            anonymous_search: rule("anon-search", settings.anonymous_search),
            anonymous_write: rule("anon-write", settings.anonymous_write),
            read: rule("user", settings.read),
            search: rule("user-search", settings.search),
            write: rule("user-write", settings.write),
            login: rule("login", settings.login),
            register: rule("register", settings.register),
            mail: rule("mail", settings.mail),
            pictures: rule("pictures", settings.pictures),
            messages: rule("messages", settings.messages),
        });
        Self { rules, legacy: settings.legacy_headers }
    }

    /// Counts one request. `None`: nothing limits it.
    pub(super) fn count(&self, meter: Meter, address: IpAddr, caller: Option<&Principal>) -> Option<Verdict> {
        let rules = self.rules.as_ref()?;
        let (rule, key) = rules.of(meter, address, caller);
        let (standing, wait) = rule.count(key, self.legacy)?;
        Some(Verdict { standing, refused: wait.map(too_many) })
    }
}

impl Rules {
    /// What proves who somebody is, or makes them known, is always counted by address.
    fn of(&self, meter: Meter, address: IpAddr, caller: Option<&Principal>) -> (&Rule, u128) {
        let own = caller.map(|caller| match caller.via {
            Via::Session(_) | Via::Cookie(_) => caller.user.0.as_u128(),
            Via::Token(id, _) => id.as_u128(),
        });
        let by_address = || household(address);
        match (meter, own) {
            (Meter::Read, Some(own)) => (&self.read, own),
            (Meter::Search, Some(own)) => (&self.search, own),
            (Meter::Write, Some(own)) => (&self.write, own),
            (Meter::Read, None) => (&self.anonymous_read, by_address()),
            (Meter::Search, None) => (&self.anonymous_search, by_address()),
            (Meter::Write, None) => (&self.anonymous_write, by_address()),
            (Meter::Login, _) => (&self.login, by_address()),
            (Meter::Register, _) => (&self.register, by_address()),
            (Meter::Mail, _) => (&self.mail, by_address()),
            (Meter::Picture, _) => (&self.pictures, by_address()),
            (Meter::Message, _) => (&self.messages, by_address()),
        }
    }
}

/// How many letters one mailbox is sent because somebody asked for them.
pub struct Letters {
    rule: Option<Rule>,
    seed: u64,
}

impl Letters {
    #[must_use]
    pub fn new(settings: &config::Limits) -> Self {
        Self::with_ticks(settings, &Ticks::running())
    }

    fn with_ticks(settings: &config::Limits, ticks: &Ticks) -> Self {
        // The seed keeps strangers from choosing addresses that are counted as somebody else's.
        Self { rule: settings.enabled.then(|| Rule::new("letters", settings.mail_to_one, ticks)), seed: rand::random() }
    }

    /// Counts one letter to `mailbox` (as it is compared elsewhere: normalised); answers whether it may go. A refusal is to stay
    /// between us: told to the caller, it would say that somebody asked for letters to this address.
    #[must_use]
    pub fn may_go_to(&self, mailbox: &str) -> bool {
        let key = xxhash_rust::xxh3::xxh3_128_with_seed(mailbox.as_bytes(), self.seed);
        self.rule.as_ref().and_then(|rule| rule.count(key, false)).is_none_or(|(_, wait)| wait.is_none())
    }
}

/// One household: an IPv4 address, or the /64 of an IPv6 one, of which every home has all.
fn household(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits() >> 64 << 64,
    }
}

fn too_many(seconds: u32) -> Error {
    let detail = format!("Too many requests; try again in {seconds} s. The header RateLimit says how many there may be.");
    let mut refused = Refused::new(Kind::TooMany, "too_many_requests", detail);
    refused.retry_after_seconds = Some(seconds);
    refused.into()
}
