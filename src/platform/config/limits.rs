//! Settings of the rate limits: how often somebody may come.

use super::SettingsError;
use serde::{Deserialize, Serialize};

/// Far more than any machine answers; a number above it is a slip.
const MOST: u32 = 100_000_000;

/// How often callers may come. A limit holds on each node for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// `false` lifts all of them.
    pub enabled: bool,
    /// Answers carry `X-RateLimit-Limit`, `-Remaining` and `-Reset` too, for old clients.
    pub legacy_headers: bool,
    /// Strangers, by address (IPv6: by /64).
    pub anonymous_read: Rate,
    pub anonymous_search: Rate,
    pub anonymous_write: Rate,
    /// Photos, by address, whoever asks: a page shows dozens of them.
    pub pictures: Rate,
    /// Messages of payment providers, by address, before their signature is looked at.
    pub messages: Rate,
    /// People who are logged in, and each personal access token for itself.
    pub read: Rate,
    pub search: Rate,
    pub write: Rate,
    /// Tries of passwords and codes, by address.
    pub login: Rate,
    /// New accounts, by address.
    pub register: Rate,
    /// Whatever sends a letter to an address that the caller names, by the caller's address.
    pub mail: Rate,
    /// The same, by the address of the letter.
    pub mail_to_one: Rate,
}

/// So many within a minute, and so many within an hour; 0: no such limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rate {
    pub per_minute: u32,
    pub per_hour: u32,
    /// How many of a minute's share may come at once; 0: all of them.
    pub burst: u32,
}

impl Rate {
    #[must_use]
    pub const fn per_minute(per_minute: u32) -> Self {
        Self { per_minute, per_hour: 0, burst: 0 }
    }

    #[must_use]
    pub const fn per_hour(per_hour: u32) -> Self {
        Self { per_minute: 0, per_hour, burst: 0 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let stranger = Rate { burst: 100, ..Rate::per_minute(300) };
        Self {
            enabled: true,
            legacy_headers: false,
            anonymous_read: stranger,
            anonymous_search: stranger,
            anonymous_write: Rate::per_minute(60),
            pictures: Rate::per_minute(6_000),
            messages: Rate::per_minute(3_000),
            read: Rate::per_minute(600),
            search: Rate::per_minute(600),
            write: Rate::per_minute(120),
            login: Rate { per_hour: 300, ..Rate::per_minute(30) },
            register: Rate::per_hour(5),
            mail: Rate::per_hour(10),
            mail_to_one: Rate::per_hour(3),
        }
    }
}

impl Limits {
    /// The settings with their names.
    fn all(&self) -> [(&'static str, Rate); 12] {
        [
            ("limits.anonymous_read", self.anonymous_read),
            ("limits.anonymous_search", self.anonymous_search),
            ("limits.anonymous_write", self.anonymous_write),
            ("limits.pictures", self.pictures),
            ("limits.messages", self.messages),
            ("limits.read", self.read),
            ("limits.search", self.search),
            ("limits.write", self.write),
            ("limits.login", self.login),
            ("limits.register", self.register),
            ("limits.mail", self.mail),
            ("limits.mail_to_one", self.mail_to_one),
        ]
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        for (name, rate) in self.all() {
            if rate.per_minute.max(rate.per_hour).max(rate.burst) > MOST {
                return Err(SettingsError::of(name, &format!("a number is above {MOST}; write 0 for no limit")));
            }
            if rate.burst > 0 && rate.per_minute == 0 {
                return Err(SettingsError::of(name, "burst is a part of per_minute, which is 0"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_named() {
        assert_eq!(Limits::default().check(), Ok(()));
        let huge = Limits { login: Rate::per_minute(u32::MAX), ..Limits::default() };
        assert!(huge.check().unwrap_err().to_string().contains("`limits.login`"));
        let lonely = Limits { register: Rate { burst: 3, ..Rate::per_hour(5) }, ..Limits::default() };
        assert!(lonely.check().unwrap_err().to_string().contains("`limits.register`"));
    }
}
