//! What goes into a statement and what comes out of a row, on both engines.
//!
//! | here | PostgreSQL | SQLite |
//! |---|---|---|
//! | `Uuid` and every id | UUID | 16-byte blob |
//! | [`Night`] | DATE | text `YYYY-MM-DD` |
//! | [`Instant`] | TIMESTAMPTZ | integer microseconds since 1970 UTC |
//! | [`Json`] | JSONB | text; the root is an object or an array |
//! | `i64`, `bool`, `f64`, `String`, bytes | BIGINT, BOOLEAN, DOUBLE PRECISION, TEXT, BYTEA | integer, integer, real, text, blob |

use super::error::{DbError, DbResult};
use crate::values::{BookingId, EventId, ImportId, Instant, ListingId, Night, PaymentId, RefundId, ReviewId, UserId};
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

/// A value to bind.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
    Uuid(Uuid),
    Night(Night),
    Instant(Instant),
    Json(String),
}

/// The values of `$1`, `$2` … of one statement.
pub type Params<'a> = &'a [Value];

/// A JSON document as text; the root must be an object or an array (SQLite would turn a bare number into one).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(pub String);

impl Json {
    /// The document of a value whose root is an object or an array.
    pub fn of(value: &impl serde::Serialize) -> DbResult<Self> {
        serde_json::to_string(value).map(Self).map_err(|e| DbError::Column { column: 0, reason: e.to_string() })
    }
}

macro_rules! into_value {
    ($($from:ty => |$x:ident| $make:expr),+ $(,)?) => { $(
        impl From<$from> for Value {
            fn from($x: $from) -> Self { $make }
        }
    )+ };
}

