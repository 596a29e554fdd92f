//! `[mail]`: who letters come from, and the server that takes them. Without a server they go to the outbox folder.

use super::{Hidden, SettingsError};
use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

/// How letters leave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// The sender, as in `Stopover <no-reply@example.org>`; needed once `host` is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The SMTP server; absent: letters are written to `outbox/` in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Absent: 587, 465 or 25, as `encryption` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    pub encryption: Encryption,
    /// For servers that want a login; goes with `password`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Hidden>,
}

/// How the connection to the SMTP server is kept secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// Begins in the clear and must be encrypted before anything is said.
    #[default]
    Starttls,
    /// Encrypted from the first byte.
    Tls,
    /// Not at all: for a server on the same machine or network.
    None,
}

impl Mail {
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.encryption {
            Encryption::Starttls => 587,
            Encryption::Tls => 465,
            Encryption::None => 25,
        })
    }

    /// The sender of all letters.
    pub fn sender(&self) -> Result<Mailbox, SettingsError> {
        let text = self.from.as_deref().unwrap_or("Stopover <stopover@localhost>");
        text.parse().map_err(|_reason| SettingsError::of("mail.from", "must be an address such as `Stopover <no-reply@example.org>`"))
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        self.sender()?;
        let Some(host) = &self.host else {
            return match self.user.is_some() || self.password.is_some() || self.port.is_some() {
                true => Err(SettingsError::of("mail.host", "is missing, although mail.port, mail.user or mail.password is set")),
                false => Ok(()),
            };
        };
        if self.from.is_none() {
            return Err(SettingsError::of("mail.from", "is needed once mail.host is set"));
        }
        if self.user.is_some() != self.password.is_some() {
            return Err(SettingsError::of("mail.user", "and mail.password belong together"));
        }
        let loopback = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
        if self.encryption == Encryption::None && self.password.is_some() && !loopback {
            return Err(SettingsError::of("mail.encryption", "must be starttls or tls: the password would travel in the clear"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(text: &str) -> Mail {
        use figment::providers::{Format, Toml};
        figment::Figment::from(Toml::string(text)).extract().unwrap()
    }

    #[test]
    fn half_of_a_server_is_refused() {
        for good in [
            "",
            "from = 'Ada <ada@example.org>'",
            "from = 'a@example.org'\nhost = 'mail.example.org'",
            "from = 'a@example.org'\nhost = 'mail.example.org'\nencryption = 'tls'\nuser = 'a'\npassword = 'b'",
            "from = 'a@example.org'\nhost = 'localhost'\nencryption = 'none'\nuser = 'a'\npassword = 'b'",
        ] {
            assert!(mail(good).check().is_ok(), "{good}");
        }
        for (bad, word) in [
            ("from = 'nobody'", "mail.from"),
            ("host = 'mail.example.org'", "mail.from"),
            ("user = 'a'", "mail.host"),
            ("from = 'a@example.org'\nhost = 'x'\nuser = 'a'", "mail.user"),
            ("from = 'a@example.org'\nhost = 'x'\nencryption = 'none'\nuser = 'a'\npassword = 'b'", "clear"),
        ] {
            assert!(mail(bad).check().unwrap_err().to_string().contains(word), "{bad}");
        }
        assert_eq!([mail("").port(), mail("encryption = 'tls'").port(), mail("encryption = 'none'\nport = 2525").port()], [587, 465, 2525]);
    }
}
