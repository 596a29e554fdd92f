//! Giving credit, reading it, giving it up.

use crate::features::accounts;
use crate::features::ledger::{self, Account, Filter, Place, Recorded, To};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::config::Config;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::keys::Keys;
use crate::values::{BookingId, Currency, Instant, Money, Origin, UserId};
use serde_json::json;
use uuid::Uuid;

/// More than this at once is a slip of the hand: a million of a currency with cents.
const MOST: i64 = 100_000_000;

/// What giving needs besides its transaction.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    pub keys: &'a Keys,
    pub config: &'a Config,
    pub origin: &'a Origin,
    /// In whose stays the giver may have a part.
    pub stakes: &'a dyn Stakes,
}

/// Who knows in whose stays somebody has a part: bookings, which credit does not know. `app` wires it.
pub trait Stakes: Send + Sync {
    /// Whether `guest` stays, has stayed or asks to stay in a home in which `giver` has a part.
    fn has_part(&self, conn: &mut Conn<'_>, giver: UserId, guest: UserId) -> DbResult<bool>;
}

/// What staff give.
#[derive(Debug, Clone, Copy)]
pub struct Gift<'a> {
    pub guest: UserId,
    /// Minor units.
    pub amount: i64,
    pub currency: Currency,
    /// The stay that it is about, where it is about one.
    pub booking: Option<BookingId>,
    /// Who gives.
    pub by: UserId,
    /// Why; for the audit trail.
    pub reason: &'a str,
}

/// Gives a guest credit at the platform's cost (E17), and tells them. Answers what they have in this currency by then.
///
/// Refuses with 422 `out_of_range`, with 403 `own_case` who gives to themselves or to a guest of a home of theirs, and with 404 where nobody has this account.
pub fn give(tx: &mut Tx<'_>, now: Instant, desk: Desk<'_>, gift: &Gift<'_>) -> Result<i64> {
    if !(1..=MOST).contains(&gift.amount) {
        let message = format!("is 1 to {MOST}");
        let refused = Error::refused(Kind::Unacceptable, "out_of_range", format!("amount {message}."));
        return Err(refused.with_error(FieldError::new("/body/amount", "out_of_range", message)));
    }
    if gift.by == gift.guest {
        return Err(Error::refused(Kind::Forbidden, "own_case", "Nobody gives credit to themselves."));
    }
    if desk.stakes.has_part(tx, gift.by, gift.guest)? {
        let detail = "They are a guest of a home in which you have a part: somebody else decides about their credit.";
        return Err(Error::refused(Kind::Forbidden, "own_case", detail));
    }
    // Held: whoever is erased meanwhile must not be left with credit that nobody has.
    if accounts::contact_held(tx, gift.guest)?.is_none() {
        return Err(Error::not_found("There is no such account."));
    }
    let mut entry = ledger::goodwill(&format!("credit:{}", Uuid::now_v7()), gift.currency, gift.amount, To::Credit(gift.guest));
    entry.booking = gift.booking;
    ledger::post(tx, now, &entry)?;
    note(tx, now, desk, gift)?;
    let (amount, code) = (Money::new(gift.amount, gift.currency), gift.currency.code());
    let text = format!(
        "you have been given a credit of {amount}.\n\nUse it for any stay that is priced in {code}: choose `credit` as the means of payment. What you \
         have of it stands at GET /api/v1/me/credit."
    );
    accounts::write_to(tx, now, (desk.keys, desk.config), gift.guest, "you have a credit", &text)?;
    Ok(-ledger::balance(tx, &Account::GuestCredit(gift.guest), gift.currency)?)
}

fn note(tx: &mut Tx<'_>, now: Instant, desk: Desk<'_>, gift: &Gift<'_>) -> Result<()> {
    let entry = Entry {
        action: "credit.given",
        actor: Actor::User(gift.by),
        on_behalf_of: None,
        object: Some(("user", gift.guest.0)),
        reason: Some(gift.reason),
        diff: json!({"credit": [null, gift.amount], "currency": [null, gift.currency.code()], "booking": [null, gift.booking.map(|id| id.0)]}),
        origin: desk.origin,
    };
    Ok(audit::append(tx, now, &entry)?)
}

/// What a guest has, by currency; those of which they have something.
pub(super) fn balances(conn: &mut Conn<'_>, guest: UserId) -> DbResult<Vec<Money>> {
    let account = Account::GuestCredit(guest);
    let mut found = Vec::new();
    for currency in ledger::currencies_of(conn, &account)? {
        let minor = -ledger::balance(conn, &account, currency)?;
        if minor != 0 {
            found.push(Money::new(minor, currency));
        }
    }
    Ok(found)
}

/// What came and went, newest first, behind a place.
pub(super) fn movements(conn: &mut Conn<'_>, guest: UserId, after: Option<&Place>, limit: i64) -> DbResult<Vec<Recorded>> {
    ledger::list(conn, &Filter { account: Some(Account::GuestCredit(guest)), ..Filter::default() }, after, limit)
}

/// Whoever leaves for good gives up what is left: it goes back to the expense that it came from.
pub(super) fn give_up(tx: &mut Tx<'_>, now: Instant, guest: UserId) -> DbResult<()> {
    let account = Account::GuestCredit(guest);
    for currency in ledger::currencies_of(tx, &account)? {
        let left = -ledger::hold(tx, &account, currency)?;
        if left > 0 {
            ledger::post(tx, now, &ledger::credit_forgone(&Uuid::now_v7().to_string(), guest, currency, left))?;
        }
    }
    Ok(())
}

/// What comes back to somebody as credit who was erased by then is given up like what they had.
pub fn give_up_of_erased(tx: &mut Tx<'_>, now: Instant, guest: UserId) -> DbResult<()> {
    if accounts::contact(tx, guest)?.is_none() { give_up(tx, now, guest) } else { Ok(()) }
}
