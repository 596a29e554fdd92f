//! Who may do what with co-hosts: levels, limits, conditions, and what is left when somebody goes.

use crate::support::homes::{self, id};
use crate::support::town::{self, Asker, Reply, Town, email_of};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value, json};
use stopover::platform::db::DbResult;
use uuid::Uuid;

/// Somebody with an account, and their id.
pub(super) async fn person(town: &Town, name: &str) -> (Asker, Value) {
    let asker = town.newcomer(name).await;
    let me = town.get(&asker, "/me").await.expect(200).json()["id"].take();
    (asker, me)
}

pub(super) async fn invite(town: &Town, by: &Asker, home: Uuid, email: &str, level: &str) -> Reply {
    town.post(by, &format!("/listings/{home}/co-hosts"), json!({"email": email, "level": level})).await
}

pub(super) async fn accept(town: &Town, who: &Asker, token: &str) -> Reply {
    town.post(who, "/me/co-host-invitations/accept", json!({"token": token})).await
}

/// Makes somebody who has an account a co-host.
pub(super) async fn join(town: &Town, host: &Asker, home: Uuid, (who, name): (&Asker, &str), level: &str) {
    invite(town, host, home, &email_of(name), level).await.expect(201);
    let token = town.token_for(&email_of(name)).await;
    accept(town, who, &token).await.expect(200);
}

async fn change(town: &Town, by: &Asker, home: Uuid, whom: &Value, level: &str) -> Reply {
    town.ask(by, Method::PATCH, &format!("/listings/{home}/co-hosts/{}", id(whom)), Some(&json!({"level": level}))).await
}

async fn remove(town: &Town, by: &Asker, home: Uuid, whom: &Value) -> Reply {
    town.ask(by, Method::DELETE, &format!("/listings/{home}/co-hosts/{}", id(whom)), None).await
}

/// Names with levels, and how many invitations are open.
async fn helpers(town: &Town, asker: &Asker, home: Uuid) -> (Vec<(String, String)>, usize) {
    let list = town.get(asker, &format!("/listings/{home}/co-hosts")).await.expect(200).json();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let all = list["data"].as_array().unwrap().iter().map(|one| (text(one, "name"), text(one, "level"))).collect();
    (all, list["invitations"].as_array().unwrap().len())
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(name, level)| ((*name).to_owned(), (*level).to_owned())).collect()
}

async fn actions(town: &Town, db: &TestDb) -> Vec<String> {
    town.run_jobs().await;
    let found: DbResult<_> = db.read(|conn| conn.query("SELECT action FROM audit WHERE object_kind = 'listing' ORDER BY at, id", &[], |row| row.get(0))).await;
    found.unwrap()
}

on_both!(a_host_is_helped_from_the_letter_to_the_farewell, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ((ada, ada_id), (bo, bo_id)) = (person(&town, "Ada").await, person(&town, "Bo").await);
    let home = homes::home(&db, &ada_id, "Attic").await;
    let made = invite(&town, &ada, home, " Bo@Example.org ", "calendar").await;
    assert_eq!(made.expect(201).header("location"), format!("/api/v1/listings/{home}/co-hosts"));
    let made = made.json();
    assert_eq!((&made["email"], &made["level"], &made["expires_at"]), (&json!("Bo@Example.org"), &json!("calendar"), &json!("2026-06-08T12:00:00Z")));
    assert_eq!(helpers(&town, &ada, home).await, (vec![], 1));
    let token = town.token_for("Bo@").await;
    let stats = format!("/listings/{home}/stats");
    town.get(&bo, &format!("/listings/{home}/co-hosts")).await.expect_problem(403, "forbidden");
    let joined = accept(&town, &bo, &token).await.expect(200).json();
    assert_eq!(joined, json!({"listing_id": home, "title": "Attic", "level": "calendar"}));
    accept(&town, &bo, &token).await.expect_problem(410, "link_unknown");
    assert_eq!(helpers(&town, &ada, home).await, (pairs(&[("Bo", "calendar")]), 0));
    // The calendar is not the money, and not the others who help.
    town.get(&bo, &stats).await.expect_problem(403, "forbidden");
    town.get(&bo, &format!("/listings/{home}/co-hosts")).await.expect_problem(403, "forbidden");
    change(&town, &bo, home, &bo_id, "full").await.expect_problem(403, "forbidden");
    let changed = change(&town, &ada, home, &bo_id, "full").await;
    assert_eq!((changed.expect(200).header("etag"), &changed.json()["version"]), ("\"2\"", &json!(2)));
    town.get(&bo, &stats).await.expect(200);
    let mine = town.get(&bo, "/me/listings").await.expect(200).json();
    assert_eq!((&mine["data"][0]["relation"], &mine["data"][0]["level"], &mine["data"][0]["id"]), (&json!("co_host"), &json!("full"), &json!(home)));
    // On condition.
    let stale = Asker { headers: vec![("if-match".into(), "\"1\"".into())], ..ada.clone() };
    change(&town, &stale, home, &bo_id, "messages").await.expect_problem(412, "stale");
    remove(&town, &stale, home, &bo_id).await.expect_problem(412, "stale");
    // Whoever helps may leave.
    remove(&town, &bo, home, &bo_id).await.expect(204);
    town.get(&bo, &stats).await.expect_problem(403, "forbidden");
    remove(&town, &ada, home, &bo_id).await.expect_problem(404, "not_found");
    change(&town, &ada, home, &bo_id, "full").await.expect_problem(404, "not_found");
    assert_eq!(actions(&town, &db).await, ["co_host.invited", "co_host.joined", "co_host.changed", "co_host.removed"]);
});

