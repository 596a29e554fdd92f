//! A mail address: as its owner writes it, and the key by which it is recognised.

use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// Longest address that mail servers pass on.
const MOST_BYTES: usize = 254;

/// A mail address that can be written to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email {
    text: String,
    key: String,
}

impl Email {
    /// Reads `name@host`; spaces around it are dropped. `None` when no letter could reach it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.trim().nfc().collect();
        let (local, host) = text.rsplit_once('@')?;
        if text.len() > MOST_BYTES || local.len() > 64 || !host.contains('.') || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return None;
        }
        text.parse::<lettre::Address>().ok()?;
        // Quotes would make a second spelling of the same mailbox, and a literal address leads past the names of the world.
        if local.starts_with('"') {
            return None;
        }
        let url::Host::Domain(host) = url::Host::parse(host).ok()? else { return None };
        // One person, one account: capital letters, look-alike forms and spellings of the host do not make another address.
        let local: String = local.nfkc().flat_map(char::to_lowercase).nfkc().collect();
        let key = format!("{local}@{}", host.trim_end_matches('.'));
        Some(Self { text, key })
    }

    /// As its owner writes it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// By which it is recognised.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The mailbox that letters end up in, as far as can be told: most servers drop what follows a `+`. For counting, never for comparing.
    #[must_use]
    pub fn mailbox(&self) -> String {
        let (local, host) = self.key.rsplit_once('@').unwrap_or((&self.key, ""));
        format!("{}@{host}", local.split('+').next().unwrap_or_default())
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.text.rsplit_once('@').map_or(&self.text, |(local, _)| local)
    }
}

/// Logs never hold addresses.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_recognised() {
        for (text, key) in [
            ("ada@example.org", "ada@example.org"),
            (" Ada.L+x@Example.ORG ", "ada.l+x@example.org"),
            ("ａda@example.org", "ada@example.org"),
            ("żółw@example.org", "żółw@example.org"),
        ] {
            assert_eq!(Email::parse(text).map(|email| email.key().to_owned()).as_deref(), Some(key), "{text}");
        }
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@localhost",
            "a da@example.org",
            "ada@exa mple.org",
            "ada@example.org\r\nBcc: x@y.z",
            "a@b@c.org",
            "<ada@example.org>",
        ] {
            assert_eq!(Email::parse(bad), None, "{bad}");
        }
        assert_eq!(Email::parse(&format!("{}@example.org", "x".repeat(250))), None);
        assert_eq!(Email::parse("Ada.L+x@Example.org").unwrap().mailbox(), "ada.l@example.org");
        assert_eq!(format!("{:?}", Email::parse("ada@example.org").unwrap()), "Email(…)");
    }
}
