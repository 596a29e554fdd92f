//! SQL of the messages of providers.

use crate::features::payments::rules::facts::Facts;
use crate::platform::db::{DbError, DbResult, Json, Tx};
use crate::values::{Instant, PaymentId};

/// A message of a provider.
#[derive(Debug, Clone)]
pub(in super::super) struct Message<'a> {
    pub provider: &'a str,
    pub event: &'a str,
    pub kind: &'a str,
    pub facts: &'a Facts,
}

const INSERT: &str = "INSERT INTO provider_events (provider, event_id, kind, reference, payment_id, facts, waits, received_at)
    VALUES ($1, $2, $3, $4, $5, $6, FALSE, $7) ON CONFLICT DO NOTHING";
const PARK: &str = "UPDATE provider_events SET waits = TRUE WHERE provider = $1 AND event_id = $2";
const WAITING_BY_REFERENCE: &str = "SELECT event_id, facts FROM provider_events WHERE provider = $1 AND reference = $2 AND waits ORDER BY event_id";
const WAITING_OF_PAYMENT: &str =
    "SELECT event_id, facts FROM provider_events WHERE payment_id = $1 AND provider = $2 AND waits AND payment_id IS NOT NULL ORDER BY event_id";
const UNPARK: &str = "UPDATE provider_events SET waits = FALSE WHERE provider = $1 AND event_id = $2 AND waits";

pub(super) const STATEMENTS: [(&str, &str); 4] = [(PARK, "tt"), (WAITING_BY_REFERENCE, "tt"), (WAITING_OF_PAYMENT, "ut"), (UNPARK, "tt")];

/// Keeps a message; `false` when it came before.
pub(in super::super) fn keep(tx: &mut Tx<'_>, now: Instant, message: &Message<'_>) -> DbResult<bool> {
    let facts = serde_json::to_string(message.facts).map_err(|error| DbError::Unusable(error.to_string()))?;
    let params = [
        message.provider.into(),
        message.event.into(),
        message.kind.into(),
        message.facts.reference.clone().into(),
        message.facts.payment.into(),
        Json(facts).into(),
        now.into(),
    ];
    Ok(tx.execute(INSERT, &params)? == 1)
}

/// It waits until what must come before is known.
pub(in super::super) fn park(tx: &mut Tx<'_>, provider: &str, event: &str) -> DbResult<()> {
    tx.execute(PARK, &[provider.into(), event.into()])?;
    Ok(())
}

/// Takes out the messages that wait for a payment.
pub(in super::super) fn unpark(tx: &mut Tx<'_>, provider: &str, payment: PaymentId, reference: Option<&str>) -> DbResult<Vec<(String, Facts)>> {
    let read = |row: &crate::platform::db::Row<'_>| {
        let Json(text) = row.get(1)?;
        let facts = serde_json::from_str(&text).map_err(|error| DbError::Column { column: 1, reason: error.to_string() })?;
        Ok((row.get(0)?, facts))
    };
    let mut found: Vec<(String, Facts)> = tx.query(WAITING_OF_PAYMENT, &[payment.into(), provider.into()], read)?;
    if let Some(reference) = reference {
        let more = tx.query(WAITING_BY_REFERENCE, &[provider.into(), reference.into()], read)?;
        found.extend(more);
    }
    let mut taken = Vec::new();
    for (event, facts) in found {
        if tx.execute(UNPARK, &[provider.into(), (&event).into()])? == 1 {
            taken.push((event, facts));
        }
    }
    Ok(taken)
}
