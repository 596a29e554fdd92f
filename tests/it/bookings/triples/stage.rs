//! The people of the table, bookings in each of its states, and what is asked of them.

use super::super::{Stage, path};
use crate::support::TestDb;
use crate::support::homes;
use crate::support::people::{run, user_of, with_role};
use crate::support::town::{Asker, Reply, email_of};
use poem::http::Method;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use stopover::platform::db::DbResult;
use stopover::values::Email;
use uuid::Uuid;

/// Who is who in the columns of the table.
const PEOPLE: [(&str, &str); 10] = [
    ("guest", "Gustav"),
    ("other", "Olaf"),
    ("host", "Hannah"),
    ("full", "Fay"),
    ("msgs", "Mia"),
    ("cal", "Carl"),
    ("rival", "Rita"),
    ("oper", "Olga"),
    ("fin", "Fiona"),
    ("mod", "Moritz"),
];
/// Today, and a time that is far off.
const TODAY: (&str, &str) = ("2026-06-01", "2026-06-03");
const LATER: (&str, &str) = ("2026-06-22", "2026-06-24");
/// Why staff do something.
const WHY: &str = "The host is ill";

pub(super) struct Players {
    stage: Stage,
    db: TestDb,
    /// Where guests ask first.
    asking: Uuid,
    people: BTreeMap<String, Asker>,
    /// Bookings of yesterday, for states that only time makes.
    put_by: BTreeMap<String, Vec<Json>>,
}

/// A booking as far as an act could change it: its state, its version, and how many rows there are of all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Print {
    pub(super) state: String,
    rows: Vec<i64>,
}

impl Players {
    pub(super) async fn new(db: TestDb) -> Self {
        let stage = Stage::new(&db).await;
        let host = json!(user_of(&db, "Hannah").await.0);
        let asking = homes::home(&db, &host, "Under the owl").await;
        run(&db, "UPDATE listings SET instant_book = FALSE, departure_days = 127 WHERE id = $1", vec![asking.into()]).await;
        run(&db, "UPDATE listings SET unit_count = 200", vec![]).await;
        let mut people = BTreeMap::from([("none".to_owned(), Asker::default())]);
        people.insert("guest".into(), stage.guest.clone());
        people.insert("host".into(), stage.host.clone());
        for (column, name) in PEOPLE {
            let asker = match column {
                "guest" | "host" => continue,
                "oper" => with_role(&stage.town, &db, name, "operator").await,
                "fin" => with_role(&stage.town, &db, name, "finance").await,
                "mod" => with_role(&stage.town, &db, name, "moderator").await,
                _ => stage.town.newcomer(name).await,
            };
            people.insert(column.into(), asker);
        }
        let rival = user_of(&db, "Rita").await;
        homes::home(&db, &json!(rival.0), "Over the road").await;
        for (name, level) in [("Fay", "full"), ("Mia", "messages"), ("Carl", "calendar")] {
            let helps = "INSERT INTO co_hosts (listing_id, user_id, level, version, created_at) VALUES ($1, $2, $3, 1, $4)";
            for home in [stage.home, asking] {
                let params = vec![home.into(), user_of(&db, name).await.into(), level.into(), stopover::values::Instant(1).into()];
                run(&db, helps, params).await;
            }
        }
        Self { stage, db, asking, people, put_by: BTreeMap::new() }
    }

    pub(super) fn asker(&self, column: &str) -> &Asker {
        &self.people[column]
    }

    /// Goes on to an hour after which a no-show may be marked, with so many bookings of today for what only time makes of them.
    pub(super) async fn sleep(&mut self, wanted: &[(String, usize)]) {
        for (state, count) in wanted {
            let mut made = Vec::new();
            for _ in 0..*count {
                made.push(self.make(if state == "expired" { "pending_payment" } else { "confirmed" }).await);
            }
            self.put_by.insert(state.clone(), made);
        }
        self.stage.town.clock.set("2026-06-02T20:00:00Z");
        self.stage.town.run_jobs().await;
        for (column, name) in PEOPLE {
            self.people.insert(column.into(), self.stage.town.log_in(name).await);
        }
    }

