//! `/admin/ledger`: entries, the trial balance, and the check of the invariants.

use super::views::{EntriesView, EntryView, InvariantsView, TrialBalanceView};
use crate::features::ledger::rules::{Account, EntryKind};
use crate::features::ledger::service::{self, Witnesses};
use crate::features::ledger::store::{Filter, Place};
use crate::platform::access::{Action, Door};
use crate::platform::cursor::{CursorKey, Limit, moment};
use crate::platform::error::{Error, Kind, Refused, Result};
use crate::platform::http::Caller;
use crate::platform::tasks::aside;
use crate::platform::tools::Tools;
use crate::values::{BookingId, Instant};
use anyhow::Context;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use std::sync::Arc;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Who may come in.
pub const DOORS: &[Door] =
    &[Door::to("listLedger", Action::HandleMoney), Door::to("readTrialBalance", Action::HandleMoney), Door::to("checkLedger", Action::HandleMoney)];

/// Reading the books.
pub struct LedgerApi {
    tools: Tools,
    cursors: CursorKey,
    witnesses: Witnesses,
    /// Checks of all of the books: one at a time.
    walks: Arc<Semaphore>,
}

impl LedgerApi {
    #[must_use]
    pub fn new(tools: Tools, cursors: CursorKey, witnesses: Witnesses) -> Self {
        Self { tools, cursors, witnesses, walks: Arc::new(Semaphore::new(1)) }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Administration")]
impl LedgerApi {
    /// The entries of the books, newest first. For staff who handle money.
    #[oai(path = "/admin/ledger", method = "get", operation_id = "listLedger")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        _caller: Caller,
        /// Only entries that post to this account, such as `psp:sandbox` or `host_payable:{id}`.
        account: Query<Option<String>>,
        /// Only those of one booking.
        booking_id: Query<Option<Uuid>>,
        /// Only one kind, such as `captured`.
        kind: Query<Option<String>>,
        /// Not before; RFC 3339.
        from: Query<Option<String>>,
        /// Before, not at; RFC 3339.
        to: Query<Option<String>>,
        /// Entries a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<EntriesView>> {
        let filter = Filter {
            account: known("account", account.0, "is not an account such as psp:sandbox", Account::parse)?,
            booking: booking_id.0.map(BookingId),
            kind: known("kind", kind.0, "is not a kind of entry such as captured", EntryKind::parse)?,
            from: known("from", from.0, NO_INSTANT, Instant::parse)?,
            to: known("to", to.0, NO_INSTANT, Instant::parse)?,
        };
        let purpose = format!("ledger/{filter:?}");
        let after = cursor.0.map(|text| self.cursors.moment(&purpose, &text)).transpose()?.map(|(at, id)| Place { at, id });
        let limit = Limit(limit.0);
        let found = self.tools.db.read(move |conn| service::list(conn, &filter, after.as_ref(), limit.and_one()).map_err(Error::from)).await?;
        let page = self.cursors.page(&purpose, limit, found, |last| moment(last.at, last.id));
        let data = page.rows.into_iter().map(|recorded| EntryView::of(recorded, true)).collect();
        Ok(Json(EntriesView { data, next_cursor: page.next_cursor, has_more: page.has_more }))
    }

    /// The trial balance: what the accounts of the house hold, and what those of all bookings and people hold together, by sort.
    #[oai(path = "/admin/ledger/accounts", method = "get", operation_id = "readTrialBalance")]
    async fn accounts(&self, _caller: Caller) -> Result<Json<TrialBalanceView>> {
        let lines = self.tools.db.read_cut(|conn| service::trial_balance(conn).map_err(Error::from)).await?;
        Ok(Json(TrialBalanceView::of(lines)))
    }

    /// Go through all of the books and say what is wrong with them.
    ///
    /// Reads everything that was ever posted, so it may take a while; one at a time.
    #[oai(path = "/admin/ledger/invariants", method = "get", operation_id = "checkLedger")]
    async fn invariants(&self, _caller: Caller) -> Result<Json<InvariantsView>> {
        let walk = Arc::clone(&self.walks).try_acquire_owned().map_err(|_taken| busy())?;
        let (tools, witnesses) = (self.tools.clone(), Arc::clone(&self.witnesses));
        let report = aside(move || {
            let now = tools.db.now();
            let report = tools.db.bulk(|conn| service::inspect(conn, &tools.keys, now, &witnesses));
            drop(walk);
            report
        });
        let report = report.await.context("the books could not be checked")?.map_err(Error::from)?;
        Ok(Json(InvariantsView::of(report)))
    }
}

const NO_INSTANT: &str = "is not an instant such as 2026-07-03T09:00:00Z";

fn twenty() -> u8 {
    20
}

fn known<T>(name: &str, text: Option<String>, wrong: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
    text.map(|text| parse(&text).ok_or_else(|| Error::invalid_parameter(name, wrong))).transpose()
}

fn busy() -> Error {
    let mut refused = Refused::new(Kind::Busy, "overloaded", "Somebody else is checking the books; please try again shortly.");
    refused.retry_after_seconds = Some(5);
    refused.into()
}
