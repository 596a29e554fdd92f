//! The table `personal_tokens`; what the gate reads of it is in `standing.rs`.

use crate::platform::db::{DbResult, Tx};
use crate::values::{Instant, UserId};

/// Ends all tokens of a person. Answers how many.
pub(in super::super) fn end_all(tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<u64> {
    tx.execute("UPDATE personal_tokens SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL", &[user.into(), now.into()])
}

/// Notes that a token is in use.
pub(in super::super) fn touch(tx: &mut Tx<'_>, now: Instant, id: uuid::Uuid) -> DbResult<()> {
    tx.execute("UPDATE personal_tokens SET last_used_at = $2 WHERE id = $1", &[id.into(), now.into()])?;
    Ok(())
}
