//! What payouts hold about people: where hosts want their money, and what they were paid.

use super::store::{methods, payouts as rows};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{Instant, UserId};
use serde_json::json;
use uuid::Uuid;

/// Rows of a person that are read at once.
const PAGE: i64 = 500;

/// See [`PersonalData`]. What was paid is kept without a name, as books must be; accounts go with their owner.
pub struct PayoutData;

impl PersonalData for PayoutData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("payout_methods")?;
        for method in methods::of_user(conn, user)? {
            archive.item(&json!({
                "id": method.id, "kind": method.kind, "account_ends_with": method.hint, "active_at": method.active_at.to_string(),
                "created_at": method.created_at.to_string(),
            }))?;
        }
        archive.list("payouts")?;
        let (filter, mut before) = (rows::Filter { host: Some(user), ..rows::Filter::default() }, Uuid::max());
        loop {
            let page = rows::list(conn, &filter, before, PAGE)?;
            for payout in &page {
                archive.item(&json!({
                    "id": payout.id, "amount": payout.amount, "netted": payout.netted, "currency": payout.currency.code(), "kind": payout.kind,
                    "state": payout.state.name(), "created_at": payout.created_at.to_string(), "ended_at": payout.ended_at.map(|at| at.to_string()),
                }))?;
            }
            let Some(last) = page.last() else { return Ok(()) };
            before = last.id;
        }
    }

    fn blocks_erasure(&self, conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Blocker>> {
        // What is owed and not under way the books tell.
        let blocker = || Blocker { reason: "payout_under_way", message: "A payout is under way.".into() };
        Ok(if rows::is_any_under_way(conn, user)? { vec![blocker()] } else { Vec::new() })
    }

    fn erase(&self, tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
        methods::forget(tx, now, user)
    }
}
