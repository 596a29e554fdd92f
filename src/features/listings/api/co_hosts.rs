//! `/listings/{id}/co-hosts`: who helps with a listing. `/me/co-host-invitations/accept`: becoming one of them.

use crate::features::listings::rules::co_hosts::Level;
use crate::features::listings::service::co_hosts::{self, CoHost, Invitation, World};
use crate::features::listings::service::guards::Guards;
use crate::platform::access::{Action, Door, Meter};
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::{Caller, Created, Done, IfMatch, Letters, Nothing, PREFIX, Visitor, etag};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use crate::values::{Email, ListingId, UserId};
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// Who may come in. That somebody may leave by themselves, whatever their level, is for the use case.
pub const CO_HOST_DOORS: &[Door] = &[
    Door::to("listCoHosts", Action::ManageCoHosts),
    Door::to("inviteCoHost", Action::ManageCoHosts).counted_as(Meter::Mail),
    Door::to("changeCoHost", Action::ManageCoHosts),
    Door::to("removeCoHost", Action::ManageCoHosts),
    Door::to("revokeCoHostInvitation", Action::ManageCoHosts),
    Door::to("acceptCoHostInvitation", Action::EditOwnAccount).with_link(),
];

/// How much a co-host may do; each level includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(super) enum LevelView {
    /// See the calendar, and why nights are closed.
    Calendar,
    /// And write to guests.
    Messages,
    /// And edit the listing, answer guests, see earnings, and manage co-hosts of the levels below.
    Full,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct CoHostAsk {
    /// Where the letter goes. It need not have an account yet; whether it has one is not told.
    #[oai(validator(max_length = 320))]
    email: String,
    level: LevelView,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct LevelAsk {
    level: LevelView,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct AcceptAsk {
    /// From the letter.
    #[oai(validator(max_length = 200))]
    token: String,
}

/// Somebody who helps with a listing.
#[derive(Object)]
struct CoHostView {
    user_id: Uuid,
    name: String,
    photo_url: Option<String>,
    level: LevelView,
    /// RFC 3339, UTC.
    since: String,
    /// For `If-Match`, in quotes.
    version: i64,
}

/// Somebody who was asked to.
#[derive(Object)]
struct CoHostInvitationView {
    id: Uuid,
    email: String,
    level: LevelView,
    invited_by: Uuid,
    /// RFC 3339, UTC.
    created_at: String,
    /// A week later.
    expires_at: String,
}

/// All of them; never more than twenty together.
#[derive(Object)]
struct CoHostsView {
    /// Longest with the listing first.
    data: Vec<CoHostView>,
    /// Not answered yet, oldest first.
    invitations: Vec<CoHostInvitationView>,
}

/// What a new co-host is told.
#[derive(Object)]
struct CoHostingView {
    listing_id: Uuid,
    title: String,
    level: LevelView,
}

/// Co-hosts.
pub struct CoHostsApi {
    tools: Tools,
    guards: Guards,
    letters: Arc<Letters>,
}

impl CoHostsApi {
    #[must_use]
    pub fn new(tools: Tools, guards: Guards) -> Self {
        let letters = Arc::new(Letters::new(&tools.config.limits));
        Self { tools, guards, letters }
    }

    fn world(&self, visitor: &Visitor) -> World {
        World { keys: Arc::clone(&self.tools.keys), config: Arc::clone(&self.tools.config), guards: self.guards.clone(), origin: visitor.origin() }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl CoHostsApi {
    /// The co-hosts of a listing, and the invitations that nobody has answered yet.
    #[oai(path = "/listings/:id/co-hosts", method = "get", operation_id = "listCoHosts")]
    async fn list(&self, caller: Caller, id: Path<Uuid>) -> Result<Json<CoHostsView>> {
        let now = self.tools.clock.now();
        let helpers = self.tools.db.read_cut(move |conn| co_hosts::list(conn, now, &caller, ListingId(id.0))).await?;
        let data = helpers.co_hosts.into_iter().map(CoHostView::of).collect();
        Ok(Json(CoHostsView { data, invitations: helpers.invitations.into_iter().map(CoHostInvitationView::of).collect() }))
    }

    /// Ask somebody by letter to help with a listing.
    ///
    /// The invitation is good once and for a week; asking the same address again sends a new letter and voids the one before. The answer
    /// is the same whether the address has an account or not. Full co-hosts ask for levels up to `messages`.
    #[oai(path = "/listings/:id/co-hosts", method = "post", operation_id = "inviteCoHost")]
    async fn invite(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, ask: Json<CoHostAsk>) -> Result<Created<CoHostInvitationView>> {
        let (listing, email, level) = (ListingId(id.0), email(&ask.0.email)?, ask.0.level.level());
        let (world, letters) = (self.world(&visitor), Arc::clone(&self.letters));
        let (mailbox, counted) = (format!("co-host {}", email.mailbox()), OnceLock::new());
        let invited = self.tools.db.write_once(&once, move |tx, now| {
            // Asked late, so that who may not invite uses up nobody's letters; and once, however often this runs.
            let may_write = || *counted.get_or_init(|| letters.may_go_to(&mailbox));
            let invitation = co_hosts::invite(tx, now, &world, &caller, listing, (&email, level, &may_write))?;
            Ok(Created::at(format!("{PREFIX}/listings/{listing}/co-hosts"), CoHostInvitationView::of(invitation)))
        });
        invited.await
    }

    /// Take an invitation back.
    #[oai(path = "/listings/:id/co-hosts/invitations/:invitation_id", method = "delete", operation_id = "revokeCoHostInvitation")]
    async fn revoke(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>, invitation_id: Path<Uuid>) -> Result<Nothing> {
        let (world, listing, invitation) = (self.world(&visitor), ListingId(id.0), invitation_id.0);
        self.tools.db.write(move |tx, now| co_hosts::revoke(tx, now, &world, &caller, listing, invitation)).await?;
        Ok(Nothing::more())
    }

    /// Change what a co-host may do. With `If-Match` only if it is still what you have read.
    #[oai(path = "/listings/:id/co-hosts/:user_id", method = "patch", operation_id = "changeCoHost")]
    async fn change(
        &self,
        caller: Caller,
        visitor: Visitor,
        id: Path<Uuid>,
        user_id: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<LevelAsk>,
    ) -> Result<Done<CoHostView>> {
        let (world, whose, level) = (self.world(&visitor), (ListingId(id.0), UserId(user_id.0)), ask.0.level.level());
        let changed = self.tools.db.write(move |tx, now| {
            let check = |before: &CoHost| if_match.check(&etag::of_version(before.version));
            let co_host = co_hosts::change(tx, now, &world, &caller, whose, level, check)?;
            let tag = etag::of_version(co_host.version);
            Ok::<_, Error>(Done::now(CoHostView::of(co_host)).with_etag(tag))
        });
        changed.await
    }

    /// Remove a co-host, or leave as one. With `If-Match` only if it is still what you have read.
    #[oai(path = "/listings/:id/co-hosts/:user_id", method = "delete", operation_id = "removeCoHost")]
    async fn remove(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>, user_id: Path<Uuid>, if_match: IfMatch) -> Result<Nothing> {
        let (world, whose) = (self.world(&visitor), (ListingId(id.0), UserId(user_id.0)));
        let removed = self.tools.db.write(move |tx, now| {
            let check = |before: &CoHost| if_match.check(&etag::of_version(before.version));
            co_hosts::remove(tx, now, &world, &caller, whose, check)
        });
        removed.await?;
        Ok(Nothing::more())
    }

    /// Accept to help with a listing, with the token of the letter, as the owner of the address that it went to.
    #[oai(path = "/me/co-host-invitations/accept", method = "post", operation_id = "acceptCoHostInvitation")]
    async fn accept(&self, caller: Caller, visitor: Visitor, once: Once, ask: Json<AcceptAsk>) -> Result<Done<CoHostingView>> {
        let (world, user, token) = (self.world(&visitor), caller.user, ask.0.token);
        let joined = self.tools.db.write_once(&once, move |tx, now| {
            let joined = co_hosts::accept(tx, now, &world, user, &token)?;
            Ok(Done::now(CoHostingView { listing_id: joined.listing.0, title: joined.title, level: LevelView::of(joined.level) }))
        });
        joined.await
    }
}

fn email(text: &str) -> Result<Email> {
    Email::parse(text).ok_or_else(|| {
        let message = "is not a mail address";
        Error::refused(Kind::Unacceptable, "invalid_email", format!("The address {message}.")).with_error(FieldError::new(
            "/body/email",
            "invalid_email",
            message,
        ))
    })
}

impl LevelView {
    pub(super) fn of(level: Level) -> Self {
        match level {
            Level::Calendar => Self::Calendar,
            Level::Messages => Self::Messages,
            Level::Full => Self::Full,
        }
    }

    fn level(self) -> Level {
        match self {
            Self::Calendar => Level::Calendar,
            Self::Messages => Level::Messages,
            Self::Full => Level::Full,
        }
    }
}

impl CoHostView {
    fn of(co_host: CoHost) -> Self {
        Self {
            user_id: co_host.user.0,
            name: co_host.name,
            photo_url: co_host.photo_url,
            level: LevelView::of(co_host.level),
            since: co_host.since.to_string(),
            version: co_host.version,
        }
    }
}

impl CoHostInvitationView {
    fn of(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            level: LevelView::of(invitation.level),
            invited_by: invitation.invited_by.0,
            created_at: invitation.created_at.to_string(),
            expires_at: invitation.expires_at.to_string(),
        }
    }
}
