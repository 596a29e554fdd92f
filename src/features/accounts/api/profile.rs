//! `/me`: one's own profile, and leaving.

use super::views::{Done as NoContent, badges};
use crate::features::accounts::Accounts;
use crate::features::accounts::rules;
use crate::features::accounts::service::erasure;
use crate::features::accounts::service::profile::{Changes, change};
use crate::features::accounts::store::accounts as rows;
use crate::features::accounts::store::accounts::hold;
use crate::features::accounts::store::profile::{self, OwnProfile};
use crate::platform::access::Roles;
use crate::platform::db::Conn;
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::{Accepted, Cached, Caller, Done, IfMatch, Prepared, Visitor};
use crate::platform::privacy::Holders;
use crate::platform::wire::DateView;
use crate::values::{Currency, UserId};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

/// What somebody sees of themselves.
#[derive(Object)]
struct MeView {
    id: Uuid,
    name: String,
    email: String,
    about: String,
    /// Where they live, in their own words.
    location: String,
    photo_url: Option<String>,
    /// BCP 47 tags.
    languages: Vec<String>,
    /// BCP 47; null: as the site.
    locale: Option<String>,
    /// ISO 4217; null: as the site.
    currency: Option<String>,
    member_since: Option<DateView>,
    /// `identity_verified`, `top_host`.
    badges: Vec<String>,
    /// `moderator`, `finance`, `operator`.
    roles: Vec<String>,
    /// `active`, or `leaving` while an erasure can be called off.
    state: String,
    /// When the account will be erased. RFC 3339, UTC.
    erase_at: Option<String>,
    has_password: bool,
    /// Whether an authenticator app is asked for a code.
    two_factor: bool,
    has_passkeys: bool,
    /// Rises with every change of the profile or the account.
    version: i64,
}

/// What to change: what is absent stays, null empties.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ProfilePatch {
    #[oai(validator(max_length = 320))]
    name: MaybeUndefined<String>,
    #[oai(validator(max_length = 20_000))]
    about: MaybeUndefined<String>,
    #[oai(validator(max_length = 400))]
    location: MaybeUndefined<String>,
    /// BCP 47 tags, at most 20.
    #[oai(validator(max_items = 100))]
    languages: MaybeUndefined<Vec<String>>,
    /// A BCP 47 tag.
    #[oai(validator(max_length = 100))]
    locale: MaybeUndefined<String>,
    /// An ISO 4217 code.
    #[oai(validator(max_length = 10))]
    currency: MaybeUndefined<String>,
}

/// The day that is set.
#[derive(Object)]
struct LeavingView {
    /// When the account will be erased. RFC 3339, UTC. Until then `POST /me/stay` calls it off.
    erase_at: String,
}

/// One's own profile.
pub struct ProfileApi {
    accounts: Accounts,
    holders: Holders,
}

