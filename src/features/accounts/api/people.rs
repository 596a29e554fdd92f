//! `/admin/users`: finding people, closing and opening their accounts, roles, invitations.

use super::letters::email;
use super::people_views::{DeedAsk, InviteAsk, PeopleView, PersonView, RolesAsk, SomebodyView};
use super::trail_views::EntryView;
use super::views::{Done, EndedView, SessionView, Taken};
use crate::features::accounts::Accounts;
use crate::features::accounts::service::staff::{self, Deed};
use crate::features::accounts::service::{World, registration};
use crate::features::accounts::store::accounts::{self as rows, State};
use crate::features::accounts::store::directory::{self, Filter, Place, Sought};
use crate::features::accounts::store::sessions as session_rows;
use crate::platform::access::{Role, Roles};
use crate::platform::audit;
use crate::platform::cursor::{CursorKey, Limit};
use crate::platform::db::Tx;
use crate::platform::error::{Error, Kind, Result};
use crate::platform::http::{Caller, IfMatch, Visitor, etag, reason};
use crate::values::{Email, Instant, UserId};
use poem::http::header;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Json, Response};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

/// Entries of the audit trail that are shown with somebody.
const RECENT: i64 = 20;
/// Longest text that is looked for.
const LONGEST: usize = 320;

/// People, for staff.
pub(super) struct PeopleApi {
    accounts: Accounts,
    cursors: CursorKey,
}

impl PeopleApi {
    #[must_use]
    pub(super) fn new(accounts: Accounts, cursors: CursorKey) -> Self {
        Self { accounts, cursors }
    }

