//! Use cases of accounts; so far reading a public profile.

use super::store;
use crate::platform::db::{Conn, DbResult};
use crate::values::UserId;

pub use super::store::Profile;

/// What everybody may know of a person; `None` when there is nobody with this id.
pub fn profile(conn: &mut Conn<'_>, id: UserId) -> DbResult<Option<Profile>> {
    store::profile(conn, id)
}