on_both!(full_co_hosts_manage_the_levels_below_theirs, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ((ada, ada_id), (bo, bo_id)) = (person(&town, "Ada").await, person(&town, "Bo").await);
    let ((cy, cy_id), (di, _), (eve, _)) = (person(&town, "Cy").await, person(&town, "Di").await, person(&town, "Eve").await);
    let home = homes::home(&db, &ada_id, "Attic").await;
    join(&town, &ada, home, (&bo, "Bo"), "full").await;
    join(&town, &ada, home, (&cy, "Cy"), "full").await;
    invite(&town, &bo, home, &email_of("Di"), "full").await.expect_problem(403, "forbidden");
    join(&town, &bo, home, (&di, "Di"), "messages").await;
    let di_id = town.get(&di, "/me").await.json()["id"].take();
    change(&town, &bo, home, &di_id, "full").await.expect_problem(403, "forbidden");
    change(&town, &bo, home, &di_id, "calendar").await.expect(200);
    change(&town, &bo, home, &cy_id, "calendar").await.expect_problem(403, "forbidden");
    remove(&town, &bo, home, &cy_id).await.expect_problem(403, "forbidden");
    // Nor an invitation that is the host's to give.
    invite(&town, &ada, home, &email_of("Eve"), "full").await.expect(201);
    let list = town.get(&bo, &format!("/listings/{home}/co-hosts")).await.expect(200).json();
    let open = format!("/listings/{home}/co-hosts/invitations/{}", list["invitations"][0]["id"].as_str().unwrap());
    town.ask(&bo, Method::DELETE, &open, None).await.expect_problem(403, "forbidden");
    invite(&town, &bo, home, &email_of("Eve"), "calendar").await.expect_problem(403, "forbidden");
    // Those who see the calendar or write to guests manage nobody.
    for (by, whom) in [(&di, &bo_id), (&eve, &di_id)] {
        remove(&town, by, home, whom).await.expect_problem(403, "forbidden");
        invite(&town, by, home, "fay@example.org", "calendar").await.expect_problem(403, "forbidden");
        town.ask(by, Method::DELETE, &open, None).await.expect_problem(403, "forbidden");
    }
    // What a co-host has asked others is void when they may not ask any more.
    invite(&town, &bo, home, "fay@example.org", "calendar").await.expect(201);
    let token = town.token_for("fay@").await;
    change(&town, &ada, home, &bo_id, "messages").await.expect(200);
    let fay = town.newcomer("Fay").await;
    accept(&town, &fay, &token).await.expect_problem(410, "link_unknown");
    assert_eq!(helpers(&town, &ada, home).await.1, 1);
    town.ask(&ada, Method::DELETE, &open, None).await.expect(204);
    town.ask(&ada, Method::DELETE, &open, None).await.expect_problem(404, "not_found");
    remove(&town, &ada, home, &cy_id).await.expect(204);
    assert_eq!(helpers(&town, &ada, home).await, (pairs(&[("Bo", "messages"), ("Di", "calendar")]), 0));
});

