//! Co-hosts: asked by letter, accepted by whoever owns the address, changed and removed (docs/RULES.md, H1 to H5).
//!
//! Every change begins by holding the listing, so that two at once take turns and twenty stay twenty; only then it is looked
//! whether the caller may.

mod letters;

use super::guards::{Guards, Left};
use super::standing::{Standing, State, allowed};
use crate::features::accounts::{self, Contact};
use crate::features::listings::rules::co_hosts::{self as rules, Level};
use crate::features::listings::store::{co_hosts as store, standing};
use crate::platform::access::{Action, Principal, Relation};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::config::Config;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::keys::{Keys, digest, fresh_secret};
use crate::values::{Email, Instant, ListingId, Origin, UserId};
use letters::Matter;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

pub(in super::super) use store::{CoHost, Invitation};

/// What these use cases need of the world besides their transaction.
#[derive(Clone)]
pub(in super::super) struct World {
    pub keys: Arc<Keys>,
    pub config: Arc<Config>,
    pub guards: Guards,
    pub origin: Origin,
}

impl World {
    /// Whoever helped may edit the home no longer: all features hear of it.
    fn helper_left(&self, tx: &mut Tx<'_>, now: Instant, listing: ListingId, helper: UserId, by: UserId) -> DbResult<()> {
        self.guards.helper_left(tx, now, &Left { listing, helper, by, origin: &self.origin })
    }
}

/// Who helps, and who was asked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Helpers {
    pub co_hosts: Vec<CoHost>,
    pub invitations: Vec<Invitation>,
}

/// What a new co-host is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Joined {
    pub listing: ListingId,
    pub title: String,
    pub level: Level,
}

/// The co-hosts of a listing and its open invitations.
pub(in super::super) fn list(conn: &mut Conn<'_>, now: Instant, caller: &Principal, listing: ListingId) -> Result<Helpers> {
    allowed(conn, Some(caller), listing, Action::ManageCoHosts)?;
    Ok(Helpers { co_hosts: store::of_listing(conn, listing)?, invitations: store::open_invitations(conn, now, listing)? })
}

/// Asks somebody to help: a letter with a token goes to the address, in the place of an earlier one. Whether anybody has an account
/// there is not told. `may_write` is asked at the end, and is false when too many letters have gone there lately.
pub(in super::super) fn invite(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    caller: &Principal,
    listing: ListingId,
    (email, level, may_write): (&Email, Level, &dyn Fn() -> bool),
) -> Result<Invitation> {
    let standing = manage(tx, caller, listing)?;
    let open = store::open_invitations(tx, now, listing)?;
    let earlier = open.iter().find(|one| Email::parse(&one.email).is_some_and(|one| one.key() == email.key()));
    let levels: Vec<Level> = earlier.map(|one| one.level).into_iter().chain([level]).collect();
    may_manage(&standing, &levels)?;
    let (by, host) = (accounts::contact(tx, caller.user)?, accounts::contact(tx, standing.host)?);
    if [&by, &host].into_iter().flatten().any(|one| one.email.key() == email.key()) {
        return Err(needs_no_invitation());
    }
    if store::of_listing(tx, listing)?.len() + open.len() - usize::from(earlier.is_some()) >= rules::MOST {
        let detail = format!("A listing has at most {} co-hosts, open invitations included.", rules::MOST);
        return Err(Error::refused(Kind::Conflict, "too_many_co_hosts", detail));
    }
    let (token, expires_at) = (fresh_secret(), now.plus_seconds(rules::INVITATION_SECONDS));
    let invitation = Invitation { id: Uuid::now_v7(), listing, email: email.text().to_owned(), level, invited_by: caller.user, created_at: now, expires_at };
    store::invite(tx, &invitation, email, &digest(&token))?;
    let diff = json!({"email": [null, audit::hashed(&world.keys, email.key())], "level": [null, level.name()]});
    note(tx, now, world, "co_host.invited", caller.user, listing, diff)?;
    let (title, by) = (store::title(tx, listing)?, by.map_or_else(|| "Somebody".to_owned(), |by| by.name));
    if may_write() {
        let known = accounts::contact_at(tx, email)?;
        letters::invite(tx, now, world, (email, known.as_ref()), (&by, &title), (level, &token))?;
    }
    if caller.user != standing.host {
        letters::tell(tx, now, world, host.as_ref(), &title, Matter::Asked { by: &by, level })?;
    }
    Ok(invitation)
}

/// Takes an invitation back; its letter is worth nothing any more.
pub(in super::super) fn revoke(tx: &mut Tx<'_>, now: Instant, world: &World, caller: &Principal, listing: ListingId, invitation: Uuid) -> Result<()> {
    let standing = manage(tx, caller, listing)?;
    let found = store::open_invitations(tx, now, listing)?.into_iter().find(|one| one.id == invitation);
    let found = found.ok_or_else(|| Error::not_found("There is no open invitation with this id."))?;
    may_manage(&standing, &[found.level])?;
    store::drop_invitation(tx, invitation)?;
    let hashed = Email::parse(&found.email).map(|email| audit::hashed(&world.keys, email.key()));
    note(tx, now, world, "co_host.revoked", caller.user, listing, json!({"email": [hashed, null], "level": [found.level.name(), null]}))?;
    Ok(())
}

