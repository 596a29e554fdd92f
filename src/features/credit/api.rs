//! `/me/credit`: what a guest has, and how it came and went. `/admin/users/{id}/credit`: staff give some.

use super::service::{self, Desk, Gift, Stakes};
use crate::features::ledger::{Account, EntryKind, Place, Recorded};
use crate::platform::access::{Action, Door};
use crate::platform::cursor::{CursorKey, Limit, moment};
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::{Caller, Done, Visitor, reason};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use crate::platform::wire::MoneyView;
use crate::values::{Currency, Money, UserId};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use std::sync::Arc;
use uuid::Uuid;

/// Who may come in.
pub const DOORS: &[Door] = &[Door::to("readOwnCredit", Action::ReadOwnAccount), Door::to("giveCredit", Action::HandleMoney).with_fresh_proof()];

/// What a guest has, and a page of how it came and went.
#[derive(Object)]
struct CreditView {
    /// One a currency in which there is something to spend.
    balances: Vec<MoneyView>,
    /// Newest first.
    data: Vec<CreditMovementView>,
    /// For the parameter `cursor` of the next page; null on the last.
    next_cursor: Option<String>,
    has_more: bool,
}

/// Credit that came or went.
#[derive(Object)]
struct CreditMovementView {
    id: Uuid,
    /// RFC 3339, UTC.
    at: String,
    /// `given`, `spent`, `returned`, or `corrected`.
    what: String,
    /// Above zero: it came.
    amount: MoneyView,
    /// The stay that was paid or refunded, or that it was given for.
    booking_id: Option<Uuid>,
}

/// Credit for a guest.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct CreditAsk {
    /// Minor units: 1 to 100,000,000.
    amount: i64,
    /// ISO 4217: it pays for stays in this currency.
    #[oai(validator(max_length = 10))]
    currency: String,
    /// Why, 1 to 500 characters; kept in the audit trail.
    #[oai(validator(max_length = 2_000))]
    reason: String,
}

/// What was given.
#[derive(Object)]
struct CreditGivenView {
    user_id: Uuid,
    given: MoneyView,
    /// What they have by now.
    balance: MoneyView,
}

/// Credit.
pub struct CreditApi {
    tools: Tools,
    cursors: CursorKey,
    stakes: Arc<dyn Stakes>,
}

impl CreditApi {
    /// `stakes` knows to whom somebody does not give.
    #[must_use]
    pub fn new(tools: Tools, cursors: CursorKey, stakes: Arc<dyn Stakes>) -> Self {
        Self { tools, cursors, stakes }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Bookings")]
impl CreditApi {
    /// What you may spend on stays, and how it came and went, newest first. Pay with `credit` as the means of payment.
    #[oai(path = "/me/credit", method = "get", operation_id = "readOwnCredit")]
    async fn own(
        &self,
        caller: Caller,
        /// Movements a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<CreditView>> {
        let (guest, limit) = (caller.user, Limit(limit.0));
        let purpose = format!("credit/{guest}");
        let open = |text: String| self.cursors.moment(&purpose, &text).map(|(at, id)| Place { at, id });
        let after = cursor.0.map(open).transpose()?;
        let read = self.tools.db.read_cut(move |conn| {
            let balances = service::balances(conn, guest)?;
            Ok::<_, Error>((balances, service::movements(conn, guest, after.as_ref(), limit.and_one())?))
        });
        let (balances, found) = read.await?;
        let page = self.cursors.page(&purpose, limit, found, |last| moment(last.at, last.id));
        let data = page.rows.iter().map(|one| CreditMovementView::of(one, guest)).collect();
        let balances = balances.into_iter().map(MoneyView::from).collect();
        Ok(Json(CreditView { balances, data, next_cursor: page.next_cursor, has_more: page.has_more }))
    }

    /// Give a guest credit for stays, at the platform's cost. They get a letter. For staff who handle money, with a fresh proof.
    ///
    /// Refused with 403 `own_case`: to oneself, and to whoever stays, has stayed or asks to stay in a home in which one has a part.
    #[oai(path = "/admin/users/:id/credit", method = "post", operation_id = "giveCredit")]
    async fn give(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, ask: Json<CreditAsk>) -> Result<Done<CreditGivenView>> {
        let (currency, reason) = ask.0.judged()?;
        let (tools, origin, guest, amount, by) = (self.tools.clone(), visitor.origin(), UserId(id.0), ask.0.amount, caller.user);
        let stakes = Arc::clone(&self.stakes);
        let given = self.tools.db.write_once(&once, move |tx, now| {
            let desk = Desk { keys: &tools.keys, config: &tools.config, origin: &origin, stakes: &*stakes };
            let gift = Gift { guest, amount, currency, booking: None, by, reason: &reason };
            let balance = service::give(tx, now, desk, &gift)?;
            let money = |minor| MoneyView::from(Money::new(minor, currency));
            Ok(Done::now(CreditGivenView { user_id: guest.0, given: money(amount), balance: money(balance) }))
        });
        given.await
    }
}

fn twenty() -> u8 {
    20
}

impl CreditAsk {
    fn judged(&self) -> Result<(Currency, String)> {
        let bad = |field: &str, code: &'static str, message: &str| {
            let refused = Error::refused(Kind::Unacceptable, code, format!("{field} {message}."));
            refused.with_error(FieldError::new(format!("/body/{field}"), code, message))
        };
        let known = Currency::parse(&self.currency).filter(|known| known.code() == self.currency);
        let currency = known.ok_or_else(|| bad("currency", "out_of_range", "is an ISO 4217 code"))?;
        Ok((currency, reason::given(&self.reason)?))
    }
}

impl CreditMovementView {
    fn of(recorded: &Recorded, guest: UserId) -> Self {
        let entry = &recorded.entry;
        let what = match entry.kind {
            EntryKind::Goodwill => "given",
            EntryKind::CreditUsed => "spent",
            EntryKind::CreditReturned => "returned",
            _ => "corrected",
        };
        // What we owe them stands in the books below zero.
        let amount = Money::new(-entry.on(&Account::GuestCredit(guest)), entry.currency).into();
        Self { id: recorded.id, at: recorded.at.to_string(), what: what.into(), amount, booking_id: entry.booking.map(|id| id.0) }
    }
}