on_both!(an_invitation_is_for_one_address_and_one_week, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ((ada, ada_id), (bo, _), (eve, _)) = (person(&town, "Ada").await, person(&town, "Bo").await, person(&town, "Eve").await);
    let home = homes::home(&db, &ada_id, "Attic").await;
    // Nobody asks themselves; the answer for others does not tell who has an account.
    invite(&town, &ada, home, "ADA@example.org", "full").await.expect_problem(409, "co_host_known");
    let known = invite(&town, &ada, home, &email_of("Bo"), "messages").await;
    let unknown = invite(&town, &ada, home, "fay@example.org", "messages").await;
    let fields = |reply: &Reply| reply.expect(201).json().as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&known), fields(&unknown));
    for (body, code) in [
        (json!({"email": "bo", "level": "full"}), 422),
        (json!({"email": "bo@example.org", "level": "king"}), 400),
        (json!({"email": "bo@example.org"}), 400),
        (json!({"email": "bo@example.org", "level": "full", "user_id": ada_id}), 400),
    ] {
        let reply = town.post(&ada, &format!("/listings/{home}/co-hosts"), body.clone()).await;
        assert!([code, 422].contains(&reply.status.as_u16()), "{body}: {}", reply.text());
    }
    let token = town.token_for("bo@").await;
    accept(&town, &eve, &token).await.expect_problem(403, "other_address");
    accept(&town, &bo, "x").await.expect_problem(410, "link_unknown");
    town.post(&Asker::default(), "/me/co-host-invitations/accept", json!({"token": token})).await.expect_problem(401, "unauthenticated");
    // Asked again: another letter, another level, and the first letter is void.
    invite(&town, &ada, home, &email_of("Bo"), "calendar").await.expect(201);
    accept(&town, &bo, &token).await.expect_problem(410, "link_unknown");
    let token = town.token_for("bo@").await;
    town.clock.advance_seconds(7 * 86_400);
    let (ada, bo) = (town.log_in("Ada").await, town.log_in("Bo").await);
    accept(&town, &bo, &token).await.expect_problem(410, "link_unknown");
    assert_eq!(helpers(&town, &ada, home).await, (vec![], 0));
    // What has run out is forgotten by itself.
    town.run_jobs().await;
    let left: DbResult<Option<i64>> = db.read(|conn| conn.first("SELECT COUNT(*) FROM co_host_invitations", &[], |row| row.get(0))).await;
    assert_eq!(left.unwrap(), Some(0));
    // Of two who accept at once one is told that it is done.
    invite(&town, &ada, home, &email_of("Bo"), "full").await.expect(201);
    let token = town.token_for("bo@").await;
    let (a, b) = futures_util::future::join(accept(&town, &bo, &token), accept(&town, &bo, &token)).await;
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410], "{} {}", a.text(), b.text());
    // Who helps already, or hosts, needs no invitation.
    invite(&town, &ada, home, &email_of("Bo"), "calendar").await.expect(201);
    accept(&town, &bo, &town.token_for("bo@").await).await.expect_problem(409, "co_host_known");
    invite(&town, &bo, home, &email_of("Ada"), "calendar").await.expect_problem(409, "co_host_known");
    assert_eq!(helpers(&town, &ada, home).await.0, pairs(&[("Bo", "full")]));
});

