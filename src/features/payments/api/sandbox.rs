//! `/payments/sandbox/{id}/authenticate`: the page of the bank at which a guest proves who they are, as far as the sandbox has one.

use super::views::PaymentView;
use crate::features::payments::provider::sandbox_proof;
use crate::features::payments::service::{Payments, asked, paid};
use crate::features::payments::store::payments;
use crate::platform::error::{Error, Kind, Result};
use crate::platform::http::{Caller, Done, etag};
use crate::platform::idempotency::Once;
use crate::platform::tasks::aside;
use crate::platform::tools::Tools;
use crate::values::PaymentId;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

/// How the proof goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum SandboxProof {
    Pass,
    Fail,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct SandboxProofAsk {
    outcome: SandboxProof,
}

/// The bank of the sandbox.
pub(super) struct SandboxApi {
    tools: Tools,
    payments: Payments,
}

impl SandboxApi {
    pub(super) fn new(tools: Tools, payments: Payments) -> Self {
        Self { tools, payments }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Payments")]
impl SandboxApi {
    /// Finish the proof (3-D Secure) of one of your payments with the test card `card_3ds`. Only where payments are the sandbox's.
    #[oai(path = "/payments/sandbox/:id/authenticate", method = "post", operation_id = "authenticateSandboxPayment")]
    async fn authenticate(&self, caller: Caller, _once: Once, id: Path<Uuid>, ask: Json<SandboxProofAsk>) -> Result<Done<PaymentView>> {
        let (id, guest) = (PaymentId(id.0), caller.user);
        let own = move |payment: &payments::Payment| payment.guest == guest && payment.provider == crate::features::payments::provider::SANDBOX;
        let found = self.tools.db.read(move |conn| payments::one(conn, id).map_err(Error::from)).await?;
        found.filter(own).ok_or_else(asked::no_such_payment)?;
        let (payments, passes) = (self.payments.clone(), ask.0.outcome == SandboxProof::Pass);
        let proving = aside(move || sandbox_proof(&payments, id, passes));
        let proven = proving.await.map_err(|failed| Error::Broken(anyhow::anyhow!("a proof could not be taken: {failed}")))??;
        if !proven {
            return Err(Error::refused(Kind::Conflict, "payment_state", "The payment does not wait for a proof."));
        }
        let shown = self.tools.db.read_cut(move |conn| paid::one(conn, id).map_err(Error::from)).await?.ok_or_else(asked::no_such_payment)?;
        let view = PaymentView::of(&shown, self.payments.action(&shown.payment)?);
        Ok(Done::now(view).with_etag(etag::of_version(shown.payment.version)))
    }
}