    async fn book(&self, home: Uuid, dates: (&str, &str), card: Option<&str>) -> Json {
        let (town, guest) = (&self.stage.town, self.asker("guest"));
        let wish = json!({"listing_id": home, "check_in": dates.0, "check_out": dates.1, "adults": 2});
        let quote = town.post(guest, "/quotes", wish).await.expect(201).json();
        let mut ask = json!({"quote_id": quote["id"]});
        if let Some(card) = card {
            ask["payment_method"] = json!(card);
        }
        town.post(guest, "/bookings", ask).await.expect(201).json()
    }

    /// A booking with something done to it.
    async fn then(&self, booking: Json, column: &str, act: &str, body: Json) -> Json {
        let done = self.stage.act(self.asker(column), &booking, act, body).await;
        assert!(done.status.is_success(), "{act}: {}", done.text());
        booking
    }

    /// A booking in a state of the table.
    pub(super) async fn make(&self, state: &str) -> Json {
        let (home, nothing, card) = (self.stage.home, Json::Null, Some("card_ok"));
        let later = async || self.book(home, LATER, card).await;
        let today = async || self.book(home, TODAY, card).await;
        let there = async || self.then(today().await, "host", "check-in", Json::Null).await;
        match state {
            "requested" => self.book(self.asking, LATER, None).await,
            "pending_payment" => self.book(home, LATER, None).await,
            "confirmed" => today().await,
            "confirmed_later" => later().await,
            "proposed_by_guest" => self.then(later().await, "guest", "alterations", json!({"adults": 1})).await,
            "proposed_by_host" => self.then(later().await, "host", "alterations", json!({"adults": 1})).await,
            "proposed_by_staff" => self.then(later().await, "oper", "alterations", json!({"adults": 1, "reason": WHY})).await,
            "entered" => {
                let stay = json!({"check_in": TODAY.0, "check_out": TODAY.1, "adults": 2, "guest_name": "Walter", "paid": "unpaid"});
                self.stage.town.post(self.asker("host"), &format!("/listings/{home}/bookings"), stay).await.expect(201).json()
            }
            "in_stay" => there().await,
            "completed" => self.then(there().await, "host", "check-out", nothing).await,
            "declined" => self.then(self.book(self.asking, LATER, None).await, "host", "decline", json!({"reason": "other"})).await,
            "withdrawn" => self.then(self.book(home, LATER, None).await, "guest", "withdraw", json!({})).await,
            "cancelled_by_guest" => self.then(today().await, "guest", "cancel", json!({})).await,
            "cancelled_by_host" => self.then(later().await, "host", "cancel", json!({})).await,
            "cancelled_by_staff" => self.then(later().await, "oper", "cancel", json!({"as": "staff", "refund": 5_000, "reason": WHY})).await,
            other => panic!("{other} is made of what was put by"),
        }
    }

    /// The same, or one that was put by for it.
    pub(super) async fn take(&mut self, state: &str) -> Json {
        let Some(put_by) = self.put_by.get_mut(state) else { return self.make(state).await };
        let booking = put_by.pop().unwrap_or_else(|| panic!("too few were put by for {state}"));
        if state == "no_show" { self.then(booking, "host", "no-show", Json::Null).await } else { booking }
    }

    /// Holds that are left over would be too many for one guest soon.
    pub(super) async fn put_away(&self, booking: &Json) {
        if matches!(self.print(booking).await.state.as_str(), "requested" | "pending_payment") {
            self.stage.act(self.asker("guest"), booking, "withdraw", json!({})).await.expect(200);
        }
    }

    pub(super) async fn print(&self, booking: &Json) -> Print {
        const OF: &str = "SELECT b.state, b.version,
            (SELECT COUNT(*) FROM bookings x WHERE x.id = b.id AND x.guest_id IS NOT NULL),
            (SELECT COUNT(*) FROM booking_transitions x WHERE x.booking_id = b.id),
            (SELECT COUNT(*) FROM booking_alterations x WHERE x.booking_id = b.id),
            (SELECT COUNT(*) FROM booking_alterations x WHERE x.booking_id = b.id AND x.ended_at IS NOT NULL),
            (SELECT COUNT(*) FROM booked_nights x WHERE x.booking_id = b.id),
            (SELECT COUNT(*) FROM payments x WHERE x.booking_id = b.id),
            (SELECT COUNT(*) FROM refunds x WHERE x.booking_id = b.id),
            (SELECT COUNT(*) FROM provider_calls x WHERE x.booking_id = b.id),
            (SELECT COUNT(*) FROM claims x WHERE x.booking_id = b.id),
            (SELECT COUNT(*) FROM ledger_entries x WHERE x.booking_id = b.id)
            FROM bookings b WHERE b.id = $1";
        let id = homes::id(&booking["id"]);
        let read: DbResult<Option<Print>> = self
            .db
            .read(move |conn| {
                conn.first(OF, &[id.into()], |row| Ok(Print { state: row.get(0)?, rows: (1..12).map(|at| row.get(at)).collect::<DbResult<_>>()? }))
            })
            .await;
        read.unwrap().unwrap()
    }

