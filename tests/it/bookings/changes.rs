//! Changes of a stay that cost more: who agrees to them, who says how they are paid, and what becomes of them when they are not.

use super::giving::{days_later, paid};
use super::{Stage, acts, path};
use crate::support::people::{user_of, with_role};
use crate::support::town::{Asker, Letter, Reply, email_of};
use crate::support::{TestDb, on_both};
use serde_json::{Value as Json, json};

const JUNE: (&str, &str) = ("2026-06-10", "2026-06-13");
const ONE_MORE: &str = "2026-06-14";

impl Stage {
    async fn book_with(&self, who: &Asker, dates: (&str, &str), method: &str) -> Json {
        let quote = self.quote(who, dates.0, dates.1).await;
        self.town.post(who, "/bookings", json!({"quote_id": quote["id"], "payment_method": method})).await.expect(201).json()
    }

    async fn propose(&self, who: &Asker, booking: &Json, check_out: &str) -> Json {
        self.act(who, booking, "alterations", json!({"check_out": check_out})).await.expect(201).json()
    }

    async fn agree(&self, who: &Asker, booking: &Json, change: &Json, body: Json) -> Reply {
        self.act(who, booking, &format!("alterations/{}/accept", change["id"].as_str().unwrap()), body).await
    }

    async fn pay_change(&self, booking: &Json, method: &str) -> Reply {
        self.act(&self.guest, booking, "payments", json!({"payment_method": method, "what": "change"})).await
    }

    /// Fiona says that the newest payment of a booking arrived.
    async fn arrived(&self, booking: &Json) {
        let finance = self.town.log_in("Fiona").await;
        let payments = self.town.get(&finance, &format!("/admin/payments?booking={}", booking["id"].as_str().unwrap())).await.expect(200).json();
        let id = payments["data"][0]["id"].as_str().unwrap().to_owned();
        self.town.post(&finance, &format!("/admin/payments/{id}/confirm"), json!({"reason": "It is on the statement"})).await.expect(200);
    }

    async fn changes(&self, booking: &Json) -> Vec<String> {
        let list = self.town.get(&self.guest, &format!("{}/alterations", path(booking))).await.expect(200).json();
        list["data"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect()
    }

    /// Letters with this subject to somebody.
    async fn letters_to(&self, name: &str, subject: &str) -> Vec<Letter> {
        let all = self.town.letters().await;
        all.into_iter().filter(|letter| letter.to.contains(&email_of(name)) && letter.subject.contains(subject)).collect()
    }
}

fn check_out(booking: &Json) -> &str {
    booking["check_out"].as_str().unwrap()
}

on_both!(only_guests_say_how_a_change_is_paid, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let operator = with_role(&stage.town, &db, "Olga", "operator").await;
    let finance = with_role(&stage.town, &db, "Fiona", "finance").await;
    let credit = format!("/admin/users/{}/credit", user_of(&db, "Gustav").await.0);
    stage.town.post(&finance, &credit, json!({"amount": 50_000, "currency": "USD", "reason": "A cold shower"})).await.expect(200);
    let booking = paid(&stage, JUNE).await;
    let change = stage.propose(&stage.guest, &booking, ONE_MORE).await;
    for who in [&stage.host, &operator] {
        for method in ["credit", "bank_transfer", "cash", "card_insufficient_funds", "saved"] {
            let no = stage.agree(who, &booking, &change, json!({"payment_method": method, "reason": "They asked me to"})).await;
            assert!(!no.expect_problem(403, "forbidden").text().contains("50000"), "{method}");
        }
    }
    let agreed = stage.agree(&stage.host, &booking, &change, json!({})).await.expect(200).json();
    assert_eq!(agreed["state"], "applied");
    // Nothing of it was spent, and the card that was left is the guest's own still.
    let mine = stage.town.get(&stage.guest, "/me/credit").await.expect(200).json();
    assert_eq!(mine["balances"][0]["amount"], 50_000);
    let change = stage.propose(&stage.guest, &booking, "2026-06-15").await;
    assert_eq!(stage.agree(&stage.host, &booking, &change, json!({})).await.expect(200).json()["state"], "applied");
    let after = stage.read(&stage.guest, &booking).await;
    let by: Vec<&str> = after["payments"].as_array().unwrap().iter().map(|one| one["provider"].as_str().unwrap()).collect();
    assert_eq!((by, check_out(&after)), (vec!["sandbox"; 3], "2026-06-15"));
});

