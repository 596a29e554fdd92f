//! How settings spell durations, sizes and networks: `10s`, `64KiB`, `127.0.0.0/8`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// A duration such as `500ms`, `10s`, `2m` or `1h`; a bare number counts seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

/// A number of bytes such as `64KiB` or `2MiB`; a bare number counts bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub usize);

/// A network such as `127.0.0.0/8`; a bare address stands for itself alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Span {
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let millis = match unit {
            "ms" => number,
            "" | "s" => number.checked_mul(1_000)?,
            "m" => number.checked_mul(60_000)?,
            "h" => number.checked_mul(3_600_000)?,
            _ => return None,
        };
        Some(Self(Duration::from_millis(millis)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        if millis.is_multiple_of(1_000) { write!(f, "{}s", millis / 1_000) } else { write!(f, "{millis}ms") }
    }
}

impl Size {
    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let factor = match unit {
            "" | "B" => 1,
            "KiB" | "k" | "K" => 1 << 10,
            "MiB" | "M" => 1 << 20,
            "GiB" | "G" => 1 << 30,
            _ => return None,
        };
        usize::try_from(number.checked_mul(factor)?).ok().map(Self)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(f, "{}{name}", self.0 / unit);
            }
        }
        write!(f, "{}", self.0)
    }
}

impl Network {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Some(most), |p| p.parse().ok().filter(|p| *p <= most))?;
        Some(Self { address, prefix })
    }

    /// Whether all addresses of a kind are in it.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.prefix == 0
    }

    /// Whether `peer` is in this network; IPv4 addresses written as IPv6 count as IPv4.
    #[must_use]
    pub fn contains(&self, peer: IpAddr) -> bool {
        match (self.address, peer.to_canonical()) {
            (IpAddr::V4(mine), IpAddr::V4(theirs)) => (mine.to_bits() ^ theirs.to_bits()).checked_shr(32 - self.prefix).unwrap_or(0) == 0,
            (IpAddr::V6(mine), IpAddr::V6(theirs)) => (mine.to_bits() ^ theirs.to_bits()).checked_shr(128 - self.prefix).unwrap_or(0) == 0,
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((text[..digits].parse().ok()?, text[digits..].trim_start()))
}

/// A setting that is written as text but may also be given as a bare number.
#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Number(u64),
    Text(String),
}

macro_rules! as_text {
    ($name:ty, $what:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = match TextOrNumber::deserialize(deserializer).map_err(|_other| de::Error::custom(concat!("must be ", $what)))? {
                    TextOrNumber::Number(number) => number.to_string(),
                    TextOrNumber::Text(text) => text,
                };
                Self::parse(&text).ok_or_else(|| de::Error::custom(format!(concat!("must be ", $what, ", not `{}`"), text)))
            }
        }
    };
}

as_text!(Span, "a duration such as 500ms, 10s or 2m");
as_text!(Size, "a size such as 4096, 64KiB or 2MiB");
as_text!(Network, "a network such as 127.0.0.0/8 or an address");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_written() {
        for (text, millis) in [("10s", 10_000), ("10", 10_000), ("500ms", 500), ("2 m", 120_000), ("1h", 3_600_000)] {
            assert_eq!(Span::parse(text).map(|s| s.0.as_millis()), Some(millis), "{text}");
        }
        for (text, bytes) in [("64KiB", 65_536), ("1024", 1_024), ("2 MiB", 2 << 20)] {
            assert_eq!(Size::parse(text).map(|s| s.0), Some(bytes), "{text}");
        }
        for bad in ["", "s", "-1s", "1 day", "1.5s", "99999999999999999999s"] {
            assert_eq!(Span::parse(bad), None, "{bad}");
            assert_eq!(Size::parse(bad), None, "{bad}");
        }
        assert_eq!((Span::seconds(10).to_string(), Size(65_536).to_string(), Size(1_000).to_string()), ("10s".into(), "64KiB".into(), "1000".into()));
    }

    #[test]
    fn networks_contain_their_addresses() {
        for (network, peer, inside) in [
            ("127.0.0.0/8", "127.9.9.9", true),
            ("127.0.0.0/8", "128.0.0.1", false),
            ("127.0.0.0/8", "::ffff:127.0.0.1", true),
            ("::1/128", "::1", true),
            ("::1", "::2", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("::/0", "2001:db8::1", true),
            ("10.0.0.1", "10.0.0.1", true),
        ] {
            assert_eq!(Network::parse(network).unwrap().contains(peer.parse().unwrap()), inside, "{peer} in {network}");
        }
        for bad in ["", "127.0.0.0/33", "::1/129", "host/8", "127.0.0.1/-1"] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }
}