impl ProfileApi {
    #[must_use]
    pub fn new(accounts: Accounts, holders: Holders) -> Self {
        Self { accounts, holders }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Accounts")]
impl ProfileApi {
    /// Your own profile and account.
    #[oai(path = "/me", method = "get", operation_id = "readMe")]
    async fn read(&self, caller: Caller) -> Result<Cached<MeView>> {
        let user = caller.user;
        let (own, roles) = self.accounts.tools().db.read(move |conn| look(conn, user)).await?;
        let prepared = Prepared::of(&MeView::of(user, own, roles));
        let tag = prepared.etag();
        // Tagged, so that a change can be made on condition; but nobody in between may keep it.
        Ok(Cached::Fresh(prepared, tag, "no-store".into()))
    }

    /// Change your profile. With `If-Match` only if it is still what you have read.
    #[oai(path = "/me", method = "patch", operation_id = "changeMe")]
    async fn change(&self, caller: Caller, visitor: Visitor, if_match: IfMatch, patch: Json<ProfilePatch>) -> Result<Done<MeView>> {
        let changes = patch.0.judged()?;
        let (world, user) = (self.accounts.world(&visitor), caller.user);
        let done = self.accounts.tools().db.write(move |tx, now| {
            hold(tx, user)?;
            let (own, roles) = look(tx, user)?;
            if_match.check(&Prepared::of(&MeView::of(user, own.clone(), roles)).etag())?;
            change(tx, now, &world, user, &own, &changes)?;
            let (own, roles) = look(tx, user)?;
            let view = MeView::of(user, own, roles);
            Ok::<_, Error>(Done::now(view).with_own_etag())
        });
        done.await
    }

    /// Ask for the erasure of your account. Needs a fresh proof.
    ///
    /// It is erased on the day that is answered, unless `POST /me/stay` calls it off. Your listings are archived and emptied then,
    /// your reviews stay without your name. 409 with `reasons` when something has to end first.
    #[oai(path = "/me", method = "delete", operation_id = "leave")]
    async fn leave(&self, caller: Caller, visitor: Visitor) -> Result<Accepted<LeavingView>> {
        let (world, user, holders) = (self.accounts.world(&visitor), caller.user, self.holders.clone());
        let asked = self.accounts.tools().db.write(move |tx, now| {
            let at = erasure::ask(tx, now, &world, &holders, user)?;
            Ok::<_, Error>(Accepted::later(LeavingView { erase_at: at.to_string() }))
        });
        let asked = asked.await?;
        self.accounts.forget(user);
        Ok(asked)
    }

    /// Call the erasure of your account off.
    #[oai(path = "/me/stay", method = "post", operation_id = "stay")]
    async fn stay(&self, caller: Caller, visitor: Visitor) -> Result<NoContent> {
        let (world, user) = (self.accounts.world(&visitor), caller.user);
        if !self.accounts.tools().db.write(move |tx, now| erasure::call_off(tx, now, &world, user).map_err(Error::from)).await? {
            return Err(Error::refused(Kind::Conflict, "conflict", "No erasure was asked for."));
        }
        self.accounts.forget(user);
        Ok(NoContent::Done)
    }
}

fn look(conn: &mut Conn<'_>, user: UserId) -> Result<(OwnProfile, Roles)> {
    let own = profile::own(conn, user)?.ok_or_else(|| Error::not_found("There is no such account."))?;
    Ok((own, rows::roles(conn, user)?))
}

impl MeView {
    fn of(user: UserId, own: OwnProfile, roles: Roles) -> Self {
        Self {
            id: user.0,
            name: own.name,
            email: own.email,
            about: own.about,
            location: own.location,
            photo_url: own.photo_url,
            languages: own.languages,
            locale: own.locale,
            currency: own.currency,
            member_since: own.member_since.map(DateView),
            badges: badges(own.identity_verified, own.top_host),
            roles: roles.iter().map(|role| role.name().to_owned()).collect(),
            state: own.state.name().to_owned(),
            erase_at: own.erase_at.map(|at| at.to_string()),
            has_password: own.has_password,
            two_factor: own.has_totp,
            has_passkeys: own.has_passkeys,
            version: own.version,
        }
    }
}

impl ProfilePatch {
    fn judged(self) -> Result<Changes> {
        let name = changed(self.name).map(Option::unwrap_or_default).map(|name| rules::name(&name)).transpose()?;
        let about = changed(self.about).map(Option::unwrap_or_default).map(|about| rules::profile::about(&about)).transpose()?;
        let location = changed(self.location).map(Option::unwrap_or_default).map(|place| rules::profile::location(&place)).transpose()?;
        let languages = changed(self.languages).map(Option::unwrap_or_default).map(|tags| rules::profile::languages(&tags)).transpose()?;
        let locale = changed(self.locale).map(|tag| tag.map(|tag| rules::profile::locale(&tag)).transpose()).transpose()?;
        let currency = changed(self.currency).map(|code| code.map(|code| known_currency(&code)).transpose()).transpose()?;
        Ok(Changes { name, about, location, languages, locale, currency })
    }
}

/// What a merge patch says of a field: `None` when it is absent, `Some(None)` when it is null.
fn changed<T>(field: MaybeUndefined<T>) -> Option<Option<T>> {
    match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

fn known_currency(code: &str) -> Result<String> {
    Currency::parse(code).map(|currency| currency.code().to_owned()).ok_or_else(|| {
        let message = "must be a currency of ISO 4217 such as `EUR`";
        Error::refused(Kind::Unacceptable, "invalid_currency", format!("currency: {message}.")).with_error(FieldError::new(
            "/body/currency",
            "invalid_currency",
            message,
        ))
    })
}
