//! The client's address: the peer's, unless the peer is a proxy that the operator trusts to say whom it speaks for.
//!
//! Each proxy adds the address of its own peer at the right end of the header, so what stands further left was said by
//! somebody further away. Read from the right, the first address that is no trusted proxy is the last one a trusted
//! proxy has seen with its own eyes; everything left of it is hearsay. From anybody else headers change nothing.

use crate::platform::config::{ClientHeader, Http, Network};
use poem::http::header::{FORWARDED, HeaderName};
use poem::{Addr, Request};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whose word about the client counts.
pub(super) struct Clients {
    trusted: Vec<Network>,
    header: ClientHeader,
    warned: AtomicBool,
}

impl Clients {
    pub(super) fn new(settings: &Http) -> Self {
        Self { trusted: settings.trusted_proxies.clone(), header: settings.client_header, warned: AtomicBool::new(false) }
    }

    /// Where the request comes from. IPv4 written as IPv6 is IPv4. A peer without an address, which only tests have, is 0.0.0.0.
    pub(super) fn address(&self, request: &Request) -> IpAddr {
        let peer = match &request.remote_addr().0 {
            Addr::SocketAddr(address) => address.ip().to_canonical(),
            _ => return IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        };
        if self.is_trusted(peer) {
            return self.told(request).unwrap_or(peer);
        }
        // Whoever is on this machine and passes requests on is a proxy that nobody has named.
        if peer.is_loopback() && request.headers().contains_key(self.name()) && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(%peer, "a proxy passes requests on, but is not among http.trusted_proxies: all its clients count as one, and share one rate limit");
        }
        peer
    }

    fn name(&self) -> HeaderName {
        match self.header {
            ClientHeader::XForwardedFor => X_FORWARDED_FOR,
            ClientHeader::Forwarded => FORWARDED,
        }
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }

    /// What the proxies say, if it can be read as far as it counts. Where all are trusted it is the farthest one.
    fn told(&self, request: &Request) -> Option<IpAddr> {
        let mut farthest = None;
        for line in request.headers().get_all(self.name()).iter().collect::<Vec<_>>().into_iter().rev() {
            for element in line.to_str().ok()?.rsplit(',') {
                let told = match self.header {
                    ClientHeader::XForwardedFor => node(element.trim())?,
                    ClientHeader::Forwarded => node(for_of(element)?)?,
                };
                if !self.is_trusted(told) {
                    return Some(told);
                }
                farthest = Some(told);
            }
        }
        farthest
    }
}

/// The value of `for` in one element of `Forwarded`, without quotes. No address holds a comma or a semicolon, so an element
/// in which a quoted one does is cut apart and not understood.
fn for_of(element: &str) -> Option<&str> {
    let mut values = element.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    });
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"'),
        None => Some(value),
    }
}

/// An address, perhaps with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let bare = || text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).and_then(|inner| inner.parse().ok()).map(IpAddr::V6);
    let found = text.parse::<IpAddr>().ok().or_else(bare).or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(found.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::RequestParts;
    use poem::web::{LocalAddr, RemoteAddr};

    fn clients(header: ClientHeader) -> Clients {
        let trusted = ["10.0.0.0/8", "2001:db8:1::/48"].into_iter().filter_map(Network::parse).collect();
        Clients::new(&Http { trusted_proxies: trusted, client_header: header, ..Http::default() })
    }

    fn from(peer: &str, headers: &[(&str, &str)]) -> Request {
        let builder = headers.iter().fold(poem::http::Request::builder().uri("/"), |builder, (name, value)| builder.header(*name, *value));
        let (parts, ()) = builder.body(()).unwrap().into_parts();
        let peer = Addr::SocketAddr(peer.parse().unwrap());
        let parts = RequestParts::from((parts, LocalAddr(peer.clone()), RemoteAddr(peer), poem::http::uri::Scheme::HTTP));
        Request::from_parts(parts, poem::Body::empty())
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_counts() {
        let clients = clients(ClientHeader::XForwardedFor);
        for (peer, lines, address) in [
            // From anybody else headers change nothing.
            ("192.0.2.9:1", &["6.6.6.6"][..], "192.0.2.9"),
            ("[2001:db8:2::9]:1", &["6.6.6.6"], "2001:db8:2::9"),
            ("[::ffff:192.0.2.9]:1", &[], "192.0.2.9"),
            // From a proxy: what it saw, whatever was said before it.
            ("10.0.0.1:1", &["192.0.2.1"], "192.0.2.1"),
            ("[::ffff:10.0.0.1]:1", &["192.0.2.1"], "192.0.2.1"),
            ("10.0.0.1:1", &["6.6.6.6, 192.0.2.1"], "192.0.2.1"),
            ("10.0.0.1:1", &["nonsense, 192.0.2.1,10.1.1.1"], "192.0.2.1"),
            ("10.0.0.1:1", &["6.6.6.6", "192.0.2.1", "10.1.1.1"], "192.0.2.1"),
            ("10.0.0.1:1", &["::ffff:192.0.2.1"], "192.0.2.1"),
            ("[2001:db8:1::1]:1", &["2001:db8:9::1"], "2001:db8:9::1"),
            ("10.0.0.1:1", &["[2001:db8:9::1]:443"], "2001:db8:9::1"),
            ("10.0.0.1:1", &["192.0.2.1:443"], "192.0.2.1"),
            // All of them proxies: the farthest.
            ("10.0.0.1:1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // Nothing, or nothing to be read: the peer.
            ("10.0.0.1:1", &[], "10.0.0.1"),
            ("10.0.0.1:1", &[""], "10.0.0.1"),
            ("10.0.0.1:1", &["192.0.2.1, "], "10.0.0.1"),
            ("10.0.0.1:1", &["192.0.2.1, unknown"], "10.0.0.1"),
            ("10.0.0.1:1", &["192.0.2.1, 300.1.1.1, 10.0.0.2"], "10.0.0.1"),
            ("10.0.0.1:1", &["192.0.2.1;"], "10.0.0.1"),
        ] {
            let headers: Vec<(&str, &str)> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(clients.address(&from(peer, &headers)).to_string(), address, "{peer} {lines:?}");
        }
    }

    #[test]
    fn only_the_chosen_header_is_looked_at() {
        let request = from("10.0.0.1:1", &[("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.2")]);
        assert_eq!(clients(ClientHeader::XForwardedFor).address(&request).to_string(), "192.0.2.1");
        assert_eq!(clients(ClientHeader::Forwarded).address(&request).to_string(), "192.0.2.2");
    }

    #[test]
    fn the_standard_header_is_read_in_all_its_spellings() {
        let clients = clients(ClientHeader::Forwarded);
        for (value, address) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("For=\"192.0.2.1:47011\";proto=https;by=10.0.0.1", "192.0.2.1"),
            ("proto=http; FOR=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=6.6.6.6, for=192.0.2.1, for=10.0.0.2", "192.0.2.1"),
            ("for=unknown", "10.0.0.1"),
            ("for=_hidden, for=10.0.0.2", "10.0.0.1"),
            ("for=\"192.0.2.1", "10.0.0.1"),
            ("for=192.0.2.1;for=192.0.2.2", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
            ("192.0.2.1", "10.0.0.1"),
        ] {
            assert_eq!(clients.address(&from("10.0.0.1:1", &[("forwarded", value)])).to_string(), address, "{value}");
        }
    }

    #[test]
    fn a_request_without_a_socket_comes_from_nowhere() {
        assert_eq!(clients(ClientHeader::XForwardedFor).address(&Request::builder().header("x-forwarded-for", "192.0.2.1").finish()).to_string(), "0.0.0.0");
    }
}
