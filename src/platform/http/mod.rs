//! The HTTP edge: an accept loop of our own over hyper with poem's endpoints inside, because poem's server cannot bound
//! slow clients, connections or bodies.
//!
//! Follow a request: `server.rs` takes the connection, `watched.rs` closes it when it is too slow, `edge.rs` does what
//! is the same for every request (with `call.rs`, `client.rs`, `visitor.rs`, `caller.rs`, `limits/`, `keyed.rs`, `strict.rs`, `shape/`, `routes.rs`, `reply.rs`,
//! `headers.rs`), poem-openapi
//! calls a feature's `api.rs`. Handlers answer `Result<_, Error>`; `problem.rs` tells it to the client in words of
//! `codes.rs`. `pages.rs` has what is not API, `v1.rs` the names all features share; `reason.rs` reads why something is done, `perhaps.rs` bodies that may be left out; `prepared.rs` and `etag.rs` serve handlers whose answers are cached.

mod answer;
mod call;
mod caller;
mod client;
pub mod codes;
mod compress;
pub mod document;
mod edge;
pub mod etag;
mod headers;
mod if_match;
mod keyed;
mod limits;
pub mod pages;
mod perhaps;
mod prepared;
mod problem;
pub mod reason;
mod reply;
mod routes;
mod server;
mod shape;
mod strict;
#[cfg(test)]
mod tests;
mod v1;
mod visitor;
mod watched;

pub use answer::{Accepted, Answer, Created, Done, Nothing};
pub use caller::{Caller, Gate, Known, NoGate, SESSION_COOKIE};
pub use edge::Edge;
pub use if_match::IfMatch;
pub use limits::Letters;
pub use perhaps::Perhaps;
pub use prepared::{Cached, Prepared};
pub use problem::PROBLEM_JSON;
pub use routes::Routes;
pub use server::serve;
pub use v1::{Document, PREFIX, Tag, V1};
pub use visitor::Visitor;

/// The answer of a handler: the wanted thing, or a problem in the one shape of `problem.rs`.
pub type ApiResult<T> = crate::platform::error::Result<T>;
