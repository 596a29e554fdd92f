//! Payouts for staff: all of them, those to send by hand, hosts who are not paid for now, and taxes that were handed on.

use super::twenty;
use super::views::{PayoutBalanceView, PayoutState, PayoutView, PayoutsView};
use crate::features::ledger::Account;
use crate::features::payouts::rules::paper::{cell, decimal};
use crate::features::payouts::service::staff::{self, By, ByHand, Remittance};
use crate::features::payouts::service::{Payouts, World};
use crate::features::payouts::store::holds;
use crate::features::payouts::store::payouts::{self as rows, Filter};
use crate::platform::cursor::{CursorKey, Limit};
use crate::platform::db::Tx;
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::{Caller, Created, Done, IfMatch, PREFIX, Visitor, etag, reason};
use crate::platform::idempotency::Once;
use crate::platform::wire::MoneyView;
use crate::values::{Currency, Instant, Money, UserId};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Json, PlainText};
use poem_openapi::{ApiResponse, Object, OpenApi};
use std::fmt::Write as _;
use uuid::Uuid;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PayoutReasonAsk {
    /// Why, or what shows it: 1 to 500 characters, kept in the audit trail.
    #[oai(validator(max_length = 2_000))]
    reason: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct TaxRemittanceAsk {
    /// The tax as the books name it: its key.
    #[oai(validator(max_length = 100))]
    tax: String,
    /// ISO 4217.
    #[oai(validator(max_length = 10))]
    currency: String,
    /// Minor units, more than zero and no more than is owed.
    amount: i64,
    /// Paid out of the cash box instead of the bank account.
    #[oai(default)]
    cash: bool,
    /// For which time, with which reference: 1 to 500 characters.
    #[oai(validator(max_length = 2_000))]
    reason: String,
}

/// A tax that was handed on.
#[derive(Object)]
struct TaxRemittanceView {
    id: Uuid,
    tax: String,
    amount: MoneyView,
    /// What of it is still owed.
    still_owed: MoneyView,
}

/// A host whose payouts are stopped.
#[derive(Object)]
struct PayoutHoldView {
    host_id: Uuid,
    /// As staff wrote it; empty where they are not stopped any more.
    reason: String,
    /// RFC 3339, UTC; null: they are not stopped any more.
    since: Option<String>,
    /// What the host is owed; only where one host is asked about.
    balances: Vec<PayoutBalanceView>,
}

/// Hosts whose payouts are stopped, in the order of their ids.
#[derive(Object)]
struct PayoutHoldsView {
    data: Vec<PayoutHoldView>,
    next_cursor: Option<String>,
    has_more: bool,
}

#[derive(ApiResponse)]
enum ExportedPayouts {
    /// One payout a row, oldest first, never more than 500: go on with the id of the last.
    #[oai(status = 200, content_type = "text/csv; charset=utf-8")]
    Rows(PlainText<String>, #[oai(header = "Cache-Control")] String, #[oai(header = "Content-Disposition")] String),
}

/// Who does it, and why.
fn by(caller: &Caller, why: &str) -> Result<By> {
    Ok(By { user: caller.user, reason: reason::given(why)? })
}

/// Payouts, for staff.
pub(super) struct StaffPayoutsApi {
    payouts: Payouts,
    cursors: CursorKey,
}

impl StaffPayoutsApi {
    #[must_use]
    pub(super) fn new(payouts: Payouts, cursors: CursorKey) -> Self {
        Self { payouts, cursors }
    }

    /// What became of a payout by hand.
    async fn tell(
        &self,
        (caller, visitor, once): (Caller, Visitor, Once),
        (id, if_match): (Uuid, IfMatch),
        why: &str,
        arrived: bool,
    ) -> Result<Done<PayoutView>> {
        let (by, world) = (by(&caller, why)?, self.payouts.world(visitor.origin()));
        let done = self.payouts.tools.db.write_once(&once, move |tx, now| {
            let payout = staff::held(tx, id)?;
            if_match.check(&etag::of_version(payout.version))?;
            let payout = staff::told(tx, now, &world, &by, payout, arrived)?;
            Ok(Done::now(PayoutView::of(&payout)).with_etag(etag::of_version(payout.version)))
        });
        done.await
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Administration")]
impl StaffPayoutsApi {
    /// All payouts, newest first.
    #[oai(path = "/admin/payouts", method = "get", operation_id = "listAllPayouts")]
    async fn list(
        &self,
        _caller: Caller,
        /// Only those that stand like this.
        state: Query<Option<PayoutState>>,
        /// Only those of this host.
        host: Query<Option<Uuid>>,
        /// Only those in this currency.
        #[oai(validator(max_length = 10))]
        currency: Query<Option<String>>,
        /// Payouts a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<PayoutsView>> {
        let currency = currency.0.map(|code| known_currency(&code).ok_or_else(|| Error::invalid_parameter("currency", "is no ISO 4217 code"))).transpose()?;
        let filter = Filter { host: host.0.map(UserId), state: state.0.map(PayoutState::meant), currency };
        let purpose = format!("all payouts/{filter:?}");
        let before = self.cursors.before(&purpose, cursor.0.as_deref())?;
        let limit = Limit(limit.0);
        let found = self.payouts.tools.db.read(move |conn| rows::list(conn, &filter, before, limit.and_one()).map_err(Error::from)).await?;
        let page = self.cursors.page(&purpose, limit, found, |last| last.id.into_bytes());
        let data = page.rows.iter().map(PayoutView::of).collect();
        Ok(Json(PayoutsView { data, balances: Vec::new(), next_cursor: page.next_cursor, has_more: page.has_more }))
    }

    /// Take out payouts to send by hand, with holder and account, as CSV. They are `sent` from then on: no such list has them again, and nothing stops
    /// them, until you say what became of each. Which ones were taken out is kept in the audit trail.
    #[oai(path = "/admin/payouts/export", method = "post", operation_id = "exportPayouts")]
    async fn export(
        &self,
        caller: Caller,
        visitor: Visitor,
        /// Only those behind this one.
        after: Query<Option<Uuid>>,
        /// Instead those that are out already and of which nobody has said what became of them, for a list that was lost. Look first whether they were
        /// sent: `taken_out_at` says since when they are out.
        #[oai(default)]
        again: Query<bool>,
        ask: Json<PayoutReasonAsk>,
    ) -> Result<ExportedPayouts> {
        let (by, world) = (by(&caller, &ask.0.reason)?, self.payouts.world(visitor.origin()));
        let (after, again) = (after.0.unwrap_or_default(), again.0);
        let text = self.payouts.tools.db.write(move |tx, now| staff::by_hand(tx, now, &world, &by, after, again).map(|all| sheet(&all))).await?;
        Ok(ExportedPayouts::Rows(PlainText(text), "no-store".to_owned(), "attachment; filename=\"payouts.csv\"".to_owned()))
    }

    /// Say that a payout by hand was sent and has arrived. With `If-Match` only if it is still what you have read.
    #[oai(path = "/admin/payouts/:id/paid", method = "post", operation_id = "confirmPayout")]
    async fn paid(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<PayoutReasonAsk>,
    ) -> Result<Done<PayoutView>> {
        self.tell((caller, visitor, once), (id.0, if_match), &ask.0.reason, true).await
    }

    /// Say that a payout by hand came back, or could not be made: it is owed again, and the host is told to leave another account. Your reason stays in
    /// the audit trail. With `If-Match` only if it is still what you have read.
    #[oai(path = "/admin/payouts/:id/failed", method = "post", operation_id = "failPayout")]
    async fn failed(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<PayoutReasonAsk>,
    ) -> Result<Done<PayoutView>> {
        self.tell((caller, visitor, once), (id.0, if_match), &ask.0.reason, false).await
    }

    /// Hosts whose payouts are stopped.
    #[oai(path = "/admin/payout-holds", method = "get", operation_id = "listPayoutHolds")]
    async fn holds(
        &self,
        _caller: Caller,
        /// Hosts a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<PayoutHoldsView>> {
        const PURPOSE: &str = "payout holds";
        let (after, limit) = (self.cursors.after(PURPOSE, cursor.0.as_deref())?, Limit(limit.0));
        let found = self.payouts.tools.db.read(move |conn| holds::list(conn, UserId(after), limit.and_one()).map_err(Error::from)).await?;
        let page = self.cursors.page(PURPOSE, limit, found, |last| last.host.0.into_bytes());
        let view = |hold: holds::Hold| PayoutHoldView { host_id: hold.host.0, reason: hold.reason, since: Some(hold.since.to_string()), balances: Vec::new() };
        Ok(Json(PayoutHoldsView { data: page.rows.into_iter().map(view).collect(), next_cursor: page.next_cursor, has_more: page.has_more }))
    }

    /// Stop the payouts of a host. What was put aside and is not `sent` yet is owed again.
    #[oai(path = "/admin/users/:id/payouts/hold", method = "post", operation_id = "holdPayouts")]
    async fn hold(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, ask: Json<PayoutReasonAsk>) -> Result<Done<PayoutHoldView>> {
        let (by, world) = (by(&caller, &ask.0.reason)?, self.payouts.world(visitor.origin()));
        let host = UserId(id.0);
        let done = self.payouts.tools.db.write_once(&once, move |tx, now| {
            staff::hold(tx, now, &world, &by, host)?;
            stand(tx, now, &world, host)
        });
        done.await
    }

    /// Let a host be paid again.
    #[oai(path = "/admin/users/:id/payouts/unhold", method = "post", operation_id = "unholdPayouts")]
    async fn unhold(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, ask: Json<PayoutReasonAsk>) -> Result<Done<PayoutHoldView>> {
        let (by, world) = (by(&caller, &ask.0.reason)?, self.payouts.world(visitor.origin()));
        let host = UserId(id.0);
        let done = self.payouts.tools.db.write_once(&once, move |tx, now| {
            staff::unhold(tx, now, &world, &by, host)?;
            stand(tx, now, &world, host)
        });
        done.await
    }

    /// Write down that a tax was handed on to whoever levies it.
    #[oai(path = "/admin/taxes/remittances", method = "post", operation_id = "remitTax")]
    async fn remit(&self, caller: Caller, visitor: Visitor, once: Once, ask: Json<TaxRemittanceAsk>) -> Result<Created<TaxRemittanceView>> {
        let (by, world) = (by(&caller, &ask.0.reason)?, self.payouts.world(visitor.origin()));
        let of = ask.0.judged()?;
        let made = self.payouts.tools.db.write_once(&once, move |tx, now| {
            let (id, left) = staff::remit(tx, now, &world, &by, &of)?;
            let money = |minor| MoneyView::from(Money::new(minor, of.currency));
            let view = TaxRemittanceView { id, tax: of.tax.clone(), amount: money(of.amount), still_owed: money(left) };
            Ok(Created::at(format!("{PREFIX}/admin/ledger?account=tax_payable:{}", of.tax), view))
        });
        made.await
    }
}

impl TaxRemittanceAsk {
    fn judged(&self) -> Result<Remittance> {
        let bad = |field: &str, message: &str| {
            let error = FieldError::new(format!("/body/{field}"), "out_of_range", message);
            Error::refused(Kind::Unacceptable, "out_of_range", format!("{field}: {message}.")).with_error(error)
        };
        let currency = known_currency(&self.currency).ok_or_else(|| bad("currency", "is an ISO 4217 code"))?;
        if !Account::TaxPayable(self.tax.clone()).is_well_named() {
            return Err(bad("tax", "is the key of a tax as the books name it"));
        }
        if !(1..=crate::features::ledger::rules::MOST).contains(&self.amount) {
            return Err(bad("amount", "is more than zero, and no more than can be written"));
        }
        Ok(Remittance { tax: self.tax.clone(), currency, amount: self.amount, cash: self.cash })
    }
}

fn known_currency(code: &str) -> Option<Currency> {
    Currency::parse(code).filter(|known| known.code() == code)
}

fn stand(tx: &mut Tx<'_>, now: Instant, world: &World, host: UserId) -> Result<Done<PayoutHoldView>> {
    let hold = holds::of(tx, host)?;
    let balances = staff::standing(tx, now, world, host)?.iter().map(PayoutBalanceView::of).collect();
    let since = hold.as_ref().map(|hold| hold.since.to_string());
    Ok(Done::now(PayoutHoldView { host_id: host.0, reason: hold.map(|hold| hold.reason).unwrap_or_default(), since, balances }))
}

/// Payouts by hand as a table.
fn sheet(all: &[ByHand]) -> String {
    let mut text = String::from("payout_id,created_at,host_id,holder,account,amount,currency,taken_out_at\r\n");
    for one in all {
        let payout = &one.payout;
        let amount = decimal(payout.amount, payout.currency);
        // Writing to a string cannot fail.
        let _: std::fmt::Result = write!(
            text,
            "{},{},{},{},{},{amount},{},{}\r\n",
            payout.id,
            payout.created_at,
            payout.host,
            cell(&one.details.holder),
            cell(&one.details.account),
            payout.currency.code(),
            one.before.map(|at| at.to_string()).unwrap_or_default()
        );
    }
    text
}
