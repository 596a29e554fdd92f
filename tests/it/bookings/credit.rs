//! Credit: staff give it, guests see it and pay their stays with it, refunds put it back, and whoever leaves gives it up.

use super::entering::{JUNE, books, enter, told};
use super::giving::{days_later, insiders, paid};
use super::{Stage, acts, path};
use crate::support::people::{run_any, user_of, with_role};
use crate::support::town::{Asker, Reply, unpacked};
use crate::support::{TestDb, homes, off_thread, on_both};
use poem::http::Method;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use stopover::features::ledger;

/// A stage with somebody in finance, and so much credit in USD for Gustav.
pub(super) async fn with_credit(db: &TestDb, amount: i64) -> (Stage, Asker) {
    let stage = Stage::new(db).await;
    let finance = with_role(&stage.town, db, "Fiona", "finance").await;
    stage.gives(db, &finance, "Gustav", amount, "USD").await.expect(200);
    (stage, finance)
}

impl Stage {
    pub(super) async fn gives(&self, db: &TestDb, who: &Asker, to: &str, amount: i64, currency: &str) -> Reply {
        let address = format!("/admin/users/{}/credit", user_of(db, to).await.0);
        self.town.post(who, &address, json!({"amount": amount, "currency": currency, "reason": "A cold shower"})).await
    }

    /// What Gustav has, in each currency.
    async fn credit(&self) -> Vec<(i64, String)> {
        let seen = self.town.get(&self.guest, "/me/credit").await.expect(200).json();
        let money = |one: &Json| (one["amount"].as_i64().unwrap(), one["currency"].as_str().unwrap().to_owned());
        seen["balances"].as_array().unwrap().iter().map(money).collect()
    }

    async fn has(&self, amount: i64) {
        let expected = if amount == 0 { vec![] } else { vec![(amount, "USD".to_owned())] };
        assert_eq!(self.credit().await, expected);
    }

    pub(super) async fn book_by_credit(&self, dates: (&str, &str)) -> Reply {
        let quote = self.quote(&self.guest, dates.0, dates.1).await;
        self.town.post(&self.guest, "/bookings", json!({"quote_id": quote["id"], "payment_method": "credit"})).await
    }

    async fn pay_by_credit(&self, booking: &Json) -> Reply {
        self.act(&self.guest, booking, "payments", json!({"payment_method": "credit"})).await
    }

    /// Nothing in the books is wrong.
    pub(super) async fn is_sound(&self) {
        let (db, keys) = (self.town.tools().db.clone(), Arc::clone(&self.town.tools().keys));
        off_thread(move || ledger::seal_all(&db, &keys).unwrap()).await;
        let finance = self.town.log_in("Fiona").await;
        let report = self.town.get(&finance, "/admin/ledger/invariants").await.expect(200).json();
        assert_eq!(report["findings"], json!([]), "{report}");
    }

    /// Sets the price to 100.00 a night with `plan`.
    pub(super) async fn plan(&self, plan: Json) {
        let body = json!({"base_price": 10_000, "plan": plan});
        self.town.ask(&self.host, Method::PUT, &format!("/listings/{}/pricing", self.home), Some(&body)).await.expect(200);
    }
}

/// Lets `days` go by, and what is due happen, with all that follows from it.
pub(super) async fn later(stage: &mut Stage, days: i64) {
    days_later(stage, days).await;
    days_later(stage, 0).await;
}

fn parts(booking: &Json) -> Vec<(i64, &str)> {
    let part = |one: &'_ Json| one["amount"]["amount"].as_i64().unwrap();
    booking["instalments"].as_array().unwrap().iter().map(|one| (part(one), one["state"].as_str().unwrap())).collect()
}

