//! `/payout-methods`: where hosts want their money.

use super::views::{PayoutMethodView, PayoutMethodsView};
use crate::features::payouts::service::Payouts;
use crate::features::payouts::service::methods::{self, Wish};
use crate::features::payouts::service::onboarding;
use crate::features::payouts::store::methods as rows;
use crate::platform::error::{Error, Result};
use crate::platform::http::{Caller, Created, Done, Nothing, PREFIX, Visitor};
use crate::platform::idempotency::Once;
use crate::platform::tasks::aside;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PayoutMethodAsk {
    /// `bank`, or the name of the payment provider of this instance (`stripe`, `sandbox`).
    #[oai(validator(max_length = 40))]
    kind: String,
    /// Whose account it is.
    #[oai(validator(max_length = 600))]
    holder: String,
    /// An IBAN, or whatever names an account at your bank; of a provider the name of your account there (`acct_…`).
    #[oai(validator(max_length = 500))]
    account: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PayoutAccountAsk {
    /// Where the provider sends you back to: a page of this instance or of a front end that it knows. Absent: its first page.
    #[oai(validator(max_length = 2000))]
    return_url: Option<String>,
}

/// An account at the payment provider.
#[derive(Object)]
struct PayoutAccountView {
    /// Open it in a browser; it is good once, and for some minutes.
    url: String,
    method: PayoutMethodView,
}

/// Where hosts want their money.
pub(super) struct PayoutMethodsApi {
    payouts: Payouts,
}

impl PayoutMethodsApi {
    #[must_use]
    pub(super) fn new(payouts: Payouts) -> Self {
        Self { payouts }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Payments")]
impl PayoutMethodsApi {
    /// Your accounts for payouts, newest first. The newest one counts, once it is active.
    #[oai(path = "/payout-methods", method = "get", operation_id = "listPayoutMethods")]
    async fn list(&self, caller: Caller) -> Result<Json<PayoutMethodsView>> {
        let (user, now) = (caller.user, self.payouts.tools.clock.now());
        let found = self.payouts.tools.db.read(move |conn| rows::of_user(conn, user).map_err(Error::from)).await?;
        let data = found.iter().enumerate().map(|(n, method)| PayoutMethodView::of(method, n == 0, now)).collect();
        Ok(Json(PayoutMethodsView { data }))
    }

    /// Leave an account for payouts. Needs a fresh proof. It counts three days later, unless the instance says otherwise; until then nothing is
    /// paid out, and you are told by mail.
    #[oai(path = "/payout-methods", method = "post", operation_id = "addPayoutMethod")]
    async fn add(&self, caller: Caller, visitor: Visitor, once: Once, ask: Json<PayoutMethodAsk>) -> Result<Created<PayoutMethodView>> {
        let (world, user) = (self.payouts.world(visitor.origin()), caller.user);
        let wish = Wish::judged(&world, &ask.0.kind, &ask.0.holder, &ask.0.account)?;
        let made = self.payouts.tools.db.write_once(&once, move |tx, now| {
            let method = methods::add(tx, now, &world, user, &wish)?;
            Ok(Created::at(format!("{PREFIX}/payout-methods/{}", method.id), PayoutMethodView::of(&method, true, now)))
        });
        made.await
    }

    /// Have an account opened at the payment provider of this instance (Stripe Connect), or go on with the one you have: `url` is the provider's page at
    /// which you prove who you are. Needs a fresh proof. The account is your payout method from then on, and counts three days later like any other.
    /// Ask again for another page when one is no longer good.
    #[oai(path = "/payout-methods/onboarding", method = "post", operation_id = "openPayoutAccount")]
    async fn open(&self, caller: Caller, visitor: Visitor, once: Once, ask: Json<PayoutAccountAsk>) -> Result<Done<PayoutAccountView>> {
        let (world, user) = (self.payouts.world(visitor.origin()), caller.user);
        let back_to = once.decided(onboarding::back_to(&world.config, ask.0.return_url))?;
        let (seen, db) = (world.clone(), &self.payouts.tools.db);
        let known = db.read(move |conn| onboarding::known(conn, &seen, user)).await?;
        let asked = world.clone();
        let asking = aside(move || onboarding::ask(&asked, user, known, &back_to));
        let opened = asking.await.map_err(|failed| Error::Broken(anyhow::anyhow!("an account could not be opened: {failed}")))??;
        let done = db.write_once(&once, move |tx, now| {
            let method = onboarding::settle(tx, now, &world, user, &opened)?;
            Ok(Done::now(PayoutAccountView { url: opened.page.clone(), method: PayoutMethodView::of(&method, true, now) }))
        });
        done.await
    }

    /// Remove an account for payouts. Needs a fresh proof. The one before it counts again; what was put aside for it and is not `sent` yet is owed again.
    #[oai(path = "/payout-methods/:id", method = "delete", operation_id = "removePayoutMethod")]
    async fn remove(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>) -> Result<Nothing> {
        let (world, user, id) = (self.payouts.world(visitor.origin()), caller.user, id.0);
        let done = self.payouts.tools.db.write(move |tx, now| methods::remove(tx, now, &world, user, id).map(|()| Nothing::more()));
        done.await
    }
}
