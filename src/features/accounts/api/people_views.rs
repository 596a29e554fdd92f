//! Shapes of `/admin/users`.

use super::people::names;
use super::trail_views::EntryView;
use super::views::SessionView;
use crate::features::accounts::store::directory::Found;
use crate::platform::access::Roles;
use poem_openapi::Object;
use uuid::Uuid;

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub(super) struct DeedAsk {
    /// Why, 1 to 500 characters; kept in the audit trail, and told where somebody is suspended.
    #[oai(validator(max_length = 2_000))]
    pub(super) reason: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub(super) struct RolesAsk {
    /// `moderator`, `finance`, `operator`; whatever is not named is taken away.
    #[oai(validator(max_items = 10))]
    pub(super) roles: Vec<String>,
    /// Why, 1 to 500 characters; kept in the audit trail.
    #[oai(validator(max_length = 2_000))]
    pub(super) reason: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub(super) struct InviteAsk {
    #[oai(validator(max_length = 320))]
    pub(super) email: String,
}

/// A page of people.
#[derive(Object)]
pub(super) struct PeopleView {
    pub(super) data: Vec<SomebodyView>,
    /// For the parameter `cursor` of the next page; null on the last.
    pub(super) next_cursor: Option<String>,
    pub(super) has_more: bool,
}

/// Somebody in the list.
#[derive(Object)]
pub(super) struct SomebodyView {
    user_id: Uuid,
    name: String,
    email: String,
    /// `active`, `suspended`, `leaving` or `erased`.
    state: String,
    roles: Vec<String>,
    second_factor: bool,
    created_at: String,
}

/// Somebody's account as staff see it.
#[derive(Object)]
pub(super) struct PersonView {
    pub(super) user_id: Uuid,
    pub(super) name: String,
    pub(super) email: String,
    /// `active`, `suspended`, `leaving` or `erased`.
    pub(super) state: String,
    /// Why it is suspended.
    pub(super) state_reason: Option<String>,
    pub(super) roles: Vec<String>,
    pub(super) has_password: bool,
    /// Whether an authenticator app is set up.
    pub(super) second_factor: bool,
    pub(super) created_at: String,
    /// When somebody who is leaving will be erased.
    pub(super) erase_at: Option<String>,
    pub(super) version: i64,
    /// Open sessions, newest first.
    pub(super) sessions: Vec<SessionView>,
    /// The newest entries of the audit trail about this account.
    pub(super) recent: Vec<EntryView>,
}

impl SomebodyView {
    pub(super) fn of(found: Found, roles: Roles) -> Self {
        Self {
            user_id: found.user.0,
            name: found.name,
            email: found.email,
            state: found.state.name().into(),
            roles: names(roles),
            second_factor: found.second_factor,
            created_at: found.created_at.to_string(),
        }
    }
}