on_both!(a_stay_is_paid_with_credit_and_called_off_to_the_cent, async |db: TestDb| {
    let (stage, finance) = with_credit(&db, 35_001).await;
    stage.has(35_001).await;
    let letters = stage.town.letters().await;
    assert_eq!(letters.iter().filter(|letter| letter.to.contains("gustav") && letter.text.contains("350.01")).count(), 1);
    stage.is_sound().await;
    let booking = stage.book_by_credit(JUNE).await.expect(201).json();
    assert_eq!((booking["state"].as_str(), acts(&booking), parts(&booking)), (Some("confirmed"), vec!["book", "pay"], vec![(30_000, "paid")]));
    let payment = &booking["payments"][0];
    assert_eq!((payment["provider"].as_str(), payment["state"].as_str(), booking["payments"].as_array().unwrap().len()), (Some("credit"), Some("captured"), 1));
    stage.has(5_001).await;
    assert_eq!(told(&books(&stage, &finance, &booking).await.0), [("guest_credit", 30_000), ("stay_escrow", -30_000)]);
    stage.is_sound().await;
    let receipt = stage.town.get(&stage.guest, &format!("{}/receipt", path(&booking))).await.expect(200).json();
    assert!(receipt.to_string().contains("Credit used"), "{receipt}");

    let over = stage.act(&stage.guest, &booking, "cancel", json!({})).await.expect(200).json();
    // Nobody is asked for it, so it is there at once.
    let refund = &over["payments"][0]["refunds"][0];
    assert_eq!((over["state"].as_str(), refund["state"].as_str(), refund["amount"]["amount"].as_i64()), (Some("cancelled"), Some("succeeded"), Some(30_000)));
    stage.has(35_001).await;
    let (sums, kinds) = books(&stage, &finance, &booking).await;
    assert_eq!((told(&sums), kinds), (vec![], ["confirmed", "credit_used", "cancelled", "credit_returned"].map(String::from).to_vec()));
    stage.is_sound().await;

    // Page by page, newest first.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = stage.town.get(&stage.guest, &format!("/me/credit?limit=2{cursor}")).await.expect(200).json();
        for one in page["data"].as_array().unwrap() {
            let about = one["booking_id"] == booking["id"];
            seen.push((one["what"].as_str().unwrap().to_owned(), one["amount"]["amount"].as_i64().unwrap(), about));
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let line = |what: &str, amount: i64, about: bool| (what.to_owned(), amount, about);
    assert_eq!(seen, [line("returned", 30_000, true), line("spent", -30_000, true), line("given", 35_001, false)]);
    let others = stage.town.get(&stage.host, "/me/credit").await.expect(200).json();
    assert_eq!((others["balances"].clone(), others["data"].clone()), (json!([]), json!([])));
    let asked = format!("/me/credit?limit=2{cursor}");
    stage.town.get(&stage.host, &asked).await.expect_problem(400, "invalid_cursor");
});

on_both!(what_does_not_suffice_is_not_taken, async |db: TestDb| {
    let (stage, finance) = with_credit(&db, 29_999).await;
    // Of another currency nothing is taken.
    stage.gives(&db, &finance, "Gustav", 50_000, "EUR").await.expect(200);
    let both = [(50_000, "EUR".to_owned()), (29_999, "USD".to_owned())];
    let refused = stage.book_by_credit(JUNE).await.expect_problem(409, "not_enough_credit").json();
    assert_eq!((refused["balance"].as_i64(), refused["due"].as_i64()), (Some(29_999), Some(30_000)));
    let mine = stage.town.get(&stage.guest, "/bookings").await.expect(200).json();
    assert_eq!((mine["data"].clone(), stage.taken().await), (json!([]), vec![]), "nothing was booked");
    let booking = stage.book(&stage.guest, JUNE.0, JUNE.1).await;
    stage.pay_by_credit(&booking).await.expect_problem(409, "not_enough_credit");
    assert_eq!(stage.credit().await, both);
    // Another means of payment does, and a card that was refused is no hindrance to credit.
    stage.act(&stage.guest, &booking, "payments", json!({"payment_method": "card_declined"})).await.expect_problem(402, "payment_failed");
    stage.gives(&db, &finance, "Gustav", 1, "USD").await.expect(200);
    let paid = stage.pay_by_credit(&booking).await.expect(200).json();
    assert_eq!((paid["state"].as_str(), paid["payments"].as_array().unwrap().len()), (Some("confirmed"), 2));
    assert_eq!(stage.credit().await, both[..1]);
    stage.pay_by_credit(&booking).await.expect_problem(409, "nothing_due");
    stage.town.run_jobs().await;
    stage.is_sound().await;
});

on_both!(credit_is_never_spent_twice, async |db: TestDb| {
    let (stage, finance) = with_credit(&db, 30_000).await;
    // Stays in homes of their own: no other lock than that of the balance stands between them.
    let host = stage.town.get(&stage.host, "/me").await.json();
    let mut bookings = vec![stage.book(&stage.guest, JUNE.0, JUNE.1).await];
    for title in ["Over the lark", "Beside the lark"] {
        let home = homes::home(&db, &host["id"], title).await;
        run_any(&db, "UPDATE listings SET departure_days = 127", vec![]).await;
        let wish = json!({"listing_id": home, "check_in": JUNE.0, "check_out": JUNE.1, "adults": 2});
        let quote = stage.town.post(&stage.guest, "/quotes", wish).await.expect(201).json();
        bookings.push(stage.town.post(&stage.guest, "/bookings", json!({"quote_id": quote["id"]})).await.expect(201).json());
    }
    let all = tokio::join!(stage.pay_by_credit(&bookings[0]), stage.pay_by_credit(&bookings[1]), stage.pay_by_credit(&bookings[2]));
    let mut told: Vec<u16> = [&all.0, &all.1, &all.2].iter().map(|reply| reply.status.as_u16()).collect();
    told.sort_unstable();
    assert_eq!(told, [200, 409, 409], "{} {} {}", all.0.text(), all.1.text(), all.2.text());
    stage.has(0).await;
    stage.is_sound().await;
    // The same for one stay from many connections: it is paid once.
    stage.gives(&db, &finance, "Gustav", 90_000, "USD").await.expect(200);
    let mut open = Vec::new();
    for booking in &bookings {
        if stage.read(&stage.guest, booking).await["state"] == "pending_payment" {
            open.push(booking);
        }
    }
    let (first, second) = tokio::join!(stage.pay_by_credit(open[0]), stage.pay_by_credit(open[0]));
    let mut told = [first.status.as_u16(), second.status.as_u16()];
    told.sort_unstable();
    assert_eq!(told, [200, 409]);
    stage.has(60_000).await;
    stage.is_sound().await;
});

on_both!(instalments_come_from_credit_where_the_stay_was_booked_with_it, async |db: TestDb| {
    let (mut stage, finance) = with_credit(&db, 10_000).await;
    stage.plan(json!({"instalments": {"kind": "deposit", "deposit_bp": 2_000, "balance_days": 5}})).await;
    let booking = stage.book_by_credit(JUNE).await.expect(201).json();
    assert_eq!(parts(&booking), [(6_000, "paid"), (24_000, "planned")]);
    stage.has(4_000).await;
    // On its day it does not suffice: the guest is told, and nothing is taken.
    stage.town.clock.set("2026-06-05T19:00:00Z");
    later(&mut stage, 0).await;
    assert_eq!(parts(&stage.read(&stage.guest, &booking).await)[1], (24_000, "failed"));
    stage.has(4_000).await;
    drop(finance);
    let finance = stage.town.log_in("Fiona").await;
    stage.gives(&db, &finance, "Gustav", 20_500, "USD").await.expect(200);
    later(&mut stage, 1).await;
    assert_eq!(parts(&stage.read(&stage.guest, &booking).await)[1], (24_000, "paid"));
    stage.has(500).await;
    stage.is_sound().await;
    // The host calls off: all of it comes back.
    stage.act(&stage.host, &booking, "cancel", json!({})).await.expect(200);
    stage.has(30_500).await;
    let finance = stage.town.log_in("Fiona").await;
    assert_eq!(told(&books(&stage, &finance, &booking).await.0), []);
    stage.is_sound().await;
});

on_both!(a_part_by_card_and_a_part_by_credit_go_back_to_where_they_came_from, async |db: TestDb| {
    let (mut stage, _finance) = with_credit(&db, 24_000).await;
    stage.plan(json!({"instalments": {"kind": "deposit", "deposit_bp": 2_000, "balance_days": 5}})).await;
    let booking = paid(&stage, JUNE).await;
    let whole = stage.pay_by_credit(&booking).await.expect(200).json();
    assert_eq!(parts(&whole), [(6_000, "paid"), (24_000, "paid")]);
    stage.has(0).await;
    // One night less: what was paid last goes back first.
    let shorter = stage.act(&stage.host, &booking, "alterations", json!({"check_out": "2026-06-12"})).await.expect(201).json();
    let answer = format!("alterations/{}/accept", shorter["id"].as_str().unwrap());
    stage.act(&stage.guest, &booking, &answer, json!({})).await.expect(200);
    stage.has(10_000).await;
    // And one more again, out of the credit, which changes the stay at once; the card that was left stays what later money is asked of.
    let longer = stage.act(&stage.host, &booking, "alterations", json!({"check_out": "2026-06-13"})).await.expect(201).json();
    let answer = format!("alterations/{}/accept", longer["id"].as_str().unwrap());
    let applied = stage.act(&stage.guest, &booking, &answer, json!({"payment_method": "credit"})).await.expect(200).json();
    assert_eq!(applied["state"], "applied");
    stage.has(0).await;
    stage.is_sound().await;
    stage.act(&stage.guest, &booking, "cancel", json!({})).await.expect(200);
    later(&mut stage, 0).await;
    stage.has(24_000).await;
    let over = stage.read(&stage.guest, &booking).await;
    let back = |at: usize| over["payments"][at]["refunded"]["amount"].as_i64();
    assert_eq!((back(0), back(1), back(2)), (Some(6_000), Some(24_000), Some(10_000)), "{over}");
    stage.is_sound().await;
});

on_both!(a_host_who_agrees_to_a_change_learns_nothing_of_the_credit, async |db: TestDb| {
    let (stage, _finance) = with_credit(&db, 31_234).await;
    let booking = stage.book_by_credit(JUNE).await.expect(201).json();
    let longer = stage.act(&stage.guest, &booking, "alterations", json!({"check_out": "2026-06-14"})).await.expect(201).json();
    let answer = format!("alterations/{}/accept", longer["id"].as_str().unwrap());
    let named = stage.act(&stage.host, &booking, &answer, json!({"payment_method": "credit"})).await.expect_problem(403, "forbidden").json();
    assert_eq!((named["balance"].clone(), named["due"].clone()), (json!(null), json!(null)), "{named}");
    let agreed = stage.act(&stage.host, &booking, &answer, json!({})).await.expect(200).json();
    assert!(agreed["state"] == "paying" && !agreed.to_string().contains("1234"), "{agreed}");
    stage.has(1_234).await;
    // The guest learns it, and pays another way.
    let pay = async |method: &str| stage.act(&stage.guest, &booking, "payments", json!({"payment_method": method, "what": "change"})).await;
    assert_eq!(pay("credit").await.expect_problem(409, "not_enough_credit").json()["balance"], 1_234);
    pay("card_ok").await.expect(200);
    assert_eq!(stage.read(&stage.guest, &booking).await["check_out"], "2026-06-14");
});

on_both!(whoever_is_asked_first_is_paid_when_they_have_agreed, async |db: TestDb| {
    let stage = Stage::asking(&db).await;
    let finance = with_role(&stage.town, &db, "Fiona", "finance").await;
    stage.gives(&db, &finance, "Gustav", 30_000, "USD").await.expect(200);
    let booking = stage.book_by_credit(JUNE).await.expect(201).json();
    assert_eq!((booking["state"].as_str(), booking["payments"].clone()), (Some("requested"), json!([])));
    stage.has(30_000).await;
    stage.act(&stage.host, &booking, "accept", json!(null)).await.expect(200);
    let paid = stage.pay_by_credit(&booking).await.expect(200).json();
    assert_eq!((paid["state"].as_str(), acts(&paid)), (Some("confirmed"), vec!["book", "accept", "pay"]));
    stage.has(0).await;
    stage.is_sound().await;
});

on_both!(nobody_pays_for_a_stay_that_is_not_to_be_had, async |db: TestDb| {
    let (mut stage, _finance) = with_credit(&db, 60_000).await;
    let booking = stage.book(&stage.guest, JUNE.0, JUNE.1).await;
    stage.town.clock.advance_seconds(16 * 60);
    later(&mut stage, 0).await;
    let quick = stage.town.newcomer("Stella").await;
    let quote = stage.quote(&quick, JUNE.0, JUNE.1).await;
    stage.town.post(&quick, "/bookings", json!({"quote_id": quote["id"], "payment_method": "card_ok"})).await.expect(201);
    stage.pay_by_credit(&booking).await.expect_problem(409, "nothing_due");
    stage.has(60_000).await;
    stage.is_sound().await;
});

on_both!(a_whole_stay_on_credit_earns_the_host_the_same, async |db: TestDb| {
    let (mut stage, _finance) = with_credit(&db, 30_000).await;
    stage.plan(json!({"deposit": {"kind": "charge_refund", "amount": 20_000}})).await;
    let booking = stage.book_by_credit(("2026-06-03", "2026-06-06")).await.expect(201).json();
    // A deposit is left another way.
    assert_eq!(booking["deposit"]["state"], "failed");
    let leave = async |method: &str| stage.act(&stage.guest, &booking, "payments", json!({"payment_method": method, "what": "deposit"})).await;
    leave("credit").await.expect_problem(422, "invalid_payment_method");
    leave("card_ok").await.expect(200);
    later(&mut stage, 6).await;
    let finance = stage.town.log_in("Fiona").await;
    let (sums, _) = books(&stage, &finance, &booking).await;
    let on = |account: &str| sums.iter().find(|(name, _)| name == account).map_or(0, |(_, amount)| *amount);
    assert_eq!((on("guest_credit"), on("host_payable") + on("rev_host_fee"), on("stay_escrow")), (30_000, -30_000, 0), "{sums:?}");
    stage.is_sound().await;
    // Damage is not paid with credit, of which something comes back first.
    let granted = stage.act(&stage.host, &booking, "refunds", json!({"amount": 10_000, "reason": "Cold"})).await.expect(200).json();
    assert_eq!(granted["payments"][0]["refunds"][0]["state"], "succeeded");
    stage.has(10_000).await;
    let claim = stage.act(&stage.host, &booking, "claims", json!({"items": [{"what": "A lamp", "amount": 25_000}]})).await.expect(201).json();
    let on_claim = async |act: &str, body: Json| stage.act(&stage.guest, &booking, &format!("claims/{}/{act}", claim["id"].as_str().unwrap()), body).await;
    on_claim("answer", json!({"amount": 25_000})).await.expect(200);
    on_claim("payments", json!({"payment_method": "credit"})).await.expect_problem(422, "invalid_payment_method");
    assert_eq!(on_claim("payments", json!({"payment_method": "card_ok"})).await.expect(200).json()["state"], "paid");
    stage.has(10_000).await;
    later(&mut stage, 8).await;
    stage.is_sound().await;
});

on_both!(staff_give_credit_for_a_stay_instead_of_money, async |db: TestDb| {
    let (stage, finance) = with_credit(&db, 500).await;
    let booking = paid(&stage, JUNE).await;
    let give = async |who: &Asker, body: Json| stage.town.post(who, &format!("/admin{}/goodwill", path(&booking)), body).await;
    let ask = json!({"amount": 4_000, "reason": "The shower was cold", "give": "credit"});
    give(&stage.host, ask.clone()).await.expect_problem(403, "forbidden");
    // Not only when the stay is over: what it costs is not touched.
    let given = give(&finance, ask.clone()).await.expect(200).json();
    assert_eq!((given["give"].as_str(), given["amount"].as_i64()), (Some("credit"), Some(4_000)));
    stage.has(4_500).await;
    let (sums, kinds) = books(&stage, &finance, &booking).await;
    let given = sums.iter().filter(|(account, _)| account == "exp_goodwill" || account == "guest_credit").cloned().collect::<Vec<_>>();
    assert_eq!((told(&given), kinds.last().map(String::as_str)), (vec![("exp_goodwill", 4_000), ("guest_credit", -4_000)], Some("goodwill")));
    let seen = stage.town.get(&stage.guest, "/me/credit").await.expect(200).json();
    assert_eq!((seen["data"][0]["what"].as_str(), seen["data"][0]["booking_id"].clone()), (Some("given"), booking["id"].clone()));
    let trail = stage.town.get(&finance, "/admin/audit?action=credit.given").await.expect(200).json();
    assert_eq!((trail["data"].as_array().unwrap().len(), trail["data"][0]["reason"].as_str()), (2, Some("The shower was cold")), "{trail}");
    for (amount, status) in [(0, 422), (-1, 422), (100_000_001, 422)] {
        let reply = give(&finance, json!({"amount": amount, "reason": "x", "give": "credit"})).await;
        assert_eq!(reply.status, status, "{}", reply.text());
    }
    // Guests without an account have none, and nobody gives in their own case.
    let entered = enter(&stage, &stage.host, ("2026-06-20", "2026-06-22"), json!({})).await.expect(201).json();
    stage.town.post(&finance, &format!("/admin{}/goodwill", path(&entered)), ask.clone()).await.expect_problem(409, "no_account");
    insiders(&stage, &db, "calendar").await;
    for name in ["Gustav", "Hannah", "Fiona"] {
        give(&stage.town.log_in(name).await, ask.clone()).await.expect_problem(403, "own_case");
    }
    stage.is_sound().await;
});

on_both!(staff_give_credit_without_a_stay, async |db: TestDb| {
    let (stage, finance) = with_credit(&db, 500).await;
    stage.gives(&db, &stage.guest, "Gustav", 1, "USD").await.expect_problem(403, "forbidden");
    stage.gives(&db, &finance, "Fiona", 1, "USD").await.expect_problem(403, "own_case");
    for (amount, currency, code) in [(0, "USD", "out_of_range"), (100_000_001, "USD", "out_of_range"), (1, "usd", "out_of_range"), (1, "XXQ", "out_of_range")] {
        stage.gives(&db, &finance, "Gustav", amount, currency).await.expect_problem(422, code);
    }
    let nobody = format!("/admin/users/{}/credit", uuid::Uuid::now_v7());
    let ask = json!({"amount": 1, "currency": "USD", "reason": "x"});
    stage.town.post(&finance, &nobody, ask.clone()).await.expect_problem(404, "not_found");
    let his = format!("/admin/users/{}/credit", user_of(&db, "Gustav").await.0);
    let wordless = json!({"amount": 1, "currency": "USD", "reason": " "});
    stage.town.post(&finance, &his, wordless).await.expect_problem(422, "invalid_reason");
    // Sent again it is given once.
    let mut keyed = finance.clone();
    keyed.headers.push(("idempotency-key".into(), "sorry".into()));
    for _ in 0..2 {
        let given = stage.town.post(&keyed, &his, ask.clone()).await.expect(200).json();
        assert_eq!((given["given"]["amount"].as_i64(), given["balance"]["amount"].as_i64()), (Some(1), Some(501)));
    }
    stage.has(501).await;
    stage.town.clock.advance_seconds(301);
    stage.town.post(&finance, &his, ask).await.expect_problem(403, "proof_needed");
});

on_both!(whoever_leaves_gives_their_credit_up, async |db: TestDb| {
    let (mut stage, _finance) = with_credit(&db, 30_000).await;
    // A stay that was paid with it is over by then; the host gives some of it back when nobody has it any more.
    let booking = stage.book_by_credit(("2026-06-03", "2026-06-06")).await.expect(201).json();
    later(&mut stage, 7).await;
    let finance = stage.town.log_in("Fiona").await;
    stage.gives(&db, &finance, "Gustav", 700, "USD").await.expect(200);
    let asked = stage.town.ask(&stage.guest, Method::POST, "/me/export", None).await.expect(202).json();
    stage.town.run_jobs().await;
    let copy = stage.town.get(&stage.guest, &format!("/me/exports/{}/file", asked["id"].as_str().unwrap())).await;
    assert_eq!(unpacked(&copy.expect(200).body, "credit.json"), json!([{"amount": 700, "currency": "USD"}]));
    stage.town.ask(&stage.guest, Method::DELETE, "/me", None).await.expect(202);
    stage.town.clock.advance_seconds(31 * 86_400);
    stage.town.run_jobs().await;
    stage.host = stage.town.log_in("Hannah").await;
    let finance = stage.town.log_in("Fiona").await;
    let trial = async |finance: &Asker| {
        let lines = stage.town.get(finance, "/admin/ledger/accounts").await.expect(200).json();
        let on = |account: &str| {
            let line = lines["data"].as_array().unwrap().iter().find(|line| line["account"] == account).cloned();
            line.map_or(0, |line| line["balance"]["amount"].as_i64().unwrap())
        };
        (on("guest_credit"), on("exp_goodwill"))
    };
    assert_eq!(trial(&finance).await, (0, 30_000), "what was not spent went back to where it came from");
    stage.is_sound().await;
    stage.act(&stage.host, &booking, "refunds", json!({"amount": 10_000, "reason": "Cold"})).await.expect(200);
    assert_eq!(trial(&finance).await, (0, 20_000), "what nobody can have goes the same way");
    stage.is_sound().await;
});
