//! The letters of feeds, to the host of the listing: a feed that cannot be read any more, one that can again, nights that are taken twice.

use super::World;
use crate::features::accounts;
use crate::features::feeds::rules::snapshot::Clash;
use crate::features::feeds::store::exports::Export;
use crate::features::feeds::store::feeds::{Feed, Home};
use crate::platform::db::{DbResult, Tx};
use crate::platform::mail::{self, Letter};
use crate::values::{Instant, ListingId};

/// Ranges that a letter lists; the others are counted.
const LISTED: usize = 10;

/// What happened.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Matter<'a> {
    Failed {
        feed: &'a Feed,
        since: Instant,
    },
    Recovered {
        feed: &'a Feed,
    },
    Conflict {
        feed: &'a Feed,
        clashes: &'a [Clash],
    },
    /// Addresses that a co-host was told, who helps no longer.
    Ended {
        listing: ListingId,
        exports: &'a [Export],
    },
}

/// Puts a letter into the outgoing mail, in the caller's transaction. Hosts without an account, who came with an import, get none.
pub(crate) fn post(tx: &mut Tx<'_>, now: Instant, world: &World, home: &Home, matter: Matter<'_>) -> DbResult<()> {
    let Some(host) = accounts::contact(tx, home.host)? else { return Ok(()) };
    let (subject, body) = text(home, matter);
    let (site, base) = (&world.config.accounts.site_name, world.config.base_url());
    let text = format!("Hello {},\n\n{body}\n\n{site}\n{base}\n", host.name);
    mail::post(tx, now, &world.keys, &Letter { to: host.email.text().to_owned(), to_name: host.name, subject: format!("{site}: {subject}"), text })
}

fn text(home: &Home, matter: Matter<'_>) -> (&'static str, String) {
    let title = &home.title;
    match matter {
        Matter::Failed { feed, since } => (
            "a calendar cannot be read any more",
            format!(
                "the calendar \"{}\" ({}) of \"{title}\" could not be read since {since}. The nights it had taken by then stay taken; stays that were booked there since are not known here. Look whether its address is still right: GET /api/v1/listings/{}/feeds",
                feed.chosen.name, feed.host, feed.listing
            ),
        ),
        Matter::Recovered { feed } => (
            "a calendar can be read again",
            format!("the calendar \"{}\" ({}) of \"{title}\" can be read again, and its nights are up to date.", feed.chosen.name, feed.host),
        ),
        Matter::Ended { listing, exports } => {
            let names: Vec<String> = exports.iter().map(|export| format!("  {}", export.name)).collect();
            (
                "addresses of a calendar have ended",
                format!(
                    "these addresses of the calendar of \"{title}\" were known to a co-host who may edit it no longer, so they find nothing any more:\n\n{}\n\nOther sites that still fetch them do not hear of new stays here. Make new addresses and give them to these sites: POST /api/v1/listings/{listing}/exports",
                    names.join("\n")
                ),
            )
        }
        Matter::Conflict { feed, clashes } => {
            let mut nights: Vec<String> = clashes.iter().take(LISTED).map(|clash| format!("  {} to {}", clash.nights.from, clash.nights.to)).collect();
            if clashes.len() > LISTED {
                nights.push(format!("  and {} more", clashes.len() - LISTED));
            }
            (
                "nights are taken twice",
                format!(
                    "the calendar \"{}\" ({}) says that nights of \"{title}\" are taken which are booked here too:\n\n{}\n\nNothing was cancelled. See to it on one of the two sites, then end the conflict: GET /api/v1/listings/{}/conflicts",
                    feed.chosen.name,
                    feed.host,
                    nights.join("\n"),
                    feed.listing
                ),
            )
        }
    }
}