into_value! {
    bool => |x| Self::Bool(x),
    i64 => |x| Self::Int(x),
    i32 => |x| Self::Int(x.into()),
    u32 => |x| Self::Int(x.into()),
    u16 => |x| Self::Int(x.into()),
    u8 => |x| Self::Int(x.into()),
    f64 => |x| Self::Real(x),
    &str => |x| Self::Text(x.to_owned()),
    &String => |x| Self::Text(x.clone()),
    String => |x| Self::Text(x),
    Vec<u8> => |x| Self::Bytes(x),
    Uuid => |x| Self::Uuid(x),
    ListingId => |x| Self::Uuid(x.0),
    UserId => |x| Self::Uuid(x.0),
    ReviewId => |x| Self::Uuid(x.0),
    BookingId => |x| Self::Uuid(x.0),
    PaymentId => |x| Self::Uuid(x.0),
    RefundId => |x| Self::Uuid(x.0),
    ImportId => |x| Self::Uuid(x.0),
    EventId => |x| Self::Uuid(x.0),
    Night => |x| Self::Night(x),
    Instant => |x| Self::Instant(x),
    Json => |x| Self::Json(x.0),
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Microseconds between 1970 and PostgreSQL's epoch, 2000-01-01.
const PG_EPOCH_MICROS: i64 = 946_684_800_000_000;
/// Days between 1970 and PostgreSQL's epoch.
const PG_EPOCH_DAYS: i32 = 10_957;

/// Dates that could not be read back are not stored.
fn understood(night: Night) -> Result<Night, &'static str> {
    if (Night::FIRST..=Night::LAST).contains(&night) { Ok(night) } else { Err("a date out of reach") }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, Value as V, ValueRef as R};
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(V::Null),
            Self::Bool(b) => ToSqlOutput::Owned(V::Integer((*b).into())),
            Self::Int(n) | Self::Instant(Instant(n)) => ToSqlOutput::Owned(V::Integer(*n)),
            Self::Real(x) => ToSqlOutput::Owned(V::Real(*x)),
            Self::Text(s) | Self::Json(s) => ToSqlOutput::Borrowed(R::Text(s.as_bytes())),
            Self::Bytes(b) => ToSqlOutput::Borrowed(R::Blob(b)),
            Self::Uuid(id) => ToSqlOutput::Borrowed(R::Blob(id.as_bytes())),
            Self::Night(night) => ToSqlOutput::Owned(V::Text(understood(*night).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?.to_string())),
        })
    }
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut bytes::BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, ty) {
            (Self::Null, _) => return Ok(IsNull::Yes),
            (Self::Int(n), &Type::INT4) => return i32::try_from(*n)?.to_sql(ty, out),
            (Self::Int(n), &Type::INT8) => return n.to_sql(ty, out),
            (Self::Bool(b), &Type::BOOL) => return b.to_sql(ty, out),
            (Self::Real(x), &Type::FLOAT8) => return x.to_sql(ty, out),
            (Self::Text(s), &Type::TEXT | &Type::VARCHAR | &Type::NAME) => return s.to_sql(ty, out),
            (Self::Bytes(b), &Type::BYTEA) => return b.to_sql(ty, out),
            (Self::Uuid(id), &Type::UUID) => return id.to_sql(ty, out),
            (Self::Night(night), &Type::DATE) => out.extend_from_slice(&(understood(*night)?.0 - PG_EPOCH_DAYS).to_be_bytes()),
            (Self::Instant(at), &Type::TIMESTAMPTZ) => {
                out.extend_from_slice(&at.0.checked_sub(PG_EPOCH_MICROS).ok_or("an instant out of reach")?.to_be_bytes());
            }
            (Self::Json(text), &Type::JSONB) => {
                out.extend_from_slice(&[1]);
                out.extend_from_slice(text.as_bytes());
            }
            _ => return Err(format!("{self:?} does not fit the SQL type {ty}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// One row of an answer; columns are read by their place, 0 first.
pub enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a postgres::Row),
}

impl Row<'_> {
    /// A whole number as a smaller type; the schema's CHECKs see to it that it fits.
    pub fn small<T: TryFrom<i64>>(&self, column: usize) -> DbResult<T> {
        let number: i64 = self.get(column)?;
        T::try_from(number).map_err(|_too_large| DbError::Column { column, reason: format!("{number} does not fit") })
    }

    /// [`Row::small`], or `None` for NULL.
    pub fn small_or_null<T: TryFrom<i64>>(&self, column: usize) -> DbResult<Option<T>> {
        if self.get::<Option<i64>>(column)?.is_none() { Ok(None) } else { self.small(column).map(Some) }
    }

    /// A text column that must name something this release knows.
    pub fn known<T>(&self, column: usize, parse: impl Fn(&str) -> Option<T>) -> DbResult<T> {
        self.text(column, parse)?.ok_or_else(|| DbError::Column { column, reason: "the word is unknown to this release".into() })
    }

    /// A JSON column as what was written with [`Json::of`].
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: usize) -> DbResult<T> {
        let Json(text) = self.get(column)?;
        serde_json::from_str(&text).map_err(|e| DbError::Column { column, reason: e.to_string() })
    }

    /// Hands a text column to `take` without copying it.
    pub fn text<T>(&self, column: usize, take: impl FnOnce(&str) -> T) -> DbResult<T> {
        let text = match self {
            Self::Sqlite(row) => row.get_ref(column)?.as_str().map_err(|e| e.to_string()),
            Self::Postgres(row) => row.try_get::<_, &str>(column).map_err(|e| e.to_string()),
        };
        text.map(take).map_err(|reason| DbError::Column { column, reason })
    }

    /// The column as `T`; fails with [`DbError::Column`] when it holds something else.
    pub fn get<T: Column>(&self, column: usize) -> DbResult<T> {
        let value = match self {
            Self::Sqlite(row) => T::from_sqlite(row.get_ref(column)?),
            Self::Postgres(row) => {
                row.try_get::<_, Pg<T>>(column).map(|pg| pg.0).map_err(|e| format!("{e}: {:?}", std::error::Error::source(&e).map(ToString::to_string)))
            }
        };
        value.map_err(|reason| DbError::Column { column, reason })
    }
}

/// A type that a column can be read as.
pub trait Column: Sized {
    fn from_sqlite(value: rusqlite::types::ValueRef<'_>) -> Result<Self, String>;
    /// `raw` is `None` for NULL.
    fn from_postgres(ty: &Type, raw: Option<&[u8]>) -> Result<Self, String>;
}

struct Pg<T>(T);

impl<'a, T: Column> FromSql<'a> for Pg<T> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        T::from_postgres(ty, Some(raw)).map(Pg).map_err(Into::into)
    }
    fn from_sql_null(ty: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        T::from_postgres(ty, None).map(Pg).map_err(Into::into)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
}

