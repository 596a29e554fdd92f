//! Requests of the matrix about listings of one's own, and about those who help with them. For `cast.rs`.

use super::cast::{Cast, Request, Who, run, run_any, user_of};
use crate::support::homes;
use crate::support::town::email_of;
use serde_json::json;
use stopover::platform::db::DbResult;
use stopover::platform::keys::digest;
use stopover::values::{Clock, UserId};
use uuid::Uuid;

const HELPER: &str = "INSERT INTO co_hosts (listing_id, user_id, level, version, created_at) VALUES ($1, $2, 'calendar', 1, $3)";
const INVITATION: &str = "INSERT INTO co_host_invitations (id, listing_id, email, email_key, level, invited_by, secret_digest, created_at, expires_at)
    VALUES ($1, $2, $3, $3, 'calendar', $4, $5, $6, $7)";

impl Cast<'_> {
    pub(super) async fn request_of_helpers(&self, operation: &str, who: Who) -> Request {
        let own = |listing| Request { id: Some(listing), ..Request::default() };
        match operation {
            "readListingStats" | "listCoHosts" => own(self.hosted_home(who).await),
            "inviteCoHost" => {
                let listing = self.hosted_home(who).await;
                run_any(self.db, "DELETE FROM co_host_invitations WHERE listing_id = $1", vec![listing.into()]).await;
                Request { body: Some(json!({"email": "helper@example.org", "level": "messages"})), ..own(listing) }
            }
            "changeCoHost" | "removeCoHost" => {
                let (listing, helper) = (self.hosted_home(who).await, user_of(self.db, "Rita").await);
                run_any(self.db, "DELETE FROM co_hosts WHERE listing_id = $1", vec![listing.into()]).await;
                run(self.db, HELPER, vec![listing.into(), helper.into(), self.town.clock.now().into()]).await;
                let body = (operation == "changeCoHost").then(|| json!({"level": "messages"}));
                Request { parts: vec![("{user_id}", helper.0)], body, ..own(listing) }
            }
            "revokeCoHostInvitation" => {
                let (listing, host) = (self.hosted_home(who).await, self.host);
                let (id, _) = self.invitation(listing, "helper@example.org", host).await;
                Request { parts: vec![("{invitation_id}", id)], ..own(listing) }
            }
            "acceptCoHostInvitation" => {
                // Into the home of somebody else.
                let (other, email) = if who == Who::Host { (Who::Guest, Who::Host) } else { (Who::Host, who) };
                let (listing, host) = (self.hosted_home(other).await, self.user(other).unwrap());
                run_any(self.db, "DELETE FROM co_hosts WHERE listing_id = $1", vec![listing.into()]).await;
                let (_, token) = self.invitation(listing, &email_of(&email.person()), host).await;
                Request { body: Some(json!({"token": token})), ..Request::default() }
            }
            other => self.request_of_calendars(other, who).await,
        }
    }

    /// A published home of somebody; that of the host for strangers.
    pub(super) async fn hosted_home(&self, who: Who) -> Uuid {
        let Some(user) = self.user(who) else { return self.listing };
        let found: DbResult<Option<Uuid>> =
            self.db.read(move |conn| conn.first("SELECT id FROM listings WHERE host_id = $1 LIMIT 1", &[user.into()], |row| row.get(0))).await;
        match found.unwrap() {
            Some(home) => home,
            None => homes::home(self.db, &json!(user.0), "A home of the matrix").await,
        }
    }

    async fn invitation(&self, listing: Uuid, email: &str, by: UserId) -> (Uuid, String) {
        let (id, now) = (Uuid::now_v7(), self.town.clock.now());
        let token = format!("{}{}", id.simple(), "x".repeat(11));
        run_any(self.db, "DELETE FROM co_host_invitations WHERE listing_id = $1", vec![listing.into()]).await;
        let params = vec![id.into(), listing.into(), email.into(), by.into(), digest(&token).into(), now.into(), now.plus_seconds(86_400).into()];
        run(self.db, INVITATION, params).await;
        (id, token)
    }
}