/// Uses an invitation up: whoever owns the address it was sent to helps from now on.
pub(in super::super) fn accept(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, token: &str) -> Result<Joined> {
    let unknown = || Error::refused(Kind::Gone, "link_unknown", "This invitation was used already, was taken back, or has run out.");
    let digest = digest(token);
    let listing = store::by_secret(tx, now, &digest)?.ok_or_else(unknown)?.listing;
    store::hold(tx, listing)?;
    // Once more under the lock: it may have been taken back meanwhile.
    let invitation = store::by_secret(tx, now, &digest)?.ok_or_else(unknown)?;
    let me = accounts::contact_held(tx, user)?.ok_or_else(unknown)?;
    if Email::parse(&invitation.email).is_none_or(|email| email.key() != me.email.key()) {
        let detail = "This invitation was sent to another mail address: log in with the account that has it.";
        return Err(Error::refused(Kind::Forbidden, "other_address", detail));
    }
    let standing = standing::find(tx, listing, Some(user))?.filter(|found| found.state != State::Archived).ok_or_else(unknown)?;
    if standing.relation != Relation::Stranger || !store::add(tx, now, listing, user, invitation.level)? {
        return Err(needs_no_invitation());
    }
    store::drop_invitation(tx, invitation.id)?;
    let diff = json!({"co_host": [null, user.0], "level": [null, invitation.level.name()], "invited_by": [null, invitation.invited_by.0]});
    note(tx, now, world, "co_host.joined", user, listing, diff)?;
    let (title, level, host) = (store::title(tx, listing)?, invitation.level, accounts::contact(tx, standing.host)?);
    letters::tell(tx, now, world, host.as_ref(), &title, Matter::Joined { who: &me.name, level })?;
    letters::tell(tx, now, world, Some(&me), &title, Matter::Welcome { level })?;
    Ok(Joined { listing, title, level })
}

/// Gives a co-host another level, when `check` of what there is now passes.
pub(in super::super) fn change(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    caller: &Principal,
    (listing, user): (ListingId, UserId),
    level: Level,
    check: impl Fn(&CoHost) -> Result<()>,
) -> Result<CoHost> {
    let standing = manage(tx, caller, listing)?;
    let before = store::one(tx, listing, user)?.ok_or_else(no_co_host)?;
    check(&before)?;
    may_manage(&standing, &[before.level, level])?;
    if before.level == level {
        return Ok(before);
    }
    store::set_level(tx, listing, user, level)?;
    store::drop_invitations_by(tx, listing, user)?;
    if level < Level::Full {
        world.helper_left(tx, now, listing, user, caller.user)?;
    }
    let diff = json!({"co_host": [user.0, user.0], "level": [before.level.name(), level.name()]});
    note(tx, now, world, "co_host.changed", caller.user, listing, diff)?;
    let (title, host) = (store::title(tx, listing)?, accounts::contact(tx, standing.host)?);
    let them: Option<Contact> = accounts::contact(tx, user)?;
    letters::tell(tx, now, world, them.as_ref(), &title, Matter::Changed { level })?;
    if caller.user != standing.host {
        letters::tell(tx, now, world, host.as_ref(), &title, Matter::OtherChanged { who: &before.name, level })?;
    }
    store::one(tx, listing, user)?.ok_or_else(no_co_host)
}

/// Removes a co-host, when `check` of what there is now passes. Everybody may remove themselves.
pub(in super::super) fn remove(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    caller: &Principal,
    (listing, user): (ListingId, UserId),
    check: impl Fn(&CoHost) -> Result<()>,
) -> Result<()> {
    store::hold(tx, listing)?;
    let before = store::one(tx, listing, user)?;
    // Somebody else's is looked for by whoever may manage them only.
    let leaving = before.is_some() && caller.user == user;
    let standing = allowed(tx, Some(caller), listing, if leaving { Action::ViewCalendarCauses } else { Action::ManageCoHosts })?;
    let before = before.ok_or_else(no_co_host)?;
    check(&before)?;
    if !leaving {
        may_manage(&standing, &[before.level])?;
    }
    store::remove(tx, listing, user)?;
    store::drop_invitations_by(tx, listing, user)?;
    world.helper_left(tx, now, listing, user, caller.user)?;
    note(tx, now, world, "co_host.removed", caller.user, listing, json!({"co_host": [user.0, null], "level": [before.level.name(), null]}))?;
    let (title, host, them) = (store::title(tx, listing)?, accounts::contact(tx, standing.host)?, accounts::contact(tx, user)?);
    letters::tell(tx, now, world, them.as_ref(), &title, Matter::Left)?;
    letters::tell(tx, now, world, host.as_ref(), &title, Matter::OtherLeft { who: &before.name })?;
    Ok(())
}

/// Holds the listing and looks whether the caller manages its co-hosts.
fn manage(tx: &mut Tx<'_>, caller: &Principal, listing: ListingId) -> Result<Standing> {
    store::hold(tx, listing)?;
    allowed(tx, Some(caller), listing, Action::ManageCoHosts)
}

fn may_manage(standing: &Standing, levels: &[Level]) -> Result<()> {
    if rules::may_manage(standing.limited.is_some(), levels) {
        return Ok(());
    }
    Err(Error::refused(Kind::Forbidden, "forbidden", "Co-hosts of the level `full` are for the host to manage."))
}

fn needs_no_invitation() -> Error {
    Error::refused(Kind::Conflict, "co_host_known", "Whoever hosts a listing, or helps with it, needs no invitation to it.")
}

fn no_co_host() -> Error {
    Error::not_found("Nobody with this id helps with this listing.")
}

fn note(tx: &mut Tx<'_>, now: Instant, world: &World, action: &'static str, by: UserId, listing: ListingId, diff: Value) -> DbResult<()> {
    let (actor, object) = (Actor::User(by), Some(("listing", listing.0)));
    audit::append(tx, now, &Entry { action, actor, on_behalf_of: None, object, reason: None, diff, origin: &world.origin })
}