on_both!(who_pays_by_transfer_is_asked_for_what_a_change_costs, async |db: TestDb| {
    let mut stage = Stage::new(&db).await;
    with_role(&stage.town, &db, "Fiona", "finance").await;
    let booking = stage.book_with(&stage.guest, JUNE, "bank_transfer").await;
    stage.arrived(&booking).await;
    assert_eq!(stage.read(&stage.guest, &booking).await["state"], "confirmed");
    let change = stage.propose(&stage.guest, &booking, ONE_MORE).await;
    stage.agree(&stage.host, &booking, &change, json!({"payment_method": "cash"})).await.expect_problem(403, "forbidden");
    let waits = stage.agree(&stage.host, &booking, &change, json!({})).await.expect(200).json();
    assert_eq!((waits["state"].as_str(), waits["expires_at"].as_str()), (Some("paying"), Some("2026-06-04T12:00:00Z")));
    let letters = stage.letters_to("Gustav", "a change of your stay is to be paid").await;
    assert!(letters.len() == 1 && letters[0].text.contains("100.00") && letters[0].text.contains("2026-06-04"), "{letters:?}");
    // By a means of the guest's choice, and of nobody else's.
    stage.act(&stage.host, &booking, "payments", json!({"payment_method": "card_ok", "what": "change"})).await.expect_problem(403, "forbidden");
    stage.pay_change(&booking, "card_ok").await.expect(200);
    let longer = stage.read(&stage.guest, &booking).await;
    assert_eq!((check_out(&longer), acts(&longer)), (ONE_MORE, vec!["book", "pay", "alter"]));
    stage.pay_change(&booking, "card_ok").await.expect_problem(409, "nothing_due");
    // The card was left with that. In cash there is time until arrival, if the host says that it is paid like that anyway.
    let other = stage.book_with(&stage.guest, ("2026-06-20", "2026-06-22"), "cash").await;
    stage.arrived(&other).await;
    let change = stage.propose(&stage.guest, &other, "2026-06-23").await;
    let waits = stage.agree(&stage.host, &other, &change, json!({"payment_method": "cash"})).await.expect(200).json();
    assert_eq!((waits["state"].as_str(), waits["expires_at"].as_str()), (Some("paying"), Some("2026-06-20T19:00:00Z")));
    days_later(&mut stage, 8).await;
    assert_eq!(stage.changes(&other).await, ["paying"]);
    stage.arrived(&other).await;
    assert_eq!(check_out(&stage.read(&stage.guest, &other).await), "2026-06-23");
});

on_both!(an_agreed_change_that_is_not_paid_is_called_off_by_either_side, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    with_role(&stage.town, &db, "Fiona", "finance").await;
    let booking = stage.book_with(&stage.guest, JUNE, "bank_transfer").await;
    stage.arrived(&booking).await;
    for (who, state) in [(&stage.guest, "withdrawn"), (&stage.host, "declined")] {
        let change = stage.propose(&stage.guest, &booking, ONE_MORE).await;
        stage.agree(&stage.host, &booking, &change, json!({})).await.expect(200);
        stage.pay_change(&booking, "bank_transfer").await.expect(200);
        let over = stage.act(who, &booking, &format!("alterations/{}/decline", change["id"].as_str().unwrap()), json!({})).await.expect(200).json();
        assert_eq!(over["state"], state);
    }
    stage.town.run_jobs().await;
    let after = stage.read(&stage.guest, &booking).await;
    let payments: Vec<&str> = after["payments"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!((payments, check_out(&after)), (vec!["captured", "voided", "voided"], JUNE.1), "what was asked for is let go of");
    for name in ["Gustav", "Hannah"] {
        assert_eq!(stage.letters_to(name, "a change of a stay is off").await.len(), 2, "{name} counted on it");
    }
    stage.pay_change(&booking, "card_ok").await.expect_problem(409, "nothing_due");
    // With the stay a change is over that waits for its money.
    let change = stage.propose(&stage.guest, &booking, ONE_MORE).await;
    stage.agree(&stage.host, &booking, &change, json!({})).await.expect(200);
    stage.act(&stage.host, &booking, "cancel", json!({})).await.expect(200);
    assert_eq!(stage.changes(&booking).await[0], "expired");
});

