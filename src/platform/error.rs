//! One error, two halves: the house said no (tell the guest), or we broke (tell the log).
//!
//! Use cases answer [`Error`]; which HTTP status a [`Kind`] becomes is decided in `http/problem.rs`, and every
//! public code is explained in `http/codes.rs`.

use super::db::DbError;
use serde_json::{Map, Value};

/// The answer of a use case, and of a handler (see `http`).
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule refused; the client is told why.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// Our fault: logged once at the edge with its causes; the client sees 500 and a request id.
    #[error(transparent)]
    Broken(#[from] anyhow::Error),
}

/// What sort of "no" it is; `http/problem.rs` turns it into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 400: the request cannot be understood.
    Malformed,
    /// 401: who are you?
    Unauthenticated,
    /// 402: it is not paid.
    PaymentNeeded,
    /// 403: known, but not allowed.
    Forbidden,
    /// 404: there is no such thing, or not for you.
    NotFound,
    /// 405: there is such a thing, but not with this method.
    MethodNotAllowed,
    /// 408: the request came too slowly.
    TooSlow,
    /// 409: the state of things is against it.
    Conflict,
    /// 410: it was there, and is not any more.
    Gone,
    /// 412: it changed since you looked.
    Stale,
    /// 413: more than we take.
    TooLarge,
    /// 414: the address is longer than we read.
    UriTooLong,
    /// 415: not a format we read.
    UnsupportedMedia,
    /// 422: understood, and refused.
    Unacceptable,
    /// 429: too often.
    TooMany,
    /// 431: the head of the request is larger than we read.
    HeadTooLarge,
    /// 500: we broke.
    Broken,
    /// 503: not now; try again shortly.
    Busy,
    /// 507: the disk is full.
    StorageFull,
}

/// A refusal in all its parts.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub struct Refused {
    pub kind: Kind,
    /// Public, stable, snake_case; never changes its meaning and is listed in `http/codes.rs`.
    pub code: &'static str,
    /// One or two sentences for whoever reads the answer.
    pub detail: String,
    /// Which fields or parameters are meant.
    pub errors: Vec<FieldError>,
    /// Further members of the answer, such as `reasons` or `nearest_available`.
    pub data: Map<String, Value>,
    /// When it may be worth asking again.
    pub retry_after_seconds: Option<u32>,
    /// The methods that would have been right, for `Allow`.
    pub allow: Option<String>,
}

/// One field or parameter that was refused.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// `/query/NAME`, `/path/NAME`, `/header/NAME`, or a JSON pointer into the body such as `/body/guests/0`.
    pub pointer: String,
    pub code: &'static str,
    pub message: String,
}

impl FieldError {
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, message: message.into() }
    }
}

impl Refused {
    #[must_use]
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, code, detail: detail.into(), errors: Vec::new(), data: Map::new(), retry_after_seconds: None, allow: None }
    }
}

impl Error {
    /// The house says no.
    #[must_use]
    pub fn refused(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Refused::new(kind, code, detail).into()
    }

    /// Nothing of this kind is there, or nothing the caller may see.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::refused(Kind::NotFound, "not_found", detail)
    }

    /// A query parameter that cannot be read: 400 `invalid_parameter`.
    #[must_use]
    pub fn invalid_parameter(name: &str, message: impl Into<String>) -> Self {
        Self::of_parameter(Kind::Malformed, "invalid_parameter", name, message)
    }

    /// A query parameter that was understood but is outside its limits: 422 `out_of_range`.
    #[must_use]
    pub fn out_of_range(name: &str, message: impl Into<String>) -> Self {
        Self::of_parameter(Kind::Unacceptable, "out_of_range", name, message)
    }

    /// A refusal of one query parameter with a code of your own.
    #[must_use]
    pub fn of_parameter(kind: Kind, code: &'static str, name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::refused(kind, code, format!("{name}: {message}")).with_error(FieldError::new(format!("/query/{name}"), code, message))
    }

    /// Names one more field; leaves [`Error::Broken`] as it is.
    #[must_use]
    pub fn with_error(mut self, error: FieldError) -> Self {
        if let Self::Refused(refused) = &mut self {
            refused.errors.push(error);
        }
        self
    }

    /// Adds a member to the answer; leaves [`Error::Broken`] as it is.
    #[must_use]
    pub fn with_data(mut self, name: &str, value: Value) -> Self {
        if let Self::Refused(refused) = &mut self {
            refused.data.insert(name.to_owned(), value);
        }
        self
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Refused(Box::new(refused))
    }
}

impl From<Box<Refused>> for Error {
    fn from(refused: Box<Refused>) -> Self {
        Self::Refused(refused)
    }
}

/// Implemented by the refusal enums of `rules.rs`: each names its kind, its code and its wording.
pub trait Refusal {
    fn refused(&self) -> Refused;
}

impl<R: Refusal> From<R> for Error {
    fn from(refusal: R) -> Self {
        refusal.refused().into()
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Overloaded => {
                let mut refused = Refused::new(Kind::Busy, "overloaded", "Too many writes are waiting; please try again shortly.");
                refused.retry_after_seconds = Some(1);
                refused.into()
            }
            DbError::Full => Self::refused(Kind::StorageFull, "storage_full", "The server has no room left to store anything."),
            other => Self::Broken(other.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_trouble_that_passes_is_told_apart_from_breakage() {
        let Error::Refused(busy) = Error::from(DbError::Overloaded) else { panic!("not refused") };
        assert_eq!((busy.kind, busy.code, busy.retry_after_seconds), (Kind::Busy, "overloaded", Some(1)));
        let Error::Refused(full) = Error::from(DbError::Full) else { panic!("not refused") };
        assert_eq!((full.kind, full.code), (Kind::StorageFull, "storage_full"));
        assert!(matches!(Error::from(DbError::Closed), Error::Broken(_)));
    }

    #[test]
    fn a_parameter_is_named_by_a_pointer() {
        let Error::Refused(refused) = Error::out_of_range("limit", "must be 1 to 100") else { panic!("not refused") };
        assert_eq!(refused.errors, [FieldError::new("/query/limit", "out_of_range", "must be 1 to 100")]);
        assert_eq!(refused.detail, "limit: must be 1 to 100");
    }
}