impl<T: Column> Column for Option<T> {
    fn from_sqlite(value: rusqlite::types::ValueRef<'_>) -> Result<Self, String> {
        if value == rusqlite::types::ValueRef::Null { Ok(None) } else { T::from_sqlite(value).map(Some) }
    }
    fn from_postgres(ty: &Type, raw: Option<&[u8]>) -> Result<Self, String> {
        raw.map(|raw| T::from_postgres(ty, Some(raw))).transpose()
    }
}

/// Reads one SQLite storage class and one PostgreSQL type.
macro_rules! column {
    ($type:ty, $pattern:pat => $sqlite:expr, |$ty:ident, $raw:ident| $postgres:expr) => {
        impl Column for $type {
            fn from_sqlite(value: rusqlite::types::ValueRef<'_>) -> Result<Self, String> {
                use rusqlite::types::ValueRef::*;
                match value {
                    $pattern => $sqlite,
                    other => Err(format!("expected {}, found {}", stringify!($type), other.data_type())),
                }
            }
            fn from_postgres($ty: &Type, raw: Option<&[u8]>) -> Result<Self, String> {
                let Some($raw) = raw else { return Err(format!("expected {}, found NULL", stringify!($type))) };
                $postgres
            }
        }
    };
}

fn native<'a, T: FromSql<'a>>(ty: &Type, raw: &'a [u8]) -> Result<T, String> {
    if !T::accepts(ty) {
        return Err(format!("unexpected SQL type {ty}"));
    }
    T::from_sql(ty, raw).map_err(|e| e.to_string())
}

column!(i64, Integer(n) => Ok(n), |ty, raw| if *ty == Type::INT4 { native::<i32>(ty, raw).map(i64::from) } else { native(ty, raw) });
column!(bool, Integer(n) => Ok(n != 0), |ty, raw| native(ty, raw));
column!(f64, Real(x) => Ok(x), |ty, raw| native(ty, raw));
column!(String, Text(t) => std::str::from_utf8(t).map(str::to_owned).map_err(|e| e.to_string()), |ty, raw| native(ty, raw));
column!(Vec<u8>, Blob(b) => Ok(b.to_vec()), |ty, raw| native(ty, raw));
column!(Uuid, Blob(b) => Self::from_slice(b).map_err(|e| e.to_string()), |ty, raw| native(ty, raw));
column!(Instant, Integer(n) => Ok(Self(n)), |ty, raw| if *ty == Type::TIMESTAMPTZ {
    eight(raw)?.checked_add(PG_EPOCH_MICROS).map(Self).ok_or_else(|| "an instant out of reach".into())
} else {
    Err(format!("unexpected SQL type {ty}"))
});
column!(Night, Text(t) => std::str::from_utf8(t).ok().and_then(Self::parse).ok_or_else(|| "not a date".into()), |ty, raw| {
    let days: [u8; 4] = raw.try_into().ok().filter(|_| *ty == Type::DATE).ok_or_else(|| format!("unexpected SQL type {ty}"))?;
    i32::from_be_bytes(days).checked_add(PG_EPOCH_DAYS).map(Self).ok_or_else(|| "a date out of reach".into())
});
column!(Json, Text(t) => std::str::from_utf8(t).map(|s| Self(s.to_owned())).map_err(|e| e.to_string()), |ty, raw| {
    let text = if *ty == Type::JSONB { raw.get(1..).unwrap_or(raw) } else { raw };
    std::str::from_utf8(text).map(|s| Self(s.to_owned())).map_err(|e| e.to_string())
});

fn eight(raw: &[u8]) -> Result<i64, String> {
    raw.try_into().map(i64::from_be_bytes).map_err(|_| "expected eight bytes".to_owned())
}

macro_rules! id_columns {
    ($($id:ident),+) => { $(
        impl Column for $id {
            fn from_sqlite(value: rusqlite::types::ValueRef<'_>) -> Result<Self, String> {
                Uuid::from_sqlite(value).map(Self)
            }
            fn from_postgres(ty: &Type, raw: Option<&[u8]>) -> Result<Self, String> {
                Uuid::from_postgres(ty, raw).map(Self)
            }
        }
    )+ };
}
id_columns!(ListingId, UserId, ReviewId, BookingId, PaymentId, RefundId, ImportId, EventId);
