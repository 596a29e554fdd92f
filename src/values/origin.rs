//! Where a change came from: which request, and from which network.

use super::address::AddressPrefix;

/// What is remembered of the request behind a change. Work without a request has an origin too: [`Origin::inside`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The id that the client was told and the log carries; for work without a request, the name of that work.
    pub request_id: String,
    /// `None` for work without a request, and where the address is unknown.
    pub address: Option<AddressPrefix>,
}

impl Origin {
    /// The origin of work that nobody on the network asked for: a command, a job. `work` names it, as in `job sweep`.
    #[must_use]
    pub fn inside(work: &str) -> Self {
        Self { request_id: work.to_owned(), address: None }
    }
}
