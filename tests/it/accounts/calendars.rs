//! Requests of the matrix about calendars of other sites. For `cast.rs`.

use super::cast::{Cast, Request, Who, run, run_any};
use serde_json::json;
use stopover::platform::keys::digest;
use stopover::values::{Clock, Night};
use uuid::Uuid;

const FEED: &str = "INSERT INTO calendar_feeds (id, listing_id, slot, name, address_sealed, host, every_minutes, block_same_day, ignore_window_blocks, paused,
    failures, empty_seen, events, next_at, version, created_at, updated_at) VALUES ($1, $2, 0, 'Elsewhere', 'x', 'example.org', 30, $3, $3, $3, 0, 0, 0, $4, 1, $4, $4)";
const EXPORT: &str =
    "INSERT INTO calendar_exports (id, listing_id, name, token_digest, version, created_at, updated_at) VALUES ($1, $2, 'Elsewhere', $3, 1, $4, $4)";
const CONFLICT: &str =
    "INSERT INTO calendar_conflicts (id, listing_id, feed_id, slot, booking_id, from_night, to_night, found_at) VALUES ($1, $2, $3, 0, $1, $4, $5, $6)";

impl Cast<'_> {
    pub(super) async fn request_of_calendars(&self, operation: &str, who: Who) -> Request {
        let address = "https://127.0.0.77:8443/calendar.ics";
        let own = |listing, parts| Request { id: Some(listing), parts, ..Request::default() };
        match operation {
            "listFeeds" | "listExportAddresses" | "listConflicts" => own(self.hosted_home(who).await, Vec::new()),
            "addFeed" => {
                let listing = self.hosted_home(who).await;
                self.forget_calendars(listing).await;
                Request { body: Some(json!({"name": "Elsewhere", "address": address})), ..own(listing, Vec::new()) }
            }
            "makeExportAddress" => {
                let listing = self.hosted_home(who).await;
                self.forget_calendars(listing).await;
                Request { body: Some(json!({"name": "Elsewhere"})), ..own(listing, Vec::new()) }
            }
            "readFeed" | "changeFeed" | "removeFeed" | "syncFeed" | "readFeedLog" => {
                let (listing, feed) = self.feed(who).await;
                let body = (operation == "changeFeed").then(|| json!({"name": "Somewhere else"}));
                Request { body, ..own(listing, vec![("{fid}", feed)]) }
            }
            "rotateExportAddress" | "revokeExportAddress" => {
                let (listing, export) = self.export(who).await;
                own(listing, vec![("{eid}", export)])
            }
            // The token of this one is its id.
            "fetchCalendar" => Request { parts: vec![("{token}", self.export(who).await.1)], ..Request::default() },
            "resolveConflict" => {
                let (listing, feed) = self.feed(who).await;
                let (id, nights) = (Uuid::now_v7(), [Night(20_700), Night(20_701)]);
                let params = vec![id.into(), listing.into(), feed.into(), nights[0].into(), nights[1].into(), self.town.clock.now().into()];
                run(self.db, CONFLICT, params).await;
                own(listing, vec![("{cid}", id)])
            }
            _ => Request::default(),
        }
    }

    async fn feed(&self, who: Who) -> (Uuid, Uuid) {
        let (listing, feed) = (self.hosted_home(who).await, Uuid::now_v7());
        self.forget_calendars(listing).await;
        run(self.db, FEED, vec![feed.into(), listing.into(), false.into(), self.town.clock.now().into()]).await;
        (listing, feed)
    }

    async fn export(&self, who: Who) -> (Uuid, Uuid) {
        let (listing, export) = (self.hosted_home(who).await, Uuid::now_v7());
        self.forget_calendars(listing).await;
        run(self.db, EXPORT, vec![export.into(), listing.into(), digest(&export.to_string()).into(), self.town.clock.now().into()]).await;
        (listing, export)
    }

    /// Puts back what earlier requests have made.
    async fn forget_calendars(&self, listing: Uuid) {
        for all in [
            "DELETE FROM calendar_exports WHERE listing_id = $1",
            "DELETE FROM calendar_conflicts WHERE listing_id = $1",
            "DELETE FROM calendar_feed_log WHERE feed_id IN (SELECT id FROM calendar_feeds WHERE listing_id = $1)",
            "DELETE FROM calendar_feeds WHERE listing_id = $1",
        ] {
            run_any(self.db, all, vec![listing.into()]).await;
        }
    }
}
