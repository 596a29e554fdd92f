//! The HTTP edge of accounts: `auth.rs` is the way in, `factors.rs` and `passkeys.rs` what makes it safer, `me.rs` what is
//! one's own, `users.rs` what everybody may see; `people.rs`, `trail.rs` and `work.rs` are for staff.

mod auth;
mod exports;
mod factors;
mod letters;
mod me;
mod oidc;
mod passkeys;
mod people;
mod people_views;
mod profile;
mod setup;
mod tokens;
mod trail;
mod trail_views;
mod users;
mod views;
mod work;

pub use auth::AuthApi;
pub use exports::ExportsApi;
pub use factors::FactorsApi;
pub use letters::LettersApi;
pub use me::SecurityApi;
pub use oidc::OidcApi;
pub use passkeys::PasskeysApi;
pub use profile::ProfileApi;
pub use tokens::TokensApi;
pub use users::UsersApi;

use super::Accounts;
use crate::platform::access::{Action, Door, Meter};
use crate::platform::config::Cookies;
use crate::platform::cursor::CursorKey;
use poem_openapi::OpenApi;

/// Who may come in.
pub const DOORS: &[Door] = &[
    Door::to("readUser", Action::Search),
    Door::to("register", Action::ComeIn).counted_as(Meter::Register),
    Door::to("verifyEmail", Action::ComeIn).counted_as(Meter::Login),
    Door::to("logIn", Action::ComeIn).counted_as(Meter::Login).with_secret_answer(),
    Door::to("refreshTokens", Action::ComeIn).with_secret_answer(),
    Door::to("forgotPassword", Action::ComeIn).counted_as(Meter::Mail),
    Door::to("resetPassword", Action::ComeIn).counted_as(Meter::Login),
    Door::to("confirmEmail", Action::ComeIn).counted_as(Meter::Login),
    Door::to("listProviders", Action::LookAround),
    Door::to("startProviderLogin", Action::ComeIn).counted_as(Meter::Login).with_secret_answer(),
    Door::to("finishProviderLogin", Action::ComeIn).counted_as(Meter::Login).with_secret_answer(),
    // Also looks at the session of whoever links a provider; the address is written by the provider.
    Door::to("returnFromProvider", Action::LookAround).counted_as(Meter::Login).with_any_query().with_secret_answer(),
    Door::to("listLinks", Action::SecureOwnAccount),
    Door::to("startLink", Action::SecureOwnAccount).counted_as(Meter::Login).with_fresh_proof().with_secret_answer(),
    Door::to("finishLink", Action::SecureOwnAccount).counted_as(Meter::Login).with_fresh_proof(),
    Door::to("removeLink", Action::SecureOwnAccount).with_fresh_proof(),
    Door::to("readSession", Action::SecureOwnAccount).with_secret_answer(),
    Door::to("logOut", Action::SecureOwnAccount),
    Door::to("prove", Action::SecureOwnAccount).counted_as(Meter::Login),
    Door::to("changePassword", Action::SecureOwnAccount).counted_as(Meter::Login),
    Door::to("changeEmail", Action::SecureOwnAccount).counted_as(Meter::Mail).with_fresh_proof(),
    Door::to("listSessions", Action::SecureOwnAccount),
    Door::to("endSession", Action::SecureOwnAccount),
    Door::to("endSessions", Action::SecureOwnAccount),
    Door::to("enterCode", Action::ComeIn).counted_as(Meter::Login).with_secret_answer(),
    Door::to("readTotp", Action::SecureOwnAccount),
    Door::to("setUpTotp", Action::SecureOwnAccount).with_fresh_proof().with_secret_answer(),
    Door::to("confirmTotp", Action::SecureOwnAccount).counted_as(Meter::Login).with_fresh_proof().with_secret_answer(),
    Door::to("disableTotp", Action::SecureOwnAccount).counted_as(Meter::Login),
    Door::to("renewRecoveryCodes", Action::SecureOwnAccount).counted_as(Meter::Login).with_fresh_proof().with_secret_answer(),
    Door::to("listPasskeys", Action::SecureOwnAccount),
    Door::to("startPasskey", Action::SecureOwnAccount).with_fresh_proof().with_secret_answer(),
    Door::to("finishPasskey", Action::SecureOwnAccount),
    Door::to("renamePasskey", Action::SecureOwnAccount),
    Door::to("removePasskey", Action::SecureOwnAccount).with_fresh_proof(),
    Door::to("startPasskeyLogin", Action::ComeIn).counted_as(Meter::Login).with_secret_answer(),
    Door::to("finishPasskeyLogin", Action::ComeIn).counted_as(Meter::Login).with_secret_answer(),
    Door::to("provePasskey", Action::SecureOwnAccount).counted_as(Meter::Login),
    Door::to("readMe", Action::ReadOwnAccount),
    Door::to("changeMe", Action::EditOwnAccount),
    Door::to("listTokens", Action::SecureOwnAccount),
    Door::to("makeToken", Action::SecureOwnAccount).with_fresh_proof().with_secret_answer(),
    Door::to("endToken", Action::SecureOwnAccount),
    Door::to("askForExport", Action::SecureOwnAccount).with_fresh_proof(),
    Door::to("readExport", Action::SecureOwnAccount),
    Door::to("fetchExport", Action::SecureOwnAccount).with_fresh_proof(),
    Door::to("leave", Action::SecureOwnAccount).with_fresh_proof(),
    Door::to("stay", Action::SecureOwnAccount),
];

/// Who may come in to what is for staff, and to one's own part of it.
pub const STAFF_DOORS: &[Door] = &[
    Door::to("setUp", Action::ComeIn).counted_as(Meter::Login),
    Door::to("listUsers", Action::Moderate),
    Door::to("readAccount", Action::Moderate),
    Door::to("suspendUser", Action::Moderate),
    Door::to("restoreUser", Action::Moderate),
    Door::to("endUserSessions", Action::Moderate),
    Door::to("setRoles", Action::Administer).with_fresh_proof(),
    Door::to("inviteUser", Action::Administer),
    Door::to("listAudit", Action::ReadAudit).for_staff(),
    Door::to("exportAudit", Action::ReadAudit).for_staff(),
    Door::to("verifyAudit", Action::ReadAudit).for_staff(),
    Door::to("listOwnAudit", Action::ReadOwnAccount),
    Door::to("listDeadJobs", Action::Administer),
    Door::to("retryJob", Action::Administer),
];

/// What is for staff, and the way to become the first of them.
pub fn staff_apis(accounts: Accounts, cursors: CursorKey) -> impl OpenApi + 'static {
    (
        setup::SetUpApi::new(accounts.clone()),
        people::PeopleApi::new(accounts.clone(), cursors.clone()),
        trail::TrailApi::new(accounts.clone(), cursors.clone()),
        work::WorkApi::new(accounts, cursors),
    )
}

/// The name of the session's cookie.
pub(super) fn cookie_name(cookies: Cookies) -> &'static str {
    match cookies {
        Cookies::Secure => crate::platform::http::SESSION_COOKIE,
        Cookies::Plain => "stopover",
    }
}
