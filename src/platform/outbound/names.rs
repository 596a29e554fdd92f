//! From a name to addresses that may be called. The connection is made to what comes out of here, without another look-up, so a
//! name that answers differently the second time gains nothing.

use super::address::is_public;
use crate::platform::config::Network;
use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Longest wait for an answer about a name.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// Looks up the addresses of a name. Tests bring their own.
pub trait Lookup: Debug + Send + Sync + 'static {
    fn look_up(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>>;
}

/// What the machine says.
#[derive(Debug)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn look_up(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
        (host, port).to_socket_addrs().map(Iterator::collect)
    }
}

/// Which addresses may be called.
#[derive(Debug, Clone)]
pub(super) enum Judge {
    Anything,
    /// Public ones and those in `allow`, none in `deny`.
    Public {
        allow: Vec<Network>,
        deny: Vec<Network>,
    },
}

impl Judge {
    pub(super) fn allows(&self, address: IpAddr) -> bool {
        let Self::Public { allow, deny } = self else { return true };
        let within = |networks: &[Network]| networks.iter().any(|network| network.contains(address));
        within(allow) || (is_public(address) && !within(deny))
    }
}

/// Looks names up and judges every answer.
#[derive(Debug, Clone)]
pub(super) struct Guarded {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) judge: Judge,
}

/// What a guarded look-up refuses with; told apart from other errors by this text.
pub(super) const NOT_PUBLIC: &str = "an address that is not public";

impl Guarded {
    pub(super) fn addresses(&self, host: &str, port: u16, patience: Duration) -> Result<Vec<SocketAddr>, ureq::Error> {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let found = match bare.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_a_name) => {
                let (lookup, host) = (Arc::clone(&self.lookup), host.to_owned());
                let (tell, hear) = mpsc::sync_channel(1);
                // The system's look-up cannot be called off; it ends by itself, and how many wait is bounded by the room for calls.
                std::thread::spawn(move || drop(tell.send(lookup.look_up(&host, port))));
                hear.recv_timeout(patience).map_err(|_late| ureq::Error::Timeout(ureq::Timeout::Resolve))?.map_err(|_unknown| ureq::Error::HostNotFound)?
            }
        };
        // One bad address among good ones is refused as a whole: which one would be connected to is not ours to guess.
        if found.iter().any(|address| !self.judge.allows(address.ip())) {
            return Err(ureq::Error::BadUri(NOT_PUBLIC.into()));
        }
        Ok(found)
    }
}

impl Resolver for Guarded {
    fn resolve(&self, uri: &Uri, _config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?;
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let found = self.addresses(host, port, PATIENCE.min(*timeout.after))?;
        let mut addresses = self.empty();
        for address in found.into_iter().take(8) {
            addresses.push(address);
        }
        if addresses.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(addresses) }
    }
}