on_both!(a_card_that_is_refused_when_the_host_agrees_costs_nobody_the_change, async |db: TestDb| {
    let mut stage = Stage::new(&db).await;
    // A card whose owner has to prove who they are, and cannot when the host agrees.
    let booking = stage.book_with(&stage.guest, JUNE, "card_3ds").await;
    let payment = booking["payments"][0]["id"].as_str().unwrap();
    stage.town.post(&stage.guest, &format!("/payments/sandbox/{payment}/authenticate"), json!({"outcome": "pass"})).await.expect(200);
    stage.town.run_jobs().await;
    let change = stage.propose(&stage.guest, &booking, ONE_MORE).await;
    let waits = stage.agree(&stage.host, &booking, &change, json!({})).await.expect(200).json();
    assert_eq!(waits["state"], "paying", "a refused card is no matter of the host's");
    let letters = stage.letters_to("Gustav", "your payment was refused").await;
    assert!(letters.len() == 1 && letters[0].text.contains("2026-06-02T12:00:00Z"), "{letters:?}");
    let refused = stage.pay_change(&booking, "card_declined").await.expect_problem(402, "payment_failed").json();
    assert_eq!((refused["due_at"].as_str(), refused["failure"].as_str()), (Some("2026-06-02T12:00:00Z"), Some("card_declined")));
    stage.pay_change(&booking, "card_ok").await.expect(200);
    assert_eq!((check_out(&stage.read(&stage.guest, &booking).await), stage.changes(&booking).await), (ONE_MORE, vec!["applied".to_owned()]));
    // The guest who agrees is told at once; whoever never pays lets it lapse, and both sides hear of it.
    let change = stage.propose(&stage.host, &booking, "2026-06-15").await;
    let no = stage.agree(&stage.guest, &booking, &change, json!({"payment_method": "card_expired"})).await;
    assert_eq!(no.expect_problem(402, "payment_failed").json()["booking_id"], booking["id"]);
    days_later(&mut stage, 1).await;
    assert_eq!(stage.changes(&booking).await, ["expired", "applied"]);
    for name in ["Gustav", "Hannah"] {
        assert_eq!(stage.letters_to(name, "a change of a stay is off").await.len(), 1, "{name}");
    }
    assert_eq!(check_out(&stage.read(&stage.guest, &booking).await), ONE_MORE);
});