    /// Does something to somebody's account, and lets this node forget how they stood.
    async fn act<T: Send + 'static>(
        &self,
        caller: &Caller,
        visitor: &Visitor,
        (id, if_match): (Uuid, IfMatch),
        ask: DeedAsk,
        what: impl Fn(&mut Tx<'_>, Instant, &World, &Deed) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let deed = Deed { by: caller.user, to: UserId(id), reason: reason::given(&ask.reason)? };
        let (world, to) = (self.accounts.world(visitor), deed.to);
        let done = self.accounts.tools().db.write(move |tx, now| {
            let account = rows::by_id(tx, deed.to)?.ok_or_else(staff::no_such_account)?;
            if_match.check(&etag::of_version(account.version))?;
            what(tx, now, &world, &deed)
        });
        let done = done.await?;
        self.accounts.forget(to);
        Ok(done)
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Administration")]
impl PeopleApi {
    /// Find people.
    ///
    /// By address or by name where one of them is given, else in the order in which they came.
    #[oai(path = "/admin/users", method = "get", operation_id = "listUsers")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        _caller: Caller,
        /// A whole address, or the beginning of one.
        email: Query<Option<String>>,
        /// The beginning of the name, as it is written.
        name: Query<Option<String>>,
        /// `active`, `suspended`, `leaving` or `erased`.
        state: Query<Option<String>>,
        /// `moderator`, `finance` or `operator`.
        role: Query<Option<String>>,
        /// People a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<PeopleView>> {
        let filter = Filter {
            email: email.0.map(|text| short("email", text).map(sought)).transpose()?,
            name: name.0.map(|text| short("name", text)).transpose()?.map(|text| text.nfc().collect()),
            state: state.0.map(|text| one_of("state", State::ALL.into_iter().find(|state| state.name() == text))).transpose()?,
            role: role.0.map(|text| one_of("role", Role::parse(&text))).transpose()?,
        };
        let purpose = format!("people/{filter:?}");
        let last = cursor.0.map(|text| open(&self.cursors, &purpose, &text)).transpose()?;
        let limit = Limit(limit.0);
        let found = self.accounts.tools().db.read_cut(move |conn| {
            let found = directory::list(conn, &filter, last.as_ref(), limit.and_one())?;
            found.into_iter().map(|one| Ok((rows::roles(conn, one.user)?, one))).collect::<Result<Vec<_>>>()
        });
        let page = self.cursors.page(&purpose, limit, found.await?, |(_, last)| sealed(&last.place));
        let data = page.rows.into_iter().map(|(roles, one)| SomebodyView::of(one, roles)).collect();
        Ok(Json(PeopleView { data, has_more: page.has_more, next_cursor: page.next_cursor }))
    }

    /// Somebody's account, roles, open sessions, and what happened to it lately.
    #[oai(path = "/admin/users/:id", method = "get", operation_id = "readAccount")]
    async fn read(&self, _caller: Caller, id: Path<Uuid>) -> Result<Response<Json<PersonView>>> {
        let (user, now) = (UserId(id.0), self.accounts.tools().clock.now());
        let read = self.accounts.tools().db.read_cut(move |conn| {
            let account = rows::by_id(conn, user)?.ok_or_else(staff::no_such_account)?;
            let (roles, why) = (rows::roles(conn, user)?, rows::state_reason(conn, user)?);
            let mut sessions = session_rows::of_user(conn, user)?;
            sessions.retain(|session| now < session.idle_until && now < session.expires_at);
            let filter = audit::Filter { object: Some(("user", user.0)), ..audit::Filter::default() };
            let recent = audit::list(conn, &filter, None, RECENT)?;
            Ok::<_, Error>((account, roles, why, sessions, recent))
        });
        let (account, roles, state_reason, sessions, recent) = read.await?;
        let tag = etag::of_version(account.version);
        let view = PersonView {
            user_id: account.user.0,
            name: account.name,
            email: account.email,
            state: account.state.name().into(),
            state_reason,
            roles: names(roles),
            has_password: account.password_hash.is_some(),
            second_factor: account.totp_sealed.is_some(),
            created_at: account.created_at.to_string(),
            erase_at: account.erase_at.map(|at| at.to_string()),
            version: account.version,
            sessions: sessions.into_iter().rev().map(|session| SessionView::of(session, None)).collect(),
            recent: recent.into_iter().map(EntryView::of).collect(),
        };
        Ok(Response::new(Json(view)).header(header::ETAG, tag))
    }

    /// Suspend somebody: they cannot come in, and all their sessions and tokens end at once.
    ///
    /// They get a letter with the reason. Accounts of staff are for operators; nobody suspends themselves, nor the last operator.
    #[oai(path = "/admin/users/:id/suspend", method = "post", operation_id = "suspendUser")]
    async fn suspend(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>, if_match: IfMatch, ask: Json<DeedAsk>) -> Result<Done> {
        self.act(&caller, &visitor, (id.0, if_match), ask.0, staff::suspend).await?;
        Ok(Done::Done)
    }

    /// Let somebody who is suspended come in again.
    #[oai(path = "/admin/users/:id/restore", method = "post", operation_id = "restoreUser")]
    async fn restore(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>, if_match: IfMatch, ask: Json<DeedAsk>) -> Result<Done> {
        self.act(&caller, &visitor, (id.0, if_match), ask.0, staff::restore).await?;
        Ok(Done::Done)
    }

    /// Give somebody exactly these roles.
    ///
    /// Needs a fresh proof. Whoever had none before has to log in anew. The last operator stays one.
    #[oai(path = "/admin/users/:id/roles", method = "put", operation_id = "setRoles")]
    async fn set_roles(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>, if_match: IfMatch, ask: Json<RolesAsk>) -> Result<Done> {
        let RolesAsk { roles, reason } = ask.0;
        let unknown = || Error::refused(Kind::Unacceptable, "out_of_range", "Roles are `moderator`, `finance` and `operator`.");
        let wanted = roles.iter().map(|name| Role::parse(name).ok_or_else(unknown)).collect::<Result<Roles>>()?;
        self.act(&caller, &visitor, (id.0, if_match), DeedAsk { reason }, move |tx, now, world, deed| staff::set_roles(tx, now, world, deed, wanted)).await?;
        Ok(Done::Done)
    }

    /// Log somebody out everywhere.
    #[oai(path = "/admin/users/:id/sessions", method = "delete", operation_id = "endUserSessions")]
    async fn end_sessions(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>, if_match: IfMatch, ask: Json<DeedAsk>) -> Result<Json<EndedView>> {
        let ended = self.act(&caller, &visitor, (id.0, if_match), ask.0, staff::end_sessions).await?;
        Ok(Json(EndedView { ended }))
    }

    /// Invite somebody to make an account. The invitation is in the letter.
    #[oai(path = "/admin/invites", method = "post", operation_id = "inviteUser")]
    async fn invite(&self, caller: Caller, visitor: Visitor, ask: Json<InviteAsk>) -> Result<Taken> {
        let (email, world, by) = (email(&ask.0.email)?, self.accounts.world(&visitor), caller.user);
        self.accounts.tools().db.write(move |tx, now| registration::invite(tx, now, &world, by, &email).map_err(Error::from)).await?;
        Ok(Taken::because("A letter with the invitation is on its way."))
    }
}

fn twenty() -> u8 {
    20
}

pub(super) fn names(roles: Roles) -> Vec<String> {
    roles.iter().map(|role| role.name().to_owned()).collect()
}

fn short(name: &str, text: String) -> Result<String> {
    if text.len() > LONGEST { Err(Error::out_of_range(name, format!("may have {LONGEST} characters"))) } else { Ok(text) }
}

fn one_of<T>(name: &str, found: Option<T>) -> Result<T> {
    found.ok_or_else(|| Error::out_of_range(name, "is none of the values that there are"))
}

fn sought(text: String) -> Sought {
    match Email::parse(&text) {
        Some(email) => Sought::Exactly(email.key().to_owned()),
        None => Sought::Beginning(text.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect()),
    }
}

/// What [`open`] reads.
fn sealed(place: &Place) -> Vec<u8> {
    [&place.user.0.as_bytes()[..], place.text.as_bytes()].concat()
}

fn open(cursors: &CursorKey, purpose: &str, text: &str) -> Result<Place> {
    cursors.place(purpose, text, |content| {
        let (id, text) = content.split_first_chunk::<16>()?;
        Some(Place { user: UserId(Uuid::from_bytes(*id)), text: String::from_utf8(text.to_vec()).ok()? })
    })
}