    pub(super) async fn read(&self, column: &str, booking: &Json) -> Json {
        self.stage.town.get(self.asker(column), &path(booking)).await.expect(200).json()
    }

    /// The valid form of what the table calls `act`, asked by somebody.
    pub(super) async fn ask(&self, column: &str, act: &str, booking: &Json) -> Reply {
        let (staff, at) = (column == "oper", path(booking));
        let for_guest = if staff { json!({"as": "guest"}) } else { json!({}) };
        // Staff say why, whatever they do.
        let with_why = |mut body: Json| {
            if staff {
                body["reason"] = json!(WHY);
            }
            Some(body)
        };
        let give = json!({"amount": 1, "reason": "The shower was cold"});
        let (get, post) = (Method::GET, Method::POST);
        let (method, path, body) = match act {
            "read" => (get, at, None),
            "payments" => (get, format!("{at}/payments"), None),
            "changes" => (get, format!("{at}/alterations"), None),
            "guide" => (get, format!("{at}/stay-guide"), None),
            "claims" => (get, format!("{at}/claims"), None),
            "papers" => (get, format!("{at}/documents"), None),
            "ledger" => (get, format!("{at}/ledger"), None),
            "preview" => (get, format!("{at}/cancellation-preview{}", if staff { "?as=guest" } else { "" }), None),
            "accept" | "check-in" | "check-out" | "no-show" => (post, format!("{at}/{act}"), with_why(json!({})).filter(|_| staff)),
            "decline" => (post, format!("{at}/decline"), Some(json!({"reason": "other"}))),
            "withdraw" => (post, format!("{at}/withdraw"), Some(json!({}))),
            "pay" => (post, format!("{at}/payments"), Some(json!({"payment_method": "card_ok"}))),
            "deposit" => (post, format!("{at}/payments"), Some(json!({"payment_method": "card_ok", "what": "deposit"}))),
            "cancel" => (post, format!("{at}/cancel"), with_why(for_guest)),
            "propose" => (post, format!("{at}/alterations"), with_why(json!({"adults": 1}))),
            "agree" => (post, format!("{at}/alterations/{}/accept", self.proposed(booking).await), with_why(json!({}))),
            "refuse" => (post, format!("{at}/alterations/{}/decline", self.proposed(booking).await), with_why(json!({}))),
            "by-hand" => (post, format!("{at}/payments/by-hand"), with_why(json!({"amount": 1}))),
            "refund" => (post, format!("{at}/refunds"), Some(give)),
            "goodwill" => (post, format!("/admin{at}/goodwill"), Some(give)),
            "claim" => (post, format!("{at}/claims"), Some(json!({"items": [{"what": "A lamp", "amount": 100}]}))),
            "join" => (post, format!("{at}/join"), Some(json!({"token": self.letter_to_the_guest(booking)}))),
            other => panic!("{other} is no act"),
        };
        self.stage.town.ask(self.asker(column), method, &path, body.as_ref()).await
    }

    /// The change that waits for its answer; one that is not there, where none does.
    async fn proposed(&self, booking: &Json) -> Uuid {
        const OPEN: &str = "SELECT id FROM booking_alterations WHERE booking_id = $1 AND state = 'proposed'";
        let id = homes::id(&booking["id"]);
        let found: DbResult<Option<Uuid>> = self.db.read(move |conn| conn.first(OPEN, &[id.into()], |row| row.get(0))).await;
        found.unwrap().unwrap_or(Uuid::nil())
    }

    /// What a letter to the guest's address says, with which they take a stay into their account.
    fn letter_to_the_guest(&self, booking: &Json) -> String {
        let email = Email::parse(&email_of("Gustav")).unwrap();
        let proof = self.stage.town.tools().keys.derive(&format!("bookings.join {} {}", booking["id"].as_str().unwrap(), email.key()));
        proof[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