on_both!(a_card_that_was_left_is_charged_whatever_else_was_chosen_meanwhile, async |db: TestDb| {
    let mut stage = Stage::new(&db).await;
    with_role(&stage.town, &db, "Fiona", "finance").await;
    stage.plan(json!({"instalments": {"kind": "deposit", "deposit_bp": 2_000, "balance_days": 3}})).await;
    let last = |booking: &Json| {
        let part = booking["instalments"].as_array().unwrap().last().unwrap().clone();
        let by = booking["payments"].as_array().unwrap().last().unwrap()["provider"].clone();
        (part["state"].as_str().unwrap().to_owned(), by.as_str().unwrap().to_owned())
    };
    // Chosen for a change, and never paid; for a change, and paid; for the instalment itself, and never paid.
    let never = paid(&stage, JUNE).await;
    let change = stage.propose(&stage.host, &never, ONE_MORE).await;
    let waits = stage.agree(&stage.guest, &never, &change, json!({"payment_method": "bank_transfer"})).await.expect(200).json();
    assert_eq!(waits["state"], "paying");
    let longer = paid(&stage, ("2026-06-16", "2026-06-18")).await;
    let change = stage.propose(&stage.host, &longer, "2026-06-19").await;
    stage.agree(&stage.guest, &longer, &change, json!({"payment_method": "bank_transfer"})).await.expect(200);
    stage.arrived(&longer).await;
    assert_eq!(check_out(&stage.read(&stage.guest, &longer).await), "2026-06-19");
    let early = paid(&stage, ("2026-06-22", "2026-06-24")).await;
    stage.act(&stage.guest, &early, "payments", json!({"payment_method": "bank_transfer"})).await.expect(200);
    for _ in 0..20 {
        days_later(&mut stage, 1).await;
        stage.town.run_jobs().await;
    }
    for booking in [&never, &longer, &early] {
        let after = stage.read(&stage.guest, booking).await;
        assert_eq!(last(&after), ("paid".to_owned(), "sandbox".to_owned()), "{after}");
        assert_ne!(after["state"], "cancelled");
    }
});

on_both!(staff_do_not_agree_with_themselves_nor_for_a_guest_who_pays, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let operator = with_role(&stage.town, &db, "Olga", "operator").await;
    let booking = paid(&stage, JUNE).await;
    let why = || json!({"reason": "The host is ill"});
    let ask = json!({"check_out": ONE_MORE, "reason": "The host is ill"});
    stage.act(&operator, &booking, "alterations", json!({"check_out": ONE_MORE})).await.expect_problem(422, "invalid_reason");
    let own = stage.act(&operator, &booking, "alterations", ask).await.expect(201).json();
    for who in [&operator, &stage.host] {
        stage.agree(who, &booking, &own, json!({})).await.expect_problem(403, "forbidden");
    }
    assert_eq!(stage.read(&stage.guest, &booking).await["payments"].as_array().unwrap().len(), 1);
    assert_eq!(stage.agree(&stage.guest, &booking, &own, json!({})).await.expect(200).json()["state"], "applied");
    // What a host proposes staff agree to for the guest where it costs them nothing.
    let dearer = stage.propose(&stage.host, &booking, "2026-06-15").await;
    stage.agree(&operator, &booking, &dearer, why()).await.expect_problem(403, "forbidden");
    stage.act(&operator, &booking, &format!("alterations/{}/decline", dearer["id"].as_str().unwrap()), why()).await.expect(200);
    let shorter = stage.propose(&stage.host, &booking, JUNE.1).await;
    assert_eq!(stage.agree(&operator, &booking, &shorter, why()).await.expect(200).json()["state"], "applied");
    // And for the host what the guest proposes.
    let longer = stage.propose(&stage.guest, &booking, ONE_MORE).await;
    assert_eq!(stage.agree(&operator, &booking, &longer, why()).await.expect(200).json()["state"], "applied");
    assert_eq!(check_out(&stage.read(&stage.guest, &booking).await), ONE_MORE);
});

