//! What bookings hold about people: who booked what, with which words.

use super::store::lists;
use super::store::personal as rows;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{Instant, UserId};
use serde_json::json;

/// See [`PersonalData`]. A booking is part of the books of both sides and stays; the words of the guest go.
pub struct BookingData;

impl PersonalData for BookingData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("bookings")?;
        for booking in lists::of_person(conn, user)? {
            archive.item(&json!({
                "id": booking.id.0, "code": booking.code, "listing_id": booking.listing.0, "state": booking.state.name(),
                "asked": booking.asked, "currency": booking.currency.code(), "total": booking.total(), "message": booking.message,
                "created_at": booking.created_at.to_string(), "confirmed_at": booking.confirmed_at.map(|at| at.to_string()),
                "ended_at": booking.ended_at.map(|at| at.to_string()),
            }))?;
        }
        Ok(())
    }

    fn blocks_erasure(&self, conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Blocker>> {
        let mut found = Vec::new();
        if rows::is_awaited(conn, user)? {
            let message = "There are bookings, as a guest or as a host, that have not come to their end.".to_owned();
            found.push(Blocker { reason: "open_bookings", message });
        }
        Ok(found)
    }

    fn erase(&self, tx: &mut Tx<'_>, _now: Instant, user: UserId) -> DbResult<()> {
        rows::forget_words(tx, user)
    }
}
