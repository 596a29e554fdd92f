//! What staff do with the homes of others: approve, send back, take out of sight, let back. Each with a reason, which its host is told.

use super::super::store::homes::{self, Held, Turn};
use super::standing::State;
use super::world::{Fresh, World, announce, complete, missing, no_such_listing, note, wrong_state};
use crate::features::accounts;
use crate::platform::access::Principal;
use crate::platform::db::Tx;
use crate::platform::error::{Error, Kind, Result};
use crate::values::{Instant, ListingId};
use serde_json::json;

/// Who does something to whose home, and why. That they may, the door has said.
#[derive(Clone, Copy)]
pub(crate) struct Deed<'a> {
    pub by: &'a Principal,
    pub listing: ListingId,
    pub reason: &'a str,
    pub fresh: Fresh<'a>,
}

/// What staff can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Approve,
    Reject,
    Withhold,
    Release,
}

/// Carries a decision out, and writes to the host.
pub(crate) fn decide(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>, decision: Decision) -> Result<Held> {
    homes::hold(tx, deed.listing)?;
    let held = homes::find(tx, &world.keys, deed.listing)?.ok_or_else(no_such_listing)?;
    (deed.fresh)(held.version)?;
    let turn = turned(tx, now, world, &held, deed, decision)?;
    homes::turn(tx, now, &held, turn)?;
    let action = match decision {
        Decision::Approve => "listing.approved",
        Decision::Reject => "listing.rejected",
        Decision::Withhold => "listing.withheld",
        Decision::Release => "listing.released",
    };
    let diff = json!({"state": [held.state.name(), turn.state.name()], "withheld": [held.withheld, turn.withheld]});
    note(tx, now, world, action, (deed.by, Some(deed.reason)), held.id, diff)?;
    announce(tx, now, held.id)?;
    let (subject, text) = letter(&held, deed.reason, decision);
    accounts::write_to(tx, now, (&world.keys, &world.config), held.host, &subject, &text)?;
    homes::find(tx, &world.keys, held.id)?.ok_or_else(no_such_listing)
}

/// What becomes of the home, or why nothing does.
fn turned<'a>(tx: &mut Tx<'_>, now: Instant, world: &World, held: &Held, deed: &'a Deed<'_>, decision: Decision) -> Result<Turn<'a>> {
    let conflict = |why: &str| Error::refused(Kind::Conflict, "conflict", why);
    let same = Turn { state: held.state, note: None, withheld: held.withheld, approved_at: held.approved_at };
    match decision {
        Decision::Approve | Decision::Reject if held.state != State::Submitted => Err(wrong_state(held, "Only what was submitted can be judged.")),
        Decision::Approve => {
            complete(missing(tx, world, held)?)?;
            Ok(Turn { state: State::Published, approved_at: Some(now), ..same })
        }
        Decision::Reject => Ok(Turn { state: State::Draft, note: Some(deed.reason), approved_at: None, ..same }),
        Decision::Withhold if held.withheld => Err(conflict("This home is withheld already.")),
        Decision::Withhold if matches!(held.state, State::Archived | State::Importing) => Err(wrong_state(held, "Nobody sees it anyway.")),
        Decision::Withhold => {
            let state = match held.state {
                State::Published => State::Paused,
                State::Submitted => State::Draft,
                other => other,
            };
            Ok(Turn { state, note: Some(deed.reason), withheld: true, ..same })
        }
        Decision::Release if !held.withheld => Err(conflict("This home is not withheld.")),
        Decision::Release => Ok(Turn { withheld: false, ..same }),
    }
}

fn letter(held: &Held, reason: &str, decision: Decision) -> (String, String) {
    let title = &held.home.title;
    match decision {
        Decision::Approve => {
            (format!("\"{title}\" is published"), format!("your home \"{title}\" was approved. Guests can find and book it from now on.\n\n{reason}"))
        }
        Decision::Reject => (
            format!("\"{title}\" needs a change"),
            format!("your home \"{title}\" was looked at and is not published yet:\n\n{reason}\n\nChange it and submit it again."),
        ),
        Decision::Withhold => (
            format!("\"{title}\" was taken out of sight"),
            format!(
                "your home \"{title}\" cannot be found or booked for now:\n\n{reason}\n\nStays that are booked stand. Write to the operator of this site if you think that this is wrong."
            ),
        ),
        Decision::Release => (format!("\"{title}\" can be published again"), format!("you can publish your home \"{title}\" again.\n\n{reason}")),
    }
}
