//! What quotes hold about people: what guests asked for, coupons they used, and coupons that hosts made.

use super::store::{coupons, quotes};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{Instant, UserId};
use serde_json::json;

/// See [`PersonalData`]. Quotes go with whoever asked for them, coupons with the host who made them.
pub struct QuoteData;

impl PersonalData for QuoteData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("quotes")?;
        for quote in quotes::of_user(conn, user)? {
            let price = &quote.promise.price;
            archive.item(&json!({
                "id": quote.id.0, "listing_id": quote.listing.0, "asked": quote.asked, "currency": quote.currency.code(),
                "total_due": price.total_due, "total_price": price.total_price, "created_at": quote.created_at.to_string(),
                "expires_at": quote.expires_at.to_string(),
            }))?;
        }
        archive.list("coupons_made")?;
        for coupon in coupons::of_host(conn, user)? {
            archive.item(&json!({
                "id": coupon.id, "code": coupon.code, "listing_id": coupon.listing.map(|listing| listing.0), "uses": coupon.uses,
                "created_at": coupon.created_at.to_string(), "ended_at": coupon.ended_at.map(|at| at.to_string()),
            }))?;
        }
        archive.list("coupons_used")?;
        for (code, booking, at) in coupons::uses_of(conn, user)? {
            archive.item(&json!({"code": code, "booking_id": booking.0, "used_at": at.to_string()}))?;
        }
        Ok(())
    }

    fn blocks_erasure(&self, _conn: &mut Conn<'_>, _user: UserId) -> DbResult<Vec<Blocker>> {
        Ok(Vec::new())
    }

    fn erase(&self, tx: &mut Tx<'_>, _now: Instant, user: UserId) -> DbResult<()> {
        quotes::forget(tx, user)?;
        coupons::forget(tx, user)
    }
}
