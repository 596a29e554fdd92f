//! What claims hold about people: what they said of each other.

use super::store;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{Instant, UserId};
use serde_json::json;

/// See [`PersonalData`]. Amounts are part of the books of both sides and stay; words go, whoever of the two wrote them: they are about both.
pub struct ClaimData;

impl PersonalData for ClaimData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("claims")?;
        for claim in store::of_person(conn, user)? {
            archive.item(&json!({
                "id": claim.id, "booking_id": claim.booking.0, "state": claim.state.name(), "items": claim.items, "amount": claim.amount,
                "currency": claim.currency.code(), "description": claim.description, "offered": claim.offered, "answer": claim.answer,
                "settled": claim.settled, "created_at": claim.created_at.to_string(),
            }))?;
        }
        Ok(())
    }

    fn blocks_erasure(&self, conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Blocker>> {
        let open = store::of_person(conn, user)?.iter().any(|claim| !claim.state.is_over());
        let message = "There are damage claims, as a guest or as a host, that have not come to their end.".to_owned();
        Ok(if open { vec![Blocker { reason: "open_claims", message }] } else { Vec::new() })
    }

    fn erase(&self, tx: &mut Tx<'_>, _now: Instant, user: UserId) -> DbResult<()> {
        store::forget_words(tx, user)
    }
}
