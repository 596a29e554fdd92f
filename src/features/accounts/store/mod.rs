//! SQL of accounts, a file for each table: who somebody is, how they log in, what they hold.

pub(super) mod accounts;
pub(super) mod directory;
pub(super) mod erasure;
pub(super) mod exports;
pub(super) mod factors;
pub(super) mod failures;
pub(super) mod oidc;
pub(super) mod one_time;
pub(super) mod passkeys;
pub(super) mod profile;
pub(super) mod sessions;
pub(super) mod signing;
pub(super) mod standing;
pub(super) mod tokens;

pub use profile::Profile;
pub(super) use profile::{name, profile};

/// Statements that must find their rows by an index, with the kinds of their parameters: `u` a user or session, `t` a text,
/// `i` an instant, `n` a number.
pub const STATEMENTS: &[(&str, &str)] = &[
    (profile::PROFILE, "u"),
    (profile::NAME, "u"),
    (accounts::BY_EMAIL, "t"),
    (accounts::BY_ID, "u"),
    (accounts::ROLES, "u"),
    (accounts::WITH_ROLE, "t"),
    (accounts::LOCK_ROLE, "t"),
    (accounts::STATE_REASON, "u"),
    (sessions::BY_ID, "u"),
    (sessions::BY_SECRET, "t"),
    (sessions::OF_USER, "u"),
    (sessions::ALL_OF_USER, "u"),
    (sessions::PRUNE[0], "i"),
    (sessions::PRUNE[1], "i"),
    (sessions::PRUNE[2], "i"),
    (profile::OWN, "u"),
    (profile::PUBLISHED_BY, "u"),
    (tokens::LIVE, "ui"),
    (tokens::PRUNE, "i"),
    (exports::LATEST, "u"),
    (exports::FIND, "uu"),
    (exports::PRUNE, "i"),
    (erasure::DUE, "i"),
    (oidc::BY_SUBJECT, "tt"),
    (oidc::OF_USER, "u"),
    (one_time::PEEK, "tti"),
    (one_time::PRUNE, "i"),
    (one_time::FORGET, "ut"),
    (factors::READ, "u"),
    (factors::COUNT, "u"),
    (factors::USE, "ut"),
    (passkeys::OF_USER, "u"),
    (passkeys::BY_CREDENTIAL, "t"),
    (failures::READ, "t"),
    (failures::PRUNE, "i"),
    (standing::TOKENS, "ui"),
    (standing::TOKEN_OWNER, "t"),
    (standing::ANY_PASSKEY, "u"),
];

/// The statements by which staff find people, one for each way to look; a test reads their plans.
#[must_use]
pub fn directory_statements() -> Vec<(String, Vec<crate::platform::db::Value>)> {
    use crate::platform::access::Role;
    use crate::values::UserId;
    use directory::{Filter, Place, Sought};
    let (text, everybody) = (|| "ada".to_owned(), Filter::default());
    let filters = [
        Filter { email: Some(Sought::Exactly(text())), ..everybody.clone() },
        Filter { email: Some(Sought::Beginning(text())), state: Some(accounts::State::Active), ..everybody.clone() },
        Filter { name: Some(text()), role: Some(Role::Operator), ..everybody.clone() },
        Filter { email: Some(Sought::Beginning(text())), name: Some(text()), ..everybody.clone() },
        Filter { role: Some(Role::Operator), ..everybody.clone() },
        Filter { state: Some(accounts::State::Suspended), ..everybody.clone() },
        everybody,
    ];
    let last = Place { text: text(), user: UserId::new() };
    filters.iter().flat_map(|filter| [None, Some(&last)].map(|last| directory::list_sql(filter, last, 21))).collect()
}
