//! Means of payment that guests leave for what is due later, without paying anything (Stripe's SetupIntents).

use super::Payments;
use super::asked::{bad_method, saved_place, token};
use crate::features::accounts;
use crate::features::payments::provider::{Trouble, unavailable};
use crate::features::payments::rules::terms::NextAction;
use crate::features::payments::store::customers::{self, Customer};
use crate::platform::db::{Conn, Lane, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::values::{Instant, UserId};

/// The provider that keeps something of this guest's.
pub(in super::super) fn of(conn: &mut Conn<'_>, payments: &Payments, guest: UserId) -> Result<Option<&'static str>> {
    let Some(provider) = payments.cards() else { return Ok(None) };
    Ok(customers::one(conn, guest, provider)?.and_then(|customer| customer.method_sealed).map(|_left| provider))
}

/// Has the provider keep a card, and remembers it; where the guest has to do something first, nothing is remembered but who they are. Blocks.
///
/// Errors: 422 `invalid_payment_method`, 402 `payment_failed`, 503 `payment_provider_unavailable`, 404 for whoever was erased meanwhile.
pub(in super::super) fn leave(payments: &Payments, guest: UserId, method: &str) -> Result<(&'static str, Option<NextAction>)> {
    token(method)?;
    // Providers' tokens are such as `pm_1Abc`; `true` and `5` are what a front end sends by mistake.
    if !method.contains('_') || method == "bank_transfer" {
        return Err(bad_method("Only a card can be left for later: a token of the payment provider."));
    }
    let provider = payments.cards().ok_or_else(|| bad_method("No cards are taken here."))?;
    let known = payments.db.read_blocking(|conn| customers::one(conn, guest, provider).map_err(Error::from))?;
    let reference = known.map(|customer| customer.reference);
    let saved = payments.save(provider, &format!("card of {guest} {method}"), guest, reference.as_ref(), method).map_err(refused)?;
    let keys = payments.world.keys.clone();
    let method_sealed = saved.action.is_none().then(|| keys.seal(&saved_place(guest, provider), saved.method.as_bytes()));
    let customer = Customer { provider: provider.to_owned(), reference: saved.customer, method_sealed };
    payments.db.write_blocking(Lane::Urgent, move |tx: &mut Tx<'_>, now| {
        accounts::contact_held(tx, guest)?.ok_or_else(|| Error::not_found("There is no such account any more."))?;
        Ok::<_, Error>(customers::keep(tx, now, guest, &customer)?)
    })?;
    Ok((provider, saved.action))
}

/// Forgets what was left; who the guest is to the provider stays.
pub(in super::super) fn forget(tx: &mut Tx<'_>, now: Instant, payments: &Payments, guest: UserId) -> Result<()> {
    let Some(provider) = payments.cards() else { return Ok(()) };
    Ok(customers::forget_method(tx, now, guest, provider)?)
}

fn refused(trouble: Trouble) -> Error {
    match trouble {
        Trouble::Refused { code, .. } => {
            let refused = Error::refused(Kind::PaymentNeeded, "payment_failed", "The card was refused, so it was not left.");
            refused.with_data("failure", code.into())
        }
        Trouble::NotMade(why) | Trouble::Unknown(why) => unavailable(&why),
    }
}
