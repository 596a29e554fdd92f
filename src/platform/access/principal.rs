//! Who calls: a person, what they may be besides a guest, and how they showed who they are.

use crate::values::{Instant, UserId};
use uuid::Uuid;

/// What a person may be besides guest and host, which everybody can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Moderator,
    Finance,
    Operator,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Moderator, Self::Finance, Self::Operator];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Moderator => "moderator",
            Self::Finance => "finance",
            Self::Operator => "operator",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A set of roles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    pub const NONE: Self = Self(0);

    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | 1 << role as u8)
    }

    #[must_use]
    pub const fn has(self, role: Role) -> bool {
        self.0 & 1 << role as u8 != 0
    }

    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::NONE, Self::with)
    }
}

/// What a personal access token is good for. Scopes only narrow what its owner may do (X3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Scope {
    #[serde(rename = "account:read")]
    AccountRead,
    #[serde(rename = "account:write")]
    AccountWrite,
    #[serde(rename = "listings:read")]
    ListingsRead,
    #[serde(rename = "listings:write")]
    ListingsWrite,
    #[serde(rename = "bookings:read")]
    BookingsRead,
    #[serde(rename = "bookings:write")]
    BookingsWrite,
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    pub const ALL: [Self; 7] =
        [Self::AccountRead, Self::AccountWrite, Self::ListingsRead, Self::ListingsWrite, Self::BookingsRead, Self::BookingsWrite, Self::Admin];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountRead => "account:read",
            Self::AccountWrite => "account:write",
            Self::ListingsRead => "listings:read",
            Self::ListingsWrite => "listings:write",
            Self::BookingsRead => "bookings:read",
            Self::BookingsWrite => "bookings:write",
            Self::Admin => "admin",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes(u16);

impl Scopes {
    pub const NONE: Self = Self(0);

    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | 1 << scope as u16)
    }

    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & 1 << scope as u16 != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::NONE, Self::with)
    }
}

/// How the caller showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// An access token of a session.
    Session(Uuid),
    /// A browser's cookie; the same kind of session.
    Cookie(Uuid),
    /// A personal access token.
    Token(Uuid, Scopes),
}

/// A caller who is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub user: UserId,
    pub via: Via,
    pub roles: Roles,
    /// When the caller last proved themselves (password, passkey, second factor). Grave operations ask for a fresh proof.
    pub proven_at: Instant,
    /// Whether a second factor, or a passkey, was part of it.
    pub strong: bool,
}

impl Principal {
    /// The session, unless a personal access token was shown.
    #[must_use]
    pub fn session(&self) -> Option<Uuid> {
        match self.via {
            Via::Session(id) | Via::Cookie(id) => Some(id),
            Via::Token(..) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_what_was_put_in() {
        let roles: Roles = [Role::Finance, Role::Operator].into_iter().collect();
        assert_eq!(roles.iter().collect::<Vec<_>>(), [Role::Finance, Role::Operator]);
        assert!(!roles.has(Role::Moderator) && !roles.is_empty() && Roles::NONE.is_empty());
        for scope in Scope::ALL {
            assert_eq!(Scopes::NONE.with(scope).iter().collect::<Vec<_>>(), [scope]);
            assert_eq!(Scope::parse(scope.name()), Some(scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.name());
        }
        for role in Role::ALL {
            assert_eq!(Role::parse(role.name()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
    }
}
