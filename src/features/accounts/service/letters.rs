//! The letters of accounts: plain text, one link, and what to do when it was not you.

use super::World;
use crate::features::accounts::store::accounts;
use crate::platform::config::Config;
use crate::platform::db::{DbResult, Tx};
use crate::platform::keys::Keys;
use crate::platform::mail::{self, Letter};
use crate::values::{Instant, UserId};

/// Whom a letter goes to.
pub(crate) struct Reader<'a> {
    pub email: &'a str,
    pub name: &'a str,
}

/// What happened, or was asked for. A token goes into the link, and stands below it for those who use the API by hand.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Matter<'a> {
    Confirm { token: &'a str },
    HaveOneAlready,
    Reset { token: &'a str },
    PasswordChanged,
    ConfirmNewAddress { token: &'a str },
    AddressWillChange,
    AddressChanged,
    TokenReused { device: &'a str },
    SecondFactorOn,
    SecondFactorOff,
    PasskeyAdded,
    PasskeyRemoved,
    RecoveryUsed { left: i64 },
    RecoveryRenewed,
    ProviderLinked { provider: &'a str },
    TokenMade { name: &'a str },
    Invited { token: &'a str },
    LeavingOn { date: &'a str, losses: &'a [String] },
    StayingAfterAll,
    ExportReady { token: &'a str },
    Suspended { reason: &'a str },
    Restored,
}

/// Writes to somebody about something of another feature: `text` goes on after "Hello Ada,". Whoever has no account, or was erased or
/// suspended, is not written to (`false`).
pub fn write_to(tx: &mut Tx<'_>, now: Instant, (keys, config): (&Keys, &Config), to: UserId, subject: &str, text: &str) -> DbResult<bool> {
    let Some(account) = accounts::by_id(tx, to)?.filter(|account| account.state.may_enter()) else { return Ok(false) };
    let site = &config.accounts.site_name;
    let text = format!("Hello {},\n\n{text}\n\n{site}\n{}\n", account.name, config.base_url());
    mail::post(tx, now, keys, &Letter { to: account.email, to_name: account.name, subject: format!("{site}: {subject}"), text })?;
    Ok(true)
}

/// Puts a letter into the outgoing mail, in the caller's transaction.
pub(crate) fn post(tx: &mut Tx<'_>, now: Instant, world: &World, to: &Reader<'_>, matter: Matter<'_>) -> DbResult<()> {
    let (subject, body) = text(world, matter);
    let site = &world.config.accounts.site_name;
    // An address that nobody has proven gets no words of whoever typed it: they might be an advertisement.
    let proven = !matches!(matter, Matter::Confirm { .. } | Matter::ConfirmNewAddress { .. } | Matter::Invited { .. });
    let (hello, to_name) = if proven { (format!("Hello {}", to.name), to.name.to_owned()) } else { ("Hello".to_owned(), String::new()) };
    let text = format!("{hello},\n\n{body}\n\n{site}\n{}\n", world.config.base_url());
    mail::post(tx, now, &world.keys, &Letter { to: to.email.into(), to_name, subject: format!("{site}: {subject}"), text })
}

fn text(world: &World, matter: Matter<'_>) -> (&'static str, String) {
    // The address in a link comes from the settings, never from a request.
    let link = |page: &str, token: &str, operation: &str| {
        format!("{}/account/{page}#{token}\n\nOr send this token to POST /api/v1/auth/{operation}:\n\n{token}", world.config.base_url())
    };
    let not_you = "If this was not you, set a new password at once (\"forgotten password\"); that ends all sessions.";
    match matter {
        Matter::Confirm { token } => (
            "confirm your address",
            format!("somebody, hopefully you, wants an account with this address. To make it, open this within a day and choose the password:\n\n{}\n\nIf this was not you, do nothing.", link("confirm", token, "verify-email")),
        ),
        Matter::HaveOneAlready => (
            "you have an account already",
            "somebody, hopefully you, wanted to make an account with this address. There is one already: log in, or ask for a new password if you have forgotten yours.\n\nIf this was not you, do nothing.".into(),
        ),
        Matter::Reset { token } => (
            "a new password",
            format!("to choose a new password, open this within half an hour:\n\n{}\n\nIt ends all your sessions and access tokens. If this was not you, do nothing: your password stays as it is.", link("reset", token, "password/reset")),
        ),
        Matter::PasswordChanged => ("your password was changed", format!("the password of your account was changed just now. {not_you}")),
        Matter::ConfirmNewAddress { token } => (
            "confirm your new address",
            format!("to use this address for your account from now on, open this within a day:\n\n{}\n\nIf this was not you, do nothing.", link("address", token, "confirm-email")),
        ),
        Matter::AddressWillChange => ("your address is about to change", format!("a new mail address was given for your account; it counts as soon as it is confirmed there. {not_you}")),
        Matter::AddressChanged => ("your address was changed", "your account has another mail address from now on; this one does not belong to it any more. If this was not you, write to the operator of this site.".into()),
        Matter::TokenReused { device } => (
            "a session was ended",
            format!("a login token that had been replaced was used a second time, so the session ({device}) was ended. Either a program went wrong, or somebody had copied the token. Log in again; if you wonder, change your password."),
        ),
        Matter::SecondFactorOn => ("two steps to log in", format!("from now on your account asks for a code besides the password. {not_you}")),
        Matter::SecondFactorOff => ("one step to log in", format!("your account does not ask for a code any more. {not_you}")),
        Matter::PasskeyAdded => ("a passkey was added", format!("a passkey was added to your account. {not_you} A passkey outlives that: remove it under /me/passkeys too.")),
        Matter::PasskeyRemoved => ("a passkey was removed", format!("a passkey was removed from your account, and all other sessions were ended. {not_you}")),
        Matter::RecoveryUsed { left } => ("a recovery code was used", format!("one of your recovery codes was used instead of the app; {left} are left. {not_you}")),
        Matter::RecoveryRenewed => ("new recovery codes", format!("new recovery codes were made for your account; the old ones are void. {not_you}")),
        Matter::ProviderLinked { provider } => ("another way to log in", format!("your account can be opened with your account of {provider} from now on. {not_you} The link outlives that: remove it under /me/oidc too.")),
        Matter::TokenMade { name } => ("an access token was made", format!("a personal access token, \"{name}\", was made for your account. {not_you}")),
        Matter::Invited { token } => (
            "you are invited",
            format!("you are invited to make an account. Send this invitation with your registration (POST /api/v1/auth/register, field `invite`) within a week:\n\n{token}"),
        ),
        Matter::LeavingOn { date, losses } => {
            let losses: String = losses.iter().map(|lost| format!("{lost} ")).collect();
            ("your account will be erased", format!("as you asked, your account will be erased on {date}. Until then you can log in and call it off. {losses}{not_you}"))
        }
        Matter::StayingAfterAll => ("your account stays", "the erasure of your account was called off.".into()),
        Matter::ExportReady { token } => ("your data are ready", format!("the copy of your data can be fetched for two days, while you are logged in: GET /api/v1/me/exports/{token}/file")),
        Matter::Suspended { reason } => ("your account is suspended", format!("your account was suspended: {reason}")),
        Matter::Restored => ("your account is open again", "the suspension of your account was lifted.".into()),
    }
}
