//! `/admin/cancellation-policies` for operators, `/reference/cancellation-policies` for everybody. `wire.rs` draws what they say.

mod wire;

use super::service::{self, Deed};
use super::store::{self as rows, OwnPolicy};
use crate::platform::access::{Action, Door};
use crate::platform::cursor::CursorKey;
use crate::platform::error::{Error, Result};
use crate::platform::http::{Cached, Caller, Created, Done, IfMatch, PREFIX, Prepared, Visitor, etag, reason};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;
use wire::{OwnPolicyAsk, OwnPolicyView, PolicyTermsView, standard, standards};

/// Who may come in.
pub const DOORS: &[Door] = &[
    Door::to("listOwnPolicies", Action::Administer),
    Door::to("makeOwnPolicy", Action::Administer),
    Door::to("readOwnPolicy", Action::Administer),
    Door::to("retireOwnPolicy", Action::Administer),
    Door::to("listCancellationPolicies", Action::LookAround),
    Door::to("readCancellationPolicy", Action::LookAround),
];

const PURPOSE: &str = "cancellation policies";

/// A page of the operator's own policies, in the order in which they were made.
#[derive(Object)]
struct OwnPoliciesView {
    data: Vec<OwnPolicyView>,
    /// For the parameter `cursor` of the next page; null on the last.
    next_cursor: Option<String>,
    has_more: bool,
}

/// The policies that hosts can choose.
#[derive(Object)]
struct PoliciesView {
    data: Vec<PolicyTermsView>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct RetirePolicyAsk {
    /// Why, 1 to 500 characters; kept in the audit trail.
    #[oai(validator(max_length = 2_000))]
    reason: String,
}

/// Cancellation policies, standard and the operator's own.
pub struct PoliciesApi {
    tools: Tools,
    cursors: CursorKey,
}

impl PoliciesApi {
    #[must_use]
    pub fn new(tools: Tools, cursors: CursorKey) -> Self {
        Self { tools, cursors }
    }
}

#[OpenApi]
impl PoliciesApi {
    /// The operator's own cancellation policies, retired ones too, in the order in which they were made.
    #[oai(path = "/admin/cancellation-policies", method = "get", operation_id = "listOwnPolicies", tag = "crate::platform::http::Tag::Administration")]
    async fn list(
        &self,
        _caller: Caller,
        /// Policies a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<OwnPoliciesView>> {
        let after = cursor.0.map(|text| self.cursors.before(PURPOSE, Some(&text))).transpose()?.unwrap_or(Uuid::nil());
        let limit = usize::from(limit.0);
        let most = i64::try_from(limit).unwrap_or(100) + 1;
        let mut found = self.tools.db.read(move |conn| rows::page(conn, after, most).map_err(Error::from)).await?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| has_more).map(|policy| self.cursors.seal(PURPOSE, policy.id.as_bytes()));
        Ok(Json(OwnPoliciesView { data: found.iter().map(OwnPolicyView::of).collect(), next_cursor, has_more }))
    }

    /// Make a cancellation policy that hosts can choose for their homes.
    ///
    /// Rows go from early to late and end with one of 0 days or hours; each keeps more than the one before. 422 `invalid_policy` names every
    /// fault. A policy is never changed: homes and bookings rely on it. Retire it, and make another.
    #[oai(path = "/admin/cancellation-policies", method = "post", operation_id = "makeOwnPolicy", tag = "crate::platform::http::Tag::Administration")]
    async fn make(&self, caller: Caller, visitor: Visitor, once: Once, ask: Json<OwnPolicyAsk>) -> Result<Created<OwnPolicyView>> {
        let deed = deed(&caller, &visitor, &ask.0.reason)?;
        let table = ask.0.table()?;
        let made = self.tools.db.write_once(&once, move |tx, now| {
            let policy = service::make(tx, now, &deed, &table)?;
            let (location, tag) = (format!("{PREFIX}/admin/cancellation-policies/{}", policy.id), etag::of_version(policy.version()));
            Ok(Created::at(location, OwnPolicyView::of(&policy)).with_etag(tag))
        });
        made.await
    }

    /// One of the operator's own cancellation policies.
    #[oai(path = "/admin/cancellation-policies/:id", method = "get", operation_id = "readOwnPolicy", tag = "crate::platform::http::Tag::Administration")]
    async fn read(&self, _caller: Caller, id: Path<Uuid>) -> Result<Cached<OwnPolicyView>> {
        let policy = self.tools.db.read(move |conn| service::find(conn, id.0)).await?;
        Ok(Cached::Fresh(Prepared::of(&OwnPolicyView::of(&policy)), etag::of_version(policy.version()), "no-store".into()))
    }

    /// Retire a cancellation policy: no further home can choose it.
    ///
    /// Homes that have it keep it until their hosts choose another; quotes and bookings keep what they promised. Retiring it again changes nothing.
    #[oai(
        path = "/admin/cancellation-policies/:id/retire",
        method = "post",
        operation_id = "retireOwnPolicy",
        tag = "crate::platform::http::Tag::Administration"
    )]
    async fn retire(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        if_match: IfMatch,
        id: Path<Uuid>,
        ask: Json<RetirePolicyAsk>,
    ) -> Result<Done<OwnPolicyView>> {
        let deed = deed(&caller, &visitor, &ask.0.reason)?;
        let done = self.tools.db.write_once(&once, move |tx, now| {
            let before = service::find(tx, id.0)?;
            if_match.check(&etag::of_version(before.version()))?;
            let after: OwnPolicy = service::retire(tx, now, &deed, &before)?;
            Ok(Done::now(OwnPolicyView::of(&after)).with_etag(etag::of_version(after.version())))
        });
        done.await
    }

    /// Every cancellation policy that hosts can choose, with its terms.
    #[oai(path = "/reference/cancellation-policies", method = "get", operation_id = "listCancellationPolicies", tag = "crate::platform::http::Tag::Reference")]
    async fn choices(&self) -> Result<Json<PoliciesView>> {
        let own = self.tools.db.read(|conn| service::open(conn).map_err(Error::from)).await?;
        let data = standards().into_iter().chain(own.iter().map(PolicyTermsView::of));
        Ok(Json(PoliciesView { data: data.collect() }))
    }

    /// The terms of a cancellation policy by its key, as homes name it; of a retired one too.
    #[oai(
        path = "/reference/cancellation-policies/:key",
        method = "get",
        operation_id = "readCancellationPolicy",
        tag = "crate::platform::http::Tag::Reference"
    )]
    async fn choice(&self, key: Path<String>) -> Result<Json<PolicyTermsView>> {
        if let Some(found) = standard(&key.0) {
            return Ok(Json(found));
        }
        let own = self.tools.db.read(move |conn| service::find_by_key(conn, &key.0)).await?;
        Ok(Json(PolicyTermsView::of(&own)))
    }
}

fn twenty() -> u8 {
    20
}

fn deed(caller: &Caller, visitor: &Visitor, why: &str) -> Result<Deed> {
    Ok(Deed { by: caller.user, reason: reason::given(why)?, origin: visitor.origin() })
}