on_both!(twenty_help_and_no_more, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ((ada, ada_id), (bo, _)) = (person(&town, "Ada").await, person(&town, "Bo").await);
    let home = homes::home(&db, &ada_id, "Attic").await;
    join(&town, &ada, home, (&bo, "Bo"), "calendar").await;
    let asks = (0..24).map(|n| {
        let (town, ada) = (&town, &ada);
        async move { invite(town, ada, home, &format!("helper{n}@example.org"), "calendar").await.status.as_u16() }
    });
    let statuses = futures_util::future::join_all(asks).await;
    let count = |status| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((count(201), count(409)), (19, 5), "{statuses:?}");
    invite(&town, &ada, home, "late@example.org", "calendar").await.expect_problem(409, "too_many_co_hosts");
    // A new letter to somebody who was asked already is none more.
    let list = town.get(&ada, &format!("/listings/{home}/co-hosts")).await.expect(200).json();
    invite(&town, &ada, home, list["invitations"][3]["email"].as_str().unwrap(), "messages").await.expect(201);
    // Sent again with its key, an invitation is made once.
    let first = format!("/listings/{home}/co-hosts/invitations/{}", list["invitations"][0]["id"].as_str().unwrap());
    town.ask(&ada, Method::DELETE, &first, None).await.expect(204);
    let keyed = Asker { headers: vec![("idempotency-key".into(), "once".into())], ..ada.clone() };
    let (one, two) = (invite(&town, &keyed, home, "late@example.org", "calendar").await, invite(&town, &keyed, home, "late@example.org", "calendar").await);
    assert_eq!((one.expect(201).json(), two.expect(201).header("idempotent-replayed")), (two.json(), "true"));
    assert_eq!(town.letters().await.iter().filter(|letter| letter.to.contains("late@")).count(), 1);
});

on_both!(who_leaves_takes_their_help_along, async |db: TestDb| {
    let town = Town::with(&db, |config| config.accounts.erasure_days = 0).await;
    let ((ada, ada_id), (bo, _), (cy, cy_id)) = (person(&town, "Ada").await, person(&town, "Bo").await, person(&town, "Cy").await);
    let (hers, his) = (homes::home(&db, &ada_id, "Attic").await, homes::home(&db, &cy_id, "Cellar").await);
    join(&town, &ada, hers, (&bo, "Bo"), "full").await;
    join(&town, &ada, hers, (&cy, "Cy"), "messages").await;
    join(&town, &cy, his, (&bo, "Bo"), "calendar").await;
    invite(&town, &bo, hers, "fay@example.org", "calendar").await.expect(201);
    invite(&town, &ada, hers, "gus@example.org", "calendar").await.expect(201);
    invite(&town, &cy, his, &email_of("Ada"), "calendar").await.expect(201);
    // Everybody finds what is about them in the copy of their data.
    let copy = async |asker: &Asker| {
        let path = format!("/me/exports/{}", town.ask(asker, Method::POST, "/me/export", None).await.expect(202).json()["id"].as_str().unwrap());
        town.run_jobs().await;
        town.get(asker, &format!("{path}/file")).await.expect(200).body.clone()
    };
    let file = |bytes: &[u8], name: &str| -> Value { town::unpacked(bytes, name) };
    let of_bo = copy(&bo).await;
    assert_eq!(file(&of_bo, "co_hosting.json").as_array().unwrap().len(), 2);
    let sent = file(&of_bo, "co_host_invitations.json");
    assert_eq!((sent.as_array().unwrap().len(), &sent[0]["email"], &sent[0]["sent_by_you"]), (1, &json!("fay@example.org"), &json!(true)));
    let of_ada = file(&copy(&ada).await, "co_host_invitations.json");
    assert_eq!(of_ada.as_array().unwrap().len(), 2, "{of_ada}");
    assert!(of_ada.as_array().unwrap().iter().any(|one| one["sent_by_you"] == false && one["listing_id"] == json!(his)), "{of_ada}");
    // A helper goes, then a host.
    town.ask(&bo, Method::DELETE, "/me", None).await.expect(202);
    town.run_jobs().await;
    assert_eq!(helpers(&town, &ada, hers).await, (pairs(&[("Cy", "messages")]), 1));
    assert_eq!(helpers(&town, &cy, his).await, (vec![], 1));
    town.ask(&ada, Method::DELETE, "/me", None).await.expect(202);
    town.run_jobs().await;
    assert_eq!(helpers(&town, &cy, his).await, (vec![], 0), "nobody has that address any more");
    town.get(&cy, &format!("/listings/{hers}/co-hosts")).await.expect_problem(404, "not_found");
    let counted: DbResult<Option<i64>> =
        db.read(|conn| conn.first("SELECT (SELECT COUNT(*) FROM co_hosts) + (SELECT COUNT(*) FROM co_host_invitations)", &[], |row| row.get(0))).await;
    assert_eq!(counted.unwrap(), Some(0));
});

