//! What credit holds about people: what they have of it. Each movement is in the part of the ledger.

use super::service;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{Instant, UserId};
use serde_json::json;

/// See [`PersonalData`]. Credit keeps nobody here: it was a gift, and what is left of it goes back to the house.
pub struct CreditData;

impl PersonalData for CreditData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("credit")?;
        for balance in service::balances(conn, user)? {
            archive.item(&json!({"amount": balance.minor, "currency": balance.currency.code()}))?;
        }
        Ok(())
    }

    fn blocks_erasure(&self, _conn: &mut Conn<'_>, _user: UserId) -> DbResult<Vec<Blocker>> {
        Ok(Vec::new())
    }

    fn forfeits(&self, conn: &mut Conn<'_>, user: UserId) -> DbResult<Option<String>> {
        let had: Vec<String> = service::balances(conn, user)?.into_iter().filter(|balance| balance.minor > 0).map(|balance| balance.to_string()).collect();
        Ok((!had.is_empty()).then(|| format!("Your credit of {} goes with it: use it before then, it is not paid out.", had.join(" and "))))
    }

    fn erase(&self, tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
        service::give_up(tx, now, user)
    }
}
