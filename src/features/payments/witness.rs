//! What the sandbox's own books say lies there, for the ledger's check L8.

use super::provider::SANDBOX;
use super::store::{calls, sandbox};
use crate::features::ledger::Witness;
use crate::platform::db::{Conn, DbResult};
use crate::values::{Currency, Instant};

/// Speaks for the sandbox as for a company of its own. While calls are under way it says nothing: one of the two sides knows more then.
pub struct SandboxWitness;

impl Witness for SandboxWitness {
    fn at_providers(&self, conn: &mut Conn<'_>) -> DbResult<Vec<(String, Currency, i64)>> {
        if calls::is_any_under_way(conn)? {
            return Ok(Vec::new());
        }
        let totals = super::provider::sandbox_totals(&sandbox::totals(conn, Instant(0), Instant(i64::MAX / 4))?);
        let lies = |total: super::provider::Total| {
            let currency = Currency::parse(&total.currency)?;
            Some((SANDBOX.to_owned(), currency, total.captured - total.refunded - total.disputed - total.fees - total.paid_out))
        };
        Ok(totals.into_iter().filter_map(lies).collect())
    }
}
