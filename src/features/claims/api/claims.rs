//! `/bookings/{id}/claims`: what both sides do.

use super::views::{ClaimView, ClaimsView};
use crate::features::claims::rules::{Claim, Item, bad};
use crate::features::claims::service::World;
use crate::features::claims::service::acts::{self, Deed};
use crate::features::listings;
use crate::features::payments::Payments;
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Caller, Created, Done, IfMatch, PREFIX, Visitor, etag};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use crate::values::{BookingId, Instant};
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use std::time::Duration;
use uuid::Uuid;

/// How long whoever pays waits for the provider, before being told that it is under way.
const PATIENCE: Duration = Duration::from_secs(8);

/// What was damaged.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ClaimAsk {
    /// 1 to 20.
    items: Vec<ClaimItemAsk>,
    /// What happened, up to 2,000 characters.
    description: Option<String>,
}

/// Something that was damaged.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ClaimItemAsk {
    /// One line of 1 to 200 characters.
    what: String,
    /// Minor units of the booking's currency.
    amount: i64,
}

/// What the guest says to a claim.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ClaimAnswerAsk {
    /// How much the guest pays, in minor units: all of it, a part, or 0.
    amount: i64,
    /// Up to 2,000 characters.
    message: Option<String>,
}

/// How a guest pays.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ClaimPayAsk {
    /// A token of the payment provider, `bank_transfer` or `cash`. Credit pays for stays alone.
    #[oai(validator(max_length = 200))]
    payment_method: String,
}

/// Damage claims.
pub(super) struct ClaimsApi {
    tools: Tools,
    payments: Payments,
}

impl ClaimsApi {
    #[must_use]
    pub(super) fn new(tools: Tools, payments: Payments) -> Self {
        Self { tools, payments }
    }

    /// One act on a claim, and how it stands when its payment has had a moment.
    async fn act(
        &self,
        who: (Caller, Visitor, Once),
        (id, claim): (Uuid, Uuid),
        if_match: IfMatch,
        deed: impl Fn(&mut Tx<'_>, Instant, &World, &Deed<'_>) -> Result<Claim> + Send + Sync + 'static,
    ) -> Result<Done<ClaimView>> {
        let ((caller, visitor, once), booking) = (who, BookingId(id));
        let (world, reader) = (World::of(&self.tools, visitor.origin()), caller.clone());
        let write = move |tx: &mut Tx<'_>, now: Instant| {
            let done = deed(tx, now, &world, &Deed { caller: &caller, booking, claim, if_match: &if_match })?;
            Ok((shown(&done), ()))
        };
        let told = async |()| {
            self.payments.settle(booking, PATIENCE).await?;
            let read = move |conn: &mut Conn<'_>| {
                let found = acts::list(conn, &reader, booking)?.into_iter().find(|one| one.id == claim);
                found.map(|claim| shown(&claim)).ok_or_else(|| Error::not_found("There is no such claim, or it is not yours."))
            };
            self.tools.db.read(read).await
        };
        self.tools.db.write_once_then(&once, write, told).await
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Bookings")]
impl ClaimsApi {
    /// Claim damage from the guest of a stay that is over, within two weeks after the guest has left.
    #[oai(path = "/bookings/:id/claims", method = "post", operation_id = "fileClaim")]
    async fn file(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, ask: Json<ClaimAsk>) -> Result<Created<ClaimView>> {
        let wish = ask.0.read()?;
        let (world, booking) = (World::of(&self.tools, visitor.origin()), BookingId(id.0));
        let filed = self.tools.db.write_once(&once, move |tx, now| {
            let claim = acts::file(tx, now, &world, &caller, booking, wish.clone())?;
            Ok(Created::at(format!("{PREFIX}/bookings/{booking}/claims"), ClaimView::of(&claim)).with_etag(etag::of_version(claim.version)))
        });
        filed.await
    }

    /// The damage claims of a booking, oldest first.
    #[oai(path = "/bookings/:id/claims", method = "get", operation_id = "listBookingClaims")]
    async fn list(&self, caller: Caller, id: Path<Uuid>) -> Result<Json<ClaimsView>> {
        let found = self.tools.db.read(move |conn| acts::list(conn, &caller, BookingId(id.0))).await?;
        Ok(Json(ClaimsView { data: found.iter().map(ClaimView::of).collect() }))
    }

