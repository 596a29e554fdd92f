//! Documents as somebody may read them: those of a stay on one of whose sides they are, that name their side. Staff read all.

use super::write::source;
use crate::features::accounts;
use crate::features::bookings::{self, Booking, Side};
use crate::features::documents::rules::paper::{Party, Receipt, StayFacts};
use crate::features::documents::rules::receipt::{References, movements};
use crate::features::documents::rules::series::{Document, Role};
use crate::features::documents::store;
use crate::features::ledger::{self, Account};
use crate::features::payments;
use crate::platform::access::{Action, Principal};
use crate::platform::config::Config;
use crate::platform::db::{Conn, DbError, DbResult};
use crate::platform::error::{Error, Kind, Result};
use crate::values::BookingId;
use uuid::Uuid;

/// Who is who on the documents of a booking.
pub(super) struct Names {
    pub guest: Party,
    pub host: Party,
    pub platform: Party,
}

impl Names {
    pub(super) fn of(&self, role: Role) -> &Party {
        match role {
            Role::Guest => &self.guest,
            Role::Host => &self.host,
            Role::Platform => &self.platform,
        }
    }
}

pub(super) fn names(conn: &mut Conn<'_>, config: &Config, booking: &Booking) -> DbResult<Names> {
    // Nobody's row goes while a booking names them: a document without a name is none.
    let nobody = || DbError::Engine("a booking names somebody who is not there".into());
    let mut person = |id| accounts::name(conn, id)?.ok_or_else(nobody);
    let plain = |name: String| Party { name, ..Party::default() };
    let guest = match booking.guest {
        Some(guest) => person(guest)?,
        None => booking.guest_name.clone(),
    };
    let host = person(booking.host)?;
    Ok(Names { guest: plain(guest), host: plain(host), platform: platform(config) })
}

/// The operator of this instance.
pub(crate) fn platform(config: &Config) -> Party {
    Party { name: config.accounts.site_name.clone(), lines: config.papers.address.clone(), tax_id: config.papers.tax_id.clone() }
}

/// A stay, as papers tell of it.
pub(super) fn facts(conn: &mut Conn<'_>, booking: &Booking) -> DbResult<StayFacts> {
    let asked = &booking.asked;
    Ok(StayFacts {
        code: booking.code.clone(),
        home: bookings::home_of(conn, booking)?,
        check_in: asked.check_in,
        check_out: asked.check_out,
        guests: asked.adults.saturating_add(asked.children),
    })
}

/// Whether somebody on this side may read it.
fn is_for(document: &Document, side: Side) -> bool {
    match side {
        Side::Guest => document.concerns(Role::Guest),
        Side::Host | Side::CoHost => document.concerns(Role::Host),
        Side::Staff | Side::System => true,
    }
}

/// The documents of a booking that somebody may read, oldest first. Refuses with 404 whoever is on none of its sides.
pub(crate) fn of_booking(conn: &mut Conn<'_>, caller: &Principal, id: BookingId) -> Result<Vec<Document>> {
    let (_, side) = bookings::of_side(conn, caller, id, Action::ReadPapers)?;
    Ok(store::of_booking(conn, id)?.into_iter().filter(|document| is_for(document, side)).collect())
}

/// The host's invoice of a stay. Refuses with 404 `no_invoice_yet` until it is issued.
pub(crate) fn invoice(conn: &mut Conn<'_>, caller: &Principal, id: BookingId) -> Result<Document> {
    bookings::of_side(conn, caller, id, Action::ReadPapers)?;
    store::by_source(conn, &source(id, Role::Host, Role::Guest))?.ok_or_else(|| {
        let detail = "There is no invoice of this stay: it is issued after check-out, or when a stay is called off of which something is kept.";
        Error::refused(Kind::NotFound, "no_invoice_yet", detail)
    })
}

/// One document. Refuses with 404 where there is none that concerns whoever asks.
pub(crate) fn one(conn: &mut Conn<'_>, caller: &Principal, id: Uuid) -> Result<Document> {
    let not_found = || Error::not_found("There is no such document, or it is not yours.");
    let document = store::one(conn, id)?.ok_or_else(not_found)?;
    match bookings::of_side(conn, caller, document.booking, Action::ReadPapers) {
        Ok((_, side)) if is_for(&document, side) => Ok(document),
        Ok(_) | Err(Error::Refused(_)) => Err(not_found()),
        Err(broken) => Err(broken),
    }
}

/// What was paid for a stay and given back, as it stands now. Refuses with 404 `no_receipt_yet` where no money has moved.
pub(crate) fn receipt(conn: &mut Conn<'_>, config: &Config, caller: &Principal, id: BookingId) -> Result<Receipt> {
    let (booking, _) = bookings::of_side(conn, caller, id, Action::ReadPapers)?;
    let entries = ledger::of_booking(conn, id)?;
    let payments = movements(id, &entries, &references(conn, id)?);
    let Some(issued) = payments.iter().map(|payment| payment.on).max() else {
        return Err(Error::refused(Kind::NotFound, "no_receipt_yet", "Nothing was paid for this stay yet."));
    };
    let names = names(conn, config, &booking)?;
    let unpaid = ledger::balance(conn, &Account::GuestReceivable(id), booking.currency)?;
    let open = crate::features::documents::rules::paper::amount(unpaid, booking.currency);
    let notes = if unpaid > 0 { vec![format!("Still to be paid: {} {open}.", booking.currency)] } else { Vec::new() };
    Ok(Receipt { issued, issuer: names.platform, recipient: names.guest, stay: facts(conn, &booking)?, currency: booking.currency, payments, notes })
}

fn references(conn: &mut Conn<'_>, id: BookingId) -> DbResult<References> {
    let mut found = References::new();
    for one in payments::of_booking(conn, id)? {
        found.extend(one.refunds.into_iter().filter_map(|refund| Some((refund.id.to_string(), refund.reference?))));
        found.extend(one.payment.reference.map(|reference| (one.payment.id.to_string(), reference)));
    }
    Ok(found)
}
