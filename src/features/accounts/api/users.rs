//! `GET /users/{id}`: the public profile.

use super::views::badges;
use crate::features::accounts::service::{self, Profile};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Cached, Prepared};
use crate::platform::tools::Tools;
use crate::platform::wire::DateView;
use crate::values::UserId;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

/// What everybody may know of a person.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
struct UserView {
    id: Uuid,
    name: String,
    about: String,
    /// Where they live, in their own words.
    location: String,
    photo_url: Option<String>,
    /// BCP 47 tags.
    languages: Vec<String>,
    /// `identity_verified`, `top_host`.
    badges: Vec<String>,
    identity_verified: bool,
    top_host: bool,
    /// Percent of first messages answered within a day; null while unknown.
    response_rate: Option<i64>,
    member_since: Option<DateView>,
    /// Published listings.
    listing_count: i64,
    /// Rises with every change of the profile.
    version: i64,
}

/// Reading profiles.
pub struct UsersApi {
    tools: Tools,
}

impl UsersApi {
    #[must_use]
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Users")]
impl UsersApi {
    /// The public profile of a host or guest.
    #[oai(path = "/users/:id", method = "get", operation_id = "readUser")]
    async fn read(&self, id: Path<Uuid>) -> Result<Cached<UserView>> {
        let id = UserId(id.0);
        let profile = self.tools.db.read(move |conn| service::profile(conn, id).map_err(Error::from)).await?;
        let profile = profile.ok_or_else(|| Error::not_found("There is nobody with this id."))?;
        Ok(Cached::fresh(Prepared::of(&UserView::of(profile))))
    }
}

impl UserView {
    fn of(profile: Profile) -> Self {
        Self {
            id: profile.id.0,
            name: profile.name,
            about: profile.about,
            location: profile.location,
            photo_url: profile.photo_url,
            languages: profile.languages,
            badges: badges(profile.identity_verified, profile.top_host),
            identity_verified: profile.identity_verified,
            top_host: profile.top_host,
            response_rate: profile.response_rate,
            member_since: profile.member_since.map(DateView),
            listing_count: profile.listing_count,
            version: profile.version,
        }
    }
}
