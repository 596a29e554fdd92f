//! Settings of accounts: who may register, how passwords are kept, how long sessions last.

use super::{Config, SettingsError, Span};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The least of argon2id that is accepted (S-AUTH 1): 19 MiB, two rounds.
const LEAST_MEMORY_KIB: u32 = 19_456;
const LEAST_ROUNDS: u32 = 2;

/// Accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Accounts {
    /// The name of the site, in letters and in authenticator apps.
    pub site_name: String,
    pub registration: Registration,
    /// Shortest password, in characters; 8 to 64.
    pub password_min: usize,
    pub argon2: Argon2Settings,
    /// Whether staff need a second factor; absent: yes where `public_url` is https.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff_second_factor: Option<bool>,
    /// Lets browsers log in over plain http on another address than localhost. Whoever listens on the wire can then take the session.
    pub insecure_cookies: bool,
    /// How long an access token counts.
    pub access_token_life: Span,
    /// How long a session may rest before it ends.
    pub session_idle: Span,
    /// How long a session may last at all.
    pub session_life: Span,
    /// The same two for staff.
    pub staff_session_idle: Span,
    pub staff_session_life: Span,
    /// Days in which an erasure can be called off (V5).
    pub erasure_days: u32,
}

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    Open,
    /// Whoever an operator has invited.
    InviteOnly,
    Closed,
}

/// How much work a password's hash is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Argon2Settings {
    pub memory_kib: u32,
    pub rounds: u32,
    pub lanes: u32,
}

impl Default for Accounts {
    fn default() -> Self {
        let days = |days: u64| Span(Duration::from_secs(days * 86_400));
        Self {
            site_name: "Stopover".into(),
            registration: Registration::Open,
            password_min: 12,
            argon2: Argon2Settings::default(),
            staff_second_factor: None,
            insecure_cookies: false,
            access_token_life: Span::seconds(900),
            session_idle: days(30),
            session_life: days(90),
            staff_session_idle: Span::seconds(12 * 3_600),
            staff_session_life: days(7),
            erasure_days: 30,
        }
    }
}

impl Default for Argon2Settings {
    fn default() -> Self {
        Self { memory_kib: LEAST_MEMORY_KIB, rounds: LEAST_ROUNDS, lanes: 1 }
    }
}

impl Accounts {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let hash = &self.argon2;
        if hash.memory_kib < LEAST_MEMORY_KIB || hash.rounds < LEAST_ROUNDS || hash.lanes < 1 {
            return Err(SettingsError::of(
                "accounts.argon2",
                &format!("may only be raised: memory_kib ≥ {LEAST_MEMORY_KIB}, rounds ≥ {LEAST_ROUNDS}, lanes ≥ 1"),
            ));
        }
        if hash.memory_kib > 1 << 20 || hash.rounds > 64 || hash.lanes > 16 {
            return Err(SettingsError::of("accounts.argon2", "would take longer than anybody waits: at most 1 GiB, 64 rounds, 16 lanes"));
        }
        if !(8..=64).contains(&self.password_min) {
            return Err(SettingsError::of("accounts.password_min", "must be 8 to 64"));
        }
        if self.site_name.trim().is_empty() || self.site_name.chars().count() > 60 || self.site_name.chars().any(char::is_control) {
            return Err(SettingsError::of("accounts.site_name", "must be 1 to 60 characters"));
        }
        if self.access_token_life.0 > Duration::from_secs(3_600) || self.access_token_life.0 < Duration::from_secs(10) {
            return Err(SettingsError::of("accounts.access_token_life", "must be 10s to 1h"));
        }
        if self.erasure_days > 30 {
            return Err(SettingsError::of("accounts.erasure_days", "must be 0 to 30"));
        }
        Ok(())
    }
}

impl Config {
    /// Whether staff must have a second factor: once the public address is https, and not where time is moved.
    #[must_use]
    pub fn staff_needs_second_factor(&self) -> bool {
        self.accounts.staff_second_factor.unwrap_or_else(|| self.is_https() && !self.dev)
    }

    /// Whether clients come over https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }

    /// Whether browsers may keep a session here, and whether its cookie is for secure connections only: `None` on a plain-http
    /// address, unless the operator insists.
    #[must_use]
    pub fn cookies(&self) -> Option<Cookies> {
        let base = self.base_url();
        let host = base.split_once("://").map_or("", |(_, host)| host);
        let local = ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| host == *name || host.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')));
        if self.is_https() || local {
            return Some(Cookies::Secure);
        }
        self.accounts.insecure_cookies.then_some(Cookies::Plain)
    }
}

/// How a browser's session is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookies {
    /// `__Host-`, `Secure`.
    Secure,
    /// Without both: the operator accepts that the wire can be listened to.
    Plain,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_may_only_become_harder() {
        assert_eq!(Accounts::default().check(), Ok(()));
        for weak in [Argon2Settings { memory_kib: 8_192, ..Argon2Settings::default() }, Argon2Settings { rounds: 1, ..Argon2Settings::default() }] {
            assert!(Accounts { argon2: weak, ..Accounts::default() }.check().is_err());
        }
        assert!(Accounts { password_min: 7, ..Accounts::default() }.check().is_err());
    }

    #[test]
    fn cookies_are_secure_or_asked_for() {
        let of = |url: &str, insecure| {
            Config { public_url: Some(url.into()), accounts: Accounts { insecure_cookies: insecure, ..Accounts::default() }, ..Config::default() }.cookies()
        };
        assert_eq!(Config::default().cookies(), Some(Cookies::Secure));
        assert_eq!(of("https://stay.example", false), Some(Cookies::Secure));
        assert_eq!(of("http://localhost:8080", true), Some(Cookies::Secure));
        assert_eq!(of("http://localhost.evil:8080", false), None);
        assert_eq!(of("http://192.168.1.2:8080", false), None);
        assert_eq!(of("http://192.168.1.2:8080", true), Some(Cookies::Plain));
    }

    #[test]
    fn staff_need_two_factors_where_the_world_can_come() {
        let of = |url: Option<&str>, setting| {
            Config { public_url: url.map(Into::into), accounts: Accounts { staff_second_factor: setting, ..Accounts::default() }, ..Config::default() }
                .staff_needs_second_factor()
        };
        let tried = Config { public_url: Some("https://stay.example".into()), dev: true, ..Config::default() };
        assert!(!tried.staff_needs_second_factor());
        assert!(!of(None, None) && of(Some("https://stay.example"), None) && !of(Some("https://stay.example"), Some(false)) && of(None, Some(true)));
    }
}