on_both!(who_never_came_gets_nothing_back_by_calling_off, async |db: TestDb| {
    let mut stage = Stage::new(&db).await;
    let booking = paid(&stage, ("2026-06-10", "2026-06-17")).await;
    stage.town.clock.set("2026-06-11T20:00:00Z");
    days_later(&mut stage, 0).await;
    let operator = with_role(&stage.town, &db, "Olga", "operator").await;
    let preview = async |who: &Asker, by: &str| {
        let seen = stage.town.get(who, &format!("{}/cancellation-preview{by}", path(&booking))).await.expect(200).json();
        (seen["refund"]["amount"].as_i64().unwrap(), seen["preview_hash"].as_str().unwrap().to_owned())
    };
    // Two nights are spent, and one more is kept by the policy.
    let (back, before) = preview(&stage.guest, "").await;
    assert_eq!(back, 40_000);
    stage.act(&stage.host, &booking, "no-show", Json::Null).await.expect(200);
    assert_eq!((preview(&stage.guest, "").await.0, preview(&operator, "?as=guest").await.0), (0, 0));
    assert_eq!(preview(&operator, "?as=staff&refund=5000").await.0, 5_000, "staff may still decide otherwise");
    stage.act(&stage.guest, &booking, "cancel", json!({"preview_hash": before})).await.expect_problem(409, "outcome_changed");
    let (_, hash) = preview(&stage.guest, "").await;
    let over = stage.act(&stage.guest, &booking, "cancel", json!({"preview_hash": hash})).await.expect(200).json();
    assert_eq!(over["state"], "cancelled");
    stage.town.run_jobs().await;
    let over = stage.read(&stage.guest, &booking).await;
    assert_eq!((over["payments"][0]["refunded"]["amount"].as_i64(), over["payments"][0]["refunds"].clone()), (Some(0), json!([])));
    assert_eq!(stage.taken().await, [11], "the nights to come are free");
    // The host may grant something, as ever.
    stage.act(&stage.host, &booking, "refunds", json!({"amount": 10_000, "reason": "They were ill"})).await.expect(200);
});

on_both!(staff_say_why_they_act_on_a_booking, async |db: TestDb| {
    let stage = Stage::asking(&db).await;
    let operator = with_role(&stage.town, &db, "Olga", "operator").await;
    let today = ("2026-06-01", "2026-06-05");
    let booking = stage.book(&stage.guest, today.0, today.1).await;
    // Without a word, or with an empty one, nothing is done; hosts need none.
    for body in [Json::Null, json!({}), json!({"reason": " "})] {
        stage.act(&operator, &booking, "accept", body).await.expect_problem(422, "invalid_reason");
    }
    let why = |what: &str| json!({"reason": format!("The host is ill: {what}")});
    stage.act(&operator, &booking, "accept", why("accept")).await.expect(200);
    stage.act(&stage.guest, &booking, "payments", json!({"payment_method": "card_ok"})).await.expect(200);
    let change = stage.propose(&stage.guest, &booking, "2026-06-06").await;
    stage.agree(&operator, &booking, &change, json!({})).await.expect_problem(422, "invalid_reason");
    stage.agree(&operator, &booking, &change, why("agree")).await.expect(200);
    let change = stage.propose(&stage.guest, &booking, "2026-06-07").await;
    let refuse = format!("alterations/{}/decline", change["id"].as_str().unwrap());
    stage.act(&operator, &booking, &refuse, json!({})).await.expect_problem(422, "invalid_reason");
    stage.act(&operator, &booking, &refuse, why("refuse")).await.expect(200);
    for act in ["check-in", "check-out"] {
        stage.act(&operator, &booking, act, Json::Null).await.expect_problem(422, "invalid_reason");
        stage.act(&operator, &booking, act, why(act)).await.expect(200);
    }
    let other = stage.book(&stage.guest, "2026-06-20", "2026-06-22").await;
    stage.act(&stage.host, &other, "accept", Json::Null).await.expect(200);
    stage.act(&stage.guest, &other, "payments", json!({"payment_method": "card_ok"})).await.expect(200);
    stage.act(&operator, &other, "cancel", json!({"as": "guest"})).await.expect_problem(422, "invalid_reason");
    stage.act(&operator, &other, "cancel", json!({"as": "guest", "reason": "The host is ill: cancel"})).await.expect(200);
    let trail = stage.town.get(&operator, "/admin/audit?action=booking.acted_on").await.expect(200).json();
    let mut told: Vec<String> = trail["data"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap().replace("The host is ill: ", "")).collect();
    told.sort_unstable();
    assert_eq!(told, ["accept", "agree", "cancel", "check-in", "check-out", "refuse"], "{trail}");
    let history = stage.read(&stage.guest, &booking).await["history"].clone();
    assert!(history.to_string().contains("The host is ill: check-out"), "both sides read why: {history}");
});
