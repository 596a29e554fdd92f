//! The letters about co-hosts.

use super::World;
use crate::features::accounts::Contact;
use crate::features::listings::rules::co_hosts::Level;
use crate::platform::db::{DbResult, Tx};
use crate::platform::mail::{self, Letter};
use crate::values::{Email, Instant};

/// What happened with a listing of this title.
#[derive(Debug, Clone, Copy)]
pub(super) enum Matter<'a> {
    /// To the host, when a co-host asked somebody.
    Asked { by: &'a str, level: Level },
    /// To the host.
    Joined { who: &'a str, level: Level },
    /// To the co-host.
    Welcome { level: Level },
    /// To the host, when a co-host did it.
    OtherChanged { who: &'a str, level: Level },
    /// To the co-host.
    Changed { level: Level },
    /// To the host.
    OtherLeft { who: &'a str },
    /// To the co-host.
    Left,
}

/// What a level allows, in words.
fn words(level: Level) -> &'static str {
    match level {
        Level::Calendar => "seeing its calendar",
        Level::Messages => "seeing its calendar and writing to guests",
        Level::Full => "editing it, answering guests and seeing its earnings",
    }
}

/// The invitation. To an address that nobody has proven it holds no words of others: they might be an advertisement.
pub(super) fn invite(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    (to, known): (&Email, Option<&Contact>),
    (by, title): (&str, &str),
    (level, token): (Level, &str),
) -> DbResult<()> {
    let (site, base) = (&world.config.accounts.site_name, world.config.base_url());
    let words = words(level);
    let (hello, request) = match known {
        Some(known) => (format!("Hello {}", known.name), format!("{by} asks you to help with the home \"{title}\" as a co-host; that means {words}.")),
        None => (
            "Hello".into(),
            format!(
                "somebody who offers a home at {site} asks you to help with it as a co-host; that means {words}. \
                 It takes an account with this address; make one there first."
            ),
        ),
    };
    let text = format!(
        "{hello},\n\n{request}\n\nTo accept, open this within a week and log in with this address:\n\n{base}/account/co-host#{token}\n\n\
         Or send this token to POST /api/v1/me/co-host-invitations/accept while you are logged in:\n\n{token}\n\n\
         If you do not know what this is about, do nothing.\n\n{site}\n{base}\n"
    );
    let to_name = known.map(|known| known.name.clone()).unwrap_or_default();
    mail::post(tx, now, &world.keys, &Letter { to: to.text().into(), to_name, subject: format!("{site}: help with a home"), text })
}

/// Tells somebody what happened; nobody where the host has no account.
pub(super) fn tell(tx: &mut Tx<'_>, now: Instant, world: &World, to: Option<&Contact>, title: &str, matter: Matter<'_>) -> DbResult<()> {
    let Some(to) = to else { return Ok(()) };
    let (site, base) = (&world.config.accounts.site_name, world.config.base_url());
    let (subject, body) = text(title, matter);
    let text = format!("Hello {},\n\n{body}\n\n{site}\n{base}\n", to.name);
    mail::post(tx, now, &world.keys, &Letter { to: to.email.text().into(), to_name: to.name.clone(), subject: format!("{site}: {subject}"), text })
}

fn text(title: &str, matter: Matter<'_>) -> (&'static str, String) {
    let yours = "If you do not want that, remove them under /listings/{id}/co-hosts.";
    match matter {
        Matter::Asked { by, level } => {
            ("somebody was asked to help", format!("{by} asked somebody to help with \"{title}\" as a co-host; that means {}. {yours}", words(level)))
        }
        Matter::Joined { who, level } => ("you have a co-host", format!("{who} helps with \"{title}\" from now on; that means {}. {yours}", words(level))),
        Matter::Welcome { level } => {
            ("you are a co-host", format!("you help with \"{title}\" from now on; that means {}. You can leave it at any time.", words(level)))
        }
        Matter::OtherChanged { who, level } => {
            ("a co-host was changed", format!("what {who} may do with \"{title}\" was changed by another co-host; it now means {}. {yours}", words(level)))
        }
        Matter::Changed { level } => ("what you may do was changed", format!("what you may do with \"{title}\" was changed; it now means {}.", words(level))),
        Matter::OtherLeft { who } => ("a co-host has left", format!("{who} does not help with \"{title}\" any more.")),
        Matter::Left => ("you are no co-host any more", format!("you do not help with \"{title}\" any more.")),
    }
}
