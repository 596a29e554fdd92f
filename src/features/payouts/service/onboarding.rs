//! Accounts at the payment provider that are opened from here (Stripe Connect): the host proves to the provider who they are, at a page of its own.

use super::send::unsealed;
use super::{World, methods};
use crate::features::accounts;
use crate::features::payments::provider::{Trouble, unavailable};
use crate::features::payouts::rules::terms::{BANK, Method};
use crate::features::payouts::store::methods as rows;
use crate::platform::config::Config;
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::values::{Instant, UserId};
use url::Url;

/// An account at the provider, and the page at which its host goes on.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    provider: &'static str,
    account: String,
    pub page: String,
}

/// Where the provider sends the host back to: a page of this instance, or of a front end that it knows (`cors.origins`). Refuses anything else with 422.
pub(crate) fn back_to(config: &Config, wish: Option<String>) -> Result<String> {
    let Some(wish) = wish else { return Ok(config.base_url()) };
    let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
    let known = std::iter::once(config.base_url()).chain(config.cors.origins.iter().cloned()).filter_map(|text| origin(&text));
    if origin(&wish).is_some_and(|asked| known.into_iter().any(|one| one == asked)) {
        return Ok(wish);
    }
    let message = "is no page of this instance or of a front end that it knows";
    let refused = Error::refused(Kind::Unacceptable, "out_of_range", format!("return_url {message}."));
    Err(refused.with_error(FieldError::new("/body/return_url", "out_of_range", message)))
}

/// The account at the provider that a host left last, if they left one.
pub(crate) fn known(conn: &mut Conn<'_>, world: &World, host: UserId) -> Result<Option<String>> {
    let left = rows::of_user(conn, host)?.into_iter().find(|method| world.payments.cards() == Some(method.kind.as_str()));
    left.map(|method| unsealed(world, method.id, &method.details_sealed).map(|details| details.account)).transpose()
}

/// Asks the provider: for an account, where the host has none, and for its page. Blocks. Refuses with 422 `unknown_payout_kind` where the provider
/// opens none, 409 `payout_account_refused` where it says no, 503 `payment_provider_unavailable`.
pub(crate) fn ask(world: &World, host: UserId, known: Option<String>, back_to: &str) -> Result<Opened> {
    let provider = world.payments.cards().ok_or_else(not_offered)?;
    let account = match known {
        Some(account) => account,
        // A copy of the call within a day answers the same account: whoever is interrupted here begins anew without harm.
        None => world.payments.open_account(provider, &format!("payout account {host}"), host).map_err(refused)?,
    };
    let page = world.payments.account_page(provider, &account, back_to).map_err(refused)?;
    Ok(Opened { provider, account, page })
}

/// The account becomes the host's way of being paid, unless it is already.
pub(crate) fn settle(tx: &mut Tx<'_>, now: Instant, world: &World, host: UserId, opened: &Opened) -> Result<Method> {
    accounts::held(tx, host)?;
    if let Some(newest) = rows::newest(tx, host)?.filter(|newest| newest.kind == opened.provider && newest.failed_at.is_none())
        && unsealed(world, newest.id, &newest.details_sealed)?.account == opened.account
    {
        return Ok(newest);
    }
    let holder = accounts::name(tx, host)?.unwrap_or_default();
    let wish = methods::Wish::judged(world, opened.provider, &holder, &opened.account)?;
    methods::add(tx, now, world, host, &wish)
}

fn not_offered() -> Error {
    Error::refused(Kind::Unacceptable, "unknown_payout_kind", format!("No accounts are opened from here; leave one of kind {BANK}."))
}

fn refused(trouble: Trouble) -> Error {
    match trouble {
        Trouble::Refused { code, .. } if code == "not_offered" => not_offered(),
        Trouble::Refused { code, .. } => {
            let detail = "The payment provider does not open this account, or not its page.";
            Error::refused(Kind::Conflict, "payout_account_refused", detail).with_data("failure", code.into())
        }
        Trouble::NotMade(why) | Trouble::Unknown(why) => unavailable(&why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_come_back_to_pages_of_ours_only() {
        let mut config = Config { public_url: Some("https://stay.example".into()), ..Config::default() };
        config.cors.origins = vec!["https://app.stay.example".into()];
        assert_eq!(back_to(&config, None).unwrap(), "https://stay.example");
        for good in ["https://stay.example/me?done=1", "https://app.stay.example/", "https://stay.example:443/x"] {
            assert_eq!(back_to(&config, Some(good.into())).unwrap(), good);
        }
        for bad in [
            "https://evil.example/",
            "http://stay.example/",
            "https://stay.example.evil.example/",
            "https://stay.example@evil.example/",
            "javascript:alert(1)",
            "/me",
            "",
            "data:,",
        ] {
            assert!(back_to(&config, Some(bad.into())).is_err(), "{bad}");
        }
    }
}
