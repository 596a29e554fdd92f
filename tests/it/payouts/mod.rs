//! What hosts have earned becomes theirs. The clock stands at 2026-06-01T12:00Z, 8 o'clock in Albany; guests come in at 15 o'clock.

mod books;
mod by_hand;
mod debts;
mod deposits;
mod dice;
mod methods;
mod onboarding;
mod paying;
mod promises;
mod providers;
mod releasing;
mod staff;

use crate::support::people::{run, user_of, with_role};
use crate::support::town::{Asker, Reply, Town};
use crate::support::{TestDb, homes, off_thread, on_both, uses_index};
use poem::http::Method;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use stopover::features::{ledger, payouts};
use stopover::platform::config::{Config, FeePreset};
use stopover::platform::db::Value;
use stopover::values::{Clock, Instant, UserId};
use uuid::Uuid;

on_both!(statements_use_indexes, async |db: TestDb| {
    for (sql, kinds) in payouts::statements() {
        let params = kinds.chars().map(|kind| match kind {
            'u' => Value::Uuid(Uuid::nil()),
            't' => Value::Text("x".into()),
            'n' => Value::Int(1),
            'i' => Value::Instant(Instant(1)),
            other => panic!("no parameter of kind {other}"),
        });
        uses_index(&db, &sql, params.collect()).await;
    }
});

const IBAN: &str = "DE89 3704 0044 0532 0130 00";
const JUNE: (&str, &str) = ("2026-06-10", "2026-06-13");

/// A town with fees for host and guest and a tax that the platform hands on, a host with a home at 100.00 USD a night, a guest, and finance.
pub(crate) struct Stage {
    pub(crate) town: Town,
    pub(crate) home: Uuid,
    pub(crate) host: UserId,
}

impl Stage {
    pub(crate) async fn new(db: &TestDb) -> Self {
        Self::with(db, |_| ()).await
    }

    pub(crate) async fn with(db: &TestDb, change: impl FnOnce(&mut Config)) -> Self {
        let town = Town::with(db, |config| {
            config.fees.model = FeePreset::Split;
            change(config);
        })
        .await;
        let hannah = town.newcomer("Hannah").await;
        let me = town.get(&hannah, "/me").await.expect(200).json();
        let home = homes::home(db, &me["id"], "Under the lark").await;
        run(db, "UPDATE listings SET departure_days = 127, max_nights = 120 WHERE id = $1", vec![home.into()]).await;
        with_role(&town, db, "Fiona", "finance").await;
        let olga = with_role(&town, db, "Olga", "operator").await;
        let rule = json!({"key": "vat", "name": "VAT", "bp": 1_000, "remitted_by": "platform", "collected": "at_booking"});
        town.post(&olga, "/admin/taxes", json!({"country": "US", "rule": rule, "reason": "the law"})).await.expect(201);
        town.newcomer("Gustav").await;
        let host = user_of(db, "Hannah").await;
        Self { town, home, host }
    }

    /// Somebody, as they are logged in now.
    pub(crate) async fn who(&self, name: &str) -> Asker {
        self.town.log_in(name).await
    }

    /// A stay that `guest` has paid with this card.
    pub(crate) async fn book(&self, guest: &str, dates: (&str, &str), card: &str) -> Json {
        let guest = self.who(guest).await;
        let wish = json!({"listing_id": self.home, "check_in": dates.0, "check_out": dates.1, "adults": 2});
        let quote = self.town.post(&guest, "/quotes", wish).await.expect(201).json();
        self.town.post(&guest, "/bookings", json!({"quote_id": quote["id"], "payment_method": card})).await.expect(201).json()
    }

    pub(crate) async fn act(&self, who: &str, booking: &Json, act: &str, body: Json) -> Reply {
        let who = self.who(who).await;
        self.town.post(&who, &format!("/bookings/{}/{act}", booking["id"].as_str().unwrap()), body).await
    }

    /// Hannah leaves an account for payouts.
    async fn leave(&self, kind: &str, account: &str) -> Json {
        let host = self.who("Hannah").await;
        self.town.post(&host, "/payout-methods", json!({"kind": kind, "holder": "Hannah Höst", "account": account})).await.expect(201).json()
    }

    /// Sets the clock, and lets everything happen that is due by then.
    pub(crate) async fn at(&self, instant: &str) {
        self.town.clock.set(instant);
        self.settle().await;
    }

    /// The same, a week at a time: what is due on the way happens on the way.
    async fn until(&self, instant: &str) {
        let end = Instant::parse(instant).unwrap();
        while Clock::now(&*self.town.clock).plus_seconds(7 * 86_400) < end {
            self.town.clock.advance_seconds(7 * 86_400);
            self.settle().await;
        }
        self.at(instant).await;
    }

    pub(crate) async fn settle(&self) {
        for _ in 0..4 {
            self.town.run_jobs().await;
        }
    }

    /// What the books say of a booking, by the first word of the account; what the provider took is put back to it.
    pub(crate) async fn balances(&self, booking: &Json) -> BTreeMap<String, i64> {
        let finance = self.who("Fiona").await;
        let ledger = self.town.get(&finance, &format!("/bookings/{}/ledger", booking["id"].as_str().unwrap())).await.expect(200).json();
        let mut found: BTreeMap<String, i64> = BTreeMap::new();
        for entry in ledger["entries"].as_array().or_else(|| ledger["data"].as_array()).unwrap() {
            for posting in entry["postings"].as_array().unwrap() {
                let account = posting["account"].as_str().unwrap().split(':').next().unwrap();
                let account = if account == "exp_psp" { "psp" } else { account };
                *found.entry(account.to_owned()).or_default() += posting["amount"]["amount"].as_i64().or_else(|| posting["amount"].as_i64()).unwrap();
            }
        }
        found.retain(|_, amount| *amount != 0);
        found
    }

    /// What Hannah sees of her payouts: what is open (payable, receivable, what it waits for), and amounts with states, newest first.
    async fn seen(&self) -> (Vec<(i64, i64, Option<String>)>, Vec<(i64, String)>) {
        let host = self.who("Hannah").await;
        let list = self.town.get(&host, "/payouts").await.expect(200).json();
        let open = |one: &Json| (money(&one["payable"]), money(&one["receivable"]), one["waits_for"].as_str().map(str::to_owned));
        let made = |one: &Json| (money(&one["amount"]), one["state"].as_str().unwrap().to_owned());
        (list["balances"].as_array().unwrap().iter().map(open).collect(), list["data"].as_array().unwrap().iter().map(made).collect())
    }

    /// Nothing in the books is wrong, all invariants and witnesses.
    async fn is_sound(&self) {
        let (db, keys) = (self.town.tools().db.clone(), std::sync::Arc::clone(&self.town.tools().keys));
        off_thread(move || ledger::seal_all(&db, &keys).unwrap()).await;
        let finance = self.who("Fiona").await;
        let report = self.town.get(&finance, "/admin/ledger/invariants").await.expect(200).json();
        assert_eq!(report["findings"], json!([]), "{report}");
    }

    async fn staff(&self, path: &str, body: Json) -> Reply {
        let finance = self.who("Fiona").await;
        self.town.ask(&finance, Method::POST, path, Some(&body)).await
    }
}

fn money(of: &Json) -> i64 {
    of["amount"].as_i64().unwrap()
}

fn owned(of: &[(i64, &str)]) -> Vec<(i64, String)> {
    of.iter().map(|(amount, state)| (*amount, (*state).to_owned())).collect()
}
