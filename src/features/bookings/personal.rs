//! What bookings hold about people: who booked what, with which words.

use super::store::lists;
use super::store::personal as rows;
use crate::features::ledger::{self, Account};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{BookingId, Instant, UserId};
use serde_json::json;
use uuid::Uuid;

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
        if is_to_be_given(conn, user)? {
            let message = "Stays that are over, or were called off, hold money that is given to you a day after check-in.".to_owned();
            found.push(Blocker { reason: "money_open", message });
        }
        Ok(found)
    }

    fn erase(&self, tx: &mut Tx<'_>, _now: Instant, user: UserId) -> DbResult<()> {
        rows::forget_words(tx, user)
    }
}

/// Whether a stay of this host still holds money: what it earns is not theirs yet, so the books of the host do not tell of it.
fn is_to_be_given(conn: &mut Conn<'_>, host: UserId) -> DbResult<bool> {
    let mut after = BookingId(Uuid::nil());
    loop {
        let page = rows::unreleased(conn, host, after)?;
        for id in &page {
            let held = ledger::balances_of(conn, *id)?;
            let is_held = |account: &Account| matches!(account, Account::StayEscrow(_) | Account::FeeDeferred(_) | Account::TaxHeld(_));
            if held.iter().any(|(account, _, amount)| *amount != 0 && is_held(account)) {
                return Ok(true);
            }
        }
        let Some(last) = page.last() else { return Ok(false) };
        after = *last;
    }
}
