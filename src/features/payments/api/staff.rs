//! `/admin/payments` and `/admin/disputes`: what staff see, and what they confirm.

use super::views::{DisputeView, PaymentView};
use crate::features::payments::rules::terms::{DisputeState, State};
use crate::features::payments::service::confirmed::By;
use crate::features::payments::service::{Payments, asked, paid};
use crate::features::payments::store::lists::{self, Filter};
use crate::platform::cursor::{CursorKey, Limit};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Cached, Caller, Done, IfMatch, Prepared, Visitor, etag, reason};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use crate::values::{BookingId, PaymentId, RefundId};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

/// How payments stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum PaymentState {
    Created,
    RequiresAction,
    Authorized,
    Captured,
    Failed,
    Voided,
}

/// How disputes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum DisputeStateParam {
    Opened,
    Won,
    Lost,
}

/// Payments, newest first.
#[derive(Object)]
struct PaymentsView {
    data: Vec<PaymentView>,
    next_cursor: Option<String>,
    has_more: bool,
}

/// Disputes, newest first.
#[derive(Object)]
struct DisputesView {
    data: Vec<DisputeView>,
    next_cursor: Option<String>,
    has_more: bool,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PaymentConfirmAsk {
    /// Why: 1 to 500 characters, kept in the audit trail.
    #[oai(validator(max_length = 2_000))]
    reason: String,
    /// The refund that was paid out; absent: it is about the payment itself.
    refund_id: Option<Uuid>,
}

/// Payments, for staff.
pub(super) struct StaffPaymentsApi {
    tools: Tools,
    cursors: CursorKey,
    payments: Payments,
}

impl StaffPaymentsApi {
    pub(super) fn new(tools: Tools, cursors: CursorKey, payments: Payments) -> Self {
        Self { tools, cursors, payments }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Administration")]
impl StaffPaymentsApi {
    /// Payments, newest first.
    #[oai(path = "/admin/payments", method = "get", operation_id = "listPayments")]
    async fn list(
        &self,
        _caller: Caller,
        /// Only those that stand like this.
        state: Query<Option<PaymentState>>,
        /// Only those of this provider.
        #[oai(validator(max_length = 40))]
        provider: Query<Option<String>>,
        /// Only those of this booking.
        booking: Query<Option<Uuid>>,
        /// Payments a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<PaymentsView>> {
        let filter = Filter { booking: booking.0.map(BookingId), state: state.0.map(PaymentState::meant), provider: provider.0 };
        let purpose = format!("payments/{:?}/{:?}/{:?}", filter.booking, filter.state, filter.provider);
        let before = self.cursors.before(&purpose, cursor.0.as_deref())?;
        let limit = Limit(limit.0);
        let read = self.tools.db.read_cut(move |conn| {
            let found = lists::payments(conn, &filter, before, limit.and_one())?;
            found.into_iter().map(|payment| paid::with(conn, payment)).collect::<Result<Vec<_>, _>>().map_err(Error::from)
        });
        let page = self.cursors.page(&purpose, limit, read.await?, |last| last.payment.id.0.into_bytes());
        let data = page.rows.iter().map(|one| PaymentView::of(one, None)).collect();
        Ok(Json(PaymentsView { data, next_cursor: page.next_cursor, has_more: page.has_more }))
    }

    /// One payment with its refunds and disputes.
    #[oai(path = "/admin/payments/:id", method = "get", operation_id = "readPayment")]
    async fn read(&self, _caller: Caller, id: Path<Uuid>) -> Result<Cached<PaymentView>> {
        let found = self.tools.db.read_cut(move |conn| paid::one(conn, PaymentId(id.0)).map_err(Error::from)).await?;
        let found = found.ok_or_else(asked::no_such_payment)?;
        Ok(Cached::Fresh(Prepared::of(&PaymentView::of(&found, None)), etag::of_version(found.payment.version), "no-store".into()))
    }

    /// Confirm that a bank transfer or cash has arrived, that a refund by hand was paid out (`refund_id`), or that a payment that is held is in order:
    /// then its provider is asked how it stands. With `If-Match` only if it is still what you have read.
    #[oai(path = "/admin/payments/:id/confirm", method = "post", operation_id = "confirmPayment")]
    async fn confirm(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<PaymentConfirmAsk>,
    ) -> Result<Done<PaymentView>> {
        let by = By { user: caller.user, origin: visitor.origin(), reason: reason::given(&ask.0.reason)? };
        let (payments, id, refund) = (self.payments.clone(), PaymentId(id.0), ask.0.refund_id.map(RefundId));
        let done = self.tools.db.write_once(&once, move |tx, now| {
            let before = payments.held(tx, id)?;
            if_match.check(&etag::of_version(before.version))?;
            payments.confirm(tx, now, &by, id, refund)?;
            let after = paid::one(tx, id)?.ok_or_else(asked::no_such_payment)?;
            Ok(Done::now(PaymentView::of(&after, None)).with_etag(etag::of_version(after.payment.version)))
        });
        done.await
    }

    /// Disputes, newest first.
    #[oai(path = "/admin/disputes", method = "get", operation_id = "listDisputes")]
    async fn disputes(
        &self,
        _caller: Caller,
        /// Only those that stand like this.
        state: Query<Option<DisputeStateParam>>,
        /// Disputes a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<DisputesView>> {
        let state = state.0.map(DisputeStateParam::meant);
        let purpose = format!("disputes/{state:?}");
        let before = self.cursors.before(&purpose, cursor.0.as_deref())?;
        let limit = Limit(limit.0);
        let found = self.tools.db.read(move |conn| lists::disputes(conn, state, before, limit.and_one()).map_err(Error::from)).await?;
        let page = self.cursors.page(&purpose, limit, found, |last| last.id.into_bytes());
        Ok(Json(DisputesView { data: page.rows.iter().map(DisputeView::of).collect(), next_cursor: page.next_cursor, has_more: page.has_more }))
    }
}

impl PaymentState {
    fn meant(self) -> State {
        match self {
            Self::Created => State::Created,
            Self::RequiresAction => State::RequiresAction,
            Self::Authorized => State::Authorized,
            Self::Captured => State::Captured,
            Self::Failed => State::Failed,
            Self::Voided => State::Voided,
        }
    }
}

impl DisputeStateParam {
    fn meant(self) -> DisputeState {
        match self {
            Self::Opened => DisputeState::Opened,
            Self::Won => DisputeState::Won,
            Self::Lost => DisputeState::Lost,
        }
    }
}

fn twenty() -> u8 {
    20
}