    /// Answer a claim as the guest: pay it all, offer a part, or refuse with 0. What you agree to is charged to what you paid the stay with.
    #[oai(path = "/bookings/:id/claims/:cid/answer", method = "post", operation_id = "answerClaim")]
    #[expect(clippy::too_many_arguments, reason = "what a handler is handed")]
    async fn answer(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        cid: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<ClaimAnswerAsk>,
    ) -> Result<Done<ClaimView>> {
        let (amount, message) = (ask.0.amount, text("/body/message", &ask.0.message.unwrap_or_default(), 2_000)?);
        let deed = move |tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>| acts::answer(tx, now, world, deed, amount, &message);
        self.act((caller, visitor, once), (id.0, cid.0), if_match, deed).await
    }

    /// Take what the guest offers, as the host.
    #[oai(path = "/bookings/:id/claims/:cid/accept", method = "post", operation_id = "acceptClaimOffer")]
    async fn accept(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, cid: Path<Uuid>, if_match: IfMatch) -> Result<Done<ClaimView>> {
        self.act((caller, visitor, once), (id.0, cid.0), if_match, acts::accept).await
    }

    /// Hand a claim that the guest contests to staff, within 30 days after filing.
    #[oai(path = "/bookings/:id/claims/:cid/escalate", method = "post", operation_id = "escalateClaim")]
    async fn escalate(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, cid: Path<Uuid>, if_match: IfMatch) -> Result<Done<ClaimView>> {
        self.act((caller, visitor, once), (id.0, cid.0), if_match, acts::escalate).await
    }

    /// Take a claim back, as the host, until it is paid. A payment that is under way is let go.
    #[oai(path = "/bookings/:id/claims/:cid/withdraw", method = "post", operation_id = "withdrawClaim")]
    async fn withdraw(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, cid: Path<Uuid>, if_match: IfMatch) -> Result<Done<ClaimView>> {
        self.act((caller, visitor, once), (id.0, cid.0), if_match, acts::withdraw).await
    }

    /// Pay what is due of a claim, as the guest, where nothing could be charged.
    #[oai(path = "/bookings/:id/claims/:cid/payments", method = "post", operation_id = "payClaim")]
    #[expect(clippy::too_many_arguments, reason = "what a handler is handed")]
    async fn pay(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        cid: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<ClaimPayAsk>,
    ) -> Result<Done<ClaimView>> {
        let method = ask.0.payment_method;
        let deed = move |tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>| acts::pay(tx, now, world, deed, &method);
        self.act((caller, visitor, once), (id.0, cid.0), if_match, deed).await
    }
}

pub(super) fn shown(claim: &Claim) -> Done<ClaimView> {
    Done::now(ClaimView::of(claim)).with_etag(etag::of_version(claim.version))
}

/// Words of a person, as a listing's texts are read.
pub(super) fn text(pointer: &str, text: &str, most: usize) -> Result<String> {
    listings::prose(text, most).map_err(|message| bad(pointer, &message))
}

/// The same in one line: what stands in a list of a letter must not look like more of the letter.
pub(super) fn line(pointer: &str, words: &str, most: usize) -> Result<String> {
    let line = text(pointer, words, most)?;
    if line.contains(['\n', '\t', '\u{2028}', '\u{2029}']) {
        return Err(bad(pointer, &format!("must be one line of at most {most} characters")));
    }
    Ok(line)
}

impl ClaimAsk {
    fn read(self) -> Result<(Vec<Item>, String)> {
        let description = text("/body/description", &self.description.unwrap_or_default(), 2_000)?;
        let item = |(at, item): (usize, ClaimItemAsk)| {
            let what = line(&format!("/body/items/{at}/what"), &item.what, 200)?;
            Ok(Item { what, amount: item.amount })
        };
        Ok((self.items.into_iter().take(100).enumerate().map(item).collect::<Result<_>>()?, description))
    }
}
