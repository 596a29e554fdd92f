//! What documents hold about people: their names on what was issued by them or to them.

use super::store;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{Instant, UserId};
use serde_json::json;

/// See [`PersonalData`]. Numbers, amounts and dates are kept, as books must be; names go (V5). Who it was stands in the booking as an id.
pub struct DocumentData;

impl PersonalData for DocumentData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("documents")?;
        for document in store::of_person(conn, user)? {
            let (name, invoice) = (document.name(), &document.invoice);
            archive.item(&json!({
                "id": document.id, "booking_id": document.booking.0, "kind": document.kind.name(), "number": name, "issued_on": invoice.issued.to_string(),
                "from": document.from.name(), "to": document.to.name(), "issuer": invoice.issuer, "recipient": invoice.recipient,
                "currency": invoice.currency.code(), "total": invoice.total(),
            }))?;
        }
        Ok(())
    }

    fn blocks_erasure(&self, _conn: &mut Conn<'_>, _user: UserId) -> DbResult<Vec<Blocker>> {
        Ok(Vec::new())
    }

    fn erase(&self, tx: &mut Tx<'_>, _now: Instant, user: UserId) -> DbResult<()> {
        store::forget(tx, user)
    }
}
