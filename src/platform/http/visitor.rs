//! What a handler may know of where a request came from.

use crate::values::{AddressPrefix, Origin};
use poem::http::header;
use poem::{FromRequest, Request, RequestBody};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Longest name of a program or device that is kept.
const DEVICE_CHARS: usize = 120;

/// Where a request came from. The edge puts it into every request; handlers take it as an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    pub request_id: String,
    /// The client's address, as far as the proxies in front are trusted.
    pub address: IpAddr,
    /// What the client calls itself (`User-Agent`), cut; empty when it says nothing.
    pub device: String,
}

impl Visitor {
    pub(super) fn of(request: &Request, request_id: &str, address: IpAddr) -> Self {
        let device = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self { request_id: request_id.to_owned(), address, device: device.chars().take(DEVICE_CHARS).collect() }
    }
}

impl Visitor {
    /// What the audit trail keeps of it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin { request_id: self.request_id.clone(), address: Some(AddressPrefix::from(self.address)) }
    }

    /// The network the client is in, as it is shown to the owner of a session.
    #[must_use]
    pub fn prefix(&self) -> String {
        AddressPrefix::from(self.address).to_string()
    }
}

/// As a handler's argument.
impl<'a> FromRequest<'a> for Visitor {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        Ok(request.extensions().get::<Arc<Self>>().map_or_else(|| Self::of(request, "", Ipv4Addr::UNSPECIFIED.into()), |visitor| Self::clone(visitor)))
    }
}
