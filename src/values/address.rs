//! The network an address belongs to: enough to recognise a neighbourhood, too little to point at a person.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The first 24 bits of an IPv4 address or the first 48 of an IPv6 one; the rest is forgotten when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressPrefix {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl From<IpAddr> for AddressPrefix {
    /// An IPv4 address inside an IPv6 one (`::ffff:203.0.113.7`) counts as IPv4.
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(Ipv4Addr::from_bits(v4.to_bits() & (u32::MAX << 8))),
            IpAddr::V6(v6) => Self::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 80))),
        }
    }
}

impl std::fmt::Display for AddressPrefix {
    /// `203.0.113.0/24` or `2001:db8:1::/48`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::V4(v4) => write!(f, "{v4}/24"),
            Self::V6(v6) => write!(f, "{v6}/48"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_network_remains() {
        for (address, prefix) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
            ("::1", "::/48"),
            ("255.255.255.255", "255.255.255.0/24"),
        ] {
            assert_eq!(AddressPrefix::from(address.parse::<IpAddr>().unwrap()).to_string(), prefix);
        }
    }
}