on_both!(foreign_homes_keep_their_secrets, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ((ada, ada_id), (eve, eve_id), (bo, bo_id)) = (person(&town, "Ada").await, person(&town, "Eve").await, person(&town, "Bo").await);
    let (home, draft) = (homes::home(&db, &ada_id, "Attic").await, homes::home(&db, &ada_id, "Cellar").await);
    let hidden: DbResult<u64> = db.write(move |tx, _| tx.execute("UPDATE listings SET state = 'draft' WHERE id = $1", &[draft.into()])).await;
    assert_eq!(hidden.unwrap(), 1);
    join(&town, &ada, draft, (&bo, "Bo"), "full").await;
    // A private home of others looks like one that is not there; at a public one they are told that it is not theirs.
    for (one, status, code) in [(home, 403, "forbidden"), (draft, 404, "not_found"), (Uuid::now_v7(), 404, "not_found")] {
        invite(&town, &eve, one, "fay@example.org", "calendar").await.expect_problem(status, code);
        town.get(&eve, &format!("/listings/{one}/co-hosts")).await.expect_problem(status, code);
        town.get(&eve, &format!("/listings/{one}/stats")).await.expect_problem(status, code);
        change(&town, &eve, one, &bo_id, "full").await.expect_problem(status, code);
        remove(&town, &eve, one, &eve_id).await.expect_problem(status, code);
        remove(&town, &eve, one, &bo_id).await.expect_problem(status, code);
        let open = format!("/listings/{one}/co-hosts/invitations/{}", Uuid::now_v7());
        town.ask(&eve, Method::DELETE, &open, None).await.expect_problem(status, code);
    }
    assert_eq!(helpers(&town, &bo, draft).await.0, pairs(&[("Bo", "full")]));
});

on_both!(addresses_a_co_host_was_told_end_with_their_help, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ((ada, ada_id), (bo, bo_id), (cy, _)) = (person(&town, "Ada").await, person(&town, "Bo").await, person(&town, "Cy").await);
    let home = homes::home(&db, &ada_id, "Attic").await;
    join(&town, &ada, home, (&bo, "Bo"), "full").await;
    join(&town, &ada, home, (&cy, "Cy"), "full").await;
    let exports = format!("/listings/{home}/exports");
    let path_of = |made: &Value| made["address"].as_str().map(|address| address[address.find("/ical/").unwrap()..].to_owned()).unwrap();
    let make = async |by: &Asker, name: &str| town.post(by, &exports, json!({"name": name})).await.expect(201).json();
    let (own, theirs, taken_over) = (make(&ada, "Own").await, make(&bo, "Elsewhere").await, make(&bo, "Taken over").await);
    let rotate = format!("{exports}/{}/rotate", taken_over["id"].as_str().unwrap());
    let taken_over = town.post(&ada, &rotate, Value::Null).await.expect(200).json();
    let of_cy = make(&cy, "Third").await;
    let nobody = Asker::default();
    let statuses = async || {
        let mut all = Vec::new();
        for made in [&own, &theirs, &taken_over, &of_cy] {
            all.push(town.get(&nobody, &format!("/{}", path_of(made))).await.status.as_u16());
        }
        all
    };
    assert_eq!(statuses().await, [200, 200, 200, 200]);
    // Whoever may not keep the calendar any more has no key to it either.
    change(&town, &ada, home, &bo_id, "messages").await.expect(200);
    assert_eq!(statuses().await, [200, 404, 200, 200]);
    let told = async |name: &str| {
        let letters = town.letters().await;
        letters.iter().any(|letter| letter.to.contains(&email_of("Ada")) && letter.subject.contains("addresses") && letter.text.contains(name))
    };
    assert!(told("Elsewhere").await && !told("Taken over").await && !told("Third").await);
    assert_eq!(actions(&town, &db).await.iter().filter(|action| *action == "calendar_export.revoked").count(), 1);
    // Nor has who is gone altogether.
    town.ask(&cy, Method::DELETE, "/me", None).await.expect(202);
    town.clock.advance_seconds(31 * 86_400);
    town.run_jobs().await;
    assert_eq!(statuses().await, [200, 404, 200, 404]);
    assert!(told("Third").await);
    let ada = town.log_in("Ada").await;
    let left = town.get(&ada, &exports).await.expect(200).json();
    let names: Vec<&str> = left["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Own", "Taken over"]);
});
